//! What a change of the manifests, a hypothesis or an upgrade does, as part of the report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Place, ResourceRef};

/// Everything that differs between what was and what will be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// A second tree or a living cluster was compared with; otherwise the state itself, without what is supposed.
    pub baseline: bool,
    /// What is supposed on top, in words.
    pub supposed: Vec<String>,
    /// The clusters in which something changes or that could not be compared.
    pub clusters: Vec<ClusterDifference>,
}

impl Difference {
    /// Nothing at all changes, as far as could be told.
    pub fn is_empty(&self) -> bool {
        self.clusters.iter().all(ClusterDifference::is_empty)
    }

    /// Somebody loses an address or gets another, or may.
    pub fn takes_away(&self) -> bool {
        self.clusters.iter().flat_map(|cluster| &cluster.addresses).any(AddressChange::takes_away)
    }
}

/// What differs in one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterDifference {
    /// Its name.
    pub name: String,
    /// It was judged before, is judged now, or both.
    pub presence: Presence,
    /// Cilium before and after, where they differ.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cilium: Option<Was>,
    /// Who gets, loses or changes an address: losses first.
    pub addresses: Vec<AddressChange>,
    /// Pools that differ.
    pub pools: Vec<PoolChange>,
    /// Services whose announcement begins, ends or changes.
    pub announcements: Vec<AnnouncementChange>,
    /// What the change does to the operator itself.
    pub operator: Vec<String>,
    /// What could not be compared, and why.
    pub unknown: Vec<String>,
}

impl ClusterDifference {
    /// Nothing changes, and nothing is unknown.
    pub fn is_empty(&self) -> bool {
        self.presence == Presence::Both
            && self.cilium.is_none()
            && self.addresses.is_empty()
            && self.pools.is_empty()
            && self.announcements.is_empty()
            && self.operator.is_empty()
            && self.unknown.is_empty()
    }
}

/// When a cluster is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Presence {
    /// Before and after.
    #[default]
    Both,
    /// Only after: it is new.
    New,
    /// Only before: its entry point or its part of the config is gone. What it applied may stay as it is.
    Gone,
}

/// A value before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Was {
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
}

/// What happens to one Service's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressChange {
    /// The object that asks.
    pub resource: ResourceRef,
    /// The Service that LB-IPAM sees, when it is another object, as `namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service: Option<String>,
    /// Where it stands; of one that is gone, where it stood.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Place>,
    /// What happens.
    pub change: AddressFate,
    /// Whether it happens for certain. Otherwise it hangs on an order that nobody knows, and may not happen.
    pub certain: bool,
    /// When.
    pub moment: Moment,
    /// What it has before.
    pub before: HeldReport,
    /// What it has then.
    pub after: HeldReport,
    /// Why.
    pub because: String,
    /// Who has its old address then, as `namespace/name`; each may have it only perhaps.
    pub taken_by: Vec<String>,
}

impl AddressChange {
    /// It has an address before that it may not have afterwards.
    pub fn takes_away(&self) -> bool {
        matches!(self.change, AddressFate::Moved | AddressFate::Lost)
            || (self.change == AddressFate::Pending && !self.before.ranges.is_empty())
    }
}

/// What happens to an address. The order is that of how much it hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AddressFate {
    /// It had one and waits for another, or is new and waits.
    Pending,
    /// It had one and has another.
    Moved,
    /// Nobody asks for it any more.
    Lost,
    /// It had none, or fewer.
    Gained,
    /// It perhaps had one and perhaps none, and has one from now on, whichever it was.
    Settled,
}

/// When something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Moment {
    /// As soon as the change is applied.
    AtOnce,
    /// When the operator next starts: an upgrade, a drained node.
    AtRestart,
}

/// What a Service has, or may have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldReport {
    /// `first-last` each: the addresses of which it has one (or all, where it asked for several).
    pub ranges: Vec<String>,
    /// How many ranges were left out.
    #[serde(default)]
    pub more: usize,
    /// It may have none.
    pub or_none: bool,
}

/// One pool that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolChange {
    /// Its name.
    pub name: String,
    /// Where it stands; of one that is gone, where it stood.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Place>,
    /// What happens to it.
    pub change: PoolFate,
    /// All its addresses before, as a decimal number.
    pub total_before: String,
    /// All its addresses after.
    pub total_after: String,
    /// `first-last` of what it newly holds.
    pub gained: Vec<String>,
    /// `first-last` of what it no longer holds.
    pub lost: Vec<String>,
    /// Other fields that differ, in words.
    pub notes: Vec<String>,
}

/// What happens to a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PoolFate {
    /// It is gone.
    Removed,
    /// It holds fewer addresses.
    Shrunk,
    /// It gained some and lost some.
    Moved,
    /// It holds more addresses.
    Grown,
    /// It is new.
    Added,
    /// It holds the same, and something else of it differs.
    Changed,
}

/// What happens to the announcement of a Service that has an address before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncementChange {
    /// The object that asks.
    pub resource: ResourceRef,
    /// What announced it.
    pub before: Vec<ResourceRef>,
    /// What announces it: nothing, where the announcement ends.
    pub after: Vec<ResourceRef>,
    /// Why it is not known whether something else announces it now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unknown: Option<String>,
}
