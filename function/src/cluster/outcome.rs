//! Who gets which address, as far as that does not depend on the order of events.
//!
//! A repository does not say in which order its objects will reach the cluster, and LB-IPAM keeps no place free
//! for pins. So an address is only promised here when it comes out the same whatever happens first; otherwise the
//! answer is the set it comes from.

use std::net::IpAddr;

use super::ClusterView;
use super::contention::{Contended, Contention};
use super::requests::Request;
use crate::cilium::request::families;
use crate::cilium::sharing::{Sharing, port_rule};
use crate::cilium::{Family, Ranges, Service};
use crate::flux::fact::Fact;
use crate::report::Outcome;

/// The outcomes of each request of a cluster, in order; of each one a pinned address or wanted family.
pub fn outcomes(view: &ClusterView<'_, '_>) -> Vec<Vec<Outcome>> {
    let judge = Judge { view, contention: Contention::of(view) };
    view.requests.iter().enumerate().map(|(at, request)| judge.outcomes(at, request)).collect()
}

struct Judge<'v, 'a, 't> {
    view: &'v ClusterView<'a, 't>,
    contention: Contention<'v, 'a, 't>,
}

impl<'v, 'a, 't> Judge<'v, 'a, 't> {
    fn outcomes(&self, at: usize, request: &Request<'_, '_>) -> Vec<Outcome> {
        let service = match &request.service {
            Fact::Unknown(why) => return vec![Outcome::Unknown { because: why.clone() }],
            Fact::Known(service) => service,
        };
        if let Err(why) = &request.responsible {
            return vec![Outcome::Pending { reason: "ignored".into(), because: why.to_string() }];
        }
        if self.view.pools.is_empty() {
            let because = "the cluster has no pool at all, so LB-IPAM does nothing".into();
            return vec![Outcome::Pending { reason: "no_pool".into(), because }];
        }
        let selecting = self.contention.selecting(service);
        if !request.requested.addresses.is_empty() {
            let addresses = request.requested.addresses.iter();
            return addresses.map(|pin| self.pinned(at, service, &selecting, pin.address)).collect();
        }
        families(service, &self.view.flags).iter().map(|family| self.generic(&selecting, family)).collect()
    }

    fn pool(&self, at: usize) -> &Contended<'v, 'a, 't> {
        &self.contention.pools[at]
    }

    fn pinned(&self, at: usize, service: &Service, selecting: &[(usize, bool)], address: IpAddr) -> Outcome {
        let holding = self.contention.holding(address);
        let Some(&nearest) = holding.first() else {
            let mut in_force = self.contention.pools.iter().filter(|pool| pool.in_force);
            return match in_force.find_map(|pool| pool.view.uncertain()) {
                Some(why) => Outcome::Unknown { because: why.to_owned() },
                None => {
                    Outcome::Pending { reason: "no_pool".into(), because: format!("no enabled pool holds {address}") }
                }
            };
        };
        let selects = |pool: &usize| {
            let found = selecting.binary_search_by_key(pool, |(at, _)| *at).ok()?;
            Some(selecting[found].1)
        };
        let label = &self.pool(nearest).label;
        let Some(&pool) = holding.iter().find(|pool| selects(pool) == Some(true)) else {
            if holding.iter().any(|pool| selects(pool) == Some(false)) {
                return Outcome::Unknown { because: format!("the selector of pool {label} is not known") };
            }
            let because = format!("pool {label} holds {address} but does not select it");
            return Outcome::Pending { reason: "pool_selector_mismatch".into(), because };
        };
        let pool = self.pool(pool);
        if pool.in_conflict {
            return conflict(pool);
        }
        if pool.reserved.contains(&address) {
            let because =
                format!("{address} is the first or last address of its block, which allowFirstLastIPs keeps back");
            return Outcome::Pending { reason: "already_allocated".into(), because };
        }
        let pool = pool.label.clone();
        match self.rival(at, service, address) {
            Some(because) => Outcome::OneOf { ranges: vec![address.to_string()], pools: vec![pool], because },
            None => Outcome::Address { address: address.to_string(), pool, because: "it asks for it".into() },
        }
    }

    /// Who else could hold a pinned address when the request comes: the first of all that could.
    fn rival(&self, at: usize, service: &Service, address: IpAddr) -> Option<String> {
        let sharing = Sharing::of(service, &self.view.profile);
        let ports = port_rule(&self.view.flags, &self.view.profile);
        let pinners = self.contention.pinners.get(&address).into_iter().flatten();
        let pinner = pinners
            .filter(|(other, _)| *other != at)
            .find(|(_, theirs)| sharing.compatible(theirs, ports).is_err())
            .map(|(other, _)| *other);
        let unpinned = self.contention.first_unpinned(address);
        let unknown = self.contention.first_unknown;
        let first = [unknown, pinner, unpinned].into_iter().flatten().min()?;
        let other = self.view.requests[first].label();
        Some(if unknown == Some(first) {
            format!("it asks for it, and so may {other}, of which not all is known")
        } else if pinner == Some(first) {
            format!("it asks for it, and so does {other}: the first to come gets it")
        } else {
            format!("it asks for it, but LB-IPAM keeps no place: {other}, which asks for none, may have got it before")
        })
    }

    fn generic(&self, selecting: &[(usize, bool)], family: Family) -> Outcome {
        let in_force = || {
            let each = selecting.iter().map(|(at, certain)| (self.pool(*at), *certain));
            each.filter(|(pool, _)| pool.in_force)
        };
        if let Some((label, why)) = in_force().find_map(|(pool, _)| Some((&pool.label, pool.view.uncertain()?))) {
            return Outcome::Unknown { because: format!("pool {label}: {why}") };
        }
        let matching: Vec<&Contended<'_, '_, '_>> = in_force()
            .filter(|(pool, certain)| *certain && pool.assignable.iter().any(|range| range.family() == family))
            .map(|(pool, _)| pool)
            .collect();
        if let Some(pool) = matching.iter().find(|pool| pool.in_conflict) {
            return conflict(pool);
        }
        if matching.is_empty() {
            let because = format!("no enabled pool with {family} addresses selects it");
            return Outcome::Pending { reason: "no_pool".into(), because };
        }
        let ranges: Ranges = matching
            .iter()
            .flat_map(|pool| pool.assignable.iter().copied())
            .filter(|range| range.family() == family)
            .collect();
        // It draws from each of them itself.
        let alone = self.contention.first_unknown.is_none() && matching.iter().all(|pool| pool.drawers == 1);
        match (matching.as_slice(), ranges.first()) {
            // One block, nobody else: its first address, in every version since 1.15.
            ([pool], Some(address)) if alone && pool.view.blocks.len() == 1 => Outcome::Address {
                address: address.to_string(),
                pool: pool.label.clone(),
                because: "it asks for none and is the only one to draw from this pool: the first free address".into(),
            },
            _ => Outcome::OneOf {
                ranges: ranges.iter().map(ToString::to_string).collect(),
                pools: matching.iter().map(|pool| pool.label.clone()).collect(),
                because: "it asks for none: which one depends on who comes first".into(),
            },
        }
    }
}

fn conflict(pool: &Contended<'_, '_, '_>) -> Outcome {
    let because = format!("pool {} overlaps another; the younger one is out of force", pool.label);
    Outcome::Unknown { because }
}

#[cfg(test)]
mod tests;
