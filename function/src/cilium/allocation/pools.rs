//! Pools that come, change and go.

use super::chance::{Chance, shuffled};
use super::cluster::PoolStatus;
use super::controller::{Controller, PoolEntry, PoolRange, RangeId, Stop, ViewId};
use super::gaps::Gaps;
use crate::cilium::address::number;
use crate::cilium::block::{Block, BlockError};
use crate::cilium::pool::Pool;
use crate::cilium::profile::{BadBlock, Startup, UnsetFirstLast};
use std::collections::{BTreeMap, BTreeSet};

const BAD_BLOCK: Stop = Stop::Error("a block cannot be used");

impl Controller {
    /// A pool is new, or has changed, or is delivered again (`poolOnUpsert`). The status is what it comes with.
    /// False where it did nothing, which leaves the counts of all pools unwritten too.
    pub(super) fn pool_upsert(
        &mut self,
        pool: Pool,
        status: PoolStatus,
        chance: &mut dyn Chance,
    ) -> Result<bool, Stop> {
        match self.pools.get(&pool.name) {
            Some(known) if self.profile.same_spec_ignored && same_spec(&known.pool, &pool) => return Ok(false),
            Some(_) => self.change_pool(pool, status, chance)?,
            None => self.add_pool(pool, status)?,
        }
        self.settle(chance)?;
        self.satisfy_services(chance).map(|()| true)
    }

    fn add_pool(&mut self, pool: Pool, status: PoolStatus) -> Result<(), Stop> {
        let name = pool.name.clone();
        if pool.first_error().is_some() && self.profile.bad_block == BadBlock::DropsPool {
            return Err(BAD_BLOCK);
        }
        self.touched.insert(name.as_str().into());
        self.pool_places.insert(name.clone());
        let class = self.room.enter(&pool.selector);
        self.pools.insert(name.clone(), PoolEntry { pool: pool.clone(), ranges: Vec::new(), class, status });
        for block in &pool.blocks {
            let Ok(block) = block else { return Err(BAD_BLOCK) };
            self.add_range(&pool, block);
        }
        self.unmark(&name)
    }

    fn add_range(&mut self, pool: &Pool, block: &Block) {
        let (first, last) = (number(block.range.first()), number(block.range.last()));
        let range = PoolRange {
            range: block.range,
            gaps: Gaps::new(first, last, self.profile.gap_size_without_borrow),
            holders: BTreeMap::new(),
            disabled: pool.disabled,
            conflicting: false,
            pool: pool.name.as_str().into(),
            listed: false,
        };
        self.ranges.push(range);
        let id = self.ranges.len() - 1;
        for end in block.reserved(pool.allow_first_last, &self.profile).into_iter().flatten() {
            self.take(id, number(end), None);
        }
        if let Some(entry) = self.pools.get_mut(&pool.name) {
            entry.ranges.push(id);
        }
        self.list(id, true);
    }

    /// `handlePoolModified`
    fn change_pool(&mut self, pool: Pool, status: PoolStatus, chance: &mut dyn Chance) -> Result<(), Stop> {
        let name = pool.name.clone();
        let Some(known) = self.pools.get_mut(&name) else { return Ok(()) };
        let keeps_ends = |pool: &Pool, unset| match pool.allow_first_last {
            Some(allowed) => !allowed,
            None => unset == UnsetFirstLast::Reserved,
        };
        let unset = self.profile.unset_first_last;
        let ends_changed = keeps_ends(&known.pool, unset) != keeps_ends(&pool, unset);
        known.pool = pool.clone();
        known.status = status;
        let existing = known.ranges.clone();
        self.touched.insert(name.as_str().into());
        self.select_anew(&name);
        // The wrong order and the mixed families are only noticed when the range is made, after the others.
        let unreadable = |block: &Result<Block, BlockError>| matches!(block, Err(error) if !matches!(error, BlockError::StartAfterStop | BlockError::MixedFamilies));
        if pool.blocks.iter().any(unreadable) {
            return Err(BAD_BLOCK);
        }
        let same = |range: RangeId, ranges: &[PoolRange]| {
            pool.blocks.iter().flatten().find(|block| block.range == ranges[range].range).cloned()
        };
        for &range in &existing {
            match same(range, &self.ranges) {
                Some(block) if ends_changed => self.toggle_ends(range, &block, keeps_ends(&pool, unset)),
                Some(_) => {}
                None => self.remove_range(&name, range),
            }
        }
        for block in &pool.blocks {
            let Ok(block) = block else { return Err(BAD_BLOCK) };
            // Up to 1.19 only what was there before the change counts as there, so two equal new blocks both go in.
            let there = if self.has_clusters() {
                self.pools.get(&name).map(|entry| entry.ranges.clone()).unwrap_or_default()
            } else {
                existing.clone()
            };
            if !there.iter().any(|&range| self.ranges[range].range == block.range) {
                self.add_range(&pool, block);
            }
        }
        for range in self.pools.get(&name).map(|entry| entry.ranges.clone()).unwrap_or_default() {
            self.ranges[range].disabled = pool.disabled;
            self.regard(range);
        }
        self.revalidate(chance)
    }

