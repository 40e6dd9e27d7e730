//! `cargo xtask guests`: the function for other people's runtimes, into `target/guests`.

use std::path::PathBuf;

use crate::{
    Failure,
    command::{self, root},
    wasm,
};

#[path = "../../function/guest/toolchain.rs"]
mod toolchain;

use toolchain::{Toolchain, WASM_TARGET};

/// How well they are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quality {
    /// As they are released.
    Release,
    /// Soon, with the checks of a debug build; and one more, with defects, for the tests of what those look like.
    Quick,
}

/// Where they are put.
pub(crate) fn directory() -> PathBuf {
    root().join("target/guests")
}

/// Build them and say where they are.
pub(crate) fn build(quality: Quality) -> Result<(), Failure> {
    wasm::set_up()?;
    build_into(quality, "lbpools-kpt", &[], "lbpools-kpt.wasm")?;
    build_into(quality, "lbpools-wasip1", &[], "lbpools-wasip1.wasm")?;
    if quality == Quality::Quick {
        build_into(quality, "lbpools-kpt", &["--features", "defects"], "lbpools-kpt-defects.wasm")?;
    }
    println!("They are in {}.", directory().strip_prefix(root()).unwrap_or(&directory()).display());
    Ok(())
}

fn build_into(quality: Quality, package: &str, more: &[&str], name: &str) -> Result<(), Failure> {
    let profile = if quality == Quality::Release { "guest" } else { "guest-dev" };
    // Where the host's build script builds the component, so that what they share is built once.
    let target_dir = root().join("target/guest-build");
    let program = |name: &str, or: &str| std::env::var_os(name).map_or_else(|| PathBuf::from(or), PathBuf::from);
    let toolchain = Toolchain::find(program("CARGO", "cargo"), program("RUSTC", "rustc"));
    let mut cargo = toolchain.map_err(|error| error.to_string())?.build(&root(), &target_dir, profile);
    command::run(cargo.args(["--package", package]).args(more))?;
    let built = target_dir.join(WASM_TARGET).join(profile).join(package.replace('-', "_")).with_extension("wasm");
    let copied = std::fs::create_dir_all(directory()).and_then(|()| std::fs::read(&built));
    // Written anew even when nothing changed: the tests hold its age against that of the sources.
    let copied = copied.and_then(|wasm| std::fs::write(directory().join(name), wasm));
    copied.map_err(|error| format!("cannot copy {}: {error}", built.display()))
}
