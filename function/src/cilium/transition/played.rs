//! Small groups, played through: settle in every order, edit in every order, restart in every order.

use super::bounds::key;
use super::every::Every;
use super::group::{Group, Pair, afters, befores, differs};
use super::stay::{Stays, at_edit, at_start};
use super::{Fate, Holding, Obstacle, Step, Told, step};
use crate::cilium::allocation::{Created, Event, Search, Simulation};
use crate::cilium::prediction::orders::permutations;
use crate::cilium::profile::Startup;
use crate::cilium::range::Range;
use crate::cilium::service::ServiceKey;
use crate::cilium::sharing::{Sharing, port_rule};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Larger groups are left to the bounds.
const MOST_SERVICES: usize = 4;
const MOST_POOLS: usize = 4;
const MOST_EDITS: usize = 4;
/// Runs of the simulation for one group, and for all groups together.
const OF_ONE: usize = 3_000;
pub(super) const BUDGET: usize = 20_000;

/// What came of a group.
pub(super) struct Played {
    pub fates: Vec<Fate>,
    pub panics: BTreeSet<&'static str>,
    pub doubled: BTreeSet<(IpAddr, ServiceKey, ServiceKey)>,
}

/// What each Service has in its status.
type Seen = BTreeMap<ServiceKey, BTreeSet<IpAddr>>;

/// Play the group; `None` where that takes too many runs, or where nothing is settled before the edit.
pub(super) fn play(before: &Told<'_>, after: &Told<'_>, group: &Group, budget: &mut usize) -> Option<Played> {
    let events = events(before, after, group);
    if group.services.len() > MOST_SERVICES || group.pools.len() > MOST_POOLS || events.len() > MOST_EDITS {
        return None;
    }
    let mut left = OF_ONE.min(*budget);
    let given = left;
    let played = Play { before, after, group }.all(&events, &mut left);
    *budget -= given - left;
    played
}

struct Play<'p, 'a> {
    before: &'p Told<'a>,
    after: &'p Told<'a>,
    group: &'p Group,
}

impl Play<'_, '_> {
    fn all(&self, events: &[Event], left: &mut usize) -> Option<Played> {
        let mut courses = Courses::default();
        let mut every = Every::new(self.created(), left);
        // States in which all have the same addresses are one beginning.
        let mut beginnings: BTreeMap<Seen, Vec<Simulation>> = BTreeMap::new();
        let mut rested: BTreeMap<String, Simulation> = BTreeMap::new();
        for start in self.settled(&mut every)? {
            rested.entry(visible(&start)).or_insert_with(|| start.clone());
            beginnings.entry(seen(&start)).or_default().push(start);
        }
        let mut edited: BTreeMap<String, Simulation> = BTreeMap::new();
        for (from, starts) in beginnings {
            for simulation in every.order(starts, events)? {
                if let Some(why) = simulation.state().panic {
                    courses.panics.insert(why);
                    continue;
                }
                let to = seen(&simulation);
                courses.doubled.extend(self.doubled(&to));
                courses.edit(&from, &to);
                edited.entry(visible(&simulation)).or_insert(simulation);
            }
        }
        for simulation in rested.into_values() {
            let from = seen(&simulation);
            let orders = (befores(&self.group.pools), befores(&self.group.services));
            self.restarts(&simulation, self.before, self.before, orders, left, |to| {
                if let Ok(to) = to {
                    courses.rest(&from, &to);
                }
            })?;
        }
        for simulation in edited.into_values() {
            let from = seen(&simulation);
            let orders = (afters(&self.group.pools), afters(&self.group.services));
            let mut doubled = BTreeSet::new();
            self.restarts(&simulation, self.after, self.after, orders, left, |to| match to {
                Ok(to) => {
                    doubled.extend(self.doubled(&to));
                    courses.restart(&from, &to);
                }
                Err(why) => {
                    courses.panics.insert(why);
                }
            })?;
            courses.doubled.extend(doubled);
        }
        let fates = self.group.services.iter().map(|&pair| self.fate(pair, &courses)).collect();
        Some(Played { fates, panics: courses.panics, doubled: courses.doubled })
    }

    /// A pool that is there all the time keeps the operator from going to sleep and starting anew.
    fn created(&self) -> Created {
        let good = |pool: &crate::cilium::Pool| pool.first_error().is_none();
        let stays = |&(old, new): &Pair| match (old, new) {
            (Some(old), Some(new)) => good(&self.before.side.pools[old]) && good(&self.after.side.pools[new]),
            _ => false,
        };
        if self.group.pools.iter().any(stays) { Created::Forgotten } else { Created::Counts }
    }

