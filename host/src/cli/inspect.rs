//! `lbpools inspect [FILE]`: what a WebAssembly file is, and which function is inside.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};

use super::{Exit, Setting, Streams};
use crate::sandbox::{Inspection, Limits, inspect};

const AFTER: &str = "\
Examples:
  lbpools inspect
  lbpools inspect target/guests/lbpools-kpt.wasm
  lbpools inspect --format json fn.wasm";

/// How to write what the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PageFormat {
    /// For a person.
    Text,
    /// One JSON document, for a script.
    Json,
}

/// What `inspect` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Inspect {
    /// A WebAssembly file; without one, the component built in
    file: Option<PathBuf>,
    /// How to write it
    #[arg(long, default_value = "text")]
    format: PageFormat,
}

/// Look at the file and print what it is. Exit code 2 where lbpools could not run it.
pub(super) fn run(verb: &Inspect, setting: &Setting, streams: &mut Streams) -> anyhow::Result<Exit> {
    let bounds = &setting.bounds;
    let limits = Limits { deadline: bounds.timeout, memory: bounds.max_memory, output: bounds.max_output };
    let file = verb.file.as_deref().or(bounds.module.as_deref());
    let inspection = inspect(file, limits)?;
    let description: Value = match &inspection.description {
        Some(text) => serde_json::from_slice(text).context("the function's description is not JSON")?,
        None => Value::Null,
    };
    let name = file.map_or_else(|| "(built in)".to_owned(), |file| file.display().to_string());
    let text = match verb.format {
        PageFormat::Json => format!("{:#}\n", document(&name, &inspection, description)),
        PageFormat::Text => page(&name, &inspection, &description),
    };
    streams.stdout.write_all(text.as_bytes())?;
    Ok(if inspection.refused.is_some() { Exit::Failed } else { Exit::Clean })
}

fn document(name: &str, inspection: &Inspection, description: Value) -> Value {
    json!({
        "file": name,
        "interface": inspection.interface.map(|interface| interface.word()),
        "size": inspection.size,
        "sha256": inspection.sha256,
        "imports": inspection.imports,
        "exports": inspection.exports,
        "refused": inspection.refused,
        "function": description,
    })
}

fn page(name: &str, inspection: &Inspection, description: &Value) -> String {
    let word = |value: &Value| printable(value.as_str().unwrap_or("?"));
    let interface = inspection.interface.map_or_else(|| "none that lbpools knows".to_owned(), |it| it.to_string());
    let mut rows = vec![
        ("file", printable(name)),
        ("for", interface),
        ("size", format!("{} bytes", inspection.size)),
        ("sha256", inspection.sha256.clone()),
        ("imports", names(&inspection.imports)),
        ("exports", names(&inspection.exports)),
    ];
    if let Some(refused) = &inspection.refused {
        rows.push(("refused", printable(refused)));
    } else {
        rows.push(("function", word(&description["function"])));
        let profiles = description["cilium"].as_array().into_iter().flatten().map(word);
        rows.push(("Cilium", profiles.collect::<Vec<_>>().join(", ")));
    }
    let mut text: String = rows.into_iter().map(|(label, value)| format!("{label:<9} {value}\n")).collect();
    let rules: Vec<&Value> = description["rules"].as_array().into_iter().flatten().collect();
    if !rules.is_empty() {
        text.push_str(&format!("rules     {}\n\n", rules.len()));
    }
    for rule in rules {
        let (code, severity) = (word(&rule["code"]), word(&rule["severity"]));
        text.push_str(&format!("  {code}  {severity:<8} {}\n", word(&rule["name"])));
    }
    text
}

fn names(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { printable(&names.join(", ")) }
}

/// A hostile file has names of any length, with any character.
fn printable(text: &str) -> String {
    const LONGEST: usize = 2000;
    let mut short: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short.replace("\\'", "'").replace("\\\"", "\"")
}
