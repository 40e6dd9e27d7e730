//! The native runner of the function: it loads texts, runs the component in a sandbox and presents the outcome.
//! It decides nothing about addresses; all judgement lives in the component.

use std::process::ExitCode;

pub mod contract;
pub mod package;
pub mod report;
pub mod sandbox;

/// The whole program; `main.rs` only calls it.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
