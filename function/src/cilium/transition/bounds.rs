//! What may become of the Services of a large group, by the rules of keeping.
//!
//! A Service keeps an address as long as its pool has the same block, selects it, and the Service still wants it.
//! Where a block was replaced by another that holds the address, Cilium takes it away and hands it back, which goes
//! wrong up to 1.19 when another Service is served in between. Where no pool differs, nobody is looked at again but
//! the Services that differ themselves.

use super::around::{Around, shares, stopped, wishes_of};
use super::group::{Group, Pair, befores, differs};
use super::reach::Gain;
use super::stay::{Obstacle, Stays, at_edit, at_start};
use super::{Fate, Holding, Step, Told};
use crate::cilium::prediction::{Outcome, Wish};
use crate::cilium::profile::Startup;
use crate::cilium::range::Range;
use crate::cilium::ranges::Ranges;
use std::collections::BTreeSet;

/// The fates of a group.
pub(super) fn fates(before: &Told<'_>, after: &Told<'_>, group: &Group) -> Vec<Fate> {
    let stopped = stopped(before, &befores(&group.pools));
    let parts: Vec<Part> = group.services.iter().map(|&pair| Part::of(before, after, pair, stopped)).collect();
    let around = Around::of(before, after, group, &parts);
    let now: Vec<_> =
        group.services.iter().zip(&parts).map(|(&pair, part)| now(before, after, pair, part, &around)).collect();
    let starts = Starts::of(after, group, &now, &around);
    let each = group.services.iter().zip(parts).zip(now);
    each.map(|((&pair, part), now)| {
        let (at_restart, restart_obstacle, restarted) = restart(before, after, pair, &part.before, &now, &starts);
        Fate {
            key: key(before, after, pair),
            before: part.before,
            now: now.holding,
            restarted,
            at_once: now.steps,
            at_restart,
            obstacle: now.obstacle,
            restart_obstacle,
            exact: false,
        }
    })
    .collect()
}

/// What one Service may hold before, and how each address of it fares.
pub(super) struct Part {
    pub before: Holding,
    pub pieces: Vec<(Ranges, Stays)>,
}

