//! One question to both, and what an answer is.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use lbpools_function::flux::expression::{Dialect, ErrorKind, Library, Lookup, evaluate};
use lbpools_function::flux::retype::{Retyped, substitute};
use serde_json::{Value, json};

/// A text with its variables.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) strict: bool,
    /// The text is that of a field, which is written out before and read again behind.
    pub(crate) field: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Text(String),
    /// A field's outcome; of lists and maps only that they are some.
    Field(Retyped),
    /// A field's outcome is no YAML.
    NoYaml,
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
        json!({"text": self.text, "vars": self.variables, "strict": self.strict, "field": self.field})
    }

    /// What lbpools makes of it.
    pub(crate) fn ours(&self, library: Library) -> Answer {
        let lookup = |name: &str| self.variables.get(name).map_or(Lookup::Unset, |value| Lookup::Set(value));
        let dialect = Dialect { library, strict: self.strict };
        let answer = if self.field {
            substitute(&self.text, &lookup, dialect).map(|(_, retyped)| match retyped {
                Retyped::Broken(_) => Answer::NoYaml,
                Retyped::Number(number) => Answer::Field(Retyped::Number(double(&number))),
                retyped => Answer::Field(retyped),
            })
        } else {
            evaluate(&self.text, &lookup, dialect).map(|evaluated| Answer::Text(evaluated.text))
        };
        match answer {
            Ok(answer) => answer,
            Err(error) => match error.kind {
                ErrorKind::SplitsCharacter if self.field => Answer::NoYaml,
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
            Answer::Field(Retyped::Null) => "field: null".to_owned(),
            Answer::Field(Retyped::Bool(_)) => "field: boolean".to_owned(),
            Answer::Field(Retyped::Number(_)) => "field: number".to_owned(),
            Answer::Field(Retyped::Text(_)) => "field: text".to_owned(),
            Answer::Field(Retyped::Collection | Retyped::Broken(_)) => "field: list or map".to_owned(),
            Answer::NoYaml => "field: no YAML".to_owned(),
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
        if let Some(field) = answer.get("field") {
            return Ok(Answer::Field(match field {
                Value::Null => Retyped::Null,
                Value::Bool(is) => Retyped::Bool(*is),
                Value::Number(number) => Retyped::Number(double(&number.to_string())),
                Value::String(text) => Retyped::Text(text.clone()),
                Value::Array(_) | Value::Object(_) => Retyped::Collection,
            }));
        }
        if text("yaml").is_some() {
            return Ok(Answer::NoYaml);
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

/// A number to twelve digits, which is all that two readers of JSON surely agree on.
fn double(number: &str) -> String {
    number.parse::<f64>().map_or_else(|_| number.to_owned(), |double| format!("{double:.11e}"))
}
