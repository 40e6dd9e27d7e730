//! Builds the component and compiles it ahead of time, so that the program carries both and no user waits for a
//! compiler: guest crate -> core module -> component (`component.wasm`) -> machine code (`component.cwasm`).
//!
//! `LBPOOLS_COMPONENT=/path/to/component.wasm` takes a component that was built elsewhere instead.

// A build script learns everything from the environment; the ban is for the program.
#![allow(clippy::disallowed_methods)]

#[path = "src/sandbox/config.rs"]
mod config;
#[path = "../function/guest/toolchain.rs"]
mod toolchain;

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use toolchain::{Toolchain, WASM_TARGET};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<()> {
    let root = path("CARGO_MANIFEST_DIR")?.join("..").canonicalize()?;
    let out = path("OUT_DIR")?;
    println!("cargo::rerun-if-env-changed=LBPOOLS_COMPONENT");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/sandbox/config.rs");

    let component = match env::var_os("LBPOOLS_COMPONENT").filter(|path| !path.is_empty()) {
        Some(given) => {
            let given = PathBuf::from(given);
            println!("cargo::rerun-if-changed={}", given.display());
            println!("cargo::warning=embedding {}, as LBPOOLS_COMPONENT says", given.display());
            fs::read(&given).map_err(|error| format!("cannot read {}: {error}", given.display()))?
        }
        None => {
            for input in ["Cargo.toml", "Cargo.lock", "function"] {
                println!("cargo::rerun-if-changed={}", root.join(input).display());
            }
            let module = build_module(&root, &out)?;
            wit_component::ComponentEncoder::default()
                .validate(true)
                .module(&module)
                .and_then(|encoder| encoder.encode())
                .map_err(|error| format!("the guest is not a component: {error:#}"))?
        }
    };
    fs::write(out.join("component.cwasm"), compile_ahead(&component)?)?;
    fs::write(out.join("component.wasm"), component)?;
    Ok(())
}

/// Machine code for every CPU of the target, not for this machine's: naming the target turns the detection of host
/// features off, else the result would refuse to load on an older machine than the builder's.
fn compile_ahead(component: &[u8]) -> Result<Vec<u8>> {
    let mut config = config::config();
    config.target(&env::var("TARGET")?)?;
    if env::var("CARGO_CFG_TARGET_ARCH")? == "x86_64" {
        // x86-64-v2, in every server CPU since 2009. The component uses WebAssembly's SIMD, and without SSSE3 and
        // SSE4.1 some of its instructions become long sequences. On aarch64 the baseline has what is needed.
        for feature in ["has_cmpxchg16b", "has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"] {
            // SAFETY: these flags only name CPU features, and wasmtime asks the CPU for each before it loads code
            // that was compiled with it (then the host falls back to compiling, see `src/sandbox/embedded.rs`).
            #[allow(unsafe_code)]
            unsafe {
                config.cranelift_flag_enable(feature);
            }
        }
    }
    Ok(wasmtime::Engine::new(&config)?.precompile_component(component)?)
}

/// Build the guest crate with a cargo of its own, in a target directory of its own: the outer cargo holds the lock
/// of the usual one.
fn build_module(root: &Path, out: &Path) -> Result<Vec<u8>> {
    let profile = if env::var("PROFILE")? == "release" { "guest" } else { "guest-dev" };
    // Shared by all builds of this checkout where the target directory can be told, so that little is built twice.
    let target_dir = out.ancestors().filter(|dir| dir.join("CACHEDIR.TAG").is_file()).last().unwrap_or(out);
    let target_dir = target_dir.join("guest-build");

    let toolchain = Toolchain::find(path("CARGO")?, path("RUSTC")?)?;
    if toolchain.build_std {
        println!("cargo::warning={WASM_TARGET} is not installed; building it with /usr/bin/rustc and its sources");
    }
    let mut cargo = toolchain.build(root, &target_dir, profile);
    let output = cargo.args(["--quiet", "--package", "lbpools-component"]).output();
    let output = output.map_err(|error| format!("cannot start cargo for the component: {error}"))?;
    if !output.status.success() {
        // The compiler's own words are what helps; cargo shows a failed build script's standard error.
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return Err("the component does not build; the compiler's messages are below".into());
    }
    let module = target_dir.join(WASM_TARGET).join(profile).join("lbpools_component.wasm");
    fs::read(&module).map_err(|error| format!("cannot read {}: {error}", module.display()).into())
}

fn path(variable: &str) -> Result<PathBuf> {
    env::var_os(variable).map(PathBuf::from).ok_or_else(|| format!("cargo did not set {variable}").into())
}
