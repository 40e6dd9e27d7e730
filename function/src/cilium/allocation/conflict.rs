//! Which pools are switched off because they overlap (`settleConflicts`).

use super::chance::{Chance, shuffled};
use super::controller::{Controller, POOL_IS_GONE, PoolRange, RangeId, Stop};
use crate::cilium::effort::looked;
use crate::cilium::near::Near;
use std::collections::BTreeMap;

/// Each pool that overlaps, with the pools that it overlaps (others, or itself) and by how many pairs of ranges.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlaps {
    pub(super) met: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Overlaps {
    /// A range has come beside those near it.
    pub(super) fn come(&mut self, range: RangeId, ranges: &[PoolRange], near: &Near<RangeId>) {
        self.each_pair(range, ranges, near, |met, one, other| {
            *met.entry(one.to_owned()).or_default().entry(other.to_owned()).or_default() += 1;
        });
    }

    /// A range has gone from those near it.
    pub(super) fn go(&mut self, range: RangeId, ranges: &[PoolRange], near: &Near<RangeId>) {
        self.each_pair(range, ranges, near, |met, one, other| {
            let Some(others) = met.get_mut(one) else { return };
            if let Some(pairs) = others.get_mut(other) {
                *pairs -= 1;
                if *pairs == 0 {
                    others.remove(other);
                }
            }
            if others.is_empty() {
                met.remove(one);
            }
        });
    }

    fn each_pair(
        &mut self,
        range: RangeId,
        ranges: &[PoolRange],
        near: &Near<RangeId>,
        mut note: impl FnMut(&mut BTreeMap<String, BTreeMap<String, usize>>, &str, &str),
    ) {
        let one = &*ranges[range].pool;
        for met in near.meeting(ranges[range].range) {
            looked();
            let other = &*ranges[met].pool;
            note(&mut self.met, one, other);
            if one != other {
                note(&mut self.met, other, one);
            }
        }
    }

    /// The pools that this one overlaps.
    fn of(&self, name: &str) -> impl Iterator<Item = &String> {
        self.met.get(name).into_iter().flat_map(BTreeMap::keys)
    }
}

impl Controller {
    /// Mark what overlaps, then unmark what no longer does.
    ///
    /// Of two pools the one created later is marked; of two created in the same second the one that the walk over
    /// all pools comes to first. Selectors and `disabled` make no difference. It ends at one that is gone.
    pub(super) fn settle(&mut self, chance: &mut dyn Chance) -> Result<(), Stop> {
        if self.overlaps.met.is_empty() && !self.pools.values().any(|entry| entry.status.conflict == Some(true)) {
            return Ok(());
        }
        let unmarked = |this: &Controller, name: &str| -> Vec<String> {
            this.overlaps.of(name).filter(|other| *other == name || !this.is_marked(other)).cloned().collect()
        };
        let open = |name: &&String| !self.is_marked(name) && !unmarked(self, name).is_empty();
        let open: Vec<String> = self.pool_places.iter().filter(open).cloned().collect();
        for name in shuffled(chance, open) {
            if self.is_marked(&name) {
                continue;
            }
            let mut opponents = unmarked(self, &name);
            if opponents.contains(&name) {
                self.mark(&name)?;
                continue;
            }
            if opponents.is_empty() {
                continue;
            }
            let chosen = if opponents.len() > 1 { chance.choose(opponents.len()) } else { 0 };
            let opponent = opponents.swap_remove(chosen.min(opponents.len() - 1));
            let created = |pool: &String| self.pools.get(pool).and_then(|entry| entry.pool.created);
            let younger = if created(&name) < created(&opponent) { opponent } else { name };
            self.mark(&younger)?;
        }
        let freed = |name: &&String| self.is_marked(name) && self.overlaps.of(name).next().is_none();
        let freed: Vec<String> = self.pools.keys().filter(freed).cloned().collect();
        for name in self.walk_of(freed, String::as_str, chance) {
            self.unmark(&name)?;
        }
        Ok(())
    }

    /// In which order the statuses of these pools are written. It only matters where the walk ends at one that is gone.
    pub(super) fn walk_of<T>(&self, mut pools: Vec<T>, name: fn(&T) -> &str, chance: &mut dyn Chance) -> Vec<T> {
        if !pools.iter().any(|pool| self.gone.contains(name(pool))) {
            return pools;
        }
        let places: BTreeMap<&str, usize> = self.pool_places.iter().map(String::as_str).zip(0..).collect();
        pools.sort_by_key(|pool| places.get(name(pool)));
        shuffled(chance, pools)
    }

    /// Switch a pool off.
    fn mark(&mut self, name: &str) -> Result<(), Stop> {
        self.set_marked(name, true)
    }

    /// Switch a pool on again, or say of a new one that it is in no conflict.
    pub(super) fn unmark(&mut self, name: &str) -> Result<(), Stop> {
        self.set_marked(name, false)
    }

    fn set_marked(&mut self, name: &str, marked: bool) -> Result<(), Stop> {
        let Some(entry) = self.pools.get_mut(name) else { return Ok(()) };
        let changed = entry.status.conflict != Some(marked);
        entry.status.conflict = Some(marked);
        for range in entry.ranges.clone() {
            self.ranges[range].conflicting = marked;
            self.regard(range);
        }
        if changed && self.gone.contains(name) {
            return Err(POOL_IS_GONE);
        }
        if changed {
            self.remarked.insert(name.to_owned());
        }
        Ok(())
    }

    fn is_marked(&self, name: &str) -> bool {
        self.pools.get(name).is_some_and(|entry| entry.status.conflict == Some(true))
    }
}
