//! `lbpools explain CODE|ADDRESS|SERVICE`: the page of a rule, or the whole story of one address or Service.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::bail;

use super::build::{self, Build};
use super::input::Input;
use super::{Exit, Setting, Streams};
use crate::contract::{Function, Options, Role, Source};
use crate::report::description::{Description, Rule};
use crate::report::plan::{story, text};
use crate::report::{self, Texts, json};

const AFTER: &str = "\
Examples:
  lbpools explain                     list every kind of finding
  lbpools explain LBP106              what it means, why it matters, what to do
  lbpools explain RULE-NAME           the same by the name that `severity:` of the config uses
  lbpools explain 10.25.11.100        who asks for this address, from which pool and setting, who gets it and why
  lbpools explain media/plex          which address this Service gets, and why this one
  lbpools explain Gateway/network/public fleet
                                      the same for a Gateway, in another directory";

/// How to write a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum StoryFormat {
    /// For a person.
    Text,
    /// The report document as it is, for a script.
    Json,
}

/// What `explain` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Explain {
    /// A code such as LBP106 or a rule's name; an address; NAMESPACE/SERVICE or KIND/NAMESPACE/NAME. Without one, all
    /// kinds of findings are listed
    #[arg(value_name = "CODE|ADDRESS|SERVICE")]
    subject: Option<String>,
    /// The directory in which to look for an address or Service
    #[arg(value_name = "DIR", default_value = ".")]
    target: PathBuf,
    /// The LoadBalancerPools config, when it is not in the directory
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    build: Build,
    /// How to write the story of an address or Service
    #[arg(long, default_value = "text")]
    format: StoryFormat,
}

/// Tell the story, or print the page.
pub(super) fn run<F: Function>(
    verb: &Explain,
    function: impl FnOnce() -> anyhow::Result<F>,
    setting: &Setting,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    match &verb.subject {
        Some(subject) if subject.contains('/') || subject.parse::<IpAddr>().is_ok() => {
            tell(subject, verb, function, setting, streams)
        }
        code => page(code.as_ref(), function, streams),
    }
}

fn tell<F: Function>(
    subject: &str,
    verb: &Explain,
    function: impl FnOnce() -> anyhow::Result<F>,
    setting: &Setting,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let input = Input::package(&verb.target, verb.config.as_ref(), setting.max_input)?;
    let mut sources = input.sources();
    sources.push(Source { path: String::new(), role: Role::Explain, text: subject.as_bytes().to_vec() });
    let builder = verb.build.builder(&input.package.root, setting)?;
    let (document, report) = build::report(&function()?, sources, (builder.as_ref(), None), Options::default())?;
    let texts = Texts::new(&input.sources, &input.directory);
    let mut out = Vec::new();
    let page = text::Page { dress: setting.stdout, columns: setting.columns };
    let known = report.explanation.as_ref().is_some_and(|explanation| !explanation.stories.is_empty());
    match (verb.format, &report.failure, &report.explanation) {
        (StoryFormat::Json, ..) => json::emit(&document, &mut out)?,
        (StoryFormat::Text, None, Some(explanation)) if known => story::tell(explanation, &texts, page, &mut out)?,
        (StoryFormat::Text, None, explanation) => {
            let close = explanation.as_ref().and_then(|explanation| explanation.close.first());
            let close = close.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            bail!("no cluster in `{}` knows of `{subject}`{close}", verb.target.display());
        }
        (StoryFormat::Text, Some(_), _) => report::text::findings(&report, &texts, setting.stdout, &mut out)?,
    }
    streams.stdout.write_all(&out)?;
    Ok(if report.failure.is_some() || !known { Exit::Failed } else { Exit::Clean })
}

fn page<F: Function>(
    code: Option<&String>,
    function: impl FnOnce() -> anyhow::Result<F>,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let description = Description::of(&function()?)?;
    let mut page = String::new();
    match code {
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
