//! The one document of facts that every verb of the host presents.
//!
//! A terminal table, a CI annotation and a browser page can never disagree, because none of them computes:
//! they all read this. The shape is versioned ([`VERSION`]); fields are added, never given a new meaning.
//! Its JSON Schema is checked in as `docs/schema/report.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod difference;
mod explanation;
mod summary;
mod verification;
pub use difference::{
    AddressChange, AddressFate, AnnouncementChange, ClusterDifference, Difference, HeldReport, Moment, PoolChange,
    PoolFate, Presence, Was,
};
pub use explanation::{Explanation, Story, StoryStep};
pub use summary::summary;
pub use verification::{
    AddressReached, DeliveryVerified, GatewayVerified, HeldAddress, ObjectLeft, OriginReport, PoolCounts, PoolVerified,
    Presences, RequestVerified, SmokeTestOutcome, SmokeTestReport, Standing, Verification,
};

/// The version of the document's shape.
pub const VERSION: &str = "lbpools.dev/report/v1alpha1";

/// Everything that a run found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`VERSION`].
    pub version: String,
    /// Version of the function that judged.
    pub function: String,
    /// The outcome, from which the exit code follows.
    pub verdict: Verdict,
    /// Why the run itself failed (verdict `failed`); nothing else is filled in then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// One entry a cluster, in the order of the config or else by name.
    pub clusters: Vec<ClusterReport>,
    /// The address space of all clusters, planned networks first.
    #[serde(default)]
    pub segments: Vec<SegmentReport>,
    /// Sorted by severity, file, line, column, code, cluster.
    pub findings: Vec<Finding>,
    /// What no verdict was possible on, and why. Silence here means that it was checked.
    pub not_checked: Vec<NotChecked>,
    /// What the run generated, changed or removed.
    pub changes: Vec<ObjectChange>,
    /// What the real kustomize would have to be asked, for something is not known without it. Handed in as a source of
    /// role `built`, the answer is judged like what is written.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub builds: Vec<BuildNeeded>,
    /// What changes against another tree, or by what is supposed; absent when neither was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub difference: Option<Difference>,
    /// The story of what was asked; absent when nothing was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub explanation: Option<Explanation>,
    /// The prediction held against a living cluster; absent when none was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verification: Option<Verification>,
    /// What the caller asked to leave out.
    #[serde(skip_serializing_if = "LeftOut::is_empty", default)]
    pub left_out: LeftOut,
}

/// A directory that only kustomize knows the outcome of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuildNeeded {
    /// By which its output is handed in.
    pub id: String,
    /// It is in the tree that is compared with. Its id then begins with a slash, as no path in a package does.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub baseline: bool,
    /// The cluster that applies it.
    pub cluster: String,
    /// The directory to build, in the package.
    pub directory: String,
    /// What is not known without it.
    pub because: String,
    /// The kustomization file in it.
    pub file: String,
    /// What this file is to hold, in a copy: what Flux makes of it, and `buildMetadata: [originAnnotations]`.
    pub kustomization: String,
}

/// How many findings a report does not show because its caller asked so. They do not count for the verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LeftOut {
    /// About what no cluster applies.
    pub latent: usize,
    /// The same before the change, and in no file that it touches.
    pub unaffected: usize,
    /// About other clusters only.
    pub other_clusters: usize,
    /// About the repository by itself, beside a living cluster.
    pub of_repository: usize,
}

impl LeftOut {
    /// Whether all is shown.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// No error findings: exit code 0.
    Clean,
    /// At least one error finding: exit code 1.
    Findings,
    /// The run itself failed: exit code 2, nothing to write.
    Failed,
}

/// Why a run could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// One sentence.
    pub message: String,
    /// Where, when there is a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// What to do, when there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// A place in one of the input texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The input text it is in: a path of the package, or empty for standard input.
    pub source: String,
    /// The file that the object says it comes from: the source's own path, or for an item of a ResourceList
    /// its path annotation. Absent when nothing says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Which document of that file, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Line in the source, from 1.
    pub line: u32,
    /// Column in the source in characters, from 1.
    pub column: u32,
    /// First byte in the source.
    pub start: usize,
    /// One past the last byte in the source.
    pub end: usize,
}

/// A Kubernetes object by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRef {
    /// As written.
    pub api_version: String,
    /// As written.
    pub kind: String,
    /// Absent for cluster-scoped objects and where none is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// As written.
    pub name: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// A cluster would do something that nobody asked for. Makes the run exit 1.
    Error,
    /// Works, but not as the author probably thinks.
    Warning,
    /// Worth knowing.
    Info,
}

