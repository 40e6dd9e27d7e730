//! What types cannot say about a config.

use super::LoadBalancerPools;

/// A mistake in a config that its types let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Path of the field.
    pub path: String,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// The mistakes of a config, in the order of its fields.
pub fn problems(_: &LoadBalancerPools) -> Vec<ConfigProblem> {
    Vec::new()
}
