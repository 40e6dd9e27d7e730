//! What the network plan of the config says about one cluster, parsed.

use crate::cilium::{Range, Ranges};

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
