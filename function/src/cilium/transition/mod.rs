//! What an edit of pools and Services does to who holds which address: now, and when the operator next starts.
//!
//! The cluster is taken to have settled on the one set of manifests ([`Side`]), in an order that nobody knows. Then
//! the differences to the other set arrive as events, and at last the operator restarts. Only what hangs together
//! with a difference is looked at: whatever else there is keeps what it has.
//!
//! Groups of a few Services are played through by the simulation, in every order and with every choice that Cilium
//! leaves to chance (`played`). For larger ones the rules of keeping hold (`bounds`), which are meant to leave nothing
//! out and may name too much; what they are known to leave out stands with the test that found it (`drawn`). Either
//! way the answer is a set of possibilities ([`Fate`]), never one of them.

mod around;
mod bounds;
#[cfg(test)]
pub(in crate::cilium) mod drawn;
mod every;
mod group;
mod played;
mod reach;
mod stay;
#[cfg(test)]
mod tests;

use super::address::Family;
use super::allocation::Reason;
use super::pool::Pool;
use super::prediction::candidates::Requests;
use super::prediction::{Outcome, Prediction, Question, Wish, predict};
use super::profile::Profile;
use super::ranges::Ranges;
use super::request::ClusterFlags;
use super::service::{Service, ServiceKey};
use std::collections::BTreeSet;
use std::net::IpAddr;

pub use stay::Obstacle;

/// The pools and Services of one cluster at one time, and the operator that reads them.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// All pools.
    pub pools: &'a [Pool],
    /// All Services as the API server stores them.
    pub services: &'a [Service],
    /// What Cilium of this version does.
    pub profile: &'a Profile,
    /// The cluster's settings.
    pub flags: &'a ClusterFlags,
}

/// What happens to a Service's addresses from one moment to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// It has the same addresses as before, at least one.
    Keeps,
    /// It has none, before and after.
    Without,
    /// It has more than before.
    Gains,
    /// It has others than before.
    Moves,
    /// It has fewer than before, or none.
    Loses,
}

/// What a Service may hold at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holding {
    /// Every address that it may hold.
    pub addresses: Ranges,
    /// It may as well hold none.
    pub or_none: bool,
}

impl Holding {
    /// The one address that it holds for certain.
    pub fn certain(&self) -> Option<IpAddr> {
        match (self.or_none, self.addresses.iter().as_slice()) {
            (false, [range]) if range.is_single() => Some(range.first()),
            _ => None,
        }
    }
}

/// What may become of one Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// The Service.
    pub key: ServiceKey,
    /// Once the cluster has settled on the manifests before.
    pub before: Holding,
    /// Once the edits have arrived.
    pub now: Holding,
    /// Once the operator has restarted after that.
    pub restarted: Holding,
    /// What the edits may do.
    pub at_once: BTreeSet<Step>,
    /// What a restart may do after them that it did not do before.
    pub at_restart: BTreeSet<Step>,
    /// Why it may not keep an address when the edits arrive: the first reason, if there is one.
    pub obstacle: Option<Obstacle>,
    /// Why it may not keep an address at the restart.
    pub restart_obstacle: Option<Obstacle>,
    /// Every order was played; otherwise the sets may be too large.
    pub exact: bool,
}

/// What an edit does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transition {
    /// Every Service that hangs together with a difference, by key.
    pub fates: Vec<Fate>,
    /// The operator may end over it, and over what.
    pub panics: BTreeSet<&'static str>,
    /// One address that two Services may hold who do not share it.
    pub doubled: BTreeSet<(IpAddr, ServiceKey, ServiceKey)>,
}

/// What an edit from the one side to the other does.
///
/// ```
/// use lbpools_function::cilium::transition::{Side, Step, transition};
/// use lbpools_function::cilium::{Block, CiliumVersion, ClusterFlags, Pool, Profile, Service};
///
/// let profile = Profile::of(CiliumVersion::parse("1.18")?);
/// let flags = ClusterFlags::default();
/// let services = [Service { service_type: "LoadBalancer".into(), ..Service::default() }];
/// let pool = |cidr| [Pool::new("services", vec![Block::parse(Some(cidr), None, None)])];
/// let (one, two) = (pool("192.0.2.0/29"), pool("192.0.2.8/29"));
/// let side = |pools| Side { pools, services: &services, profile: &profile, flags: &flags };
/// let moved = transition(side(&one), side(&two));
/// assert_eq!(moved.fates[0].at_once.iter().collect::<Vec<_>>(), [&Step::Moves]);
/// assert!(transition(side(&one), side(&one)).fates.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn transition(before: Side<'_>, after: Side<'_>) -> Transition {
    if before.same_as(&after) {
        return Transition::default();
    }
    let (before, after) = (Told::of(before), Told::of(after));
    let mut result = Transition::default();
    let mut budget = played::BUDGET;
    for group in group::changed(&before, &after) {
        match played::play(&before, &after, &group, &mut budget) {
            Some(played) => {
                result.panics.extend(played.panics);
                result.doubled.extend(played.doubled);
                result.fates.extend(played.fates);
            }
            None => result.fates.extend(bounds::fates(&before, &after, &group)),
        }
    }
    result.fates.sort_by(|one, two| one.key.cmp(&two.key));
    result
}

