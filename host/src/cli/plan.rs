//! `lbpools plan [DIR]`: who gets which address, and what a change would move.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;

use super::baseline::Older;
use super::build::{self, Build};
use super::input::Input;
use super::living::{Living, Where};
use super::outputs::{self, Output};
use super::{Exit, Setting, Streams, dump};
use crate::contract::{Function, Options, Role, Source};
use crate::report::plan::{markdown, text};
use crate::report::{self, Presented, Report, Texts, json};

const AFTER: &str = "\
Examples:
  lbpools plan                             who gets which address, from which pool, announced by what
  lbpools plan --from main                 what changes against a revision: addresses gained, lost, moved, and
                                           what only shows when the operator restarts; the work tree stays untouched
  lbpools plan --from ../before            the same against another directory
  lbpools plan --from main --output markdown=plan.md --output json=plan.json
                                           text for the log, a comment for the pull request, and all of it for a
                                           script
  lbpools plan --from main --exit-code     exit with 1 when an address is lost or moves, or may
  lbpools plan --what-if services=20,namespace=media
                                           twenty more Services: who of them gets an address?
  lbpools plan --what-if pool=services:10.25.11.101-10.25.11.110
                                           another size of a pool: who would lose an address?
  lbpools plan --live infra                what applying the repository does to the cluster of this context as it is
  lbpools plan --dump cluster.json         what applying the repository does to a living cluster as it is, at once and
                                           when the operator restarts
  lbpools plan --cilium-version 1.20       what an upgrade would change";

/// What `plan` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Plan {
    /// A directory or one file
    #[arg(value_name = "DIR", default_value = ".")]
    target: PathBuf,
    /// Tell what changes from this revision of the repository, or from this directory
    #[arg(long, value_name = "REV|DIR")]
    from: Option<String>,
    /// Suppose more Services (services=NUMBER[,namespace=NAME][,cluster=NAME][,LABEL=VALUE…]) or another size of a
    /// pool (pool=NAME:CIDR, pool=NAME:FIRST-LAST), and tell what that changes; may be given several times
    #[arg(long, value_name = "WHAT=HOW")]
    what_if: Vec<String>,
    /// Suppose this Cilium version, and tell what that changes
    #[arg(long, value_name = "VERSION")]
    cilium_version: Option<String>,
    /// Start from a living cluster, as `kubectl get … -o json` (or yaml) saved it, and tell what applying the
    /// repository keeps, moves, gives and takes away; `-` reads standard input
    #[arg(long, value_name = "FILE", num_args = 1.., group = "living",
        conflicts_with_all = ["from", "what_if", "cilium_version"])]
    dump: Vec<PathBuf>,
    /// Start from the living cluster of this context of the kubeconfig, and tell the same
    #[arg(long, value_name = "CONTEXT", group = "living", conflicts_with_all = ["from", "what_if", "cilium_version"])]
    live: Option<String>,
    #[command(flatten)]
    place: Where,
    /// Which cluster of the repository the living one is, where its settings do not say it
    #[arg(long, value_name = "NAME", requires = "living")]
    cluster: Option<String>,
    /// Exit with 1 when a change takes an address from somebody or gives another, or may
    #[arg(long)]
    exit_code: bool,
    /// The LoadBalancerPools config, when it is not in what is planned
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    build: Build,
    /// How to write it to standard output
    #[arg(long, default_value = "text")]
    format: PlanFormat,
    /// Write it into a file as well; may be given several times
    #[arg(long, value_name = "FORMAT=FILE", value_parser = outputs::output::<PlanFormat>)]
    output: Vec<Output<PlanFormat>>,
}

/// How to write a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanFormat {
    /// For a person.
    Text,
    /// The report document as it is, for a script.
    Json,
    /// A comment for a pull request.
    Markdown,
}

