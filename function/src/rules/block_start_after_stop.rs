//! A block whose `start` comes after its `stop`.
//!
//! ## What it does
//!
//! Compares the two ends of each block as the operator does, after settings are filled in.
//!
//! ## Why is this bad?
//!
//! The API server takes it, and LB-IPAM cannot use it: from Cilium 1.20 on the whole pool is ignored, up to 1.19
//! this block and all later ones, and no condition says so.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   blocks:
//!   - start: 10.25.11.119
//!     stop: 10.25.11.100
//! ```
//!
//! ## What to do
//!
//! Exchange the two, or correct the octet that is wrong. Where one end lies in the cluster's ranges and the other
//! does not, the end of the range that is still free is proposed.

use super::finding::{Findings, Found};
use super::placement::free_for;
use super::proposal::{is_shared, written_for};
use super::{Check, Rule};
use crate::cilium::address::parse_address;
use crate::cilium::profile::BadBlock;
use crate::cilium::{BlockError, Profile};
use crate::cluster::ClusterView;
use crate::cluster::pools::{BlockView, PoolView};
use crate::flux::fact::Fact;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP102",
    name: "block-start-after-stop",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("block_start_after_stop.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for (me, view) in views.iter().enumerate() {
        for pool in &view.pools {
            for block in &pool.blocks {
                if block.parsed == Fact::Known(Err(BlockError::StartAfterStop)) {
                    findings.add(view, found(views, me, pool, block));
                }
            }
        }
    }
}

fn found(views: &[ClusterView<'_, '_>], me: usize, pool: &PoolView<'_, '_>, block: &BlockView) -> Found {
    let found = Found::on(pool.object);
    let (Some(start), Some(stop)) = (&block.start, &block.stop) else {
        return found.span(pool.object, &block.path, &block.span);
    };
    let (first, last) = (start.known().unwrap_or_default(), stop.known().unwrap_or_default());
    let message = format!("start {first} comes after stop {last}; {}", consequence(&views[me].profile));
    let found = match correction(views, me, pool, block) {
        Some((end, value)) => {
            let text = if end == "start" { start } else { stop };
            found.field(pool.object, format!("{}.{end}", block.path), text).proposed(value)
        }
        None => found.field(pool.object, format!("{}.start", block.path), start),
    };
    let help = format!("write start: {last} and stop: {first}, or correct the address that is wrong");
    found.message(message).help(help)
}

/// The end that is wrong and what to write, where the other lies in a free run of the cluster's ranges.
fn correction(
    views: &[ClusterView<'_, '_>],
    me: usize,
    pool: &PoolView<'_, '_>,
    block: &BlockView,
) -> Option<(&'static str, String)> {
    let free = free_for(&views[me], block, pool)?;
    let (start, stop) = (block.start.as_ref()?, block.stop.as_ref()?);
    let run = |text: &str| parse_address(text).ok().and_then(|at| free.iter().find(|run| run.contains(at.address)));
    let (end, text, wanted) = match (run(start.known()?), run(stop.known()?)) {
        (Some(run), None) => ("stop", stop, run.last()),
        (None, Some(run)) => ("start", start, run.first()),
        _ => return None,
    };
    if is_shared(views, me, pool.object, text) {
        return None;
    }
    Some((end, written_for(text, &wanted.to_string())?))
}

/// What LB-IPAM does with a block that it cannot read.
pub(super) fn consequence(profile: &Profile) -> &'static str {
    match profile.bad_block {
        BadBlock::DropsPool => "Cilium then ignores the whole pool, and no condition says so",
        BadBlock::KeepsEarlierBlocks => {
            "Cilium then ignores it and every later block of the pool, and no condition says so"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{planned, pool, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&pool("[{start: 10.0.0.1, stop: 10.0.0.1}, {start: 10.0.0.9, stop: 10.0.0.10}]"));
        rule(&RULE).passes(&pool("[{cidr: 10.0.0.0/24, start: 10.0.0.9, stop: 10.0.0.1}]"));
        rule(&RULE).passes(&pool("[{start: 10.0.0.9, stop: \"::1\"}]"));
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&pool("[{start: 10.0.0.10, stop: 10.0.0.9}]"));
        failed.at("10.0.0.10").says("start 10.0.0.10 comes after stop 10.0.0.9").times(1);
        // One octet of one setting.
        let case = planned("start: ${START}, stop: ${END}", "10.25.12.101", "10.25.11.119");
        rule(&RULE).fails(&case).read_at("${START}").proposes("10.25.11.100");
        let case = planned("start: ${START}, stop: ${END}", "10.25.11.101", "10.25.1.119");
        rule(&RULE).fails(&case).read_at("${END}").proposes("10.25.11.119");
    }
}
