//! Cilium's LB-IPAM: lbpools' simulation against the real controller of each version.

mod arguments;
mod compare;
#[cfg(test)]
mod findings;
mod generate;
mod program;
mod reached;
mod recorded;
mod scale;
mod scenario;
mod shrink;
mod width;

use anyhow::Context;
use lbpools_function::cilium::CiliumVersion;

use crate::Ending;
use arguments::Arguments;
use compare::Verdict;
use program::{Program, VERSIONS};
use reached::Reached;
use scenario::{Outcome, Scenario};
use width::Width;

/// Differences that are shrunk and shown; the others are only counted.
const SHOWN: u64 = 3;
/// Scenarios that are asked in one go.
const BATCH: usize = 200;

#[derive(Default)]
struct Tally {
    same: u64,
    possible: u64,
    /// Of the possible: only with an order that Go's maps are not known to give.
    beyond_small_maps: u64,
    too_many: u64,
    different: u64,
    too_wide: u64,
    /// Runs of the real controller.
    runs: u64,
    reached: Reached,
    width: Width,
}

/// Compare as many scenarios as asked for, with each version.
pub(crate) fn run(given: &[String]) -> anyhow::Result<Ending> {
    let arguments = Arguments::read(given)?;
    if let Some(reason) = Program::unavailable() {
        return Ok(Ending::Skipped(reason));
    }
    if !arguments.plays_what_is_kept() {
        println!("seed {}", arguments.seed);
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for minor in &arguments.profiles {
        if let Err(reason) = Program::fetch(minor) {
            return Ok(Ending::Skipped(reason));
        }
        let path = Program::build(minor)?;
        let version = exact(minor)?;
        let mut program = Program::start(&path)?;
        if arguments.record {
            println!("{version}: {} cases recorded", recorded::record(&mut program, minor)?);
            continue;
        }
        if let Some(services) = arguments.scale {
            let same = scale::measure(&mut program, services, version, arguments.rounds())?;
            passed += u64::from(same);
            failed += u64::from(!same);
            continue;
        }
        let tally = compare_all(&mut program, &arguments, version)?;
        tally.show(version, &arguments);
        passed += tally.same + tally.possible - tally.too_wide;
        failed += tally.different + tally.too_wide;
        skipped += tally.too_many;
    }
    Ok(Ending::Ran { passed, failed, skipped })
}

/// Ask the program of one version for all scenarios.
fn compare_all(program: &mut Program, arguments: &Arguments, version: CiliumVersion) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut source = Source::of(arguments, version)?;
    loop {
        let batch: Vec<(String, Scenario)> = source.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(tally);
        }
        let scenarios: Vec<Scenario> = batch
            .iter()
            .map(|(_, scenario)| {
                let chance = arguments.repeat.is_some() || compare::leaves_to_chance(scenario, version);
                scenario.repeated(if chance { arguments.times() } else { 0 })
            })
            .collect();
        for ((name, scenario), outcome) in batch.iter().zip(program.ask_all(&scenarios)?) {
            let outcomes = outcome.distinct();
            let verdict = tally.note(scenario, &outcomes, version);
            if matches!(verdict, Verdict::Different { .. }) && tally.different <= SHOWN {
                println!("{version}: {name} differs, at least so:");
                show(program, scenario, version, arguments.times())?;
            }
            if arguments.repeat.is_some()
                && matches!(verdict, Verdict::Possible { .. })
                && tally.width.hold(program, scenario, version, &outcomes)?
            {
                tally.too_wide += 1;
            }
        }
    }
}

/// The version whose code is asked.
fn exact(minor: &str) -> anyhow::Result<CiliumVersion> {
    let (_, version, _) = VERSIONS.iter().find(|(known, ..)| *known == minor).context("an unknown version")?;
    Ok(CiliumVersion::parse(version)?)
}

/// Where the scenarios come from, each with a name by which to find it again.
enum Source {
    Kept(std::vec::IntoIter<(String, Scenario)>),
    Random { seed: u64, next: u64, left: u64, only_chance: bool, version: CiliumVersion },
}

