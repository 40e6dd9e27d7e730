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
    cli::main(|_| -> anyhow::Result<absent::Absent> { anyhow::bail!("no component is built into this program") })
}

/// Stands where the sandbox will: a function that cannot exist.
mod absent {
    use crate::contract::{Evaluation, Function, Options, Source};

    pub(crate) enum Absent {}

    impl Function for Absent {
        type Error = std::convert::Infallible;
        fn evaluate(&self, _: Vec<Source>, _: Options) -> Result<Evaluation, Self::Error> {
            match *self {}
        }
        fn report(&self, _: Vec<Source>, _: Options) -> Result<Vec<u8>, Self::Error> {
            match *self {}
        }
        fn describe(&self) -> Result<Vec<u8>, Self::Error> {
            match *self {}
        }
    }
}
