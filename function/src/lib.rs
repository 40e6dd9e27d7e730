//! lbpools, the function: *before merge, know which address every Service and Gateway of every cluster will
//! get, and generate the pools that make it so.*
//!
//! Pure: bytes in, bytes out. No clock, environment, randomness, hash order, file or network. Data flows one
//! way: [`krm`] reads the texts, [`flux`] says what each cluster applies and with which values, [`cilium`] says
//! what Cilium makes of it, [`rules`] judge, [`generate`] writes, and [`krm`] puts it back, lossless.

pub mod cilium;
pub mod cluster;
pub mod config;
pub mod filter;
pub mod flux;
pub mod generate;
pub mod input;
pub mod krm;
pub mod observed;
pub mod report;
pub mod rules;
mod run;
pub mod verification;

pub use input::{Options, Role, Source};
pub use krm::edit::Edit;
use report::Report;

/// Version of the function, as in its package.
pub const FUNCTION_VERSION: &str = env!("CARGO_PKG_VERSION");

/// One text to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Empty for standard output, else the path in the package.
    pub path: String,
    /// `None` where a file holds nothing any more and goes away.
    pub text: Option<NewText>,
}

/// What a text becomes. A list of 100 MB into which three objects go is not handed around a second time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewText {
    /// This.
    Whole(Vec<u8>),
    /// The source of the same path with these edits, which are in order and do not overlap.
    Edits(Vec<Edit>),
}

impl NewText {
    /// The text itself, from the source that it is a change of (empty where there is none).
    pub fn over(&self, source: &[u8]) -> Vec<u8> {
        let edits = match self {
            Self::Whole(text) => return text.clone(),
            Self::Edits(edits) => edits,
        };
        let mut text = Vec::with_capacity(source.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
        let mut at = 0;
        for edit in edits {
            text.extend_from_slice(source.get(at..edit.range.start).unwrap_or_default());
            text.extend_from_slice(edit.text.as_bytes());
            at = edit.range.end;
        }
        text.extend_from_slice(source.get(at..).unwrap_or_default());
        text
    }
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// What to write. For a subject without a path always one text, unless the run failed; for files only those
    /// that changed.
    pub changes: Vec<Change>,
    /// Everything that was found out.
    pub report: Report,
}

/// Judge the sources, generate what the config asks for, and say what to write.
pub fn evaluate(sources: &[Source], options: Options) -> Evaluation {
    run::run(sources, options)
}

/// Judge the sources as they are, for who only wants to know: objects that the config asks for are generated where they
/// are not there, and nowhere changed. With the supposition `rendered` all are as [`evaluate`] would leave them.
pub fn report(sources: &[Source], options: Options) -> Report {
    let rendered = sources.iter().any(|source| source.role == Role::WhatIf && source.text == b"rendered");
    run::run(sources, Options { keep_generated: !rendered, ..options }).report
}

/// Version, table of rules with their pages, Cilium profiles and schemas, as one JSON document.
pub fn describe() -> serde_json::Value {
    let rules: Vec<serde_json::Value> = rules::RULES
        .iter()
        .map(|rule| {
            serde_json::json!({
                "code": rule.code,
                "name": rule.name,
                "category": rule.category,
                "severity": rule.severity,
                "summary": rule.summary(),
                "page": rule.page(),
            })
        })
        .collect();
    let profiles: Vec<String> = cilium::Profile::all().iter().map(|profile| profile.version.to_string()).collect();
    serde_json::json!({ "function": FUNCTION_VERSION, "rules": rules, "cilium": profiles })
}
