//! A cluster in which things happen: the API server's objects, and the operator that reads them.

use super::arrivals::{Arrivals, Turn};
use super::chance::Chance;
use super::controller::{Controller, POOL_IS_GONE, Patch, Stop, View};
use super::holders::Held;
use super::satisfy::Condition;
use crate::cilium::count::Count;
use crate::cilium::pool::Pool;
use crate::cilium::profile::{Profile, Startup};
use crate::cilium::request::{ClusterFlags, families, requested, responsible};
use crate::cilium::service::{Service, ServiceKey};
use crate::cilium::sharing::Sharing;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

/// How often the operator tries to finish its start before it is taken to be stuck: nothing changes in between.
const START_RETRIES: usize = 20;
/// How many answers to its own writes the operator gets at most after one event.
const FEEDBACK_CAP: usize = 50;

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A pool is created or edited.
    Pool(Pool),
    /// The pool is delivered to the operator once more, unchanged.
    RedeliverPool(String),
    /// A pool is deleted.
    DeletePool(String),
    /// A Service is created or edited; the status it has stays.
    Service(Service),
    /// The same, and somebody writes `status.loadBalancer.ingress` too ([`Service::ingress`]).
    ServiceWithStatus(Service),
    /// The Service is delivered to the operator once more, unchanged.
    RedeliverService(ServiceKey),
    /// A Service is deleted.
    DeleteService(ServiceKey),
    /// The operator starts again. Those named are delivered first, the others in the order they were created in.
    Restart {
        /// Names of pools.
        pools: Vec<String>,
        /// Services.
        services: Vec<ServiceKey>,
    },
}

/// What a Service's status says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceStatus {
    /// `status.loadBalancer.ingress`
    pub ingress: Vec<String>,
    /// The condition `cilium.io/IPAMRequestSatisfied`, where there is one.
    pub condition: Option<Condition>,
    /// What the operator counts as the Service's own.
    pub held: Vec<IpAddr>,
}

/// What a pool's status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStatus {
    /// Total and available, once they were written.
    pub counts: Option<(Count, Count)>,
    /// The condition `cilium.io/PoolConflict`, where there is one.
    pub conflict: Option<bool>,
}

/// What there is to see after an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// The operator gave an error to its work queue.
    pub error: bool,
    /// The operator ended, because of this; nothing happens after it.
    pub panic: Option<&'static str>,
    /// There is no pool that it knows, so it does nothing.
    pub asleep: bool,
    /// Its start fails again and again; it reads no pools until it has succeeded.
    pub stuck: bool,
    /// Every Service there is.
    pub services: BTreeMap<ServiceKey, ServiceStatus>,
    /// Every pool there is.
    pub pools: BTreeMap<String, PoolStatus>,
}

#[derive(Debug, Clone)]
pub(super) struct StoredPool {
    pub pool: Pool,
    pub status: PoolStatus,
    turn: Turn,
}

#[derive(Debug, Clone)]
pub(super) struct StoredService {
    pub service: Arc<Service>,
    pub ingress: Vec<String>,
    pub condition: Option<Condition>,
    turn: Turn,
}

/// A cluster with the operator of one Cilium version.
#[derive(Debug, Clone)]
pub struct Simulation {
    pub(super) controller: Controller,
    pub(super) pools: BTreeMap<String, StoredPool>,
    pub(super) services: BTreeMap<Arc<ServiceKey>, StoredService>,
    pub(super) pool_order: Arrivals<String>,
    pub(super) service_order: Arrivals<Arc<ServiceKey>>,
    pub(super) asleep: bool,
    pub(super) stuck: bool,
    pub(super) panic: Option<&'static str>,
    error: bool,
    feedback: bool,
    written: VecDeque<Arc<ServiceKey>>,
}

impl Simulation {
    /// An empty cluster. With `feedback` the operator gets each Service again whose status it wrote, as it does in
    /// a real cluster.
    pub fn new(profile: Profile, flags: ClusterFlags, feedback: bool) -> Simulation {
        Simulation {
            controller: Controller::new(profile, flags),
            pools: BTreeMap::new(),
            services: BTreeMap::new(),
            pool_order: Arrivals::default(),
            service_order: Arrivals::default(),
            asleep: true,
            stuck: false,
            panic: None,
            error: false,
            feedback,
            written: VecDeque::new(),
        }
    }

    /// Let something happen.
    pub fn apply(&mut self, event: Event, chance: &mut dyn Chance) {
        if self.panic.is_some() {
            return;
        }
        self.error = false;
        self.written.clear();
        let result = self.happen(event, chance).and_then(|()| self.answer_writes(chance));
        self.note(result);
    }

