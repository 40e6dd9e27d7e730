//! Names, labels and the marks on what was generated.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::ClusterValues;
use crate::config::LoadBalancerPools;
use crate::krm::annotations::{GENERATED_BY, OWNER, PURPOSE};

/// On objects with literal values: the cluster of the network plan that they are for.
pub const CLUSTER: &str = "lbpools.dev/cluster";

/// `metadata` in the order of its fields that people use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Metadata {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub labels: Texts,
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub annotations: Texts,
}

/// Labels or annotations, in the order in which they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts(Vec<(String, String)>);

impl Texts {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One more at the end; an earlier one of the same key gets the new value and keeps its place.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        match self.0.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((key.to_owned(), value.into())),
        }
        self
    }

    /// One more at the end, if there is a value.
    #[must_use]
    pub fn with_some(self, key: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// Where an object comes from: the marks by which a later run knows its own.
pub(super) struct Origin<'a> {
    config: &'a str,
    cluster: Option<&'a str>,
}

impl<'a> Origin<'a> {
    /// The cluster is named on objects with literal values, where the network plan names one.
    pub(super) fn of(config: &'a LoadBalancerPools, cluster: Option<&'a ClusterValues<'a>>) -> Self {
        let cluster = cluster.filter(|cluster| cluster.plan.is_some()).map(|cluster| cluster.name);
        Self { config: &config.metadata.name, cluster }
    }

    /// The name that an announcement has when it has none of its own.
    pub(super) fn name(&self) -> &str {
        self.config
    }

    /// The marks behind other annotations.
    pub(super) fn mark(&self, annotations: Texts) -> Texts {
        annotations.with(GENERATED_BY, self.config).with_some(CLUSTER, self.cluster)
    }

    /// The marks behind owner and purpose.
    pub(super) fn owned(&self, owner: Option<String>, purpose: Option<String>) -> Texts {
        self.mark(Texts::default().with_some(OWNER, owner).with_some(PURPOSE, purpose))
    }
}
