//! Giving a Service what it lacks: the addresses it asks for, or one of each family.

use super::chance::{Chance, shuffled};
use super::controller::{BAD_SELECTOR, Controller, RangeId, Stop, ViewId, plain};
use super::holders::HeldAddress;
use crate::cilium::address::{Family, number};
use crate::cilium::effort::looked;
use crate::cilium::profile::ReservedWithKey;
use crate::cilium::sharing::Incompatible;
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// Why a Service has not all that it asks for; the reasons of the condition `cilium.io/IPAMRequestSatisfied`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Asked for: no enabled range contains the address.
    NoPoolContains(IpAddr),
    /// Asked for: a range contains the address, its pool does not select the Service.
    SelectorMismatch(IpAddr),
    /// Asked for: taken, and the Service has no sharing key. A reserved first or last address counts as taken.
    AlreadyAllocated(IpAddr),
    /// Asked for: taken, and it cannot be shared with who holds it.
    Incompatible(IpAddr, Incompatible),
    /// Any address of a family: no enabled pool matches.
    NoPool,
    /// Any address of a family: all pools that match are full.
    OutOfAddresses,
}

impl Reason {
    /// The word in the condition. 1.15 and 1.16 have another one for the incompatible.
    pub fn word(self, profile: &crate::cilium::Profile) -> &'static str {
        match self {
            Reason::NoPoolContains(_) | Reason::NoPool => "no_pool",
            Reason::SelectorMismatch(_) => "pool_selector_mismatch",
            Reason::AlreadyAllocated(_) => "already_allocated",
            Reason::Incompatible(..) => profile.incompatible_reason,
            Reason::OutOfAddresses => "out_of_ips",
        }
    }
}

/// The sentence in the condition (1.17 and later).
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoPoolContains(ip) => write!(f, "No pool exists with a CIDR containing '{ip}'"),
            Reason::SelectorMismatch(ip) => {
                write!(f, "The pool with the CIDR containing '{ip}', doesn't select this service")
            }
            Reason::AlreadyAllocated(ip) => write!(f, "The IP '{ip}' is already allocated to another service"),
            Reason::Incompatible(ip, why) => {
                write!(f, "The IP '{ip}' is already allocated to an incompatible service. Reason: {why}")
            }
            Reason::NoPool => f.write_str("There are no enabled CiliumLoadBalancerIPPools that match this service"),
            Reason::OutOfAddresses => {
                f.write_str("All enabled CiliumLoadBalancerIPPools that match this service ran out of allocatable IPs")
            }
        }
    }
}

/// The condition `cilium.io/IPAMRequestSatisfied` of a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// True.
    Satisfied,
    /// False.
    Pending(Reason),
}

impl Controller {
    /// Try to give every unsatisfied Service what it lacks; the order among them is left to chance.
    ///
    /// Only the order of those that can get something, or share a key with one that can, makes a difference; the
    /// others come behind them. Where one may end the walk in an error, it matters of all who comes before it. Those
    /// that are set aside are left out, as their attempts would change nothing ([`super::waiting`]).
    pub(super) fn satisfy_services(&mut self, chance: &mut dyn Chance) -> Result<(), Stop> {
        if self.unsatisfied.len() > 1 && self.room.may_fail() {
            let all = self.unsatisfied.iter().copied().collect();
            return self.attempt(shuffled(chance, all), chance);
        }
        let first = self.contenders();
        let among_first: BTreeSet<ViewId> = first.iter().copied().collect();
        self.attempt(shuffled(chance, first), chance)?;
        let rest = self.unsatisfied.sorted(self.waiting.stirred().filter(|view| !among_first.contains(view)));
        self.attempt(rest, chance)
    }

    fn attempt(&mut self, views: Vec<ViewId>, chance: &mut dyn Chance) -> Result<(), Stop> {
        for view in views {
            if self.satisfy(view, chance)? {
                self.patch(view);
            }
            self.file(view);
        }
        Ok(())
    }

