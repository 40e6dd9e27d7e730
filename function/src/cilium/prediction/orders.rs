//! Small groups, played through in every order.
//!
//! Pools and Services that have to do with each other form a group. Where a group is small, the simulation plays
//! every order in which its pools and then its Services can arrive, with every choice that the operator leaves to
//! chance, and what comes out is exact.

use super::candidates::{Request, Requests};
use super::{Doubt, Outcome, Question, Serving, Wish};
use crate::cilium::address::Family;
use crate::cilium::allocation::{Condition, Event, Reason, Search, Simulation};
use crate::cilium::range::Range;
use crate::cilium::ranges::Ranges;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Larger groups are left to the bounds.
const MOST_SERVICES: usize = 4;
const MOST_POOLS: usize = 3;
/// Runs of the simulation for all groups together.
const BUDGET: usize = 1_000;

/// Make exact what can be played through.
pub(super) fn refine(question: Question<'_>, requests: &Requests, outcomes: &mut [Vec<Outcome>]) {
    let mut budget = BUDGET;
    for group in groups(question, requests) {
        let open = group.services.iter().any(|&at| outcomes[at].iter().any(|o| matches!(o, Outcome::OneOf { .. })));
        let small = group.services.len() <= MOST_SERVICES && group.pools.len() <= MOST_POOLS;
        let sure = group.pools.iter().all(|&pool| requests.serving[pool] == Serving::Always);
        let plain = group.services.iter().all(|&at| requests.each[at].as_ref().is_ok_and(|r| r.broken.is_empty()));
        if open
            && small
            && sure
            && plain
            && let Some(played) = play(question, &group, requests, &mut budget)
        {
            for (&at, seen) in group.services.iter().zip(played) {
                let Ok(request) = &requests.each[at] else { continue };
                let pairs = request.wishes.iter().zip(&mut outcomes[at]).zip(seen);
                pairs.for_each(|((wish, outcome), seen)| narrow(*wish, outcome, seen));
            }
        }
    }
}

struct Group {
    pools: Vec<usize>,
    services: Vec<usize>,
}

/// What one wish came to in all runs.
#[derive(Debug, Default)]
struct Played {
    got: BTreeSet<(IpAddr, usize)>,
    pending: BTreeSet<Option<Reason>>,
}

