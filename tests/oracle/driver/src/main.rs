//! lbpools-oracle: lbpools held against the real programs, on random cases.
//!
//! ```text
//! lbpools-oracle flux --cases N --seed S [--library 1.5|1.7|1.8] [--characters | --fields | --resources]
//! lbpools-oracle flux --tree DIR
//! lbpools-oracle cilium --cases N [--seed S] [--repeat N] [--profile 1.18]… [--figures]
//! lbpools-oracle cilium --kept | --record | --file SCENARIO… [--profile 1.18]…
//! lbpools-oracle cilium --scale SERVICES [--repeat N] [--profile 1.18]…
//! ```
//!
//! The last line is `N passed, N failed`, and `, N skipped` where some could not be decided. Exit codes: 0 all passed, 1 something differs, 2 bad usage or a run that
//! broke, 77 the real program cannot be had here, so that the caller counts the suite as skipped.

mod cilium;
mod flux;
mod random;

use std::process::ExitCode;

/// What automake, meson and others take for "skipped".
const SKIPPED: u8 = 77;

/// How a suite ended.
enum Ending {
    /// Cases that agreed, cases that did not, and cases that could not be decided.
    Ran { passed: u64, failed: u64, skipped: u64 },
    /// The real program cannot be had, for this reason.
    Skipped(String),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ending = match arguments.split_first() {
        Some((suite, rest)) if suite == "flux" => flux::run(rest),
        Some((suite, rest)) if suite == "cilium" => cilium::run(rest),
        _ => Err(anyhow::anyhow!(
            "usage: lbpools-oracle flux --cases N --seed S [--library 1.5|1.7|1.8] [--characters | --fields | --resources]\n       \
             lbpools-oracle flux --tree DIR\n       \
             lbpools-oracle cilium --cases N [--seed S] [--repeat N] [--profile 1.18]… [--figures]\n       \
             lbpools-oracle cilium --kept | --record | --file SCENARIO… [--profile 1.18]…\n       \
             lbpools-oracle cilium --scale SERVICES [--repeat N] [--profile 1.18]…"
        )),
    };
    match ending {
        Ok(Ending::Ran { passed, failed, skipped }) => {
            let undecided = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
            println!("{passed} passed, {failed} failed{undecided}");
            ExitCode::from(u8::from(failed > 0))
        }
        Ok(Ending::Skipped(reason)) => {
            eprintln!("SKIPPED, nothing was compared: {reason}");
            ExitCode::from(SKIPPED)
        }
        Err(error) => {
            eprintln!("lbpools-oracle: {error:#}");
            ExitCode::from(2)
        }
    }
}
