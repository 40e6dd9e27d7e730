//! `lbpools plan [DIR]`: who gets which address, and what a change would move.

use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;

use super::input::Input;
use super::{Exit, Setting, Streams, baseline, dump};
use crate::contract::{Function, Options, Role, Source};
use crate::report::plan::{markdown, text};
use crate::report::{self, Texts, json};

const AFTER: &str = "\
Examples:
  lbpools plan                             who gets which address, from which pool, announced by what
  lbpools plan --from main                 what changes against a revision: addresses gained, lost, moved, and
                                           what only shows when the operator restarts; the work tree stays untouched
  lbpools plan --from ../before            the same against another directory
  lbpools plan --from main --format markdown
                                           a comment for the pull request
  lbpools plan --from main --exit-code     exit with 1 when an address is lost or moves, or may
  lbpools plan --what-if services=20,namespace=media
                                           twenty more Services: who of them gets an address?
  lbpools plan --what-if pool=services:10.25.11.101-10.25.11.110
                                           another size of a pool: who would lose an address?
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
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["from", "what_if", "cilium_version"])]
    dump: Vec<PathBuf>,
    /// Which cluster of the repository the living one is, where its settings do not say it
    #[arg(long, value_name = "NAME", requires = "dump")]
    cluster: Option<String>,
    /// Exit with 1 when a change takes an address from somebody or gives another, or may
    #[arg(long)]
    exit_code: bool,
    /// The LoadBalancerPools config, when it is not in what is planned
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to write it
    #[arg(long, default_value = "text")]
    format: PlanFormat,
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
    let input = Input::beside(&verb.target, verb.config.as_ref(), &verb.dump, setting.max_input)?;
    let mut sources = input.sources;
    if let Some(from) = &verb.from {
        sources.extend(baseline::read(from, &verb.target, setting.max_input)?);
    }
    if !verb.dump.is_empty() {
        sources.extend(dump::read(&verb.dump, setting.max_input, streams.stdin)?);
        sources.extend(dump::applied(verb.cluster.as_deref()));
    }
    let version = verb.cilium_version.iter().map(|version| format!("cilium={version}"));
    let supposed = verb.what_if.iter().cloned().chain(version);
    sources.extend(supposed.map(|text| Source { path: String::new(), role: Role::WhatIf, text: text.into_bytes() }));
    let shown: Vec<Source> =
        sources.iter().filter(|source| matches!(source.role, Role::Subject | Role::Config)).cloned().collect();
    let document = function()?.report(sources, Options::default()).context("the function did not answer")?;
    let report = report::read(&document)?;
    let from = match (&verb.from, verb.dump.is_empty()) {
        (Some(from), _) => from.as_str(),
        (None, false) => "the cluster as it is",
        (None, true) => "",
    };
    let page = text::Page { dress: setting.stdout, columns: setting.columns };
    let mut out = Vec::new();
    match (verb.format, &report.failure, &report.difference) {
        (PlanFormat::Json, ..) => json::emit(&document, &mut out)?,
        (_, Some(_), _) => {
            report::text::findings(&report, &Texts::new(&shown, &input.directory), page.dress, &mut out)?
        }
        (PlanFormat::Markdown, None, Some(difference)) => out.extend(markdown::page(difference, from).into_bytes()),
        (PlanFormat::Markdown, None, None) => out.extend(markdown::clusters(&report.clusters).into_bytes()),
        (PlanFormat::Text, None, difference) => {
            if !setting.quiet {
                text::clusters(&report.clusters, page, &mut out)?;
            }
            match difference {
                Some(difference) => {
                    text::difference(difference, from, page, &mut out)?;
                    out.extend(format!("{}\n", text::verdict(difference, page.dress)).into_bytes());
                }
                None if !setting.quiet => {
                    let texts = Texts::new(&shown, &input.directory);
                    report::text::not_checked(&report, &texts, page.dress, &mut out)?;
                }
                None => {}
            }
        }
    }
    streams.stdout.write_all(&out)?;
    let takes_away = report.difference.as_ref().is_some_and(report::Difference::takes_away);
    Ok(match report.failure {
        Some(_) => Exit::Failed,
        None if verb.exit_code && takes_away => Exit::Findings,
        None => Exit::Clean,
    })
}
