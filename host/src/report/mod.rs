//! Presenting the report document: one emitter per file, and none of them computes.
//!
//! The function has judged. What a terminal, a CI job or a script sees is the same document in another dress, so
//! they cannot disagree.

use anyhow::Context;
pub use lbpools_function::report::{Difference, Report};

pub mod description;
mod excerpt;
pub mod github;
pub mod gitlab;
pub mod html;
mod identity;
pub mod json;
pub mod junit;
pub mod map;
pub mod markdown;
pub mod plan;
pub mod sarif;
mod spot;
pub mod text;
mod texts;
mod uri;
pub mod verification;
mod words;

pub use texts::Texts;

/// What there is to present, for the emitters that write one document of it all.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// What was found out.
    pub report: &'a Report,
    /// The texts that its places point into.
    pub texts: &'a Texts<'a>,
    /// What the function says about its rules.
    pub rules: &'a [description::Rule],
}

/// Read the document that the function's `report` handed back.
pub fn read(document: &[u8]) -> anyhow::Result<Report> {
    serde_json::from_slice(document).context("the function's report is not in the shape that this runner knows")
}

#[cfg(test)]
pub(crate) mod sample;
