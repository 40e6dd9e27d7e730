//! The wasm target: the one thing that the component needs besides Rust itself.
//!
//! Two ways lead there. Where rustup can download, it adds the target to the toolchain of this checkout. Where it
//! cannot (an offline mirror, a distribution's Rust), Debian's compiler with its library sources builds the target's
//! standard library along with the component. The host's build script takes whichever way is open.

use std::path::Path;

use crate::{
    Failure,
    command::{self, program},
};

const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's packages: a compiler with wasm support, the sources of the standard library, a linker.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// What the Debian way needs to find (`host/build.rs` calls these).
const DEBIAN_FILES: [&str; 3] = ["/usr/bin/rustc", "/usr/bin/cargo", "/usr/bin/wasm-ld-19"];

/// `cargo xtask setup`.
pub(crate) fn set_up() -> Result<(), Failure> {
    if has_target() {
        println!("The wasm target is there: {TARGET}, with this checkout's toolchain.");
        return Ok(());
    }
    if command::is_there("rustup", "--version") {
        println!("Adding the wasm target to your Rust toolchain; rustup keeps it outside this checkout.");
        if command::run(program("rustup").args(["target", "add", TARGET])).is_ok() && has_target() {
            return Ok(());
        }
        println!("rustup could not; a distribution's compiler can build the target as well.");
    }
    if DEBIAN_FILES.iter().all(|file| Path::new(file).exists()) {
        println!("The component will be built by Debian's Rust ({}).", DEBIAN_PACKAGES.join(", "));
        return Ok(());
    }
    let install = format!("apt-get install --yes {}", DEBIAN_PACKAGES.join(" "));
    if !command::is_there("apt-get", "--version") || !is_root() {
        return Err(format!(
            "the component needs the wasm target: run `rustup target add {TARGET}`, or on Debian `{install}` as root"
        ));
    }
    println!("Installing Debian's Rust, which can build the wasm target, for the whole machine: {install}");
    command::run(program("apt-get").arg("update"))?;
    command::run(program("apt-get").args(["install", "--yes"]).args(DEBIAN_PACKAGES))
}

/// Whether the toolchain of this checkout has the target's standard library.
fn has_target() -> bool {
    let asked = program("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    asked.is_ok_and(|output| {
        let directory = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success() && Path::new(&directory).is_dir()
    })
}

fn is_root() -> bool {
    program("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
