//! Whether what the real controller did is one of the things that our simulation can do, and the other way round.

use std::collections::BTreeMap;

use lbpools_function::cilium::allocation::{FirstComes, Search, Simulation};
use lbpools_function::cilium::{CiliumVersion, Profile};

use super::scenario::{Outcome, Scenario, Seen};

/// Runs of single events that one comparison may cost.
const BUDGET: usize = 20_000;
/// Runs of single events that listing all histories of one scenario may cost.
const LISTING_BUDGET: usize = 20_000;

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The simulation leaves nothing to chance here and says the same.
    Same,
    /// What was seen is among what the simulation says can happen.
    Possible {
        /// Only with an order of events that Go's maps are not known to give.
        beyond_small_maps: bool,
    },
    /// No order of events inside the operator gives what was seen; it agrees up to this step.
    Different { agreed: usize },
    /// There are too many orders to try them all.
    TooMany,
}

struct Comparison<'a> {
    scenario: &'a Scenario,
    profile: Profile,
    seen: Vec<Seen>,
    search: fn() -> Search,
    budget: usize,
    chance: bool,
    furthest: usize,
}

/// Hold an outcome of the real controller against the simulation.
pub(crate) fn compare(scenario: &Scenario, outcome: &Outcome, version: CiliumVersion) -> Verdict {
    let profile = Profile::of(version);
    let seen: Vec<Seen> = outcome.steps.iter().map(|step| step.clone().comparable(&profile)).collect();
    let mut comparison = Comparison {
        scenario,
        profile,
        seen,
        search: Search::of_small_maps,
        budget: BUDGET,
        chance: false,
        furthest: 0,
    };
    let start = scenario.simulation(version);
    // The few orders that Go takes today, then all.
    if comparison.follow(&start, 0) {
        return if comparison.chance { Verdict::Possible { beyond_small_maps: false } } else { Verdict::Same };
    }
    comparison.search = Search::default;
    comparison.budget = BUDGET;
    match (comparison.chance && comparison.follow(&start, 0), comparison.budget) {
        (true, _) => Verdict::Possible { beyond_small_maps: true },
        (false, 0) => Verdict::TooMany,
        (false, _) => Verdict::Different { agreed: comparison.furthest },
    }
}

impl Comparison<'_> {
    /// Whether some run from here shows what was seen from this step on.
    fn follow(&mut self, simulation: &Simulation, step: usize) -> bool {
        self.furthest = self.furthest.max(step);
        let (Some(event), Some(_)) = (self.scenario.events.get(step), self.seen.get(step)) else { return true };
        let mut search = (self.search)();
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

/// One run of the simulation, to show beside what was seen; and whether it left anything to chance.
pub(crate) fn ours(scenario: &Scenario, version: CiliumVersion) -> Vec<Seen> {
    let profile = Profile::of(version);
    let mut simulation = scenario.simulation(version);
    let step = |event: &super::scenario::Step| {
        simulation.apply(event.event(), &mut FirstComes);
        Seen::of(simulation.state(), &profile)
    };
    scenario.events.iter().map(step).collect()
}

/// Whether a run of the simulation meets a choice.
pub(crate) fn leaves_to_chance(scenario: &Scenario, version: CiliumVersion) -> bool {
    let mut simulation = scenario.simulation(version);
    scenario.events.iter().any(|event| {
        let mut search = Search::of_small_maps();
        search.begin();
        simulation.apply(event.event(), &mut search);
        search.met_choice()
    })
}

/// Whether chance makes a difference that can be seen.
pub(crate) fn has_several_histories(scenario: &Scenario, version: CiliumVersion) -> bool {
    leaves_to_chance(scenario, version) && histories(scenario, version).is_none_or(|histories| histories.len() > 1)
}

/// A history that the simulation says can happen.
pub(crate) type History = Vec<Seen>;

/// Every history that the simulation says can happen with the maps that Go has today, and how likely each is at the
/// least; `None` if that are too many to list.
///
/// One of Go's small maps has eight places, and a walk begins at a random one, so each entry is the first with a
/// chance of at least one in eight.
pub(crate) fn histories(scenario: &Scenario, version: CiliumVersion) -> Option<Vec<(History, f64)>> {
    let mut listing = Listing {
        scenario,
        profile: Profile::of(version),
        budget: LISTING_BUDGET,
        found: BTreeMap::new(),
        so_far: Vec::new(),
    };
    listing.go_on(&scenario.simulation(version), 0, 1.0).then(|| listing.found.into_values().collect())
}

struct Listing<'a> {
    scenario: &'a Scenario,
    profile: Profile,
    budget: usize,
    found: BTreeMap<String, (History, f64)>,
    so_far: History,
}

impl Listing<'_> {
    fn go_on(&mut self, simulation: &Simulation, step: usize, likelihood: f64) -> bool {
        let Some(event) =
            self.scenario.events.get(step).filter(|_| self.so_far.last().is_none_or(|s| s.panic.is_empty()))
        else {
            let name = serde_json::to_string(&self.so_far).unwrap_or_default();
            self.found.entry(name).or_insert_with(|| (self.so_far.clone(), 0.0)).1 += likelihood;
            return true;
        };
        let mut search = Search::of_small_maps();
        while search.begin() {
            if self.budget == 0 {
                return false;
            }
            self.budget -= 1;
            let mut next = simulation.clone();
            next.apply(event.event(), &mut search);
            self.so_far.push(Seen::of(next.state(), &self.profile));
            let choices = i32::try_from(search.choices()).unwrap_or(i32::MAX);
            let complete = self.go_on(&next, step + 1, likelihood * 0.125_f64.powi(choices));
            self.so_far.pop();
            if !complete {
                return false;
            }
        }
        true
    }
}