    /// What there is to see.
    pub fn state(&self) -> State {
        if self.panic.is_some() {
            return State { panic: self.panic, ..State::default() };
        }
        State {
            error: self.error,
            panic: None,
            asleep: self.asleep,
            stuck: self.stuck,
            services: self.services.iter().map(|(key, stored)| ((**key).clone(), self.seen(key, stored))).collect(),
            pools: self.pools.iter().map(|(name, stored)| (name.clone(), stored.status)).collect(),
        }
    }

    /// What there is to see of one Service.
    pub fn service(&self, key: &ServiceKey) -> Option<ServiceStatus> {
        Some(self.seen(key, self.services.get(key)?))
    }

    fn seen(&self, key: &ServiceKey, stored: &StoredService) -> ServiceStatus {
        let held = match self.controller.by_key.get(key) {
            Some(&view) => {
                let held = self.controller.views[view].held.iter(&self.controller.shared.slots);
                held.map(|held| held.address).collect()
            }
            None => Vec::new(),
        };
        ServiceStatus { ingress: stored.ingress.clone(), condition: stored.condition, held }
    }

    /// The pool from whose range a Service holds this address.
    pub fn pool_of(&self, key: &ServiceKey, address: IpAddr) -> Option<&str> {
        let view = *self.controller.by_key.get(key)?;
        let held =
            self.controller.views[view].held.iter(&self.controller.shared.slots).find(|h| h.address == address)?;
        Some(&self.controller.ranges[held.range].pool)
    }

    /// Replace the operator's version or settings; it acts by them from the next [`Event::Restart`] on.
    pub fn operated_by(&mut self, profile: Profile, flags: ClusterFlags) {
        self.controller.profile = profile;
        self.controller.flags = flags;
    }

    fn note(&mut self, result: Result<(), Stop>) {
        match result {
            Ok(()) => {}
            Err(Stop::Error(_)) => self.error = true,
            Err(Stop::Panic(why)) => self.panic = Some(why),
        }
    }

    /// An error is only noted; a panic goes up.
    fn tolerate(&mut self, result: Result<(), Stop>) -> Result<(), Stop> {
        match result {
            Err(Stop::Error(_)) => {
                self.error = true;
                Ok(())
            }
            other => other,
        }
    }

    fn happen(&mut self, event: Event, chance: &mut dyn Chance) -> Result<(), Stop> {
        match event {
            Event::Pool(pool) => {
                let name = pool.name.clone();
                match self.pools.get_mut(&name) {
                    Some(stored) => stored.pool = Pool { created: stored.pool.created, ..pool },
                    None => {
                        self.controller.gone.remove(&name);
                        let turn = self.pool_order.push(name.clone());
                        self.pools.insert(name.clone(), StoredPool { pool, status: PoolStatus::default(), turn });
                    }
                }
                self.pool_event(&name, chance)
            }
            Event::RedeliverPool(name) if self.pools.contains_key(&name) => self.pool_event(&name, chance),
            Event::DeletePool(name) => {
                let Some(gone) = self.pools.remove(&name) else { return Ok(()) };
                self.pool_order.remove(gone.turn);
                if self.stuck && self.controller.pools.contains_key(&name) {
                    self.controller.gone.insert(name.clone());
                }
                self.pool_event(&name, chance)
            }
            Event::Service(service) => self.store(service, false, chance),
            Event::ServiceWithStatus(service) => self.store(service, true, chance),
            Event::RedeliverService(key) if self.services.contains_key(&key) => {
                self.service_event(&Arc::new(key), chance)
            }
            Event::DeleteService(key) => {
                let Some(gone) = self.services.remove(&key) else { return Ok(()) };
                self.service_order.remove(gone.turn);
                self.service_event(&Arc::new(key), chance)
            }
            Event::Restart { pools, services } => {
                self.reorder(pools, services);
                self.start(chance)
            }
            Event::RedeliverPool(_) | Event::RedeliverService(_) => Ok(()),
        }
    }

    /// Have these delivered first when the operator starts. Of one that is named twice the first place counts.
    fn reorder(&mut self, pools: Vec<String>, services: Vec<ServiceKey>) {
        for name in pools.iter().rev() {
            if let Some(stored) = self.pools.get_mut(name)
                && let Some(name) = self.pool_order.remove(stored.turn)
            {
                stored.turn = self.pool_order.push_first(name);
            }
        }
        for key in services.iter().rev() {
            if let Some(stored) = self.services.get_mut(key)
                && let Some(key) = self.service_order.remove(stored.turn)
            {
                stored.turn = self.service_order.push_first(key);
            }
        }
    }

