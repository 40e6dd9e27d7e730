//! The guest for WASI preview 1: a command with a ResourceList on standard input, one on standard output, words on
//! standard error, and the exit codes of `lbpools`: 0 no error findings, 1 error findings, 2 the run failed.
//!
//! It speaks to WASI itself and is built without WASI's own standard library, which would import arguments,
//! environment, clock and random numbers as well: so it needs three functions, and no second target to build.

#![cfg(target_family = "wasm")]

#[path = "../../description.rs"]
mod description;
#[path = "../../last_words.rs"]
mod last_words;
mod stdio;

use lbpools_function::filter;

/// The program.
#[unsafe(no_mangle)]
extern "C" fn _start() {
    // An exit code, and no trap: a runtime would print its own stack and nothing of ours.
    last_words::keep(|words| {
        let _ = stdio::write_all(stdio::ERR, b"lbpools: the function panicked, which is a defect in it: ");
        let _ = stdio::write_all(stdio::ERR, words);
        let _ = stdio::write_all(stdio::ERR, b"\n");
        stdio::exit(2)
    });
    let code = run();
    // Returning is exit code 0.
    if code != 0 {
        stdio::exit(code);
    }
}

fn run() -> u8 {
    let text = match stdio::read_all() {
        Ok(text) => text,
        Err(error) => return failed("cannot read standard input", error),
    };
    let answer = filter::answer(text);
    // Nobody may listen; the exit code stands.
    let _ = stdio::write_all(stdio::ERR, answer.words.as_bytes());
    match stdio::write_all(stdio::OUT, &answer.list.unwrap_or_default()) {
        // The reader has enough; the verdict stands.
        Ok(()) | Err(stdio::BROKEN_PIPE) => answer.exit,
        Err(error) => failed("cannot write the list", error),
    }
}

fn failed(what: &str, error: stdio::Errno) -> u8 {
    let _ = stdio::write_all(stdio::ERR, format!("lbpools: {what} (WASI error {error})\n").as_bytes());
    2
}
