//! Whether the simulation says more than the real controller can do.
//!
//! Where chance decides, the simulation lists what can happen. Each history of a small list is waited for: the real
//! controller runs the scenario again and again until all have been seen, or until one that is likely enough to have
//! come up many times over has not.

use std::collections::BTreeSet;

use lbpools_function::cilium::{CiliumVersion, Profile};

use super::compare::{self, History};
use super::program::Program;
use super::scenario::{Outcome, Scenario};

/// Lists longer than this are not waited for.
const SMALL: usize = 24;
/// Runs after which the waiting ends.
const MOST_RUNS: usize = 6_000;
/// How often a history must have been due before its absence counts: by chance that happens once in 10^9.
const DUE: f64 = 21.0;

/// What came of the waiting.
#[derive(Debug, Default)]
pub(crate) struct Width {
    /// Scenarios whose list was small enough, and all whose list was not.
    pub held: u64,
    pub too_wide_to_hold: u64,
    /// Histories on the small lists: all, and those that were seen.
    pub listed: u64,
    pub seen: u64,
    /// Not seen, but not often enough due either.
    pub rare: u64,
    /// Due many times over and never seen: the simulation says too much.
    pub never: u64,
}

impl Width {
    /// Hold the list of one scenario against what was seen in some runs and, if need be, more. True if the simulation
    /// says too much.
    pub(crate) fn hold(
        &mut self,
        program: &mut Program,
        scenario: &Scenario,
        version: CiliumVersion,
        outcomes: &[Outcome],
    ) -> anyhow::Result<bool> {
        let Some(listed) = compare::histories(scenario, version).filter(|listed| listed.len() <= SMALL) else {
            self.too_wide_to_hold += 1;
            return Ok(false);
        };
        self.held += 1;
        self.listed += listed.len() as u64;
        let profile = Profile::of(version);
        let mut seen = BTreeSet::new();
        let mut runs = 0;
        let mut note = |outcomes: &[Outcome]| {
            for outcome in outcomes {
                runs += outcome.count;
                let history: History = outcome.steps.iter().map(|step| step.clone().comparable(&profile)).collect();
                seen.insert(serde_json::to_string(&history).unwrap_or_default());
            }
            let missing =
                |(history, _): &&(History, f64)| !seen.contains(&serde_json::to_string(history).unwrap_or_default());
            (
                runs,
                listed.iter().filter(missing).map(|(history, likely)| (history.clone(), *likely)).collect::<Vec<_>>(),
            )
        };
        let (mut runs, mut missing) = note(outcomes);
        while runs < MOST_RUNS && !missing.is_empty() {
            (runs, missing) = note(&program.ask(&scenario.repeated(runs))?.distinct());
        }
        self.seen += (listed.len() - missing.len()) as u64;
        let (never, rare): (Vec<_>, Vec<_>) = missing.iter().partition(|(_, likely)| likely * runs as f64 > DUE);
        self.rare += rare.len() as u64;
        self.never += never.len() as u64;
        if let Some((history, likely)) = never.first() {
            println!("{version}: never seen in {runs} runs, though due {:.0} times:", likely * runs as f64);
            println!("  {}", serde_json::to_string(scenario)?);
            println!("  lbpools: {}", serde_json::to_string(&history)?);
        }
        Ok(!never.is_empty())
    }

    pub(crate) fn show(&self) {
        println!(
            "  of {} lists of possible histories {} are small; {} of their {} histories were seen, {} are too rare to tell, {} never came",
            self.held + self.too_wide_to_hold,
            self.held,
            self.seen,
            self.listed,
            self.rare,
            self.never
        );
    }
}
