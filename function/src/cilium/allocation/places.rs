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
    entries: Vec<Option<T>>,
    place_of: BTreeMap<T, usize>,
    free: BTreeSet<usize>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Places { entries: Vec::new(), place_of: BTreeMap::new(), free: BTreeSet::new() }
    }
}

impl<T: Clone + Ord> Places<T> {
    /// Put it in, unless it is there.
    pub(super) fn insert(&mut self, entry: T) {
        if self.place_of.contains_key(&entry) {
            return;
        }
        let place = match self.free.pop_first() {
            Some(place) => {
                self.entries[place] = Some(entry.clone());
                place
            }
            None => {
                self.entries.push(Some(entry.clone()));
                self.entries.len() - 1
            }
        };
        self.place_of.insert(entry, place);
    }

    pub(super) fn remove(&mut self, entry: &T) {
        if let Some(place) = self.place_of.remove(entry) {
            self.entries[place] = None;
            self.free.insert(place);
        }
    }

    pub(super) fn contains(&self, entry: &T) -> bool {
        self.place_of.contains_key(entry)
    }

    /// In the order of the places.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().flatten()
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
