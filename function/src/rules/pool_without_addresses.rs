//! A pool without a single block.
//!
//! ## What it does
//!
//! Looks for pools that have no `blocks` at all.
//!
//! ## Why is this bad?
//!
//! The API server takes such a pool, and LB-IPAM has nothing to give out of it: its Services wait, and the pool itself
//! looks healthy. One without any `spec` is refused from 1.17 on.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! spec:
//!   serviceSelector: {matchLabels: {lb-pool: internal}}     # and no blocks
//! ```
//!
//! ## What to do
//!
//! Give it blocks, or delete it.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP111",
    name: "pool-without-addresses",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("pool_without_addresses.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for pool in &view.pools {
        let written = ["blocks", "cidrs"].map(|key| pool.object.tree().at(&["spec", key]));
        // Blocks of a wrong type, and fields that this version does not have, are other rules' business.
        let something = written.iter().flatten().any(|node| !node.is_null() && !node.items().is_empty());
        if something || pool.object.altered.is_some() || written.iter().flatten().any(|n| n.text().is_some()) {
            continue;
        }
        let refused = view.version_known
            && view.profile.pool_requires_spec
            && pool.object.item.tree().at(&["spec"]).is_none_or(|spec| spec.is_null());
        let message = match refused {
            true => format!(
                "pool {} has no spec, which the API server refuses with Cilium {}",
                pool.label(),
                view.profile.version
            ),
            false => format!("pool {} has no blocks, so there is nothing in it to give out", pool.label()),
        };
        findings.add(view, Found::on(pool.object).message(message).help("give it blocks, or delete it"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, pool, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&pool("[{start: 10.0.0.1}]"));
        rule(&RULE).passes(&pool("[{cidr: '${ELSEWHERE}'}]"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&pool("[]")).at("pool").says("no blocks").times(1);
        let bare = "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: bare\n";
        rule(&RULE).fails(bare).at("bare").says("no blocks").times(1);
        let version = |version: &str| format!("{CONFIG}  cilium: {{version: '{version}'}}\n---\n{bare}");
        rule(&RULE).fails(&version("1.18")).at("bare").says("no spec").says("refuses").times(1);
        rule(&RULE).fails(&version("1.16").replace("v2\n", "v2alpha1\n")).at("bare").says("no blocks").times(1);
    }
}
