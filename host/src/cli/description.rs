//! What the function says about itself.

use anyhow::Context;
use serde::Deserialize;

use super::{Exit, Streams};
use crate::contract::Function;
use crate::report::json;

/// The parts of the function's `describe` that the verbs present.
#[derive(Debug, Deserialize)]
pub(super) struct Description {
    /// Every rule, in the order of its table.
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    /// `LBP` and three digits.
    pub(super) code: String,
    /// Its name, as used in `severity:` of the config.
    #[serde(alias = "rule")]
    pub(super) name: String,
    /// One line.
    #[serde(default)]
    pub(super) summary: String,
    /// Its page, in Markdown.
    #[serde(default, alias = "docs")]
    pub(super) page: String,
}

impl Description {
    pub(super) fn of<F: Function>(function: &F) -> anyhow::Result<Self> {
        let document = function.describe().context("the function did not answer")?;
        serde_json::from_slice(&document)
            .context("the function describes itself in a shape that this runner does not know")
    }
}

/// `lbpools describe`: the document as it is.
pub(super) fn run<F: Function>(
    function: impl FnOnce() -> anyhow::Result<F>,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let document = function()?.describe().context("the function did not answer")?;
    json::emit(&document, streams.stdout)?;
    Ok(Exit::Clean)
}
