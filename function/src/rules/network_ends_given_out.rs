//! A pool that gives out the first or the last address of the network segment.
//!
//! ## What it does
//!
//! Holds the blocks of each enabled pool against the two ends of the cluster's `network` in the config, for IPv4.
//! Addresses that `allowFirstLastIPs: "No"` keeps back are not given out. Where the field is not written its meaning
//! depends on the version: up to 1.15 the ends of a `cidr` are kept back, from 1.16 on they are given out; without a
//! version in the config nothing is said then.
//!
//! ## Why is this bad?
//!
//! The first address of a segment is its name and the last one its broadcast address. Hosts and routers on the segment
//! do not take either for the address of a machine, so a Service that gets one cannot be reached from there. LB-IPAM
//! knows no segments and gives out what the blocks hold; the upgrade to 1.16 turned the default without a word.
//!
//! ## Example
//!
//! ```yaml
//! clusters:
//! - {name: infra, network: 10.25.11.0/24}
//! # and in its pool:
//! blocks: [{cidr: 10.25.11.128/25}]        # ends with 10.25.11.255
//! ```
//!
//! ## What to do
//!
//! Write `allowFirstLastIPs: "No"`, or leave the address out with a block of `start` and `stop`.
//!
//! ## References
//!
//! Cilium #28591 and #29410, PR #33151.

use std::net::IpAddr;

use super::finding::Findings;
use super::placement::found_at;
use super::{Check, Rule};
use crate::cilium::{Block, Count, Family, Range, Ranges};
use crate::cluster::ClusterView;
use crate::cluster::pools::PoolView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP207",
    name: "network-ends-given-out",
    category: Category::Plan,
    severity: Severity::Warning,
    source: include_str!("network_ends_given_out.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live {
        return;
    }
    let reserved: Ranges = view.plan.reserved.iter().map(|reserved| reserved.range).collect();
    // What lies outside the plan, or on what it reserves, is another rule's finding.
    let meant =
        |end: &IpAddr| !reserved.contains(*end) && (view.plan.ranges.is_empty() || view.plan.ranges.contains(*end));
    let ends: Vec<IpAddr> = view.plan.network.of(Family::V4).iter().flat_map(ends).filter(meant).collect();
    for pool in view.pools.iter().filter(|pool| pool.disabled.known() == Some(&false)) {
        for (block_view, block) in pool.ranges() {
            let given: Ranges =
                ends.iter().filter(|end| gives(view, pool, block, **end)).map(|end| Range::single(*end)).collect();
            if given.is_empty() {
                continue;
            }
            let kept_if_said = block.reserved(Some(false), &view.profile).is_some_and(|kept| {
                given.iter().all(|end| kept.contains(&end.first()))
            });
            let help = match kept_if_said {
                true => "write `allowFirstLastIPs: \"No\"` into the pool, or leave the address out with `start` and `stop`",
                false => "leave the address out of the block",
            };
            let found = found_at(pool, block_view, &given).help(help).message(format!(
                "pool {} gives out {given}, an end of {}, the network of cluster {}: it cannot be reached there",
                pool.label(),
                view.plan.network.of(Family::V4),
                view.cluster.name
            ));
            findings.add(view, found);
        }
    }
}

/// First and last address of a segment that has such: one of two addresses, or of one, has none.
fn ends(network: &Range) -> Vec<IpAddr> {
    if network.count() > Count::from(2_u128) { vec![network.first(), network.last()] } else { Vec::new() }
}

/// Whether the pool surely gives this address out.
fn gives(view: &ClusterView<'_, '_>, pool: &PoolView<'_, '_>, block: &Block, address: IpAddr) -> bool {
    let Some(said) = pool.allow_first_last.known() else { return false };
    // What a pool that does not say means depends on the version.
    let said = if said.is_none() && !view.version_known { Some(false) } else { *said };
    block.range.contains(address) && !block.reserved(said, &view.profile).is_some_and(|kept| kept.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, cluster, plan, rule};
    use super::*;

    fn case(block: &str, more: &str, version: &str) -> String {
        let pools = cluster("infra", block, "10.25.11.100", "10.25.11.119").replace("  blocks:", &format!("{more}  blocks:"));
        let version = if version.is_empty() { String::new() } else { format!("  cilium: {{version: '{version}'}}\n") };
        format!("{pools}#> lbpools.yaml\n{CONFIG}{version}  clusters:\n{}", plan("infra", "10.25.11.0/24", "10.25.11.0/24"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("start: ${START}, stop: ${END}", "", "1.18"));
        rule(&RULE).passes(&case("start: 10.25.11.1, stop: 10.25.11.254", "", "1.18"));
        rule(&RULE).passes(&case("cidr: 10.25.11.0/24", "  allowFirstLastIPs: \"No\"\n", "1.18"));
        rule(&RULE).passes(&case("cidr: 10.25.11.0/24", "", "1.15"));
        rule(&RULE).passes(&case("cidr: 10.25.11.0/24", "", ""));
        rule(&RULE).passes(&case("cidr: 10.25.11.0/24", "  disabled: true\n", "1.18"));
        rule(&RULE).passes(&case("cidr: '${ELSEWHERE}'", "", "1.18"));
        // A segment of two addresses has neither a name nor a broadcast address.
        let two = case("cidr: 10.25.11.0/31", "", "1.18").replace("10.25.11.0/24", "10.25.11.0/31");
        rule(&RULE).passes(&two);
        let reserved = case("cidr: 10.25.11.128/25", "", "1.18") + "    reserved: {broadcast: 10.25.11.255}\n";
        rule(&RULE).passes(&reserved);
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&case("cidr: 10.25.11.128/25", "", "1.18")).times(1);
        assert!(failed.findings[0].help.contains("allowFirstLastIPs"), "{:#?}", failed.findings[0]);
        failed.says("gives out 10.25.11.255");
        let both = rule(&RULE).fails(&case("cidr: 10.25.11.0/24", "  allowFirstLastIPs: \"Yes\"\n", "")).times(1);
        both.says("gives out 10.25.11.0, 10.25.11.255");
        let stop = rule(&RULE).fails(&case("start: ${START}, stop: 10.25.11.255", "", "")).times(1).at("10.25.11.255");
        assert!(stop.findings[0].help.starts_with("leave"), "{:#?}", stop.findings[0]);
    }
}
