//! `cargo xtask bench`: the contestants by turns on the same inputs, then the tables of `benches/README.md`.
//!
//! Interleaved rounds: when the machine is slow for a while, it is slow for all. Ratios of medians are what counts.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use lbpools_benches::process::{self, Contestant};
use lbpools_benches::table::{self, Bar, Series};

const USAGE: &str = "usage: cargo xtask bench [--rounds N] [--without-ours]";

const OURS: &str = "lbpools (sandbox)";
const NATIVE: &str = "the same function, linked natively";
const TREE: &str = "full YAML tree parse (yaml_serde)";
const KYAML: &str = "no-op, kyaml framework";
const FNSDK: &str = "no-op, kpt function SDK";

struct Settings {
    rounds: usize,
    /// Leave out what is ours: the baselines alone.
    without_ours: bool,
}

fn main() -> anyhow::Result<()> {
    let settings = settings()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the benches are in the checkout")?;
    let release = root.join("target/release");
    let tools = root.join("target/tools");
    let one = |name, program: PathBuf| Contestant { name, program };
    let ours = one(OURS, release.join("lbpools"));
    let native = one(NATIVE, release.join("native"));
    let tree = one(TREE, release.join("tree"));
    let kyaml = one(KYAML, tools.join("noop-kyaml"));
    let fnsdk = one(FNSDK, tools.join("noop-fnsdk"));

    let inputs = Inputs::write(root, &release.join("inputs"))?;
    let keep = |list: Vec<Contestant>| -> Vec<Contestant> {
        let mine = |one: &Contestant| one.name == OURS || one.name == NATIVE;
        list.into_iter().filter(|one| !(settings.without_ours && mine(one))).collect()
    };
    let rounds = settings.rounds;
    let small = keep(vec![ours.clone(), native.clone(), kyaml.clone(), fnsdk.clone()]);
    let start = rounds_of(&small, &inputs.fleet, rounds * 10)?;
    let all = keep(vec![ours.clone(), native.clone(), tree.clone(), kyaml, fnsdk]);
    let ten = rounds_of(&all, &inputs.ten, rounds)?;
    let large = keep(vec![ours, native, tree]);
    let hundred = rounds_of(&large, &inputs.hundred, rounds.div_ceil(2))?;

    println!("{} cores, {rounds} rounds, interleaved.\n", std::thread::available_parallelism()?);
    println!("{}", table::costs("Start to result, the story's fleet", &start));
    println!("{}", table::costs("10 MB", &ten));
    println!("{}", table::costs("100 MB", &hundred));
    if !settings.without_ours {
        println!("{}", table::bars(&bars(&inputs, &start, &ten, &hundred)?));
    }
    Ok(())
}

fn settings() -> anyhow::Result<Settings> {
    let mut settings = Settings { rounds: 11, without_ours: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => settings.rounds = arguments.next().and_then(|n| n.parse().ok()).context(USAGE)?,
            "--without-ours" => settings.without_ours = true,
            _ => anyhow::bail!(USAGE),
        }
    }
    anyhow::ensure!(settings.rounds > 0, USAGE);
    Ok(settings)
}

/// The inputs as files, written by another process, so that this one stays small (see `process::run`).
struct Inputs {
    fleet: PathBuf,
    ten: PathBuf,
    hundred: PathBuf,
}

impl Inputs {
    fn write(root: &Path, writer: &Path) -> anyhow::Result<Self> {
        let directory = root.join("target/benches");
        let status = Command::new(writer).arg(&directory).status().context("cannot start what writes the inputs")?;
        anyhow::ensure!(status.success(), "the inputs cannot be written");
        let at = |name| directory.join(name);
        Ok(Self { fleet: at("fleet.yaml"), ten: at("10mb.yaml"), hundred: at("100mb.yaml") })
    }
}

/// Every contestant once a round; one round before counts for nothing, it warms the page cache.
fn rounds_of(contestants: &[Contestant], input: &Path, rounds: usize) -> anyhow::Result<Vec<Series>> {
    eprintln!("{}: {rounds} rounds of {}", input.display(), contestants.len());
    let mut series: Vec<Series> =
        contestants.iter().map(|one| Series { name: one.name, costs: Vec::with_capacity(rounds) }).collect();
    for round in 0..=rounds {
        for (contestant, series) in contestants.iter().zip(&mut series) {
            let cost = process::run(contestant, input)?;
            if round > 0 {
                series.costs.push(cost);
            }
        }
    }
    Ok(series)
}

/// What was promised of the speed, as ratios of medians on the same input in the same run.
fn bars(inputs: &Inputs, start: &[Series], ten: &[Series], hundred: &[Series]) -> anyhow::Result<Vec<Bar>> {
    let find = |series: &[Series], name: &str| -> anyhow::Result<Series> {
        series.iter().find(|one| one.name == name).cloned().with_context(|| format!("{name} was not measured"))
    };
    let time = |series: &[Series], name: &str| Ok::<_, anyhow::Error>(find(series, name)?.median_time().as_secs_f64());
    let memory = |series: &[Series], name: &str| Ok::<_, anyhow::Error>(find(series, name)?.median_memory() as f64);
    let quickest_sdk = |series: &[Series]| Ok::<_, anyhow::Error>(time(series, KYAML)?.min(time(series, FNSDK)?));
    let leanest_sdk = |series: &[Series]| Ok::<_, anyhow::Error>(memory(series, KYAML)?.min(memory(series, FNSDK)?));
    let at_most = |promise: &str, measured, bound| Bar { promise: promise.into(), measured, bound, at_least: false };
    let at_least = |promise: &str, measured, bound| Bar { promise: promise.into(), measured, bound, at_least: true };
    let input_bytes = std::fs::metadata(&inputs.hundred)?.len() as f64;
    let growth = input_bytes / std::fs::metadata(&inputs.ten)?.len() as f64 / 10.0;
    Ok(vec![
        at_most("fleet: time over native", time(start, OURS)? / time(start, NATIVE)?, 2.0),
        at_most("fleet: time over the quicker Go no-op", time(start, OURS)? / quickest_sdk(start)?, 1.0),
        at_least("10 MB: faster than the tree parse", time(ten, TREE)? / time(ten, OURS)?, 2.5),
        at_most("10 MB: time over native", time(ten, OURS)? / time(ten, NATIVE)?, 1.6),
        at_least("10 MB: faster than the quicker Go no-op", quickest_sdk(ten)? / time(ten, OURS)?, 30.0),
        at_most("10 MB: memory over the leaner Go no-op", memory(ten, OURS)? / leanest_sdk(ten)?, 0.1),
        // The inputs are only about 10 and 100 MB; what they are more is taken out.
        at_most("100 MB: time over 10 MB", time(hundred, OURS)? / time(ten, OURS)? / growth, 10.5),
        at_most("100 MB: peak memory over input", memory(hundred, OURS)? / input_bytes, 3.5),
    ])
}
