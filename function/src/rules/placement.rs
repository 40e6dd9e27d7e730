//! Where a block lies in the network plan, decided once for the rules that speak of it.
//!
//! One mistake is one finding: a block in another cluster's range is not also reported as outside the network or
//! outside the plan, and one outside the network not as outside the plan. What lies on reserved addresses is
//! another rule's matter (LBP204), and so is a `cidr` with host bits (LBP104), whose addresses nobody meant.

use std::net::IpAddr;

use super::finding::Found;
use super::proposal::{is_shared, written_for};
use crate::cilium::address::number;
use crate::cilium::block::Form;
use crate::cilium::{Block, Count, Range, Ranges};
use crate::cluster::ClusterView;
use crate::cluster::pools::{BlockView, PoolView};
use crate::flux::object::Text;

/// How a block is out of place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misplaced {
    /// In what the plan gives to other clusters: which, by index, and which addresses.
    OthersRange(Vec<(usize, Ranges)>),
    /// Outside the cluster's network.
    OutsideNetwork(Ranges),
    /// In nobody's ranges.
    OutsidePlan(Ranges),
}

impl Misplaced {
    /// The addresses that are out of place.
    pub fn addresses(&self) -> Ranges {
        match self {
            Misplaced::OthersRange(others) => others.iter().flat_map(|(_, common)| common.iter().copied()).collect(),
            Misplaced::OutsideNetwork(outside) | Misplaced::OutsidePlan(outside) => outside.clone(),
        }
    }
}

/// Whether two clusters stand on one network segment; unknown when the config names it for one of them only or for
/// neither.
pub fn same_segment(one: &ClusterView<'_, '_>, other: &ClusterView<'_, '_>) -> Option<bool> {
    let (mine, theirs) = (&one.plan.network, &other.plan.network);
    (!mine.is_empty() && !theirs.is_empty()).then(|| !mine.intersection(theirs).is_empty())
}

/// The addresses of `range` that the plan gives to another cluster and not to this one. Nothing where neither own
/// ranges nor a common segment say that the plan means the same addresses: private ranges are used again and again.
pub fn of_another(view: &ClusterView<'_, '_>, other: &ClusterView<'_, '_>, range: &Ranges) -> Ranges {
    let comparable = !view.plan.ranges.is_empty() || same_segment(view, other) == Some(true);
    if !comparable {
        return Ranges::new();
    }
    range.subtract(&view.plan.ranges).intersection(&other.plan.ranges)
}

/// How a block of a cluster is out of place, if it is.
pub fn misplaced(views: &[ClusterView<'_, '_>], me: usize, block: &Block) -> Option<Misplaced> {
    let view = &views[me];
    if !view.live {
        return None;
    }
    let (plan, family, whole) = (&view.plan, block.family(), Ranges::from(block.range));
    let others: Vec<(usize, Ranges)> = views
        .iter()
        .enumerate()
        .filter(|(at, other)| *at != me && other.live)
        .map(|(at, other)| (at, of_another(view, other, &whole)))
        .filter(|(_, common)| !common.is_empty())
        .collect();
    if !others.is_empty() {
        return Some(Misplaced::OthersRange(others));
    }
    if block.host_bits {
        return None;
    }
    let rest = whole.subtract(&plan.reserved.iter().map(|reserved| reserved.range).collect());
    let network = plan.network.of(family);
    if !network.is_empty() {
        let mut outside = rest.subtract(&network);
        if view.flags.bgp_control_plane {
            // BGP carries addresses off the segment, so a range that the plan gives expressly is fine where BGP may
            // be on: the flag is only off when the config says so.
            outside = outside.subtract(&plan.ranges);
        }
        if !outside.is_empty() {
            return Some(Misplaced::OutsideNetwork(outside));
        }
    }
    let owned = plan.ranges.of(family);
    let outside = rest.subtract(&owned);
    (!owned.is_empty() && !outside.is_empty()).then_some(Misplaced::OutsidePlan(outside))
}

/// A finding at the field of a block that brings these addresses in.
pub fn found_at(pool: &PoolView<'_, '_>, view: &BlockView, wrong: &Ranges) -> Found {
    let found = Found::on(pool.object);
    match deciding_field(view, wrong) {
        Some((path, text)) => found.field(pool.object, path, text),
        None => found.span(pool.object, &view.path, &view.span),
    }
}

