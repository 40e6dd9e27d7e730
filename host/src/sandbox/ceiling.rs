//! The memory limit: one budget for all memories and tables of a call, so that many small ones are no way around it.

use std::fmt;

use wasmtime::ResourceLimiter;

/// What a table element costs on a 64-bit host.
const TABLE_ELEMENT: usize = 8;

/// Counts what the component has, and refuses what goes over the limit.
#[derive(Debug)]
pub(super) struct Ceiling {
    limit: u64,
    held: u64,
}

/// Travels inside the engine's error, from the refused growth to the caller.
#[derive(Debug)]
pub(super) struct CeilingReached {
    /// What the component would have held in all.
    pub(super) wanted: u64,
}

impl fmt::Display for CeilingReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of memory wanted", self.wanted)
    }
}

impl std::error::Error for CeilingReached {}

impl Ceiling {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, held: 0 }
    }

    /// An error stops the component at once. Saying "no" instead would let it go on, out of memory, to an abort
    /// that tells the user nothing.
    fn grow(&mut self, current: usize, desired: usize) -> wasmtime::Result<bool> {
        let more = u64::try_from(desired.saturating_sub(current)).unwrap_or(u64::MAX);
        let wanted = self.held.saturating_add(more);
        if wanted > self.limit {
            return Err(CeilingReached { wanted }.into());
        }
        self.held = wanted;
        Ok(true)
    }
}

impl ResourceLimiter for Ceiling {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // Past the memory's own maximum (4 GiB at most) the growth fails by the rules of WebAssembly.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.grow(current, desired)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.grow(current.saturating_mul(TABLE_ELEMENT), desired.saturating_mul(TABLE_ELEMENT))
    }
}
