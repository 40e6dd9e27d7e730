//! What the scenarios of a run have reached, to see that they come into all corners.

use std::collections::BTreeMap;

use super::scenario::{Outcome, Seen};

/// How often each thing was seen after a step.
#[derive(Debug, Default)]
pub(crate) struct Reached(BTreeMap<String, u64>);

impl Reached {
    pub(crate) fn note(&mut self, outcome: &Outcome) {
        for step in &outcome.steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Seen) {
        let mut add = |what: &str| *self.0.entry(what.to_owned()).or_default() += 1;
        for (seen, what) in [
            (!step.error.is_empty(), "the operator returns an error"),
            (!step.panic.is_empty(), "the operator ends"),
            (step.asleep, "the operator sleeps"),
            (step.stuck, "the operator does not finish its start"),
        ] {
            if seen {
                add(what);
            }
        }
        let mut holders: BTreeMap<&String, usize> = BTreeMap::new();
        for service in step.services.values() {
            if !service.reason.is_empty() {
                add(&format!("condition {}", service.reason));
            }
            service.held.iter().for_each(|address| *holders.entry(address).or_default() += 1);
        }
        if holders.values().any(|&count| count > 1) {
            add("an address held by several Services");
        }
        if step.pools.values().any(|pool| pool.conflict == "True") {
            add("a pool in conflict");
        }
    }

    pub(crate) fn show(&self) {
        for (what, count) in &self.0 {
            println!("{count:>9}  {what}");
        }
    }
}
