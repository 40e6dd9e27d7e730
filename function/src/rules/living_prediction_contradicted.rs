//! What a Service of the cluster has can come of no history that lbpools knows of.
//!
//! ## What it does
//!
//! Accounts for each address in the cluster by the pools and Services as they are, and by what may have been before:
//! another order, a smaller pool, an operator that restarted. It speaks only where a rule is broken that LB-IPAM keeps
//! at every event, and only where no broken pool keeps the operator from following its rules.
//!
//! ## Why is this bad?
//!
//! Either the operator has not caught up with the objects, because it does not run, or lbpools predicts wrongly. Then
//! it does so before a merge as well.
//!
//! ## Example
//!
//! ```text
//! Service media/plex has 192.0.2.9, which no pool of the cluster holds
//! ```
//!
//! ## What to do
//!
//! See whether the operator runs, and restart it: a pool that was broken once may have stopped it in the middle of an
//! event. If it stays, please report it, with the scenario of the report (`verification.requests[].scenario`): it holds
//! the pools and Services that it takes, and nothing else of the cluster.

use super::finding::Findings;
use super::living::{few, on_pool, on_service};
use super::{Check, Rule};
use crate::cilium::ServiceKey;
use crate::report::{Category, Severity};
use crate::verification::{Verified, contradiction};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP702",
    name: "living-prediction-contradicted",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_prediction_contradicted.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let observed = verified.living.observed;
    let named = |key: &ServiceKey| observed.services.get(key).is_some_and(|living| !living.hostnames.is_empty());
    let each = verified.living.services.iter().zip(&verified.living.accounts);
    let each = each.filter(|(service, _)| !named(&service.key));
    let wrong = each.filter_map(|(service, accounts)| Some((service, accounts.contradiction()?)));
    for ((service, (address, why)), more) in few(wrong) {
        let found = on_service(verified, &service.key)
            .message(format!("Service {}: {}{more}", service.key, contradiction(verified, address, why)))
            .help("see whether the operator runs, and restart it; if it stays, please report it with the scenario of the report");
        findings.add(verified.view, found);
    }
    let pools = verified.living.pools.iter().zip(&verified.living.wrong_marks);
    for ((pool, _), more) in few(pools.filter(|(_, wrong)| **wrong)) {
        let name = &pool.name;
        let found = on_pool(verified, name)
            .message(format!(
                "pool {name}: whether it is in conflict with another is not as its blocks say: no history of LB-IPAM ends \
                 like this, unless the operator has not caught up or was stopped by a broken pool{more}"
            ))
            .help("see whether the operator runs, and restart it; if it stays, please report it with the pools");
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
        // Of another controller.
        rule(&RULE).passes(&living("").replace("{ip: 10.0.0.1}", "{ip: 192.0.2.9}, {hostname: lb.example.org}"));
        // The operator has not looked at the pool as it is.
        let unseen = living("").replace("observedGeneration: 1", "observedGeneration: 0");
        rule(&RULE).passes(&unseen.replace("{ip: 10.0.0.1}", "{ip: 192.0.2.9}"));
    }

    #[test]
    fn fail() {
        let text = living("").replace("{ip: 10.0.0.1}", "{ip: 192.0.2.9}");
        rule(&RULE).fails(&text).says("it has 192.0.2.9, which no pool of the cluster holds").times(1);
        // In conflict with nothing.
        let alone = living("").replace(
            "{type: cilium.io/PoolConflict, status: 'False', reason: resolved,",
            "{type: cilium.io/PoolConflict, status: 'True', reason: cidr_overlap,",
        );
        rule(&RULE).fails(&alone).at("pool").says("whether it is in conflict with another is not as its blocks say").times(1);
    }
}
