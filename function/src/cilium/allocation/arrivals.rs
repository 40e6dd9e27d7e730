//! Things in the order in which they were created.

use std::collections::BTreeMap;

/// When a thing came, which is how it is found here; who has the thing keeps it.
pub(super) type Turn = i64;

/// In order of arrival.
#[derive(Debug, Clone)]
pub(super) struct Arrivals<T>(BTreeMap<Turn, T>);

impl<T> Default for Arrivals<T> {
    fn default() -> Self {
        Arrivals(BTreeMap::new())
    }
}

impl<T> Arrivals<T> {
    /// It comes last.
    pub(super) fn push(&mut self, one: T) -> Turn {
        let turn = self.0.last_key_value().map_or(0, |(last, _)| last + 1);
        self.0.insert(turn, one);
        turn
    }

    /// It comes first.
    pub(super) fn push_first(&mut self, one: T) -> Turn {
        let turn = self.0.first_key_value().map_or(0, |(first, _)| first - 1);
        self.0.insert(turn, one);
        turn
    }

    pub(super) fn remove(&mut self, turn: Turn) -> Option<T> {
        self.0.remove(&turn)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_put_first() {
        let mut arrivals = Arrivals::default();
        let [_, _, b, d] = ["c", "a", "b", "d"].map(|one| arrivals.push(one));
        assert_eq!((arrivals.remove(b), arrivals.remove(b)), (Some("b"), None));
        arrivals.remove(d);
        let d = arrivals.push_first("d");
        arrivals.push_first("e");
        arrivals.push("f");
        assert_eq!(arrivals.iter().copied().collect::<Vec<_>>(), ["e", "d", "c", "a", "f"]);
        assert_eq!(arrivals.remove(d), Some("d"));
    }
}
