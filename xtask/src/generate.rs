//! `cargo xtask generate`: the checked-in files that the code itself describes.
//!
//! The code knows its rules, schemas and flags; the files in `docs/` and the expected outputs of the goldens say what
//! it says. Each is held by a test, which rewrites it under `BLESS=1`; so a stale file fails the tests, and this verb
//! only runs those tests with that variable.

use crate::{Failure, command};

/// Write the files, or only compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    Check,
}

/// The tests that hold generated files: package, and what to run of it.
const TESTS: &[(&str, &[&str])] = &[
    ("lbpools-function", &["--test", "generated"]),
    ("lbpools-function", &["--lib", "config::schema"]),
    ("lbpools", &["--test", "goldens", "--test", "cli_reference"]),
];

/// Write or compare every generated file.
pub(crate) fn run(mode: Mode) -> Result<(), Failure> {
    for (package, which) in TESTS {
        let mut test = command::cargo(["test", "--quiet", "--package", package]);
        test.args(*which);
        if mode == Mode::Write {
            test.env("BLESS", "1");
        }
        command::run(&mut test)?;
    }
    Ok(())
}
