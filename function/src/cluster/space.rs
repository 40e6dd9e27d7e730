//! The address space of all clusters, in the pieces that people think in: segments.
//!
//! A segment is a network that the plan names; clusters that name the same one share it. What lies outside of every
//! named network is put into segments of one cluster each, since nobody said that it is shared: the enclosing /24
//! or /64, or the range itself where it is larger. In a segment stand claims (what the plan gives to a cluster, what
//! it reserves, what the pools hold), and where two of them cannot both be right, a contest.
//!
//! Everything here is as long as what the input says, never as long as a range: a /8 costs what a /32 costs.

use std::collections::{BTreeMap, BTreeSet};

use super::ClusterView;
use super::pools::PoolView;
use crate::cilium::address::Prefix;
use crate::cilium::{Family, Range, Ranges};
use crate::report::{Claim, ClaimKind, Contest, SegmentReport};

/// How many of those who claim a range are named; the report counts them all.
const NAMED: usize = 4;

/// The segments of these clusters: the planned ones first, each kind in the order of addresses.
pub fn segments(views: &[&ClusterView<'_, '_>]) -> Vec<SegmentReport> {
    let mut planned: BTreeMap<Range, BTreeSet<usize>> = BTreeMap::new();
    for (cluster, view) in views.iter().enumerate() {
        for network in view.plan.network.iter() {
            planned.entry(*network).or_default().insert(cluster);
        }
    }
    let claims: Vec<Placed> = views.iter().enumerate().flat_map(|(cluster, view)| placed(cluster, view)).collect();
    let mut segments: Vec<Segment> =
        planned.into_iter().map(|(range, clusters)| Segment::new(range, clusters, true)).collect();
    for (cluster, view) in views.iter().enumerate() {
        let own = view.plan.network.clone();
        let claimed = claims.iter().filter(|claim| claim.cluster == cluster).map(|claim| claim.range);
        let pinned = view.requests.iter().flat_map(|request| &request.requested.addresses);
        let pinned = pinned.map(|pin| Range::single(pin.address));
        // First what has an extent, so that pins inside of it make no segment of their own.
        let mut outside: Ranges = claimed.filter(|range| !own.covers(range)).map(enclosing).collect();
        let lone: Vec<Range> = pinned.filter(|pin| !own.covers(pin) && !outside.covers(pin)).map(enclosing).collect();
        outside = outside.union(&lone.into_iter().collect()).subtract(&own);
        segments.extend(outside.iter().map(|range| Segment::new(*range, BTreeSet::from([cluster]), false)));
    }
    let names: Vec<&str> = views.iter().map(|view| view.cluster.name.as_str()).collect();
    segments.iter().map(|segment| segment.report(&claims, &names)).collect()
}

/// The /24 or /64 around a range, or the range where it is larger.
fn enclosing(range: Range) -> Range {
    let length = match range.family() {
        Family::V4 => 24,
        Family::V6 => 64,
    };
    let around = |address| Range::of_prefix(Prefix { address, length });
    let (first, last) = (around(range.first()), around(range.last()));
    Range::new(first.first(), last.last()).unwrap_or(range)
}

/// A claim before it is known which segment it stands in.
struct Placed {
    cluster: usize,
    kind: ClaimKind,
    name: String,
    range: Range,
    idle: bool,
}

fn placed(cluster: usize, view: &ClusterView<'_, '_>) -> Vec<Placed> {
    let plan = view.plan.ranges.iter().map(|range| (ClaimKind::Plan, String::new(), *range, false));
    let reserved = view.plan.reserved.iter().map(|each| (ClaimKind::Reserved, each.purpose.clone(), each.range, false));
    let pools = view.pools.iter().flat_map(|pool: &PoolView<'_, '_>| {
        let idle = pool.disabled.known() == Some(&true);
        pool.ranges().map(move |(_, block)| (ClaimKind::Pool, pool.label(), block.range, idle))
    });
    plan.chain(reserved)
        .chain(pools)
        .map(|(kind, name, range, idle)| Placed { cluster, kind, name, range, idle })
        .collect()
}

struct Segment {
    range: Range,
    clusters: BTreeSet<usize>,
    planned: bool,
}

impl Segment {
    fn new(range: Range, clusters: BTreeSet<usize>, planned: bool) -> Self {
        Self { range, clusters, planned }
    }

