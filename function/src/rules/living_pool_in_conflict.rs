//! The operator has switched a pool of the cluster off, for it overlaps another one or itself.
//!
//! ## What it does
//!
//! Reads the condition `cilium.io/PoolConflict` of the pools in the living cluster.
//!
//! ## Why is this bad?
//!
//! The pool hands nothing out. Who has an address of it keeps that until the operator restarts, and loses it then.
//!
//! ## Example
//!
//! ```text
//! NAME       DISABLED   CONFLICTING   IPS AVAILABLE
//! services   false      True          17
//! ```
//!
//! ## What to do
//!
//! Take the common addresses out of one of the two. Of pools from two sources the older one stays in force.

use super::finding::Findings;
use super::living::{few, on_pool};
use super::{Check, Rule};
use crate::observed::LivingPool;
use crate::report::{Category, Severity};
use crate::verification::Verified;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP708",
    name: "living-pool-in-conflict",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_pool_in_conflict.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let conflict = |living: &'_ LivingPool| living.conditions.get("cilium.io/PoolConflict").filter(|one| one.is_true()).cloned();
    let pools = verified.living.observed.pools.iter();
    for ((name, condition), more) in few(pools.filter_map(|(name, living)| Some((name, conflict(living)?)))) {
        let said = if condition.message.is_empty() { &condition.reason } else { &condition.message };
        let found = on_pool(verified, name)
            .message(format!("pool {name} of the cluster is in conflict and hands nothing out: {said}{more}"))
            .help("take the common addresses out of one of the pools");
        findings.add(verified.view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&living(""));
    }

    #[test]
    fn fail() {
        let text = living("").replace(
            "{type: cilium.io/PoolConflict, status: 'False', reason: resolved,",
            "{type: cilium.io/PoolConflict, status: 'True', reason: cidr_overlap, message: overlaps other,",
        );
        rule(&RULE).fails(&text).at("pool").says("in conflict and hands nothing out: overlaps other").times(1);
    }
}
