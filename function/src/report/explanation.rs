//! The whole story of one address or one Service, as part of the report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Place;

/// What was asked, and the story in each cluster that knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// As it was asked: an address, `NAMESPACE/SERVICE` or `KIND/NAMESPACE/NAME`.
    pub subject: String,
    /// One story for each cluster that has something to tell; empty when nobody knows of it.
    pub stories: Vec<Story>,
    /// Close names, where nobody knows of it.
    pub close: Vec<String>,
}

/// What there is to tell of it in one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    /// The cluster.
    pub cluster: String,
    /// The outcome in one sentence.
    pub verdict: String,
    /// What led there, in order.
    pub steps: Vec<StoryStep>,
}

/// One thing to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoryStep {
    /// What it is about, in a word: `plan`, `segment`, `pool`, `block`, `setting`, `request`, `rival`, `announcement`.
    pub about: String,
    /// In one sentence.
    pub text: String,
    /// Where that stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Place>,
}
