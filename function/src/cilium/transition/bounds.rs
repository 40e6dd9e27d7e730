//! What may become of the Services of a large group, by the rules of keeping.
//!
//! A Service keeps an address as long as its pool has the same block, selects it, and the Service still wants it.
//! Where a block was replaced by another that holds the address, Cilium takes it away and hands it back, which goes
//! wrong up to 1.19 when another Service is served in between.

use super::group::{Group, Pair, befores, differs};
use super::stay::{Obstacle, Stays, at_edit, at_start};
use super::{Fate, Holding, Step, Told};
use crate::cilium::prediction::candidates::Request;
use crate::cilium::prediction::{Outcome, Serving, Wish};
use crate::cilium::profile::Startup;
use crate::cilium::range::Range;
use crate::cilium::ranges::Ranges;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The fates of a group.
pub(super) fn fates(before: &Told<'_>, after: &Told<'_>, group: &Group) -> Vec<Fate> {
    let first: Vec<Part> = group.services.iter().map(|&pair| Part::of(before, after, pair)).collect();
    let around = Around::of(before, after, group, &first);
    group.services.iter().zip(first).map(|(&pair, part)| fate(before, after, pair, part, &around)).collect()
}

/// What one Service may hold before, and how each address of it fares.
struct Part {
    before: Holding,
    pieces: Vec<(Ranges, Stays)>,
}

impl Part {
    fn of(before: &Told<'_>, after: &Told<'_>, pair: Pair) -> Part {
        let Some(old) = pair.0 else {
            return Part { before: Holding { or_none: true, ..Holding::default() }, pieces: Vec::new() };
        };
        let held = held(before, old);
        let pieces = cut(before, after, pair, &held.addresses)
            .into_iter()
            .filter_map(|piece| {
                let stays = at_edit(before, after, pair, piece.first()?);
                Some((piece, stays))
            })
            .collect();
        Part { before: held, pieces }
    }
}

/// What the other Services of the group do to each one.
struct Around {
    /// Somebody must go elsewhere and may take an address that another is about to get back.
    displaced: bool,
    /// Sharers came, went or changed.
    sharers_differ: bool,
    /// A restart serves the waiting before those that have something, and more wait than before (up to 1.18.1).
    crowded: bool,
    /// Pools that differ, by index before and after.
    edited: Vec<Pair>,
    /// Addresses that somebody has for certain and keeps, alone.
    firm: Ranges,
    /// Addresses that somebody may have and keep, of whom it is not certain which he has.
    loose: Ranges,
    /// Somebody who asks for no address may still take any.
    takers: bool,
    /// Who has a certain address and may keep it.
    single: BTreeMap<IpAddr, BTreeSet<Pair>>,
}

impl Around {
    fn of(before: &Told<'_>, after: &Told<'_>, group: &Group, parts: &[Part]) -> Around {
        let startup = after.side.profile.startup;
        let waits = |told: &Told<'_>, at: usize| {
            let open = |outcome: &Outcome| match outcome {
                Outcome::Address { .. } => false,
                Outcome::OneOf { or_pending, .. } => !or_pending.is_empty(),
                _ => true,
            };
            told.predictions[at].wishes.as_ref().is_ok_and(|wishes| wishes.iter().any(|(_, outcome)| open(outcome)))
        };
        let waiting = |told: &Told<'_>, all: Vec<usize>| all.into_iter().any(|at| waits(told, at));
        let waited = waiting(before, befores(&group.services));
        let wait = waiting(after, super::group::afters(&group.services));
        let moves = parts.iter().flat_map(|part| &part.pieces);
        let moved = moves.into_iter().any(|(_, stays)| !matches!(stays, Stays::Yes | Stays::Reimported));
        let shares = |told: &Told<'_>, at: Option<usize>| {
            at.is_some_and(|at| told.requests.each[at].as_ref().is_ok_and(|request| request.sharing.key.is_some()))
        };
        let alone = |pair: &Pair| !shares(before, pair.0) && !shares(after, pair.1);
        let firm = group.services.iter().zip(parts).filter(|(pair, part)| {
            let stays = |(_, stays): &(Ranges, Stays)| *stays == Stays::Yes;
            alone(pair) && part.before.certain().is_some() && part.pieces.iter().all(stays)
        });
        let edited = |pair: &&Pair| match **pair {
            (Some(old), Some(new)) => before.side.pools[old] != after.side.pools[new],
            _ => true,
        };
        let (mut loose, mut single): (Vec<Range>, BTreeMap<IpAddr, BTreeSet<Pair>>) = Default::default();
        for (&pair, part) in group.services.iter().zip(parts) {
            for (piece, _) in part.pieces.iter().filter(|(_, stays)| !matches!(stays, Stays::No(_))) {
                match part.before.certain() {
                    Some(address) => drop(single.entry(address).or_default().insert(pair)),
                    None => loose.extend(piece),
                }
            }
        }
        let takes = |(pair, part): (&Pair, &Part)| {
            let stays = |(_, stays): &(Ranges, Stays)| *stays == Stays::Yes;
            let settled = part.before.certain().is_some() && part.pieces.iter().all(stays);
            !settled && wishes_of(after, pair.1).iter().any(|wish| matches!(wish, Wish::Any(_)))
        };
        Around {
            takers: group.services.iter().zip(parts).any(takes),
            loose: loose.into_iter().collect(),
            single,
            edited: group.pools.iter().filter(edited).copied().collect(),
            displaced: startup != Startup::ImportThenAllocate && (moved || (startup == Startup::OneByOne && waited)),
            sharers_differ: group
                .services
                .iter()
                .any(|pair| (shares(before, pair.0) || shares(after, pair.1)) && differs(before, after, *pair)),
            crowded: startup == Startup::OneByOne && wait && !waited,
            firm: firm.flat_map(|(_, part)| part.before.addresses.iter().copied()).collect(),
        }
    }
}

