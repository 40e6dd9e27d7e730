//! The compiler that builds the guests, and the environment in which it gives the same bytes everywhere. Used by
//! `host/build.rs`, which embeds the component, and by `cargo xtask guests`.

#![allow(clippy::disallowed_methods)] // it learns everything from the environment

use std::{
    env,
    error::Error,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What all guests are built for. The WASI guest too: it speaks to WASI itself and needs nothing of its library.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that has the WebAssembly target, or can build it.
pub(crate) struct Toolchain {
    cargo: PathBuf,
    rustc: PathBuf,
    sysroot: PathBuf,
    /// No target installed: build the standard library from its sources. Debian's way.
    pub(crate) build_std: bool,
    linker: Option<PathBuf>,
}

impl Toolchain {
    /// The toolchain that builds the host, if it has the target; else a distribution's that can build it.
    pub(crate) fn find(cargo: PathBuf, rustc: PathBuf) -> Result<Self> {
        let sysroot = sysroot(&rustc)?;
        if sysroot.join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir() {
            return Ok(Self { cargo, rustc, sysroot, build_std: false, linker: None });
        }
        Self::distribution().ok_or_else(|| {
            format!("the Rust target {WASM_TARGET} is not installed: run `cargo xtask setup` once, then build again")
                .into()
        })
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

    /// `cargo build` for the target; what to build is the caller's to add.
    pub(crate) fn build(&self, root: &Path, target_dir: &Path, profile: &str) -> Command {
        let mut cargo = self.cargo(root);
        cargo.args(["build", "--target", WASM_TARGET, "--profile", profile]).arg("--target-dir").arg(target_dir);
        cargo.args(self.build_std.then_some("-Zbuild-std=std,panic_abort")).current_dir(root);
        cargo
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
