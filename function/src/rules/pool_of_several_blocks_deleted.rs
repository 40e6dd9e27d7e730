//! A pool of several blocks is deleted, which ends the operator of some releases.
//!
//! ## What it does
//!
//! Compares with the revision before (`--from`), in clusters whose config names a release before 1.15.19, 1.16.12 or
//! 1.17.6. Looks for pools of more than one block that are gone. Where only `1.16` is written, the last release of it
//! counts, which is free of this.
//!
//! ## Why is this bad?
//!
//! The operator takes the blocks out of the list that it walks over, and ends in a nil dereference. It starts again
//! without the pool: whatever waits for a restart to show, shows then, and until it runs again no Service gets an
//! address.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool        # this manifest is removed, the cluster runs 1.17.4
//! spec:
//!   blocks: [{cidr: 10.25.11.112/29}, {cidr: 10.25.11.136/29}]
//! ```
//!
//! ## What to do
//!
//! Upgrade first. Or take the blocks out one by one, each in a change of its own, and the pool with the last one.
//!
//! ## References
//!
//! Cilium PR #40013.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::pruned::{knows_its_pools, pruned_pools};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP605",
    name: "pool-of-several-blocks-deleted",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pool_of_several_blocks_deleted.rs"),
    check: Check::Change(check),
};

fn check(before: &ClusterView<'_, '_>, after: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !after.version_known || !after.profile.pool_delete_ends_operator || !before.live {
        return;
    }
    // A pool whose name is not known may be any of those that are gone, and so may one in what was not followed.
    if !knows_its_pools(after) {
        return;
    }
    for pool in pruned_pools(before, after).filter(|pool| pool.blocks.len() > 1) {
        let message = format!(
            "pool {} is gone and had {} blocks: when it is deleted, the operator of {} ends and starts again without it; \
             free of this are {}",
            pool.label(),
            pool.blocks.len(),
            after.profile.version,
            match after.profile.facts_of {
                15 => "1.15.19 and later",
                16 => "1.16.12 and later",
                _ => "1.17.6 and later",
            }
        );
        let help = "upgrade first, or take the blocks out one by one and the pool with the last one";
        findings.add(after, Found::of(pool.object.resource()).message(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, pool_blocks, pool_named, rule};
    use super::*;

    const TWO: &str = "[{cidr: 10.0.0.8/29}, {cidr: 10.0.1.8/29}]";

    /// The pool `web` with these blocks is gone, and `other` stays.
    fn gone(version: &str, blocks: &str) -> String {
        let other = |side| format!("#{side} other.yaml\n{}", pool_named("other", "[{cidr: 10.0.2.8/29}]"));
        let config = |side| format!("#{side} lbpools.yaml\n{CONFIG}  cilium: {{version: '{version}'}}\n");
        let text = pool_blocks("<", blocks) + &other("<") + &other(">") + &config("<") + &config(">");
        text.replace("cilium.io/v2\n", "cilium.io/v2alpha1\n")
    }

    #[test]
    fn pass() {
        for free in ["1.15.19", "1.16.12", "1.17.6", "1.17", "1.18.0", "1.20.2"] {
            rule(&RULE).passes(&gone(free, TWO));
        }
        rule(&RULE).passes(&gone("1.17.5", "[{cidr: 10.0.0.8/29}]"));
        let kept = "annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}\n  name: web\n";
        rule(&RULE).passes(&gone("1.17.5", TWO).replace("name: web\n", kept));
        rule(&RULE).passes(&(gone("1.17.5", TWO) + &pool_blocks(">", TWO).replace("v2\n", "v2alpha1\n")));
    }

    #[test]
    fn fail() {
        for (version, free) in [("1.15.18", "1.15.19"), ("1.16.11", "1.16.12"), ("1.17.5", "1.17.6")] {
            rule(&RULE).fails(&gone(version, TWO)).says("pool web").says("2 blocks").says(free).times(1);
        }
    }
}
