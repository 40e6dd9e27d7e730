//! `lbpools render [DIR]`: generate, and write what changed, all of it or nothing.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::args::Format;
use super::diff;
use super::input::Input;
use super::outputs::{self, Answer, Output};
use super::{Exit, Setting, Streams};
use crate::contract::{Change, Function, Options, Role, Source};
use crate::package;
use crate::report::{self, Texts, text};

const AFTER: &str = "\
Examples:
  lbpools render --diff            show what would change, as a patch
  lbpools render                   write it
  lbpools render examples/fleet    the same for another directory
  lbpools render --fix --diff      see which settings would be added or put right
  lbpools render --diff > pools.patch && git apply pools.patch

The package keeps every byte that has nothing to do with the change: comments, quoting, order, line ends.
With an error finding nothing is written. Files that .krmignore, .sourceignore or .gitignore leave out, hidden files
and symbolic links are not read.";

/// What `render` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Render {
    /// The package: a directory with the config, the settings and the manifests
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Write nothing, print the changes as a patch
    #[arg(long, conflicts_with = "format")]
    diff: bool,
    /// Write nothing, print which files would change
    #[arg(long)]
    dry_run: bool,
    /// Also write what findings propose: settings that are missing or out of line with the network plan
    #[arg(long)]
    fix: bool,
    /// The LoadBalancerPools config, when it is not in the package
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to write the report: text goes to standard error, everything else to standard output
    #[arg(long, default_value = "text")]
    format: Format,
    /// Write it into a file as well; may be given several times
    #[arg(long, value_name = "FORMAT=FILE", value_parser = outputs::output::<Format>)]
    output: Vec<Output>,
}

/// Generate, present, write.
pub(super) fn run<F: Function>(
    verb: &Render,
    function: impl FnOnce() -> anyhow::Result<F>,
    setting: &Setting,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    outputs::distinct(&verb.output)?;
    let input = Input::package(&verb.dir, verb.config.as_ref(), setting.max_input)?;
    let function = function()?;
    let options = Options { fix: verb.fix, expect_generated: false };
    let evaluation = function.evaluate(input.sources(), options).context("the function did not answer")?;
    // The report is about what will be there.
    let mut sources = input.sources();
    sources.push(Source { path: String::new(), role: Role::WhatIf, text: b"rendered".to_vec() });
    let document = function.report(sources, options).context("the function did not answer")?;
    let report = report::read(&document)?;
    let exit = Exit::from(evaluation.verdict);
    if exit != Exit::from(report.verdict) {
        bail!("the function contradicts itself: it generated with one verdict and reported another");
    }
    let texts = Texts::new(&input.sources, &input.directory).after(&evaluation.changes);
    let formats = outputs::formats(verb.format, &verb.output);
    let answer = Answer::new((&document, &report), &texts, formats, &function)?;
    answer.save(&verb.output, setting.quiet)?;
    match verb.format {
        Format::Text => {
            let mut findings = Vec::new();
            text::findings(&report, &texts, setting.stderr, &mut findings)?;
            streams.stderr.write_all(&findings)?;
        }
        other => answer.write(other, setting.stdout, streams.stdout)?,
    }
    if exit == Exit::Failed {
        return Ok(exit);
    }
    let tense = if verb.diff {
        let mut patch = Vec::new();
        for change in &evaluation.changes {
            diff::unified(change, input.package.text(&change.path), setting.stdout, &mut patch)?;
        }
        streams.stdout.write_all(&patch)?;
        Tense::Would
    } else if verb.dry_run {
        Tense::Would
    } else if exit == Exit::Clean {
        package::write(&input.package, &evaluation.changes)?;
        Tense::Did
    } else {
        Tense::DidNot
    };
    if !setting.quiet && !verb.diff {
        let list = list(&evaluation.changes, &input, &texts, tense);
        match verb.format {
            Format::Text => streams.stdout.write_all(list.as_bytes())?,
            _ => streams.stderr.write_all(list.as_bytes())?,
        }
    }
    if !setting.quiet {
        writeln!(streams.stderr, "{}", text::verdict(&report, setting.stderr))?;
    }
    Ok(exit)
}

/// Whether the changes are on disk.
#[derive(Clone, Copy)]
enum Tense {
    /// Nobody asked for it.
    Would,
    /// They are.
    Did,
    /// An error finding is in the way.
    DidNot,
}

/// One line a file, and one when there is none.
fn list(changes: &[Change], input: &Input, texts: &Texts, tense: Tense) -> String {
    if changes.is_empty() {
        return "nothing to change\n".into();
    }
    let mut list = String::new();
    for change in changes {
        let (would, did) = match (&change.text, input.package.text(&change.path)) {
            (None, _) => ("remove", "removed"),
            (Some(_), None) => ("create", "created"),
            (Some(_), Some(_)) => ("update", "updated"),
        };
        let name = texts.name(&change.path);
        let name = text::line(&name);
        list.push_str(&match tense {
            Tense::Would => format!("would {would} {name}\n"),
            Tense::Did => format!("{did} {name}\n"),
            Tense::DidNot => format!("did not {would} {name}: there are errors\n"),
        });
    }
    list
}