    /// Those that could gain something, and those that share a key with one of them, in the order of the map.
    fn contenders(&self) -> Vec<ViewId> {
        let stirred = self.unsatisfied.sorted(self.waiting.stirred());
        let able: BTreeSet<ViewId> = stirred.iter().copied().filter(|&view| self.could_gain(view)).collect();
        let keys: BTreeSet<&String> = able.iter().filter_map(|&view| self.views[view].sharing.key.as_ref()).collect();
        let shares = |view: &ViewId| self.views[*view].sharing.key.as_ref().is_some_and(|key| keys.contains(key));
        let some = stirred.into_iter().filter(|view| able.contains(view) || shares(view));
        self.unsatisfied.sorted(some.chain(keys.iter().flat_map(|key| self.waiting.quiet_with_key(key))))
    }

    /// Whether an attempt now could change more than the view's own condition, or end in an error.
    pub(super) fn could_gain(&self, view: ViewId) -> bool {
        looked();
        let this = &self.views[view];
        let held: Vec<HeldAddress> = this.held.iter(&self.shared.slots).collect();
        if !this.requested.is_empty() {
            let open = |wanted: IpAddr| {
                self.near.containing(wanted).filter(|&range| self.ranges[range].serves()).any(|range| {
                    match (self.selects(range, view), self.ranges[range].holders.get(&number(wanted))) {
                        (Ok(Some(true)), Some(Some(cluster))) => {
                            this.sharing.key.is_some() && self.joins(view, *cluster).is_ok()
                        }
                        (Ok(Some(true)), Some(None)) => this.sharing.key.is_some(),
                        (Ok(Some(true)), None) | (Err(_), _) => true,
                        (Ok(_), _) => false,
                    }
                })
            };
            return this.requested.iter().any(|&wanted| held.iter().all(|h| h.address != wanted) && open(wanted));
        }
        this.families.iter().filter(|&family| held.iter().all(|h| Family::of(h.address) != family)).any(|family| {
            this.sharing.key.as_ref().is_some_and(|key| self.could_join(view, family, key))
                || self.room.of(&this.labels, family).choices() > 0
        })
    }

    /// Try to give this Service what it lacks. True if its status is to be written.
    pub(super) fn satisfy(&mut self, view: ViewId, chance: &mut dyn Chance) -> Result<bool, Stop> {
        let before = (self.views[view].held.len(), self.views[view].condition);
        self.stir(view);
        let mut modified = if self.views[view].requested.is_empty() {
            self.satisfy_generic(view, chance)?
        } else {
            self.satisfy_requested(view, chance)?
        };
        let held: Vec<HeldAddress> = self.views[view].held.iter(&self.shared.slots).collect();
        for one in held {
            if self.views[view].ingress.iter().any(|text| plain(text) == Some(one.address)) {
                continue;
            }
            self.views[view].ingress.push(one.address.to_string());
            modified = true;
            if !self.has_clusters()
                && let Some(key) = self.views[view].sharing.key.clone()
            {
                self.shared.add_copy(&key, one);
                self.stir_sharers(view);
            }
        }
        if self.views[view].is_satisfied() && self.set_condition(view, Condition::Satisfied) {
            modified = true;
        }
        self.file(view);
        let this = &self.views[view];
        let in_vain = !modified && before == (this.held.len(), this.condition) && !this.is_satisfied();
        if in_vain && !self.could_gain(view) {
            self.waiting.set_aside(view, &self.views[view]);
        }
        Ok(modified)
    }

    fn set_condition(&mut self, view: ViewId, condition: Condition) -> bool {
        let old = self.views[view].condition.replace(condition);
        match (old, condition) {
            // Up to 1.16 all incompatibilities read the same.
            (Some(Condition::Pending(Reason::Incompatible(a, _))), Condition::Pending(Reason::Incompatible(b, _)))
                if self.profile.facts_of < 17 =>
            {
                a != b
            }
            _ => old != Some(condition),
        }
    }

    fn satisfy_requested(&mut self, view: ViewId, chance: &mut dyn Chance) -> Result<bool, Stop> {
        let mut modified = false;
        for wanted in self.views[view].requested.clone() {
            if self.views[view].held.iter(&self.shared.slots).any(|held| held.address == wanted) {
                continue;
            }
            match self.take_requested(view, wanted, chance)? {
                Ok(held) => {
                    self.touch(held.range);
                    self.hold(view, held);
                }
                Err(reason) => modified |= self.set_condition(view, Condition::Pending(reason)),
            }
        }
        Ok(modified)
    }

