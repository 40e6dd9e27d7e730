//! Which pools are switched off because they overlap (`settleConflicts`).

use super::chance::{Chance, shuffled};
use super::controller::Controller;
use crate::cilium::range::Range;
use std::collections::{BTreeMap, BTreeSet};

impl Controller {
    /// Mark what overlaps, then unmark what no longer does.
    ///
    /// Of two pools the one created later is marked; of two created in the same second the one that the walk over
    /// all pools comes to first. Selectors and `disabled` make no difference.
    pub(super) fn settle(&mut self, chance: &mut dyn Chance) {
        let overlaps = self.overlapping_pools();
        if overlaps.is_empty() && !self.pools.values().any(|entry| entry.marked == Some(true)) {
            return;
        }
        let none = BTreeSet::new();
        let met = |name: &str| overlaps.get(name).unwrap_or(&none);
        let unmarked = |this: &Controller, name: &str| -> Vec<String> {
            met(name).iter().filter(|other| *other == name || !this.is_marked(other)).cloned().collect()
        };
        let open =
            |name: &&String| overlaps.contains_key(*name) && !self.is_marked(name) && !unmarked(self, name).is_empty();
        let open: Vec<String> = self.pool_places.iter().filter(open).cloned().collect();
        for name in shuffled(chance, open) {
            if self.is_marked(&name) {
                continue;
            }
            let mut opponents = unmarked(self, &name);
            if opponents.contains(&name) {
                self.mark(&name);
                continue;
            }
            if opponents.is_empty() {
                continue;
            }
            let chosen = if opponents.len() > 1 { chance.choose(opponents.len()) } else { 0 };
            let opponent = opponents.swap_remove(chosen.min(opponents.len() - 1));
            let created = |pool: &String| self.pools.get(pool).and_then(|entry| entry.pool.created);
            let younger = if created(&name) < created(&opponent) { opponent } else { name };
            self.mark(&younger);
        }
        let marked: Vec<String> = self.pools.keys().filter(|name| self.is_marked(name)).cloned().collect();
        for name in marked {
            if met(&name).is_empty() {
                self.unmark(&name);
            }
        }
    }

    /// Each pool that overlaps, with the pools that it overlaps: others, or itself.
    fn overlapping_pools(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut all: Vec<(Range, &String, usize)> = Vec::new();
        for (name, entry) in &self.pools {
            all.extend(entry.ranges.iter().map(|&range| (self.ranges[range].range, name, range)));
        }
        all.sort_unstable();
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut open: Vec<(Range, &String)> = Vec::new();
        for (range, name, _) in all {
            open.retain(|(earlier, _)| earlier.intersects(&range));
            for (_, other) in &open {
                found.entry(name.clone()).or_default().insert((*other).clone());
                found.entry((*other).clone()).or_default().insert(name.clone());
            }
            open.push((range, name));
        }
        found
    }

    /// Switch a pool off.
    fn mark(&mut self, name: &str) {
        self.set_marked(name, true);
    }

    /// Switch a pool on again, or say of a new one that it is in no conflict.
    pub(super) fn unmark(&mut self, name: &str) {
        self.set_marked(name, false);
    }

    fn set_marked(&mut self, name: &str, marked: bool) {
        if let Some(entry) = self.pools.get_mut(name) {
            entry.marked = Some(marked);
            for &range in &entry.ranges {
                self.ranges[range].conflicting = marked;
            }
        }
    }

    fn is_marked(&self, name: &str) -> bool {
        self.pools.get(name).is_some_and(|entry| entry.marked == Some(true))
    }
}
