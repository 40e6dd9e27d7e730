//! A block of a pool that LB-IPAM cannot read.
//!
//! ## What it does
//!
//! Reads every block of every pool as the Cilium operator does: `cidr` by a strict prefix parser, else `start`
//! and `stop` by a strict address parser. Leading zeros, a bare address in `cidr`, `stop` without `start`, an empty
//! block, a zone and a length past the end are refused, whatever the API server let through.
//!
//! ## Why is this bad?
//!
//! Nothing shows it. From Cilium 1.20 on the whole pool is not registered: it has no addresses and no conditions.
//! Up to 1.19 the blocks before the bad one serve, the later ones do not, and no condition says so.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   blocks:
//!   - cidr: 10.25.11.100       # a bare address
//!   - stop: 10.25.11.119       # no start
//! ```
//!
//! ## What to do
//!
//! Write a prefix (`10.25.11.100/32`), or `start` and `stop`.

use super::finding::{Findings, Found};
use super::pool_schema::departures;
use super::{Check, Rule};
use crate::cilium::{BlockError, Profile};
use crate::cilium::profile::BadBlock;
use crate::cluster::ClusterView;
use crate::cluster::pools::PoolView;
use crate::flux::fact::Fact;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP101",
    name: "block-does-not-parse",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("block_does_not_parse.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for pool in &view.pools {
        for block in &pool.blocks {
            let Fact::Known(Err(error)) = &block.parsed else { continue };
            // These two have rules of their own.
            if matches!(error, BlockError::StartAfterStop | BlockError::MixedFamilies) {
                continue;
            }
            // A field that is misspelled or of a wrong type leaves the block empty; that is said there.
            if matches!(error, BlockError::Empty | BlockError::StopOnly) && departs(view, pool, &block.path) {
                continue;
            }
            let found = Found::on(pool.object).span(pool.object, &block.path, &block.span);
            let at_field = match (error, block.fields().as_slice()) {
                (BlockError::Stop(_), [.., (path, text)]) | (_, [(path, text), ..]) => {
                    Found::on(pool.object).field(pool.object, path, text)
                }
                _ => found,
            };
            findings.add(view, at_field.message(message(error, &view.profile)).help(help(error)));
        }
    }
}

/// Whether something under this path is not as the schema has it.
fn departs(view: &ClusterView<'_, '_>, pool: &PoolView<'_, '_>, path: &str) -> bool {
    departures(view, pool).iter().any(|departure| {
        departure.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn message(error: &BlockError, profile: &Profile) -> String {
    let effect = match profile.bad_block {
        BadBlock::DropsPool => "Cilium then ignores the whole pool",
        BadBlock::KeepsEarlierBlocks => "Cilium then ignores it and every later block of the pool",
    };
    format!("the block cannot be read: {error}; {effect}, and no condition says so")
}

fn help(error: &BlockError) -> String {
    match error {
        BlockError::StopOnly => "write start as well".into(),
        BlockError::Empty => "write cidr, or start and stop, or take the block out".into(),
        _ => "write a prefix such as 10.25.11.100/32 in cidr, or plain addresses in start and stop".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool, rule};
    use super::*;

    #[test]
    fn pass() {
        for blocks in [
            "[{cidr: 10.0.0.0/24}]",
            "[{start: 10.0.0.1, stop: 10.0.0.9}]",
            "[{start: 10.0.0.1}]",
            "[{cidr: fd00::/112}]",
            "[]",
            "[{cdir: 10.0.0.0/24}]",
            "[{cidr: {cidr: 10.0.0.0/24}}]",
            "[10.0.0.0/24]",
        ] {
            rule(&RULE).passes(&pool(blocks));
        }
    }

    #[test]
    fn fail() {
        for (blocks, at) in [
            ("[{cidr: 10.0.0.5}]", "10.0.0.5"),
            ("[{cidr: 10.0.0.010/24}]", "10.0.0.010/24"),
            ("[{cidr: 10.0.0.0/33}]", "10.0.0.0/33"),
            ("[{start: 10.0.0}]", "10.0.0"),
            ("[{start: 10.0.0.1, stop: 10.0.0.x}]", "10.0.0.x"),
            ("[{stop: 10.0.0.9}]", "10.0.0.9"),
            ("[{}]", "{}"),
        ] {
            rule(&RULE).fails(&pool(blocks)).at(at);
        }
    }
}