fn fate(before: &Told<'_>, after: &Told<'_>, pair: Pair, part: Part, around: &Around) -> Fate {
    let key = key(before, after, pair);
    let request = pair.1.and_then(|new| after.requests.each[new].as_ref().ok());
    let shares = request.is_some_and(|request| request.sharing.key.is_some());
    let gain = Gain::now(before, after, pair, around);
    let mut steps = BTreeSet::new();
    let mut obstacle = None;
    let mut kept = Ranges::new();
    let mut lost = false;
    let several = part.before.addresses.count().saturating() > 1 && wishes(before, pair.0) > 1;
    for (piece, stays) in &part.pieces {
        let stays = match stays {
            Stays::Yes if shares && around.sharers_differ => Stays::Maybe(Obstacle::Order),
            Stays::Reimported if around.displaced => Stays::Maybe(Obstacle::Order),
            Stays::Reimported => Stays::Yes,
            other => other.clone(),
        };
        let (keeps, why) = match stays {
            Stays::Yes | Stays::Reimported => (true, None),
            Stays::Maybe(why) => (true, Some(why)),
            Stays::No(why) => (false, Some(why)),
        };
        if keeps {
            kept = kept.union(piece);
            steps.insert(Step::Keeps);
        }
        if let Some(why) = why {
            lost |= !keeps;
            obstacle.get_or_insert(why);
            let replaced = gain.replaces(request, &wishes_of(before, pair.0));
            if replaced && gain.possible {
                steps.insert(Step::Moves);
            }
            if !replaced || !gain.certain {
                steps.insert(Step::Loses);
            }
        }
    }
    if several && lost {
        steps.remove(&Step::Keeps);
    }
    if part.before.or_none {
        if gain.possible {
            steps.insert(Step::Gains);
        }
        if !gain.certain {
            steps.insert(Step::Without);
        }
    }
    let more = !part.before.or_none && !lost && unanswered(request, &wishes_of(before, pair.0), &kept);
    if more && gain.possible && obstacle.is_none() {
        if gain.certain {
            steps.remove(&Step::Keeps);
        }
        steps.insert(Step::Gains);
    }
    let gets_other = steps.iter().any(|step| matches!(step, Step::Moves | Step::Gains));
    let now = Holding {
        addresses: if gets_other { kept.union(&gain.addresses) } else { kept },
        or_none: steps.iter().any(|step| matches!(step, Step::Loses | Step::Without)) && !several,
    };
    let (at_restart, restart_obstacle, restarted) = restart(before, after, pair, &part.before, &now, around);
    Fate {
        key,
        before: part.before,
        now,
        restarted,
        at_once: steps,
        at_restart,
        obstacle,
        restart_obstacle,
        exact: false,
    }
}

