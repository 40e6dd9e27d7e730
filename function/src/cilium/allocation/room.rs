//! Which ranges have room for a Service, without asking all pools.
//!
//! Pools with the same selector serve the same Services. For each such class it is noted which ranges serve and
//! which of them have a free address, so that the next range is found without looking at the full ones.

use super::controller::RangeId;
use crate::cilium::address::Family;
use crate::cilium::effort::looked;
use crate::cilium::selecting::{PoolSelector, Selecting};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A class of pools.
pub(super) type ClassId = usize;

/// Ranges in the order in which they serve: under one empty name up to 1.19, where all stand in one list; under
/// their pools from 1.20, where chance decides between pools.
type Shelf = BTreeMap<Arc<str>, BTreeSet<RangeId>>;

#[derive(Debug, Clone)]
struct Class {
    selector: PoolSelector,
    pools: usize,
    /// IPv4, IPv6.
    serving: [Shelf; 2],
    open: [Shelf; 2],
}

/// All classes that there are.
#[derive(Debug, Clone, Default)]
pub(super) struct Room {
    classes: BTreeMap<ClassId, Class>,
    latest: ClassId,
    index: Selecting<ClassId>,
    broken: BTreeSet<ClassId>,
}

/// What has changed about a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    /// It has begun or ceased to serve.
    pub serving: bool,
    /// It has a free address now, and had none.
    pub opened: bool,
}

impl Room {
    /// The class of pools with this selector; one more pool is in it now.
    pub(super) fn enter(&mut self, selector: &PoolSelector) -> ClassId {
        let same = |class: &ClassId| {
            looked();
            self.classes.get(class).is_some_and(|class| class.selector == *selector)
        };
        let class = self.index.beside(selector).iter().copied().find(same).unwrap_or_else(|| {
            self.latest += 1;
            let (serving, open) = Default::default();
            self.classes.insert(self.latest, Class { selector: selector.clone(), pools: 0, serving, open });
            self.index.insert(selector, self.latest);
            if matches!(selector, Some(Err(_))) {
                self.broken.insert(self.latest);
            }
            self.latest
        });
        if let Some(class) = self.classes.get_mut(&class) {
            class.pools += 1;
        }
        class
    }

    /// A pool of the class is gone, and its ranges are.
    pub(super) fn leave(&mut self, class: ClassId) {
        let Some(left) = self.classes.get_mut(&class) else { return };
        left.pools -= 1;
        if left.pools == 0
            && let Some(gone) = self.classes.remove(&class)
        {
            self.index.remove(&gone.selector, class);
            self.broken.remove(&class);
        }
    }

    /// The selector of a class.
    pub(super) fn selector(&self, class: ClassId) -> Option<&PoolSelector> {
        self.classes.get(&class).map(|class| &class.selector)
    }

    /// Note of a range whether it serves, and whether it has a free address.
    pub(super) fn note(
        &mut self,
        class: ClassId,
        family: Family,
        (shelf, range): (&Arc<str>, RangeId),
        (serves, has_free): (bool, bool),
    ) -> Change {
        let Some(class) = self.classes.get_mut(&class) else { return Change { serving: false, opened: false } };
        let serving = set(&mut class.serving[at(family)], shelf, range, serves);
        let open = set(&mut class.open[at(family)], shelf, range, serves && has_free);
        Change { serving, opened: open && serves && has_free }
    }

    /// Whether somebody who asks may meet an error: a pool that serves has a selector that cannot be compiled.
    pub(super) fn may_fail(&self) -> bool {
        let serves = |class: &Class| class.serving.iter().any(|shelf| !shelf.is_empty());
        self.broken.iter().any(|class| self.classes.get(class).is_some_and(serves))
    }

    /// Where a Service with these labels can get an address of the family.
    pub(super) fn of(&self, labels: &BTreeMap<String, String>, family: Family) -> Rooms<'_> {
        let mut rooms = Rooms { shelves: Vec::new(), any_serves: false };
        for class in self.index.near(labels) {
            looked();
            let Some(class) = self.classes.get(&class) else { continue };
            let serving = &class.serving[at(family)];
            let (shelf, fails) = match &class.selector {
                Some(Err(_)) => (serving, true),
                Some(Ok(selector)) if !selector.matches(labels) => continue,
                Some(Ok(_)) | None => (&class.open[at(family)], false),
            };
            rooms.any_serves |= !fails && !serving.is_empty();
            if !shelf.is_empty() {
                rooms.shelves.push((shelf, fails));
            }
        }
        rooms
    }
}

