//! A block with addresses that the plan gives to another cluster.
//!
//! ## What it does
//!
//! Holds each block, after settings are filled in, against the `ranges` of every other cluster of the config. A
//! cluster without ranges of its own is compared only with those that name the same `network`.
//!
//! ## Why is this bad?
//!
//! Cilium sees one cluster only. Sooner or later both clusters hand out the same address, and two machines answer
//! for it.
//!
//! ## Example
//!
//! ```yaml
//! clusters:
//! - {name: infra, ranges: [10.25.11.100-10.25.11.119]}
//! - {name: apps, ranges: [10.25.11.120-10.25.11.139]}
//! # and in the settings of infra:
//! CILIUM_GATEWAY_LB_IP: 10.25.11.130
//! ```
//!
//! ## What to do
//!
//! Write an address of the cluster's own range. One is proposed where the plan leaves a single answer: the only
//! address that is still free, the end of the free run, or the same place in the own range.

use super::finding::Findings;
use super::placement::{Misplaced, found_at, misplaced, proposal};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP201",
    name: "block-in-other-clusters-range",
    category: Category::Plan,
    severity: Severity::Error,
    source: include_str!("block_in_other_clusters_range.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for (me, view) in views.iter().enumerate() {
        for pool in &view.pools {
            for (block_view, block) in pool.ranges() {
                let Some(wrong @ Misplaced::OthersRange(_)) = misplaced(views, me, block) else { continue };
                let Misplaced::OthersRange(others) = &wrong else { continue };
                let addresses = wrong.addresses();
                let theirs: Vec<String> = others
                    .iter()
                    .map(|(at, common)| format!("{common}, which the plan gives to cluster {}", views[*at].cluster.name))
                    .collect();
                let own = &view.plan.ranges;
                let help = match own.is_empty() {
                    true => "give the pool addresses that no other cluster has".to_owned(),
                    false => format!("give the pool addresses of {}: {own}", view.cluster.name),
                };
                let found = found_at(pool, block_view, &addresses)
                    .message(format!(
                        "pool {} of cluster {} holds {}: both may hand it out",
                        pool.label(),
                        view.cluster.name,
                        theirs.join(", and ")
                    ))
                    .help(help);
                let from = others.first().map(|(at, _)| *at);
                findings.add(view, match proposal(views, me, pool, block_view, &addresses, from) {
                    Some(value) => found.proposed(value),
                    None => found,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, cluster, plan, rule, two_planned};
    use super::*;

    const BOTH: &str = "start: ${START}, stop: ${END}";

    #[test]
    fn pass() {
        rule(&RULE).passes(&two_planned(BOTH, ["10.25.11.100", "10.25.11.119"], ["10.25.11.120", "10.25.11.139"]));
        // In nobody's range.
        rule(&RULE).passes(&two_planned(BOTH, ["10.25.11.200", "10.25.11.219"], ["10.25.11.120", "10.25.11.139"]));
        // Not known.
        rule(&RULE).passes(&two_planned("start: ${NOBODY_SETS_THIS}", ["a", "b"], ["c", "d"]));
        // A site without a plan may use the same private range.
        let sites = format!(
            "{}{}#> lbpools.yaml\n{CONFIG}  clusters:\n{}{}",
            cluster("one", BOTH, "10.0.0.1", "10.0.0.9"),
            cluster("two", BOTH, "10.0.0.1", "10.0.0.9"),
            plan("one", "10.0.0.1-10.0.0.9", ""),
            plan("two", "", "")
        );
        rule(&RULE).passes(&sites);
    }

    #[test]
    fn fail() {
        let apps = ["10.25.11.120", "10.25.11.139"];
        let failed = rule(&RULE).fails(&two_planned(BOTH, ["10.25.11.101", "10.25.11.129"], apps));
        let failed = failed.read_at("${END}").says("10.25.11.120-10.25.11.129, which the plan gives to cluster apps");
        failed.proposes("10.25.11.119").times(1);
        // Where both ends are wrong, no single value mends it.
        let failed = rule(&RULE).fails(&two_planned(BOTH, ["10.25.11.130", "10.25.11.135"], apps)).read_at("${START}");
        assert_eq!(failed.findings[0].proposed, None);
        let failed = rule(&RULE).fails(&two_planned("start: ${START}", ["10.25.11.130", "x"], ["10.25.11.121", "x"]));
        failed.proposes("10.25.11.110").times(1);
        let failed = rule(&RULE).fails(&two_planned("cidr: ${START}/32", ["10.25.11.130", "x"], ["10.25.11.121", "x"]));
        failed.read_at("${START}/32").proposes("10.25.11.110").times(1);
    }

    #[test]
    fn a_manifest_for_two_clusters_is_not_changed_for_one() {
        let case = two_planned("start: 10.25.11.120", ["a", "b"], ["c", "d"]).replace("./pools/infra", "./pools/apps");
        let failed = rule(&RULE).fails(&case).times(1);
        assert_eq!(failed.findings[0].cluster.as_deref(), Some("infra"));
        assert_eq!(failed.findings[0].proposed, None);
    }
}
