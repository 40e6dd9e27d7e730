//! The component that `host/build.rs` built into this program, as WebAssembly and as machine code.
//!
//! Loading it is most of what a run on a small input costs. So the machine code runs where it lies, in the program's
//! own read-only data ([`in_place`]); where that is not possible it is copied, and on a CPU that lacks what it was
//! compiled for (x86-64 from before 2009) the WebAssembly is compiled anew.

use std::sync::OnceLock;

use wasmtime::{Engine, component::Component};

use super::{Compiled, SandboxError, builder::engine, config::config};

/// The component as portable WebAssembly.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/component.wasm"));

/// Aligned as the largest pages of the targets are, so that whole pages of it can be made executable.
#[repr(C, align(65536))]
struct PageAligned<Bytes: ?Sized>(Bytes);

/// The component, compiled ahead of time for this target.
static MACHINE_CODE: &PageAligned<[u8]> = &PageAligned(*include_bytes!(concat!(env!("OUT_DIR"), "/component.cwasm")));

/// The component, with the engine that runs it.
pub(super) fn component() -> Result<(Engine, Component, Compiled), SandboxError> {
    // Once for the process: the engine refuses a second piece of code at the same address.
    static IN_PLACE: OnceLock<Option<(Engine, Component)>> = OnceLock::new();
    if let Some((engine, component)) = IN_PLACE.get_or_init(in_place::load) {
        return Ok((engine.clone(), component.clone(), Compiled::AheadOfTime));
    }
    let engine = engine(&config())?;
    // SAFETY: the bytes are wasmtime's own output. `host/build.rs` made them with the same version and settings of
    // wasmtime, and they are part of this program: who could change them could change the program.
    #[allow(unsafe_code)]
    let copied = unsafe { Component::deserialize(&engine, &MACHINE_CODE.0) };
    let (component, compiled) = match copied {
        Ok(component) => (component, Compiled::AheadOfTime),
        Err(_) => {
            let component = Component::from_binary(&engine, COMPONENT)
                .map_err(|error| SandboxError::Compile { detail: format!("{error:#}") })?;
            (component, Compiled::JustInTime)
        }
    };
    Ok((engine, component, compiled))
}

/// Machine code that runs where it lies.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
mod in_place {
    use std::{ptr::NonNull, sync::Arc};

    use rustix::{
        mm::{MprotectFlags, mprotect},
        param::page_size,
    };
    use wasmtime::{CustomCodeMemory, Engine, component::Component};

    use super::{MACHINE_CODE, config};

    pub(super) fn load() -> Option<(Engine, Component)> {
        let mut config = config();
        config.with_custom_code_memory(Some(Arc::new(ReadOnlyData)));
        let engine = Engine::new(&config).ok()?;
        // SAFETY: wasmtime's own output, as for the copy in `component`. It is a constant: it lives as long as the
        // program and nothing can write to it.
        let component = unsafe { Component::deserialize_raw(&engine, NonNull::from_ref(&MACHINE_CODE.0)) }.ok()?;
        Some((engine, component))
    }

    /// The pages of the program's read-only data that hold the code.
    struct ReadOnlyData;

    impl CustomCodeMemory for ReadOnlyData {
        fn required_alignment(&self) -> usize {
            page_size()
        }

        fn publish_executable(&self, start: *const u8, length: usize) -> wasmtime::Result<()> {
            // SAFETY: wasmtime names the text section of `MACHINE_CODE`, which fills whole pages (the section is
            // aligned in the artefact, the artefact in the program). Reading it stays possible, writing impossible.
            // On x86-64 and aarch64 Linux, pages mapped from a file need no cache maintenance.
            unsafe { mprotect(start.cast_mut().cast(), length, MprotectFlags::READ | MprotectFlags::EXEC) }?;
            Ok(())
        }

        fn unpublish_executable(&self, _: *const u8, _: usize) -> wasmtime::Result<()> {
            // It is loaded once and stays.
            Ok(())
        }
    }
}

/// Only Linux is known to make read-only data of a program executable without asking further.
#[cfg(not(target_os = "linux"))]
mod in_place {
    pub(super) fn load() -> Option<(wasmtime::Engine, wasmtime::component::Component)> {
        None
    }
}
