//! What the operator holds in memory: pools with their ranges, Services with their addresses.

use super::cluster::PoolStatus;
use super::conflict::Overlaps;
use super::gaps::Gaps;
use super::holders::{Clusters, Held, HeldAddress, SharedIndex};
use super::places::Places;
use super::room::{ClassId, Room};
use super::satisfy::Condition;
use super::waiting::Waiting;
use crate::cilium::address::{Family, number, parse_address};
use crate::cilium::effort::looked;
use crate::cilium::near::Near;
use crate::cilium::pool::Pool;
use crate::cilium::profile::{PortRule, Profile};
use crate::cilium::range::Range;
use crate::cilium::request::{ClusterFlags, Families};
use crate::cilium::service::ServiceKey;
use crate::cilium::sharing::Sharing;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Why the operator stops in the middle of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// It returns an error to its work queue, which comes back to the event later.
    Error(&'static str),
    /// It ends, and ends again when it comes back as long as the cause is there.
    Panic(&'static str),
}

/// A pool selects nobody and refuses nobody: asking it is an error.
pub(super) const BAD_SELECTOR: Stop = Stop::Error("the pool's selector cannot be compiled");
/// There is no pool to write the status of.
pub(super) const POOL_IS_GONE: Stop = Stop::Error("the pool is gone");

pub(super) type RangeId = usize;
pub(super) type ViewId = usize;

/// One range of a pool. It stays in memory when its pool is gone, as long as something still points at it.
#[derive(Debug, Clone)]
pub(super) struct PoolRange {
    pub range: Range,
    pub gaps: Gaps,
    /// Who holds which address; `None` is Cilium itself, for a first or last address.
    pub holders: BTreeMap<u128, Option<usize>>,
    /// The pool says `disabled`.
    pub disabled: bool,
    /// The pool is in conflict with another, or with itself.
    pub conflicting: bool,
    pub pool: Arc<str>,
    /// Its pool still has it.
    pub listed: bool,
}

impl PoolRange {
    pub(super) fn serves(&self) -> bool {
        self.listed && !self.disabled && !self.conflicting
    }

    /// Take a free address; false if it is not free.
    fn take(&mut self, address: u128, holder: Option<usize>) -> bool {
        if self.holders.contains_key(&address) {
            return false;
        }
        self.gaps.take(address);
        self.holders.insert(address, holder);
        true
    }

    fn free(&mut self, address: u128) {
        if self.holders.remove(&address).is_some() {
            self.gaps.release(address);
        }
    }
}

/// A pool that the operator knows.
#[derive(Debug, Clone)]
pub(super) struct PoolEntry {
    pub pool: Pool,
    /// In the order in which they serve.
    pub ranges: Vec<RangeId>,
    /// Pools with the same selector.
    pub class: ClassId,
    /// Its copy of the status. A patch writes the whole of it, and there is none where the copy stays as it is.
    pub status: PoolStatus,
}

/// The operator's view of a Service.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub key: Arc<ServiceKey>,
    /// It is the one that is known by this key.
    pub known: bool,
    pub labels: BTreeMap<String, String>,
    pub families: Families,
    pub requested: Vec<IpAddr>,
    pub sharing: Sharing,
    /// Every sharing key that it has had: places in its list may still be found by them.
    pub keys: BTreeSet<String>,
    /// Its copy of the status.
    pub ingress: Vec<String>,
    pub condition: Option<Condition>,
    /// The addresses that it counts as the Service's own.
    pub held: Held,
}

impl View {
    /// Whether the status has all that is asked for (`isSatisfied`).
    pub(super) fn is_satisfied(&self) -> bool {
        if !self.requested.is_empty() {
            let there: Vec<IpAddr> = self.ingress.iter().filter_map(|text| plain(text)).collect();
            return self.requested.iter().all(|wanted| there.contains(wanted));
        }
        // What is no address at all counts as IPv6, and an IPv4-mapped one as IPv4.
        let v4 = |text: &String| match plain(text) {
            Some(IpAddr::V4(_)) => true,
            Some(IpAddr::V6(address)) => address.to_ipv4_mapped().is_some(),
            None => false,
        };
        let has_v4 = self.ingress.iter().any(v4);
        let has_v6 = self.ingress.iter().any(|text| !v4(text));
        (has_v4 || !self.families.v4) && (has_v6 || !self.families.v6)
    }
}

/// An address of a status, if it is one.
pub(super) fn plain(text: &str) -> Option<IpAddr> {
    parse_address(text).ok().filter(|written| written.zone.is_none()).map(|written| written.address)
}

