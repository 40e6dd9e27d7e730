//! `lbpools check [DIR|-]`: judge, write nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::args::Format;
use super::input::{self, Input};
use super::{Exit, Setting, Streams};
use crate::contract::{Function, Options, Role, Source};
use crate::package;
use crate::report::{self, Texts, json, text};

const AFTER: &str = "\
Examples:
  lbpools check                          judge the repository you stand in
  lbpools check kubernetes               only what is below this directory
  lbpools check --format json | jq .findings
  kustomize build DIR | lbpools check -  judge what a pipeline really applies
  kustomize build DIR | lbpools check - --config pools-config.yaml
                                         fail as well when the pools that the config asks for are missing:
                                         kustomize leaves out a function without a word and with exit code 0
                                         when --enable-exec is forgotten";

/// What `check` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Check {
    /// A directory or one file; `-` for a rendered stream on standard input
    #[arg(value_name = "DIR|-", default_value = ".")]
    target: PathBuf,
    /// The LoadBalancerPools config, when it is not in what is judged
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to write the report
    #[arg(long, default_value = "text")]
    format: Format,
}

/// Judge and present.
pub(super) fn run<F: Function>(
    verb: &Check,
    function: impl FnOnce() -> anyhow::Result<F>,
    setting: &Setting,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let stream = verb.target == Path::new("-");
    let (sources, directory) = if stream {
        (self::stream(verb, setting, streams)?, String::new())
    } else {
        let input = Input::package(&verb.target, verb.config.as_ref(), setting.max_input)?;
        (input.sources, input.directory)
    };
    let options = Options { fix: false, expect_generated: stream && verb.config.is_some() };
    let document = function()?.report(sources.clone(), options).context("the function did not answer")?;
    let report = report::read(&document)?;
    let mut page = Vec::new();
    match verb.format {
        Format::Json => json::emit(&document, &mut page)?,
        Format::Text => {
            let texts = Texts::new(&sources, &directory);
            let dress = setting.stdout;
            text::findings(&report, &texts, dress, &mut page)?;
            if !setting.quiet {
                text::clusters(&report, dress, &mut page)?;
                text::changes(&report, dress, &mut page)?;
                text::not_checked(&report, &texts, dress, &mut page)?;
                page.extend_from_slice(text::verdict(&report, dress).as_bytes());
                page.push(b'\n');
            }
        }
    }
    streams.stdout.write_all(&page)?;
    Ok(report.verdict.into())
}

fn stream(verb: &Check, setting: &Setting, streams: &mut Streams) -> anyhow::Result<Vec<Source>> {
    if setting.stdin_is_terminal {
        bail!("`check -` reads a pipe: kustomize build DIR | lbpools check -");
    }
    let mut sources = vec![input::stdin(streams.stdin, setting.max_input)?];
    if let Some(config) = &verb.config {
        let text = package::read_file(config, setting.max_input)?;
        sources.push(Source { path: config.display().to_string(), role: Role::Config, text });
    }
    Ok(sources)
}
