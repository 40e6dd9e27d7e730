//! `lbpools verify [DIR]`: what the repository says of a cluster, held against the living one.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use lbpools_function::report::{Severity, SmokeTestReport, Verdict};

use super::args::Format;
use super::input::Input;
use super::living::{Living, Where};
use super::outputs::{self, Answer, Output};
use super::quantity::duration;
use super::{Exit, Setting, Streams, dump, smoke_test};
use crate::contract::{Function, Options, Role, Source};
use crate::report::{self, Texts};

const AFTER: &str = "\
Examples:
  lbpools verify --context infra           what the repository says, held against a living cluster
  lbpools verify --context infra --wait 2m the same until all holds, for two minutes at most
  lbpools verify --context infra --smoke-test --namespace lb-test --reach http
                                           make a Service, see which address it gets, reach it, and remove it
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
    /// Read the cluster of this context; without --context and --dump it is the current one, or the one that this runs
    /// in
    #[arg(long, value_name = "NAME", conflicts_with = "dump")]
    context: Option<String>,
    #[command(flatten)]
    place: Where,
    /// Look again until all holds, for so long at most, such as 2m; a smoke test waits so long for its address (60s)
    #[arg(long, value_name = "TIME", conflicts_with = "dump", value_parser = duration)]
    wait: Option<Duration>,
    #[command(flatten)]
    smoke_test: smoke_test::Asked,
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
    outputs::distinct(&verb.output)?;
    let living = match verb.dump.as_slice() {
        [] => Some(Living::find(&verb.place, verb.context.as_deref(), setting)?),
        _ => None,
    };
    if let Some(living) = living.as_ref().filter(|_| verb.smoke_test.smoke_test) {
        living.make_sure_it_is_meant(verb.context.as_deref())?;
    }
    let input = Input::beside(&verb.target, verb.config.as_ref(), &verb.dump, setting.max_input)?;
    let (function, mut held) = match &living {
        Some(living) => until_it_holds(verb, &input, living, function)?,
        None => {
            let texts = dump::read(&verb.dump, setting.max_input, streams.stdin)?;
            let function = function()?;
            let held = held(&function, &input, texts, verb.cluster.as_deref())?;
            (function, held)
        }
    };
    let mut exit: Exit = held.report.verdict.into();
    if verb.format == Format::Text {
        // What was found out is there before the smoke test begins, which takes a while.
        held.write(verb.format, (&input, setting), &function, streams)?;
        streams.stdout.flush()?;
    }
    let test = held.report.verification.as_mut().and_then(|verification| verification.smoke_test.as_mut());
    if let (Some(living), Some(test)) = (living, test) {
        exit = exit.max(tried(verb, &living, test, streams)?);
        held.document = held.told()?;
    }
    if verb.format != Format::Text {
        held.write(verb.format, (&input, setting), &function, streams)?;
    }
    let texts = Texts::new(&input.sources, &input.directory).before(&held.report);
    let formats = outputs::formats(verb.format, &verb.output);
    Answer::new((&held.document, &held.report), &texts, formats, &function)?.save(&verb.output, setting.quiet)?;
    Ok(exit)
}

/// How long a smoke test waits where nobody says.
const ADDRESS: Duration = Duration::from_secs(60);
/// Between two looks at a cluster: seldom when it takes long.
const LOOKS: [u64; 5] = [2, 3, 5, 8, 10];

/// Hold it against the cluster, again and again while errors are found and there is time.
fn until_it_holds<F: Function>(
    verb: &Verify,
    input: &Input,
    living: &Living,
    function: impl FnOnce() -> anyhow::Result<F>,
) -> anyhow::Result<(F, Held)> {
    // A cluster that is not there needs no sandbox to be told.
    let mut texts = living.observe()?;
    let function = function()?;
    let until = verb.wait.map(|wait| Instant::now() + wait);
    let asked = verb.smoke_test.namespace.as_ref().map(|name| Source {
        path: String::new(),
        role: Role::SmokeTest,
        text: format!("namespace={name}").into_bytes(),
    });
    let mut pauses = LOOKS.into_iter().chain(std::iter::repeat(LOOKS[LOOKS.len() - 1])).map(Duration::from_secs);
    loop {
        texts.extend(asked.clone());
        let answer = held(&function, input, texts, verb.cluster.as_deref())?;
        let left = until.map(|until| until.saturating_duration_since(Instant::now())).unwrap_or_default();
        if answer.report.verdict != Verdict::Findings || left.is_zero() {
            return Ok((function, answer));
        }
        let errors = answer.report.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        let pause = pauses.next().unwrap_or_default().min(left);
        living.pause(pause, &format!("errors left: {errors}, {} s to go", left.as_secs()));
        texts = living.observe()?;
    }
}

/// Make the smoke test, note what came of it, and tell a person.
fn tried(verb: &Verify, living: &Living, test: &mut SmokeTestReport, streams: &mut Streams) -> anyhow::Result<Exit> {
    let (outcome, exit) = living.smoke_test(test, &verb.smoke_test, verb.wait.unwrap_or(ADDRESS))?;
    test.outcome = Some(outcome);
    if verb.format == Format::Text {
        let namespace = verb.smoke_test.namespace.as_deref().unwrap_or_default();
        smoke_test::write(test, namespace, streams.stdout)?;
    }
    Ok(exit)
}

/// The answer of the function, as it came and read.
pub(super) struct Held {
    /// As it came.
    pub(super) document: Vec<u8>,
    /// Read.
    pub(super) report: report::Report,
}

impl Held {
    /// Write it to standard output.
    fn write<F: Function>(
        &self,
        format: Format,
        (input, setting): (&Input, &Setting),
        function: &F,
        streams: &mut Streams,
    ) -> anyhow::Result<()> {
        let texts = Texts::new(&input.sources, &input.directory).before(&self.report);
        let formats = outputs::formats(format, &[]);
        let answer = Answer::new((&self.document, &self.report), &texts, formats, function)?;
        let mut page = Vec::new();
        answer.write(format, setting.stdout, &mut page)?;
        Ok(streams.stdout.write_all(&page)?)
    }

    /// The document, with what came of the smoke test.
    fn told(&self) -> anyhow::Result<Vec<u8>> {
        let test = self.report.verification.as_ref().and_then(|verification| verification.smoke_test.as_ref());
        let Some(outcome) = test.and_then(|test| test.outcome.as_ref()) else { return Ok(self.document.clone()) };
        let mut document: serde_json::Value = serde_json::from_slice(&self.document)?;
        let place = document.pointer_mut("/verification/smokeTest").and_then(serde_json::Value::as_object_mut);
        let place = place.ok_or_else(|| anyhow!("the report has no place for the smoke test"))?;
        place.insert("outcome".into(), serde_json::to_value(outcome)?);
        Ok(serde_json::to_vec(&document)?)
    }
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