/// What a rule promises about its findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Category {
    /// Wrong by the real program's own rules; no false alarm is acceptable.
    Correctness,
    /// Against the network plan of the config.
    Plan,
    /// Very likely not what was meant.
    Suspicious,
    /// About how the manifests are delivered.
    Wiring,
    /// About a living cluster, held against the repository.
    Living,
}

impl Category {
    /// Its name as written in reports and tags.
    pub fn name(self) -> &'static str {
        match self {
            Category::Correctness => "correctness",
            Category::Plan => "plan",
            Category::Suspicious => "suspicious",
            Category::Wiring => "wiring",
            Category::Living => "living",
        }
    }
}

/// One thing that somebody should know, for one cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `LBP` and three digits; never changes meaning.
    pub code: String,
    /// The rule's name, as used in `severity:` of the config.
    pub rule: String,
    /// After the config's overrides and reachability.
    pub severity: Severity,
    /// What the rule promises.
    pub category: Category,
    /// No cluster applies what it is about: worth knowing at most.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub latent: bool,
    /// The cluster that would apply it; absent when it is the same for all or none applies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceRef>,
    /// Path of the field in the object, such as `spec.blocks[0].cidr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The value as the cluster would see it (after substitution).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// The value to write instead, at the end of the chain when there is one, else at `at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<String>,
    /// The edit that writes `proposed`, where it is to stand in the input as a plain value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fix: Option<Fix>,
    /// Where to edit: the setting where the value comes from one alone, else the field itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// How the value got where it stands, from the field outwards, and other places that the finding speaks of.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub chain: Vec<Link>,
    /// One sentence: what is wrong and why it matters.
    pub message: String,
    /// One sentence: what to do.
    pub help: String,
}

/// One step on a value's way into a field, or another place that a finding speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Such as `setting CILIUM_GATEWAY_LB_IP = 10.25.12.110`.
    pub what: String,
    /// Where, when it is in the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// An edit of one of the input texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// What is replaced.
    pub at: Place,
    /// The text to write there, in the quotes that stand there now.
    pub text: String,
}

/// Something on which no verdict was possible.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotChecked {
    /// The cluster concerned, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// What was not checked.
    pub what: String,
    /// Because of what.
    pub because: String,
    /// Where, when there is a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// What the run did to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectChange {
    /// What was done.
    pub action: Action,
    /// To which object.
    pub resource: ResourceRef,
    /// The file it is in or goes to, when files are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What was done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// It was not there.
    Created,
    /// It was there and differed.
    Updated,
    /// The config no longer asks for it.
    Removed,
    /// It was there and is as asked.
    Unchanged,
}

/// What one cluster applies, and who gets which address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterReport {
    /// Name from the config, else from what the input says.
    pub name: String,
    /// Directory from which Flux starts, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<String>,
    /// Cilium minor version whose behaviour was assumed, such as `1.18`.
    pub cilium: String,
    /// The plan's ranges as `first-last`.
    pub ranges: Vec<String>,
    /// The plan's L2 segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The plan's reserved addresses: what for, and the range.
    pub reserved: Vec<Reserved>,
    /// The settings this cluster substitutes, by key.
    pub settings: Vec<Setting>,
    /// Pools in the order in which they were met.
    pub pools: Vec<PoolReport>,
    /// Who asks for an address and what comes of it.
    pub requests: Vec<RequestReport>,
    /// What makes addresses reachable.
    pub announcements: Vec<AnnouncementReport>,
}

/// A part of the address space that people think of as one: a network of the plan, or what surrounds the addresses
/// that one cluster has outside of any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SegmentReport {
    /// `first-last`.
    pub range: String,
    /// The same as a prefix, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The plan names it as a network; otherwise it was made up around what stands in it.
    pub planned: bool,
    /// The clusters that are on it.
    pub clusters: Vec<String>,
    /// How many addresses, as a decimal number.
    pub total: String,
    /// Of these, how many nothing below claims.
    pub unclaimed: String,
    /// What stands in it, cut to it, in the order of addresses.
    pub claims: Vec<Claim>,
    /// Where claims stand against each other, in the order of addresses.
    pub contests: Vec<Contest>,
}

/// A range of a segment that something holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// What holds it.
    pub kind: ClaimKind,
    /// For which cluster.
    pub cluster: String,
    /// The pool, or what is reserved; absent for the plan's ranges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `first-last`.
    pub range: String,
    /// How many addresses, as a decimal number.
    pub count: String,
    /// A pool that is disabled: it hands nothing out.
    pub idle: bool,
}

/// What a range can be held by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ClaimKind {
    /// The plan gives it to the cluster.
    Plan,
    /// The plan keeps it from every Service.
    Reserved,
    /// A pool.
    Pool,
}

