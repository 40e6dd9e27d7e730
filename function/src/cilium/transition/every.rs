//! Every state to which events lead, in every order and with every choice that Cilium leaves to chance.
//!
//! Not one order after the other, of which there are too many: of every part of the events the states in which the
//! cluster may be when just these have happened, by one more event each time. What two orders have in common is
//! played once, and states that are the same, however they came about, are one.

use crate::cilium::allocation::{Created, Event, Key, Keys, Search, Simulation};
use std::collections::BTreeMap;

/// Goes through orders as long as there are runs left.
pub(super) struct Every<'e> {
    keys: Keys,
    left: &'e mut usize,
}

impl<'e> Every<'e> {
    /// With so many runs of one event.
    pub(super) fn new(created: Created, left: &'e mut usize) -> Every<'e> {
        Every { keys: Keys::new(created), left }
    }

    /// The states, each once, in which the cluster may be when all of the events have happened to one of these;
    /// `None` where that takes too many runs.
    pub(super) fn order(&mut self, starts: Vec<Simulation>, events: &[Event]) -> Option<Vec<Simulation>> {
        // By what has happened, one bit for each event.
        let mut after: Vec<BTreeMap<Key, Simulation>> = vec![BTreeMap::new(); 1 << events.len()];
        for start in starts {
            after[0].insert(self.keys.of(&start), start);
        }
        for happened in 0..after.len() - 1 {
            for simulation in std::mem::take(&mut after[happened]).into_values() {
                for (at, event) in events.iter().enumerate().filter(|(at, _)| happened & (1 << at) == 0) {
                    self.happens(&simulation, event, &mut after[happened | (1 << at)])?;
                }
            }
        }
        Some(after.pop()?.into_values().collect())
    }

    fn happens(&mut self, from: &Simulation, event: &Event, into: &mut BTreeMap<Key, Simulation>) -> Option<()> {
        let mut search = Search::default();
        while search.begin() {
            *self.left = self.left.checked_sub(1)?;
            let mut simulation = from.clone();
            simulation.apply(event.clone(), &mut search);
            into.entry(self.keys.of(&simulation)).or_insert(simulation);
        }
        Some(())
    }
}
