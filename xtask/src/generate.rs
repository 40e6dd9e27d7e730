//! `cargo xtask generate`: the checked-in files that the code itself describes.
//!
//! The binary knows its rules, schemas and flags; the files in `docs/` say what it says. `--check` fails when one is
//! stale, and the test command calls that.

use std::path::Path;

use crate::{
    Failure,
    command::{self, root},
};

/// Write the files, or only compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    Check,
}

/// One generated file: where it goes, and what makes its text.
struct Generated {
    path: &'static str,
    text: fn() -> Result<String, Failure>,
}

/// Every generated file of one name. Rule pages, one a rule, come from `describe` as they are.
const FILES: &[Generated] = &[];

/// Write or compare every generated file.
pub(crate) fn run(mode: Mode) -> Result<(), Failure> {
    let mut stale = Vec::new();
    for file in FILES {
        let text = (file.text)()?;
        let path = root().join(file.path);
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        match mode {
            Mode::Write => write(&path, &text)?,
            Mode::Check => stale.push(file.path),
        }
    }
    if stale.is_empty() {
        println!("{} generated files are fresh.", FILES.len());
        return Ok(());
    }
    Err(format!("stale: {}; run `cargo xtask generate`", stale.join(", ")))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(cannot)?;
    }
    std::fs::write(path, text).map_err(cannot)?;
    println!("wrote {}", path.strip_prefix(root()).unwrap_or(path).display());
    Ok(())
}

/// What the binary prints for these arguments.
#[allow(dead_code, reason = "the first generated file calls it")]
fn printed(arguments: &[&str]) -> Result<String, Failure> {
    let mut run = command::cargo(["run", "--quiet", "--package", "lbpools", "--"]);
    let output = run.args(arguments).output().map_err(|error| format!("cannot run lbpools: {error}"))?;
    if !output.status.success() {
        return Err(format!("`lbpools {}` failed", arguments.join(" ")));
    }
    String::from_utf8(output.stdout).map_err(|_| "lbpools printed no UTF-8".to_owned())
}
