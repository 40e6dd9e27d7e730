//! A block over addresses that the plan reserves for something else.
//!
//! ## What it does
//!
//! Holds each block against every key of the cluster's `reserved`: router, nodes, podCIDR, serviceCIDR or any other
//! word. The first and the last address of a block that `allowFirstLastIPs` keeps back do no harm and are left out.
//!
//! ## Why is this bad?
//!
//! Cilium does not know what else has an address. A Service that gets the router's or a node's takes the whole
//! segment or that node off the network; one from the pod or service CIDR is never reached from outside.
//!
//! ## Example
//!
//! ```yaml
//! clusters:
//! - name: infra
//!   reserved: {router: 10.25.11.1}
//! # and in its pool:
//! blocks: [{cidr: 10.25.11.0/24}]
//! ```
//!
//! ## What to do
//!
//! Carve the pool around them: blocks with `start` and `stop` before and behind, or a `remainder` pool in the config.

use super::finding::Findings;
use super::placement::{found_at, proposal};
use super::{Check, Rule};
use crate::cilium::{Block, Range, Ranges};
use crate::cluster::ClusterView;
use crate::cluster::pools::PoolView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP204",
    name: "block-over-reserved",
    category: Category::Plan,
    severity: Severity::Error,
    source: include_str!("block_over_reserved.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for (me, view) in views.iter().enumerate().filter(|(_, view)| !view.plan.reserved.is_empty()) {
        let reserved: Ranges = view.plan.reserved.iter().map(|reserved| reserved.range).collect();
        for pool in &view.pools {
            for (block_view, block) in pool.ranges() {
                let hit = given_away(view, pool, block).intersection(&reserved);
                if hit.is_empty() {
                    continue;
                }
                let found = found_at(pool, block_view, &hit)
                    .message(format!(
                        "pool {} holds {}: a Service may get an address that is not free",
                        pool.label(),
                        purposes(view, &hit)
                    ))
                    .help("leave them out: end the block before them and begin another behind");
                findings.add(view, match proposal(views, me, pool, block_view, &hit, None) {
                    Some(value) => found.proposed(value),
                    None => found,
                });
            }
        }
    }
}

/// The addresses of a block that may be handed out.
fn given_away(view: &ClusterView<'_, '_>, pool: &PoolView<'_, '_>, block: &Block) -> Ranges {
    let whole = Ranges::from(block.range);
    let kept = match pool.allow_first_last.known() {
        // What a pool that does not say means depends on the version.
        Some(None) if !view.version_known => None,
        Some(said) => block.reserved(*said, &view.profile),
        None => None,
    };
    whole.subtract(&kept.into_iter().flatten().map(Range::single).collect())
}

/// Which reserved addresses were hit, by what they are.
fn purposes(view: &ClusterView<'_, '_>, hit: &Ranges) -> String {
    let mut parts: Vec<String> = Vec::new();
    for reserved in &view.plan.reserved {
        let common = hit.intersection(&Ranges::from(reserved.range));
        if !common.is_empty() {
            parts.push(format!("{common} (reserved: {})", reserved.purpose));
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::cases::{Cases, planned, rule};
    use super::*;

    const BOTH: &str = "start: ${START}, stop: ${END}";
    const RESERVED: &str = "    reserved: {router: 10.25.11.1, nodes: [10.25.11.110-10.25.11.112], dhcp: 10.25.11.128/25}\n";

    fn reserving(block: &str, start: &str, end: &str) -> String {
        planned(block, start, end) + RESERVED
    }

    fn this() -> Cases {
        rule(&RULE)
    }

    #[test]
    fn pass() {
        this().passes(&planned(BOTH, "10.25.11.1", "10.25.11.119"));
        this().passes(&reserving(BOTH, "10.25.11.100", "10.25.11.109"));
        let kept = reserving("cidr: ${START}/29", "10.25.11.112", "x").replace("  blocks:", "  allowFirstLastIPs: \"No\"\n  blocks:");
        this().passes(&kept);
    }

    #[test]
    fn fail() {
        let failed = this().fails(&reserving(BOTH, "10.25.11.101", "10.25.11.111")).read_at("${END}").times(1);
        failed.says("10.25.11.110-10.25.11.111 (reserved: nodes)").proposes("10.25.11.109");
        let failed = this().fails(&reserving("cidr: ${START}/24", "10.25.11.0", "x")).times(1);
        failed.says("10.25.11.1 (reserved: router)");
        this().fails(&reserving("cidr: ${START}/29", "10.25.11.112", "x")).says("(reserved: nodes)");
    }

    #[test]
    fn one_mistake_is_one_finding() {
        let report = super::super::cases::evaluated(&reserving("cidr: ${START}/32", "10.25.11.200", "x")).report;
        let codes: Vec<&str> = report.findings.iter().map(|f| f.code.as_str()).filter(|code| !code.starts_with("LBP4")).collect();
        assert_eq!(codes, ["LBP204"], "outside the plan as well, which is the same mistake");
    }
}
