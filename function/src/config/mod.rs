//! What the user asks for: `LoadBalancerPools`, the function's config.
//!
//! The types are the contract: strict reading, the JSON Schema that an editor completes from and the reference
//! page all come from them, so their doc comments are written for the person who fills in the file. Reading
//! refuses what has the wrong shape, with its place in the file; [`check`] refuses what has the right shape and
//! makes no sense. Three forms lead here: the object itself, a flat `v1` ConfigMap as `kpt fn eval -- key=value`
//! sends it ([`flat`]), and nothing at all (validate what is there, generate nothing).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod advertise;
pub mod check;
pub mod closest;
pub mod flat;
pub mod forms;
pub mod output;
pub mod plan;
pub mod pool;
pub mod schema;
pub mod selector;
pub mod smoke_test;
pub mod target;

pub use advertise::{Advertise, Bgp, Communities, L2};
pub use check::{ConfigProblem, problems};
pub use forms::Texts;
pub use output::{Output, SeverityOverride, Values};
pub use plan::{Cluster, Gateway};
pub use pool::{Block, FirstLast, Headroom, Pool};
pub use selector::{Operator, Requirement, Selector};
pub use smoke_test::SmokeTest;
pub use target::{Cilium, DefaultIpam, Flux, Settings};

/// The API group of the config, and of the annotations on what it generates.
pub const GROUP: &str = "lbpools.dev";
/// The apiVersion of the config.
pub const API_VERSION: &str = "lbpools.dev/v1alpha1";
/// The kind of the config.
pub const KIND: &str = "LoadBalancerPools";
/// What a config is called that has no name of its own: it marks what was generated.
pub const DEFAULT_NAME: &str = "lb-pools";

/// Says which LoadBalancer addresses each cluster owns and which pools to make of them. lbpools generates Cilium's
/// IP pools, announcements and a smoke test from it, and holds everything else against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadBalancerPools {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// The kind of this object.
    pub kind: Kind,
    /// Name and annotations, as of any Kubernetes object.
    pub metadata: Metadata,
    /// What is asked for.
    #[serde(default)]
    pub spec: Spec,
}

/// The version of the config's format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum ApiVersion {
    /// The only one so far.
    #[default]
    #[serde(rename = "lbpools.dev/v1alpha1")]
    V1Alpha1,
}

/// The kind of the config.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Kind {
    /// The only one.
    #[default]
    LoadBalancerPools,
}

/// Name and annotations, as of any Kubernetes object.
// Not strict: what the tools write here (labels, annotations, namespace, build marks) is theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Metadata {
    /// Name of the config. What a run generates carries it in the annotation lbpools.dev/generated-by, by which a
    /// later run knows its own objects: rename it and the old ones are nobody's.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// What is asked for. Everything may be left out: then lbpools only validates what is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(inline)]
pub struct Spec {
    /// What the target clusters run. A cluster may differ: see its own `cilium`.
    pub cilium: Cilium,
    /// Which Flux delivers to the clusters. A cluster may differ: see its own `flux`.
    #[serde(skip_serializing_if = "is_default")]
    pub flux: Flux,
    /// Where the values of a cluster come from.
    pub settings: Settings,
    /// The network plan: which cluster owns which addresses. Left out: one cluster for each settings ConfigMap
    /// that is found, and nothing to hold its addresses against.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<Cluster>,
    /// The pools to generate, the same in each cluster, each with its own values. Left out: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<Pool>,
    /// The addresses of Gateways, and the pool that each must come from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<Gateway>,
    /// What tells the network about the addresses. Left out: nothing is generated for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise: Option<Advertise>,
    /// A Deployment and a Service of type LoadBalancer that answer over HTTP, to see with one request that an
    /// address is given and reachable. Left out: none; `{}`: one with the defaults below.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "forms::present")]
    pub smoke_test: Option<SmokeTest>,
    /// How and where the generated objects are written.
    pub output: Output,
    /// Judge and write nothing: what the config asks for must be there already. For `validators:` of kustomize, which
    /// refuse a function that hands its input back: the items are left out of the output then, unless they say which
    /// file they come from (kpt, which would delete those files).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub validate_only: bool,
    /// Another severity for single rules, by rule name or code, such as `pin-may-be-taken: off`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub severity: BTreeMap<String, SeverityOverride>,
}

fn is_default(flux: &Flux) -> bool {
    *flux == Flux::default()
}

impl LoadBalancerPools {
    /// A config that asks for nothing.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            api_version: ApiVersion::default(),
            kind: Kind::default(),
            metadata: Metadata { name: name.into() },
            spec: Spec::default(),
        }
    }

    /// What `cluster` runs: its own `cilium`, else that of all clusters.
    pub fn cilium_of(&self, cluster: Option<&Cluster>) -> Cilium {
        match cluster.and_then(|cluster| cluster.cilium.as_ref()) {
            Some(own) => own.over(&self.spec.cilium),
            None => self.spec.cilium.clone(),
        }
    }

    /// Which Flux delivers to `cluster`: its own `flux`, else that of all clusters.
    pub fn flux_of(&self, cluster: Option<&Cluster>) -> Flux {
        match cluster.and_then(|cluster| cluster.flux.as_ref()) {
            Some(own) => own.over(&self.spec.flux),
            None => self.spec.flux.clone(),
        }
    }

    /// Where the values of `cluster` come from: its own `settings`, else those of all clusters.
    pub fn settings_of(&self, cluster: Option<&Cluster>) -> Settings {
        match cluster.and_then(|cluster| cluster.settings.as_ref()) {
            Some(own) => own.over(&self.spec.settings),
            None => self.spec.settings.clone(),
        }
    }
}

impl Default for LoadBalancerPools {
    /// No config at all: validate, generate nothing.
    fn default() -> Self {
        Self::named(DEFAULT_NAME)
    }
}
