//! What the command line asks for.

use anyhow::{Context, bail};

use super::program::VERSIONS;

/// How often the real controller runs a scenario that has chance in it, unless asked otherwise.
const TIMES: usize = 5;
/// How often a measurement is taken, unless asked otherwise.
const ROUNDS: usize = 3;

pub(crate) struct Arguments {
    /// Random scenarios a version.
    pub cases: u64,
    /// Where they are drawn from: given, or fresh.
    pub seed: u64,
    /// The minor versions to ask.
    pub profiles: Vec<String>,
    /// Only scenarios in which chance makes a difference, each run so often; and nothing may be listed that never
    /// comes.
    pub repeat: Option<usize>,
    /// Scenarios in files instead of random ones.
    pub files: Vec<String>,
    /// The scenarios that are kept, instead of random ones.
    pub kept: bool,
    /// Write down what comes of those.
    pub record: bool,
    /// How long so many Services take on a thousand pools, instead of any comparison of histories.
    pub scale: Option<usize>,
    /// Show what was reached.
    pub figures: bool,
}

impl Arguments {
    pub(crate) fn read(given: &[String]) -> anyhow::Result<Arguments> {
        let mut arguments = Arguments {
            cases: 5_000,
            seed: crate::random::fresh_seed(),
            profiles: Vec::new(),
            repeat: None,
            files: Vec::new(),
            kept: false,
            record: false,
            scale: None,
            figures: false,
        };
        let mut given = given.iter();
        while let Some(flag) = given.next() {
            let mut value = || given.next().with_context(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--cases" => arguments.cases = value()?.parse().context("--cases")?,
                "--seed" => arguments.seed = value()?.parse().context("--seed")?,
                "--repeat" => arguments.repeat = Some(value()?.parse().context("--repeat")?),
                "--profile" => arguments.profiles.push(value()?.clone()),
                "--scale" => arguments.scale = Some(value()?.parse().context("--scale")?),
                "--kept" => arguments.kept = true,
                "--record" => arguments.record = true,
                "--figures" => arguments.figures = true,
                "--file" => arguments.files.push(value()?.clone()),
                other => bail!("unknown flag {other}"),
            }
        }
        if let Some(unknown) = arguments.profiles.iter().find(|one| VERSIONS.iter().all(|(minor, ..)| minor != one)) {
            bail!("--profile is one of 1.15 to 1.20, not {unknown}");
        }
        if arguments.profiles.is_empty() {
            arguments.profiles = VERSIONS.iter().map(|(minor, ..)| (*minor).to_owned()).collect();
        }
        Ok(arguments)
    }

    /// Whether there are no random scenarios.
    pub(crate) fn plays_what_is_kept(&self) -> bool {
        self.kept || self.record || self.scale.is_some() || !self.files.is_empty()
    }

    /// How often each side is measured.
    pub(crate) fn rounds(&self) -> usize {
        self.repeat.unwrap_or(ROUNDS).max(1)
    }

    /// How often a scenario with chance in it is run.
    pub(crate) fn times(&self) -> usize {
        self.repeat.unwrap_or(if self.plays_what_is_kept() { 20 } else { TIMES })
    }
}