    fn store(&mut self, service: Service, with_status: bool, chance: &mut dyn Chance) -> Result<(), Stop> {
        let key = Arc::new(service.key.clone());
        let service = Arc::new(service);
        let stored = self.services.entry(key.clone()).or_insert_with(|| StoredService {
            service: service.clone(),
            ingress: Vec::new(),
            condition: None,
            turn: self.service_order.push(key.clone()),
        });
        if with_status {
            stored.ingress.clone_from(&service.ingress);
        }
        stored.service = service;
        self.service_event(&key, chance)
    }

    fn answer_writes(&mut self, chance: &mut dyn Chance) -> Result<(), Stop> {
        for _ in 0..FEEDBACK_CAP {
            let Some(key) = self.written.pop_front().filter(|_| self.feedback) else { return Ok(()) };
            if self.services.contains_key(&key) {
                self.service_event(&key, chance)?;
            }
        }
        Ok(())
    }

    /// A new operator: all pools, then, once there is one, all Services.
    fn start(&mut self, chance: &mut dyn Chance) -> Result<(), Stop> {
        self.controller = Controller::new(self.controller.profile.clone(), self.controller.flags.clone());
        self.asleep = true;
        self.stuck = false;
        for name in self.pool_order.iter().cloned().collect::<Vec<_>>() {
            self.handle_pool(&name, chance)?;
        }
        let settled = self.controller.settle(chance);
        self.write();
        self.tolerate(settled)?;
        self.wake(chance)
    }

    fn wake(&mut self, chance: &mut dyn Chance) -> Result<(), Stop> {
        if !self.asleep || self.controller.pools.is_empty() {
            return Ok(());
        }
        self.asleep = false;
        self.stuck = true;
        for key in self.service_order.iter().cloned().collect::<Vec<_>>() {
            self.handle_service(&key, chance)?;
        }
        self.finish_start(chance)
    }

    fn finish_start(&mut self, chance: &mut dyn Chance) -> Result<(), Stop> {
        for _ in 0..START_RETRIES {
            let result = match self.controller.profile.startup {
                Startup::OneByOne => self.controller.satisfy_services(chance),
                Startup::SatisfiedFirst | Startup::ImportThenAllocate => self.controller.revalidate(chance),
            };
            self.write();
            let finished = result.and_then(|()| self.write_counts(chance));
            let done = finished.is_ok();
            self.tolerate(finished)?;
            if done {
                self.stuck = false;
                return Ok(());
            }
        }
        Ok(())
    }

    fn pool_event(&mut self, name: &str, chance: &mut dyn Chance) -> Result<(), Stop> {
        if self.stuck {
            return Ok(());
        }
        self.handle_pool(name, chance)?;
        if self.asleep {
            self.wake(chance)
        } else if self.controller.pools.is_empty() {
            self.start(chance)
        } else {
            Ok(())
        }
    }

    fn handle_pool(&mut self, name: &str, chance: &mut dyn Chance) -> Result<(), Stop> {
        let result = match self.pools.get(name) {
            Some(stored) => self.controller.pool_upsert(stored.pool.clone(), stored.status, chance),
            None => self.controller.pool_delete(name, chance),
        };
        self.write();
        let result = result.and_then(|acted| if acted { self.write_counts(chance) } else { Ok(()) });
        self.tolerate(result)
    }

    fn service_event(&mut self, key: &Arc<ServiceKey>, chance: &mut dyn Chance) -> Result<(), Stop> {
        if self.asleep {
            return Ok(());
        }
        self.handle_service(key, chance)?;
        if self.stuck { self.finish_start(chance) } else { Ok(()) }
    }

    fn handle_service(&mut self, key: &Arc<ServiceKey>, chance: &mut dyn Chance) -> Result<(), Stop> {
        let only_load = self.stuck && self.controller.profile.startup != Startup::OneByOne;
        let result = match self.services.get(key) {
            Some(stored) => self.service_upsert(key, stored.clone(), only_load, chance),
            None => self.service_delete(key, only_load, chance),
        };
        self.write();
        let result = result.and_then(|()| if only_load { Ok(()) } else { self.write_counts(chance) });
        self.tolerate(result)
    }

    fn service_delete(&mut self, key: &ServiceKey, only_load: bool, chance: &mut dyn Chance) -> Result<(), Stop> {
        if let Some(&view) = self.controller.by_key.get(key) {
            self.controller.forget(view)?;
        }
        if only_load { Ok(()) } else { self.controller.satisfy_services(chance) }
    }

