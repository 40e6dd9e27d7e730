//! Two blocks of one pool that have addresses in common.
//!
//! ## What it does
//!
//! Compares all blocks of a pool, exact duplicates included, whether written as `cidr` or as `start` and `stop`.
//! Neighbours that only touch are fine.
//!
//! ## Why is this bad?
//!
//! Cilium marks the whole pool as conflicting (`cilium.io/PoolConflict`), and it serves no address at all. A block
//! that an update adds a second time does nothing at first, in every version from 1.15 to 1.20: the pool is marked
//! at the next restart of the operator, and its addresses are lost then.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   blocks:
//!   - cidr: 10.25.11.96/28      # to .111
//!   - start: 10.25.11.110
//!     stop: 10.25.11.119
//! ```
//!
//! ## What to do
//!
//! Let the blocks begin where the others end, or take out the one too many.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::pool::{Overlap, overlaps};
use crate::cilium::{Block, Pool};
use crate::cluster::ClusterView;
use crate::cluster::pools::{BlockView, PoolView};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP105",
    name: "pool-blocks-overlap",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pool_blocks_overlap.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for pool in &view.pools {
        let ranges: Vec<(&BlockView, &Block)> = pool.ranges().collect();
        let blocks = ranges.iter().map(|(_, block)| Ok((*block).clone())).collect();
        let mut told = usize::MAX;
        let mut overlaps = overlaps(&[Pool::new("", blocks)]);
        overlaps.sort_by_key(|overlap| (overlap.other_block, overlap.block));
        for overlap in overlaps {
            // One finding a block is enough: that of its first overlap.
            if std::mem::replace(&mut told, overlap.other_block) != overlap.other_block {
                findings.add(view, found(pool, &ranges, &overlap));
            }
        }
    }
}

fn found(pool: &PoolView<'_, '_>, ranges: &[(&BlockView, &Block)], overlap: &Overlap) -> Found {
    let ((one, first), (other, second)) = (ranges[overlap.block], ranges[overlap.other_block]);
    let found = match other.field() {
        Some((path, text)) => Found::on(pool.object).field(pool.object, path, text),
        None => Found::on(pool.object).span(pool.object, &other.path, &other.span),
    };
    let twice = first.range == second.range;
    let message = if twice {
        format!(
            "the pool holds {} twice, so Cilium switches the whole pool off; if one was added to a running pool, only \
             after the next restart of its operator",
            overlap.common
        )
    } else {
        format!("two blocks of the pool hold {}, so Cilium switches the whole pool off", overlap.common)
    };
    let help = if twice { "take one of the two out" } else { "let one block end before the other begins" };
    found
        .link(format!("the other block: {} = {}", one.path, first.range), Some(pool.object.place(&one.span)))
        .message(message)
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool, pool_named, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&pool("[{cidr: 10.0.0.0/25}, {cidr: 10.0.0.128/25}, {cidr: \"::/0\"}]"));
        rule(&RULE).passes(&format!("{}---\n{}", pool("[{cidr: 10.0.0.0/24}]"), pool_named("b", "[{cidr: 10.0.0.0/24}]")));
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&pool("[{cidr: 10.0.0.0/28}, {start: 10.0.0.15, stop: 10.0.0.20}]"));
        failed.at("10.0.0.15").says("hold 10.0.0.15, so").times(1);
        let failed = rule(&RULE).fails(&pool("[{cidr: 10.0.0.0/28}, {start: 10.0.0.0, stop: 10.0.0.15}]"));
        failed.says("holds 10.0.0.0-10.0.0.15 twice").says("next restart");
        // A block that does not parse does not shift the places of the others.
        rule(&RULE).fails(&pool("[{cidr: x}, {start: 10.0.0.1}, {start: 10.0.0.2}, {start: 10.0.0.1}]")).at("10.0.0.1");
    }
}
