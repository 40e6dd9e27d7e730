//! Two pools of one cluster that have addresses in common.
//!
//! ## What it does
//!
//! Compares the blocks of all pools of a cluster, after settings are filled in. As in Cilium, neither `disabled`
//! nor selectors that no Service meets together excuse an overlap.
//!
//! ## Why is this bad?
//!
//! Cilium switches one of the two off as a whole (`cilium.io/PoolConflict`): the younger one, and either of them
//! when both were created in the same second, as one apply does. Its addresses stay with those who have them until
//! the operator restarts, and are lost then.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! metadata: {name: internal}
//! spec:
//!   blocks: [{start: 10.25.11.100, stop: 10.25.11.110}]
//! ---
//! kind: CiliumLoadBalancerIPPool
//! metadata: {name: public}
//! spec:
//!   blocks: [{start: 10.25.11.110, stop: 10.25.11.119}]
//! ```
//!
//! ## What to do
//!
//! Give each pool addresses of its own. A pool that is no longer needed must go, not be disabled.

use std::collections::BTreeMap;

use super::finding::{Findings, Found};
use super::placement::{found_at, proposal};
use super::{Check, Rule};
use crate::cilium::pool::{Overlap, overlaps};
use crate::cilium::{Block, Pool, Ranges};
use crate::cluster::ClusterView;
use crate::cluster::pools::{BlockView, PoolView};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP106",
    name: "pools-overlap",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pools_overlap.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    // What no cluster applies never meets.
    for (me, view) in views.iter().enumerate().filter(|(_, view)| view.live) {
        let ranges: Vec<Vec<(&BlockView, &Block)>> = view.pools.iter().map(|pool| pool.ranges().collect()).collect();
        let models: Vec<Pool> = ranges
            .iter()
            .map(|blocks| Pool::new("", blocks.iter().map(|(_, block)| Ok((*block).clone())).collect()))
            .collect();
        for ((one, other), met) in pairs(&models) {
            let (first, second) = (&view.pools[one], &view.pools[other]);
            // One object that is applied twice is one pool.
            if first.name == second.name {
                continue;
            }
            findings.add(view, found(views, me, (first, second), &met, [&ranges[one], &ranges[other]]));
        }
    }
}

/// The overlaps of each pair of pools.
fn pairs(models: &[Pool]) -> BTreeMap<(usize, usize), Vec<Overlap>> {
    let mut pairs: BTreeMap<_, Vec<Overlap>> = BTreeMap::new();
    for overlap in overlaps(models).into_iter().filter(|overlap| overlap.pool != overlap.other_pool) {
        pairs.entry((overlap.pool, overlap.other_pool)).or_default().push(overlap);
    }
    pairs
}

fn found(
    views: &[ClusterView<'_, '_>],
    me: usize,
    (first, second): (&PoolView<'_, '_>, &PoolView<'_, '_>),
    met: &[Overlap],
    [ranges, other_ranges]: [&[(&BlockView, &Block)]; 2],
) -> Found {
    let common: Ranges = met.iter().map(|overlap| overlap.common).collect();
    let (here, there) = (ranges[met[0].block].0, other_ranges[met[0].other_block].0);
    // Said at the one whose right place is known, else at the second.
    let own = |pool: &PoolView<'_, '_>, block| proposal(views, me, pool, block, &common, None);
    let ((pool, block, proposed), (other, other_block)) = match (own(first, here), own(second, there)) {
        (Some(value), None) => ((first, here, Some(value)), (second, there)),
        (None, value) => ((second, there, value), (first, here)),
        (Some(_), Some(_)) => ((second, there, None), (first, here)),
    };
    let place = other_block.field().map_or(&other_block.span, |(_, text)| &text.span);
    let found = found_at(pool, block, &common)
        .message(format!(
            "pools {} and {} both hold {common}, so Cilium switches one of them off: the younger one, or either if \
             they were created in the same second{}",
            first.label(),
            second.label(),
            excuse(first, second)
        ))
        .help("give each pool addresses of its own");
    let chain = other_block.field().map(|(_, text)| other.object.chain(text)).unwrap_or_default();
    let via: String = chain.iter().map(|link| format!(", {}", link.what)).collect();
    let written = format!("pool {} holds {}{via}", other.label(), other_block.written());
    let found = found.link(written, Some(other.object.place(place)));
    match proposed {
        Some(value) => found.proposed(value),
        None => found,
    }
}

/// What does not help, where somebody may have counted on it.
fn excuse(first: &PoolView<'_, '_>, second: &PoolView<'_, '_>) -> String {
    for pool in [first, second] {
        if pool.disabled.known() == Some(&true) {
            return format!("; that {} is disabled makes no difference", pool.label());
        }
    }
    let selects = |pool: &PoolView<'_, '_>| matches!(pool.selector.known(), Some(Some(_)));
    if selects(first) && selects(second) {
        return "; their selectors make no difference".into();
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool_named, rule};
    use super::*;

    fn two(first: &str, second: &str) -> String {
        format!("{}---\n{}", pool_named("a", first), pool_named("b", second))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&two("[{cidr: 10.0.0.0/25}]", "[{cidr: 10.0.0.128/25}]"));
        rule(&RULE).passes(&two("[{cidr: 10.0.0.0/25}]", "[{cidr: \"::/0\"}]"));
        let once = pool_named("a", "[{cidr: 10.0.0.0/25}]");
        rule(&RULE).passes(&format!("{once}---\n{once}"));
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&two("[{start: 10.0.0.1, stop: 10.0.0.9}]", "[{cidr: 10.0.0.9/32}]"));
        failed.at("10.0.0.9/32").says("pools a and b both hold 10.0.0.9").says("younger").times(1);
        let failed = rule(&RULE).fails(&two("[{cidr: 10.0.0.0/24}]", "[{cidr: 10.0.0.0/28}, {cidr: 10.0.0.32/28}]"));
        failed.says("10.0.0.0-10.0.0.15, 10.0.0.32-10.0.0.47").times(1);
        let disabled = two("[{cidr: 10.0.0.0/24}]\n  disabled: true", "[{cidr: 10.0.0.0/28}]");
        rule(&RULE).fails(&disabled).says("that a is disabled makes no difference");
        let selector = "\n  serviceSelector: {matchLabels: {a: b}}";
        let selected = two(&format!("[{{cidr: 10.0.0.0/24}}]{selector}"), &format!("[{{cidr: 10.0.0.0/28}}]{selector}"));
        rule(&RULE).fails(&selected).says("their selectors make no difference");
    }
}