impl Part {
    /// Where pools may not have been seen to overlap (`stopped`), they may serve.
    fn of(before: &Told<'_>, after: &Told<'_>, pair: Pair, stopped: bool) -> Part {
        let Some(old) = pair.0 else {
            return Part { before: Holding { or_none: true, ..Holding::default() }, pieces: Vec::new() };
        };
        let mut held = held(before, old);
        if stopped {
            let more = Gain::settled(before, old, true).addresses;
            held = Holding { addresses: held.addresses.union(&more), or_none: true };
        }
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

/// What one Service may have when the edits have arrived.
struct Now {
    holding: Holding,
    steps: BTreeSet<Step>,
    obstacle: Option<Obstacle>,
}

fn now(before: &Told<'_>, after: &Told<'_>, pair: Pair, part: &Part, around: &Around) -> Now {
    let shares = shares(before, after, pair);
    // Only its own event or a pool's takes an address from a Service.
    let touched = around.pools_differ || differs(before, after, pair) || (shares && around.sharers_differ);
    let (mut kept, mut safe) = (Ranges::new(), Ranges::new());
    let (mut steps, mut obstacle) = (BTreeSet::new(), None);
    for (piece, stays) in &part.pieces {
        let stays = match stays {
            _ if !touched => Stays::Yes,
            Stays::Yes if shares && around.sharers_differ => Stays::Maybe(Obstacle::Order),
            // Who shares keeps what its pool has lost, until the restart: always in 1.20, after some edits before.
            Stays::No(why @ (Obstacle::BlockGone(_) | Obstacle::PoolGone(_))) if shares => Stays::Maybe(why.clone()),
            // A broken selector or block stops the operator before it takes anything back.
            Stays::No(why) if around.rough => Stays::Maybe(why.clone()),
            Stays::Reimported if around.displaced || around.rough || shares => Stays::Maybe(Obstacle::Order),
            Stays::Reimported => Stays::Yes,
            other => other.clone(),
        };
        match stays {
            Stays::Yes | Stays::Reimported => {
                safe = safe.union(piece);
                steps.insert(Step::Keeps);
            }
            Stays::Maybe(why) => {
                kept = kept.union(piece);
                steps.insert(Step::Keeps);
                obstacle.get_or_insert(why);
            }
            Stays::No(why) => drop(obstacle.get_or_insert(why)),
        }
    }
    let kept = kept.union(&safe);
    let (was, wants) = (wishes_of(before, pair.0), wishes_of(after, pair.1));
    let several = was.len() > 1 || wants.len() > 1;
    let open = part.before.or_none || (several && partly(before, pair.0)) || unanswered(wants, was, &kept);
    if obstacle.is_none() && !open {
        let holding = Holding { addresses: kept, or_none: part.before.or_none };
        return Now { holding, steps, obstacle };
    }
    let gain = Gain::now(before, after, pair, around);
    let gets = !gain.addresses.is_empty();
    if obstacle.is_some() {
        let others = |piece: &Ranges| !gain.addresses.subtract(piece).is_empty();
        let single = |piece: &Ranges| piece.count() == 1_usize.into();
        if part.pieces.iter().any(|(piece, _)| others(piece) || (gets && !single(piece))) {
            steps.insert(Step::Moves);
        }
        // Lost and got again, perhaps by another pool.
        if part.pieces.iter().any(|(piece, _)| !gain.addresses.intersection(piece).is_empty()) {
            steps.insert(Step::Keeps);
        }
        if !gets || !gain.certain || several {
            steps.insert(Step::Loses);
        }
    }
    if open && (gets || several) && (touched || around.makes_room || gain.certain) {
        steps.insert(Step::Gains);
    }
    if open && part.before.or_none && !gain.certain {
        steps.insert(Step::Without);
    }
    if open && !part.before.or_none && obstacle.is_none() && gain.certain && !several {
        steps.remove(&Step::Keeps);
    }
    let lacks = steps.contains(&Step::Loses) && !surely_some(before, pair.0, &safe);
    let holding = Holding { addresses: kept.union(&gain.addresses), or_none: lacks || steps.contains(&Step::Without) };
    Now { holding, steps, obstacle }
}

/// Whether one of its wishes may be left open before.
fn partly(told: &Told<'_>, at: Option<usize>) -> bool {
    let whole = |outcome: &Outcome| match outcome {
        Outcome::Address { .. } => true,
        Outcome::OneOf { or_pending, .. } => or_pending.is_empty(),
        _ => false,
    };
    let wishes = at.and_then(|at| told.predictions[at].wishes.as_ref().ok());
    wishes.is_some_and(|wishes| !wishes.iter().all(|(_, outcome)| whole(outcome)))
}

/// Whether some wish was answered for certain, by one of these.
fn surely_some(told: &Told<'_>, at: Option<usize>, safe: &Ranges) -> bool {
    let sure = |outcome: &Outcome| match outcome {
        Outcome::Address { address, .. } => safe.contains(*address),
        Outcome::OneOf { addresses, or_pending, .. } => or_pending.is_empty() && addresses.subtract(safe).is_empty(),
        _ => false,
    };
    let wishes = at.and_then(|at| told.predictions[at].wishes.as_ref().ok());
    wishes.is_some_and(|wishes| wishes.iter().any(|(_, outcome)| sure(outcome)))
}

/// What the Services of a group do to each other when the operator starts.
struct Starts {
    /// Somebody may be served before another has taken back what it has.
    displaced: bool,
    /// Somebody may lose what he has, or a pool may serve that did not.
    frees: bool,
    /// A block or a selector is broken.
    broken: bool,
    /// Which pools serve may have changed by more than one rule.
    anew: bool,
}

impl Starts {
    fn of(after: &Told<'_>, group: &Group, now: &[Now], around: &Around) -> Starts {
        let one = |(pair, now): (&Pair, &Now)| {
            let Some(new) = pair.1 else { return false };
            let pieces = now.holding.addresses.iter().flat_map(|range| [range.first(), range.last()]);
            pieces.into_iter().any(|address| at_start(after, new, address) != Stays::Yes)
        };
        let loses = around.rough || group.services.iter().zip(now).any(one);
        let lacks = around.wait || now.iter().any(|now| now.holding.or_none);
        Starts {
            frees: loses,
            broken: around.broken,
            anew: around.rough && around.pools_differ,
            displaced: match after.side.profile.startup {
                Startup::OneByOne => loses || lacks,
                Startup::SatisfiedFirst => loses,
                Startup::ImportThenAllocate => around.ends_differ,
            },
        }
    }
}

fn restart(
    before: &Told<'_>,
    after: &Told<'_>,
    pair: Pair,
    was: &Holding,
    now: &Now,
    starts: &Starts,
) -> (BTreeSet<Step>, Option<Obstacle>, Holding) {
    let held = &now.holding;
    let nothing = (BTreeSet::new(), None, held.clone());
    let Some(new) = pair.1 else { return nothing };
    // What a restart would have done without the edit is not the edit's doing.
    let lost_before = |address| pair.0.is_some_and(|old| at_start(before, old, address) != Stays::Yes);
    let mut steps = BTreeSet::new();
    let (mut kept, mut safe, mut obstacle, mut news) = (Ranges::new(), true, None, false);
    let gain = Gain::settled(after, new, starts.broken);
    let shares = after.requests.each[new].as_ref().is_ok_and(|request| request.sharing.key.is_some());
    for piece in cut(before, after, pair, &held.addresses) {
        let Some(address) = piece.first() else { continue };
        let verdict = match at_start(after, new, address) {
            Stays::Yes if starts.displaced => Stays::Maybe(Obstacle::Order),
            // Where it cannot finish its start, everybody keeps what the status says.
            Stays::No(why) if starts.broken => Stays::Maybe(why),
            // It may join another of its key there once more.
            Stays::No(why @ Obstacle::NotSelected(_)) if shares => Stays::Maybe(why),
            other => other,
        };
        let (keeps, why) = match verdict {
            Stays::Yes | Stays::Reimported => (true, None),
            Stays::Maybe(why) => (true, Some(why)),
            Stays::No(why) => (false, Some(why)),
        };
        if keeps {
            kept = kept.union(&piece);
            steps.insert(Step::Keeps);
        }
        if let Some(why) = why {
            safe = false;
            let known = was.addresses.contains(address) && lost_before(address) && !starts.anew;
            news |= !known;
            obstacle = obstacle.or((!known).then_some(why));
            if !gain.addresses.is_empty() {
                steps.insert(Step::Moves);
            }
            if !gain.certain || gain.addresses.is_empty() || starts.displaced {
                steps.insert(Step::Loses);
            }
        }
    }
    if held.or_none {
        steps.insert(Step::Without);
    }
    // What others lose, or a pool that serves again, is there for who waits.
    let several = wishes_of(after, pair.1).len() > 1;
    if (held.or_none || several) && (starts.frees || !safe) && !gain.addresses.is_empty() {
        steps.insert(Step::Gains);
        (safe, news) = (false, true);
    }
    if safe {
        return nothing;
    }
    let restarted = Holding {
        addresses: kept.union(&gain.addresses),
        or_none: steps.iter().any(|step| matches!(step, Step::Loses | Step::Without)),
    };
    if news { (steps, obstacle, restarted) } else { (BTreeSet::new(), None, restarted) }
}

/// Whether there is a new wish that what is kept does not answer.
fn unanswered(wants: &[Wish], had: &[Wish], kept: &Ranges) -> bool {
    wants.iter().filter(|wish| !had.contains(wish)).any(|wish| match wish {
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
        for &pool in request.selected_by.iter().chain(request.broken.iter()) {
            for block in told.side.pools[pool].usable_blocks(told.side.profile) {
                split(block.range.into());
            }
            split(told.assignable[pool].clone());
        }
    }
    // A pool that was left behind may hold it still.
    for name in
        pair.0.iter().flat_map(|&old| before.requests.each[old].as_ref().ok()).flat_map(|r| r.selected_by.iter())
    {
        let name = &before.side.pools[*name].name;
        for pool in after.side.pools.iter().filter(|pool| pool.name == *name) {
            pool.usable_blocks(after.side.profile).for_each(|block| split(block.range.into()));
        }
    }
    pieces
}

pub(super) fn key(before: &Told<'_>, after: &Told<'_>, pair: Pair) -> crate::cilium::ServiceKey {
    match pair {
        (_, Some(new)) => after.side.services[new].key.clone(),
        (Some(old), None) => before.side.services[old].key.clone(),
        (None, None) => crate::cilium::ServiceKey::default(),
    }
}
