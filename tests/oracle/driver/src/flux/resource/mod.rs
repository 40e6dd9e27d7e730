//! Whole objects: lbpools against `fluxcd/pkg/kustomize`, `SubstituteVariables`, with a fake API server that holds the
//! ConfigMaps and Secrets.

mod case;
mod generate;
mod shrink;

use std::collections::BTreeMap;

use super::SHOWN;
use super::program::Program;
use crate::Ending;
use case::{Answer, Case};

/// Cases in one exchange with the real program, which takes a millisecond for each.
const BATCH: u64 = 500;

/// Compare as many cases as asked for.
pub(crate) fn run(cases: u64, seed: u64) -> anyhow::Result<Ending> {
    if let Some(reason) = Program::resources_unavailable() {
        return Ok(Ending::Skipped(reason));
    }
    let mut program = Program::start(&Program::build_resources()?)?;
    let mut ask = |cases: &[Case]| -> anyhow::Result<Vec<Answer>> {
        let questions: Vec<_> = cases.iter().map(Case::question).collect();
        program.answers(&questions)?.iter().map(|line| Answer::read(line)).collect()
    };
    let (mut passed, mut failed) = (0, 0);
    let mut kinds = BTreeMap::new();
    for from in (0..cases).step_by(BATCH as usize) {
        let batch: Vec<Case> = (from..cases.min(from + BATCH)).map(|number| generate::case(seed, number)).collect();
        for (number, (case, theirs)) in (from..).zip(batch.iter().zip(ask(&batch)?)) {
            *kinds.entry(format!("{}, to lbpools {}", theirs.kind(), case.ours().kind())).or_insert(0u64) += 1;
            if case.agrees(&theirs) {
                passed += 1;
                continue;
            }
            failed += 1;
            if failed <= SHOWN {
                let least = shrink::shrink(case, &mut |candidate| {
                    let theirs = ask(std::slice::from_ref(candidate))?;
                    Ok(theirs.iter().any(|theirs| !candidate.agrees(theirs)))
                })?;
                let theirs = ask(std::slice::from_ref(&least))?;
                println!("case {number} of seed {seed} differs, at least so:\n  {}", least.question());
                println!("  written: {}", least.written());
                println!("  flux:    {theirs:?}\n  lbpools: {:?}", least.ours());
            }
        }
    }
    println!("answers of Flux:");
    for (kind, count) in kinds {
        println!("{count:>9}  {kind}");
    }
    Ok(Ending::Ran { passed, failed, skipped: 0 })
}