    /// Take or join the address that is asked for.
    fn take_requested(
        &mut self,
        view: ViewId,
        wanted: IpAddr,
        chance: &mut dyn Chance,
    ) -> Result<Result<HeldAddress, Reason>, Stop> {
        let range = match self.range_of(view, wanted, chance)? {
            Ok(range) => range,
            Err(contained) => {
                return Ok(Err(if contained {
                    Reason::SelectorMismatch(wanted)
                } else {
                    Reason::NoPoolContains(wanted)
                }));
            }
        };
        let held = HeldAddress { address: wanted, range };
        let at = number(wanted);
        let Some(holder) = self.ranges[range].holders.get(&at).copied() else {
            let cluster = self.clusters.add(view, Some(held));
            self.take(range, at, Some(cluster));
            if self.has_clusters()
                && let Some(key) = self.views[view].sharing.key.clone()
            {
                self.shared.add_cluster(&key, cluster);
            }
            return Ok(Ok(held));
        };
        if self.views[view].sharing.key.is_none() {
            return Ok(Err(Reason::AlreadyAllocated(wanted)));
        }
        let cluster = match (holder, self.profile.reserved_with_key) {
            (Some(cluster), _) => cluster,
            (None, ReservedWithKey::Panics) => {
                return Err(Stop::Panic("a reserved address is asked for with a sharing key"));
            }
            (None, ReservedWithKey::HandedOut) => {
                let cluster = self.clusters.empty();
                self.ranges[range].holders.insert(at, Some(cluster));
                self.stir_asking(wanted);
                cluster
            }
        };
        match self.joins(view, cluster) {
            Ok(()) => {
                self.join(view, held, cluster);
                Ok(Ok(held))
            }
            Err(why) => Ok(Err(Reason::Incompatible(wanted, why))),
        }
    }

    /// Whether the Service is compatible with all who are in the cluster; from 1.20 it passes over itself.
    pub(super) fn joins(&self, view: ViewId, cluster: usize) -> Result<(), Incompatible> {
        let clusters = self.has_clusters();
        self.clusters
            .services(cluster)
            .iter()
            .filter(|&&other| !(clusters && other == view))
            .inspect(|_| looked())
            .try_for_each(|&other| self.views[other].sharing.compatible(&self.views[view].sharing, self.ports))
    }

    /// The range that serves this address to this Service; else whether any enabled range contains it.
    pub(super) fn range_of(
        &self,
        view: ViewId,
        address: IpAddr,
        chance: &mut dyn Chance,
    ) -> Result<Result<RangeId, bool>, Stop> {
        let mut contained = false;
        let mut candidates = Vec::new();
        for range in self.serving_at(address) {
            match self.selects(range, view) {
                Ok(None) => {}
                Ok(Some(false)) => contained = true,
                Ok(Some(true)) => candidates.push(Ok(range)),
                Err(stop) => candidates.push(Err(stop)),
            }
            if !candidates.is_empty() && !self.has_clusters() {
                break;
            }
        }
        // Up to 1.19 the first in the list; from 1.20 chance decides.
        let several = self.has_clusters() && candidates.len() > 1;
        let chosen = if several { chance.choose(candidates.len()) } else { 0 };
        candidates.into_iter().nth(chosen).transpose().map(|range| range.ok_or(contained))
    }

    /// The ranges that serve and contain the address, in the order in which all ranges stand.
    pub(super) fn serving_at(&self, address: IpAddr) -> Vec<RangeId> {
        let mut here: Vec<RangeId> =
            self.near.containing(address).filter(|&range| self.ranges[range].serves()).collect();
        here.sort_unstable();
        if self.has_clusters() {
            // A stable sort: within a pool they stand as they came.
            here.sort_by(|&one, &two| self.ranges[one].pool.cmp(&self.ranges[two].pool));
        }
        here
    }

    pub(super) fn hold(&mut self, view: ViewId, held: HeldAddress) -> usize {
        let place = self.views[view].held.push(&mut self.shared.slots, held);
        self.stir_sharers(view);
        place
    }

