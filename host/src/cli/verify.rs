//! `lbpools verify [DIR]`: what the repository says of a cluster, held against the living one.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::args::Format;
use super::input::Input;
use super::outputs::{self, Answer, Output};
use super::{Exit, Setting, Streams, dump};
use crate::contract::{Function, Options, Role, Source};
use crate::report::{self, Texts};

const AFTER: &str = "\
Examples:
  kubectl get -A -o json services,gateways,ingresses,ciliumloadbalancerippools,kustomizations > cluster.json
  lbpools verify --dump cluster.json       what the repository says, held against what was saved
  lbpools verify fleet --cluster infra --dump infra.json settings.yaml
                                           of which cluster the dump is, where its settings do not say it
  lbpools verify --dump cluster.json --format json | jq .verification.requests";

/// What `verify` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Verify {
    /// The repository: a directory or one file
    #[arg(value_name = "DIR", default_value = ".")]
    target: PathBuf,
    /// What `kubectl get … -o json` (or yaml) saved of the cluster; `-` reads standard input
    #[arg(long, value_name = "FILE", num_args = 1..)]
    dump: Vec<PathBuf>,
    /// Which cluster of the repository it is, where its settings do not say it
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The LoadBalancerPools config, when it is not in the repository
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to write the report to standard output
    #[arg(long, default_value = "text")]
    format: Format,
    /// Write it into a file as well; may be given several times
    #[arg(long, value_name = "FORMAT=FILE", value_parser = outputs::output::<Format>)]
    output: Vec<Output>,
}

/// Ask and present.
pub(super) fn run<F: Function>(
    verb: &Verify,
    function: impl FnOnce() -> anyhow::Result<F>,
    setting: &Setting,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    if verb.dump.is_empty() {
        bail!("nothing says where the cluster is: name what was saved of it with --dump");
    }
    outputs::distinct(&verb.output)?;
    let living = dump::read(&verb.dump, setting.max_input, streams.stdin)?;
    let input = Input::beside(&verb.target, verb.config.as_ref(), &verb.dump, setting.max_input)?;
    let function = function()?;
    let held = held(&function, &input, living, verb.cluster.as_deref())?;
    let texts = Texts::new(&input.sources, &input.directory).before(&held.report);
    let formats = outputs::formats(verb.format, &verb.output);
    let answer = Answer::new((&held.document, &held.report), &texts, formats, &function)?;
    answer.save(&verb.output, setting.quiet)?;
    let mut page = Vec::new();
    answer.write(verb.format, setting.stdout, &mut page)?;
    streams.stdout.write_all(&page)?;
    Ok(held.report.verdict.into())
}

/// The answer of the function, as it came and read.
pub(super) struct Held {
    /// As it came.
    pub(super) document: Vec<u8>,
    /// Read.
    pub(super) report: report::Report,
}

/// Hold a repository against texts of a living cluster.
pub(super) fn held<F: Function>(
    function: &F,
    input: &Input,
    living: Vec<Source>,
    cluster: Option<&str>,
) -> anyhow::Result<Held> {
    let mut sources = input.sources();
    sources.extend(living);
    let word = |name: &str| Source { path: String::new(), role: Role::Scope, text: format!("cluster={name}").into() };
    sources.extend(cluster.map(word));
    let document = function.report(sources, Options::default()).context("the function did not answer")?;
    let report = report::read(&document)?;
    Ok(Held { document, report })
}
