//! `lbpools map [DIR]`: the address space, drawn.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::ValueEnum;

use super::baseline::Older;
use super::build::{self, Build};
use super::input::Input;
use super::outputs::{self, Output};
use super::{Exit, Setting, Streams};
use crate::build::Builder;
use crate::contract::{Function, Options, Role, Source};
use crate::report::Report;
use crate::report::map::{Side, html, svg, terminal};
use crate::report::text::Dress;

const AFTER: &str = "\
Examples:
  lbpools map                            a row for each segment and cluster
  lbpools map --format html > map.html   a page to search and to open, in one file, without a network
  lbpools map --output html=map.html --output svg=map.svg
  lbpools map --from main                before and after a change, beside each other

In the terminal: - planned, = free in a pool, # pinned, + predicted, ? one of these is taken, R reserved, ! contested, / left out.
The map is drawn whatever the findings are; the exit code is 2 only where there is nothing to draw.";

/// Columns where nobody says how wide the output is.
const COLUMNS: usize = 100;

/// What `map` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Map {
    /// A directory or one file
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The LoadBalancerPools config, when it is not in the package
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Draw this revision of the repository, or this directory, beside it: before and after a change
    #[arg(long, value_name = "REV|DIR")]
    from: Option<String>,
    #[command(flatten)]
    build: Build,
    /// How to draw on standard output
    #[arg(long, default_value = "text")]
    format: Drawing,
    /// Draw into a file as well; may be given several times
    #[arg(long, value_name = "FORMAT=FILE", value_parser = outputs::output::<Drawing>)]
    output: Vec<Output<Drawing>>,
}

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Drawing {
    /// For a terminal.
    Text,
    /// A picture.
    Svg,
    /// A page to search and to open.
    Html,
}

/// Judge and draw.
pub(super) fn run<F: Function>(
    verb: &Map,
    function: impl FnOnce() -> anyhow::Result<F>,
    setting: &Setting,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    outputs::distinct(&verb.output)?;
    let input = Input::package(&verb.dir, verb.config.as_ref(), setting.max_input)?;
    let builder = verb.build.builder(&input.package.root, setting)?;
    let older = verb.from.as_ref().map(|from| Older::find(from, &verb.dir)).transpose()?;
    let before = match &older {
        Some(older) => {
            let mut before = older.read(setting.max_input)?;
            let config = input.sources.iter().find(|source| source.role == Role::Config);
            let named = |source: &Source| config.is_some_and(|config| config.path == source.path);
            before.iter_mut().for_each(|source| source.role = if named(source) { Role::Config } else { Role::Subject });
            // A plan from elsewhere is that of both.
            let elsewhere = config.filter(|config| input.package.text(&config.path).is_none());
            before.extend(elsewhere.cloned());
            Some(before)
        }
        None => None,
    };
    let function = function()?;
    let judged = |sources, builder: Option<&Builder>| -> anyhow::Result<Report> {
        Ok(build::report(&function, sources, (builder, None), Options::default())?.1)
    };
    let unpacked =
        older.as_ref().filter(|_| builder.is_some()).map(|older| older.unpacked(setting.max_input)).transpose()?;
    let of_older = builder.as_ref().zip(unpacked.as_ref()).map(|(builder, tree)| builder.over(&tree.root));
    let before = before.map(|before| judged(before, of_older.as_ref())).transpose()?;
    let after = judged(input.sources, builder.as_ref())?;
    for (report, of) in
        before.iter().zip(verb.from.iter().map(|from| format!(" of `{from}`"))).chain([(&after, String::new())])
    {
        if let Some(failure) = &report.failure {
            bail!("there is nothing to draw{of}: {}", failure.message);
        }
    }
    let label = verb.from.as_ref().map_or("", |_| "after");
    let mut sides: Vec<Side<'_>> = before.iter().map(|report| Side { label: "before", report }).collect();
    sides.push(Side { label, report: &after });
    for Output { format, file } in &verb.output {
        let mut page = Vec::new();
        draw(*format, &sides, Dress::default(), COLUMNS, &mut page)?;
        fs::write(file, &page).with_context(|| format!("cannot write the map into `{}`", file.display()))?;
    }
    let mut page = Vec::new();
    draw(verb.format, &sides, setting.stdout, setting.columns.unwrap_or(COLUMNS), &mut page)?;
    streams.stdout.write_all(&page)?;
    Ok(Exit::Clean)
}

fn draw(format: Drawing, sides: &[Side<'_>], dress: Dress, columns: usize, out: &mut dyn Write) -> anyhow::Result<()> {
    match format {
        Drawing::Text => terminal::emit(sides, dress, columns, out)?,
        Drawing::Svg => svg::emit(sides, out)?,
        Drawing::Html => html::emit(sides, out)?,
    }
    Ok(())
}