    fn satisfy_generic(&mut self, view: ViewId, chance: &mut dyn Chance) -> Result<bool, Stop> {
        let held: Vec<Family> =
            self.views[view].held.iter(&self.shared.slots).map(|held| Family::of(held.address)).collect();
        let mut modified = false;
        for family in self.views[view].families.iter().filter(|family| !held.contains(family)) {
            // Only the last family's answer says whether the status is written, so two failures that read the same
            // leave a new Service without any condition.
            modified = match self.take_any(view, family, chance)? {
                Ok(held) => {
                    self.touch(held.range);
                    self.hold(view, held);
                    false
                }
                Err(reason) => self.set_condition(view, Condition::Pending(reason)),
            };
        }
        Ok(modified)
    }

    /// Join an address of the key, or take the next one.
    fn take_any(
        &mut self,
        view: ViewId,
        family: Family,
        chance: &mut dyn Chance,
    ) -> Result<Result<HeldAddress, Reason>, Stop> {
        if let Some(key) = self.views[view].sharing.key.clone() {
            let joined = if self.has_clusters() {
                self.join_cluster(view, family, &key)
            } else {
                self.join_place(view, family, &key)?
            };
            if let Some(held) = joined {
                return Ok(Ok(held));
            }
        }
        let rooms = self.room.of(&self.views[view].labels, family);
        let choices = rooms.choices();
        let several = self.has_clusters() && choices > 1;
        let chosen = if several { chance.choose(choices) } else { 0 };
        let range = match rooms.choice(chosen) {
            Some(Ok(range)) => range,
            Some(Err(())) => return Err(BAD_SELECTOR),
            None => return Ok(Err(if rooms.any_serves { Reason::OutOfAddresses } else { Reason::NoPool })),
        };
        let Some(address) = self.ranges[range].gaps.next().and_then(|next| family.address(next)) else {
            return Ok(Err(Reason::OutOfAddresses));
        };
        let held = HeldAddress { address, range };
        let cluster = self.clusters.add(view, Some(held));
        self.take(range, number(address), Some(cluster));
        if self.has_clusters()
            && let Some(key) = self.views[view].sharing.key.clone()
        {
            self.shared.add_cluster(&key, cluster);
        }
        Ok(Ok(held))
    }

    /// Whether an address of the key can be joined, or the search for one ends in an error.
    fn could_join(&self, view: ViewId, family: Family, key: &str) -> bool {
        if self.has_clusters() {
            self.joinable_cluster(view, family, key).is_some()
        } else {
            !matches!(self.joinable_place(view, family, key), Ok(None))
        }
    }

    fn join_cluster(&mut self, view: ViewId, family: Family, key: &str) -> Option<HeldAddress> {
        let (cluster, held) = self.joinable_cluster(view, family, key)?;
        self.join(view, held, cluster);
        Some(held)
    }

    fn joinable_cluster(&self, view: ViewId, family: Family, key: &str) -> Option<(usize, HeldAddress)> {
        self.shared.clusters.get(key)?.iter().find_map(|&cluster| {
            let address = self.clusters.address(cluster).filter(|held| Family::of(held.address) == family)?;
            self.joins(view, cluster).ok().map(|()| (cluster, address))
        })
    }

    fn join_place(&mut self, view: ViewId, family: Family, key: &str) -> Result<Option<HeldAddress>, Stop> {
        let found = self.joinable_place(view, family, key)?;
        if let Some((cluster, held)) = found {
            self.join(view, held, cluster);
        }
        Ok(found.map(|(_, held)| held))
    }

    fn joinable_place(&self, view: ViewId, family: Family, key: &str) -> Result<Option<(usize, HeldAddress)>, Stop> {
        for &place in self.shared.places.get(key).into_iter().flatten() {
            let Some(held) = self.shared.slots[place] else {
                // An emptied place is no IPv6 address, so the search for an IPv4 one follows it to nowhere.
                if family == Family::V4 {
                    return Err(Stop::Panic("the sharing index points at an address that is gone"));
                }
                continue;
            };
            if Family::of(held.address) != family {
                continue;
            }
            let Some(Some(cluster)) = self.ranges[held.range].holders.get(&number(held.address)).copied() else {
                continue;
            };
            if !self.clusters.services(cluster).is_empty() && self.joins(view, cluster).is_ok() {
                return Ok(Some((cluster, held)));
            }
        }
        Ok(None)
    }
}
