//! What a change does to one cluster, in the words of the report.
//!
//! [`crate::cilium::transition`] says what may become of each Service; here that gets the names of manifests and
//! reasons that a person can act on. Only what changes is told: a Service that may be anywhere before and after, and
//! that no difference touches, is no news.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::ClusterView;
use super::facts::facts;
use super::pools::PoolView;
use super::refused::{Refused, held_back, refused, stays_behind};
use super::requests::Request;
use super::supposed::Supposed;
use crate::cilium::transition::{Fate, Holding, Obstacle, Side, Step, Transition, from_living, transition};
use crate::cilium::{Pool, Ranges, Service, ServiceKey};
use crate::report::{
    AddressChange, AddressFate, AnnouncementChange, ClusterDifference, ClusterReport, HeldReport, Moment, Outcome,
    Place, PoolChange, PoolFate, Presence, RequestReport, ResourceRef, Was,
};

/// Ranges that a report names before it only counts.
pub const MOST_RANGES: usize = 8;

/// What differs between a cluster before and after. Absent before: it is new; absent after: it is gone.
pub fn difference(
    before: Option<&ClusterView<'_, '_>>,
    after: Option<&ClusterView<'_, '_>>,
    supposed: &Supposed,
) -> ClusterDifference {
    let Some(view) = after.or(before) else { return ClusterDifference::default() };
    let models = Models::of(before, after, supposed);
    let transition = models.transition(view, before, after);
    let (was, is) = (before.map(facts), after.map(facts));
    let people = People::of(was.as_ref(), is.as_ref(), before, after);
    let told = Told { people: &people, models: &models, transition: &transition, after: is.as_ref() };
    let mut addresses = match &is {
        // Nobody had anything: what the prediction says is what they gain.
        Some(is) if before.is_none() && supposed.is_nothing() => is.requests.iter().flat_map(arrival).collect(),
        _ => told.addresses(),
    };
    addresses.sort_by(|one, two| {
        let key = |change: &AddressChange| (change.moment, change.change, change.resource.clone());
        key(one).cmp(&key(two))
    });
    let mut difference = ClusterDifference {
        name: view.cluster.name.clone(),
        presence: match (before, after) {
            (Some(_), Some(_)) => Presence::Both,
            (None, _) => Presence::New,
            (_, None) => Presence::Gone,
        },
        cilium: match (before, after) {
            (Some(before), Some(after)) if before.profile.version != after.profile.version => {
                Some(Was { before: before.profile.version.to_string(), after: after.profile.version.to_string() })
            }
            _ => None,
        },
        addresses,
        pools: models.pool_changes(before, after),
        announcements: announcements(was.as_ref(), is.as_ref()),
        operator: operator(&transition),
        unknown: Vec::new(),
    };
    let (mut unknown_before, unknown_after) = (unknown(before), unknown(after));
    if let (Some(before), Some(after)) = (before, after) {
        unknown_before.extend(refused(before, after).iter().map(never_arrived));
    }
    if !difference.is_empty() || unknown_before != unknown_after {
        difference.unknown = unknown_before.union(&unknown_after).cloned().collect();
    }
    difference
}

/// Both sides of a change to a cluster as it is: its pools and Services, and what they become.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// Pools as they are, and as they will be.
    pub pools: [Vec<Pool>; 2],
    /// Services with their status as they are, and as they will be.
    pub services: [Vec<Service>; 2],
    /// What cannot be told of what will be.
    pub unknown: Vec<String>,
}

/// What applying the repository does to a cluster as it is; `view` says how its Cilium behaves and who asks.
pub fn of_living(view: &ClusterView<'_, '_>, applied: Applied) -> ClusterDifference {
    let models = Models::new(applied.pools, applied.services);
    let side = |at: usize| Side {
        pools: &models.pools[at],
        services: &models.services[at],
        profile: &view.profile,
        flags: &view.flags,
    };
    let transition = from_living(side(0), side(1));
    let is = facts(view);
    let people = People::of(None, Some(&is), None, Some(view));
    let told = Told { people: &people, models: &models, transition: &transition, after: Some(&is) };
    let mut addresses = told.addresses();
    addresses.sort_by_key(|change| (change.moment, change.change, change.resource.clone()));
    ClusterDifference {
        name: view.cluster.name.clone(),
        addresses,
        pools: models.pool_changes(None, Some(view)),
        operator: operator(&transition),
        unknown: applied.unknown,
        ..ClusterDifference::default()
    }
}

