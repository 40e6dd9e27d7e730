//! What the network plan of the config says about one cluster, parsed.

use crate::cilium::{Count, Range, Ranges};
use crate::report::{Place, ResourceRef};

/// A range of the plan and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedRange {
    /// `router`, `nodes`, `podCIDR`, …: the key of `reserved`.
    pub purpose: String,
    /// The addresses.
    pub range: Range,
}

/// How much room a pool must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headroom {
    /// This part of all its addresses, in percent.
    Percent(u32),
    /// This many addresses.
    Count(u64),
}

impl Headroom {
    /// How many addresses that are, of a pool that can hand out so many.
    pub fn of(self, total: Count) -> Count {
        match self {
            Headroom::Percent(percent) => total.percent(percent),
            Headroom::Count(count) => Count::from(u128::from(count)),
        }
    }
}

/// A pool of the config, as far as judging it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPool {
    /// Its name.
    pub name: String,
    /// The room it must keep.
    pub headroom: Option<Headroom>,
}

/// A Gateway of the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedGateway {
    /// Its address as written, `${…}` included.
    pub address: String,
    /// The pool it must come from.
    pub pool: Option<String>,
    /// Name of the Gateway object, when the config says.
    pub name: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
}

/// One cluster's part of the network plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The addresses its pools may hold; empty when the config plans nothing for it.
    pub ranges: Ranges,
    /// The L2 segment it stands on; empty when the config does not say.
    pub network: Ranges,
    /// Addresses that belong to something else.
    pub reserved: Vec<ReservedRange>,
    /// The pools the config asks for.
    pub pools: Vec<PlannedPool>,
    /// The Gateways the config names.
    pub gateways: Vec<PlannedGateway>,
    /// Path of the field `ranges` in the config, for messages.
    pub source: String,
}

/// An object that the config asks for and that is not there as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingObject {
    /// Which.
    pub resource: ResourceRef,
    /// It is there and says something else; otherwise it is not there.
    pub differs: bool,
}

/// An object of somebody else's where one of the config's should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenName {
    /// Which.
    pub resource: ResourceRef,
    /// Where it stands.
    pub at: Place,
}

/// An object of lbpools' own that is not as the config asks for, and is judged as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutdatedObject {
    /// Which.
    pub resource: ResourceRef,
    /// Where it stands.
    pub at: Place,
    /// The fields that differ, such as `spec.blocks`; none where the config does not ask for the object any more.
    pub fields: Vec<String>,
}

/// A settings key that the config needs and the cluster does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededSetting {
    /// The key.
    pub key: String,
    /// The value that the network plan gives it.
    pub value: String,
    /// The pool that needs it.
    pub pool: String,
}

/// What the config asks of a cluster that the input does not answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Objects; only looked for where nothing is generated.
    pub missing: Vec<MissingObject>,
    /// Names that are taken.
    pub taken: Vec<TakenName>,
    /// Objects that `render` would change or remove; only looked for where it does not.
    pub outdated: Vec<OutdatedObject>,
    /// Settings keys.
    pub settings: Vec<NeededSetting>,
}
