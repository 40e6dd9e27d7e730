//! The operator's counts of a pool are not what the pool and the Services of the cluster come to.
//!
//! ## What it does
//!
//! Counts the addresses of each pool in the living cluster, and those of them that Services have, as an operator does that
//! starts now, and compares with the conditions `cilium.io/IPsTotal` and `cilium.io/IPsAvailable`. It is silent where
//! Services may not all have been read, where pools overlap, and where the operator has not looked at the pool as it is.
//!
//! ## Why is this bad?
//!
//! An address is counted as taken that nobody has, or the other way round: the operator and the objects have drifted apart.
//! Older releases leave a count behind for a while (#41536).
//!
//! ## Example
//!
//! ```text
//! pool services: the operator counts 12 of 19 as taken, and Services have 11
//! ```
//!
//! ## What to do
//!
//! A restart of the operator counts anew. `lbpools plan --dump` tells first whether it would move an address.

use super::finding::Findings;
use super::living::{few, on_pool};
use super::{Check, Rule};
use crate::cilium::history::Mark;
use crate::cilium::pool::overlaps;
use crate::observed::Coverage;
use crate::report::{Category, PoolCounts, Severity};
use crate::verification::Verified;
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP709",
    name: "living-pool-counts-differ",
    category: Category::Living,
    severity: Severity::Warning,
    source: include_str!("living_pool_counts_differ.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let living = &verified.living;
    let observed = living.observed;
    if observed.coverage.get("Service") != Some(&Coverage::All) || observed.unread.contains_key("Service") {
        return;
    }
    if living.pools.iter().any(|pool| pool.first_error().is_some()) {
        return;
    }
    let overlapping: BTreeSet<usize> =
        overlaps(&living.pools).iter().flat_map(|one| [one.pool, one.other_pool]).collect();
    let differs = |(at, counted): (usize, PoolCounts)| {
        let pool = living.pools.get(at).filter(|_| !overlapping.contains(&at) && living.marks[at] != Mark::Unseen)?;
        let theirs = observed.pools.get(&pool.name)?;
        let (total, available) = (theirs.count("Total")?, theirs.count("Available")?);
        let differs = total != counted.total || available != counted.available;
        differs.then_some((pool, total, available, counted))
    };
    for ((pool, total, available, counted), more) in few(living.counted().into_iter().enumerate().filter_map(differs)) {
        let name = &pool.name;
        let found = on_pool(verified, name)
            .message(format!(
                "pool {name}: the operator counts {available} of {total} as available, and by its Services {} of {} are{more}",
                counted.available, counted.total
            ))
            .help("an operator that starts anew counts anew; see first what that moves with `lbpools plan --dump`");
        findings.add(verified.view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, rule};
    use super::*;

    /// The same as a list of all namespaces.
    fn listed(text: &str) -> String {
        let (repository, dump) = text.split_once("#@ cluster.yaml\n").unwrap_or_default();
        let elsewhere = super::super::cases::living_service("far", "192.0.2.1").replace("namespace: web", "namespace: far");
        let items = dump.split("---\n").chain([elsewhere.as_str()]);
        let items: String = items.map(|item| format!("- {}\n", item.trim_end().replace('\n', "\n  "))).collect();
        format!("{repository}#@ cluster.yaml\nkind: List\napiVersion: v1\nitems:\n{items}")
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&listed(&living("")));
        // Not all Services were read.
        rule(&RULE).passes(&living("").replace("message: '8'", "message: '7'"));
    }

    #[test]
    fn fail() {
        let text = listed(&living("").replace("message: '8'", "message: '7'"));
        rule(&RULE).fails(&text).says("the operator counts 7 of 9 as available, and by its Services 8 of 9 are").times(1);
    }
}
