//! The native runner of the function: it loads texts, runs the component in a sandbox and presents the outcome.
//! It decides nothing about addresses; all judgement lives in the component.

use std::process::ExitCode;

pub mod cli;
pub mod contract;
pub mod function_mode;
pub mod package;
pub mod report;
pub mod sandbox;

/// The whole program; `main.rs` only calls it.
pub fn main() -> ExitCode {
    cli::main(|bounds| {
        let builder = sandbox::SandboxBuilder::new()
            .deadline(bounds.timeout)
            .memory(usize::try_from(bounds.max_memory).unwrap_or(usize::MAX))
            .output(usize::try_from(bounds.max_output).unwrap_or(usize::MAX));
        let builder = match &bounds.module {
            Some(file) => builder.component_file(file),
            None => builder,
        };
        Ok(builder.build()?)
    })
}