fn restart(
    before: &Told<'_>,
    after: &Told<'_>,
    pair: Pair,
    was: &Holding,
    now: &Holding,
    around: &Around,
) -> (BTreeSet<Step>, Option<Obstacle>, Holding) {
    let nothing = (BTreeSet::new(), None, now.clone());
    let Some(new) = pair.1 else { return nothing };
    let gain = Gain::settled(after, pair.1, &Ranges::new());
    // What a restart would have done without the edit is not the edit's doing.
    let lost_before = |address| pair.0.is_some_and(|old| at_start(before, old, address) != Stays::Yes);
    let mut steps = BTreeSet::new();
    let (mut kept, mut obstacle) = (Ranges::new(), None);
    for piece in cut(before, after, pair, &now.addresses) {
        let Some(address) = piece.first() else { continue };
        let verdict = match at_start(after, new, address) {
            Stays::Yes if around.crowded => Stays::Maybe(Obstacle::Order),
            other => other,
        };
        let (keeps, why) = match verdict {
            Stays::Yes | Stays::Reimported => (true, None),
            Stays::Maybe(why) => (true, Some(why)),
            Stays::No(why) => (false, Some(why)),
        };
        if keeps {
            kept = kept.union(&piece);
        }
        let known = was.addresses.contains(address) && lost_before(address);
        if let Some(why) = why.filter(|_| !known) {
            obstacle.get_or_insert(why);
            steps.insert(if gain.possible && !gain.addresses.is_empty() { Step::Moves } else { Step::Loses });
            if !gain.certain {
                steps.insert(Step::Loses);
            }
            if keeps {
                steps.insert(Step::Keeps);
            }
        } else {
            steps.insert(Step::Keeps);
        }
    }
    if obstacle.is_none() {
        return nothing;
    }
    let moves = steps.contains(&Step::Moves);
    let restarted = Holding {
        addresses: if moves { kept.union(&gain.addresses) } else { kept },
        or_none: now.or_none || steps.contains(&Step::Loses),
    };
    (steps, obstacle, restarted)
}

/// What a Service may newly get.
struct Gain {
    addresses: Ranges,
    possible: bool,
    certain: bool,
}

impl Gain {
    /// From the pools that serve by these manifests alone, as after a restart.
    fn settled(after: &Told<'_>, service: Option<usize>, firm: &Ranges) -> Gain {
        Self::of(after, service, firm, Ranges::new())
    }

    /// From the pools that serve while the edits arrive. Who comes before a pool's edit is served by the pool as it
    /// was, and keeps of that what lies in some pool's block when all is done; and one that was good may go on serving
    /// what a restart will not find: a block given twice is not noticed before, nor is one that does not parse.
    fn now(before: &Told<'_>, after: &Told<'_>, pair: Pair, around: &Around) -> Gain {
        let service = pair.1;
        let mut late = Ranges::new();
        // A pool that was in conflict with itself may stay so until the restart (up to 1.19).
        let mut sure = true;
        let blocks = after.side.pools.iter().flat_map(|pool| pool.usable_blocks(after.side.profile));
        let left: Ranges = blocks.map(|block| block.range).collect();
        let labels = service.map(|at| after.side.services[at].selectable_labels()).unwrap_or_default();
        for &(old, new) in &around.edited {
            let selected = |told: &Told<'_>, at: usize| told.side.pools[at].selects(&labels) != Ok(false);
            if let Some(old) = old
                && before.requests.may_serve(old)
                && (selected(before, old) || new.is_some_and(|new| selected(after, new)))
            {
                let broken = new.is_some_and(|new| after.side.pools[new].first_error().is_some());
                let was = &before.assignable[old];
                late = late.union(&if broken { was.clone() } else { was.intersection(&left) });
            }
            sure &= old.is_none_or(|old| before.requests.serving[old] == Serving::Always);
            if let Some(new) = new
                && old.is_some()
                && !after.requests.may_serve(new)
                && selected(after, new)
            {
                late = late.union(&after.side.pools[new].ranges());
            }
        }
        // Manifests alone may promise a pin that somebody has got hold of before.
        let pins = service.and_then(|at| after.requests.each[at].as_ref().ok()).map(|request| &request.wishes);
        sure &= pins.into_iter().flatten().all(|wish| match wish {
            Wish::This(address) => {
                let others = around.single.get(address).is_some_and(|who| who.iter().any(|who| *who != pair));
                !around.takers && !around.loose.contains(*address) && !others
            }
            Wish::Any(_) => true,
        });
        let gain = Self::of(after, service, &around.firm, late);
        Gain { certain: gain.certain && sure, ..gain }
    }

    fn of(after: &Told<'_>, service: Option<usize>, firm: &Ranges, late: Ranges) -> Gain {
        let none = Gain { addresses: Ranges::new(), possible: false, certain: false };
        let Some(at) = service else { return none };
        let (Ok(request), Ok(wishes)) = (&after.requests.each[at], &after.predictions[at].wishes) else { return none };
        let serving = request.selected_by.iter().filter(|&&pool| after.requests.may_serve(pool));
        let all: Ranges = serving.flat_map(|&pool| after.assignable[pool].iter().copied()).collect();
        let all = all.union(&late);
        let mut addresses = Ranges::new();
        for (wish, _) in wishes {
            addresses = addresses.union(&match wish {
                Wish::This(address) => all.intersection(&Range::single(*address).into()),
                Wish::Any(family) if request.sharing.key.is_some() => all.of(*family),
                Wish::Any(family) => all.of(*family).subtract(firm),
            });
        }
        let served = |outcome: &Outcome| match outcome {
            Outcome::Address { .. } => (true, true),
            Outcome::OneOf { or_pending, addresses, .. } => (!addresses.is_empty(), or_pending.is_empty()),
            _ => (false, false),
        };
        Gain {
            possible: wishes.iter().any(|(_, outcome)| served(outcome).0)
                || (!late.is_empty() && !addresses.is_empty()),
            certain: !wishes.is_empty() && wishes.iter().all(|(_, outcome)| served(outcome).1),
            addresses,
        }
    }

