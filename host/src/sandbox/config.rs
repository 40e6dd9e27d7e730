//! How the engine is set up. One file, used twice: `host/build.rs` includes it to compile the component ahead of
//! time, the sandbox to load the result; wasmtime refuses an artefact that was compiled with other settings.

use wasmtime::{Config, OptLevel};

/// The settings that both sides share.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // A deadline in wall-clock time. Fuel would be deterministic, but costs 1.2x everywhere.
        .epoch_interruption(true)
        // After a trap the memory can still be read: that is how the text of a panic reaches the user although
        // the component has no import to print it with.
        .coredump_on_trap(true)
        // Which byte of WebAssembly an instruction came from: an eighth of the artefact, and nobody asks.
        .generate_address_map(false)
        .cranelift_opt_level(OptLevel::Speed);
    config
}
