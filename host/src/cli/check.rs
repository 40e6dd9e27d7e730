//! `lbpools check [DIR|-]`: judge, write nothing.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::args::Format;
use super::baseline::Older;
use super::build::{self, Build};
use super::input::{self, Input};
use super::outputs::{self, Answer, Output};
use super::{Exit, Setting, Streams};
use crate::contract::{Function, Options, Role, Source};
use crate::package;
use crate::report::Texts;

const AFTER: &str = "\
Examples:
  lbpools check                          judge the repository you stand in
  lbpools check kubernetes               only what is below this directory
  lbpools check --format json | jq .findings
  lbpools check --output sarif=lbpools.sarif --output junit=lbpools.xml
                                         text for the log, and files for the tools that read them
  lbpools check --cluster infra          only what concerns one cluster
  lbpools check --changed-since main     only what a branch brings in
  lbpools check --build                  let kustomize say what its patches make of the manifests
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
    /// Show only what concerns this cluster; may be given several times. The others are judged beside it, for they may
    /// hold its addresses
    #[arg(long, value_name = "NAME")]
    cluster: Vec<String>,
    /// Show only what the way from this revision (or directory) can have affected: findings that were not there, and
    /// those in a file that is not the same
    #[arg(long, value_name = "REV|DIR")]
    changed_since: Option<String>,
    /// Show findings about what no cluster applies as well
    #[arg(long)]
    show_latent: bool,
    #[command(flatten)]
    build: Build,
    /// How to write the report to standard output
    #[arg(long, default_value = "text")]
    format: Format,
    /// Write it into a file as well; may be given several times
    #[arg(long, value_name = "FORMAT=FILE", value_parser = outputs::output::<Format>)]
    output: Vec<Output>,
}

/// Judge and present.
pub(super) fn run<F: Function>(
    verb: &Check,
    function: impl FnOnce() -> anyhow::Result<F>,
    setting: &Setting,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    outputs::distinct(&verb.output)?;
    let stream = verb.target == Path::new("-");
    let (mut sources, directory, builder) = if stream {
        if verb.build.is_asked() {
            bail!("--build builds what is in a directory, and `check -` reads what was built");
        }
        (self::stream(verb, setting, streams)?, String::new(), None)
    } else {
        let input = Input::package(&verb.target, verb.config.as_ref(), setting.max_input)?;
        let builder = verb.build.builder(&input.package.root, setting)?;
        (input.sources, input.directory, builder)
    };
    let older = match &verb.changed_since {
        Some(_) if stream => bail!("--changed-since compares files, and `check -` reads a pipe"),
        Some(from) => Some(Older::find(from, &verb.target)?),
        None => None,
    };
    if let Some(older) = &older {
        sources.extend(older.read(setting.max_input)?);
    }
    sources.extend(scope(verb));
    let options = Options { fix: false, expect_generated: stream && verb.config.is_some() };
    let function = function()?;
    let (document, report) = build::report(&function, sources.clone(), (builder.as_ref(), older.as_ref()), options)?;
    sources.retain(|source| matches!(source.role, Role::Subject | Role::Config));
    let texts = Texts::new(&sources, &directory).before(&report);
    let formats = outputs::formats(verb.format, &verb.output);
    let answer = Answer::new((&document, &report), &texts, formats, &function)?;
    answer.save(&verb.output, setting.quiet)?;
    let mut page = Vec::new();
    answer.write(verb.format, setting.stdout, &mut page)?;
    streams.stdout.write_all(&page)?;
    Ok(report.verdict.into())
}

/// What the report is to be limited to.
fn scope(verb: &Check) -> impl Iterator<Item = Source> {
    let clusters = verb.cluster.iter().map(|name| format!("cluster={name}"));
    let changed = verb.changed_since.iter().map(|_| "changed".to_owned());
    let live = (!verb.show_latent).then(|| "live".to_owned());
    let word = |word: String| Source { path: String::new(), role: Role::Scope, text: word.into_bytes() };
    clusters.chain(changed).chain(live).map(word)
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
