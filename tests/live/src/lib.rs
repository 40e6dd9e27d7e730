//! A living cluster on loopback: the real etcd, Kubernetes API server, Flux and Cilium operator, started and stopped
//! by process id, and what lbpools says about it, held against what they do.
//!
//! [`Cluster`] is the whole of it. A [`Fleet`] is a copy of `examples/fleet` that a test edits and pushes;
//! [`predicted`] reads what lbpools says about the copy, [`observed`] what the controllers wrote, and [`held`]
//! compares the two.

// This is a test's own instrument: it may stop at the first surprise.
#![allow(clippy::unwrap_used, reason = "all of this crate is a test")]

mod cilium;
mod cluster;
mod control_plane;
mod fleet;
mod flux;
mod git;
pub mod held;
mod kubectl;
mod library;
pub mod manifests;
pub mod moved;
pub mod observed;
pub mod predicted;
mod program;
mod registry;
mod script;
mod source;
mod wait;

pub use cluster::{Cluster, Flavour};
pub use fleet::Fleet;
pub use flux::Deliveries;
pub use kubectl::{Kubectl, Said};
pub use script::Script;
pub use wait::{Patience, until};

use std::path::PathBuf;

/// The top of the checkout.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).canonicalize().expect("the crate is in the checkout")
}

/// A program that `cargo xtask live` has built.
pub fn tool(name: &str) -> PathBuf {
    let path = root().join("target/tools").join(name);
    assert!(path.exists(), "no {}: run the tests by `cargo xtask live`", path.display());
    path
}

/// The `lbpools` under test.
pub fn lbpools() -> PathBuf {
    let path = root().join("target/debug/lbpools");
    assert!(path.exists(), "no {}: run the tests by `cargo xtask live`", path.display());
    path
}