    /// Whether it may get something in the place of what it loses. A pin that it had before and loses is no more
    /// to be had than it was.
    fn replaces(&self, request: Option<&Request>, before: &[Wish]) -> bool {
        let wishes = request.map(|request| request.wishes.as_slice()).unwrap_or_default();
        wishes.iter().any(|wish| matches!(wish, Wish::Any(_)) || !before.contains(wish))
    }
}

/// Whether there is a new wish that what is kept does not answer.
fn unanswered(request: Option<&Request>, before: &[Wish], kept: &Ranges) -> bool {
    let wishes = request.map(|request| request.wishes.as_slice()).unwrap_or_default();
    wishes.iter().filter(|wish| !before.contains(wish)).any(|wish| match wish {
        Wish::This(address) => !kept.contains(*address),
        Wish::Any(family) => kept.of(*family).is_empty(),
    })
}

/// What a Service may hold once the cluster has settled.
fn held(told: &Told<'_>, at: usize) -> Holding {
    let Ok(wishes) = &told.predictions[at].wishes else {
        return Holding { or_none: true, ..Holding::default() };
    };
    let mut held = Holding { or_none: wishes.is_empty(), ..Holding::default() };
    let mut some_certain = false;
    for (_, outcome) in wishes {
        match outcome {
            Outcome::Address { address, .. } => {
                held.addresses = held.addresses.union(&Range::single(*address).into());
                some_certain = true;
            }
            Outcome::OneOf { addresses, or_pending, .. } => {
                held.addresses = held.addresses.union(addresses);
                held.or_none |= !or_pending.is_empty();
                some_certain |= or_pending.is_empty();
            }
            _ => held.or_none = true,
        }
    }
    held.or_none &= !some_certain;
    held
}

/// The addresses, cut where a rule could tell them apart.
fn cut(before: &Told<'_>, after: &Told<'_>, pair: Pair, addresses: &Ranges) -> Vec<Ranges> {
    let mut pieces = vec![addresses.clone()];
    let mut split = |by: Ranges| {
        if !by.iter().any(|range| addresses.intersects(range)) {
            return;
        }
        pieces = std::mem::take(&mut pieces)
            .into_iter()
            .flat_map(|piece| [piece.intersection(&by), piece.subtract(&by)])
            .filter(|piece| !piece.is_empty())
            .collect();
    };
    for (told, at) in [(before, pair.0), (after, pair.1)] {
        let Some(request) = at.and_then(|at| told.requests.each[at].as_ref().ok()) else { continue };
        for wish in &request.wishes {
            match wish {
                Wish::This(address) => split(Range::single(*address).into()),
                Wish::Any(family) => split(addresses.of(*family)),
            }
        }
        for &pool in request.selected_by.iter().chain(&request.broken) {
            for block in told.side.pools[pool].usable_blocks(told.side.profile) {
                split(block.range.into());
            }
            split(told.assignable[pool].clone());
        }
    }
    // A pool that was left behind may hold it still.
    for name in pair.0.iter().flat_map(|&old| before.requests.each[old].as_ref().ok()).flat_map(|r| &r.selected_by) {
        let name = &before.side.pools[*name].name;
        for pool in after.side.pools.iter().filter(|pool| pool.name == *name) {
            pool.usable_blocks(after.side.profile).for_each(|block| split(block.range.into()));
        }
    }
    pieces
}

fn wishes_of(told: &Told<'_>, at: Option<usize>) -> Vec<Wish> {
    at.and_then(|at| told.requests.each[at].as_ref().ok()).map(|request| request.wishes.clone()).unwrap_or_default()
}

fn wishes(told: &Told<'_>, at: Option<usize>) -> usize {
    wishes_of(told, at).len()
}

pub(super) fn key(before: &Told<'_>, after: &Told<'_>, pair: Pair) -> crate::cilium::ServiceKey {
    match pair {
        (_, Some(new)) => after.side.services[new].key.clone(),
        (Some(old), None) => before.side.services[old].key.clone(),
        (None, None) => crate::cilium::ServiceKey::default(),
    }
}
