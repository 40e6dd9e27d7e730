//! Whether two simulations are in the same state, however they got there.
//!
//! The simulation numbers what it knows in the order of arrival. A [`Key`] has none of these numbers: ranges stand
//! under their pools, Services under their names, and whatever else is still pointed at (a range that its pool has
//! lost, a Service that is gone from the list but not from who shares) follows in the order in which it is met from
//! there. Two simulations of one profile whose keys are equal do the same for every later event, up to the numbers
//! that a pool's status counts, which nothing reads.

use super::cluster::Simulation;
use super::controller::{Controller, RangeId, ViewId};
use super::holders::HeldAddress;
use super::satisfy::Condition;
use crate::cilium::address::number;
use crate::cilium::pool::Pool;
use crate::cilium::request::Families;
use crate::cilium::service::{Service, ServiceKey};
use crate::cilium::sharing::Sharing;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// The whole state. Keys of one [`Keys`] can be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Vec<u128>);

/// Whether the order in which pools and Services were created counts. Only an operator that starts or wakes by
/// itself reads it: where one pool is always there, and each [`Event::Restart`] names all in order, nothing does.
///
/// [`Event::Restart`]: super::Event::Restart
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It counts.
    Counts,
    /// It does not.
    Forgotten,
}

/// Names for what a state is made of, the same for all states.
#[derive(Debug)]
pub struct Keys {
    created: Created,
    pools: Vec<Pool>,
    names: Vec<String>,
    services: Vec<Arc<Service>>,
    service_keys: Vec<Arc<ServiceKey>>,
    views: Vec<Wanted>,
    statuses: Vec<(Vec<String>, Option<Condition>)>,
}

/// What a view has from its Service.
type Wanted = (BTreeMap<String, String>, Families, Vec<IpAddr>, Sharing);

impl Keys {
    /// No names yet.
    pub fn new(created: Created) -> Keys {
        Keys {
            created,
            pools: Vec::new(),
            names: Vec::new(),
            services: Vec::new(),
            service_keys: Vec::new(),
            views: Vec::new(),
            statuses: Vec::new(),
        }
    }

    /// The key of this state.
    pub fn of(&mut self, simulation: &Simulation) -> Key {
        if let Some(panic) = simulation.panic {
            return Key(vec![u128::MAX, named(&mut self.names, panic.to_owned())]);
        }
        let mut key = vec![u128::from(simulation.asleep), u128::from(simulation.stuck)];
        key.push(wide(simulation.pools.len()));
        for (name, stored) in &simulation.pools {
            key.push(named(&mut self.names, name.clone()));
            key.push(like(&mut self.pools, &stored.pool));
            key.push(three(stored.status.conflict));
        }
        key.extend(self.estranged(simulation));
        key.push(wide(simulation.services.len()));
        for (name, stored) in &simulation.services {
            key.push(named(&mut self.service_keys, name.clone()));
            key.push(like(&mut self.services, &stored.service));
            key.push(named(&mut self.statuses, (stored.ingress.clone(), stored.condition)));
        }
        if self.created == Created::Counts {
            for name in simulation.pool_order.iter() {
                key.push(named(&mut self.names, name.clone()));
            }
            for name in simulation.service_order.iter() {
                key.push(named(&mut self.service_keys, name.clone()));
            }
        }
        Met::of(self, &simulation.controller, &mut key).tell();
        Key(key)
    }

    /// The pools whose status is not what the operator takes it to be. Whether it writes the status depends on its own
    /// numbers there.
    fn estranged(&mut self, simulation: &Simulation) -> Vec<u128> {
        let mut estranged = Vec::new();
        for (name, entry) in &simulation.controller.pools {
            let stored = simulation.pools.get(name).map(|stored| stored.status);
            if stored != Some(entry.status) {
                estranged.push(named(&mut self.names, format!("{name} {stored:?} {:?}", entry.status)));
            }
        }
        estranged.push(u128::MAX);
        estranged
    }
}

fn wide(count: usize) -> u128 {
    count as u128
}

fn three(mark: Option<bool>) -> u128 {
    match mark {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    }
}

/// The place of a thing among those that have a name.
fn named<T: PartialEq>(all: &mut Vec<T>, one: T) -> u128 {
    wide(all.iter().position(|other| *other == one).unwrap_or_else(|| {
        all.push(one);
        all.len() - 1
    }))
}

fn like<T: PartialEq + Clone>(all: &mut Vec<T>, one: &T) -> u128 {
    wide(all.iter().position(|other| other == one).unwrap_or_else(|| {
        all.push(one.clone());
        all.len() - 1
    }))
}

/// A walk through the operator's memory, which numbers what it meets.
struct Met<'w> {
    keys: &'w mut Keys,
    controller: &'w Controller,
    key: &'w mut Vec<u128>,
    ranges: Vec<RangeId>,
    views: Vec<ViewId>,
    clusters: Vec<usize>,
    /// Of each place in a known Service's own list, its number.
    slots: BTreeMap<usize, u128>,
}

