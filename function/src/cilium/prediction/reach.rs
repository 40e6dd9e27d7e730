//! Bounds that hold in every order.
//!
//! Nothing is given back while things only arrive. So each Service without a wish takes one address of a family,
//! and an allocator that always takes the first address of a gap can only have come as far from the start of a gap
//! as there are such Services; a gap starts at the start of the block, or behind an address that somebody asks for.

use super::candidates::{Request, Requests};
use super::{Doubt, Outcome, Question, Serving, Wish};
use crate::cilium::address::{Family, number};
use crate::cilium::allocation::Reason;
use crate::cilium::count::Count;
use crate::cilium::effort::looked;
use crate::cilium::near::Near;
use crate::cilium::pool::Pool;
use crate::cilium::profile::ReservedWithKey;
use crate::cilium::range::Range;
use crate::cilium::ranges::Ranges;
use crate::cilium::sharing::{Incompatible, port_rule};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// More pieces than this are shown as one range for each block.
const MOST_PIECES: usize = 64;

/// What a pool can come to give to Services that ask for no address.
#[derive(Debug, Default)]
struct Reached {
    /// Every address that some order can give.
    exact: Ranges,
    /// The same, coarser where it is made of very many pieces.
    shown: Ranges,
    /// Whether there is an address for each who may want one.
    room_for_all: bool,
}

/// Addresses, and the pools that they are from. Many Services have the same: then it is one list.
type Lists = (Arc<Ranges>, Arc<BTreeSet<usize>>);

/// What those who ask for no address can come to have of a family, by who selects them.
#[derive(Debug)]
struct Any {
    /// From the pools that select them.
    lists: Lists,
    /// The first pool whose selector cannot be compiled.
    broken: Option<usize>,
    /// Whether some pool, and whether every pool, serves in every order.
    some_sure: bool,
    all_sure: bool,
    /// Whether a pool that serves in every order has an address for each who may want one.
    room_for_all: bool,
}

struct Reach<'a> {
    question: Question<'a>,
    requests: &'a Requests,
    reached: BTreeMap<(usize, Family), Reached>,
    /// The pools that contain an address that is asked for.
    containing: BTreeMap<IpAddr, Vec<usize>>,
    /// First and last addresses of each pool that are never handed out.
    reserved: Vec<BTreeSet<IpAddr>>,
    /// The families that each pool has addresses of.
    families: Vec<BTreeSet<Family>>,
    /// What any address of the family can be for those with a selection.
    any: BTreeMap<(usize, Family), Any>,
    /// What those with a sharing key may hold, and from which pools.
    shared: BTreeMap<(&'a str, Family), Lists>,
    nothing: Reached,
}

/// An outcome for each wish of each Service.
pub(super) fn bounds(question: Question<'_>, requests: &Requests) -> Vec<Vec<Outcome>> {
    let reach = Reach::of(question, requests);
    // What comes of a wish for any address is the same for all whom the same pools select and who share alike.
    let mut any: BTreeMap<(usize, Family, Option<&str>), Outcome> = BTreeMap::new();
    let mut bounds = Vec::with_capacity(requests.each.len());
    for (at, request) in requests.each.iter().enumerate() {
        let Ok(request) = request else {
            bounds.push(Vec::new());
            continue;
        };
        let outcome = |wish: &Wish| match wish {
            Wish::This(address) => reach.this(at, request, *address),
            Wish::Any(family) => {
                let key = request.sharing.key.as_deref().filter(|key| reach.shared.contains_key(&(*key, *family)));
                any.entry((request.selection, *family, key)).or_insert_with(|| reach.any(request, *family)).clone()
            }
        };
        bounds.push(request.wishes.iter().map(outcome).collect());
    }
    bounds
}

