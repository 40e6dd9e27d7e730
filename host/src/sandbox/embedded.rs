//! The component that `host/build.rs` built into this program, as WebAssembly and as machine code.

use wasmtime::{Engine, component::Component};

use super::{Compiled, SandboxError};

/// The component as portable WebAssembly.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/component.wasm"));

/// The same, compiled ahead of time for this target.
const MACHINE_CODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/component.cwasm"));

/// Machine code where this CPU can run it, else (an x86-64 CPU from before 2009) compile here.
pub(super) fn component(engine: &Engine) -> Result<(Component, Compiled), SandboxError> {
    // SAFETY: the bytes are wasmtime's own output. `host/build.rs` made them with the same version and settings of
    // wasmtime, and they are part of this program: who could change them could change the program.
    #[allow(unsafe_code)]
    let ahead_of_time = unsafe { Component::deserialize(engine, MACHINE_CODE) };
    match ahead_of_time {
        Ok(component) => Ok((component, Compiled::AheadOfTime)),
        Err(_) => Component::from_binary(engine, COMPONENT)
            .map(|component| (component, Compiled::JustInTime))
            .map_err(|error| SandboxError::Compile { detail: format!("{error:#}") }),
    }
}
