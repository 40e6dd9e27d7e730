//! A Go map, as far as the order of its entries goes.
//!
//! A new entry takes the first place that is free. What that says of a walk over the map is for [`Chance`] to
//! decide.
//!
//! [`Chance`]: super::Chance

use std::collections::{BTreeMap, BTreeSet};

/// The keys of a map in the order of their places.
#[derive(Debug, Clone)]
pub(super) struct Places<T> {
    entries: BTreeMap<usize, T>,
    place_of: BTreeMap<T, usize>,
    /// Places that were taken once, and the first that never was.
    free: BTreeSet<usize>,
    end: usize,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Places { entries: BTreeMap::new(), place_of: BTreeMap::new(), free: BTreeSet::new(), end: 0 }
    }
}

impl<T: Clone + Ord> Places<T> {
    /// Put it in, unless it is there.
    pub(super) fn insert(&mut self, entry: T) {
        if self.place_of.contains_key(&entry) {
            return;
        }
        let place = self.free.pop_first().unwrap_or_else(|| {
            self.end += 1;
            self.end - 1
        });
        self.entries.insert(place, entry.clone());
        self.place_of.insert(entry, place);
    }

    pub(super) fn remove(&mut self, entry: &T) {
        if let Some(place) = self.place_of.remove(entry) {
            self.entries.remove(&place);
            self.free.insert(place);
        }
    }

    pub(super) fn contains(&self, entry: &T) -> bool {
        self.place_of.contains_key(entry)
    }

    /// In the order of the places.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.values()
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Those of these that are in, in the order of the places.
    pub(super) fn sorted(&self, some: impl Iterator<Item = T>) -> Vec<T> {
        let there = some.filter_map(|one| Some((*self.place_of.get(&one)?, one)));
        let by_place: BTreeMap<usize, T> = there.collect();
        by_place.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_entry_takes_the_first_free_place() {
        let mut places = Places::default();
        for entry in [3, 1, 2, 1] {
            places.insert(entry);
        }
        places.remove(&3);
        places.remove(&9);
        places.insert(7);
        assert_eq!(places.iter().copied().collect::<Vec<_>>(), [7, 1, 2]);
        places.remove(&1);
        assert_eq!(places.iter().copied().collect::<Vec<_>>(), [7, 2]);
    }
}
