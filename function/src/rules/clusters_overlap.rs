//! Pools of two clusters on one network segment that have addresses in common.
//!
//! ## What it does
//!
//! Compares the pools of each two clusters that name the same `network`. What lies in the range of one of the two
//! is reported as a block in another cluster's range (LBP201) and not again here. Where the config does not name
//! the networks of both, nothing is said against it: private ranges are used again in separate sites.
//!
//! ## Why is this bad?
//!
//! Cilium sees one cluster only and reports no conflict. Sooner or later both clusters hand out the same address,
//! and two machines answer for it.
//!
//! ## Example
//!
//! ```yaml
//! clusters:
//! - {name: infra, network: 10.25.11.0/24}
//! - {name: apps, network: 10.25.11.0/24}
//! # and one manifest for both, without settings:
//! blocks: [{start: 10.25.11.100, stop: 10.25.11.119}]
//! ```
//!
//! ## What to do
//!
//! Give each cluster addresses of its own, through its settings; `ranges` in the config say which.

use std::collections::BTreeMap;

use super::finding::{Findings, Found};
use super::placement::{found_at, of_another, same_segment};
use super::{Check, Rule};
use crate::cilium::pool::overlaps;
use crate::cilium::{Pool, Ranges};
use crate::cluster::ClusterView;
use crate::cluster::pools::{BlockView, PoolView};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP203",
    name: "clusters-overlap",
    category: Category::Plan,
    severity: Severity::Error,
    source: include_str!("clusters_overlap.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    let live: Vec<&ClusterView<'_, '_>> = views.iter().filter(|view| view.live).collect();
    let held: Vec<Ranges> = live.iter().map(|view| held(view)).collect();
    for (at, view) in live.iter().enumerate() {
        let mut unknown: Vec<&str> = Vec::new();
        let mut doubtful = Ranges::new();
        for (other, theirs) in live.iter().zip(&held).take(at) {
            let common = held[at].intersection(theirs);
            let told = of_another(view, other, &common).union(&of_another(other, view, &common));
            let common = common.subtract(&told);
            if common.is_empty() {
                continue;
            }
            match same_segment(view, other) {
                Some(true) => report(view, other, &common, findings),
                Some(false) => {}
                None => {
                    unknown.push(&other.cluster.name);
                    doubtful = doubtful.union(&common);
                }
            }
        }
        if !unknown.is_empty() {
            findings.not_checked(
                view,
                format!("whether it may hold {doubtful}, as {} does", unknown.join(", ")),
                "the config does not name the networks of both, so they may be separate",
                None,
            );
        }
    }
}

fn held(view: &ClusterView<'_, '_>) -> Ranges {
    view.pools.iter().flat_map(PoolView::ranges).map(|(_, block)| block.range).collect()
}

/// One finding for each pair of pools.
fn report(view: &ClusterView<'_, '_>, other: &ClusterView<'_, '_>, common: &Ranges, findings: &mut Findings<'_>) {
    let (theirs, their_model) = blocks(other, common);
    let (ours, our_model) = blocks(view, common);
    let mut pairs: BTreeMap<(usize, usize), (&BlockView, &BlockView, Ranges)> = BTreeMap::new();
    for overlap in overlaps(&[their_model, our_model]).iter().filter(|overlap| overlap.pool != overlap.other_pool) {
        let ((their_pool, their_block), (our_pool, our_block)) = (theirs[overlap.block], ours[overlap.other_block]);
        let met = Ranges::from(overlap.common).intersection(common);
        if !met.is_empty() {
            let pair = pairs.entry((our_pool, their_pool)).or_insert((our_block, their_block, Ranges::new()));
            pair.2 = pair.2.union(&met);
        }
    }
    for ((our_pool, their_pool), (our_block, their_block, met)) in pairs {
        let (our_pool, their_pool) = (&view.pools[our_pool], &other.pools[their_pool]);
        findings.add(view, found((view, our_pool, our_block), (other, their_pool, their_block), &met));
    }
}