/// A status as it was when it was found to differ: an error later in the same event leaves it so in the cluster, while
/// the operator's memory has gone on.
#[derive(Debug, Clone)]
pub(super) struct Patch {
    pub view: ViewId,
    pub ingress: Vec<String>,
    pub condition: Option<Condition>,
}

/// The operator's memory.
#[derive(Debug, Clone)]
pub(super) struct Controller {
    pub profile: Profile,
    pub flags: ClusterFlags,
    pub ports: PortRule,
    pub pools: BTreeMap<String, PoolEntry>,
    /// Their names in the order of the map that they are in.
    pub pool_places: Places<String>,
    pub ranges: Vec<PoolRange>,
    /// The ranges that pools have, by where they lie and by whom they can serve.
    pub near: Near<RangeId>,
    pub room: Room,
    pub overlaps: Overlaps,
    pub views: Vec<View>,
    pub by_key: BTreeMap<Arc<ServiceKey>, ViewId>,
    pub satisfied: Places<ViewId>,
    pub unsatisfied: Places<ViewId>,
    /// Which of the unsatisfied are worth an attempt.
    pub waiting: Waiting,
    pub clusters: Clusters,
    pub shared: SharedIndex,
    /// Statuses to write, in order.
    pub patches: Vec<Patch>,
    /// Pools whose counts may have changed since they were last written.
    pub touched: BTreeSet<Arc<str>>,
    /// Pools whose status is to be written for their mark.
    pub remarked: BTreeSet<String>,
    /// Pools that were deleted while the operator did not finish its start, which it never hears: their status cannot
    /// be written.
    pub gone: BTreeSet<String>,
}

impl Controller {
    pub(super) fn new(profile: Profile, flags: ClusterFlags) -> Controller {
        let ports = crate::cilium::sharing::port_rule(&flags, &profile);
        Controller {
            profile,
            flags,
            ports,
            pools: BTreeMap::new(),
            pool_places: Places::default(),
            ranges: Vec::new(),
            near: Near::default(),
            room: Room::default(),
            overlaps: Overlaps::default(),
            views: Vec::new(),
            by_key: BTreeMap::new(),
            satisfied: Places::default(),
            unsatisfied: Places::default(),
            waiting: Waiting::default(),
            clusters: Clusters::default(),
            shared: SharedIndex::default(),
            patches: Vec::new(),
            touched: BTreeSet::new(),
            remarked: BTreeSet::new(),
            gone: BTreeSet::new(),
        }
    }

    /// Whether addresses are shared by way of clusters, the store of 1.20 (#45602).
    pub(super) fn has_clusters(&self) -> bool {
        self.profile.facts_of >= 20
    }

    /// Put the view among the satisfied or the others, which is how the operator comes to know it.
    pub(super) fn file(&mut self, view: ViewId) {
        let this = &mut self.views[view];
        if !this.known {
            this.known = *self.by_key.entry(this.key.clone()).or_insert(view) == view;
        }
        let (to, from) = if self.views[view].is_satisfied() {
            (&mut self.satisfied, &mut self.unsatisfied)
        } else {
            (&mut self.unsatisfied, &mut self.satisfied)
        };
        from.remove(&view);
        to.insert(view);
        if self.unsatisfied.contains(&view) {
            self.waiting.lacks(view);
        } else {
            self.waiting.leave(view, &self.views[view]);
        }
    }

    /// Something about this Service has changed.
    pub(super) fn stir(&mut self, view: ViewId) {
        self.waiting.stir(view, &self.views[view]);
    }

    /// What this Service holds, or how it shares, has changed: that may matter to all who have a key that it had.
    pub(super) fn stir_sharers(&mut self, view: ViewId) {
        self.stir(view);
        for key in &self.views[view].keys {
            self.waiting.stir_key(key, &self.views);
        }
    }

    /// Who holds the address, or how they share it, has changed.
    pub(super) fn stir_asking(&mut self, address: IpAddr) {
        self.waiting.stir_asking(address, &self.views);
    }

    /// Take a free address of a range; false if it is not free.
    pub(super) fn take(&mut self, range: RangeId, address: u128, holder: Option<usize>) -> bool {
        let taken = self.ranges[range].take(address, holder);
        if taken {
            self.passed_on(range, address);
            if self.ranges[range].gaps.is_full() {
                self.regard(range);
            }
        }
        taken
    }

