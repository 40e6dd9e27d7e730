//! Builds the component and compiles it ahead of time, so that the program carries both and no user waits for a
//! compiler: guest crate -> core module -> component (`component.wasm`) -> machine code (`component.cwasm`).
//!
//! `LBPOOLS_COMPONENT=/path/to/component.wasm` takes a component that was built elsewhere instead.

// A build script learns everything from the environment; the ban is for the program.
#![allow(clippy::disallowed_methods)]

#[path = "src/sandbox/config.rs"]
mod config;

use std::{
    env,
    error::Error,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const WASM_TARGET: &str = "wasm32-unknown-unknown";

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

    let toolchain = Toolchain::find()?;
    let mut cargo = toolchain.cargo(root);
    cargo
        .args(["build", "--quiet", "--package", "lbpools-component", "--target", WASM_TARGET, "--profile", profile])
        .arg("--target-dir")
        .arg(&target_dir)
        .args(toolchain.build_std.then_some("-Zbuild-std=std,panic_abort"))
        .current_dir(root);
    let output = cargo.output().map_err(|error| format!("cannot start cargo for the component: {error}"))?;
    if !output.status.success() {
        // The compiler's own words are what helps; cargo shows a failed build script's standard error.
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return Err("the component does not build; the compiler's messages are below".into());
    }
    let module = target_dir.join(WASM_TARGET).join(profile).join("lbpools_component.wasm");
    fs::read(&module).map_err(|error| format!("cannot read {}: {error}", module.display()).into())
}

/// A compiler that has the WebAssembly target, or can build it.
struct Toolchain {
    cargo: PathBuf,
    rustc: PathBuf,
    sysroot: PathBuf,
    /// No target installed: build the standard library from its sources. Debian's way.
    build_std: bool,
    linker: Option<PathBuf>,
}

impl Toolchain {
    /// The toolchain that builds the host, if it has the target; else a distribution's that can build it.
    fn find() -> Result<Self> {
        let (cargo, rustc) = (path("CARGO")?, path("RUSTC")?);
        let sysroot = sysroot(&rustc)?;
        if sysroot.join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir() {
            return Ok(Self { cargo, rustc, sysroot, build_std: false, linker: None });
        }
        if let Some(distribution) = Self::distribution() {
            println!("cargo::warning={WASM_TARGET} is not installed; building it with /usr/bin/rustc and its sources");
            return Ok(distribution);
        }
        Err(format!("the Rust target {WASM_TARGET} is not installed: run `cargo xtask setup` once, then build again")
            .into())
    }

    /// Debian: `apt-get install rustc-web cargo-web rust-web-src lld-19`.
    fn distribution() -> Option<Self> {
        let (cargo, rustc) = (PathBuf::from("/usr/bin/cargo"), PathBuf::from("/usr/bin/rustc"));
        if !cargo.is_file() || !rustc.is_file() {
            return None;
        }
        let sysroot = sysroot(&rustc).ok()?;
        let linker = newest_linker()?;
        let sources = sysroot.join("lib/rustlib/src/rust/library/Cargo.lock");
        sources.is_file().then_some(Self { cargo, rustc, sysroot, build_std: true, linker: Some(linker) })
    }

    /// Cargo with an environment that holds only what must not change the result: the same sources give the same
    /// bytes, in whichever directory and with whichever flags the host is built.
    fn cargo(&self, root: &Path) -> Command {
        let mut cargo = Command::new(&self.cargo);
        for (name, _) in env::vars_os() {
            if changes_the_result(&name) {
                cargo.env_remove(name);
            }
        }
        let mut flags = vec![OsString::from("-Ctarget-feature=+simd128")];
        let mut remap = |from: &Path, to: &str| {
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(from);
            flag.push("=");
            flag.push(to);
            flags.push(flag);
        };
        remap(root, "lbpools");
        remap(&cargo_home(), "cargo");
        remap(&self.sysroot, "rust");
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join(&OsString::from("\x1f")));
        cargo.env("RUSTC", &self.rustc);
        if self.build_std {
            // Stable Rust hides -Zbuild-std behind this.
            cargo.env("RUSTC_BOOTSTRAP", "1");
        }
        if let Some(linker) = &self.linker {
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        cargo
    }
}

/// Cargo hands its build scripts a hundred variables, and users have flags for their own machine. What stays: where
/// crates come from, and the job server (CARGO_MAKEFLAGS), with which the two cargos share the machine's cores.
fn changes_the_result(name: &OsString) -> bool {
    const KEPT: [&str; 6] =
        ["CARGO_HOME", "CARGO_MAKEFLAGS", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_"];
    let Some(name) = name.to_str() else { return false };
    let foreign = ["CARGO", "__CARGO", "RUSTFLAGS", "RUSTDOCFLAGS", "RUSTC_"].iter().any(|p| name.starts_with(p));
    foreign && !KEPT.iter().any(|prefix| name.starts_with(prefix))
}

fn sysroot(rustc: &Path) -> Result<PathBuf> {
    let output = Command::new(rustc).args(["--print", "sysroot"]).output()?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// `wasm-ld`, or the highest of `wasm-ld-19`, `wasm-ld-20`, …
fn newest_linker() -> Option<PathBuf> {
    let names = fs::read_dir("/usr/bin").ok()?.flatten().map(|entry| entry.path());
    let version = |path: &Path| match path.file_name()?.to_str()?.strip_prefix("wasm-ld")? {
        "" => Some(u32::MAX),
        version => version.strip_prefix('-')?.parse().ok(),
    };
    names.filter_map(|path| Some((version(&path)?, path))).max().map(|(_, path)| path)
}

/// Where cargo keeps the sources of dependencies.
fn cargo_home() -> PathBuf {
    let home = |dir: PathBuf| dir.join(".cargo");
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(home)).unwrap_or_default()
}

fn path(variable: &str) -> Result<PathBuf> {
    env::var_os(variable).map(PathBuf::from).ok_or_else(|| format!("cargo did not set {variable}").into())
}
