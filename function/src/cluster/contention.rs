//! Who can take which address of a cluster: everything that outcomes ask again and again, worked out once.
//!
//! 100,000 Services on 1,000 pools are 10^8 pairs. So a Service is only held against the pools that demand one of
//! its labels (and those that demand none), an address only against the blocks around it, and a pin only against
//! the first of each sort of rival.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::ClusterView;
use super::pools::PoolView;
use crate::cilium::request::families;
use crate::cilium::sharing::Sharing;
use crate::cilium::{Family, Pool, Range, Ranges, Service};
use crate::flux::fact::Fact;

/// One pool with what follows from it and from who draws on it.
#[derive(Debug)]
pub(super) struct Contended<'v, 'a, 't> {
    pub(super) view: &'v PoolView<'a, 't>,
    pub(super) label: String,
    /// Not disabled for certain.
    pub(super) in_force: bool,
    /// It overlaps another or itself: which of them is out of force is a matter of age.
    pub(super) in_conflict: bool,
    /// First and last addresses that are never handed out.
    pub(super) reserved: BTreeSet<IpAddr>,
    /// What it can hand out.
    pub(super) assignable: Ranges,
    /// How many known requests may take an address out of it.
    pub(super) drawers: usize,
    /// The first request that pins nothing and may get an address of the family out of it: IPv4, IPv6.
    first_unpinned: [Option<usize>; 2],
}

/// The contention of one cluster.
#[derive(Debug)]
pub(super) struct Contention<'v, 'a, 't> {
    /// Its pools, as in the view.
    pub(super) pools: Vec<Contended<'v, 'a, 't>>,
    /// Positions of pools by a label that they demand, with its value.
    by_label: BTreeMap<(String, String), Vec<usize>>,
    /// Positions of the pools that may select a Service whatever its labels are.
    by_any: Vec<usize>,
    /// The blocks of pools in force.
    written: Spans,
    /// What pools hand out, in force or not.
    handed_out: Spans,
    /// The requests that pin an address, in order.
    pub(super) pinners: BTreeMap<IpAddr, Vec<(usize, Sharing)>>,
    /// The first request of which not all is known.
    pub(super) first_unknown: Option<usize>,
}

impl<'v, 'a, 't> Contention<'v, 'a, 't> {
    /// Work it out.
    pub(super) fn of(view: &'v ClusterView<'a, 't>) -> Self {
        let models: Vec<Pool> = view.pools.iter().map(PoolView::model).collect();
        let overlaps = crate::cilium::pool::overlaps(&models);
        let in_conflict: BTreeSet<usize> = overlaps.iter().flat_map(|o| [o.pool, o.other_pool]).collect();
        let pools: Vec<Contended<'v, 'a, 't>> = view
            .pools
            .iter()
            .zip(&models)
            .enumerate()
            .map(|(at, (pool, model))| Contended {
                view: pool,
                label: pool.label(),
                in_force: pool.disabled.known() != Some(&true),
                in_conflict: in_conflict.contains(&at),
                reserved: model.reserved(&view.profile),
                assignable: model.assignable(&view.profile),
                drawers: 0,
                first_unpinned: [None, None],
            })
            .collect();
        let mut contention = Contention {
            by_label: BTreeMap::new(),
            by_any: Vec::new(),
            written: Spans::new(
                pools
                    .iter()
                    .enumerate()
                    .filter(|(_, pool)| pool.in_force)
                    .flat_map(|(at, pool)| pool.view.ranges().map(move |(_, block)| (block.range, at))),
            ),
            handed_out: Spans::new(
                pools.iter().enumerate().flat_map(|(at, pool)| pool.assignable.iter().map(move |range| (*range, at))),
            ),
            pools,
            pinners: BTreeMap::new(),
            first_unknown: None,
        };
        contention.index_selectors();
        for (at, request) in view.requests.iter().enumerate() {
            match &request.service {
                Fact::Unknown(_) => {
                    contention.first_unknown.get_or_insert(at);
                }
                Fact::Known(_) if request.responsible.is_err() => {}
                Fact::Known(service) => contention.enter(view, at, service),
            }
        }
        contention
    }

