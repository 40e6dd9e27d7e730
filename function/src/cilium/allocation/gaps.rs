//! The free addresses of one range, and which of them is next.
//!
//! Cilium's allocator (`pkg/ipalloc`, 1.15 and later) keeps the free intervals in a binary heap by size and hands
//! out **the first address of the smallest gap**, not the lowest free address: in a fresh /28 with .5 and .10
//! taken, .6 is next. What is smallest is decided with Go's `container/heap` on a size that is sometimes stale, so
//! ties and orders follow the position in the heap's array; this is that heap, step by step.

use std::collections::BTreeMap;

/// A free interval.
#[derive(Debug, Clone)]
struct Gap {
    first: u128,
    last: u128,
    /// The size it is ordered by: last less first when it was last computed, and 1 for a single address that was
    /// given back (0 for one that is left over).
    key: u128,
    /// Where it stands in the heap.
    place: usize,
}

/// The free addresses of a range, as numbers of its family.
#[derive(Debug, Clone)]
pub struct Gaps {
    gaps: Vec<Gap>,
    unused: Vec<usize>,
    /// Gap ids in the order of Go's heap array.
    heap: Vec<usize>,
    /// First address to gap id: the linked list of Cilium's allocator.
    by_first: BTreeMap<u128, usize>,
    /// Before 1.20 the 128-bit difference loses its borrow.
    without_borrow: bool,
}

impl Gaps {
    /// All addresses from first to last are free.
    pub fn new(first: u128, last: u128, without_borrow: bool) -> Gaps {
        let mut gaps =
            Gaps { gaps: Vec::new(), unused: Vec::new(), heap: Vec::new(), by_first: BTreeMap::new(), without_borrow };
        let key = gaps.size(first, last);
        gaps.push(first, last, key);
        gaps
    }

    /// The address that a Service without a wish gets next.
    pub fn next(&self) -> Option<u128> {
        self.heap.first().map(|&id| self.gaps[id].first)
    }

    /// Whether no address is free.
    pub fn is_full(&self) -> bool {
        self.heap.is_empty()
    }

    /// Take this address out; false if it is not free.
    pub fn take(&mut self, address: u128) -> bool {
        let Some(id) = self.at_or_before(address).filter(|&id| self.gaps[id].last >= address) else { return false };
        let (first, last, place) = (self.gaps[id].first, self.gaps[id].last, self.gaps[id].place);
        if first == last {
            self.remove(place);
        } else if first == address {
            self.by_first.remove(&first);
            self.by_first.insert(first + 1, id);
            self.gaps[id].first = first + 1;
            self.resize(id);
            self.fix(place);
        } else if last == address {
            self.gaps[id].last = last - 1;
            self.resize(id);
            self.fix(place);
        } else {
            self.remove(place);
            let (left, right) = (self.size(first, address - 1), self.size(address + 1, last));
            self.push(first, address - 1, left);
            self.push(address + 1, last, right);
        }
        true
    }

    /// Give this address back. It is not checked that it was taken.
    pub fn release(&mut self, address: u128) {
        let Some(&root) = self.heap.first() else {
            self.push(address, address, 1);
            return;
        };
        let left = self.at_or_before(address);
        let right = self.by_first.range(address + u128::from(address < u128::MAX)..).next().map(|(_, &id)| id);
        let touches_left = left.filter(|&id| self.gaps[id].last.checked_add(1) == Some(address));
        let touches_right = right.filter(|&id| self.gaps[id].first == address + 1);
        // The search walks from the root and grows the first gap that it meets at the address.
        let from_the_right = self.gaps[root].first > address;
        match (touches_left, touches_right) {
            (_, Some(id)) if from_the_right || touches_left.is_none() => {
                self.by_first.remove(&self.gaps[id].first);
                self.by_first.insert(address, id);
                self.gaps[id].first = address;
                // Grown to the left: the new size is noted, the place in the heap is not looked at.
                self.resize(id);
                if let Some(neighbour) = touches_left {
                    self.merge(neighbour, id);
                }
            }
            (Some(id), neighbour) => {
                let steps = self.steps(root, id);
                self.gaps[id].last = address;
                self.resize(id);
                // Grown to the right: the heap is put right at the number of steps walked, whichever gap is there.
                self.fix(steps);
                if let Some(neighbour) = neighbour {
                    self.merge(id, neighbour);
                }
            }
            (None, _) => self.push(address, address, 1),
        }
    }

