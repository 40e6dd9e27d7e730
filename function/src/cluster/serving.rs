//! Which pools could serve an address or a Service, found without looking at every pool each time.
//!
//! An answer is only given when it comes out the same whatever is not known: a pool with a value that cannot be
//! known, a block that does not parse or a patch on the way could hold and select anything.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::ClusterView;
use super::pools::PoolView;
use crate::cilium::{Family, Range, Ranges, Service};
use crate::flux::fact::Fact;

/// A pool with what is worked out once.
#[derive(Debug)]
pub struct Serving<'v, 'a, 't> {
    /// The pool.
    pub pool: &'v PoolView<'a, 't>,
    /// Addresses that it can hand out while it is enabled and in no conflict.
    pub assignable: Ranges,
    /// First and last addresses that `allowFirstLastIPs` keeps back.
    pub reserved: BTreeSet<IpAddr>,
}

/// What becomes of a request for one address.
#[derive(Debug, Clone, Copy)]
pub enum Held<'s, 'v, 'a, 't> {
    /// This pool serves it.
    Served(&'s Serving<'v, 'a, 't>),
    /// This pool holds it and is disabled.
    Disabled(&'s Serving<'v, 'a, 't>),
    /// This pool holds it and does not select the Service.
    NotSelected(&'s Serving<'v, 'a, 't>),
    /// This pool holds it as the first or last address of a block, which is never handed out.
    Reserved(&'s Serving<'v, 'a, 't>),
    /// No pool holds it.
    Nowhere,
    /// Not to be known.
    Unknown,
}

/// The pools of a cluster, by address.
#[derive(Debug)]
pub struct PoolIndex<'v, 'a, 't> {
    /// The pools, in the view's order.
    pub pools: Vec<Serving<'v, 'a, 't>>,
    /// Every range with its pool, by first address.
    ranges: Vec<(Range, usize)>,
    /// The highest last address up to each range, family by family.
    reach: Vec<IpAddr>,
    /// Pools that only select Services with this label and value.
    by_label: BTreeMap<(String, String), Vec<usize>>,
    /// Pools that may select any Service.
    unlabelled: Vec<usize>,
    /// Why the cluster may have addresses that are not listed here.
    pub incomplete: Option<String>,
}

impl<'v, 'a, 't> PoolIndex<'v, 'a, 't> {
    /// The pools of a view.
    pub fn of(view: &'v ClusterView<'a, 't>) -> Self {
        let pools: Vec<Serving<'v, 'a, 't>> = view
            .pools
            .iter()
            .map(|pool| {
                let model = pool.model();
                Serving { pool, assignable: model.assignable(&view.profile), reserved: model.reserved(&view.profile) }
            })
            .collect();
        let mut ranges: Vec<(Range, usize)> = pools
            .iter()
            .enumerate()
            .flat_map(|(at, serving)| serving.pool.ranges().map(move |(_, block)| (block.range, at)))
            .collect();
        ranges.sort_unstable();
        let mut reach: Vec<IpAddr> = Vec::with_capacity(ranges.len());
        for (range, _) in &ranges {
            let before = reach.last().filter(|last| Family::of(**last) == range.family());
            reach.push(before.map_or(range.last(), |last| range.last().max(*last)));
        }
        let mut by_label: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
        let mut unlabelled = Vec::new();
        for (at, serving) in pools.iter().enumerate() {
            match &serving.pool.selector {
                Fact::Known(Some(Ok(selector))) => match selector.required_values() {
                    Some((key, values)) => {
                        values.into_iter().for_each(|v| by_label.entry((key.clone(), v)).or_default().push(at));
                    }
                    None => unlabelled.push(at),
                },
                _ => unlabelled.push(at),
            }
        }
        Self { pools, ranges, reach, by_label, unlabelled, incomplete: incomplete(view) }
    }

    /// The places of the pools that surely select a Service with these labels, in the view's order. Costs a look-up a
    /// label and a look at each pool that asks for none.
    pub fn selecting(&self, labels: &BTreeMap<String, String>) -> impl Iterator<Item = usize> {
        let labelled = labels.iter().filter_map(|(key, value)| self.by_label.get(&(key.clone(), value.clone())));
        let candidates: BTreeSet<usize> = labelled.flatten().chain(&self.unlabelled).copied().collect();
        candidates.into_iter().filter(|&at| self.pools[at].selects(labels) == Some(true))
    }

