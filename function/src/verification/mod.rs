//! A cluster of the repository held against the living one.
//!
//! Two questions that must not be mixed up. *Does the cluster hold what the repository says?* Each object is compared
//! with its manifest ([`applied`]); what differs is drift, and somebody's to mend. *Does LB-IPAM do what was
//! predicted?* Each address is accounted for by the objects of the cluster as they are ([`living`]); only one that no
//! history explains contradicts the simulation. Where the objects are as written and the address is another all the
//! same, it is the order or the past of this cluster that decided, which no manifest tells.

pub mod applied;
mod applying;
pub mod living;
mod objects;
mod requests;
mod scenario;
mod smoke_test;
mod told;
pub mod which;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::cilium::ServiceKey;
use crate::cilium::history::addresses;
use crate::cluster::ClusterView;
use crate::cluster::requests::Request;
use crate::flux::object::Object;
use crate::observed::Observed;
use crate::report::{HeldAddress, OriginReport, Standing};
pub use living::Living;
pub use objects::{Kept, ObjectHeld};
pub use words::{account, contradiction, past};

/// One cluster, as the repository says and as it is.
#[derive(Debug)]
pub struct Verified<'v, 'a, 't> {
    /// As the repository says, under the Cilium that runs.
    pub view: &'v ClusterView<'a, 't>,
    /// As the repository says, under the Cilium that the config states.
    pub stated: &'v ClusterView<'a, 't>,
    /// What the config says of its Cilium.
    pub said: Said,
    /// As it is.
    pub living: Living<'v>,
    /// All clusters of the repository.
    pub fleet: &'v [&'v ClusterView<'a, 't>],
    /// Each object of the repository that decides about addresses, and what the cluster has of it.
    pub objects: Vec<ObjectHeld<'v, 'a, 't>>,
    by_object: BTreeMap<*const Object<'a, 't>, usize>,
    by_key: BTreeMap<ServiceKey, usize>,
    /// How each request of the repository stands, in the order of the view.
    pub requests: Vec<Stand>,
    /// The Services of the cluster that are no request of the repository, and whose they are.
    pub others: BTreeMap<ServiceKey, OriginReport>,
    /// Who of those has an address.
    pub holders: BTreeMap<IpAddr, ServiceKey>,
    /// The pools that only one side has, or that differ, and in which way.
    pub pools: BTreeMap<String, PoolDrift>,
    /// What of the cluster was not read, and what hangs on it.
    pub not_checked: Vec<(String, String)>,
}

/// What the config says of a cluster's Cilium; nothing of what it leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// `ipv4`
    pub ipv4: Option<bool>,
    /// `ipv6`
    pub ipv6: Option<bool>,
    /// `bgpControlPlane`
    pub bgp_control_plane: Option<bool>,
    /// `l2Announcements`
    pub l2_announcements: Option<bool>,
    /// `defaultLBServiceIPAM`
    pub default_ipam: Option<String>,
}

/// How a pool of the cluster is not what the repository says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolDrift {
    /// Both have it, and it differs.
    Edited,
    /// The cluster has not got it.
    Missing,
    /// The repository has not got it.
    Foreign,
}

/// How one request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// The Service, where it is known.
    pub key: Option<ServiceKey>,
    /// What it has.
    pub actual: Vec<HeldAddress>,
    /// The reason of the operator for what it has not.
    pub reason: Option<String>,
    /// How that stands to what was predicted.
    pub standing: Standing,
    /// Why.
    pub because: String,
}

impl<'v, 'a, 't> Verified<'v, 'a, 't> {
    /// Hold a cluster of the repository against what was read of the living one.
    pub fn of(
        view: &'v ClusterView<'a, 't>,
        (stated, said): (&'v ClusterView<'a, 't>, Said),
        fleet: &'v [&'v ClusterView<'a, 't>],
        observed: &'v Observed,
        living: Living<'v>,
    ) -> Self {
        let mut not_checked = Vec::new();
        let objects = objects::held(view, observed, &mut not_checked);
        let pools = pool_drifts(view, observed, &objects);
        let keys = view.requests.iter().enumerate();
        let by_key: BTreeMap<ServiceKey, usize> =
            keys.filter_map(|(at, request)| Some((request.service.known()?.key.clone(), at))).collect();
        let (mut others, mut holders) = (BTreeMap::new(), BTreeMap::new());
        for (key, service) in observed.services.iter().filter(|(key, _)| !by_key.contains_key(*key)) {
            others.insert(key.clone(), requests::origin(service));
            holders.extend(addresses(&service.service).map(|address| (address, key.clone())));
        }
        let by_object = objects.iter().enumerate().map(|(at, held)| (std::ptr::from_ref(held.object), at)).collect();
        let requests = Vec::new();
        let mut verified = Verified {
            view,
            stated,
            said,
            living,
            fleet,
            objects,
            by_object,
            by_key,
            requests,
            others,
            holders,
            pools,
            not_checked,
        };
        verified.requests = requests::stands(&verified);
        verified
    }

    /// What the cluster has of an object.
    pub fn held(&self, object: &Object<'a, 't>) -> Option<&ObjectHeld<'v, 'a, 't>> {
        let at = *self.by_object.get(&std::ptr::from_ref(object))?;
        self.objects.get(at)
    }

    /// The request of the repository for a Service.
    pub fn request(&self, key: &ServiceKey) -> Option<&'v Request<'a, 't>> {
        self.view.requests.get(*self.by_key.get(key)?)
    }

    /// Why there may be objects of the repository that are not known here: what the cluster has more is then nobody's
    /// mistake.
    pub fn open(&self) -> Option<&str> {
        self.view.cluster.wiring.open.as_deref()
    }
}

fn pool_drifts(
    view: &ClusterView<'_, '_>,
    observed: &Observed,
    objects: &[ObjectHeld<'_, '_, '_>],
) -> BTreeMap<String, PoolDrift> {
    let mut drifts = BTreeMap::new();
    for held in objects.iter().filter(|held| held.is_pool()) {
        match &held.kept {
            Kept::Missing => drop(drifts.insert(held.name.clone(), PoolDrift::Missing)),
            Kept::There(edits) if !edits.is_empty() => drop(drifts.insert(held.name.clone(), PoolDrift::Edited)),
            _ => {}
        }
    }
    let unknown = view.pools.iter().any(|pool| pool.name.known().is_none());
    if !unknown {
        let ours: BTreeSet<String> = view.pools.iter().map(|pool| pool.label()).collect();
        for name in observed.pools.keys().filter(|name| !ours.contains(*name)) {
            drifts.insert(name.clone(), PoolDrift::Foreign);
        }
    }
    drifts
}