/// What a request of a new cluster gains, an outcome each. What is not known of it is told elsewhere.
fn arrival(request: &RequestReport) -> Vec<AddressChange> {
    let change = |outcome: &Outcome| {
        let (change, after, because) = match outcome {
            Outcome::Address { address, .. } => {
                let held = HeldReport { ranges: vec![address.clone()], ..HeldReport::default() };
                (AddressFate::Gained, held, "it is new".to_owned())
            }
            Outcome::OneOf { ranges, more, or_none, because, .. } => {
                let shown: Vec<String> = ranges.iter().take(MOST_RANGES).cloned().collect();
                let held = HeldReport { more: more + ranges.len() - shown.len(), ranges: shown, or_none: *or_none };
                (AddressFate::Gained, held, because.clone())
            }
            Outcome::Pending { because, .. } => (AddressFate::Pending, HeldReport::default(), because.clone()),
            Outcome::Unknown { .. } => return None,
        };
        Some(AddressChange {
            resource: request.resource.clone(),
            service: request.service.clone(),
            at: request.at.clone(),
            change,
            certain: !after.or_none,
            moment: Moment::AtOnce,
            before: HeldReport::default(),
            after,
            because,
            taken_by: Vec::new(),
        })
    };
    request.outcomes.iter().filter_map(change).collect()
}

/// Both sides as LB-IPAM knows them.
struct Models {
    pools: [Vec<Pool>; 2],
    services: [Vec<Service>; 2],
    at: [BTreeMap<ServiceKey, usize>; 2],
}

impl Models {
    fn of(before: Option<&ClusterView<'_, '_>>, after: Option<&ClusterView<'_, '_>>, supposed: &Supposed) -> Models {
        let pools = |view: Option<&ClusterView<'_, '_>>| -> Vec<Pool> {
            view.into_iter().flat_map(|view| &view.pools).map(PoolView::model).collect()
        };
        let services = |view: Option<&ClusterView<'_, '_>>| -> Vec<Service> {
            view.into_iter().flat_map(|view| &view.requests).filter_map(|r| r.service.known().cloned()).collect()
        };
        let (mut old, mut new) = (pools(before), pools(after));
        let mut wanted = services(after);
        if let (Some(before), Some(after)) = (before, after) {
            arriving(before, after, &mut new, &mut wanted);
        }
        // What is there is older than what comes. Which of two that are there is older is not to be known.
        let known: BTreeSet<String> = old.iter().map(|pool| pool.name.clone()).collect();
        old.iter_mut().for_each(|pool| pool.created = Some(0));
        new.iter_mut().for_each(|pool| pool.created = Some(i64::from(!known.contains(&pool.name))));
        if let Some(view) = after {
            supposed.apply(view, &mut new, &mut wanted);
        }
        Models::new([old, new], [services(before), wanted])
    }

    fn new(pools: [Vec<Pool>; 2], services: [Vec<Service>; 2]) -> Models {
        let at = [&services[0], &services[1]]
            .map(|side| side.iter().enumerate().map(|(at, service)| (service.key.clone(), at)).collect());
        Models { pools, services, at }
    }

    fn transition(
        &self,
        view: &ClusterView<'_, '_>,
        before: Option<&ClusterView<'_, '_>>,
        after: Option<&ClusterView<'_, '_>>,
    ) -> Transition {
        let (old, new) = (before.unwrap_or(view), after.unwrap_or(view));
        let side = |at: usize, view: &'_ ClusterView<'_, '_>| (at, view.profile.clone(), view.flags.clone());
        let (old, new) = (side(0, old), side(1, new));
        let [old, new] = [&old, &new].map(|(at, profile, flags)| Side {
            pools: &self.pools[*at],
            services: &self.services[*at],
            profile,
            flags,
        });
        transition(old, new)
    }