/// Ask and present.
pub(super) fn run<F: Function>(
    verb: &Plan,
    function: impl FnOnce() -> anyhow::Result<F>,
    setting: &Setting,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    outputs::distinct(&verb.output)?;
    let input = Input::beside(&verb.target, verb.config.as_ref(), &verb.dump, setting.max_input)?;
    let builder = verb.build.builder(&input.package.root, setting)?;
    let mut sources = input.sources;
    let older = verb.from.as_ref().map(|from| Older::find(from, &verb.target)).transpose()?;
    if let Some(older) = &older {
        sources.extend(older.read(setting.max_input)?);
    }
    if !verb.dump.is_empty() {
        sources.extend(dump::read(&verb.dump, setting.max_input, streams.stdin)?);
        sources.extend(dump::applied(verb.cluster.as_deref()));
    }
    if let Some(context) = &verb.live {
        sources.extend(Living::find(&verb.place, Some(context), setting)?.observe()?);
        sources.extend(dump::applied(verb.cluster.as_deref()));
    }
    let version = verb.cilium_version.iter().map(|version| format!("cilium={version}"));
    let supposed = verb.what_if.iter().cloned().chain(version);
    sources.extend(supposed.map(|text| Source { path: String::new(), role: Role::WhatIf, text: text.into_bytes() }));
    let shown: Vec<Source> =
        sources.iter().filter(|source| matches!(source.role, Role::Subject | Role::Config)).cloned().collect();
    let builders = (builder.as_ref(), older.as_ref());
    let (document, report) = build::report(&function()?, sources, builders, Options::default())?;
    let from = match (&verb.from, verb.dump.is_empty() && verb.live.is_none()) {
        (Some(from), _) => from.as_str(),
        (None, false) => "the cluster as it is",
        (None, true) => "",
    };
    let answer = Answer {
        document: &document,
        report: &report,
        texts: &Texts::new(&shown, &input.directory),
        from,
        quiet: setting.quiet,
    };
    for Output { format, file } in &verb.output {
        let mut page = Vec::new();
        answer.write(*format, text::Page::default(), &mut page)?;
        fs::write(file, &page).with_context(|| format!("cannot write the plan into `{}`", file.display()))?;
    }
    let mut page = Vec::new();
    answer.write(verb.format, text::Page { dress: setting.stdout, columns: setting.columns }, &mut page)?;
    streams.stdout.write_all(&page)?;
    let takes_away = report.difference.as_ref().is_some_and(report::Difference::takes_away);
    Ok(match report.failure {
        Some(_) => Exit::Failed,
        None if verb.exit_code && takes_away => Exit::Findings,
        None => Exit::Clean,
    })
}

/// An answer of the function, ready to be written in any format.
struct Answer<'a> {
    document: &'a [u8],
    report: &'a Report,
    texts: &'a Texts<'a>,
    from: &'a str,
    quiet: bool,
}

impl Answer<'_> {
    fn write(&self, format: PlanFormat, page: text::Page, out: &mut dyn Write) -> anyhow::Result<()> {
        let Self { document, report, texts, .. } = *self;
        match (format, &report.failure) {
            (PlanFormat::Json, _) => json::emit(document, out)?,
            (PlanFormat::Text, Some(_)) => report::text::findings(report, texts, page.dress, out)?,
            (PlanFormat::Text, None) => self.text(page, out)?,
            (PlanFormat::Markdown, Some(_)) => {
                report::markdown::emit(Presented { report, texts, rules: &[] }, out)?;
            }
            (PlanFormat::Markdown, None) => out.write_all(markdown::page(report, self.from).as_bytes())?,
        }
        Ok(())
    }

    fn text(&self, page: text::Page, out: &mut dyn Write) -> std::io::Result<()> {
        if !self.quiet {
            text::clusters(&self.report.clusters, page, out)?;
        }
        match &self.report.difference {
            Some(difference) => {
                text::difference(difference, self.from, page, out)?;
                writeln!(out, "{}", text::verdict(difference, page.dress))
            }
            None if !self.quiet => report::text::not_checked(self.report, self.texts, page.dress, out),
            None => Ok(()),
        }
    }
}
