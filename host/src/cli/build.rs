//! `--build`: ask the real kustomize about what only it knows, and the function once more with its answers.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;

use super::Setting;
use super::baseline::{Older, Unpacked};
use crate::build::{Builder, Program};
use crate::contract::{Function, Options, Source};
use crate::report;
use lbpools_function::report::Report;

/// Kustomizations may be built that name others; deeper than this nobody nests them.
const ROUNDS: usize = 32;

/// What the verbs take that judge a tree.
#[derive(Debug, clap::Args)]
pub(super) struct Build {
    /// Let kustomize build what only it knows the outcome of (patches, replacements, generators of files), and judge
    /// that. PROGRAM is `kustomize`, `kubectl` or the path of one of them. It works on a copy and runs no plugins; a
    /// base that is not in the tree it fetches. Each build may take as long as --timeout says
    #[arg(long, value_name = "PROGRAM", num_args = 0..=1, require_equals = true, default_missing_value = "kustomize")]
    build: Option<String>,
}

impl Build {
    /// Whether it was asked for.
    pub(super) fn is_asked(&self) -> bool {
        self.build.is_some()
    }

    /// What builds in this tree, if it was asked for.
    pub(super) fn builder(&self, root: &Path, setting: &Setting) -> anyhow::Result<Option<Builder>> {
        let Some(program) = &self.build else { return Ok(None) };
        Ok(Some(Builder {
            program: Program::named(program)?,
            root: root.to_path_buf(),
            timeout: setting.bounds.timeout,
            limit: setting.max_input,
        }))
    }
}

/// The report, after the builds that it asks for when there is a builder; those of an older tree are done where that
/// is unpacked.
pub(super) fn report<F: Function>(
    function: &F,
    mut sources: Vec<Source>,
    (builder, older): (Option<&Builder>, Option<&Older>),
    options: Options,
) -> anyhow::Result<(Vec<u8>, Report)> {
    let mut asked = BTreeSet::new();
    let mut unpacked: Option<Unpacked> = None;
    for _ in 0..ROUNDS {
        let given = if builder.is_some() { sources.clone() } else { std::mem::take(&mut sources) };
        let document = function.report(given, options).context("the function did not answer")?;
        let report = report::read(&document)?;
        let Some(builder) = builder else { return Ok((document, report)) };
        let needed: Vec<_> = report.builds.iter().filter(|build| asked.insert(build.id.clone())).collect();
        if needed.is_empty() {
            return Ok((document, report));
        }
        let (of_older, of_this): (Vec<_>, Vec<_>) = needed.into_iter().partition(|build| build.baseline);
        if !of_this.is_empty() {
            sources.extend(builder.build(&of_this)?);
        }
        if !of_older.is_empty() {
            let tree = match (unpacked.take(), older) {
                (Some(tree), _) => tree,
                (None, Some(older)) => older.unpacked(builder.limit)?,
                (None, None) => anyhow::bail!("builds of an older tree are asked for, and there is none"),
            };
            sources.extend(builder.over(&tree.root).build(&of_older)?);
            unpacked = Some(tree);
        }
    }
    anyhow::bail!("after {ROUNDS} rounds of builds there are still more to do: do Kustomizations make one another?")
}
