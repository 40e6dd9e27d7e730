//! Things in the order in which they were created.

use std::collections::BTreeMap;

/// In order of arrival; coming and going cost a look-up each.
#[derive(Debug, Clone)]
pub(super) struct Arrivals<T> {
    by_turn: BTreeMap<u64, T>,
    turn_of: BTreeMap<T, u64>,
    next: u64,
}

impl<T> Default for Arrivals<T> {
    fn default() -> Self {
        Arrivals { by_turn: BTreeMap::new(), turn_of: BTreeMap::new(), next: 0 }
    }
}

impl<T: Clone + Ord> Arrivals<T> {
    /// It comes last, unless it is there.
    pub(super) fn push(&mut self, one: T) {
        if !self.turn_of.contains_key(&one) {
            self.by_turn.insert(self.next, one.clone());
            self.turn_of.insert(one, self.next);
            self.next += 1;
        }
    }

    pub(super) fn remove(&mut self, one: &T) {
        if let Some(turn) = self.turn_of.remove(one) {
            self.by_turn.remove(&turn);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.by_turn.values()
    }

    /// The same, with these first as far as they are there.
    pub(super) fn with_first(&self, first: Vec<T>) -> Arrivals<T> {
        let mut ordered = Arrivals::default();
        let there = first.into_iter().filter(|one| self.turn_of.contains_key(one));
        there.chain(self.iter().cloned()).for_each(|one| ordered.push(one));
        ordered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_put_first() {
        let mut arrivals = Arrivals::default();
        ["c", "a", "b", "a", "d"].into_iter().for_each(|one| arrivals.push(one));
        arrivals.remove(&"b");
        arrivals.remove(&"x");
        assert_eq!(arrivals.iter().copied().collect::<Vec<_>>(), ["c", "a", "d"]);
        let ordered = arrivals.with_first(vec!["d", "x", "d"]);
        assert_eq!(ordered.iter().copied().collect::<Vec<_>>(), ["d", "c", "a"]);
    }
}
