//! Flux's expression language: lbpools against `fluxcd/pkg/envsubst`.

mod case;
mod generate;
mod program;
mod resource;
mod shrink;
mod tree;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use lbpools_function::flux::expression::Library;

use crate::Ending;
use case::Case;
use program::Program;

/// Cases in one exchange with the real program.
const BATCH: u64 = 10_000;

/// Differences that are shrunk and shown; the others are only counted.
const SHOWN: u64 = 10;

struct Arguments {
    cases: u64,
    seed: u64,
    library: Library,
    /// Instead of random cases every character that there is: as a name, and in its other case.
    characters: bool,
    /// What becomes of a field: written out, substituted, read again.
    fields: bool,
    /// Whole objects.
    resources: bool,
    /// A repository, all of it.
    tree: Option<PathBuf>,
}

fn arguments(given: &[String]) -> anyhow::Result<Arguments> {
    let mut arguments = Arguments {
        cases: 100_000,
        seed: 0,
        library: Library::V1_8,
        characters: false,
        fields: false,
        resources: false,
        tree: None,
    };
    let mut given = given.iter();
    while let Some(flag) = given.next() {
        let mut value = || given.next().with_context(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--cases" => arguments.cases = value()?.parse().context("--cases")?,
            "--seed" => arguments.seed = value()?.parse().context("--seed")?,
            "--library" => {
                arguments.library = match value()?.as_str() {
                    "1.5" => Library::V1_5,
                    "1.7" => Library::V1_7,
                    "1.8" => Library::V1_8,
                    other => bail!("--library is 1.5, 1.7 or 1.8, not {other}"),
                }
            }
            "--fields" => arguments.fields = true,
            "--tree" => arguments.tree = Some(value()?.into()),
            "--resources" => arguments.resources = true,
            "--characters" => arguments.characters = true,
            other => bail!("unknown flag {other}"),
        }
    }
    Ok(arguments)
}

/// Compare as many cases as asked for.
pub(crate) fn run(given: &[String]) -> anyhow::Result<Ending> {
    let Arguments { cases, seed, library, characters, fields, resources, tree } = arguments(given)?;
    if let Some(tree) = tree {
        return tree::run(&tree);
    }
    if resources {
        return resource::run(cases, seed);
    }
    if let Some(reason) = Program::unavailable(library) {
        return Ok(Ending::Skipped(reason));
    }
    let mut program = Program::start(&Program::build(library)?)?;
    let total = if characters { generate::CHARACTER_CASES } else { cases };
    let (mut passed, mut failed) = (0, 0);
    // By kind of answer, to see that the cases reach into all corners.
    let mut kinds = BTreeMap::new();
    for from in (0..total).step_by(BATCH as usize) {
        let draw = |number| match () {
            () if characters => generate::characters(number),
            () if fields => generate::field(seed, number),
            () => generate::case(seed, number),
        };
        let batch: Vec<Case> = (from..total.min(from + BATCH)).map(draw).collect();
        for (number, (case, theirs)) in (from..).zip(batch.iter().zip(program.ask(&batch)?)) {
            *kinds.entry(theirs.kind()).or_insert(0u64) += 1;
            let ours = case.ours(library);
            if ours == theirs {
                passed += 1;
                continue;
            }
            failed += 1;
            if failed <= SHOWN {
                let least = shrink::shrink(case, &mut |candidate| {
                    Ok(program.ask(std::slice::from_ref(candidate))? != [candidate.ours(library)])
                })?;
                let theirs = program.ask(std::slice::from_ref(&least))?;
                println!("case {number} of seed {seed} differs, at least so:\n  {}", least.question());
                println!("  flux:    {theirs:?}\n  lbpools: {:?}", least.ours(library));
            }
        }
    }
    println!("answers of Flux:");
    for (kind, count) in kinds {
        println!("{count:>9}  {kind}");
    }
    Ok(Ending::Ran { passed, failed, skipped: 0 })
}