    /// `handleUpsertService`
    fn service_upsert(
        &mut self,
        key: &Arc<ServiceKey>,
        stored: StoredService,
        only_load: bool,
        chance: &mut dyn Chance,
    ) -> Result<(), Stop> {
        let controller = &mut self.controller;
        if responsible(&stored.service, &controller.flags, &controller.profile).is_err() {
            if controller.by_key.contains_key(key) {
                self.service_delete(key, only_load, chance)?;
                self.write();
                if let Some(stored) = self.services.get_mut(key) {
                    stored.ingress.clear();
                    stored.condition = None;
                    self.written.push_back(key.clone());
                }
            }
        } else {
            let view = self.load(key, stored);
            let controller = &mut self.controller;
            if only_load {
                controller.file(view);
                return Ok(());
            }
            controller.strip(view)?;
            let mut modified = controller.import(view, chance)?;
            if !controller.views[view].is_satisfied() && controller.satisfy(view, chance)? {
                modified = true;
            }
            if modified {
                controller.patch(view);
            }
            controller.file(view);
            self.write();
        }
        if only_load { Ok(()) } else { self.controller.satisfy_services(chance) }
    }

    /// Bring the operator's view of the Service up to date (`serviceViewFromService`).
    fn load(&mut self, key: &Arc<ServiceKey>, stored: StoredService) -> usize {
        let controller = &mut self.controller;
        let (service, profile) = (&stored.service, &controller.profile);
        let fresh = View {
            key: key.clone(),
            known: false,
            labels: service.selectable_labels(),
            families: families(service, &controller.flags),
            requested: requested(service, profile).addresses.iter().map(|wanted| wanted.address).collect(),
            keys: BTreeSet::new(),
            sharing: Sharing::of(service, profile),
            ingress: stored.ingress,
            condition: stored.condition,
            held: Held::default(),
        };
        match controller.by_key.get(key) {
            Some(&view) => {
                controller.stir(view);
                let old = &mut controller.views[view];
                let (held, mut keys) = (std::mem::take(&mut old.held), std::mem::take(&mut old.keys));
                keys.extend(fresh.sharing.key.clone());
                *old = View { held, keys, known: true, ..fresh };
                controller.stir_sharers(view);
                let held: Vec<IpAddr> =
                    controller.views[view].held.iter(&controller.shared.slots).map(|held| held.address).collect();
                held.into_iter().for_each(|address| controller.stir_asking(address));
                view
            }
            None => {
                // Not filed yet: where its first event ends in an error the operator does not know it afterwards,
                // and an address that it was given meanwhile is lost until the next restart.
                let keys = fresh.sharing.key.iter().cloned().collect();
                controller.views.push(View { keys, ..fresh });
                controller.views.len() - 1
            }
        }
    }

    /// Write the statuses that the operator wants written.
    fn write(&mut self) {
        for Patch { view, ingress, condition } in std::mem::take(&mut self.controller.patches) {
            let key = &self.controller.views[view].key;
            if let Some(stored) = self.services.get_mut(key) {
                stored.ingress = ingress;
                stored.condition = condition;
                self.written.push_back(key.clone());
            }
        }
        for name in std::mem::take(&mut self.controller.remarked) {
            if let (Some(entry), Some(stored)) = (self.controller.pools.get(&name), self.pools.get_mut(&name)) {
                stored.status = entry.status;
            }
        }
    }

    /// `updateAllPoolCounts`
    fn write_counts(&mut self, chance: &mut dyn Chance) -> Result<(), Stop> {
        let touched = std::mem::take(&mut self.controller.touched);
        let mut changed: Vec<(Arc<str>, PoolStatus)> = Vec::new();
        for name in &touched {
            let Some(entry) = self.controller.pools.get(&**name) else { continue };
            let ranges = || entry.ranges.iter().map(|&range| &self.controller.ranges[range]);
            let total: Count = ranges().map(|range| range.range.count()).sum();
            let used: Count = ranges().map(|range| Count::from(range.holders.len())).sum();
            let status = PoolStatus { counts: Some((total, total - used)), ..entry.status };
            if status != entry.status {
                changed.push((name.clone(), status));
            }
        }
        for (name, status) in self.controller.walk_of(changed, |(name, _)| name, chance) {
            if let Some(entry) = self.controller.pools.get_mut(&*name) {
                entry.status = status;
            }
            let Some(stored) = self.pools.get_mut(&*name) else {
                // Those that the walk has not come to are written with the next event.
                self.controller.touched = touched;
                return Err(POOL_IS_GONE);
            };
            stored.status = status;
        }
        Ok(())
    }
}
