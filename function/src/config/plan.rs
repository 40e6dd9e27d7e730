//! The network plan: which addresses a cluster owns, which it must leave alone, and where its Gateways answer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::Texts;
use super::target::{Cilium, Flux, Settings};
use crate::cilium::range::Range;
use crate::cilium::ranges::Ranges;

/// One cluster of the network plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// Name of the cluster: the value of its settings' cluster key, where it has one.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The directory that Flux starts from, relative to the root of the repository, such as
    /// kubernetes/clusters/infra. What this cluster applies is followed from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<String>,
    /// The addresses that LoadBalancer Services of this cluster may have: 10.25.11.100-10.25.11.119, 10.25.12.0/24
    /// or a single address; one or a list.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub ranges: Texts,
    /// The L2 segment that the cluster is on, as a prefix; one, or one for each family. Addresses outside of it
    /// are a finding, and clusters that name the same segment must not overlap.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub network: Texts,
    /// Addresses that no Service may ever have, by what they are: router, nodes, podCIDR, serviceCIDR, or any
    /// other word. A remainder pool leaves them out; a pool that covers one is a finding.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reserved: BTreeMap<String, Texts>,
    /// What this cluster runs, where it differs from `spec.cilium`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cilium: Option<Cilium>,
    /// Which Flux delivers to this cluster, where it differs from `spec.flux`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flux: Option<Flux>,
    /// Where this cluster's values come from, where it differs from `spec.settings`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
}

impl Cluster {
    /// The addresses of `ranges`. What does not parse was refused before ([`super::problems`]) and is left out.
    pub fn owned(&self) -> Ranges {
        parsed(&self.ranges).collect()
    }

    /// The addresses of `network`; empty where none is named.
    pub fn segment(&self) -> Ranges {
        parsed(&self.network).collect()
    }

    /// Each reserved range with what it is.
    pub fn kept_free(&self) -> impl Iterator<Item = (&str, Range)> {
        self.reserved.iter().flat_map(|(what, texts)| parsed(texts).map(move |range| (what.as_str(), range)))
    }
}

fn parsed(texts: &Texts) -> impl Iterator<Item = Range> {
    texts.iter().filter_map(|text| Range::parse(text).ok())
}

/// The address of a Gateway, and the pool that it must come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gateway {
    /// The address, or the setting that holds it, such as ${CILIUM_GATEWAY_LB_IP}.
    #[schemars(length(min = 1))]
    pub address: String,
    /// Name of the pool under `spec.pools` that must hold it.
    #[schemars(length(min = 1))]
    pub pool: String,
    /// Name of the Gateway, when one address stands for a certain one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Namespace of the Gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}