    fn index_selectors(&mut self) {
        for (at, pool) in self.pools.iter().enumerate() {
            let demanded = match &pool.view.selector {
                Fact::Known(Some(Ok(selector))) => selector.demanded(),
                _ => None,
            };
            match demanded {
                Some((key, values)) => {
                    for value in values {
                        self.by_label.entry((key.clone(), value)).or_default().push(at);
                    }
                }
                None => self.by_any.push(at),
            }
        }
    }

    fn enter(&mut self, view: &ClusterView<'_, '_>, at: usize, service: &Service) {
        let pinned = &view.requests[at].requested.addresses;
        let drawn: BTreeSet<usize> = if pinned.is_empty() {
            self.selecting(service).into_iter().map(|(pool, _)| pool).collect()
        } else {
            pinned.iter().flat_map(|pin| self.handed_out.holding(pin.address)).collect()
        };
        let wanted = families(service, &view.flags);
        for pool in drawn {
            let pool = &mut self.pools[pool];
            pool.drawers += 1;
            for family in wanted.iter().filter(|_| pinned.is_empty()) {
                pool.first_unpinned[usize::from(family == Family::V6)].get_or_insert(at);
            }
        }
        if !pinned.is_empty() {
            let sharing = Sharing::of(service, &view.profile);
            for address in pinned.iter().map(|pin| pin.address).collect::<BTreeSet<_>>() {
                self.pinners.entry(address).or_default().push((at, sharing.clone()));
            }
        }
    }

    /// Pools that select a Service, in order, and those of which it is not known (false) because their selector
    /// is not, or does not compile.
    pub(super) fn selecting(&self, service: &Service) -> Vec<(usize, bool)> {
        let labels = service.selectable_labels();
        let mut positions = self.by_any.clone();
        for (key, value) in &labels {
            positions.extend(self.by_label.get(&(key.clone(), value.clone())).into_iter().flatten());
        }
        positions.sort_unstable();
        let certain = |at: usize| match &self.pools[at].view.selector {
            Fact::Known(None) => Some(true),
            Fact::Known(Some(Ok(selector))) => selector.matches(&labels).then_some(true),
            Fact::Known(Some(Err(_))) | Fact::Unknown(_) => Some(false),
        };
        positions.into_iter().filter_map(|at| Some((at, certain(at)?))).collect()
    }

    /// Pools in force with a block around an address, in order, whether they hand it out or not.
    pub(super) fn holding(&self, address: IpAddr) -> Vec<usize> {
        self.written.holding(address).into_iter().collect()
    }

    /// The first request that pins nothing and may have got this address before.
    pub(super) fn first_unpinned(&self, address: IpAddr) -> Option<usize> {
        let family = usize::from(Family::of(address) == Family::V6);
        let in_force = |pool: &&Contended<'_, '_, '_>| pool.in_force;
        let pools = self.handed_out.holding(address);
        pools.iter().map(|&at| &self.pools[at]).filter(in_force).filter_map(|pool| pool.first_unpinned[family]).min()
    }
}

/// Ranges of pools, found by an address in them.
#[derive(Debug)]
struct Spans {
    /// By first address, each with its pool and the highest address of all up to it.
    sorted: Vec<(Range, usize, IpAddr)>,
}

impl Spans {
    fn new(ranges: impl Iterator<Item = (Range, usize)>) -> Self {
        let mut ranges: Vec<(Range, usize)> = ranges.collect();
        ranges.sort_unstable();
        let mut reach: Option<IpAddr> = None;
        let sorted = ranges.into_iter().map(|(range, pool)| {
            let highest = reach.map_or(range.last(), |reach| reach.max(range.last()));
            reach = Some(highest);
            (range, pool, highest)
        });
        Self { sorted: sorted.collect() }
    }

    fn holding(&self, address: IpAddr) -> BTreeSet<usize> {
        let behind = self.sorted.partition_point(|(range, ..)| range.first() <= address);
        let reaching = self.sorted[..behind].iter().rev().take_while(|(_, _, reach)| *reach >= address);
        reaching.filter(|(range, ..)| range.contains(address)).map(|(_, pool, _)| *pool).collect()
    }
}
