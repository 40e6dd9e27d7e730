//! `cargo xtask bench`: build what is measured and what it is held against, then measure.

use crate::{Failure, command, tools, wasm};

/// Set up, build in release mode, and hand the arguments on to the measuring program.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Failure> {
    wasm::set_up()?;
    tools::build_all()?;
    command::run(&mut command::cargo(["build", "--release", "--package", "lbpools", "--package", "lbpools-benches"]))?;
    let mut measure = command::program(command::root().join("target/release/measure"));
    command::run(measure.args(arguments))
}
