//! A block that an edit lists a second time, which nobody notices before the operator restarts.
//!
//! ## What it does
//!
//! Compares with the revision before (`--from`). Looks for blocks that a pool had once and now has twice, also when one is
//! written as `cidr` and the other as `start` and `stop`.
//!
//! ## Why is this bad?
//!
//! The running operator adds no second range and sees no conflict: everything goes on. When it next restarts it reads both,
//! marks the whole pool as conflicting with itself, and takes every address of it away: pinned Services stay pending,
//! others move to another pool or wait. Seen with 1.15 to 1.20; no release is known to be free of it.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! spec:
//!   blocks:
//!   - cidr: 10.25.11.112/29
//!   - start: 10.25.11.112             # the same once more
//!     stop: 10.25.11.119
//! ```
//!
//! ## What to do
//!
//! Take the second one out.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::pools::PoolView;
use crate::report::{Category, Outcome, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP603",
    name: "block-listed-twice",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("block_listed_twice.rs"),
    check: Check::Change(check),
};

fn check(before: &ClusterView<'_, '_>, after: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for pool in &after.pools {
        let same = |old: &&PoolView<'_, '_>| old.name.known().is_some() && old.name.known() == pool.name.known();
        let Some(old) = before.pools.iter().find(same) else { continue };
        let had = |range| old.ranges().filter(|(_, block)| block.range == range).count();
        for (at, (view, block)) in pool.ranges().enumerate() {
            let earlier = pool.ranges().take(at).find(|(_, other)| other.range == block.range);
            let Some((first, _)) = earlier.filter(|_| had(block.range) == 1) else { continue };
            let label = pool.label();
            let from = |outcome: &Outcome| matches!(outcome, Outcome::Address { pool, .. } if *pool == label);
            let holders: Vec<String> = before
                .requests
                .iter()
                .zip(before.outcomes())
                .filter(|(_, outcomes)| outcomes.iter().any(from))
                .map(|(request, _)| request.label())
                .take(4)
                .collect();
            let lose = match holders.as_slice() {
                [] => "all its addresses are lost".to_owned(),
                some => format!("all its addresses are lost, those of {} among them", some.join(", ")),
            };
            let message = format!(
                "pool {label} now lists {} twice: nothing happens before the operator restarts, and then the pool is in \
                 conflict with itself and {lose}; no release is known to be free of this",
                block.range
            );
            let found = Found::on(pool.object)
                .span(pool.object, view.path.clone(), &view.span)
                .link(format!("{} is the same", first.path), Some(pool.object.place(&first.span)))
                .message(message)
                .help("take the second one out");
            findings.add(after, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pinned, pool_blocks, rule};
    use super::*;

    /// The scenario of `tests/oracle/cilium/cases/block-listed-twice-by-edit.json`.
    #[test]
    fn fail() {
        let twice = "[{cidr: 10.0.0.8/29}, {start: 10.0.0.8, stop: 10.0.0.15}]";
        let case = pool_blocks("<", "[{cidr: 10.0.0.8/29}]") + &pool_blocks(">", twice) + &pinned("<>", "10.0.0.9", "");
        rule(&RULE).fails(&case).at("{start: 10.0.0.8, stop: 10.0.0.15}").says("twice").says("Service n/a").times(1);
    }

    #[test]
    fn pass() {
        let one = "[{cidr: 10.0.0.8/29}]";
        let twice = "[{cidr: 10.0.0.8/29}, {cidr: 10.0.0.8/29}]";
        rule(&RULE).passes(&(pool_blocks("<", one) + &pool_blocks(">", one)));
        rule(&RULE).passes(&(pool_blocks("<", twice) + &pool_blocks(">", twice)));
        rule(&RULE).passes(&(pool_blocks("<", "[{cidr: 10.0.1.8/29}]") + &pool_blocks(">", twice)));
        rule(&RULE).passes(&pool_blocks(">", twice));
    }
}
