//! One question to both, and what an answer is.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use lbpools_function::flux::expression::{Dialect, ErrorKind, Library, Lookup, evaluate};
use serde_json::{Value, json};

/// A text with its variables.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) strict: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Text(String),
    /// An outcome that is not UTF-8. Which bytes it has, lbpools does not say.
    NotText,
    /// With Flux's message.
    Error(String),
    Crash,
    /// A limit of our own, which no case here should meet.
    Limit(String),
}

impl Case {
    pub(crate) fn question(&self) -> Value {
        json!({"text": self.text, "vars": self.variables, "strict": self.strict})
    }

    /// What lbpools makes of it.
    pub(crate) fn ours(&self, library: Library) -> Answer {
        let lookup = |name: &str| self.variables.get(name).map_or(Lookup::Unset, |value| Lookup::Set(value));
        match evaluate(&self.text, &lookup, Dialect { library, strict: self.strict }) {
            Ok(evaluated) => Answer::Text(evaluated.text),
            Err(error) => match error.kind {
                ErrorKind::SplitsCharacter => Answer::NotText,
                ErrorKind::WouldCrash => Answer::Crash,
                ErrorKind::BeyondLimit(limit) => Answer::Limit(limit.to_string()),
                kind => Answer::Error(kind.to_string()),
            },
        }
    }
}

impl Answer {
    /// What kind of answer it is, variables' names left out.
    pub(crate) fn kind(&self) -> String {
        match self {
            Answer::Text(_) => "text".to_owned(),
            Answer::NotText => "text that is not UTF-8".to_owned(),
            Answer::Error(message) => format!("error: {}", message.split(": ").next().unwrap_or_default()),
            Answer::Crash => "crash".to_owned(),
            Answer::Limit(limit) => format!("limit: {limit}"),
        }
    }

    /// What the real program said, from its line.
    pub(crate) fn read(line: &str) -> anyhow::Result<Answer> {
        let answer: Value = serde_json::from_str(line).context("the oracle's answer is not JSON")?;
        let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
        if let Some(text) = text("text") {
            return Ok(Answer::Text(text));
        }
        if let Some(message) = text("error") {
            return Ok(Answer::Error(message));
        }
        if text("bytes").is_some() {
            return Ok(Answer::NotText);
        }
        if text("panic").is_some() {
            return Ok(Answer::Crash);
        }
        bail!("the oracle's answer has none of its keys: {line}")
    }
}
