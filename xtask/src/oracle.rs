//! `cargo xtask oracle`: lbpools held against a real program on random cases, by the crate in `tests/oracle`.

use std::process::Command;

use crate::{Failure, command};

/// What the oracle exits with where its real program cannot be had.
pub(crate) const CANNOT_RUN: i32 = 77;

/// Hand the arguments on.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Failure> {
    command::run(&mut command(arguments))
}

/// The oracle as a command. Release: a run is bound by our side of the comparison.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut oracle = command::cargo(["run", "--quiet", "--release", "--package", "lbpools-oracle", "--"]);
    oracle.args(arguments);
    oracle
}
