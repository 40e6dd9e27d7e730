//! Whether a Service may keep an address, looked at one by one: when edits arrive, and when the operator starts.

use super::Told;
use super::group::Pair;
use crate::cilium::address::Family;
use crate::cilium::prediction::candidates::Request;
use crate::cilium::prediction::{Serving, Wish};
use crate::cilium::profile::ReservedWithKey;
use crate::cilium::range::Range;
use crate::cilium::request::NotResponsible;
use std::net::IpAddr;

/// Why a Service does not keep an address, or may not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// The Service is gone.
    Gone,
    /// LB-IPAM does not serve it any more.
    NotServed(NotServed),
    /// It asks for other addresses.
    AsksForOther,
    /// It no longer wants an address of this family.
    OtherFamily(Family),
    /// The pool of this name is gone.
    PoolGone(String),
    /// This pool has no such block any more.
    BlockGone(String),
    /// This pool does not select it.
    NotSelected(String),
    /// The selector of this pool cannot be compiled.
    SelectorBroken(String),
    /// This pool is disabled.
    Disabled(String),
    /// This pool overlaps another, or itself, and is switched off for it.
    Conflicting(String),
    /// This pool overlaps another, and which of them is switched off is not to be known.
    Undecided(String),
    /// This pool keeps it back as the first or last address of a block.
    KeptBack(String),
    /// No pool holds it for this Service.
    NoPool,
    /// It hangs on the order in which Services are served.
    Order,
}

/// [`NotResponsible`] with an order, for sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotServed(pub NotResponsible);

impl PartialOrd for NotServed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NotServed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0 as u8).cmp(&(other.0 as u8))
    }
}

/// Whether it keeps the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stays {
    Yes,
    /// It is taken from it and handed back in the same breath, if nobody comes in between.
    Reimported,
    Maybe(Obstacle),
    No(Obstacle),
}

impl Stays {
    /// It has it in the end, if nobody comes in between.
    pub(super) fn certainly(&self) -> bool {
        matches!(self, Stays::Yes | Stays::Reimported)
    }
}

/// When the edits arrive.
pub(super) fn at_edit(before: &Told<'_>, after: &Told<'_>, pair: Pair, address: IpAddr) -> Stays {
    let Some(new) = pair.1 else { return Stays::No(Obstacle::Gone) };
    let request = match wanting(after, new, address) {
        Ok(request) => request,
        Err(obstacle) => return Stays::No(obstacle),
    };
    let sources = pair.0.map(|service| sources(before, service, address)).unwrap_or_default();
    let verdicts = sources.into_iter().map(|source| from_source(before, after, request, source, address));
    // Of several pools that may have given it, nobody knows which one did.
    let both = |one: Stays, other: Stays| match (one, other) {
        (one, other) if one == other => one,
        (Stays::Yes, Stays::Reimported) | (Stays::Reimported, Stays::Yes) => Stays::Reimported,
        (Stays::No(why) | Stays::Maybe(why), _) | (_, Stays::No(why) | Stays::Maybe(why)) => Stays::Maybe(why),
        (one, _) => one,
    };
    verdicts.reduce(both).unwrap_or(Stays::Maybe(Obstacle::Order))
}

/// When the edits arrive at the pool that gave the address, from this block.
fn from_source(
    before: &Told<'_>,
    after: &Told<'_>,
    request: &Request,
    (old, block): (usize, Range),
    address: IpAddr,
) -> Stays {
    let name = &before.side.pools[old].name;
    let elsewhere = |obstacle| {
        let served = |&pool: &usize| after.requests.may_serve(pool) && after.assignable[pool].contains(address);
        if request.selected_by.iter().any(served) { Stays::Maybe(obstacle) } else { Stays::No(obstacle) }
    };
    let Some(now) = after.side.pools.iter().rposition(|pool| pool.name == *name) else {
        return elsewhere(Obstacle::PoolGone(name.clone()));
    };
    let pool = &after.side.pools[now];
    if request.broken.contains(&now) {
        return Stays::Maybe(Obstacle::SelectorBroken(name.clone()));
    }
    if !request.selected_by.contains(&now) {
        return Stays::No(Obstacle::NotSelected(name.clone()));
    }
    if pool.usable_blocks(after.side.profile).any(|one| one.range == block) {
        return Stays::Yes;
    }
    if !pool.usable_blocks(after.side.profile).any(|one| one.range.contains(address)) {
        return elsewhere(Obstacle::BlockGone(name.clone()));
    }
    match (pool.disabled, after.assignable[now].contains(address)) {
        (true, _) => elsewhere(Obstacle::Disabled(name.clone())),
        (false, false) => elsewhere(Obstacle::KeptBack(name.clone())),
        (false, true) => Stays::Reimported,
    }
}

