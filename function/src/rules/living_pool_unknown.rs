//! The cluster has a pool that the repository does not know.
//!
//! ## What it does
//!
//! Looks in the living cluster for pools that no manifest of the repository makes. Where parts of the repository lie outside
//! of what was read it is silent.
//!
//! ## Why is this bad?
//!
//! It serves whom it selects, at an order that nobody planned, and it may put a pool of the repository out of force: of two
//! pools that overlap Cilium switches the younger one off.
//!
//! ## Example
//!
//! ```text
//! kubectl apply -f pool-for-a-test.yaml
//! ```
//!
//! ## What to do
//!
//! Take it into the repository, or delete it. A pool that Flux no longer prunes stays when its manifest goes: see whether its
//! Kustomization says `prune: true`.

use super::finding::Findings;
use super::living::{few, on_stranger};
use super::{Check, Rule};
use crate::cilium::ServiceKey;
use crate::report::{Category, Severity};
use crate::verification::{PoolDrift, Verified};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP706",
    name: "living-pool-unknown",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_pool_unknown.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let foreign: Vec<&String> =
        verified.pools.iter().filter(|(_, drift)| **drift == PoolDrift::Foreign).map(|(name, _)| name).collect();
    if let (Some(why), false) = (verified.open(), foreign.is_empty()) {
        let what = format!("whether {} pools that are in no known manifest are meant", foreign.len());
        findings.not_checked(verified.view, what, why, None);
        return;
    }
    let known = foreign.into_iter().filter_map(|name| Some((name, verified.living.observed.pools.get(name)?)));
    for ((name, living), more) in few(known) {
        let ranges = living.pool.ranges();
        let from = match &living.origin {
            origin if origin.kustomization.is_some() => {
                let by = origin.kustomization.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("; Kustomization {by} once applied it")
            }
            origin if origin.helm_release.is_some() => "; a Helm release made it".to_owned(),
            _ => String::new(),
        };
        let found = on_stranger("cilium.io/v2", "CiliumLoadBalancerIPPool", &ServiceKey::new("", name.as_str()))
            .message(format!("pool {name} of the cluster ({ranges}) is in no manifest of the repository{from}{more}"))
            .help("take it into the repository, or delete it");
        findings.add(verified.view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&living(""));
    }

    #[test]
    fn fail() {
        let other = "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {name: other}\nspec: {blocks: [{cidr: 10.1.0.0/30}]}\n";
        let failed = rule(&RULE).fails(&format!("{}---\n{other}", living("")));
        failed.says("pool other of the cluster (10.1.0.0-10.1.0.3) is in no manifest of the repository").times(1);
    }
}
