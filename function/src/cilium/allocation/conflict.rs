//! Which pools are switched off because they overlap (`settleConflicts`).

use super::chance::{Chance, shuffled};
use super::controller::{Controller, RangeId};
use std::collections::BTreeSet;

impl Controller {
    /// Mark what overlaps, then unmark what no longer does.
    ///
    /// Of two pools the one created later is marked; of two created in the same second the one that the walk over
    /// all pools comes to first. Selectors and `disabled` make no difference.
    pub(super) fn settle(&mut self, chance: &mut dyn Chance) {
        let overlapping: Vec<String> = self
            .pools
            .keys()
            .filter(|name| !self.is_marked(name) && (self.overlaps_itself(name) || !self.opponents(name).is_empty()))
            .cloned()
            .collect();
        for name in shuffled(chance, overlapping) {
            if self.is_marked(&name) {
                continue;
            }
            if self.overlaps_itself(&name) {
                self.mark(&name);
                continue;
            }
            let mut opponents = self.opponents(&name);
            if opponents.is_empty() {
                continue;
            }
            let met = if opponents.len() > 1 { chance.choose(opponents.len()) } else { 0 };
            let opponent = opponents.swap_remove(met.min(opponents.len() - 1));
            let created = |pool: &String| self.pools.get(pool).and_then(|entry| entry.pool.created);
            let younger = if created(&name) < created(&opponent) { opponent } else { name };
            self.mark(&younger);
        }
        let marked: Vec<String> = self.pools.keys().filter(|name| self.is_marked(name)).cloned().collect();
        for name in marked {
            let free = !self.overlaps_itself(&name)
                && self.pools.keys().all(|other| *other == name || !self.overlap(&name, other));
            if free {
                self.unmark(&name);
            }
        }
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

    fn ranges_of(&self, name: &str) -> &[RangeId] {
        self.pools.get(name).map(|entry| entry.ranges.as_slice()).unwrap_or_default()
    }

    /// Unmarked pools with which this one overlaps.
    fn opponents(&self, name: &str) -> Vec<String> {
        let others: BTreeSet<&String> =
            self.pools.keys().filter(|other| *other != name && !self.is_marked(other)).collect();
        others.into_iter().filter(|other| self.overlap(name, other)).cloned().collect()
    }

    fn overlap(&self, one: &str, two: &str) -> bool {
        let two = self.ranges_of(two);
        self.ranges_of(one).iter().any(|&a| two.iter().any(|&b| self.ranges[a].range.intersects(&self.ranges[b].range)))
    }

    fn overlaps_itself(&self, name: &str) -> bool {
        let ranges = self.ranges_of(name);
        ranges
            .iter()
            .enumerate()
            .any(|(i, &a)| ranges[i + 1..].iter().any(|&b| self.ranges[a].range.intersects(&self.ranges[b].range)))
    }
}