    /// Every state in which the cluster may have settled.
    fn settled(&self, every: &mut Every<'_>) -> Option<Vec<Simulation>> {
        let told = self.before;
        let (pools, services) = (befores(&self.group.pools), befores(&self.group.services));
        let mut states = Vec::new();
        for pools in pool_orders(told, &pools, &services) {
            let mut starts = vec![Simulation::new(told.side.profile.clone(), told.side.flags.clone(), true)];
            for pool in pools {
                starts = every.order(starts, &[Event::Pool(told.side.pools[pool].clone())])?;
            }
            states.extend(starts);
        }
        let services: Vec<_> = services.iter().map(|&at| Event::Service(told.side.services[at].clone())).collect();
        let settled = every.order(states, &services)?;
        settled.iter().all(|simulation| simulation.state().panic.is_none()).then_some(settled)
    }

    /// Every way in which the operator may start from here, in the order of indices of `told`.
    fn restarts(
        &self,
        from: &Simulation,
        told: &Told<'_>,
        operator: &Told<'_>,
        (pools, services): (Vec<usize>, Vec<usize>),
        left: &mut usize,
        mut seen_after: impl FnMut(Result<Seen, &'static str>),
    ) -> Option<()> {
        let one_by_one = operator.side.profile.startup == Startup::OneByOne;
        let service_orders = if one_by_one { permutations(&services) } else { vec![services.clone()] };
        for pools in pool_orders(told, &pools, &services) {
            for services in &service_orders {
                let mut search = Search::default();
                while search.begin() {
                    *left = left.checked_sub(1)?;
                    let mut simulation = from.clone();
                    simulation.operated_by(operator.side.profile.clone(), operator.side.flags.clone());
                    let pools = pools.iter().map(|&at| told.side.pools[at].name.clone()).collect();
                    let services = services.iter().map(|&at| told.side.services[at].key.clone()).collect();
                    simulation.apply(Event::Restart { pools, services }, &mut search);
                    seen_after(simulation.state().panic.map_or_else(|| Ok(seen(&simulation)), Err));
                }
            }
        }
        Some(())
    }

    /// Addresses that two Services have which cannot share.
    fn doubled(&self, seen: &Seen) -> Vec<(IpAddr, ServiceKey, ServiceKey)> {
        let side = &self.after.side;
        let ports = port_rule(side.flags, side.profile);
        let sharing = |key: &ServiceKey| {
            let service = side.services.iter().find(|service| service.key == *key)?;
            Some(Sharing::of(service, side.profile))
        };
        let mut found = Vec::new();
        for (one, addresses) in seen {
            for (two, others) in seen.range(one.clone()..).skip(1) {
                for &address in addresses.intersection(others) {
                    if let (Some(a), Some(b)) = (sharing(one), sharing(two))
                        && (a.key.is_none() || a.compatible(&b, ports).is_err())
                    {
                        found.push((address, one.clone(), two.clone()));
                    }
                }
            }
        }
        found
    }

    fn fate(&self, pair: Pair, courses: &Courses) -> Fate {
        let key = key(self.before, self.after, pair);
        let course = courses.of.get(&key).cloned().unwrap_or_default();
        let at_restart = if course.restart.is_subset(&course.rest) { BTreeSet::new() } else { course.restart };
        // The first address that an edit may take, and why it may.
        let unkept = |stays| match stays {
            Stays::Yes | Stays::Reimported => Obstacle::Order,
            Stays::Maybe(why) | Stays::No(why) => why,
        };
        let goes = course.edit.iter().any(|step| matches!(step, Step::Moves | Step::Loses));
        let obstacle = course
            .before
            .iter()
            .flatten()
            .find_map(|&address| goes.then(|| unkept(at_edit(self.before, self.after, pair, address))));
        let restart_obstacle = pair.1.filter(|_| !at_restart.is_empty()).and_then(|new| {
            course.now.iter().flatten().map(|&address| unkept(at_start(self.after, new, address))).next()
        });
        Fate {
            key,
            before: holding(&course.before),
            now: holding(&course.now),
            restarted: holding(&course.restarted),
            at_once: course.edit,
            at_restart,
            obstacle,
            restart_obstacle,
            exact: true,
        }
    }
}

/// What was seen of every Service, over all runs.
#[derive(Default)]
struct Courses {
    of: BTreeMap<ServiceKey, Course>,
    panics: BTreeSet<&'static str>,
    doubled: BTreeSet<(IpAddr, ServiceKey, ServiceKey)>,
}

#[derive(Debug, Clone, Default)]
struct Course {
    before: BTreeSet<BTreeSet<IpAddr>>,
    now: BTreeSet<BTreeSet<IpAddr>>,
    restarted: BTreeSet<BTreeSet<IpAddr>>,
    edit: BTreeSet<Step>,
    restart: BTreeSet<Step>,
    /// What a restart does without the edit.
    rest: BTreeSet<Step>,
}

impl Courses {
    fn each(
        &mut self,
        from: &Seen,
        to: &Seen,
        mut note: impl FnMut(&mut Course, &BTreeSet<IpAddr>, &BTreeSet<IpAddr>),
    ) {
        let none = BTreeSet::new();
        for key in from.keys().chain(to.keys().filter(|key| !from.contains_key(key))) {
            let (had, has) = (from.get(key).unwrap_or(&none), to.get(key).unwrap_or(&none));
            note(self.of.entry(key.clone()).or_default(), had, has);
        }
    }

