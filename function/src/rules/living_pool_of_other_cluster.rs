//! A pool of the cluster holds addresses that the plan gives to another cluster.
//!
//! ## What it does
//!
//! Compares the blocks of the pools in the living cluster with the ranges that the network plan gives to the other clusters.
//!
//! ## Why is this bad?
//!
//! Both clusters hand the same addresses out. Traffic for one ends in the other, or in neither.
//!
//! ## Example
//!
//! ```text
//! pool services of cluster infra holds 10.25.11.121-10.25.11.139, which the plan gives to cluster apps
//! ```
//!
//! ## What to do
//!
//! See whether the settings of the other cluster were applied here. Reconcile with the right ones, and look at who got
//! an address meanwhile.

use super::finding::Findings;
use super::living::on_pool;
use super::{Check, Rule};
use crate::report::{Category, Severity};
use crate::verification::Verified;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP707",
    name: "living-pool-of-other-cluster",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_pool_of_other_cluster.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let own = &verified.view.plan.ranges;
    let name = &verified.view.cluster.name;
    for (pool, living) in &verified.living.observed.pools {
        for other in verified.fleet.iter().filter(|other| other.cluster.name != *name) {
            let common = living.pool.ranges().intersection(&other.plan.ranges).subtract(own);
            if common.is_empty() {
                continue;
            }
            let theirs = &other.cluster.name;
            let message =
                format!("pool {pool} of cluster {name} holds {common}, which the plan gives to cluster {theirs}");
            findings.add(
                verified.view,
                on_pool(verified, pool).message(message).help(format!("see whether the settings of {theirs} were applied to {name}")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, living, plan, rule};
    use super::*;

    fn case(theirs: &str) -> String {
        let config = format!("{CONFIG}  clusters:\n{}{}", plan("one", "10.0.0.1-10.0.0.9", ""), plan("two", theirs, ""));
        let two = "#> clusters/two/ks.yaml\nKS two ./two\n#> clusters/two/cluster-settings.yaml\napiVersion: v1\nkind: ConfigMap\n\
                   metadata: {name: cluster-settings, namespace: flux-system}\ndata: {CLUSTER: two, START: 10.0.0.1}\n";
        living(two).replace(&format!("{CONFIG}  cilium: {{version: '1.18'}}\n"), &config)
            + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cluster-settings, namespace: flux-system}\n\
               data: {CLUSTER: one, START: 10.0.0.1}\n"
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("10.0.0.20-10.0.0.29"));
    }

    #[test]
    fn fail() {
        let text = case("10.0.0.20-10.0.0.29").replace("{start: 10.0.0.1, stop: 10.0.0.9}", "{start: 10.0.0.20, stop: 10.0.0.21}");
        let failed = rule(&RULE).fails(&text);
        failed.says("holds 10.0.0.20-10.0.0.21, which the plan gives to cluster two").times(1);
    }
}
