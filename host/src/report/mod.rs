//! Presenting the report document: one emitter per file, and none of them computes.
//!
//! The function has judged. What a terminal, a CI job or a script sees is the same document in another dress, so
//! they cannot disagree.

use anyhow::Context;
pub use lbpools_function::report::Difference;
use lbpools_function::report::Report;

pub mod json;
pub mod plan;
pub mod text;
mod texts;

pub use texts::Texts;

/// Read the document that the function's `report` handed back.
pub fn read(document: &[u8]) -> anyhow::Result<Report> {
    serde_json::from_slice(document).context("the function's report is not in the shape that this runner knows")
}

#[cfg(test)]
pub(crate) mod sample;
