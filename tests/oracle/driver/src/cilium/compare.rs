//! Whether what the real controller did is one of the things that our simulation can do.

use lbpools_function::cilium::allocation::{Search, Simulation};
use lbpools_function::cilium::{CiliumVersion, Profile};

use super::scenario::{Outcome, Scenario, Seen};

/// Runs of single events that one comparison may cost.
const BUDGET: usize = 60_000;

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The simulation leaves nothing to chance here and says the same.
    Same,
    /// What was seen is among what the simulation says can happen.
    Possible,
    /// No order of events inside the operator gives what was seen; it agrees up to this step.
    Different { agreed: usize },
    /// There are too many orders to try them all.
    TooMany,
}

struct Comparison<'a> {
    scenario: &'a Scenario,
    profile: Profile,
    seen: Vec<Seen>,
    budget: usize,
    chance: bool,
    furthest: usize,
}

/// Hold an outcome of the real controller against the simulation.
pub(crate) fn compare(scenario: &Scenario, outcome: &Outcome, version: CiliumVersion) -> Verdict {
    let profile = Profile::of(version);
    let seen = outcome.steps.iter().map(|step| step.clone().comparable(&profile)).collect();
    let mut comparison = Comparison { scenario, profile, seen, budget: BUDGET, chance: false, furthest: 0 };
    let found = comparison.follow(&scenario.simulation(version), 0);
    match (found, comparison.chance, comparison.budget) {
        (true, false, _) => Verdict::Same,
        (true, true, _) => Verdict::Possible,
        (false, _, 0) => Verdict::TooMany,
        (false, ..) => Verdict::Different { agreed: comparison.furthest },
    }
}

impl Comparison<'_> {
    /// Whether some run from here shows what was seen from this step on.
    fn follow(&mut self, simulation: &Simulation, step: usize) -> bool {
        self.furthest = self.furthest.max(step);
        let (Some(event), Some(_)) = (self.scenario.events.get(step), self.seen.get(step)) else { return true };
        let mut search = Search::default();
        while search.begin() {
            if self.budget == 0 {
                return false;
            }
            self.budget -= 1;
            let mut next = simulation.clone();
            next.apply(event.event(), &mut search);
            self.chance |= search.met_choice();
            if Seen::of(next.state(), &self.profile) == self.seen[step] && self.follow(&next, step + 1) {
                return true;
            }
        }
        false
    }
}

/// One run of the simulation, to show beside what was seen.
pub(crate) fn ours(scenario: &Scenario, version: CiliumVersion) -> Vec<Seen> {
    let profile = Profile::of(version);
    let mut simulation = scenario.simulation(version);
    let step = |event: &super::scenario::Step| {
        simulation.apply(event.event(), &mut lbpools_function::cilium::allocation::FirstComes);
        Seen::of(simulation.state(), &profile)
    };
    scenario.events.iter().map(step).collect()
}
