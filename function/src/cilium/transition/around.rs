//! What the other pools and Services of a group do to each Service.

use super::Told;
use super::bounds::Part;
use super::group::{Group, Pair, afters, befores, differs};
use super::stay::Stays;
use crate::cilium::pool::{Pool, overlaps};
use crate::cilium::prediction::candidates::Request;
use crate::cilium::prediction::{Outcome, Wish};
use crate::cilium::profile::{Startup, UnsetFirstLast};
use crate::cilium::range::Range;
use crate::cilium::ranges::Ranges;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Facts of a group.
pub(super) struct Around {
    /// Pools, by index before and after.
    pub pools: Vec<Pair>,
    /// Some pool differs: only then every Service is looked at again.
    pub pools_differ: bool,
    /// Pools overlap, of which both may be there for a while; or a block or a selector is broken; or the first and
    /// last addresses are kept back and freed again; or no pool is there all the time, so that the operator starts
    /// anew in between. What is served while the edits arrive then hangs on their order.
    pub rough: bool,
    /// A block or a selector is broken, before or after: the operator stops there in the middle of an event, before
    /// it has seen that pools overlap, has taken back what a pool has lost, or has started.
    pub broken: bool,
    /// First and last addresses are freed, whoever holds them, or kept back.
    pub ends_differ: bool,
    /// Somebody must go elsewhere and may take an address that another is about to get back.
    pub displaced: bool,
    /// Sharers came, went or changed.
    pub sharers_differ: bool,
    /// Somebody may wait for an address after the edits.
    pub wait: bool,
    /// The edits may make room for who waits: a pool differs, or somebody who had an address goes or wants another.
    pub makes_room: bool,
    /// Addresses that somebody has for certain and keeps, alone.
    pub firm: Ranges,
    /// Addresses that somebody may have and keep, of whom it is not certain which he has.
    loose: Ranges,
    /// Somebody who asks for no address may still take any.
    takers: bool,
    /// Who has a certain address and may keep it.
    single: BTreeMap<IpAddr, BTreeSet<Pair>>,
}

impl Around {
    pub(super) fn of(before: &Told<'_>, after: &Told<'_>, group: &Group, parts: &[Part]) -> Around {
        let startup = after.side.profile.startup;
        let all = || group.services.iter().zip(parts);
        let waiting = |told: &Told<'_>, all: Vec<usize>| all.into_iter().any(|at| waits(told, at));
        let moved = parts.iter().flat_map(|part| &part.pieces).any(|(_, stays)| !stays.certainly());
        // One that is new, or that wants something else, waits for the edits and is served in between.
        let comes = group.services.iter().any(|&pair| pair.1.is_some() && differs(before, after, pair));
        let settled =
            |part: &Part| part.before.certain().is_some() && part.pieces.iter().all(|(_, stays)| *stays == Stays::Yes);
        let ends_differ = ends_differ(before, after, &group.pools);
        let pools_differ = group.pools.iter().any(|&pair| pool_differs(before, after, pair));
        let rough = ends_differ || rough(before, after, &group.pools);
        let leaves = |(&pair, part): (&Pair, &Part)| {
            pair.0.is_some() && differs(before, after, pair) && (!settled(part) || shares(before, after, pair))
        };
        let makes_room = pools_differ || rough || all().any(leaves);
        let firm = all().filter(|&(&pair, part)| !shares(before, after, pair) && settled(part));
        let firm: Ranges = firm.flat_map(|(_, part)| part.before.addresses.iter().copied()).collect();
        let (mut loose, mut single): (Vec<Range>, BTreeMap<IpAddr, BTreeSet<Pair>>) = Default::default();
        for (&pair, part) in all() {
            for (piece, _) in part.pieces.iter().filter(|(_, stays)| !matches!(stays, Stays::No(_))) {
                match part.before.certain() {
                    Some(address) => drop(single.entry(address).or_default().insert(pair)),
                    None => loose.extend(piece),
                }
            }
        }
        let takes = |(pair, part): (&Pair, &Part)| {
            !settled(part) && wishes_of(after, pair.1).iter().any(|wish| matches!(wish, Wish::Any(_)))
        };
        Around {
            pools: group.pools.clone(),
            pools_differ,
            rough,
            broken: both(before, after, &group.pools).any(broken),
            ends_differ,
            displaced: startup != Startup::ImportThenAllocate
                && (moved || comes || (startup == Startup::OneByOne && waiting(before, befores(&group.services)))),
            sharers_differ: group
                .services
                .iter()
                .any(|&pair| shares(before, after, pair) && differs(before, after, pair)),
            wait: waiting(after, afters(&group.services)),
            makes_room,
            takers: all().any(takes),
            firm: if ends_differ { Ranges::new() } else { firm },
            loose: loose.into_iter().collect(),
            single,
        }
    }