    fn service(&self, side: usize, key: &ServiceKey) -> Option<&Service> {
        self.services[side].get(*self.at[side].get(key)?)
    }

    fn pool_changes(
        &self,
        before: Option<&ClusterView<'_, '_>>,
        after: Option<&ClusterView<'_, '_>>,
    ) -> Vec<PoolChange> {
        let place = |view: Option<&ClusterView<'_, '_>>, name: &str| {
            let pool = view?.pools.iter().find(|pool| pool.label() == name)?;
            Some(pool.object.place_of_name())
        };
        let by_name = |side: usize| -> BTreeMap<&str, &Pool> {
            self.pools[side].iter().map(|pool| (pool.name.as_str(), pool)).collect()
        };
        let (old, new) = (by_name(0), by_name(1));
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        let mut changes: Vec<PoolChange> = names
            .into_iter()
            .filter_map(|name| {
                let at = place(after, name).or_else(|| place(before, name));
                pool_change(name, old.get(name).copied(), new.get(name).copied(), at)
            })
            .collect();
        changes.sort_by_key(|change| change.change);
        changes
    }
}

fn pool_change(name: &str, old: Option<&Pool>, new: Option<&Pool>, at: Option<Place>) -> Option<PoolChange> {
    let ranges = |pool: Option<&Pool>| pool.map(Pool::ranges).unwrap_or_default();
    let (had, has) = (ranges(old), ranges(new));
    let (gained, lost) = (has.subtract(&had), had.subtract(&has));
    let mut notes = Vec::new();
    if let (Some(old), Some(new)) = (old, new) {
        let selector = |pool: &Pool| match &pool.selector {
            None => "every Service".to_owned(),
            Some(Ok(selector)) if selector.selects_all() => "every Service".to_owned(),
            Some(Ok(selector)) => selector.to_string(),
            Some(Err(error)) => format!("cannot be compiled: {error}"),
        };
        if selector(old) != selector(new) {
            notes.push(format!("serves {} instead of {}", selector(new), selector(old)));
        }
        if old.disabled != new.disabled {
            notes.push(if new.disabled { "is disabled" } else { "is enabled" }.into());
        }
        let ends = |pool: &Pool| match pool.allow_first_last {
            None => "unset",
            Some(true) => "Yes",
            Some(false) => "No",
        };
        if ends(old) != ends(new) {
            notes.push(format!("allowFirstLastIPs is {} instead of {}", ends(new), ends(old)));
        }
        if gained.is_empty() && lost.is_empty() && old.blocks != new.blocks {
            notes.push("the same addresses in other blocks".into());
        }
    }
    let change = match (old, new, gained.is_empty(), lost.is_empty()) {
        (None, None, ..) => return None,
        (None, Some(_), ..) => PoolFate::Added,
        (Some(_), None, ..) => PoolFate::Removed,
        (_, _, true, true) if notes.is_empty() => return None,
        (_, _, true, true) => PoolFate::Changed,
        (_, _, false, true) => PoolFate::Grown,
        (_, _, true, false) => PoolFate::Shrunk,
        (_, _, false, false) => PoolFate::Moved,
    };
    let texts = |ranges: &Ranges| ranges.iter().map(ToString::to_string).collect();
    Some(PoolChange {
        name: name.into(),
        at,
        change,
        total_before: had.count().to_string(),
        total_after: has.count().to_string(),
        gained: texts(&gained),
        lost: texts(&lost),
        notes,
    })
}

/// What of a change arrives: what the API server refuses, and what is delivered with it, stays as it was.
fn arriving(
    before: &ClusterView<'_, '_>,
    after: &ClusterView<'_, '_>,
    pools: &mut Vec<Pool>,
    services: &mut Vec<Service>,
) {
    let refused = refused(before, after);
    if refused.is_empty() {
        return;
    }
    let back = held_back(&refused, after);
    *pools = after.pools.iter().filter(|it| !stays_behind(it.object, &refused, &back)).map(PoolView::model).collect();
    let arrived = |request: &&Request<'_, '_>| !stays_behind(request.object, &refused, &back);
    let known = |request: &Request<'_, '_>| request.service.known().cloned();
    *services = after.requests.iter().filter(arrived).filter_map(known).collect();
    // What another Kustomization delivers from now on comes from there.
    for pool in before.pools.iter().filter(|it| stays_behind(it.object, &refused, &back)).map(PoolView::model) {
        if !pools.iter().any(|one| one.name == pool.name) {
            pools.push(pool);
        }
    }
    for service in before.requests.iter().filter(|it| stays_behind(it.object, &refused, &back)).filter_map(known) {
        if !services.iter().any(|one| one.key == service.key) {
            services.push(service);
        }
    }
}