impl Source {
    fn of(arguments: &Arguments, version: CiliumVersion) -> anyhow::Result<Source> {
        let mut kept = Vec::new();
        for path in &arguments.files {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
            kept.push((path.clone(), serde_json::from_str(&text).with_context(|| format!("{path} is no scenario"))?));
        }
        if arguments.kept {
            kept.extend(recorded::cases()?);
        }
        Ok(if arguments.plays_what_is_kept() {
            Source::Kept(kept.into_iter())
        } else {
            let only_chance = arguments.repeat.is_some();
            Source::Random { seed: arguments.seed, next: 0, left: arguments.cases, only_chance, version }
        })
    }
}

impl Iterator for Source {
    type Item = (String, Scenario);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Source::Kept(kept) => kept.next(),
            Source::Random { left: 0, .. } => None,
            Source::Random { seed, next, left, only_chance, version } => loop {
                let number = *next;
                *next += 1;
                let scenario = generate::scenario(*seed, number);
                if !*only_chance || compare::has_several_histories(&scenario, *version) {
                    *left -= 1;
                    return Some((format!("case {number} of seed {seed}"), scenario));
                }
            },
        }
    }
}

impl Tally {
    /// Hold what was seen in all runs of a scenario against the simulation.
    fn note(&mut self, scenario: &Scenario, outcomes: &[Outcome], version: CiliumVersion) -> Verdict {
        let mut worst = Verdict::Same;
        for outcome in outcomes {
            self.runs += outcome.count.max(1) as u64;
            self.reached.note(scenario, outcome);
            worst = match (worst, compare::compare(scenario, outcome, version)) {
                (worst @ Verdict::Different { .. }, _) | (worst, Verdict::Same) => worst,
                (_, different @ Verdict::Different { .. }) => different,
                (Verdict::TooMany, _) | (_, Verdict::TooMany) => Verdict::TooMany,
                (Verdict::Possible { beyond_small_maps: true }, _) => worst,
                (_, possible) => possible,
            };
        }
        match worst {
            Verdict::Same => self.same += 1,
            Verdict::Possible { beyond_small_maps } => {
                self.possible += 1;
                self.beyond_small_maps += u64::from(beyond_small_maps);
            }
            Verdict::TooMany => self.too_many += 1,
            Verdict::Different { .. } => self.different += 1,
        }
        worst
    }

    fn show(&self, version: CiliumVersion, arguments: &Arguments) {
        println!(
            "{version:<8} {:>7} exactly so, {:>6} among the possible outcomes, {:>5} with too many orders to try, {:>5} different ({} runs)",
            self.same, self.possible, self.too_many, self.different, self.runs
        );
        if self.beyond_small_maps > 0 {
            println!("  {} of the possible need an order that Go's small maps do not give", self.beyond_small_maps);
        }
        if arguments.repeat.is_some() {
            self.width.show();
        }
        if arguments.figures {
            self.reached.show();
        }
    }
}

/// Shrink what differs, and show both sides.
fn show(program: &mut Program, scenario: &Scenario, version: CiliumVersion, times: usize) -> anyhow::Result<()> {
    // Chance may hide the difference in one run, so a candidate gets several.
    let times = times.max(20);
    let mut found: Option<(Outcome, usize)> = None;
    let mut differs = |candidate: &Scenario| -> anyhow::Result<bool> {
        for outcome in program.ask(&candidate.repeated(times))?.distinct() {
            if let Verdict::Different { agreed } = compare::compare(candidate, &outcome, version) {
                found = Some((outcome, agreed));
                return Ok(true);
            }
        }
        Ok(false)
    };
    let least = shrink::shrink(&scenario.repeated(0), &mut differs)?;
    println!("{}", serde_json::to_string(&least)?);
    if let Some((outcome, agreed)) = found {
        println!("  they differ at step {}", agreed + 1);
        println!("  cilium:  {}", serde_json::to_string(&outcome.steps.get(agreed))?);
        println!("  lbpools: {}", serde_json::to_string(&compare::ours(&least, version).get(agreed))?);
    }
    Ok(())
}