impl<'a> Reach<'a> {
    fn of(question: Question<'a>, requests: &'a Requests) -> Reach<'a> {
        let containing = containing(question, requests);
        let mut asked: BTreeMap<usize, BTreeSet<IpAddr>> = BTreeMap::new();
        for (&address, pools) in &containing {
            pools.iter().for_each(|&pool| {
                asked.entry(pool).or_default().insert(address);
            });
        }
        // How many Services without a wish each pool may serve.
        let mut alike: BTreeMap<(usize, Family), usize> = BTreeMap::new();
        for (_, request) in requests.served() {
            for family in request.wishes.iter().filter_map(any_family) {
                *alike.entry((request.selection, family)).or_default() += 1;
            }
        }
        let mut takers: BTreeMap<(usize, Family), usize> = BTreeMap::new();
        for (&(selection, family), &many) in &alike {
            let selected_by = requests.selections[selection].selected_by.iter();
            for &pool in selected_by.filter(|&&pool| requests.may_serve(pool)) {
                *takers.entry((pool, family)).or_default() += many;
            }
        }
        let none = BTreeSet::new();
        let reached = takers
            .into_iter()
            .map(|((pool, family), most)| {
                let asked = asked.get(&pool).unwrap_or(&none);
                ((pool, family), reached(question, pool, family, most, asked))
            })
            .collect();
        let pools = question.pools.iter();
        let reserved = pools.clone().map(|pool| pool.reserved(question.profile)).collect();
        let families_of = |pool: &Pool| {
            [Family::V4, Family::V6].into_iter().filter(|&f| pool.has_family(f, question.profile)).collect()
        };
        let mut reach = Reach {
            question,
            requests,
            reached,
            containing,
            reserved,
            families: pools.map(families_of).collect(),
            any: BTreeMap::new(),
            shared: BTreeMap::new(),
            nothing: Reached::default(),
        };
        reach.any = alike.into_keys().map(|alike| (alike, reach.alike(alike))).collect();
        let shared = requests.keys.iter().filter(|(_, sharers)| sharers.len() > 1);
        let of_key = |(key, sharers): (&'a String, &Vec<usize>)| {
            [Family::V4, Family::V6].map(|family| ((key.as_str(), family), reach.held(sharers, family)))
        };
        reach.shared = shared.flat_map(of_key).collect();
        reach
    }

    fn reached(&self, pool: usize, family: Family) -> &Reached {
        self.reached.get(&(pool, family)).unwrap_or(&self.nothing)
    }

    /// What any address of the family can be for those with this selection.
    fn alike(&self, (selection, family): (usize, Family)) -> Any {
        let selection = &self.requests.selections[selection];
        let usable = |pool: &usize| self.requests.may_serve(*pool) && self.families[*pool].contains(&family);
        let sure = |pool: &usize| self.requests.serving[*pool] == Serving::Always;
        let pools: BTreeSet<usize> = selection.selected_by.iter().copied().filter(usable).collect();
        let addresses = pools.iter().flat_map(|&pool| self.reached(pool, family).shown.iter().copied()).collect();
        Any {
            broken: selection.broken.iter().copied().find(usable),
            some_sure: pools.iter().any(sure),
            all_sure: pools.iter().all(sure),
            room_for_all: pools.iter().any(|pool| sure(pool) && self.reached(*pool, family).room_for_all),
            lists: (Arc::new(addresses), Arc::new(pools)),
        }
    }

    /// What these Services may hold of the family: what they ask for, or what their pools can come to give.
    fn held(&self, services: &[usize], family: Family) -> Lists {
        let requests = services.iter().filter_map(|&service| self.requests.each[service].as_ref().ok());
        let (mut selections, mut asked) = (BTreeSet::new(), Vec::new());
        for (request, wish) in requests.flat_map(|request| request.wishes.iter().map(move |wish| (request, wish))) {
            match wish {
                Wish::Any(wanted) if *wanted == family => {
                    selections.insert(request.selection);
                }
                Wish::This(address) if Family::of(*address) == family => {
                    let holding = self.containing.get(address).into_iter().flatten().copied();
                    let selecting = |pool: &usize| request.selected_by.binary_search(pool).is_ok();
                    let serving = holding.filter(|pool| selecting(pool) && self.requests.may_serve(*pool));
                    asked.extend(serving.map(|pool| (Range::single(*address), pool)));
                }
                _ => {}
            }
        }
        let mut any = selections.iter().filter_map(|selection| self.any.get(&(*selection, family)));
        if let (Some(only), None, []) = (any.next(), any.next(), asked.as_slice()) {
            return only.lists.clone();
        }
        let lists = || selections.iter().filter_map(|selection| Some(&self.any.get(&(*selection, family))?.lists));
        let ranges = lists().flat_map(|(ranges, _)| ranges.iter().copied()).chain(asked.iter().map(|(one, _)| *one));
        let pools = lists().flat_map(|(_, pools)| pools.iter().copied()).chain(asked.iter().map(|(_, pool)| *pool));
        (Arc::new(ranges.collect()), Arc::new(pools.collect()))
    }

    fn any(&self, request: &Request, family: Family) -> Outcome {
        let any = &self.any[&(request.selection, family)];
        let sure = |pool: usize| self.requests.serving[pool] == Serving::Always;
        let key = request.sharing.key.as_deref();
        let shared = key.and_then(|key| self.shared.get(&(key, family)));
        let pools = &any.lists.1;
        if pools.is_empty() && shared.is_none() {
            return match any.broken {
                Some(pool) if sure(pool) => Outcome::Fails { pool },
                Some(_) => none_or(Reason::NoPool, [Doubt::BadSelector, Doubt::Overlap]),
                None => Outcome::Pending(Reason::NoPool),
            };
        }
        let (mut or_pending, mut doubts) = (BTreeSet::new(), BTreeSet::new());
        if any.broken.is_some() || !any.room_for_all {
            or_pending.insert(if any.some_sure { Reason::OutOfAddresses } else { Reason::NoPool });
        }
        doubts.extend(shared.map(|_| Doubt::Sharing));
        doubts.extend(any.broken.map(|_| Doubt::BadSelector));
        doubts.extend((!any.all_sure).then_some(Doubt::Overlap));
        doubts.extend((pools.len() > 1).then_some(Doubt::SeveralPools));
        let (addresses, pools) = shared.map_or_else(|| any.lists.clone(), |shared| together(&any.lists, shared));
        if addresses.is_empty() && doubts.is_empty() {
            return Outcome::Pending(Reason::OutOfAddresses);
        }
        if doubts.is_empty()
            && or_pending.is_empty()
            && addresses.count() == Count::ONE
            && let (Some(address), Some(&pool)) = (addresses.first(), pools.first())
        {
            return Outcome::Address { address, pool };
        }
        doubts.insert(Doubt::Order);
        Outcome::OneOf { addresses, pools, or_pending, doubts }
    }

    fn this(&self, at: usize, request: &Request, address: IpAddr) -> Outcome {
        let (question, requests) = (self.question, self.requests);
        let sure = |pool: usize| requests.serving[pool] == Serving::Always;
        let holding = self.containing.get(&address).into_iter().flatten();
        let others: Vec<usize> = holding.copied().filter(|&pool| requests.may_serve(pool)).collect();
        let among = |list: &[usize]| -> Vec<usize> {
            others.iter().copied().filter(|pool| list.binary_search(pool).is_ok()).collect()
        };
        let (serving, broken) = (among(&request.selected_by), among(&request.broken));
        let Some(&pool) = serving.first() else {
            return match (broken.first(), others.first()) {
                (Some(&pool), _) if sure(pool) => Outcome::Fails { pool },
                (_, None) => Outcome::Pending(Reason::NoPoolContains(address)),
                (None, Some(_)) if others.iter().any(|&pool| sure(pool)) => {
                    Outcome::Pending(Reason::SelectorMismatch(address))
                }
                (broken, _) => {
                    let doubt = if broken.is_some() { Doubt::BadSelector } else { Doubt::Overlap };
                    none_or(Reason::NoPoolContains(address), [doubt, Doubt::Overlap])
                }
            };
        };
        let mut or_pending = BTreeSet::new();
        let mut doubts = BTreeSet::new();
        if !sure(pool) {
            or_pending.insert(Reason::NoPoolContains(address));
            doubts.insert(Doubt::Overlap);
        }
        let has_key = request.sharing.key.is_some();
        if self.reserved[pool].contains(&address) {
            match (has_key, question.profile.reserved_with_key) {
                (true, ReservedWithKey::HandedOut) => {}
                (true, ReservedWithKey::Panics) if sure(pool) => return Outcome::EndsOperator { pool },
                _ if sure(pool) => return Outcome::Pending(Reason::AlreadyAllocated(address)),
                _ => {
                    or_pending.insert(Reason::AlreadyAllocated(address));
                }
            }
        }
        let rules = port_rule(question.flags, question.profile);
        let refusal = |other: &Request| match request.sharing.key {
            None => Some(Reason::AlreadyAllocated(address)),
            Some(_) => {
                request.sharing.compatible(&other.sharing, rules).err().map(|why| Reason::Incompatible(address, why))
            }
        };
        let refused_by = |other: &usize| {
            looked();
            let other = requests.each[*other].as_ref().ok().filter(|_| *other != at)?;
            refusal(other).filter(|_| other.selected_by.contains(&pool) || has_key)
        };
        let rivals = requests.pinned.get(&address).map(Vec::as_slice).unwrap_or_default();
        or_pending.extend(rivals.iter().filter_map(refused_by));
        if rivals.len() > 1 {
            // Who asks for nothing may have joined a rival with its key.
            let sharers = request.sharing.key.as_ref().and_then(|key| requests.keys.get(key));
            or_pending.extend(sharers.into_iter().flatten().filter_map(refused_by));
        }
        if self.reached(pool, Family::of(address)).exact.contains(address) {
            // Somebody who asks for nothing may be there first; whether it could be shared is not looked into.
            or_pending.insert(if has_key {
                Reason::Incompatible(address, Incompatible::Key)
            } else {
                Reason::AlreadyAllocated(address)
            });
        }
        if or_pending.is_empty() && doubts.is_empty() {
            return Outcome::Address { address, pool };
        }
        doubts.insert(Doubt::Order);
        Outcome::OneOf {
            addresses: Ranges::from(Range::single(address)).into(),
            pools: Arc::new(serving.into_iter().collect()),
            or_pending,
            doubts,
        }
    }
}