    /// The gaps as the heap has them: first, last and the size that each is ordered by.
    pub(super) fn layout(&self) -> impl Iterator<Item = [u128; 3]> + '_ {
        self.heap.iter().map(|&id| [self.gaps[id].first, self.gaps[id].last, self.gaps[id].key])
    }

    fn at_or_before(&self, address: u128) -> Option<usize> {
        self.by_first.range(..=address).next_back().map(|(_, &id)| id)
    }

    /// How many gaps the search passes from one to the other.
    fn steps(&self, from: usize, to: usize) -> usize {
        let (a, b) = (self.gaps[from].first, self.gaps[to].first);
        self.by_first.range(a.min(b)..a.max(b)).count()
    }

    fn size(&self, first: u128, last: u128) -> u128 {
        let size = last - first;
        let low = |n: u128| n & u128::from(u64::MAX);
        if self.without_borrow && low(last) < low(first) { size.wrapping_add(1 << 64) } else { size }
    }

    fn resize(&mut self, id: usize) {
        self.gaps[id].key = self.size(self.gaps[id].first, self.gaps[id].last);
    }

    fn merge(&mut self, left: usize, right: usize) {
        let (first, last) = (self.gaps[left].first, self.gaps[right].last);
        self.remove(self.gaps[left].place);
        self.remove(self.gaps[right].place);
        let key = self.size(first, last);
        self.push(first, last, key);
    }

    fn push(&mut self, first: u128, last: u128, key: u128) {
        let gap = Gap { first, last, key, place: self.heap.len() };
        let id = match self.unused.pop() {
            Some(id) => {
                self.gaps[id] = gap;
                id
            }
            None => {
                self.gaps.push(gap);
                self.gaps.len() - 1
            }
        };
        self.by_first.insert(first, id);
        self.heap.push(id);
        self.up(self.heap.len() - 1);
    }

    fn remove(&mut self, place: usize) {
        let last = self.heap.len() - 1;
        if last != place {
            self.swap(place, last);
            if !self.down(place, last) {
                self.up(place);
            }
        }
        if let Some(id) = self.heap.pop() {
            self.by_first.remove(&self.gaps[id].first);
            self.unused.push(id);
        }
    }

    fn fix(&mut self, place: usize) {
        if !self.down(place, self.heap.len()) {
            self.up(place);
        }
    }

    fn smaller(&self, i: usize, j: usize) -> bool {
        self.gaps[self.heap[i]].key < self.gaps[self.heap[j]].key
    }

    fn swap(&mut self, i: usize, j: usize) {
        self.heap.swap(i, j);
        self.gaps[self.heap[i]].place = i;
        self.gaps[self.heap[j]].place = j;
    }

    fn up(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if !self.smaller(place, parent) {
                return;
            }
            self.swap(parent, place);
            place = parent;
        }
    }

    fn down(&mut self, start: usize, end: usize) -> bool {
        let mut place = start;
        loop {
            let left = 2 * place + 1;
            if left >= end {
                break;
            }
            let child = if left + 1 < end && self.smaller(left + 1, left) { left + 1 } else { left };
            if !self.smaller(child, place) {
                break;
            }
            self.swap(place, child);
            place = child;
        }
        place > start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offsets that generic Services get, after pins, until `most` or full.
    fn after(pins: &[u128], last: u128, ends_reserved: bool, most: usize) -> Vec<u128> {
        let mut gaps = Gaps::new(0, last, false);
        if ends_reserved {
            assert!(gaps.take(0) && gaps.take(last));
        }
        for &pin in pins {
            assert!(gaps.take(pin));
        }
        drain(&mut gaps, most)
    }

    fn drain(gaps: &mut Gaps, most: usize) -> Vec<u128> {
        let mut got = Vec::new();
        while let Some(address) = gaps.next().filter(|_| got.len() < most) {
            assert!(gaps.take(address));
            got.push(address);
        }
        got
    }

    fn joined(parts: &[std::ops::RangeInclusive<u128>]) -> Vec<u128> {
        parts.iter().cloned().flatten().collect()
    }

    /// The ten rows that the real allocator of all six versions gave.
    #[test]
    fn lowest_of_the_smallest_gap() {
        assert_eq!(after(&[], 7, false, 9), joined(&[0..=7]));
        assert_eq!(after(&[], 7, true, 9), joined(&[1..=6]));
        assert_eq!(after(&[3], 7, false, 9), joined(&[0..=2, 4..=7]));
        assert_eq!(after(&[4], 7, false, 9), joined(&[5..=7, 0..=3]));
        assert_eq!(after(&[6], 7, false, 9), joined(&[7..=7, 0..=5]));
        assert_eq!(after(&[5, 10], 15, false, 20), joined(&[6..=9, 11..=15, 0..=4]));
        assert_eq!(after(&[241], 255, true, 999), joined(&[242..=254, 1..=240]));
        assert_eq!(after(&[241, 250], 255, true, 14), joined(&[251..=254, 242..=249, 1..=2]));
        assert_eq!(after(&[200, 10], 255, true, 999), joined(&[1..=9, 201..=254, 11..=199]));
        let mut gaps = Gaps::new(0, 15, false);
        assert_eq!(drain(&mut gaps, 5), joined(&[0..=4]));
        gaps.release(3);
        gaps.release(1);
        assert_eq!(drain(&mut gaps, 4), [3, 1, 5, 6]);
    }

    #[test]
    fn the_ends_of_the_number_line() {
        let mut gaps = Gaps::new(u128::MAX - 1, u128::MAX, true);
        assert_eq!(drain(&mut gaps, 9), [u128::MAX - 1, u128::MAX]);
        gaps.release(u128::MAX);
        gaps.release(u128::MAX - 1);
        assert_eq!(drain(&mut gaps, 9), [u128::MAX - 1, u128::MAX]);
        assert!(gaps.is_full() && !gaps.take(5));
    }

    /// Whatever the history, what is free and what is taken stay the two halves of the range.
    #[test]
    fn nothing_is_lost_or_doubled() {
        let mut gaps = Gaps::new(0, 63, false);
        let mut taken = std::collections::BTreeSet::new();
        let mut seed = 7_u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let address = u128::from(seed >> 58);
            match (seed >> 40) % 3 {
                0 => assert_eq!(gaps.take(address), taken.insert(address)),
                1 if taken.remove(&address) => gaps.release(address),
                1 => {}
                _ => match gaps.next() {
                    Some(next) => assert!(gaps.take(next) && taken.insert(next)),
                    None => assert_eq!(taken.len(), 64),
                },
            }
        }
        assert_eq!(gaps.by_first.len(), gaps.heap.len());
    }

    #[test]
    fn a_gap_across_two_to_the_64_is_taken_for_larger_before_1_20() {
        let across = (1_u128 << 64) - 4;
        for (without_borrow, next) in [(true, across + 9), (false, across)] {
            let mut gaps = Gaps::new(across, across + 20, without_borrow);
            assert!(gaps.take(across + 8));
            assert_eq!(gaps.next(), Some(next));
        }
    }
}
