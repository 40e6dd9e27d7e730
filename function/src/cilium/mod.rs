//! What Cilium makes of pools and Services: LB-IPAM's behaviour, version by version, without YAML.
//!
//! Everything here takes texts and plain values, so that it can be held against Cilium's own controller. Read
//! [`profile`] for what differs between versions, [`block`] and [`pool`] for the addresses that there are,
//! [`request`] and [`sharing`] for what Services ask, [`allocation`] for the simulation, [`prediction`] for what
//! manifests alone can tell, and [`transition`] for what an edit of them does.

pub mod address;
pub mod allocation;
pub mod block;
pub mod count;
mod effort;
pub mod history;
mod near;
pub mod pool;
pub mod prediction;
pub mod profile;
pub mod range;
pub mod ranges;
pub mod request;
mod selecting;
pub mod selector;
pub mod service;
pub mod sharing;
pub mod shortened;
pub mod transition;
pub mod version;

pub use address::Family;
pub use block::{Block, BlockError};
pub use count::Count;
pub use pool::Pool;
pub use profile::Profile;
pub use range::{Range, RangeError};
pub use ranges::Ranges;
pub use request::ClusterFlags;
pub use selector::LabelSelector;
pub use service::{Service, ServiceKey};
pub use version::CiliumVersion;