/// Where a Service can get an address, as far as its selectors go.
#[derive(Debug)]
pub(super) struct Rooms<'r> {
    /// Ranges with a free address; and of the pools whose selector cannot be compiled all ranges, full or not.
    shelves: Vec<(&'r Shelf, bool)>,
    /// Whether any range serves it, full or not.
    pub any_serves: bool,
}

impl Rooms<'_> {
    /// How many there are to choose from: one up to 1.19, if any; then one a pool.
    pub(super) fn choices(&self) -> usize {
        self.shelves.iter().map(|(shelf, _)| shelf.len()).sum()
    }

    /// One of them, in the order in which the ranges stand; an error is a selector that cannot be compiled.
    pub(super) fn choice(&self, chosen: usize) -> Option<Result<RangeId, ()>> {
        let mut all: Vec<(&str, RangeId, bool)> = Vec::new();
        for (shelf, fails) in &self.shelves {
            // More than the first so many of one shelf cannot come before it.
            for (name, ranges) in shelf.iter().take(chosen + 1) {
                looked();
                all.extend(ranges.first().map(|&range| (&**name, range, *fails)));
            }
        }
        all.sort_unstable();
        all.get(chosen).map(|&(_, range, fails)| if fails { Err(()) } else { Ok(range) })
    }
}

fn at(family: Family) -> usize {
    match family {
        Family::V4 => 0,
        Family::V6 => 1,
    }
}

/// Put it in or take it out; true if that is a change.
fn set(shelf: &mut Shelf, name: &Arc<str>, range: RangeId, is: bool) -> bool {
    if is {
        return match shelf.get_mut(name) {
            Some(ranges) => ranges.insert(range),
            None => shelf.insert(name.clone(), BTreeSet::from([range])).is_none(),
        };
    }
    let Some(ranges) = shelf.get_mut(name) else { return false };
    let was = ranges.remove(&range);
    if ranges.is_empty() {
        shelf.remove(name);
    }
    was
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cilium::LabelSelector;

    fn labels(color: &str) -> BTreeMap<String, String> {
        [("color".to_owned(), color.to_owned())].into()
    }

    fn selector(color: &str) -> PoolSelector {
        Some(LabelSelector::compile(&labels(color), &[]))
    }

    #[test]
    fn the_first_with_room_of_all_that_select() {
        let mut room = Room::default();
        let (all, red) = (room.enter(&None), room.enter(&selector("red")));
        assert_eq!(room.enter(&selector("red")), red, "equal selectors are one class");
        let one: Arc<str> = Arc::from("");
        for (class, range) in [(all, 4), (red, 2), (red, 7)] {
            let change = room.note(class, Family::V4, (&one, range), (true, true));
            assert_eq!(change, Change { serving: true, opened: true });
        }
        let first = |room: &Room, color: &str| room.of(&labels(color), Family::V4).choice(0);
        assert_eq!((first(&room, "red"), first(&room, "blue")), (Some(Ok(2)), Some(Ok(4))));
        let full = room.note(red, Family::V4, (&one, 2), (true, false));
        assert_eq!(full, Change { serving: false, opened: false });
        assert_eq!(first(&room, "red"), Some(Ok(4)));
        room.note(all, Family::V4, (&one, 4), (false, true));
        assert_eq!(first(&room, "blue"), None);
        assert!(!room.of(&labels("blue"), Family::V4).any_serves && room.of(&labels("red"), Family::V4).any_serves);
        room.leave(red);
        assert_eq!(first(&room, "red"), Some(Ok(7)));
        room.leave(red);
        assert_eq!(first(&room, "red"), None);
    }

    #[test]
    fn from_1_20_one_of_each_pool() {
        let mut room = Room::default();
        let (all, red) = (room.enter(&None), room.enter(&selector("red")));
        let [a, b, c] = ["a", "b", "c"].map(Arc::<str>::from);
        for (class, pool, range) in [(all, &c, 0), (red, &b, 1), (all, &a, 2), (all, &a, 3)] {
            room.note(class, Family::V6, (pool, range), (true, true));
        }
        let rooms = room.of(&labels("red"), Family::V6);
        assert_eq!(rooms.choices(), 3);
        assert_eq!([0, 1, 2, 3].map(|at| rooms.choice(at)), [Some(Ok(2)), Some(Ok(1)), Some(Ok(0)), None]);
        assert_eq!(room.of(&labels("red"), Family::V4).choices(), 0);
    }
}