/// When the operator starts and finds the address in the Service's status.
pub(super) fn at_start(told: &Told<'_>, service: usize, address: IpAddr) -> Stays {
    let request = match wanting(told, service, address) {
        Ok(request) => request,
        Err(obstacle) => return Stays::No(obstacle),
    };
    let mut worst = None;
    for &pool in request.selected_by.iter() {
        let one = &told.side.pools[pool];
        if !one.usable_blocks(told.side.profile).any(|block| block.range.contains(address)) {
            continue;
        }
        let name = one.name.clone();
        let verdict = match told.requests.serving[pool] {
            Serving::Disabled => Stays::No(Obstacle::Disabled(name)),
            Serving::Conflicting => Stays::No(Obstacle::Conflicting(name)),
            Serving::Unusable => Stays::No(Obstacle::BlockGone(name)),
            Serving::Undecided => Stays::Maybe(Obstacle::Undecided(name)),
            Serving::Always if told.assignable[pool].contains(address) => return Stays::Yes,
            Serving::Always => {
                let handed_out = told.side.profile.reserved_with_key == ReservedWithKey::HandedOut;
                let kept_back = Obstacle::KeptBack(name);
                match request.sharing.key.is_some() && handed_out {
                    true => Stays::Maybe(kept_back),
                    false => Stays::No(kept_back),
                }
            }
        };
        if !matches!(worst, Some(Stays::Maybe(_))) {
            worst = Some(verdict);
        }
    }
    worst.unwrap_or_else(|| {
        let holds = |pool: &&crate::cilium::Pool| {
            pool.usable_blocks(told.side.profile).any(|block| block.range.contains(address))
        };
        Stays::No(match told.side.pools.iter().find(holds) {
            Some(pool) => Obstacle::NotSelected(pool.name.clone()),
            None => Obstacle::NoPool,
        })
    })
}

/// The request of the Service, if it wants this address.
fn wanting<'t>(told: &'t Told<'_>, service: usize, address: IpAddr) -> Result<&'t Request, Obstacle> {
    let request = match &told.requests.each[service] {
        Ok(request) => request,
        Err(why) => return Err(Obstacle::NotServed(NotServed(*why))),
    };
    let pinned = request.wishes.iter().any(|wish| matches!(wish, Wish::This(_)));
    let family = Family::of(address);
    match (pinned, request.wishes.contains(&Wish::This(address)), request.wishes.contains(&Wish::Any(family))) {
        (true, false, _) => Err(Obstacle::AsksForOther),
        (false, _, false) => Err(Obstacle::OtherFamily(family)),
        _ => Ok(request),
    }
}

/// The pools and the blocks from which a Service may have the address.
fn sources(told: &Told<'_>, service: usize, address: IpAddr) -> Vec<(usize, Range)> {
    let held = |pool: usize| {
        let block = told.side.pools[pool].usable_blocks(told.side.profile).find(|b| b.range.contains(address))?;
        Some((pool, block.range))
    };
    let Ok(request) = &told.requests.each[service] else { return Vec::new() };
    let mut selecting: Vec<_> = request.selected_by.iter().filter_map(|&pool| held(pool)).collect();
    let serves = |pool: &(usize, Range)| told.requests.may_serve(pool.0) && told.assignable[pool.0].contains(address);
    if selecting.iter().any(serves) {
        selecting.retain(serves);
    }
    // Who joins an address of its sharing key need not be selected by that pool.
    if selecting.is_empty() && request.sharing.key.is_some() {
        selecting.extend((0..told.side.pools.len()).find_map(held));
    }
    selecting
}