/// What either has.
fn together(one: &Lists, other: &Lists) -> Lists {
    if Arc::ptr_eq(&one.0, &other.0) && Arc::ptr_eq(&one.1, &other.1) {
        return one.clone();
    }
    (Arc::new(one.0.union(&other.0)), Arc::new(one.1.union(&other.1).copied().collect()))
}

fn any_family(wish: &Wish) -> Option<Family> {
    match wish {
        Wish::Any(family) => Some(*family),
        Wish::This(_) => None,
    }
}

/// No address in any order that is known of, but it cannot be told for sure.
fn none_or(reason: Reason, doubts: [Doubt; 2]) -> Outcome {
    Outcome::OneOf {
        addresses: Arc::default(),
        pools: Arc::default(),
        or_pending: [reason].into(),
        doubts: doubts.into(),
    }
}

/// The pools that contain each address that is asked for.
fn containing(question: Question<'_>, requests: &Requests) -> BTreeMap<IpAddr, Vec<usize>> {
    let mut near = Near::default();
    for (at, pool) in question.pools.iter().enumerate() {
        pool.usable_blocks(question.profile).for_each(|block| near.insert(block.range, at));
    }
    let pools_of = |address: IpAddr| {
        let mut pools: Vec<usize> = near.containing(address).collect();
        pools.sort_unstable();
        pools.dedup();
        pools
    };
    requests.pinned.keys().map(|&address| (address, pools_of(address))).collect()
}

