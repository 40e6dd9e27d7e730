//! What the config asks for, written.

pub mod reconcile;

use std::collections::BTreeMap;

use crate::Options;
use crate::config::LoadBalancerPools;
use crate::flux::clusters::Cluster;
use crate::krm::document::Document;
use crate::krm::write::Changes;
use crate::report::ObjectChange;
use crate::rules::finding::Findings;

/// What generation wants changed.
#[derive(Debug, Default)]
pub struct Generated {
    /// By position of the document.
    pub changes: BTreeMap<usize, Changes>,
    /// Files that are not there yet.
    pub new_files: BTreeMap<String, String>,
    /// What is done to which object.
    pub objects: Vec<ObjectChange>,
}

/// Make the input hold what the config asks for.
pub fn generate(
    _: &[Document<'_>],
    _: &[Cluster<'_, '_>],
    _: &LoadBalancerPools,
    _: Option<&str>,
    _: Options,
) -> Generated {
    Generated::default()
}

/// Whether the input holds what the config asks for.
pub fn expected(_: &[Cluster<'_, '_>], _: &LoadBalancerPools, _: &mut Findings<'_>) {}
