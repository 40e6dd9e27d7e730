//! How and where the generated objects are written, and how loud the rules are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How and where the generated objects are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(inline)]
pub struct Output {
    /// Variables (the default) keeps ${...} in one manifest for all clusters, which Flux fills in, and validates it
    /// as each cluster will see it. Literal writes the values, one set of objects for each cluster.
    pub values: Values,
    /// The file for new objects, relative to the root of the package; objects that are there already stay where
    /// they are. `{cluster}` stands for the cluster's name; with Literal values for several clusters in one run
    /// it is needed, since the objects of two clusters have the same names and belong into files of their own.
    /// Left out: the tool that calls the function decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What stands in the generated objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Values {
    /// The names of settings, for Flux to fill in.
    #[default]
    Variables,
    /// Their values.
    Literal,
}

/// The severity that a rule's findings have here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum SeverityOverride {
    /// Fails the run.
    Error,
    /// Works, but not as the author probably thinks.
    Warning,
    /// Worth knowing.
    Info,
    /// Not reported at all.
    Off,
}

/// What `{cluster}` in a path stands for.
pub const CLUSTER: &str = "{cluster}";