/// What the pool can come to give to at most so many Services.
fn reached(question: Question<'_>, pool: usize, family: Family, most: usize, asked: &BTreeSet<IpAddr>) -> Reached {
    let pool = &question.pools[pool];
    let reserved = pool.reserved(question.profile);
    let (mut exact, mut coarse, mut before) = (Vec::new(), Vec::new(), Count::ZERO);
    let run = most as u128;
    for block in pool.usable_blocks(question.profile).filter(|block| block.family() == family) {
        // The earlier blocks must be full before this one is used.
        if Count::from(most) + Count::from(asked.len()) + Count::from(reserved.len()) <= before {
            break;
        }
        before += block.range.count();
        coarse.push(block.range);
        let (first, last) = (number(block.range.first()), number(block.range.last()));
        let behind = asked.iter().chain(&reserved).filter(|a| block.range.contains(**a)).map(|a| number(*a));
        for start in behind.filter_map(|a| a.checked_add(1)).chain([first]).filter(|start| *start <= last) {
            // A run goes on behind an address that is asked for and not taken yet, and may begin on a reserved one.
            let end = start.saturating_add(run - 1).min(last);
            if let (Some(from), Some(to)) = (family.address(start), family.address(end)) {
                exact.extend(Range::new(from, to));
            }
        }
    }
    let without_reserved = |pieces: Vec<Range>| {
        let all: Ranges = pieces.into_iter().collect();
        all.subtract(&reserved.iter().copied().map(Range::single).collect())
    };
    let exact = without_reserved(exact);
    let shown = if exact.iter().count() > MOST_PIECES { without_reserved(coarse) } else { exact.clone() };
    let wanted = Count::from(most) + Count::from(asked.iter().filter(|a| Family::of(**a) == family).count());
    let room_for_all = pool.assignable(question.profile).of(family).count() >= wanted;
    Reached { exact, shown, room_for_all }
}