    fn report(&self, claims: &[Placed], names: &[&str]) -> SegmentReport {
        let mut here: Vec<(&Placed, Range)> = claims
            .iter()
            .filter(|claim| self.clusters.contains(&claim.cluster))
            .filter_map(|claim| Some((claim, claim.range.intersection(&self.range)?)))
            .collect();
        here.sort_by_key(|(claim, range)| (range.first(), range.last(), claim.kind, claim.cluster));
        let taken: Ranges = here.iter().map(|(_, range)| *range).collect();
        let name = |cluster: usize| names.get(cluster).copied().unwrap_or_default().to_owned();
        SegmentReport {
            range: self.range.to_string(),
            prefix: match self.range.prefixes().as_slice() {
                [prefix] => Some(prefix.to_string()),
                _ => None,
            },
            planned: self.planned,
            clusters: self.clusters.iter().map(|cluster| name(*cluster)).collect(),
            total: self.range.count().to_string(),
            unclaimed: (self.range.count() - taken.count()).to_string(),
            claims: here
                .iter()
                .map(|(claim, range)| Claim {
                    kind: claim.kind,
                    cluster: name(claim.cluster),
                    name: (!claim.name.is_empty()).then(|| claim.name.clone()),
                    range: range.to_string(),
                    count: range.count().to_string(),
                    idle: claim.idle,
                })
                .collect(),
            contests: contests(&here, &name),
        }
    }
}

/// The stretches that two claims hold which cannot both have them: two pools in force, a pool and what is reserved, a
/// pool of one cluster and the plan of another. One pass over the ends of the ranges.
fn contests(here: &[(&Placed, Range)], name: &dyn Fn(usize) -> String) -> Vec<Contest> {
    let mut starts: Vec<usize> = (0..here.len()).collect();
    starts.sort_by_key(|&at| here[at].1.first());
    let mut cuts: BTreeSet<std::net::IpAddr> = BTreeSet::new();
    for (_, range) in here {
        cuts.insert(range.first());
        cuts.extend(crate::cilium::address::next(range.last()));
    }
    let cuts: Vec<std::net::IpAddr> = cuts.into_iter().collect();
    let (mut contests, mut open, mut next) = (Vec::<(Range, Vec<usize>)>::new(), BTreeSet::new(), 0);
    for (at, first) in cuts.iter().enumerate() {
        open.retain(|&claim: &usize| here[claim].1.last() >= *first);
        while starts.get(next).is_some_and(|&claim| here[claim].1.first() <= *first) {
            open.extend(starts.get(next));
            next += 1;
        }
        let end = cuts.get(at + 1).and_then(|next| crate::cilium::address::previous(*next));
        let longest = || open.iter().map(|&claim| here[claim].1.last()).max();
        let Some(range) = end.or_else(longest).and_then(|last| Range::new(*first, last).ok()) else { continue };
        let rivals = rivals(open.iter().map(|&claim| (claim, here[claim].0)));
        if rivals.is_empty() {
            continue;
        }
        match contests.last_mut() {
            Some((before, same))
                if *same == rivals && crate::cilium::address::next(before.last()) == Some(range.first()) =>
            {
                *before = Range::new(before.first(), range.last()).unwrap_or(*before);
            }
            _ => contests.push((range, rivals)),
        }
    }
    let told = |claim: &Placed| match claim.kind {
        ClaimKind::Plan => format!("the plan of cluster {}", name(claim.cluster)),
        ClaimKind::Reserved => format!("{} of cluster {}", claim.name, name(claim.cluster)),
        ClaimKind::Pool => format!("pool {} of cluster {}", claim.name, name(claim.cluster)),
    };
    contests
        .into_iter()
        .map(|(range, rivals)| Contest {
            range: range.to_string(),
            rivals: rivals.len(),
            between: rivals.iter().take(NAMED).map(|&claim| told(here[claim].0)).collect(),
        })
        .collect()
}

/// Of the claims on one address, those that stand against each other.
fn rivals<'p>(open: impl Iterator<Item = (usize, &'p Placed)>) -> Vec<usize> {
    let open: Vec<(usize, &Placed)> = open.filter(|(_, claim)| !claim.idle).collect();
    let pools: Vec<&(usize, &Placed)> = open.iter().filter(|(_, claim)| claim.kind == ClaimKind::Pool).collect();
    let Some((_, first)) = pools.first() else { return Vec::new() };
    let several = pools.iter().any(|(_, pool)| (pool.cluster, &pool.name) != (first.cluster, &first.name));
    let mut rivals: Vec<usize> = Vec::new();
    for (at, claim) in &open {
        let against = match claim.kind {
            ClaimKind::Pool => several,
            ClaimKind::Reserved => true,
            ClaimKind::Plan => pools.iter().any(|(_, pool)| pool.cluster != claim.cluster),
        };
        if against {
            rivals.push(*at);
        }
    }
    if !rivals.is_empty() && !several {
        rivals.extend(pools.iter().map(|(at, _)| *at));
        rivals.sort_unstable();
        rivals.dedup();
    }
    rivals
}