/// The manifests behind Services.
struct People {
    by_key: BTreeMap<ServiceKey, RequestReport>,
}

impl People {
    fn of(
        was: Option<&ClusterReport>,
        is: Option<&ClusterReport>,
        before: Option<&ClusterView<'_, '_>>,
        after: Option<&ClusterView<'_, '_>>,
    ) -> People {
        let mut by_key = BTreeMap::new();
        for (view, report) in [(before, was), (after, is)] {
            let (Some(view), Some(report)) = (view, report) else { continue };
            for (request, told) in view.requests.iter().zip(&report.requests) {
                if let Some(service) = request.service.known() {
                    by_key.insert(service.key.clone(), told.clone());
                }
            }
        }
        People { by_key }
    }

    fn resource(&self, key: &ServiceKey) -> (ResourceRef, Option<String>, Option<Place>) {
        match self.by_key.get(key) {
            Some(told) => (told.resource.clone(), told.service.clone(), told.at.clone()),
            None => {
                let (namespace, name) = (Some(key.namespace.clone()), key.name.clone());
                (ResourceRef { api_version: "v1".into(), kind: "Service".into(), namespace, name }, None, None)
            }
        }
    }

    fn name(&self, key: &ServiceKey) -> String {
        let (resource, ..) = self.resource(key);
        format!("{} {}/{}", resource.kind, key.namespace, resource.name)
    }
}

struct Told<'d> {
    people: &'d People,
    models: &'d Models,
    transition: &'d Transition,
    after: Option<&'d ClusterReport>,
}

