//! A pool of the cluster holds the address of a node.
//!
//! ## What it does
//!
//! Compares the blocks of the pools in the living cluster with the addresses of its nodes.
//!
//! ## Why is this bad?
//!
//! Cilium does not look: it gives the node's address to a Service, and the node is no longer reached.
//!
//! ## Example
//!
//! ```text
//! pool services of the cluster holds 10.25.11.104, the address of node infra-4
//! ```
//!
//! ## What to do
//!
//! Take the address out of the pool, and put the nodes under `reserved` in the plan, so that `lbpools check` finds it before
//! a merge.

use super::finding::Findings;
use super::living::on_pool;
use super::{Check, Rule};
use crate::cilium::address::parse_address;
use crate::report::{Category, Severity};
use crate::verification::Verified;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP717",
    name: "living-pool-over-node",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_pool_over_node.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let observed = verified.living.observed;
    for (pool, living) in &observed.pools {
        let ranges = living.pool.ranges();
        for (node, addresses) in &observed.nodes {
            let addresses = addresses.iter().filter_map(|text| parse_address(text).ok());
            let Some(held) = addresses.map(|written| written.address).find(|address| ranges.contains(*address)) else {
                continue;
            };
            let found = on_pool(verified, pool)
                .current(held.to_string())
                .message(format!("pool {pool} of the cluster holds {held}, the address of node {node}"))
                .help("take it out of the pool, and put the nodes under `reserved` in the plan");
            findings.add(verified.view, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, rule};
    use super::*;

    fn case(address: &str) -> String {
        let node = format!("apiVersion: v1\nkind: Node\nmetadata: {{name: node-1}}\nstatus: {{addresses: [{{address: {address}}}, {{address: node-1}}]}}\n");
        format!("{}---\n{node}", living(""))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("10.0.0.10"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("10.0.0.9")).at("pool").says("holds 10.0.0.9, the address of node node-1").times(1);
    }
}
