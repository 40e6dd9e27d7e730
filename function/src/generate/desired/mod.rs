//! The objects that the config asks for, in the order in which a person would write them down.
//!
//! With `values: Variables` there is one set for all clusters, and `${...}` stays as it is written. Flux evaluates
//! it in the text that kustomize makes of the file, where quotes around a value are gone (`"${V}"` becomes `${V}`),
//! and reads the result as YAML anew: quoting here cannot keep a value a text. It need not: what is substituted
//! below are addresses and prefixes, which YAML reads as text, with one exception. An IPv6 address that ends in
//! `::` would end a key; [`settings`] therefore proposes `fd00::0`. Words that Kubernetes wants as text although
//! YAML 1.1 does not (`"No"`) hold no variable, and kustomize quotes them again.
//!
//! With `values: Literal` each cluster has its own set, with its values in place.
//!
//! What cannot be said, because a value is not known, is withheld with the reason: whoever writes must then leave
//! the object that may be there already as it is.

use serde::Serialize;

use crate::config::output::CLUSTER;
use crate::config::{Cluster, ConfigProblem, LoadBalancerPools, Values};
use crate::flux::fact::Fact;
use crate::report::ResourceRef;

pub mod announce;
pub mod metadata;
pub mod pool;
pub mod remainder;
mod set;
pub mod settings;
pub mod smoke_test;
mod target;

use announce::{CiliumBGPAdvertisement, CiliumL2AnnouncementPolicy};
use metadata::Metadata;
use pool::CiliumLoadBalancerIPPool;
use settings::ProposedSetting;
use smoke_test::{Deployment, Service};

/// A cluster of the run with its values.
#[derive(Clone, Copy)]
pub struct ClusterValues<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its part of the network plan.
    pub plan: Option<&'a Cluster>,
    /// A text of the config as this cluster sees it: `${...}` evaluated, or why that cannot be done.
    pub resolve: &'a dyn Fn(&str) -> Fact<String>,
}

/// One object that the config asks for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Object {
    Pool(CiliumLoadBalancerIPPool),
    L2(CiliumL2AnnouncementPolicy),
    Bgp(CiliumBGPAdvertisement),
    Deployment(Deployment),
    Service(Service),
}

impl Object {
    fn parts(&self) -> (&str, &str, &Metadata) {
        match self {
            Object::Pool(pool) => (&pool.api_version, pool.kind, &pool.metadata),
            Object::L2(policy) => (&policy.api_version, policy.kind, &policy.metadata),
            Object::Bgp(advertisement) => (&advertisement.api_version, advertisement.kind, &advertisement.metadata),
            Object::Deployment(deployment) => (deployment.api_version, deployment.kind, &deployment.metadata),
            Object::Service(service) => (service.api_version, service.kind, &service.metadata),
        }
    }

    /// Which object it is.
    pub fn resource(&self) -> ResourceRef {
        let (api_version, kind, metadata) = self.parts();
        ResourceRef {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
        }
    }
}

/// An object that should be there, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// The object.
    pub object: Object,
    /// The cluster that it is for; `None` where it is for all of them.
    pub cluster: Option<String>,
    /// The file for it when it is new; `None` leaves that to the caller.
    pub path: Option<String>,
}

impl Desired {
    /// Which object it is.
    pub fn resource(&self) -> ResourceRef {
        self.object.resource()
    }
}

/// An object that is asked for and cannot be made for want of a value. One that is there already must stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Which object.
    pub resource: ResourceRef,
    /// The cluster that it would be for; `None` where it is for all of them.
    pub cluster: Option<String>,
    /// The cluster whose value is not known.
    pub because_of: String,
    /// Why.
    pub because: String,
}

/// What a config comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// The objects that should be there.
    pub objects: Vec<Desired>,
    /// Settings keys that the objects need, with the value that the network plan gives them in each cluster.
    pub settings: Vec<ProposedSetting>,
    /// What cannot be made for want of a value.
    pub withheld: Vec<Withheld>,
    /// What the config asks for and no value can give.
    pub problems: Vec<ConfigProblem>,
}

/// The objects that `config` asks for in `clusters`, of which a run has at least one.
///
/// The config must have passed [`crate::config::problems`].
pub fn desired(config: &LoadBalancerPools, clusters: &[ClusterValues<'_>]) -> Outcome {
    let mut outcome = Outcome::default();
    match config.spec.output.values {
        Values::Variables => {
            let remainder = remainder::for_all(config, clusters);
            set::add(&mut outcome, config, None, remainder);
        }
        Values::Literal => {
            if clusters.len() > 1 {
                outcome.problems.extend(one_file_for_several(config));
            }
            for cluster in clusters {
                let remainder = remainder::for_one(config, cluster);
                set::add(&mut outcome, config, Some(cluster), remainder);
            }
        }
    }
    outcome
}

/// Two clusters' objects have the same names: in one file, or left to the caller, they would be one and the same.
fn one_file_for_several(config: &LoadBalancerPools) -> Vec<ConfigProblem> {
    let spec = &config.spec;
    let others = !spec.pools.is_empty() || spec.advertise.as_ref().is_some_and(|a| a.bgp.is_some() || a.l2.is_some());
    let test = spec.smoke_test.as_ref();
    let own_path = test.and_then(|test| test.path.as_deref());
    let paths = [
        (others || (test.is_some() && own_path.is_none()), "spec.output.path", spec.output.path.as_deref()),
        (own_path.is_some(), "spec.smokeTest.path", own_path),
    ];
    paths
        .into_iter()
        .filter(|(used, _, path)| *used && !path.is_some_and(|path| path.contains(CLUSTER)))
        .map(|(_, field, path)| ConfigProblem {
            path: if path.is_some() { field.to_owned() } else { "spec.output".to_owned() },
            message: "with `values: Literal` each of the clusters of this run has objects of its own under the same \
                      names, and they would all go into one file"
                .to_owned(),
            help: format!("put {CLUSTER} into `{}`, such as clusters/{CLUSTER}/pools.yaml", &field["spec.".len()..]),
        })
        .collect()
}

#[cfg(test)]
mod tests;
