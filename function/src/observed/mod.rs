//! A living cluster, as texts tell it: what `kubectl get` saved, or what the host read from an API server.
//!
//! Each object is reduced to what decides about addresses as soon as it was read, so that a list of 100,000 Services
//! costs what their names and addresses cost. A text tells what it shows and no more: whether something is *not* in
//! the cluster is only known of kinds, and of namespaces, that were read ([`Observed::lacks`]).

mod coverage;
mod objects;
mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cilium::{Pool, Service, ServiceKey};
pub use coverage::{Coverage, Lacks};
pub use objects::{ANNOUNCING, CILIUM_CONFIG, service};
pub use read::{NotRead, read};

/// What is known of one living cluster.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// Its pools, by name.
    pub pools: BTreeMap<String, LivingPool>,
    /// Its Services that ask for an address of a load balancer or have one.
    pub services: BTreeMap<ServiceKey, LivingService>,
    /// Its other Services, by name.
    pub other_services: BTreeSet<ServiceKey>,
    /// Its Gateways.
    pub gateways: BTreeMap<ServiceKey, LivingGateway>,
    /// Its Ingresses, and the addresses in their status.
    pub ingresses: BTreeMap<ServiceKey, Vec<String>>,
    /// Flux's Kustomizations.
    pub kustomizations: BTreeMap<ServiceKey, LivingKustomization>,
    /// What Flux takes manifests from.
    pub sources: BTreeMap<(String, ServiceKey), LivingSource>,
    /// What announces addresses (L2 policies, BGP objects), by kind and name.
    pub announcements: BTreeMap<(String, String), LivingAnnouncer>,
    /// ConfigMaps that matter here: those of settings, and Cilium's own.
    pub config_maps: BTreeMap<ServiceKey, BTreeMap<String, String>>,
    /// Secrets: their keys. No value is looked at.
    pub secrets: BTreeMap<ServiceKey, BTreeSet<String>>,
    /// The addresses of each node.
    pub nodes: BTreeMap<String, Vec<String>>,
    /// The images of Cilium's operator and agent.
    pub images: BTreeSet<String>,
    /// What of each kind was read.
    pub coverage: BTreeMap<String, Coverage>,
    /// Kinds that could not be read, and why.
    pub unread: BTreeMap<String, String>,
    /// How many objects the texts hold, those that do not matter here included.
    pub objects: usize,
}

/// What an object says of who put it there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The Flux Kustomization that applied it, by its labels.
    pub kustomization: Option<ServiceKey>,
    /// The Helm release that made it, by its labels and annotations.
    pub helm_release: Option<ServiceKey>,
    /// The object that owns it, as kind and name.
    pub owner: Option<(String, String)>,
}

/// A condition of a status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word.
    pub reason: String,
    /// In words.
    pub message: String,
    /// The generation that was looked at, where it says.
    pub observed_generation: Option<i64>,
}

impl Condition {
    /// Whether it holds.
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }
}

/// Conditions by type.
pub type Conditions = BTreeMap<String, Condition>;

/// A pool as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct LivingPool {
    /// What it holds and serves; [`Pool::created`] is its rank by time of creation.
    pub pool: Pool,
    /// `spec`, to be held against manifests.
    pub spec: Value,
    /// When it was created, as written.
    pub created: String,
    /// `metadata.generation`
    pub generation: Option<i64>,
    /// What the operator says of it.
    pub conditions: Conditions,
    /// Who put it there.
    pub origin: Origin,
}

impl LivingPool {
    /// Whether the operator has looked at it as it is now.
    pub fn is_seen(&self) -> bool {
        self.conditions.get("cilium.io/PoolConflict").is_some_and(|condition| {
            condition.observed_generation.is_none() || condition.observed_generation == self.generation
        })
    }

    /// Whether the operator has switched it off for a conflict; none where it has not looked at it yet.
    pub fn conflict(&self) -> Option<bool> {
        self.conditions.get("cilium.io/PoolConflict").map(Condition::is_true)
    }

    /// One of the counts that the operator writes: `Total`, `Available`, `Used`.
    pub fn count(&self, which: &str) -> Option<&str> {
        self.conditions.get(&format!("cilium.io/IPs{which}")).map(|condition| condition.message.as_str())
    }
}

/// A Service as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct LivingService {
    /// What decides about its address, and its status.
    pub service: Service,
    /// When it was created, as written.
    pub created: String,
    /// Host names in its status, which LB-IPAM never writes.
    pub hostnames: Vec<String>,
    /// The condition `cilium.io/IPAMRequestSatisfied`.
    pub condition: Option<Condition>,
    /// Who put it there.
    pub origin: Origin,
}

/// A Gateway as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LivingGateway {
    /// `spec`, to be held against manifests.
    pub spec: Value,
    /// `status.addresses`
    pub addresses: Vec<String>,
    /// Its conditions.
    pub conditions: Conditions,
    /// Who put it there.
    pub origin: Origin,
}

/// An L2 policy or a BGP object as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LivingAnnouncer {
    /// `spec`, to be held against manifests.
    pub spec: Value,
    /// Its conditions.
    pub conditions: Conditions,
}

/// A Flux Kustomization as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LivingKustomization {
    /// `spec`, to be held against manifests.
    pub spec: Value,
    /// `spec.suspend`
    pub suspended: bool,
    /// `metadata.generation` and `status.observedGeneration`
    pub generations: (Option<i64>, Option<i64>),
    /// `status.lastAppliedRevision`
    pub applied: Option<String>,
    /// `status.lastAttemptedRevision`
    pub attempted: Option<String>,
    /// Its conditions.
    pub conditions: Conditions,
}

/// What Flux takes manifests from, as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LivingSource {
    /// The revision of the artifact that it offers.
    pub revision: Option<String>,
    /// `spec.suspend`
    pub suspended: bool,
    /// Its conditions.
    pub conditions: Conditions,
}

impl Observed {
    /// Whether the cluster is known not to have an object of this kind, or why that is not known.
    pub fn lacks(&self, kind: &str, namespace: Option<&str>) -> Lacks {
        coverage::lacks(self, kind, namespace)
    }
}
