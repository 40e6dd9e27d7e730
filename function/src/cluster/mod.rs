//! One cluster as it will be: its plan, its pools, who asks for addresses, and what announces them.
//!
//! [`crate::flux`] says which manifests a cluster applies and with which values; here they become what LB-IPAM
//! works with, each field still knowing where it stands and how it got its value. The rules judge this view,
//! the report prints it, and neither reads a manifest itself.

pub mod announcement;
pub mod coverage;
pub mod difference;
pub mod explained;
pub mod facts;
mod marks;
pub mod outcome;
pub mod peers;
pub mod plan;
pub mod pools;
pub mod pruned;
pub mod refused;
pub mod requests;
pub mod selectors;
pub mod serving;
pub mod space;
pub mod supposed;
mod usage;

use std::cell::OnceCell;

use crate::cilium::prediction::Prediction;
use crate::cilium::{ClusterFlags, Profile};
use crate::flux::clusters::Cluster;
use crate::flux::object::Object;
use crate::report::{NotChecked, Outcome};
use announcement::Advertisement;
use plan::{Asked, Plan};
use pools::PoolView;
use requests::Request;

/// One cluster as it will be.
#[derive(Debug)]
pub struct ClusterView<'a, 't> {
    /// What it applies.
    pub cluster: &'a Cluster<'a, 't>,
    /// What the config plans for it.
    pub plan: Plan,
    /// How its Cilium behaves.
    pub profile: Profile,
    /// Whether the config says which version it is; a rule that hangs on the version is silent otherwise.
    pub version_known: bool,
    /// How its Cilium is configured.
    pub flags: ClusterFlags,
    /// Its pools, in the order met.
    pub pools: Vec<PoolView<'a, 't>>,
    /// Everybody who asks for an address: Services, and the Services that Cilium makes of Gateways.
    pub requests: Vec<Request<'a, 't>>,
    /// BGP advertisements and L2 announcement policies.
    pub advertisements: Vec<Advertisement<'a, 't>>,
    /// Whether any cluster applies this. The view of what none applies is judged too, but as latent.
    pub live: bool,
    /// What the config asks of it that the input does not answer.
    pub asked: Asked,
    /// What could not be judged.
    pub not_checked: Vec<NotChecked>,
    /// Worked out when somebody asks.
    predictions: OnceCell<Vec<Prediction>>,
    outcomes: OnceCell<Vec<Vec<Outcome>>>,
}

impl<'a, 't> ClusterView<'a, 't> {
    /// Look at a cluster under a plan.
    pub fn new(
        cluster: &'a Cluster<'a, 't>,
        plan: Plan,
        (profile, version_known): (Profile, bool),
        flags: ClusterFlags,
        live: bool,
    ) -> Self {
        let mut not_checked = cluster.not_checked.clone();
        let pools = pools::pools(&cluster.objects, &profile);
        let requests = requests::requests(&cluster.objects, &profile, &flags, &mut not_checked);
        let advertisements = announcement::advertisements(&cluster.objects);
        if version_known && profile.version.is_beyond_known() {
            not_checked.push(NotChecked {
                cluster: None,
                what: format!("what Cilium {} does otherwise than 1.{}", profile.version, profile.facts_of),
                because: format!(
                    "1.{} is the newest version known here, and its behaviour was assumed",
                    profile.facts_of
                ),
                at: None,
            });
        }
        for note in &mut not_checked {
            note.cluster = live.then(|| cluster.name.clone());
        }
        Self {
            cluster,
            plan,
            profile,
            version_known,
            flags,
            pools,
            requests,
            advertisements,
            live,
            asked: Asked::default(),
            not_checked,
            predictions: OnceCell::new(),
            outcomes: OnceCell::new(),
        }
    }

    /// What LB-IPAM does with each request of which all is known, in their order.
    pub fn predictions(&self) -> &[Prediction] {
        self.predictions.get_or_init(|| outcome::predictions(self))
    }

    /// What becomes of each request, in their order: one outcome a pinned address or wanted family.
    pub fn outcomes(&self) -> &[Vec<Outcome>] {
        self.outcomes.get_or_init(|| outcome::outcomes(self))
    }

    /// The cluster's name for a finding; none when no cluster applies what is looked at.
    pub fn name(&self) -> Option<&str> {
        self.live.then_some(self.cluster.name.as_str())
    }

    /// The objects of a kind.
    pub fn objects(&self, group: &'a str, kind: &'a str) -> impl Iterator<Item = &'a Object<'a, 't>> + use<'a, 't> {
        self.cluster.objects.iter().filter(move |object| object.item.is(group, kind))
    }
}
