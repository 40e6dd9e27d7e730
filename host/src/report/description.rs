//! What the function says about itself, as far as it is presented.

use anyhow::Context;
use serde::Deserialize;

use crate::contract::Function;

/// The parts of the function's `describe` that verbs and emitters present.
#[derive(Debug, Default, Deserialize)]
pub struct Description {
    /// Every rule, in the order of its table.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Deserialize)]
pub struct Rule {
    /// `LBP` and three digits.
    pub code: String,
    /// Its name, as used in `severity:` of the config.
    #[serde(alias = "rule")]
    pub name: String,
    /// What it promises: `correctness`, `plan`, `suspicious` or `wiring`.
    #[serde(default)]
    pub category: String,
    /// How bad its findings are unless the config says otherwise: `error`, `warning` or `info`.
    #[serde(default)]
    pub severity: String,
    /// One line.
    #[serde(default)]
    pub summary: String,
    /// Its page, in Markdown.
    #[serde(default, alias = "docs")]
    pub page: String,
}

impl Description {
    /// Ask the function.
    pub fn of<F: Function>(function: &F) -> anyhow::Result<Self> {
        let document = function.describe().context("the function did not answer")?;
        serde_json::from_slice(&document)
            .context("the function describes itself in a shape that this runner does not know")
    }
}
