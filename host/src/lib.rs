//! The native runner of the function: it loads texts, runs the component in a sandbox and presents the outcome.
//! It decides nothing about addresses; all judgement lives in the component.

use std::process::ExitCode;

pub mod build;
pub mod cli;
pub mod contract;
pub mod function_mode;
#[cfg(feature = "live")]
pub mod living;
pub mod package;
pub mod report;
pub mod sandbox;

/// The whole program; `main.rs` only calls it.
pub fn main() -> ExitCode {
    cli::main(|bounds| {
        let limits = sandbox::Limits { deadline: bounds.timeout, memory: bounds.max_memory, output: bounds.max_output };
        let sandbox = sandbox::SandboxBuilder::new().limits(limits);
        let sandbox = match &bounds.module {
            Some(path) => sandbox.component_file(path),
            None => sandbox,
        };
        Ok(sandbox.build()?)
    })
}
