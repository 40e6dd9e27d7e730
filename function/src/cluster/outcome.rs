//! Who gets which address, as far as that does not depend on the order of events.
//!
//! A repository does not say in which order its objects will reach the cluster, and LB-IPAM keeps no place free
//! for pins. So an address is only promised here when it comes out the same whatever happens first; otherwise the
//! answer is the set it comes from.

use std::net::IpAddr;

use super::ClusterView;
use super::pools::PoolView;
use super::requests::Request;
use crate::cilium::request::families;
use crate::cilium::sharing::{Sharing, port_rule};
use crate::cilium::{Family, Ranges, Service};
use crate::flux::fact::Fact;
use crate::report::Outcome;

/// The outcomes of a request, one a pinned address or wanted family.
pub fn outcomes(view: &ClusterView<'_, '_>, request: &Request<'_, '_>) -> Vec<Outcome> {
    let service = match &request.service {
        Fact::Unknown(why) => return vec![Outcome::Unknown { because: why.clone() }],
        Fact::Known(service) => service,
    };
    if let Err(why) = &request.responsible {
        return vec![Outcome::Pending { reason: "ignored".into(), because: why.to_string() }];
    }
    if view.pools.is_empty() {
        let because = "the cluster has no pool at all, so LB-IPAM does nothing".into();
        return vec![Outcome::Pending { reason: "no_pool".into(), because }];
    }
    if !request.requested.addresses.is_empty() {
        return request.requested.addresses.iter().map(|a| pinned(view, request, service, a.address)).collect();
    }
    let wanted = families(service, &view.flags);
    wanted.iter().map(|family| generic(view, request, service, family)).collect()
}

/// Pools that are in force, with a reason when that is not certain of one.
fn in_force<'v, 'a, 't>(view: &'v ClusterView<'a, 't>) -> impl Iterator<Item = &'v PoolView<'a, 't>> {
    view.pools.iter().filter(|pool| pool.disabled.known() != Some(&true))
}

/// Whether a pool selects a Service; `None` when that is not known or the selector does not compile.
fn selects(pool: &PoolView<'_, '_>, service: &Service) -> Option<bool> {
    match &pool.selector {
        Fact::Known(None) => Some(true),
        Fact::Known(Some(Ok(selector))) => Some(selector.matches(&service.selectable_labels())),
        Fact::Known(Some(Err(_))) | Fact::Unknown(_) => None,
    }
}

/// Pools of the view that overlap another or themselves: which of them is out of force is a matter of age.
fn in_conflict(view: &ClusterView<'_, '_>) -> Vec<usize> {
    let models: Vec<_> = view.pools.iter().map(PoolView::model).collect();
    crate::cilium::pool::overlaps(&models).iter().flat_map(|overlap| [overlap.pool, overlap.other_pool]).collect()
}

fn conflict_of(view: &ClusterView<'_, '_>, pool: &PoolView<'_, '_>) -> bool {
    in_conflict(view).iter().any(|&at| std::ptr::eq(&raw const view.pools[at], pool))
}

fn pinned(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, service: &Service, address: IpAddr) -> Outcome {
    let holding: Vec<&PoolView<'_, '_>> =
        in_force(view).filter(|pool| pool.ranges().any(|(_, b)| b.range.contains(address))).collect();
    if holding.is_empty() {
        return match in_force(view).find_map(PoolView::uncertain) {
            Some(why) => Outcome::Unknown { because: why.to_owned() },
            None => Outcome::Pending { reason: "no_pool".into(), because: format!("no enabled pool holds {address}") },
        };
    }
    let Some(pool) = holding.iter().find(|pool| selects(pool, service) == Some(true)) else {
        if holding.iter().any(|pool| selects(pool, service).is_none()) {
            return Outcome::Unknown { because: format!("the selector of pool {} is not known", holding[0].label()) };
        }
        let because = format!("pool {} holds {address} but does not select it", holding[0].label());
        return Outcome::Pending { reason: "pool_selector_mismatch".into(), because };
    };
    if conflict_of(view, pool) {
        return Outcome::Unknown {
            because: format!("pool {} overlaps another; the younger one is out of force", pool.label()),
        };
    }
    if pool.model().reserved(&view.profile).contains(&address) {
        let because =
            format!("{address} is the first or last address of its block, which allowFirstLastIPs keeps back");
        return Outcome::Pending { reason: "already_allocated".into(), because };
    }
    let rival = rivals(view, request, service, address);
    match rival {
        Some(because) => Outcome::OneOf { ranges: vec![address.to_string()], pools: vec![pool.label()], because },
        None => Outcome::Address { address: address.to_string(), pool: pool.label(), because: "it asks for it".into() },
    }
}