/// The blocks of a cluster that hold some of these addresses, each with the index of its pool.
fn blocks<'v>(view: &'v ClusterView<'_, '_>, common: &Ranges) -> (Vec<(usize, &'v BlockView)>, Pool) {
    let ranges = view.pools.iter().enumerate().flat_map(|(n, pool)| pool.ranges().map(move |(b, block)| (n, b, block)));
    let (mut places, mut model) = (Vec::new(), Pool::new("", Vec::new()));
    for (pool, place, block) in ranges.filter(|(.., block)| common.intersects(&block.range)) {
        places.push((pool, place));
        model.blocks.push(Ok(block.clone()));
    }
    (places, model)
}

type Side<'s, 'a, 't> = (&'s ClusterView<'a, 't>, &'s PoolView<'a, 't>, &'s BlockView);

fn found((view, pool, block): Side<'_, '_, '_>, (other, other_pool, other_block): Side<'_, '_, '_>, met: &Ranges) -> Found {
    let (own, theirs) = (&view.cluster.name, &other.cluster.name);
    let place = other_block.field().map_or(&other_block.span, |(_, text)| &text.span);
    let chain = other_block.field().map(|(_, text)| other_pool.object.chain(text)).unwrap_or_default();
    let via: String = chain.iter().map(|link| format!(", {}", link.what)).collect();
    found_at(pool, block, met)
        .message(format!(
            "pool {} of cluster {own} and pool {} of cluster {theirs} both hold {met}, and both clusters are on one \
             network: both may hand it out",
            pool.label(),
            other_pool.label()
        ))
        .help("give each cluster addresses of its own, through its settings")
        .link(
            format!("cluster {theirs}: pool {} holds {}{via}", other_pool.label(), other_block.written()),
            Some(other_pool.object.place(place)),
        )
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, cluster, evaluated, plan, rule, two_planned};
    use super::*;

    const BOTH: &str = "start: ${START}, stop: ${END}";

    fn sites(infra: [&str; 2], networks: [&str; 2]) -> String {
        format!(
            "{}{}#> lbpools.yaml\n{CONFIG}  clusters:\n{}{}",
            cluster("infra", BOTH, infra[0], infra[1]),
            cluster("apps", BOTH, "10.25.11.120", "10.25.11.139"),
            plan("infra", "", networks[0]),
            plan("apps", "", networks[1])
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&sites(["10.25.11.100", "10.25.11.119"], ["10.25.11.0/24"; 2]));
        let same = ["10.25.11.120", "10.25.11.139"];
        rule(&RULE).passes(&sites(same, ["10.25.11.0/25", "10.25.11.128/25"]));
        // Reported as a block in another cluster's range.
        rule(&RULE).passes(&two_planned(BOTH, ["10.25.11.101", "10.25.11.129"], same));
        for networks in [["", ""], ["10.25.11.0/24", ""]] {
            let case = sites(same, networks);
            rule(&RULE).passes(&case);
            let notes = evaluated(&case).report.not_checked;
            let note = notes.iter().find(|note| note.what.contains("may hold 10.25.11.120-10.25.11.139, as infra does"));
            assert_eq!(note.and_then(|note| note.cluster.as_deref()), Some("apps"), "{notes:#?}");
        }
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&sites(["10.25.11.100", "10.25.11.129"], ["10.25.11.0/24"; 2])).times(1);
        let failed = failed.read_at("${START}").says("both hold 10.25.11.120-10.25.11.129");
        assert_eq!(failed.findings[0].cluster.as_deref(), Some("apps"));
        assert!(failed.findings[0].chain.iter().any(|link| link.what.starts_with("cluster infra: pool pool holds")));
        // Of one manifest for both.
        let same = sites(["10.25.11.120", "10.25.11.139"], ["10.25.11.0/24"; 2]).replace("./pools/infra", "./pools/apps");
        rule(&RULE).fails(&same).times(1);
    }
}
