//! `cargo xtask`: set-up, demo, tests and generated files, so that two commands of the README do everything.
//!
//! It has no dependency, so that the first command on a fresh machine answers within seconds. Every external command
//! is printed before it runs; nothing outside the checkout changes without a line that says so.

mod bench;
mod command;
mod demo;
mod generate;
mod guests;
mod live;
mod oracle;
mod suites;
mod tally;
mod tools;
mod wasm;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask VERB

  demo                 make and check the pools of examples/fleet
  test                 pass the tests that anyone can run: under 15 minutes on a fresh machine
  test --all           these, then the ones that take long to build
  setup                get the wasm target that the component needs
  tools [--all]        build the real kustomize and kpt, and the benches' baselines, into target/tools; with --all
                       also kpt with wasmtime inside
  guests [--quick]     build the function for kpt's WebAssembly runtime and for WASI, into target/guests
  generate [--check]   write the checked-in files that the code describes, or fail when they are stale
  oracle ARGS          hold lbpools against a real program on random cases
  live [FILTER]        hold lbpools against a living cluster: a real API server, Flux and the Cilium operator, built into
                       target/tools (20 minutes of Go the first time, so `test --all` leaves it out)
  bench [ARGS]         measure, and print the table of benches/README.md

Exit codes: 0 done, 1 something failed, 2 wrong usage.
";

/// Why a verb ended early, in words for the person who called it.
type Failure = String;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["demo"] => demo::run(),
        ["test"] => suites::run(suites::Tier::Everyday),
        ["test", "--all"] => suites::run(suites::Tier::All),
        ["setup"] => wasm::set_up(),
        ["tools"] => tools::build_all(),
        ["tools", "--all"] => tools::build_long(),
        ["guests"] => guests::build(guests::Quality::Release),
        ["guests", "--quick"] => guests::build(guests::Quality::Quick),
        ["generate"] => generate::run(generate::Mode::Write),
        ["generate", "--check"] => generate::run(generate::Mode::Check),
        ["oracle", rest @ ..] => oracle::run(rest),
        ["live"] => live::run(None),
        ["live", filter] => live::run(Some(filter)),
        ["bench", rest @ ..] => bench::run(rest),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