/// Who else could hold a pinned address when the request comes.
fn rivals(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, service: &Service, address: IpAddr) -> Option<String> {
    let sharing = Sharing::of(service, &view.profile);
    let ports = port_rule(&view.flags, &view.profile);
    for other in view.requests.iter().filter(|other| !std::ptr::eq(*other, request)) {
        let Fact::Known(theirs) = &other.service else {
            return Some(format!("it asks for it, and so may {}, of which not all is known", other.label()));
        };
        if other.responsible.is_err() {
            continue;
        }
        if other.requested.addresses.iter().any(|a| a.address == address) {
            if sharing.compatible(&Sharing::of(theirs, &view.profile), ports).is_err() {
                return Some(format!("it asks for it, and so does {}: the first to come gets it", other.label()));
            }
            continue;
        }
        let drawn = other.requested.addresses.is_empty() && families(theirs, &view.flags).has(Family::of(address));
        let from_here = in_force(view).any(|pool| {
            selects(pool, theirs) != Some(false) && pool.model().assignable(&view.profile).contains(address)
        });
        if drawn && from_here {
            return Some(format!(
                "it asks for it, but LB-IPAM keeps no place: {}, which asks for none, may have got it before",
                other.label()
            ));
        }
    }
    None
}

fn generic(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, service: &Service, family: Family) -> Outcome {
    let uncertain = in_force(view).find(|pool| pool.uncertain().is_some() && selects(pool, service) != Some(false));
    if let Some(pool) = uncertain {
        let why = pool.uncertain().unwrap_or_default();
        return Outcome::Unknown { because: format!("pool {}: {why}", pool.label()) };
    }
    let matching: Vec<&PoolView<'_, '_>> = in_force(view)
        .filter(|pool| selects(pool, service) == Some(true))
        .filter(|pool| !pool.model().assignable(&view.profile).of(family).is_empty())
        .collect();
    if let Some(pool) = matching.iter().find(|pool| conflict_of(view, pool)) {
        return Outcome::Unknown {
            because: format!("pool {} overlaps another; the younger one is out of force", pool.label()),
        };
    }
    if matching.is_empty() {
        let because = format!("no enabled pool with {family} addresses selects it");
        return Outcome::Pending { reason: "no_pool".into(), because };
    }
    let pools: Vec<String> = matching.iter().map(|pool| pool.label()).collect();
    let ranges = matching
        .iter()
        .fold(Ranges::default(), |all, pool| all.union(&pool.model().assignable(&view.profile).of(family)));
    let first = ranges.first();
    let alone = view.requests.iter().all(|other| std::ptr::eq(other, request) || !draws_from(view, other, &matching));
    let one_block = matching.len() == 1 && matching[0].blocks.len() == 1;
    match first {
        // One block, nobody else: its first address, in every version since 1.15.
        Some(address) if alone && one_block => Outcome::Address {
            address: address.to_string(),
            pool: pools.concat(),
            because: "it asks for none and is the only one to draw from this pool: the first free address".into(),
        },
        _ => Outcome::OneOf {
            ranges: ranges.iter().map(ToString::to_string).collect(),
            pools,
            because: "it asks for none: which one depends on who comes first".into(),
        },
    }
}

/// Whether a request may take an address out of one of these pools.
fn draws_from(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, pools: &[&PoolView<'_, '_>]) -> bool {
    let Fact::Known(service) = &request.service else { return true };
    if request.responsible.is_err() {
        return false;
    }
    pools.iter().any(|pool| {
        if request.requested.addresses.is_empty() {
            return selects(pool, service) != Some(false);
        }
        let held = pool.model().assignable(&view.profile);
        request.requested.addresses.iter().any(|a| held.contains(a.address))
    })
}
