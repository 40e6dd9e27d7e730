//! A block with addresses outside the cluster's network segment.
//!
//! ## What it does
//!
//! Holds each block against the `network` of its cluster in the config, family for family. Unless the config says that
//! BGP is off (`bgpControlPlane: false`), addresses that the cluster's `ranges` give it expressly may lie anywhere.
//!
//! ## Why is this bad?
//!
//! On the segment nobody asks for an address that does not belong to it, and the router sends it elsewhere: a
//! Service gets the address and cannot be reached.
//!
//! ## Example
//!
//! ```yaml
//! clusters:
//! - {name: infra, network: 10.25.11.0/24}
//! # and in its pool:
//! blocks: [{start: 10.25.12.100, stop: 10.25.12.119}]
//! ```
//!
//! ## What to do
//!
//! Correct the octet that is wrong, or the `network` of the plan.

use super::finding::Findings;
use super::placement::{Misplaced, found_at, misplaced, proposal};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP202",
    name: "block-outside-network",
    category: Category::Plan,
    severity: Severity::Error,
    source: include_str!("block_outside_network.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for (me, view) in views.iter().enumerate() {
        for pool in &view.pools {
            for (block_view, block) in pool.ranges() {
                let Some(Misplaced::OutsideNetwork(outside)) = misplaced(views, me, block) else { continue };
                let network = view.plan.network.of(block.family());
                let found = found_at(pool, block_view, &outside)
                    .message(format!(
                        "pool {} holds {outside}, outside {network}, the network of cluster {}: such an address \
                         cannot be reached there",
                        pool.label(),
                        view.cluster.name
                    ))
                    .help(match view.plan.ranges.is_empty() {
                        true => format!("give the pool addresses of {network}"),
                        false => format!("give the pool addresses of {}", view.plan.ranges),
                    });
                findings.add(view, match proposal(views, me, pool, block_view, &outside, None) {
                    Some(value) => found.proposed(value),
                    None => found,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, cluster, plan, planned, rule};
    use super::*;

    const BOTH: &str = "start: ${START}, stop: ${END}";

    fn alone(ranges: &str, network: &str, more: &str) -> String {
        let pools = cluster("infra", BOTH, "172.20.0.1", "172.20.0.9");
        format!("{pools}#> lbpools.yaml\n{CONFIG}{more}  clusters:\n{}", plan("infra", ranges, network))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&planned(BOTH, "10.25.11.100", "10.25.11.119"));
        // Inside the network and outside the plan is another rule's.
        rule(&RULE).passes(&planned(BOTH, "10.25.11.200", "10.25.11.219"));
        // The network says nothing about IPv6.
        rule(&RULE).passes(&planned("cidr: \"fd00::/64\"", "a", "b"));
        rule(&RULE).passes(&alone("172.20.0.0/16", "", ""));
        rule(&RULE).passes(&alone("172.20.0.0/16", "10.25.11.0/24", ""));
        rule(&RULE).passes(&alone("172.20.0.0/16", "10.25.11.0/24", "  cilium: {bgpControlPlane: true}\n"));
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&planned(BOTH, "10.25.11.100", "10.25.12.119")).read_at("${END}").times(1);
        failed.says("outside 10.25.11.0-10.25.11.255").proposes("10.25.11.119");
        rule(&RULE).fails(&planned("cidr: ${START}/32", "10.26.11.100", "b")).read_at("${START}/32");
        rule(&RULE).fails(&alone("172.20.0.0/16", "10.25.11.0/24", "  cilium: {bgpControlPlane: false}\n"));
        rule(&RULE).fails(&alone("172.21.0.0/16", "10.25.11.0/24", "  cilium: {bgpControlPlane: true}\n"));
    }
}
