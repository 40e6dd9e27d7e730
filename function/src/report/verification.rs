//! The prediction held against a living cluster, as part of the report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Outcome, Place, ResourceRef};

/// What a living cluster shows beside what the repository says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Which cluster of the repository it is.
    pub cluster: String,
    /// By what that is known.
    pub known_by: String,
    /// The Cilium that runs, where an image says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cilium: Option<String>,
    /// Who asks for an address: those of the repository first, in its order.
    pub requests: Vec<RequestVerified>,
    /// The pools of the repository and of the cluster, by name.
    pub pools: Vec<PoolVerified>,
    /// The Gateways of both, by name.
    pub gateways: Vec<GatewayVerified>,
    /// Flux's Kustomizations on the way, in the order of the repository.
    pub kustomizations: Vec<DeliveryVerified>,
    /// The smoke test that is about to be made; absent when nobody asked for one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub smoke_test: Option<SmokeTestReport>,
}

impl Verification {
    /// How many requests stand so.
    pub fn count(&self, standing: Standing) -> usize {
        self.requests.iter().filter(|request| request.standing == standing).count()
    }
}

/// One Service that asks for addresses, predicted and as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestVerified {
    /// The object that asks: a Service, a Gateway, an Ingress.
    pub resource: ResourceRef,
    /// The Service that LB-IPAM sees, when it is another object, as `namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service: Option<String>,
    /// Where it stands in the repository.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Place>,
    /// Whose it is.
    pub origin: OriginReport,
    /// What the repository says that it gets; empty for what the repository does not know.
    pub predicted: Vec<Outcome>,
    /// What it has.
    pub actual: Vec<HeldAddress>,
    /// The operator's reason why it has not all, as in its condition.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// How the one stands to the other.
    pub standing: Standing,
    /// Why.
    pub because: String,
    /// A scenario that shows a wrong prediction once more, as JSON for `cargo xtask oracle cilium`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scenario: Option<String>,
}

/// Whose an object of the cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OriginReport {
    /// The repository has it.
    Repository,
    /// A Helm release made it, which the repository has or not; what a chart makes is not rendered here.
    Helm,
    /// Another object of the cluster owns it.
    Owned,
    /// The repository does not know it.
    Foreign,
}

/// An address of a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldAddress {
    /// As written there.
    pub address: String,
    /// The pool that holds it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pool: Option<String>,
}

/// How what a Service has stands to what was predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// It has what was predicted.
    AsPredicted,
    /// It has one of the addresses that were predicted as possible.
    Possible,
    /// It has another, by an order or a history that the repository does not tell.
    Order,
    /// The cluster does not hold what the repository says, and so it has another, or none.
    Drift,
    /// No history that is known of ends like this: the prediction is wrong, or the operator has not caught up.
    WrongPrediction,
    /// The repository does not know it, so nothing was predicted.
    NotPredicted,
    /// It cannot be told.
    NotKnown,
}

/// One pool, predicted and as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolVerified {
    /// Its name.
    pub name: String,
    /// Whether the repository has it, and the cluster.
    pub presence: Presences,
    /// The fields in which they differ.
    pub differs: Vec<String>,
    /// The operator's counts: total, available, used; absent where it has written none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<PoolCounts>,
    /// The same by the addresses that Services of the cluster have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counted: Option<PoolCounts>,
    /// The operator has switched it off for a conflict.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub conflict: Option<bool>,
}

/// The counts of a pool, as decimal numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolCounts {
    /// All addresses.
    pub total: String,
    /// Those that are left.
    pub available: String,
    /// Those that are taken or kept back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used: Option<String>,
}

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Presences {
    /// In the repository and in the cluster.
    Both,
    /// In the repository only.
    Repository,
    /// In the cluster only.
    Cluster,
    /// In the repository; of the cluster it is not known.
    NotKnown,
}

/// One Gateway as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayVerified {
    /// `namespace/name`.
    pub name: String,
    /// Whether the repository has it, and the cluster.
    pub presence: Presences,
    /// `status.addresses`
    pub addresses: Vec<String>,
    /// The condition Programmed: its status, and behind it the reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub programmed: Option<String>,
    /// The condition Accepted, likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accepted: Option<String>,
}

/// One Flux Kustomization on the way as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryVerified {
    /// `namespace/name`.
    pub name: String,
    /// Whether the repository has it, and the cluster.
    pub presence: Presences,
    /// The condition Ready: its status, and behind it the reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ready: Option<String>,
    /// The revision that it applied last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revision: Option<String>,
    /// The revision that its source offers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offered: Option<String>,
    /// It is suspended.
    pub suspended: bool,
}

/// The objects of a smoke test, and what is to come of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SmokeTestReport {
    /// The Service, as `namespace/name`.
    pub service: String,
    /// The objects to create, each as JSON, in order.
    pub objects: Vec<String>,
    /// What the Service is to get, one entry an address; `unknown` where that cannot be told.
    pub predicted: Vec<Outcome>,
    /// `first-last` of the addresses that pools in force hold which select it: it must get one of them.
    pub ranges: Vec<String>,
    /// What came of it; filled in by the host, which makes it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub outcome: Option<SmokeTestOutcome>,
}

/// What came of a smoke test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SmokeTestOutcome {
    /// The value of the label `lbpools.dev/smoke-test` on what was made.
    pub run: String,
    /// What the Service got.
    pub addresses: Vec<String>,
    /// Whether each could be reached, where that was asked for.
    pub reached: Vec<AddressReached>,
    /// Why it failed; absent where it passed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<String>,
    /// What could not be removed, and why.
    pub left: Vec<ObjectLeft>,
}

/// Whether an address answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressReached {
    /// The address.
    pub address: String,
    /// How it was tried: `tcp:PORT` or `http:PORT`.
    pub by: String,
    /// It answered.
    pub answered: bool,
    /// What it answered, or why it did not.
    pub words: String,
}

/// An object that may still be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectLeft {
    /// `Service media/lb-echo`
    pub object: String,
    /// Why it could not be removed.
    pub why: String,
}