/// Services and pools that have to do with each other, by way of a pool that serves or a sharing key.
fn groups(question: Question<'_>, requests: &Requests) -> Vec<Group> {
    let mut parent: Vec<usize> = (0..question.pools.len() + question.services.len()).collect();
    fn root(parent: &mut [usize], mut at: usize) -> usize {
        while parent[at] != at {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        at
    }
    let node = |service: usize| question.pools.len() + service;
    let mut join = |one: usize, two: usize| {
        let (one, two) = (root(&mut parent, one), root(&mut parent, two));
        parent[one] = two;
    };
    // The pools of one selection once, and each Service with the first of them.
    let first: Vec<Option<usize>> = requests
        .selections
        .iter()
        .map(|selection| {
            let mut serving = selection.selected_by.iter().copied().filter(|&pool| requests.may_serve(pool));
            let first = serving.next()?;
            serving.for_each(|pool| join(first, pool));
            Some(first)
        })
        .collect();
    for (at, request) in requests.served() {
        if let Some(pool) = first[request.selection] {
            join(node(at), pool);
        }
    }
    for sharers in requests.keys.values() {
        sharers.iter().for_each(|&other| join(node(sharers[0]), node(other)));
    }
    let mut found: BTreeMap<usize, Group> = BTreeMap::new();
    for (at, _) in requests.served() {
        let root = root(&mut parent, node(at));
        found.entry(root).or_insert_with(|| Group { pools: Vec::new(), services: Vec::new() }).services.push(at);
    }
    for pool in (0..question.pools.len()).filter(|&pool| requests.may_serve(pool)) {
        if let Some(group) = found.get_mut(&root(&mut parent, pool)) {
            group.pools.push(pool);
        }
    }
    found.into_values().collect()
}

/// Play every order; `None` if that takes too many runs.
fn play(question: Question<'_>, group: &Group, requests: &Requests, budget: &mut usize) -> Option<Vec<Vec<Played>>> {
    let wishes = |at: &usize| requests.each[*at].as_ref().map(|request| request.wishes.len()).unwrap_or_default();
    let mut played: Vec<Vec<Played>> =
        group.services.iter().map(|at| (0..wishes(at)).map(|_| Played::default()).collect()).collect();
    // Where nobody has a choice of pools, their order makes no difference.
    let chooses = |at: &usize| requests.each[*at].as_ref().is_ok_and(|request| request.selected_by.len() > 1);
    let one_order = vec![group.pools.clone()];
    let pool_orders = if group.services.iter().any(chooses) { permutations(&group.pools) } else { one_order };
    for pools in pool_orders {
        for services in permutations(&group.services) {
            let mut search = Search::default();
            while search.begin() {
                *budget = budget.checked_sub(1)?;
                let mut simulation = Simulation::new(question.profile.clone(), question.flags.clone(), true);
                for &pool in &pools {
                    simulation.apply(Event::Pool(question.pools[pool].clone()), &mut search);
                }
                for &service in &services {
                    simulation.apply(Event::ServiceWithStatus(fresh(question, service)), &mut search);
                }
                if simulation.state().panic.is_some() {
                    return None;
                }
                for (&at, seen) in group.services.iter().zip(&mut played) {
                    let Ok(request) = &requests.each[at] else { continue };
                    note(question, &simulation, at, request, seen);
                }
            }
        }
    }
    Some(played)
}

fn fresh(question: Question<'_>, service: usize) -> crate::cilium::Service {
    crate::cilium::Service { ingress: Vec::new(), ..question.services[service].clone() }
}

fn note(question: Question<'_>, simulation: &Simulation, at: usize, request: &Request, seen: &mut [Played]) {
    let key = &question.services[at].key;
    let Some(status) = simulation.service(key) else { return };
    for (wish, seen) in request.wishes.iter().zip(seen) {
        let held = status.held.iter().find(|&&address| match wish {
            Wish::This(wanted) => address == *wanted,
            Wish::Any(family) => Family::of(address) == *family,
        });
        let pool = held.and_then(|&address| simulation.pool_of(key, address));
        let pool = pool.and_then(|name| question.pools.iter().position(|pool| pool.name == name));
        match (held, pool) {
            (Some(&address), Some(pool)) => {
                seen.got.insert((address, pool));
            }
            _ => {
                let reason = match status.condition {
                    Some(Condition::Pending(reason)) => Some(reason),
                    _ => None,
                };
                seen.pending.insert(reason.filter(|reason| concerns(*reason, *wish)));
            }
        }
    }
}

/// The condition shows the last failing wish; it is this one's if it names its address, or none.
fn concerns(reason: Reason, wish: Wish) -> bool {
    match (reason, wish) {
        (
            Reason::NoPoolContains(address)
            | Reason::SelectorMismatch(address)
            | Reason::AlreadyAllocated(address)
            | Reason::Incompatible(address, _),
            Wish::This(wanted),
        ) => address == wanted,
        (Reason::NoPool | Reason::OutOfAddresses, Wish::Any(_)) => true,
        _ => false,
    }
}

/// Replace an uncertain outcome by what the runs have shown.
fn narrow(wish: Wish, outcome: &mut Outcome, seen: Played) {
    let Outcome::OneOf { or_pending: bound, doubts, .. } = &*outcome else { return };
    let named: BTreeSet<Reason> = seen.pending.iter().flatten().copied().collect();
    // A failure whose reason another wish has covered keeps the reasons of the bounds.
    let or_pending = if seen.pending.contains(&None) { bound.clone() } else { named };
    let mut got = seen.got.iter();
    *outcome = match (got.next(), got.next(), or_pending.iter().next(), or_pending.len()) {
        (Some(&(address, pool)), None, None, _) => Outcome::Address { address, pool },
        (None, _, Some(&reason), 1) => Outcome::Pending(reason),
        _ => Outcome::OneOf {
            addresses: match wish {
                Wish::This(address) if !seen.got.is_empty() => Ranges::from(Range::single(address)).into(),
                _ => Arc::new(seen.got.iter().map(|(address, _)| Range::single(*address)).collect()),
            },
            pools: Arc::new(seen.got.iter().map(|(_, pool)| *pool).collect()),
            or_pending,
            doubts: doubts.iter().copied().filter(|doubt| *doubt != Doubt::Overlap).collect(),
        },
    };
}

/// Every order of the things.
pub(in crate::cilium) fn permutations(things: &[usize]) -> Vec<Vec<usize>> {
    if things.len() < 2 {
        return vec![things.to_vec()];
    }
    let mut all = Vec::new();
    for at in 0..things.len() {
        let mut rest = things.to_vec();
        let first = rest.remove(at);
        all.extend(permutations(&rest).into_iter().map(|mut order| {
            order.insert(0, first);
            order
        }));
    }
    all
}