impl Told<'_> {
    fn addresses(&self) -> Vec<AddressChange> {
        self.transition.fates.iter().flat_map(|fate| [self.at_once(fate), self.at_restart(fate)]).flatten().collect()
    }

    fn at_once(&self, fate: &Fate) -> Option<AddressChange> {
        let (had, has) = (self.models.service(0, &fate.key).is_some(), self.models.service(1, &fate.key).is_some());
        let (change, certain) = match (had, has) {
            (true, false) if fate.before.addresses.is_empty() => return None,
            (true, false) => (AddressFate::Lost, !fate.before.or_none),
            (false, true) if fate.at_once.contains(&Step::Gains) => (AddressFate::Gained, fate.at_once.len() == 1),
            (false, true) => (AddressFate::Pending, true),
            _ => kind(&fate.at_once, fate, Moment::AtOnce)?,
        };
        let because = match (change, &fate.obstacle, had) {
            (AddressFate::Gained, _, false) => "it is new".into(),
            (AddressFate::Pending, _, false) => {
                self.pending(&fate.key).unwrap_or_else(|| "no pool has an address for it".into())
            }
            (AddressFate::Gained | AddressFate::Settled, ..)
                if self.models.service(0, &fate.key) != self.models.service(1, &fate.key) =>
            {
                "it asks for something else".into()
            }
            (AddressFate::Gained | AddressFate::Settled, ..) => "an address for it is there now".into(),
            (_, Some(obstacle), _) => self.obstacle(obstacle, &fate.key),
            (_, None, _) => "which Service is served first is left to chance".into(),
        };
        Some(self.change(fate, change, certain, Moment::AtOnce, because))
    }

    fn at_restart(&self, fate: &Fate) -> Option<AddressChange> {
        let (change, certain) = kind(&fate.at_restart, fate, Moment::AtRestart)?;
        let because = match (&fate.restart_obstacle, change) {
            (_, AddressFate::Gained | AddressFate::Settled) => "only a new operator looks at it again".into(),
            (Some(obstacle), _) => self.obstacle(obstacle, &fate.key),
            (None, _) => "a new operator serves Services in an order of its own".into(),
        };
        Some(self.change(fate, change, certain, Moment::AtRestart, because))
    }

    fn change(
        &self,
        fate: &Fate,
        change: AddressFate,
        certain: bool,
        moment: Moment,
        because: String,
    ) -> AddressChange {
        let (resource, service, at) = self.people.resource(&fate.key);
        let (before, after) = course(fate, moment);
        let had = if change == AddressFate::Gained { None } else { before.certain() };
        AddressChange {
            resource,
            service,
            at: self.models.service(1, &fate.key).and(at),
            change,
            certain,
            moment,
            before: held(before),
            // What is gone has nothing, in whatever order the edits arrive.
            after: if self.models.service(1, &fate.key).is_some() { held(after) } else { HeldReport::default() },
            because,
            taken_by: had.map(|address| self.taken_by(&fate.key, address, moment)).unwrap_or_default(),
        }
    }

    /// Who has the address then: for certain, or where every order was played, perhaps.
    fn taken_by(&self, key: &ServiceKey, address: IpAddr, moment: Moment) -> Vec<String> {
        let then = |fate: &&Fate| {
            let holding = match moment {
                Moment::AtOnce => &fate.now,
                Moment::AtRestart => &fate.restarted,
            };
            let new = !fate.before.addresses.contains(address);
            fate.key != *key
                && new
                && (holding.certain() == Some(address) || (fate.exact && holding.addresses.contains(address)))
        };
        self.transition.fates.iter().filter(then).map(|fate| self.people.name(&fate.key)).take(MOST_RANGES).collect()
    }

    fn pending(&self, key: &ServiceKey) -> Option<String> {
        let told = self.people.by_key.get(key).filter(|_| self.after.is_some())?;
        told.outcomes.iter().find_map(|outcome| match outcome {
            Outcome::Pending { because, .. } => Some(because.clone()),
            _ => None,
        })
    }

    fn obstacle(&self, obstacle: &Obstacle, key: &ServiceKey) -> String {
        match obstacle {
            Obstacle::Gone => "it is gone".into(),
            Obstacle::NotServed(why) => format!("LB-IPAM does not serve it: {}", why.0),
            Obstacle::AsksForOther => match self.people.by_key.get(key).map(|told| told.pinned.join(", ")) {
                Some(pinned) if !pinned.is_empty() => format!("it asks for {pinned} now"),
                _ => "it asks for another address now".into(),
            },
            Obstacle::OtherFamily(family) => format!("it asks for no {family} address any more"),
            Obstacle::PoolGone(pool) => format!("pool {pool} is gone"),
            Obstacle::BlockGone(pool) => format!("pool {pool} no longer holds the address"),
            Obstacle::NotSelected(pool) => format!("pool {pool} does not select it"),
            Obstacle::SelectorBroken(pool) => format!("the selector of pool {pool} cannot be compiled"),
            Obstacle::Disabled(pool) => format!("pool {pool} is disabled, which holders only feel at a restart"),
            Obstacle::Conflicting(pool) => {
                format!("pool {pool} overlaps itself or an older pool, which holders only feel at a restart")
            }
            Obstacle::Undecided(pool) => {
                format!("pool {pool} overlaps another, and which of the two stays in force is left to chance")
            }
            Obstacle::KeptBack(pool) => {
                format!("pool {pool} keeps the first and the last address of the block back (allowFirstLastIPs)")
            }
            Obstacle::NoPool => "no pool holds the address for it".into(),
            Obstacle::Order => "Services are served anew, in an order left to chance".into(),
        }
    }
}

/// What it has before that moment, and then.
fn course(fate: &Fate, moment: Moment) -> (&Holding, &Holding) {
    match moment {
        Moment::AtOnce => (&fate.before, &fate.now),
        Moment::AtRestart => (&fate.now, &fate.restarted),
    }
}