/// A range that is held by claims which cannot all be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contest {
    /// `first-last`.
    pub range: String,
    /// How many claims stand against each other.
    pub rivals: usize,
    /// The first few of them, in words.
    pub between: Vec<String>,
}

/// A reserved range of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reserved {
    /// Such as `router`, `nodes`, `podCIDR`.
    pub purpose: String,
    /// `first-last`.
    pub range: String,
}

/// One key of the settings with the value this cluster substitutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// The variable's name.
    pub key: String,
    /// The value, absent when it cannot be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why the value cannot be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// The ConfigMap, Secret or Kustomization that holds it, such as `ConfigMap flux-system/cluster-settings`.
    pub origin: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// One pool as a cluster sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolReport {
    /// The object's name after substitution.
    pub name: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// One entry a block, in order.
    pub blocks: Vec<BlockReport>,
    /// The service selector in a short readable form; absent when it selects all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// `spec.disabled`.
    pub disabled: bool,
    /// Addresses in all readable blocks, as a decimal number; absent when a block is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// Of these, addresses that LB-IPAM never hands out (first and last).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved: Option<String>,
    /// Addresses that requests known to the input take from it; absent when that is not certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<String>,
    /// How many they take at least and at most, where it hangs on who comes first; absent beside `used`, and when
    /// nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used_between: Option<Between>,
    /// Addresses that are left; absent when that is not certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<String>,
    /// How many are left at least and at most; absent beside `free`, and when nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub free_between: Option<Between>,
    /// Addresses that the config wants kept free for growth; absent when it says nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub headroom: Option<String>,
    /// Owner annotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Purpose annotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Made by lbpools.
    pub generated: bool,
}

/// A number that is not certain: decimal numbers, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Between {
    /// Never less.
    pub at_least: String,
    /// Never more.
    pub at_most: String,
}

/// One block of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockReport {
    /// As written.
    pub written: String,
    /// `first-last`, absent when it does not parse or cannot be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// Why there is no range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// One Service (written or derived) that asks LB-IPAM for addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestReport {
    /// The object that asks: a Service, a Gateway, an Ingress.
    pub resource: ResourceRef,
    /// The Service that LB-IPAM sees, when it is another object, as `namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// The addresses it pins, in order; empty for a generic request.
    pub pinned: Vec<String>,
    /// What comes of it, one entry an address.
    pub outcomes: Vec<Outcome>,
    /// The policies and advertisements that make its addresses reachable. LB-IPAM does not look at them: an address
    /// is given all the same where there are none.
    #[serde(default)]
    pub announced_by: Vec<ResourceRef>,
    /// Other requests that may have the same address with it, by sharing key, as `Kind namespace/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares_with: Vec<String>,
    /// Why `announcedBy` may be too long or too short; absent when it is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announcement_unknown: Option<String>,
}

/// What comes of one requested address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Outcome {
    /// It gets this address, whatever the order of events.
    #[serde(rename_all = "camelCase")]
    Address {
        /// The address in canonical form.
        address: String,
        /// The pool it comes from.
        pool: String,
        /// Why this one.
        because: String,
    },
    /// It gets one of these; which depends on the order of events.
    #[serde(rename_all = "camelCase")]
    OneOf {
        /// `first-last` each.
        ranges: Vec<String>,
        /// The pools they belong to: the first few.
        pools: Vec<String>,
        /// How many ranges and pools were left out of the two lists.
        #[serde(default, skip_serializing_if = "is_zero")]
        more: usize,
        /// In some orders it gets none of them.
        #[serde(default)]
        or_none: bool,
        /// Why it is not certain.
        because: String,
    },
    /// It gets none.
    #[serde(rename_all = "camelCase")]
    Pending {
        /// Cilium's condition reason, such as `no_pool`.
        reason: String,
        /// In words.
        because: String,
    },
    /// It cannot be known.
    #[serde(rename_all = "camelCase")]
    Unknown {
        /// Why.
        because: String,
    },
}

/// One object that announces addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncementReport {
    /// The policy or advertisement.
    pub resource: ResourceRef,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// What it announces, in one sentence.
    pub announces: String,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Report {
    /// A report of a run that could not be done.
    pub fn failed(failure: Failure) -> Self {
        Self {
            version: VERSION.into(),
            function: crate::FUNCTION_VERSION.into(),
            verdict: Verdict::Failed,
            failure: Some(failure),
            clusters: Vec::new(),
            segments: Vec::new(),
            findings: Vec::new(),
            not_checked: Vec::new(),
            changes: Vec::new(),
            builds: Vec::new(),
            difference: None,
            explanation: None,
            verification: None,
            left_out: LeftOut::default(),
        }
    }
}