/// What an edit does to a cluster as it is: each Service of `before` has what its status says ([`Service::ingress`]).
///
/// Nothing is played here, for a cluster that lives has a past that nobody knows: how its operator's memory is laid out
/// hangs on it. The rules of keeping do not.
pub fn from_living(before: Side<'_>, after: Side<'_>) -> Transition {
    if before.same_as(&after) {
        return Transition::default();
    }
    let (before, after) = (Told::living(before), Told::of(after));
    let groups = group::changed(&before, &after);
    let mut result = Transition::default();
    result.fates.extend(groups.iter().flat_map(|group| bounds::fates(&before, &after, group)));
    result.fates.sort_by(|one, two| one.key.cmp(&two.key));
    result
}

impl Side<'_> {
    fn same_as(&self, other: &Side<'_>) -> bool {
        self.same_operator(other) && self.pools == other.pools && self.services == other.services
    }

    fn same_operator(&self, other: &Side<'_>) -> bool {
        self.profile == other.profile && self.flags == other.flags
    }
}

/// A side with what can be told of it alone.
struct Told<'a> {
    side: Side<'a>,
    requests: Requests,
    predictions: Vec<Prediction>,
    /// What each pool can hand out when it serves.
    assignable: Vec<Ranges>,
}

impl<'a> Told<'a> {
    fn of(side: Side<'a>) -> Told<'a> {
        let question =
            Question { pools: side.pools, services: side.services, profile: side.profile, flags: side.flags };
        let assignable = side.pools.iter().map(|pool| pool.assignable(side.profile)).collect();
        Told { side, requests: Requests::of(question), predictions: predict(question), assignable }
    }

    /// Of a cluster as it is: what each Service is predicted to have is what it has.
    fn living(side: Side<'a>) -> Told<'a> {
        let question =
            Question { pools: side.pools, services: side.services, profile: side.profile, flags: side.flags };
        let requests = Requests::of(question);
        let holding = |address: IpAddr, request: &super::prediction::candidates::Request| {
            let holds = |pool: &usize| side.pools[*pool].usable_blocks(side.profile).any(|b| b.range.contains(address));
            request.selected_by.iter().copied().find(holds).unwrap_or_default()
        };
        let has = |service: &Service| super::history::addresses(service).collect::<BTreeSet<IpAddr>>();
        let each = side.services.iter().zip(&requests.each);
        let predictions = each.map(|(service, request)| {
            let (key, has) = (service.key.clone(), has(service));
            let of_wish = |request: &super::prediction::candidates::Request, wish: &Wish| {
                let held = has.iter().copied().find(|address| match wish {
                    Wish::This(wanted) => address == wanted,
                    Wish::Any(family) => Family::of(*address) == *family,
                });
                match held {
                    Some(address) => Outcome::Address { address, pool: holding(address, request) },
                    None => Outcome::Pending(Reason::NoPool),
                }
            };
            let wishes = match request {
                Ok(request) => Ok(request.wishes.iter().map(|wish| (*wish, of_wish(request, wish))).collect()),
                Err(why) => Err(*why),
            };
            Prediction { key, wishes }
        });
        let predictions = predictions.collect();
        let assignable = side.pools.iter().map(|pool| pool.assignable(side.profile)).collect();
        Told { side, requests, predictions, assignable }
    }
}

/// From these addresses to those.
fn step(from: &BTreeSet<IpAddr>, to: &BTreeSet<IpAddr>) -> Step {
    match (from.is_empty(), to.is_empty()) {
        (true, true) => Step::Without,
        (true, false) => Step::Gains,
        (false, true) => Step::Loses,
        _ if from == to => Step::Keeps,
        _ if from.is_subset(to) => Step::Gains,
        _ if to.is_subset(from) => Step::Loses,
        _ => Step::Moves,
    }
}