    /// Whether somebody else may have this address when it is asked for.
    pub(super) fn may_be_taken(&self, address: IpAddr, by_other_than: Pair) -> bool {
        let others = self.single.get(&address).is_some_and(|who| who.iter().any(|who| *who != by_other_than));
        self.takers || self.loose.contains(address) || others
    }
}

/// Whether some wish of it may be left open.
fn waits(told: &Told<'_>, at: usize) -> bool {
    let open = |outcome: &Outcome| match outcome {
        Outcome::Address { .. } => false,
        Outcome::OneOf { or_pending, .. } => !or_pending.is_empty(),
        _ => true,
    };
    told.predictions[at].wishes.as_ref().is_ok_and(|wishes| wishes.iter().any(|(_, outcome)| open(outcome)))
}

/// Whether it has a sharing key, before or after.
pub(super) fn shares(before: &Told<'_>, after: &Told<'_>, pair: Pair) -> bool {
    let both = [request(before, pair.0), request(after, pair.1)];
    both.into_iter().flatten().any(|request| request.sharing.key.is_some())
}

/// What it asks for, if LB-IPAM serves it.
pub(super) fn request<'t>(told: &'t Told<'_>, at: Option<usize>) -> Option<&'t Request> {
    at.and_then(|at| told.requests.each[at].as_ref().ok())
}

pub(super) fn wishes_of<'t>(told: &'t Told<'_>, at: Option<usize>) -> &'t [Wish] {
    request(told, at).map(|request| request.wishes.as_slice()).unwrap_or_default()
}

pub(super) fn pool_differs(before: &Told<'_>, after: &Told<'_>, pair: Pair) -> bool {
    match pair {
        (Some(old), Some(new)) => before.side.pools[old] != after.side.pools[new],
        _ => true,
    }
}

/// The pools of a group, before and after.
fn both<'t>(before: &'t Told<'_>, after: &'t Told<'_>, pools: &'t [Pair]) -> impl Iterator<Item = &'t Pool> {
    let old = befores(pools).into_iter().map(|at| &before.side.pools[at]);
    old.chain(afters(pools).into_iter().map(|at| &after.side.pools[at]))
}

fn broken(pool: &Pool) -> bool {
    pool.first_error().is_some() || matches!(pool.selector, Some(Err(_)))
}

/// Whether a broken block or selector may have stopped the operator before it saw that these pools overlap.
pub(super) fn stopped(told: &Told<'_>, pools: &[usize]) -> bool {
    let all: Vec<Pool> = pools.iter().map(|&at| told.side.pools[at].clone()).collect();
    all.iter().any(broken) && !overlaps(&all).is_empty()
}

fn rough(before: &Told<'_>, after: &Told<'_>, pools: &[Pair]) -> bool {
    let good = |pool: &Pool| pool.first_error().is_none();
    let stays = |&(old, new): &Pair| match (old, new) {
        (Some(old), Some(new)) => good(&before.side.pools[old]) && good(&after.side.pools[new]),
        _ => false,
    };
    // The old form of a pool may be there together with the new form of another.
    let all: Vec<Pool> = both(before, after, pools).cloned().collect();
    let meet = |overlap: crate::cilium::pool::Overlap| {
        let (one, two) = (overlap.pool, overlap.other_pool);
        one == two || all[one].name != all[two].name
    };
    all.iter().any(broken) || !pools.iter().any(stays) || overlaps(&all).into_iter().any(meet)
}

fn ends_differ(before: &Told<'_>, after: &Told<'_>, pools: &[Pair]) -> bool {
    let kept = |told: &Told<'_>, at: usize| match told.side.pools[at].allow_first_last {
        Some(allowed) => !allowed,
        None => told.side.profile.unset_first_last == UnsetFirstLast::Reserved,
    };
    pools.iter().any(|&pair| matches!(pair, (Some(old), Some(new)) if kept(before, old) != kept(after, new)))
}
