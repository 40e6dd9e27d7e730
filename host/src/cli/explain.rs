//! `lbpools explain CODE`: the page of a rule.

use std::fmt::Write as _;

use anyhow::bail;

use super::{Exit, Streams};
use crate::contract::Function;
use crate::report::description::{Description, Rule};

const AFTER: &str = "\
Examples:
  lbpools explain            list every kind of finding
  lbpools explain LBP001     what it means, why it matters, what to do
  lbpools explain RULE-NAME  the same by the name that `severity:` of the config uses";

/// What `explain` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Explain {
    /// A code such as LBP001, or a rule's name; without one, all are listed
    code: Option<String>,
}

/// Print the page.
pub(super) fn run<F: Function>(
    verb: &Explain,
    function: impl FnOnce() -> anyhow::Result<F>,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let description = Description::of(&function()?)?;
    let mut page = String::new();
    match &verb.code {
        None => {
            for rule in &description.rules {
                let _ = writeln!(page, "{}  {}  {}", rule.code, rule.name, rule.summary);
            }
        }
        Some(code) => {
            let asked = |rule: &&Rule| rule.code.eq_ignore_ascii_case(code) || rule.name == *code;
            let Some(rule) = description.rules.iter().find(asked) else {
                bail!("there is no finding `{code}`; `lbpools explain` lists them all");
            };
            let _ = writeln!(page, "{} {}\n\n{}", rule.code, rule.name, rule.page.trim_end());
        }
    }
    streams.stdout.write_all(page.as_bytes())?;
    Ok(Exit::Clean)
}