#[cfg(test)]
mod tests {
    use crate::report::SegmentReport;
    use crate::{Options, Role, Source, evaluate};

    const POOL: &str = "apiVersion: cilium.io/v2alpha1\nkind: CiliumLoadBalancerIPPool\nmetadata: {name: NAME}\nspec: {blocks: [BLOCK]}\n";

    fn segments(config: &str, pools: &[(&str, &str)]) -> Vec<SegmentReport> {
        let mut text = format!(
            "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata: {{name: x}}\nspec: {config}\n"
        );
        for (name, block) in pools {
            text.push_str(&format!("---\n{}", POOL.replace("NAME", name).replace("BLOCK", block)));
        }
        let source = Source { path: "all.yaml".into(), role: Role::Subject, text: text.into_bytes() };
        let report = evaluate(&[source], Options::default()).report;
        assert_eq!(report.failure, None);
        report.segments
    }

    fn claims(segment: &SegmentReport) -> Vec<String> {
        let name = |name: &Option<String>| name.clone().unwrap_or("plan".into());
        segment.claims.iter().map(|claim| format!("{} {} {}", name(&claim.name), claim.range, claim.count)).collect()
    }

    #[test]
    fn a_network_of_the_plan_with_everything_in_it() {
        let config =
            "{clusters: [{name: a, ranges: 10.0.0.16/28, network: 10.0.0.0/24, reserved: {router: 10.0.0.1}}]}";
        let segments = segments(config, &[("p", "{cidr: 10.0.0.16/29}")]);
        let [segment] = segments.as_slice() else { panic!("{segments:?}") };
        assert_eq!((segment.prefix.as_deref(), segment.planned), (Some("10.0.0.0/24"), true));
        assert_eq!(claims(segment), ["router 10.0.0.1 1", "p 10.0.0.16-10.0.0.23 8", "plan 10.0.0.16-10.0.0.31 16"]);
        // 256 less the router and the plan's sixteen.
        assert_eq!((segment.total.as_str(), segment.unclaimed.as_str()), ("256", "239"));
        assert_eq!(segment.contests, []);
    }

    #[test]
    fn what_is_outside_of_every_network_gets_a_segment_around_it() {
        let config = "{clusters: [{name: a, network: 10.0.0.0/24, reserved: {podCIDR: 10.244.0.0/16}}]}";
        let segments = segments(config, &[("far", "{cidr: 192.168.7.8/30}"), ("six", "{cidr: 'fd00::10/124'}")]);
        let of = |segment: &SegmentReport| (segment.prefix.clone().unwrap_or_default(), segment.planned);
        let expected =
            [("10.0.0.0/24", true), ("10.244.0.0/16", false), ("192.168.7.0/24", false), ("fd00::/64", false)];
        assert_eq!(
            segments.iter().map(of).collect::<Vec<_>>(),
            expected.map(|(prefix, planned)| (prefix.into(), planned))
        );
        assert_eq!(segments[3].total, "18446744073709551616");
        assert_eq!(segments[3].unclaimed, "18446744073709551600");
    }

    #[test]
    fn claims_that_cannot_both_be_right() {
        let config = "{clusters: [{name: a, network: 10.0.0.0/24, reserved: {router: 10.0.0.1}}]}";
        let pools = [("p", "{start: 10.0.0.1, stop: 10.0.0.9}"), ("q", "{start: 10.0.0.8, stop: 10.0.0.20}")];
        let segments = segments(config, &pools);
        let contests: Vec<(&str, usize)> =
            segments[0].contests.iter().map(|contest| (contest.range.as_str(), contest.rivals)).collect();
        assert_eq!(contests, [("10.0.0.1", 2), ("10.0.0.8-10.0.0.9", 2)]);
        assert_eq!(segments[0].contests[0].between, ["router of cluster a", "pool p of cluster a"]);
    }
}
