//! What one call may cost at most.

use std::time::Duration;

const MIB: u64 = 1024 * 1024;

/// What one call may cost at most. The defaults leave room for a ResourceList of a few hundred megabytes and stop
/// anything hostile long before a pipeline's own timeout does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time of one call.
    pub deadline: Duration,
    /// Bytes of linear memory and tables together.
    pub memory: u64,
    /// Bytes that the component may hand back, all texts together.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(60), memory: 2048 * MIB, output: 512 * MIB }
    }
}
