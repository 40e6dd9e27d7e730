//! CiliumLoadBalancerIPPool.

use serde::Serialize;

use super::metadata::{Metadata, Origin};
use super::target::Reader;
use crate::config::{self, FirstLast, Selector};

/// A pool of LB-IPAM. Cluster-scoped; the schemas of `cilium.io/v2` and `cilium.io/v2alpha1` are the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct CiliumLoadBalancerIPPool {
    pub api_version: String,
    pub kind: &'static str,
    pub metadata: Metadata,
    pub spec: PoolSpec,
}

/// Its `spec`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct PoolSpec {
    pub blocks: Vec<PoolBlock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_selector: Option<Selector>,
    #[serde(rename = "allowFirstLastIPs", skip_serializing_if = "Option::is_none")]
    pub allow_first_last_ips: Option<FirstLast>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// One entry of `spec.blocks`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct PoolBlock {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
}

impl PoolBlock {
    /// From the first address to the last.
    pub fn between(start: impl Into<String>, stop: impl Into<String>) -> Self {
        Self { cidr: None, start: Some(start.into()), stop: Some(stop.into()) }
    }

    fn read(block: &config::Block, read: &Reader<'_>) -> Self {
        let text = |field: &Option<String>| field.as_deref().map(|text| read.text(text));
        Self { cidr: text(&block.cidr), start: text(&block.start), stop: text(&block.stop) }
    }
}

/// The pool that the config asks for, with its own blocks, or with those that are its remainder.
pub(super) fn of(
    pool: &config::Pool,
    remainder: Option<Vec<PoolBlock>>,
    api_version: &str,
    origin: &Origin<'_>,
    read: &Reader<'_>,
) -> CiliumLoadBalancerIPPool {
    let text = |field: &Option<String>| field.as_deref().map(|text| read.text(text));
    CiliumLoadBalancerIPPool {
        api_version: api_version.to_owned(),
        kind: "CiliumLoadBalancerIPPool",
        metadata: Metadata {
            name: pool.name.clone(),
            namespace: None,
            labels: super::metadata::Texts::default(),
            annotations: origin.owned(text(&pool.owner), text(&pool.purpose)),
        },
        spec: PoolSpec {
            blocks: remainder.unwrap_or_else(|| pool.blocks.iter().map(|block| PoolBlock::read(block, read)).collect()),
            service_selector: pool
                .service_selector
                .as_ref()
                .filter(|selector| !selector.is_empty())
                .map(|selector| selected(selector, read)),
            allow_first_last_ips: pool.allow_first_last_ips,
            disabled: pool.disabled,
        },
    }
}

/// A selector with the values of the reader.
pub(super) fn selected(selector: &Selector, read: &Reader<'_>) -> Selector {
    let mut selector = selector.clone();
    for value in selector.match_labels.values_mut() {
        *value = read.text(value);
    }
    for value in selector.match_expressions.iter_mut().flat_map(|one| one.values.iter_mut()) {
        *value = read.text(value);
    }
    selector
}