    /// `allowFirstLastIPs` was turned: free both ends, whoever holds them, or keep those that are free.
    fn toggle_ends(&mut self, range: RangeId, block: &Block, keep: bool) {
        // Asked as if the pool said No: these are the ends that can be kept at all.
        let Some(ends) = block.reserved(Some(false), &self.profile) else { return };
        for end in ends {
            if keep {
                self.take(range, number(end), None);
            } else {
                self.free(range, number(end));
            }
        }
    }

    fn remove_range(&mut self, pool: &str, range: RangeId) {
        self.list(range, false);
        if let Some(entry) = self.pools.get_mut(pool) {
            entry.ranges.retain(|&one| one != range);
        }
        self.take_back(range);
    }

    /// Take the addresses of a range from all who have one (`deleteRangeAllocations`), and say who had: those that
    /// lacked something, and the satisfied.
    fn take_back(&mut self, range: RangeId) -> (Vec<ViewId>, Vec<ViewId>) {
        let unsatisfied: Vec<ViewId> = self.unsatisfied.iter().copied().collect();
        let satisfied: Vec<ViewId> = self.satisfied.iter().copied().collect();
        let mut had = |views: Vec<ViewId>| views.into_iter().filter(|&view| self.loses(view, range)).collect();
        (had(unsatisfied), had(satisfied))
    }

    fn loses(&mut self, view: ViewId, range: RangeId) -> bool {
        let before = self.views[view].held.len();
        for at in (0..before).rev() {
            if self.views[view].held.get(&self.shared.slots, at).is_some_and(|held| held.range == range) {
                self.views[view].held.remove(&mut self.shared.slots, at);
            }
        }
        let lost = self.views[view].held.len() < before;
        if lost {
            self.stir_sharers(view);
        }
        lost
    }

    /// A pool is gone (`poolOnDelete`).
    pub(super) fn pool_delete(&mut self, name: &str, chance: &mut dyn Chance) -> Result<bool, Stop> {
        let ranges = self.pools.get(name).map(|entry| entry.ranges.clone()).unwrap_or_default();
        let mut affected = Vec::new();
        for range in ranges {
            self.list(range, false);
            let (unsatisfied, satisfied) = self.take_back(range);
            affected.extend(shuffled(chance, unsatisfied));
            affected.extend(shuffled(chance, satisfied));
        }
        if let Some(gone) = self.pools.remove(name) {
            self.room.leave(gone.class);
        }
        self.pool_places.remove(&name.to_owned());
        let mut failed = None;
        for view in affected {
            match self.restore(view, chance) {
                Ok(()) => {}
                Err(Stop::Error(error)) => failed = Some(Stop::Error(error)),
                Err(panic) => return Err(panic),
            }
        }
        failed.map_or(Ok(()), Err)?;
        self.settle(chance)?;
        self.satisfy_services(chance).map(|()| true)
    }

    /// Keep what can be kept and try to get the rest, then note that the status is to be written.
    fn restore(&mut self, view: ViewId, chance: &mut dyn Chance) -> Result<(), Stop> {
        let mut modified = self.import(view, chance)?;
        if !self.views[view].is_satisfied() && self.satisfy(view, chance)? {
            modified = true;
        }
        if modified {
            self.patch(view);
        }
        self.file(view);
        Ok(())
    }

    /// Look at every Service again (`revalidateAllServices`).
    pub(super) fn revalidate(&mut self, chance: &mut dyn Chance) -> Result<(), Stop> {
        match self.profile.startup {
            Startup::ImportThenAllocate => self.revalidate_in_two_phases(chance),
            // Who moves from the first set to the second is looked at twice.
            Startup::SatisfiedFirst => {
                self.revalidate_each(true, chance)?;
                self.revalidate_each(false, chance)
            }
            Startup::OneByOne => {
                self.revalidate_each(false, chance)?;
                self.revalidate_each(true, chance)
            }
        }
    }

    fn revalidate_each(&mut self, satisfied: bool, chance: &mut dyn Chance) -> Result<(), Stop> {
        let set = if satisfied { &self.satisfied } else { &self.unsatisfied };
        for view in shuffled(chance, set.iter().copied().collect()) {
            self.strip(view)?;
            self.restore(view, chance)?;
        }
        Ok(())
    }

    fn revalidate_in_two_phases(&mut self, chance: &mut dyn Chance) -> Result<(), Stop> {
        let mut order = shuffled(chance, self.satisfied.iter().copied().collect());
        order.extend(shuffled(chance, self.unsatisfied.iter().copied().collect()));
        let mut modified = BTreeSet::new();
        for &view in &order {
            self.strip(view)?;
            if self.import(view, chance)? {
                modified.insert(view);
            }
            self.file(view);
        }
        for &view in &order {
            let gained = !self.views[view].is_satisfied() && self.satisfy(view, chance)?;
            if gained || modified.contains(&view) {
                self.patch(view);
            }
            self.file(view);
        }
        Ok(())
    }
}

/// Whether the specs are equal, as far as they are known here.
fn same_spec(one: &Pool, two: &Pool) -> bool {
    one.blocks == two.blocks
        && one.selector == two.selector
        && one.disabled == two.disabled
        && one.allow_first_last == two.allow_first_last
}
