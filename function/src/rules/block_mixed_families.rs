//! A block that starts with an IPv4 address and stops with an IPv6 one, or the other way round.
//!
//! ## What it does
//!
//! Compares the families of `start` and `stop`, after settings are filled in. An IPv4 address written as IPv6
//! (`::ffff:10.0.0.5`) is IPv6 to Cilium.
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
//!   - start: 10.25.11.100
//!     stop: fd00:25::119
//! ```
//!
//! ## What to do
//!
//! Write one block for each family; a pool may hold both.

use super::block_start_after_stop::consequence;
use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::BlockError;
use crate::cluster::ClusterView;
use crate::flux::fact::Fact;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP103",
    name: "block-mixed-families",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("block_mixed_families.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for pool in &view.pools {
        for block in &pool.blocks {
            if block.parsed != Fact::Known(Err(BlockError::MixedFamilies)) {
                continue;
            }
            let (Some(start), Some(stop)) = (&block.start, &block.stop) else { continue };
            let known = |text: &crate::flux::object::Text| text.known().unwrap_or_default().to_owned();
            let found = Found::on(pool.object)
                .field(pool.object, format!("{}.stop", block.path), stop)
                .message(format!(
                    "start {} and stop {} are of different families; {}",
                    known(start),
                    known(stop),
                    consequence(&view.profile)
                ))
                .help("write one block for IPv4 and one for IPv6; a pool may hold both");
            findings.add(view, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&pool("[{start: 10.0.0.1, stop: 10.0.0.9}, {start: \"fd00::1\", stop: \"fd00::9\"}]"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&pool("[{start: 10.0.0.1, stop: \"fd00::9\"}]")).at("\"fd00::9\"").times(1);
        rule(&RULE).fails(&pool("[{start: \"::ffff:10.0.0.1\", stop: 10.0.0.9}]")).says("different families");
    }
}
