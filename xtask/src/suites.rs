//! `cargo xtask test`: every suite in order, what each came to, and one closing line.
//!
//! A suite that cannot run here says so loudly with its reason and counts as skipped, never as passed. One that fails
//! does not keep the others from running.

use std::process::Command;

use crate::{
    Failure,
    command::{self, cargo},
    guests, oracle,
    tally::{Counts, Listener},
    tools::{self, KPT_WITH_WASMTIME, REAL_PROGRAMS, Tool},
    wasm,
};

/// How much to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// What anyone can run, in minutes.
    Everyday,
    /// The same, then what takes long to build.
    All,
}

/// One suite: what it holds, and how it runs.
struct Suite {
    name: &'static str,
    run: fn() -> Ending,
}

/// What a suite came to, with the reasons of whatever was skipped.
struct Ending {
    counts: Counts,
    reasons: Vec<String>,
}

const EVERYDAY: &[Suite] = &[
    Suite { name: "the real programs can be built", run: || built(REAL_PROGRAMS) },
    Suite { name: "what reads our reports can be installed", run: || installed(tools::outside) },
    Suite { name: "what judges our files for pipelines can be installed", run: || installed(tools::python) },
    Suite { name: "format", run: || passes(&mut cargo(["fmt", "--all", "--check"])) },
    Suite {
        name: "lints",
        run: || passes(&mut cargo(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    },
    Suite { name: "documentation", run: documentation },
    Suite {
        name: "the function for other people's runtimes can be built",
        run: || done(guests::build(guests::Quality::Quick)),
    },
    Suite { name: "tests", run: || tests(&mut cargo(["test", "--workspace", "--no-fail-fast"])) },
    Suite {
        name: "expressions against Flux's own library",
        run: || compares(&["flux", "--cases", "100000", "--seed", &fresh_seed("--cases 100000")]),
    },
];

const LONG: &[Suite] = &[
    Suite { name: "kpt with wasmtime can be built", run: || built(KPT_WITH_WASMTIME) },
    Suite {
        name: "the function under kpt's own wasmtime, and every broken example under kpt",
        run: || tests(&mut cargo(["test", "--workspace", "--test", "kpt_wasm", "--", "--ignored"])),
    },
    Suite {
        name: "the map in a real browser",
        run: || tests(&mut cargo(["test", "--workspace", "--test", "browser", "--", "--ignored"])),
    },
    Suite {
        name: "expressions against the library of older Flux",
        run: || compares(&["flux", "--cases", "200000", "--seed", "2", "--library", "1.5"]),
    },
    Suite {
        name: "expressions against the library between",
        run: || compares(&["flux", "--cases", "200000", "--seed", "3", "--library", "1.7"]),
    },
    Suite {
        name: "whole objects against Flux's own library",
        run: || {
            let seed = fresh_seed("--resources --cases 2000");
            compares(&["flux", "--resources", "--cases", "2000", "--seed", &seed])
        },
    },
    Suite {
        name: "every Kustomization of the fleet, built, against Flux's own library",
        run: || compares(&["flux", "--tree", "examples/fleet"]),
    },
    Suite {
        name: "every Kustomization of the repository with planted mistakes, likewise",
        run: || compares(&["flux", "--tree", "tests/fixtures/wiring/repository"]),
    },
    // A fresh seed each time; the oracle prints it.
    Suite {
        name: "LB-IPAM against Cilium's own controller, random histories",
        run: || compares(&["cilium", "--cases", "5000", "--profile", "1.18", "--profile", "1.20"]),
    },
    Suite {
        name: "LB-IPAM against Cilium's own controller, the histories that are kept",
        run: || compares(&["cilium", "--kept", "--profile", "1.18", "--profile", "1.20"]),
    },
];

/// Run the tier. Fails when one suite did.
pub(crate) fn run(tier: Tier) -> Result<(), Failure> {
    wasm::set_up()?;
    let suites = EVERYDAY.iter().chain(if tier == Tier::All { LONG } else { &[] });
    let (mut total, mut failed, mut reasons) = (Counts::default(), Vec::new(), Vec::new());
    for suite in suites {
        println!("\n== {}", suite.name);
        let started = std::time::Instant::now();
        let ending = (suite.run)();
        println!("-- {}: {} ({} s)", suite.name, ending.counts, started.elapsed().as_secs());
        if ending.counts.failed > 0 {
            failed.push(suite.name);
        }
        total.add(ending.counts);
        reasons.extend(ending.reasons.into_iter().map(|reason| format!("{}: {reason}", suite.name)));
    }
    println!();
    for reason in reasons {
        println!("NOT RUN  {reason}");
    }
    println!("{total}");
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join("; "))) }
}

/// A check that is one command: it passes or fails as a whole.
fn passes(command: &mut Command) -> Ending {
    done(command::run(command))
}

fn done(outcome: Result<(), Failure>) -> Ending {
    let counts = match outcome {
        Ok(()) => Counts::PASSED,
        Err(failure) => {
            eprintln!("{failure}");
            Counts::FAILED
        }
    };
    Ending { counts, reasons: Vec::new() }
}

/// A test runner: its own counts.
fn tests(command: &mut Command) -> Ending {
    let mut listener = Listener::default();
    let success = match command::watch(command, |line| listener.hear(line)) {
        Ok(status) => status.success(),
        Err(failure) => {
            eprintln!("{failure}");
            false
        }
    };
    let (counts, reasons) = listener.close(success);
    Ending { counts, reasons }
}

/// Another seed each time, so that each run looks where none has looked before. Printed with the command that draws
/// the same cases again.
fn fresh_seed(cases: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seed = now.as_micros().to_string();
    println!("to see these cases again: cargo xtask oracle flux {cases} --seed {seed}");
    seed
}

/// A comparison with a real program: one check, however many cases it drew.
fn compares(arguments: &[&str]) -> Ending {
    let mut why = String::new();
    let status = command::watch(&mut oracle::command(arguments), |line| {
        if line.starts_with("SKIPPED") {
            why = line.to_owned();
        }
    });
    match status {
        Ok(status) if status.success() => Ending { counts: Counts::PASSED, reasons: Vec::new() },
        Ok(status) if status.code() == Some(oracle::CANNOT_RUN) => {
            Ending { counts: Counts::SKIPPED, reasons: vec![why] }
        }
        Ok(_) => Ending { counts: Counts::FAILED, reasons: Vec::new() },
        Err(failure) => done(Err(failure)),
    }
}

/// The tests that ask them say for themselves what they could not do.
fn installed(install: fn() -> Result<(), Failure>) -> Ending {
    match install() {
        Ok(()) => Ending { counts: Counts::PASSED, reasons: Vec::new() },
        Err(reason) => {
            println!("SKIPPED {reason}");
            Ending { counts: Counts::SKIPPED, reasons: vec![reason] }
        }
    }
}

fn documentation() -> Ending {
    let mut doc = cargo(["doc", "--quiet", "--workspace", "--no-deps"]);
    passes(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Building them is a check of its own: the tests that ask them say for themselves what they could not do.
fn built(programs: &[Tool]) -> Ending {
    let missing = tools::missing(programs);
    let mut counts = Counts { passed: (programs.len() - missing.len()) as u64, ..Counts::default() };
    let mut reasons = Vec::new();
    for (name, reason) in missing {
        println!("SKIPPED {name}: {reason}");
        counts.add(Counts::SKIPPED);
        reasons.push(format!("{name}: {reason}"));
    }
    Ending { counts, reasons }
}
