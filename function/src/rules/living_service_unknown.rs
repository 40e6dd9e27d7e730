//! A Service that the repository does not know has an address of a pool.
//!
//! ## What it does
//!
//! Looks in the living cluster for Services with an address of a pool of the repository that no manifest makes: no
//! Service, Gateway or Ingress of the repository, no Helm release, no other object of the cluster that owns it. Where
//! parts of the repository lie outside of what was read it is silent.
//!
//! ## Why is this bad?
//!
//! LB-IPAM keeps no place free for a pin. Who is not in the repository is not in any prediction, takes addresses that
//! others are promised, and stays when everything else is moved.
//!
//! ## Example
//!
//! ```text
//! kubectl expose deployment web --type LoadBalancer
//! ```
//!
//! ## What to do
//!
//! Take it into the repository, or delete it. Pools that only some Services may draw from keep others out.

use std::collections::BTreeMap;

use super::finding::Findings;
use super::living::{few, on_service};
use super::{Check, Rule};
use crate::cilium::ServiceKey;
use crate::report::{Category, OriginReport, Severity};
use crate::verification::Verified;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP705",
    name: "living-service-unknown",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_service_unknown.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let mut of_pool: BTreeMap<&str, Vec<(&ServiceKey, String)>> = BTreeMap::new();
    for (key, _) in verified.others.iter().filter(|(_, origin)| **origin == OriginReport::Foreign) {
        let accounts = verified.living.accounts(key).into_iter().flat_map(|accounts| &accounts.held);
        for (address, pool, _) in accounts {
            if let Some(pool) = pool.and_then(|pool| verified.living.pools.get(pool)) {
                of_pool.entry(&pool.name).or_default().push((key, address.to_string()));
            }
        }
    }
    if of_pool.is_empty() {
        return;
    }
    if let Some(why) = verified.open() {
        let count: usize = of_pool.values().map(Vec::len).sum();
        let what = format!("whether {count} addresses of Services that are in no known manifest are meant");
        findings.not_checked(verified.view, what, why, None);
        return;
    }
    let each = of_pool.iter().flat_map(|(pool, services)| services.iter().map(move |service| (pool, service)));
    for ((pool, (key, address)), more) in few(each) {
        let found = on_service(verified, key)
            .current(address.clone())
            .message(format!("Service {key}, which the repository does not know, has {address} of pool {pool}{more}"))
            .help("take it into the repository, or delete it");
        findings.add(verified.view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, living_service, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&living(""));
        let other = living_service("other", "10.0.0.2");
        let of_helm = other.replace("namespace: web", "namespace: web, labels: {helm.toolkit.fluxcd.io/name: a, helm.toolkit.fluxcd.io/namespace: b}");
        rule(&RULE).passes(&format!("{}---\n{of_helm}", living("")));
        let owned = other.replace("namespace: web", "namespace: web, ownerReferences: [{kind: Cluster, name: db}]");
        rule(&RULE).passes(&format!("{}---\n{owned}", living("")));
        // It is no address of a pool.
        let outside = living_service("other", "192.0.2.1");
        rule(&RULE).passes(&format!("{}---\n{outside}", living("")));
    }

    #[test]
    fn fail() {
        let text = format!("{}---\n{}", living(""), living_service("other", "10.0.0.2"));
        rule(&RULE).fails(&text).says("Service web/other, which the repository does not know, has 10.0.0.2 of pool pool").times(1);
    }
}