    fn edit(&mut self, from: &Seen, to: &Seen) {
        self.each(from, to, |course, had, has| {
            course.before.insert(had.clone());
            course.now.insert(has.clone());
            course.edit.insert(step(had, has));
        });
    }

    fn restart(&mut self, from: &Seen, to: &Seen) {
        self.each(from, to, |course, had, has| {
            course.restarted.insert(has.clone());
            course.restart.insert(step(had, has));
        });
    }

    fn rest(&mut self, from: &Seen, to: &Seen) {
        self.each(from, to, |course, had, has| {
            course.rest.insert(step(had, has));
        });
    }
}

fn holding(seen: &BTreeSet<BTreeSet<IpAddr>>) -> Holding {
    Holding {
        addresses: seen.iter().flatten().map(|&address| Range::single(address)).collect(),
        or_none: seen.iter().any(BTreeSet::is_empty) || seen.is_empty(),
    }
}

fn seen(simulation: &Simulation) -> Seen {
    let address = |text: &String| text.parse::<IpAddr>().ok();
    let services = simulation.state().services.into_iter();
    services.map(|(key, status)| (key, status.ingress.iter().filter_map(address).collect())).collect()
}

/// All of a cluster that a new operator finds.
fn visible(simulation: &Simulation) -> String {
    let state = simulation.state();
    let services: Vec<_> = state.services.iter().map(|(key, s)| (key, &s.ingress, &s.condition)).collect();
    let pools: Vec<_> = state.pools.iter().map(|(name, status)| (name, status.conflict)).collect();
    format!("{services:?} {pools:?}")
}

/// Orders of pools; where nobody has a choice and nothing overlaps, their order makes no difference.
fn pool_orders(told: &Told<'_>, pools: &[usize], services: &[usize]) -> Vec<Vec<usize>> {
    let chooses = |&at: &usize| told.requests.each[at].as_ref().is_ok_and(|r| r.selected_by.len() + r.broken.len() > 1);
    let all = pools.iter().map(|&at| told.side.pools[at].clone()).collect::<Vec<_>>();
    let overlap = !crate::cilium::pool::overlaps(&all).is_empty();
    if services.iter().any(chooses) || overlap { permutations(pools) } else { vec![pools.to_vec()] }
}

/// The differences, as what happens to the cluster.
fn events(before: &Told<'_>, after: &Told<'_>, group: &Group) -> Vec<Event> {
    let mut events = Vec::new();
    for &(old, new) in &group.pools {
        match (old.map(|at| &before.side.pools[at]), new.map(|at| &after.side.pools[at])) {
            (Some(old), Some(new)) if old == new => {}
            (_, Some(new)) => events.push(Event::Pool(new.clone())),
            (Some(old), None) => events.push(Event::DeletePool(old.name.clone())),
            (None, None) => {}
        }
    }
    for &pair in group.services.iter().filter(|&&pair| differs(before, after, pair)) {
        match pair {
            (_, Some(new)) => events.push(Event::Service(after.side.services[new].clone())),
            (Some(old), None) => events.push(Event::DeleteService(before.side.services[old].key.clone())),
            (None, None) => {}
        }
    }
    events
}