impl<'w> Met<'w> {
    fn of(keys: &'w mut Keys, controller: &'w Controller, key: &'w mut Vec<u128>) -> Met<'w> {
        Met {
            keys,
            controller,
            key,
            ranges: Vec::new(),
            views: Vec::new(),
            clusters: Vec::new(),
            slots: BTreeMap::new(),
        }
    }

    fn tell(mut self) {
        let controller = self.controller;
        self.key.push(wide(controller.pools.len()));
        for (name, entry) in &controller.pools {
            let start = [
                named(&mut self.keys.names, name.clone()),
                like(&mut self.keys.pools, &entry.pool),
                three(entry.status.conflict),
                wide(entry.ranges.len()),
            ];
            self.key.extend(start);
            for &range in &entry.ranges {
                self.range(range);
            }
        }
        let order = controller.order();
        self.key.push(wide(order.len()));
        for range in order {
            let met = self.range(range);
            self.key.push(met);
        }
        self.key.push(wide(controller.by_key.len()));
        for &view in controller.by_key.values() {
            self.view(view);
        }
        // Only these lists are still written to; every other place keeps what it has.
        for (&view, at) in controller.by_key.values().zip(0_u128..) {
            for (slot, place) in controller.views[view].held.places().zip(0_u128..) {
                self.slots.insert(slot, (at << 64) | (place << 1) | 1);
            }
        }
        self.shared();
        self.key.push(wide(controller.patches.len()));
        for patch in &controller.patches {
            let met = self.view(patch.view);
            let status = format!("{:?} {:?}", patch.ingress, patch.condition);
            let status = named(&mut self.keys.names, status);
            self.key.extend([met, status]);
        }
        self.rest();
    }

    /// What sharing keys lead to.
    fn shared(&mut self) {
        let shared = &self.controller.shared;
        for (name, places) in &shared.places {
            let start = [named(&mut self.keys.names, name.clone()), wide(places.len())];
            self.key.extend(start);
            for &place in places {
                match self.slots.get(&place) {
                    Some(&slot) => self.key.push(slot),
                    None => {
                        self.key.push(0);
                        self.held(shared.slots[place]);
                    }
                }
            }
        }
        self.key.push(u128::MAX);
        for (name, clusters) in &shared.clusters {
            let start = [named(&mut self.keys.names, name.clone()), wide(clusters.len())];
            self.key.extend(start);
            for &cluster in clusters {
                let met = self.cluster(cluster);
                self.key.push(met);
            }
        }
        self.key.push(u128::MAX);
    }

    /// All that was met, with what is met from there.
    fn rest(&mut self) {
        let (mut ranges, mut views, mut clusters) = (0, 0, 0);
        loop {
            if let Some(&range) = self.ranges.get(ranges) {
                ranges += 1;
                self.tell_range(range);
            } else if let Some(&view) = self.views.get(views) {
                views += 1;
                self.tell_view(view);
            } else if let Some(&cluster) = self.clusters.get(clusters) {
                clusters += 1;
                self.tell_cluster(cluster);
            } else {
                return;
            }
        }
    }

    fn tell_range(&mut self, range: RangeId) {
        let range = &self.controller.ranges[range];
        let (first, last) = (range.range.first(), range.range.last());
        let start = [
            u128::from(first.is_ipv4()),
            number(first),
            number(last),
            u128::from(range.disabled),
            u128::from(range.conflicting),
            named(&mut self.keys.names, range.pool.to_string()),
            wide(range.holders.len()),
        ];
        self.key.extend(start);
        for (&address, &holder) in &range.holders {
            let holder = holder.map_or(0, |cluster| self.cluster(cluster) + 1);
            self.key.extend([address, holder]);
        }
        self.key.push(wide(range.gaps.layout().count()));
        range.gaps.layout().for_each(|gap| self.key.extend(gap));
    }

    fn tell_view(&mut self, id: ViewId) {
        let controller = self.controller;
        let view = &controller.views[id];
        let wanted = (view.labels.clone(), view.families, view.requested.clone(), view.sharing.clone());
        let start = [
            named(&mut self.keys.service_keys, view.key.clone()),
            u128::from(controller.by_key.get(&view.key) == Some(&id)),
            named(&mut self.keys.views, wanted),
            named(&mut self.keys.statuses, (view.ingress.clone(), view.condition)),
            u128::from(controller.satisfied.contains(&id)),
            u128::from(controller.unsatisfied.contains(&id)),
            wide(view.held.len()),
            // A list that is full moves to another place with the next address, and pointers into it stay behind.
            if controller.has_clusters() { 0 } else { wide(view.held.places().len()) },
        ];
        self.key.extend(start);
        for at in 0..view.held.len() {
            self.held(view.held.get(&controller.shared.slots, at));
        }
    }

    fn tell_cluster(&mut self, cluster: usize) {
        let controller = self.controller;
        let services = controller.clusters.services(cluster);
        self.key.push(wide(services.len()));
        for &view in services {
            let met = self.view(view);
            self.key.push(met);
        }
        self.held(controller.clusters.address(cluster).filter(|_| controller.has_clusters()));
    }

    fn held(&mut self, held: Option<HeldAddress>) {
        match held {
            Some(held) => {
                let range = self.range(held.range);
                self.key.extend([range + 1, number(held.address)]);
            }
            None => self.key.push(0),
        }
    }

    fn range(&mut self, range: RangeId) -> u128 {
        named(&mut self.ranges, range)
    }

    fn view(&mut self, view: ViewId) -> u128 {
        named(&mut self.views, view)
    }

    fn cluster(&mut self, cluster: usize) -> u128 {
        named(&mut self.clusters, cluster)
    }
}
