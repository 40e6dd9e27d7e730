//! A block with addresses that the plan gives to nobody.
//!
//! ## What it does
//!
//! Holds each block against the `ranges` of its cluster. What another cluster owns, what lies outside the network
//! and what is reserved have rules of their own and are left to them.
//!
//! ## Why is this bad?
//!
//! The plan is what says that nobody else uses an address: a DHCP range, a printer or the next cluster may be there.
//!
//! ## Example
//!
//! ```yaml
//! clusters:
//! - {name: infra, ranges: [10.25.11.100-10.25.11.119]}
//! # and in its pool:
//! blocks: [{start: 10.25.11.90, stop: 10.25.11.119}]
//! ```
//!
//! ## What to do
//!
//! Keep the pool within the cluster's ranges, or add the addresses to the plan if they are really free.

use super::finding::Findings;
use super::placement::{Misplaced, found_at, misplaced, proposal};
use super::{Check, Rule};
use crate::cilium::Family;
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP206",
    name: "block-outside-plan",
    category: Category::Plan,
    severity: Severity::Error,
    source: include_str!("block_outside_plan.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for (me, view) in views.iter().enumerate() {
        for pool in &view.pools {
            for (block_view, block) in pool.ranges() {
                let Some(Misplaced::OutsidePlan(outside)) = misplaced(views, me, block) else { continue };
                let found = found_at(pool, block_view, &outside)
                    .message(format!(
                        "pool {} holds {outside}, which the plan gives to nobody; cluster {} has {}",
                        pool.label(),
                        view.cluster.name,
                        view.plan.ranges
                    ))
                    .help(format!("keep the pool within {}, or extend {}", view.plan.ranges, view.plan.source));
                findings.add(view, match proposal(views, me, pool, block_view, &outside, None) {
                    Some(value) => found.proposed(value),
                    None => found,
                });
            }
        }
        unplanned_families(view, findings);
    }
}

/// A plan that names ranges of one family says nothing about the other.
fn unplanned_families(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for family in [Family::V4, Family::V6] {
        let planned = !view.plan.ranges.of(family).is_empty() || !view.plan.network.of(family).is_empty();
        if planned || view.plan.ranges.is_empty() {
            continue;
        }
        let pool = view.pools.iter().find(|pool| pool.ranges().any(|(_, block)| block.family() == family));
        if let Some(pool) = pool {
            findings.not_checked(
                view,
                format!("whether the {family} blocks of pool {} are planned", pool.label()),
                format!("{} names no {family} addresses", view.plan.source),
                Some(pool.object.place_of_name()),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{evaluated, planned, rule, two_planned};
    use super::*;

    const BOTH: &str = "start: ${START}, stop: ${END}";

    #[test]
    fn pass() {
        rule(&RULE).passes(&planned(BOTH, "10.25.11.100", "10.25.11.119"));
        // Other rules' matters.
        rule(&RULE).passes(&planned(BOTH, "10.25.12.100", "10.25.12.119"));
        rule(&RULE).passes(&two_planned(BOTH, ["10.25.11.90", "10.25.11.129"], ["10.25.11.120", "10.25.11.139"]));
        rule(&RULE).passes(&planned("cidr: ${START}/28", "10.25.11.200", "b"));
        let six = planned("cidr: \"fd00::/64\"", "a", "b");
        rule(&RULE).passes(&six);
        let notes = evaluated(&six).report.not_checked;
        assert!(notes.iter().any(|note| note.what.contains("the IPv6 blocks of pool pool")), "{notes:#?}");
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&planned(BOTH, "10.25.11.90", "10.25.11.119")).read_at("${START}").times(1);
        failed.says("10.25.11.90-10.25.11.99, which the plan gives to nobody").proposes("10.25.11.100");
        rule(&RULE).fails(&planned("cidr: ${START}/32", "10.25.11.99", "b")).read_at("${START}/32");
    }
}
