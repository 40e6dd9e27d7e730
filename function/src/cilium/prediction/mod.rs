//! Who will get which address, told from manifests alone.
//!
//! Manifests do not say in which order things arrive, and much depends on it: a Service that asks for nothing may
//! take the address that another one asks for, two Services may be served in either order. A prediction is only an
//! [`Outcome::Address`] where every order gives it; else it is [`Outcome::OneOf`] with all addresses that some order
//! can give, or a reason why there will be none.
//!
//! It speaks of a cluster into which these pools and Services come, in any order, and out of which nothing goes.
//! Groups of a few Services are played through in every order (`orders`); for larger ones the bounds of
//! `reach` hold, which never leave out an address but may name one too many.

pub(in crate::cilium) mod candidates;
pub(in crate::cilium) mod orders;
mod reach;
mod serving;
#[cfg(test)]
mod tests;

use super::address::Family;
use super::allocation::Reason;
use super::pool::Pool;
use super::profile::Profile;
use super::ranges::Ranges;
use super::request::{ClusterFlags, NotResponsible};
use super::service::{Service, ServiceKey};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

pub use serving::{Serving, serving};

/// What a Service asks for: this address, or any of this family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wish {
    /// `spec.loadBalancerIP` or the annotation.
    This(IpAddr),
    /// None is named, so one of each family that the Service has.
    Any(Family),
}

/// Why it cannot be told exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// It depends on which Service comes first.
    Order,
    /// Several pools match, and which one serves depends on their order (up to 1.19) or on chance (1.20).
    SeveralPools,
    /// A pool overlaps another, and which of them serves depends on when they were created.
    Overlap,
    /// A Service with the same sharing key may be joined, or not.
    Sharing,
    /// A pool's selector cannot be compiled, so that some attempts end in an error.
    BadSelector,
}

/// What a wish comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This address from this pool, whatever the order.
    Address {
        /// The address.
        address: IpAddr,
        /// Index of the pool.
        pool: usize,
    },
    /// One of these, or none at all.
    OneOf {
        /// Every address that some order can give, and perhaps some more. Services that are alike have one list
        /// together.
        addresses: Arc<Ranges>,
        /// Indices of the pools, one list in the same way.
        pools: Arc<BTreeSet<usize>>,
        /// The reasons for which some order may give none. Empty: it gets one of the addresses.
        or_pending: BTreeSet<Reason>,
        /// Why it cannot be told exactly.
        doubts: BTreeSet<Doubt>,
    },
    /// No address, whatever the order, and this reason in the Service's condition.
    Pending(Reason),
    /// No address and no condition: every attempt ends in an error over the selector of this pool.
    Fails {
        /// Index of the pool.
        pool: usize,
    },
    /// The operator ends, and again at each start (1.20: a reserved address asked for with a sharing key).
    EndsOperator {
        /// Index of the pool whose first or last address is asked for.
        pool: usize,
    },
}

/// What becomes of one Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// The Service.
    pub key: ServiceKey,
    /// Each wish and what it comes to, in the order in which Cilium tries them; or why LB-IPAM does not serve it.
    pub wishes: Result<Vec<(Wish, Outcome)>, NotResponsible>,
}

/// Pools and Services of one cluster.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// All pools.
    pub pools: &'a [Pool],
    /// All Services as the API server stores them ([`Service::with_server_defaults`]).
    pub services: &'a [Service],
    /// What Cilium of this version does.
    pub profile: &'a Profile,
    /// The cluster's settings.
    pub flags: &'a ClusterFlags,
}

/// Predict every Service, in the order in which they are given.
///
/// ```
/// use lbpools_function::cilium::prediction::{Outcome, Question, predict};
/// use lbpools_function::cilium::{Block, CiliumVersion, ClusterFlags, Pool, Profile, Service};
///
/// let profile = Profile::of(CiliumVersion::parse("1.18")?);
/// let pools = [Pool::new("gateway", vec![Block::parse(Some("192.0.2.10/32"), None, None)])];
/// let services = [Service { service_type: "LoadBalancer".into(), ..Service::default() }];
/// let flags = ClusterFlags::default();
/// let predicted = predict(Question { pools: &pools, services: &services, profile: &profile, flags: &flags });
/// let wishes = predicted[0].wishes.clone()?;
/// assert!(matches!(wishes[0].1, Outcome::Address { pool: 0, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn predict(question: Question<'_>) -> Vec<Prediction> {
    let group = candidates::Requests::of(question);
    let mut outcomes = reach::bounds(question, &group);
    orders::refine(question, &group, &mut outcomes);
    question
        .services
        .iter()
        .zip(group.each)
        .zip(outcomes)
        .map(|((service, request), outcomes)| Prediction {
            key: service.key.clone(),
            wishes: request.map(|request| request.wishes.into_iter().zip(outcomes).collect()),
        })
        .collect()
}
