//! What a Service gets that comes into a cluster as it is.
//!
//! A range hands out the first address of one of its gaps: of the smallest, mostly, but which one stands first in the
//! operator's heap hangs on what it has given and taken before. So where there is one gap its first address is certain,
//! and where there are several it is the first of one of them.

use super::{Blocks, Held, Mark, Seen, broken};
use crate::cilium::address::Family;
use crate::cilium::allocation::Reason;
use crate::cilium::prediction::candidates::Requests;
use crate::cilium::prediction::{Doubt, Outcome, Question, Wish};
use crate::cilium::range::Range;
use crate::cilium::ranges::Ranges;
use crate::cilium::request::NotResponsible;
use crate::cilium::service::Service;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// What a Service gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// LB-IPAM does not serve it.
    NotServed(NotResponsible),
    /// The operator may not follow its rules, a pool in conflict may serve all the same, or a sharing key decides.
    Open,
    /// Each wish and what it comes to.
    Wishes(Vec<(Wish, Outcome)>),
}

/// What this Service gets when it comes now.
pub fn arrival(seen: Seen<'_>, service: &Service) -> Arrival {
    let own = std::slice::from_ref(service);
    let question = Question { pools: seen.pools, services: own, profile: seen.profile, flags: seen.flags };
    let requests = Requests::of(question);
    let request = match requests.each.first() {
        Some(Ok(request)) => request,
        Some(Err(why)) => return Arrival::NotServed(*why),
        None => return Arrival::Open,
    };
    if broken(&seen, &requests).is_some() || request.sharing.key.is_some() {
        return Arrival::Open;
    }
    // A block that was added to a pool in conflict serves until the next restart.
    if request.selected_by.iter().any(|&pool| seen.marks[pool] == Mark::Conflicting) {
        return Arrival::Open;
    }
    let coming = Coming { held: Held::of(&seen), blocks: Blocks::of(&seen), seen };
    let serving: Vec<usize> = request.selected_by.iter().copied().filter(|&pool| coming.in_force(pool)).collect();
    let outcome = |wish: &Wish| match wish {
        Wish::This(address) => coming.this(*address, &serving),
        Wish::Any(family) => coming.any(*family, &serving),
    };
    Arrival::Wishes(request.wishes.iter().map(|wish| (*wish, outcome(wish))).collect())
}

struct Coming<'a> {
    seen: Seen<'a>,
    held: Held,
    blocks: Blocks,
}

impl Coming<'_> {
    fn in_force(&self, pool: usize) -> bool {
        !self.seen.pools[pool].disabled && self.seen.marks[pool] != Mark::Conflicting
    }

    fn this(&self, address: IpAddr, serving: &[usize]) -> Outcome {
        let holding: Vec<usize> =
            self.blocks.holding(address).into_iter().filter(|&pool| self.in_force(pool)).collect();
        let Some(&pool) = holding.iter().find(|pool| serving.contains(pool)) else {
            return Outcome::Pending(match holding.is_empty() {
                true => Reason::NoPoolContains(address),
                false => Reason::SelectorMismatch(address),
            });
        };
        let taken = self.held.by_address.contains_key(&address)
            || self.seen.pools[pool].reserved(self.seen.profile).contains(&address);
        if taken { Outcome::Pending(Reason::AlreadyAllocated(address)) } else { Outcome::Address { address, pool } }
    }

    fn any(&self, family: Family, serving: &[usize]) -> Outcome {
        let profile = self.seen.profile;
        let usable: Vec<usize> =
            serving.iter().copied().filter(|&pool| self.seen.pools[pool].has_family(family, profile)).collect();
        let mut firsts: Vec<(IpAddr, usize)> = Vec::new();
        for &pool in &usable {
            let model = &self.seen.pools[pool];
            for block in model.usable_blocks(profile).filter(|block| block.family() == family) {
                let taken = self.held.by_address.range(block.range.first()..=block.range.last());
                let taken: Ranges = taken.map(|(address, _)| Range::single(*address)).collect();
                let ends = block.reserved(model.allow_first_last, profile).into_iter().flatten().map(Range::single);
                let free = Ranges::from(block.range).subtract(&taken).subtract(&ends.collect());
                firsts.extend(free.iter().map(|gap| (gap.first(), pool)));
            }
        }
        match firsts.as_slice() {
            [] if usable.is_empty() => Outcome::Pending(Reason::NoPool),
            [] => Outcome::Pending(Reason::OutOfAddresses),
            [(address, pool)] => Outcome::Address { address: *address, pool: *pool },
            firsts => {
                let pools: BTreeSet<usize> = firsts.iter().map(|(_, pool)| *pool).collect();
                Outcome::OneOf {
                    addresses: Arc::new(firsts.iter().map(|(address, _)| Range::single(*address)).collect()),
                    doubts: [if pools.len() > 1 { Doubt::SeveralPools } else { Doubt::Order }].into(),
                    pools: pools.into(),
                    or_pending: BTreeSet::new(),
                }
            }
        }
    }
}
