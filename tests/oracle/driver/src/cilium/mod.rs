//! Cilium's LB-IPAM: lbpools' simulation against the real controller of each version.

mod compare;
mod generate;
mod program;
mod reached;
mod recorded;
mod scenario;
mod shrink;

use anyhow::{Context, bail};
use lbpools_function::cilium::CiliumVersion;

use crate::Ending;
use compare::Verdict;
use program::{Program, VERSIONS};
use reached::Reached;
use scenario::Scenario;

/// Differences that are shrunk and shown; the others are only counted.
const SHOWN: u64 = 3;

struct Arguments {
    cases: u64,
    seed: u64,
    /// The minor versions to ask.
    profiles: Vec<String>,
    /// How often the real controller runs each scenario that has chance in it.
    times: usize,
    /// Scenarios in files instead of random ones.
    files: Vec<String>,
    /// Play the scenarios that are kept, instead of random ones.
    kept: bool,
    /// Write down what comes of those.
    record: bool,
}

fn arguments(given: &[String]) -> anyhow::Result<Arguments> {
    let mut arguments = Arguments {
        cases: 5_000,
        seed: 0,
        profiles: Vec::new(),
        times: 5,
        files: Vec::new(),
        kept: false,
        record: false,
    };
    let mut given = given.iter();
    while let Some(flag) = given.next() {
        let mut value = || given.next().with_context(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--cases" => arguments.cases = value()?.parse().context("--cases")?,
            "--seed" => arguments.seed = value()?.parse().context("--seed")?,
            "--times" => arguments.times = value()?.parse().context("--times")?,
            "--profile" => arguments.profiles.push(value()?.clone()),
            "--kept" => arguments.kept = true,
            "--record" => arguments.record = true,
            "--file" => arguments.files.push(value()?.clone()),
            other => bail!("unknown flag {other}"),
        }
    }
    if arguments.profiles.is_empty() {
        arguments.profiles = VERSIONS.iter().map(|(minor, ..)| (*minor).to_owned()).collect();
    }
    Ok(arguments)
}

#[derive(Default)]
struct Tally {
    same: u64,
    possible: u64,
    too_many: u64,
    different: u64,
}

/// Compare as many scenarios as asked for, with each version.
pub(crate) fn run(given: &[String]) -> anyhow::Result<Ending> {
    let arguments = arguments(given)?;
    if let Some(reason) = Program::unavailable() {
        return Ok(Ending::Skipped(reason));
    }
    let (mut passed, mut failed) = (0, 0);
    for minor in &arguments.profiles {
        let path = Program::build(minor)?;
        let version = exact(minor)?;
        let mut program = Program::start(&path)?;
        if arguments.record {
            println!("{version}: {} cases recorded", recorded::record(&mut program, minor)?);
            continue;
        }
        let (mut tally, mut reached) = (Tally::default(), Reached::default());
        let mut files = arguments.files.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>()?;
        if arguments.kept {
            files.extend(recorded::cases()?.into_iter().map(|(_, scenario)| scenario));
        }
        let total = if files.is_empty() { arguments.cases } else { files.len() as u64 };
        for number in 0..total {
            let scenario = match files.get(number as usize) {
                Some(scenario) => scenario.clone(),
                None => generate::scenario(arguments.seed, number),
            };
            let verdict = judge(&mut program, &scenario, version, arguments.times, &mut reached)?;
            match verdict {
                Verdict::Same => tally.same += 1,
                Verdict::Possible => tally.possible += 1,
                Verdict::TooMany => tally.too_many += 1,
                Verdict::Different { .. } => {
                    tally.different += 1;
                    if tally.different <= SHOWN {
                        show(&mut program, &scenario, version, number, arguments.seed, arguments.times)?;
                    }
                }
            }
        }
        println!(
            "{version:<8} {:>7} exactly so, {:>6} among the possible outcomes, {:>5} with too many orders to try, {:>5} different",
            tally.same, tally.possible, tally.too_many, tally.different
        );
        reached.show();
        passed += tally.same + tally.possible;
        failed += tally.different;
    }
    Ok(Ending::Ran { passed, failed })
}

/// The version whose code is asked.
fn exact(minor: &str) -> anyhow::Result<CiliumVersion> {
    let (_, version, _) = VERSIONS.iter().find(|(known, ..)| *known == minor).context("an unknown version")?;
    Ok(CiliumVersion::parse(version)?)
}

fn read(path: &str) -> anyhow::Result<Scenario> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    serde_json::from_str(&text).with_context(|| format!("{path} is no scenario"))
}

/// Ask once, and where chance has a part, as often as asked for.
fn judge(
    program: &mut Program,
    scenario: &Scenario,
    version: CiliumVersion,
    times: usize,
    reached: &mut Reached,
) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::Same;
    for _ in 0..times.max(1) {
        let outcome = program.ask(scenario)?;
        reached.note(&outcome);
        verdict = compare::compare(scenario, &outcome, version);
        if verdict != Verdict::Possible {
            break;
        }
    }
    Ok(verdict)
}

fn show(
    program: &mut Program,
    scenario: &Scenario,
    version: CiliumVersion,
    number: u64,
    seed: u64,
    times: usize,
) -> anyhow::Result<()> {
    // Chance may hide the difference in one run, so a candidate gets several.
    let times = times.max(10);
    let least = shrink::shrink(scenario, &mut |candidate| {
        Ok(matches!(judge(program, candidate, version, times, &mut Reached::default())?, Verdict::Different { .. }))
    })?;
    println!("{version}: case {number} of seed {seed} differs, at least so:");
    println!("{}", serde_json::to_string(&least)?);
    let ours = compare::ours(&least, version);
    for _ in 0..times {
        let outcome = program.ask(&least)?;
        let Verdict::Different { agreed } = compare::compare(&least, &outcome, version) else { continue };
        println!("  they differ at step {}", agreed + 1);
        println!("  cilium:  {}", serde_json::to_string(&outcome.steps.get(agreed))?);
        println!("  lbpools: {}", serde_json::to_string(&ours.get(agreed))?);
        break;
    }
    Ok(())
}
