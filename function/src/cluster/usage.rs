//! How many addresses of each pool the known requests take: exactly, or between two bounds.
//!
//! Who gets one may hang on the order while how many are taken does not: of three Services for two addresses one waits,
//! and nobody knows which, but both addresses are taken. So what is counted are addresses, never Services, and a pool
//! is never said to give more than it has.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::ClusterView;
use super::pools::PoolView;
use crate::cilium::allocation::Reason;
use crate::cilium::prediction::{Doubt, Outcome, Wish};
use crate::cilium::sharing::Sharing;
use crate::cilium::{Count, Family};
use crate::report::{self, RequestReport};

/// What is taken from the pools of a cluster.
#[derive(Debug)]
pub(super) struct Usage<'v, 'a, 't> {
    view: &'v ClusterView<'a, 't>,
    /// One of the requests may draw from any pool.
    unknown: bool,
    /// By pool and family.
    taken: BTreeMap<(usize, Family), Taken>,
}

/// What is taken from one pool of one family.
#[derive(Debug, Clone, Default)]
struct Taken {
    /// Each is somebody's, and it is known whose.
    certain: BTreeSet<IpAddr>,
    /// Each is somebody's: of who asks for it, or of who came first.
    contested: BTreeSet<IpAddr>,
    /// Each may be somebody's.
    perhaps: BTreeSet<IpAddr>,
    /// Requests that get one of its own, whatever the order.
    served: usize,
    /// Requests that get one of its own unless the pool is full.
    in_turn: usize,
    /// Requests that may get one of its own.
    maybe: usize,
    /// Somebody with a sharing key is served by this pool, whatever the order.
    joined: bool,
}

impl<'v, 'a, 't> Usage<'v, 'a, 't> {
    /// Of all requests of a view, with what the report says of them.
    pub(super) fn of(view: &'v ClusterView<'a, 't>, told: &[RequestReport]) -> Self {
        let unknown = |outcome: &report::Outcome| matches!(outcome, report::Outcome::Unknown { .. });
        let mut usage = Usage {
            view,
            unknown: told.iter().flat_map(|request| &request.outcomes).any(unknown),
            taken: BTreeMap::new(),
        };
        let known = view.requests.iter().filter_map(|request| request.service.known());
        for (service, prediction) in known.zip(view.predictions()) {
            let shares = Sharing::of(service, &view.profile).key.is_some();
            for (wish, outcome) in prediction.wishes.iter().flatten() {
                usage.add(*wish, outcome, shares);
            }
        }
        for request in view.requests.iter().filter(|request| request.is_unrendered()) {
            for asked in &request.requested.addresses {
                for pool in 0..view.pools.len() {
                    if view.pools[pool].ranges().any(|(_, block)| block.range.contains(asked.address)) {
                        usage.pool(pool, Family::of(asked.address)).perhaps.insert(asked.address);
                    }
                }
            }
        }
        usage
    }

    fn pool(&mut self, pool: usize, family: Family) -> &mut Taken {
        self.taken.entry((pool, family)).or_default()
    }

    fn add(&mut self, wish: Wish, outcome: &Outcome, shares: bool) {
        match outcome {
            Outcome::Address { address, pool } => {
                self.pool(*pool, Family::of(*address)).certain.insert(*address);
            }
            Outcome::OneOf { pools, or_pending, doubts, .. } => {
                // Whether it takes one of its own, and of which pool, hangs on nothing but the order.
                let plain = pools.len() == 1 && !shares && doubts.iter().all(|doubt| *doubt == Doubt::Order);
                let only = |wanted: fn(&Reason) -> bool| plain && or_pending.iter().all(wanted);
                for &pool in pools.iter() {
                    match wish {
                        Wish::This(address) => {
                            let taken = self.pool(pool, Family::of(address));
                            match only(|reason| matches!(reason, Reason::AlreadyAllocated(_))) {
                                true => taken.contested.insert(address),
                                false => taken.perhaps.insert(address),
                            };
                        }
                        Wish::Any(family) => {
                            let taken = self.pool(pool, family);
                            match (or_pending.is_empty(), only(|reason| *reason == Reason::OutOfAddresses)) {
                                (true, true) => taken.served += 1,
                                (false, true) => taken.in_turn += 1,
                                (_, false) => taken.maybe += 1,
                            }
                            taken.joined |= shares && pools.len() == 1 && or_pending.is_empty();
                        }
                    }
                }
            }
            Outcome::Pending(_) | Outcome::Fails { .. } | Outcome::EndsOperator { .. } => {}
        }
    }

    /// How many of this pool at least and at most; `None` when nothing is known of it.
    pub(super) fn of_pool(&self, pool: usize) -> Option<(Count, Count)> {
        if self.unknown {
            return None;
        }
        let taken = self.taken.range((pool, Family::V4)..=(pool, Family::V6));
        let mut bounds = (Count::ZERO, Count::ZERO);
        for (&(pool, family), taken) in taken {
            let (least, most) = taken.bounds(&self.view.pools[pool], family, self.view);
            bounds = (bounds.0 + least, bounds.1 + most);
        }
        Some(bounds)
    }
}

impl Taken {
    fn bounds(&self, pool: &PoolView<'_, '_>, family: Family, view: &ClusterView<'_, '_>) -> (Count, Count) {
        let assignable = pool.model().assignable(&view.profile).of(family);
        let there = assignable.count();
        // Sharers have at least one among them, which is nobody's without a key.
        let joined = usize::from(self.joined && self.certain.is_empty());
        // Either all of them are served, each with an address of its own, or one waits, and the pool is full.
        let in_turn = Count::from(self.certain.len() + self.served + self.in_turn + joined).min(there);
        let named: BTreeSet<IpAddr> = self.certain.union(&self.contested).copied().collect();
        let least = in_turn.max(Count::from(named.len()));
        let asked: BTreeSet<IpAddr> = named.union(&self.perhaps).copied().collect();
        // A first or last address that is kept back may be given to who asks for it with a sharing key.
        let beside = asked.iter().filter(|address| !assignable.contains(**address)).count();
        let wanted = Count::from(asked.len() + self.served + self.in_turn + self.maybe);
        (least, wanted.min(there + Count::from(beside)))
    }
}