    /// The pools with a block that holds the address, in the view's order.
    pub fn holding(&self, address: IpAddr) -> impl Iterator<Item = &Serving<'v, 'a, 't>> {
        let behind = self.ranges.partition_point(|(range, _)| range.first() <= address);
        let holding: BTreeSet<usize> = (0..behind)
            .rev()
            .take_while(|&at| Family::of(self.reach[at]) == Family::of(address) && self.reach[at] >= address)
            .filter(|&at| self.ranges[at].0.contains(address))
            .map(|at| self.ranges[at].1)
            .collect();
        holding.into_iter().map(|at| &self.pools[at])
    }

    /// What becomes of a request for this address; without a Service whoever it is that asks.
    pub fn held(&self, address: IpAddr, service: Option<&Service>) -> Held<'_, 'v, 'a, 't> {
        let labels = service.map(Service::selectable_labels);
        let mut refused = Held::Nowhere;
        for serving in self.holding(address) {
            let selected = match &labels {
                Some(labels) => serving.selects(labels),
                None => Some(true),
            };
            let verdict = match (serving.pool.disabled.known(), selected) {
                (Some(true), _) => Held::Disabled(serving),
                (Some(false), Some(false)) => Held::NotSelected(serving),
                (Some(false), Some(true)) if serving.pool.allow_first_last.known().is_none() => return Held::Unknown,
                (Some(false), Some(true)) if serving.reserved.contains(&address) => Held::Reserved(serving),
                (Some(false), Some(true)) => return Held::Served(serving),
                (None, _) | (_, None) => return Held::Unknown,
            };
            // An enabled pool is the one whose reason Cilium shows.
            if !matches!((refused, verdict), (Held::NotSelected(_) | Held::Reserved(_), Held::Disabled(_))) {
                refused = verdict;
            }
        }
        if self.incomplete.is_some() { Held::Unknown } else { refused }
    }

    /// Whether some enabled pool has addresses of this family for a Service with these labels; `None` when that
    /// is not to be known.
    pub fn serves(&self, family: Family, labels: &BTreeMap<String, String>) -> Option<bool> {
        let mut unknown = self.incomplete.is_some();
        for serving in self.pools.iter().filter(|serving| !serving.assignable.of(family).is_empty()) {
            match (serving.pool.disabled.known(), serving.selects(labels)) {
                (Some(false), Some(true)) => return Some(true),
                (Some(true), _) | (_, Some(false)) => {}
                (None, _) | (_, None) => unknown = true,
            }
        }
        if unknown { None } else { Some(false) }
    }
}

impl Serving<'_, '_, '_> {
    /// Whether it selects a Service with these labels; `None` when the selector is not known or does not compile.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> Option<bool> {
        match &self.pool.selector {
            Fact::Known(None) => Some(true),
            Fact::Known(Some(Ok(selector))) => Some(selector.selects_all() || selector.matches(labels)),
            Fact::Known(Some(Err(_))) | Fact::Unknown(_) => None,
        }
    }

    /// Whether it selects every Service there is.
    pub fn selects_all(&self) -> bool {
        match &self.pool.selector {
            Fact::Known(None) => true,
            Fact::Known(Some(Ok(selector))) => selector.selects_all(),
            Fact::Known(Some(Err(_))) | Fact::Unknown(_) => false,
        }
    }
}

fn incomplete(view: &ClusterView<'_, '_>) -> Option<String> {
    if view.pools.is_empty() {
        return Some("the input holds no pool of this cluster".into());
    }
    for pool in &view.pools {
        let patched = pool.object.altered.as_deref().or_else(|| pool.uncertain());
        if let Some(why) = patched {
            return Some(format!("pool {}: {why}", pool.label()));
        }
        if pool.model().first_error().is_some() {
            return Some(format!("pool {} has a block that cannot be read", pool.label()));
        }
    }
    // A config that asks for pools says which there are; otherwise what was not followed may hold some.
    match view.cluster.not_checked.first() {
        Some(note) if view.plan.pools.is_empty() => Some(format!("{}: {}", note.what, note.because)),
        _ => None,
    }
}