/// What the steps come to, and whether for certain; `None` where they take and give nothing.
fn kind(steps: &BTreeSet<Step>, fate: &Fate, moment: Moment) -> Option<(AddressFate, bool)> {
    let certain = steps.len() == 1;
    let has = |step| steps.contains(&step);
    let (before, after) = course(fate, moment);
    if has(Step::Moves) {
        return Some((AddressFate::Moved, certain));
    }
    if has(Step::Loses) {
        let obstacle = match moment {
            Moment::AtOnce => fate.obstacle.as_ref(),
            Moment::AtRestart => fate.restart_obstacle.as_ref(),
        };
        // Nobody waits for an address where LB-IPAM does not serve, or for one of several that is no longer asked for.
        let unasked = matches!(obstacle, Some(Obstacle::NotServed(_))) || (certain && !after.addresses.is_empty());
        return Some((if unasked { AddressFate::Lost } else { AddressFate::Pending }, certain));
    }
    if !has(Step::Gains) {
        return None;
    }
    match has(Step::Keeps) {
        false => Some((AddressFate::Gained, certain)),
        true if before.or_none && !after.or_none => Some((AddressFate::Settled, true)),
        true => Some((AddressFate::Gained, false)),
    }
}

fn held(holding: &Holding) -> HeldReport {
    let all = holding.addresses.iter();
    HeldReport {
        ranges: all.clone().take(MOST_RANGES).map(ToString::to_string).collect(),
        more: all.count().saturating_sub(MOST_RANGES),
        or_none: holding.or_none,
    }
}

fn announcements(was: Option<&ClusterReport>, is: Option<&ClusterReport>) -> Vec<AnnouncementChange> {
    let (Some(was), Some(is)) = (was, is) else { return Vec::new() };
    let before: BTreeMap<&ResourceRef, &RequestReport> = was.requests.iter().map(|r| (&r.resource, r)).collect();
    let may_have = |request: &RequestReport| {
        let some = |outcome: &Outcome| matches!(outcome, Outcome::Address { .. } | Outcome::OneOf { .. });
        request.outcomes.iter().any(some)
    };
    let mut changes: Vec<AnnouncementChange> = is
        .requests
        .iter()
        .filter_map(|now| {
            let then = before.get(&now.resource)?;
            let differs = match now.announcement_unknown {
                None => now.announced_by != then.announced_by,
                // What was there and is not there any more is known all the same.
                Some(_) => then.announced_by.iter().any(|by| !now.announced_by.contains(by)),
            };
            let settled = then.announcement_unknown.is_none();
            (settled && differs && may_have(now) && may_have(then)).then(|| AnnouncementChange {
                resource: now.resource.clone(),
                before: then.announced_by.clone(),
                after: now.announced_by.clone(),
                unknown: now.announcement_unknown.clone(),
            })
        })
        .collect();
    changes.sort_by_key(|change| (!change.after.is_empty(), change.resource.clone()));
    changes
}

fn operator(transition: &Transition) -> Vec<String> {
    let ends =
        transition.panics.iter().map(|why| format!("the operator may end over it, and again at each start: {why}"));
    let doubled = transition.doubled.iter().map(|(address, one, two)| {
        format!("{address} may be given to {one} and to {two} at once, though they do not share it")
    });
    ends.chain(doubled).collect()
}

/// Two trees do not say whether the older one ever arrived, and a class that changes is a reason for doubt: what is
/// refused today may be the way back from what was refused before.
fn never_arrived(refused: &Refused<'_, '_, '_>) -> String {
    let service = &refused.before.label();
    let beside = match refused.kustomization() {
        Some(name) => format!(", with all that Kustomization {name} delivers"),
        None => String::new(),
    };
    format!(
        "whether the class of {service} was ever what is compared with: the API server refuses this change, and if it \
         refused the last one too, the cluster is still as it was before that{beside}"
    )
}

/// What is not known of a cluster and may be touched by a change.
fn unknown(view: Option<&ClusterView<'_, '_>>) -> BTreeSet<String> {
    let Some(view) = view else { return BTreeSet::new() };
    let pools = view.pools.iter().filter_map(|pool| Some(format!("pool {}: {}", pool.label(), pool.uncertain()?)));
    let requests = view.requests.iter().filter_map(|r| Some(format!("{}: {}", r.label(), r.service.unknown()?)));
    pools.chain(requests).collect()
}