    /// Give an address back to its range.
    pub(super) fn free(&mut self, range: RangeId, address: u128) {
        let was_full = self.ranges[range].gaps.is_full();
        self.ranges[range].free(address);
        self.passed_on(range, address);
        if was_full {
            self.regard(range);
        }
    }

    /// Have a Service in a cluster that holds this address.
    pub(super) fn join(&mut self, view: ViewId, held: HeldAddress, cluster: usize) {
        self.clusters.join(cluster, view);
        self.stir_asking(held.address);
    }

    /// Take a Service out of a cluster that holds this address. True if it was in and none is left.
    pub(super) fn leave(&mut self, view: ViewId, held: HeldAddress, cluster: usize) -> bool {
        let left = self.clusters.leave(cluster, view);
        self.stir_asking(held.address);
        left
    }

    fn passed_on(&mut self, range: RangeId, address: u128) {
        if let Some(address) = self.family_of(range).address(address) {
            self.stir_asking(address);
        }
    }

    /// Have a range in its pool, or no longer.
    pub(super) fn list(&mut self, range: RangeId, listed: bool) {
        let entry = &mut self.ranges[range];
        if entry.listed == listed {
            return;
        }
        entry.listed = listed;
        let place = entry.range;
        if listed {
            self.overlaps.come(range, &self.ranges, &self.near);
            self.near.insert(place, range);
        } else {
            self.near.remove(place, range);
            self.overlaps.go(range, &self.ranges, &self.near);
        }
        self.regard(range);
    }

    /// Note whether a range serves and has a free address, and have those look again to whom a change matters.
    pub(super) fn regard(&mut self, range: RangeId) {
        let entry = &self.ranges[range];
        let Some(pool) = self.pools.get(&*entry.pool) else { return };
        let one_list: Arc<str> = Arc::default();
        let shelf = if self.has_clusters() { &entry.pool } else { &one_list };
        let state = (entry.serves(), !entry.gaps.is_full());
        let change = self.room.note(pool.class, entry.range.family(), (shelf, range), state);
        if (change.serving || change.opened)
            && let Some(selector) = self.room.selector(pool.class)
        {
            self.waiting.stir_selected(selector, &self.views);
        }
        if change.serving {
            self.waiting.stir_asking_in(entry.range, &self.views);
        }
    }

    /// The pool has another selector now.
    pub(super) fn select_anew(&mut self, name: &str) {
        let Some(entry) = self.pools.get(name) else { return };
        let (old, ranges) = (entry.class, entry.ranges.clone());
        let new = self.room.enter(&entry.pool.selector);
        if new != old {
            ranges.iter().for_each(|&range| self.list(range, false));
            if let Some(entry) = self.pools.get_mut(name) {
                entry.class = new;
            }
            ranges.iter().for_each(|&range| self.list(range, true));
        }
        self.room.leave(old);
    }

    /// The ranges that pools have, in the order in which they serve: up to 1.19 as they came. From 1.20 pool by pool,
    /// which only makes the order of choices stable.
    pub(super) fn order(&self) -> Vec<RangeId> {
        let mut order: Vec<RangeId> = self.pools.values().flat_map(|entry| entry.ranges.iter().copied()).collect();
        if !self.has_clusters() {
            order.sort_unstable();
        }
        order
    }

    /// Whether the pool of this range selects the Service; `None` where the pool is gone.
    pub(super) fn selects(&self, range: RangeId, view: ViewId) -> Result<Option<bool>, Stop> {
        looked();
        let Some(entry) = self.pools.get(&*self.ranges[range].pool) else { return Ok(None) };
        match entry.pool.selects(&self.views[view].labels) {
            Ok(selected) => Ok(Some(selected)),
            Err(_) => Err(BAD_SELECTOR),
        }
    }

    /// The services that hold this address, and whether it is held at all.
    pub(super) fn holders(&self, held: HeldAddress) -> (&[ViewId], bool) {
        match self.ranges[held.range].holders.get(&number(held.address)) {
            Some(Some(cluster)) => (self.clusters.services(*cluster), true),
            Some(None) => (&[], true),
            None => (&[], false),
        }
    }

    /// Have this Service's status written as it is now.
    pub(super) fn patch(&mut self, view: ViewId) {
        let View { ingress, condition, .. } = &self.views[view];
        self.patches.push(Patch { view, ingress: ingress.clone(), condition: *condition });
    }

    pub(super) fn touch(&mut self, range: RangeId) {
        let pool = self.ranges[range].pool.clone();
        self.touched.insert(pool);
    }

    pub(super) fn family_of(&self, range: RangeId) -> Family {
        self.ranges[range].range.family()
    }
}
