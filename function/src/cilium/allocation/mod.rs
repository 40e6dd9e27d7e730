//! LB-IPAM, simulated: who gets which address, and why not.
//!
//! [`Simulation`] is a cluster in which things happen one after the other: pools and Services come, change and go,
//! the operator restarts. It does what Cilium's controller does, step by step, on intervals instead of addresses;
//! where the controller walks a hash map in random order and the order matters, it asks [`Chance`].
//!
//! The real controller is run beside it on random histories (`tests/oracle/cilium`), so its quirks are here on
//! purpose: each is what some version of Cilium does.

mod arrivals;
mod chance;
mod cluster;
mod conflict;
mod controller;
mod gaps;
#[cfg(test)]
mod growth;
#[cfg(test)]
mod histories;
mod holders;
mod import;
mod places;
mod pools;
mod room;
mod sameness;
mod satisfy;
#[cfg(test)]
mod tests;
mod waiting;

pub use chance::{Chance, FirstComes, Search};
pub use cluster::{Event, PoolStatus, ServiceStatus, Simulation, State};
pub use gaps::Gaps;
pub use sameness::{Created, Key, Keys};
pub use satisfy::{Condition, Reason};