/// The field of a block to correct so that it holds what it should, and the value to write at the end of its chain:
/// only where the plan leaves a single answer. `from` is the cluster in whose range the block lies; the same place
/// in the own range is then the answer if it is free.
pub fn proposal(
    views: &[ClusterView<'_, '_>],
    me: usize,
    pool: &PoolView<'_, '_>,
    block: &BlockView,
    wrong: &Ranges,
    from: Option<usize>,
) -> Option<String> {
    let (_, text) = deciding_field(block, wrong)?;
    if is_shared(views, me, pool.object, text) {
        return None;
    }
    let parsed = block.block()?;
    let range = &parsed.range;
    let free = free_for(&views[me], block, pool)?.of(parsed.family());
    let moved = || same_place(&views[from?].plan.ranges, &views[me].plan.ranges, range);
    let wanted = match parsed.form {
        Form::Start | Form::Cidr if range.is_single() && free.count() == Count::ONE => free.first()?.to_string(),
        Form::Start => moved().filter(|moved| free.covers(moved))?.first().to_string(),
        Form::Cidr => {
            let moved = moved().filter(|moved| free.covers(moved))?;
            let length = text.known()?.split_once('/')?.1;
            let again = Block::parse(Some(&format!("{}/{length}", moved.first())), None, None).ok()?;
            if again.host_bits {
                return None;
            }
            moved.first().to_string()
        }
        Form::StartStop => return end_within(&free, range.first(), range.last(), text, wrong),
    };
    let wanted = match (parsed.form, text.known()?.split_once('/')) {
        (Form::Cidr, Some((_, length))) => format!("{wanted}/{length}"),
        _ => wanted,
    };
    written_for(text, &wanted)
}

/// Where one end of a block is right and the other is not: the other end of the free run that the right one is in.
fn end_within(free: &Ranges, first: IpAddr, last: IpAddr, text: &Text, wrong: &Ranges) -> Option<String> {
    let run = |address| free.iter().find(|range| range.contains(address));
    let wanted = match (wrong.contains(first), wrong.contains(last)) {
        (false, true) => run(first)?.last(),
        (true, false) => run(last)?.first(),
        _ => return None,
    };
    written_for(text, &wanted.to_string())
}

/// What is left of a cluster's ranges for one block: without the other blocks and without reserved addresses;
/// `None` when that is not certain.
pub fn free_for(view: &ClusterView<'_, '_>, block: &BlockView, pool: &PoolView<'_, '_>) -> Option<Ranges> {
    let blocks = view.pools.iter().flat_map(|p| p.blocks.iter().map(move |b| (p, b)));
    let mut taken: Vec<Range> = view.plan.reserved.iter().map(|reserved| reserved.range).collect();
    for (other_pool, other) in blocks {
        if std::ptr::eq(other_pool.object, pool.object) && other.path == block.path {
            continue;
        }
        taken.push(other.block()?.range);
    }
    Some(view.plan.ranges.subtract(&taken.into_iter().collect()))
}

/// The range at the same distance from the first address of the own range as it has from the other's.
fn same_place(theirs: &Ranges, own: &Ranges, range: &Range) -> Option<Range> {
    let within = theirs.iter().find(|r| r.covers(range))?;
    let ours = own.of(range.family());
    let [ours] = ours.iter().copied().collect::<Vec<_>>()[..] else { return None };
    let distance = |address| number(address).checked_sub(number(within.first()));
    Range::new(ours.nth(distance(range.first())?)?, ours.nth(distance(range.last())?)?).ok()
}

/// The field to correct: `cidr`, or the end of the block that is out of place.
fn deciding_field<'b>(view: &'b BlockView, wrong: &Ranges) -> Option<(String, &'b Text)> {
    let block = view.block()?;
    let named = |name: &str, text: &'b Option<Text>| Some((format!("{}.{name}", view.path), text.as_ref()?));
    match block.form {
        Form::Cidr => named("cidr", &view.cidr),
        Form::StartStop if !wrong.contains(block.range.first()) && wrong.contains(block.range.last()) => {
            named("stop", &view.stop)
        }
        Form::Start | Form::StartStop => named("start", &view.start),
    }
}
