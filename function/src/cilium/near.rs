//! Which ranges are near an address, without asking all of them.
//!
//! Ranges of pools may nest and overlap, so order alone does not find those around an address. Here they stand by
//! the power of two that their size is below, and among those of one size by their first address: a range that meets
//! an address begins at most its own size before it. A look-up costs one step for each size that there is and one
//! for each range that begins so near, however many there are elsewhere.

use super::address::{Family, number};
use super::effort::looked;
use super::range::Range;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Ranges, each with what it belongs to.
#[derive(Debug, Clone)]
pub(in crate::cilium) struct Near<T> {
    by_size: BTreeMap<Size, ByFirst<T>>,
}

/// Family, and bits of the distance from first to last.
type Size = (Family, u32);

/// Last address and whose, by first address.
type ByFirst<T> = BTreeMap<u128, Vec<(u128, T)>>;

impl<T> Default for Near<T> {
    fn default() -> Self {
        Near { by_size: BTreeMap::new() }
    }
}

impl<T: Copy + PartialEq> Near<T> {
    /// Put a range in; the same one may be in several times.
    pub(in crate::cilium) fn insert(&mut self, range: Range, of: T) {
        let (size, first, last) = place(range);
        self.by_size.entry(size).or_default().entry(first).or_default().push((last, of));
    }

    /// Take a range out, once.
    pub(in crate::cilium) fn remove(&mut self, range: Range, of: T) {
        let (size, first, last) = place(range);
        let Some(by_first) = self.by_size.get_mut(&size) else { return };
        if let Some(here) = by_first.get_mut(&first) {
            if let Some(at) = here.iter().position(|one| *one == (last, of)) {
                here.remove(at);
            }
            if here.is_empty() {
                by_first.remove(&first);
            }
        }
        if by_first.is_empty() {
            self.by_size.remove(&size);
        }
    }

    /// Whose ranges have an address in common with this one; no order is promised.
    pub(in crate::cilium) fn meeting(&self, range: Range) -> impl Iterator<Item = T> + '_ {
        let (family, first, last) = (range.family(), number(range.first()), number(range.last()));
        self.by_size.range((family, 0)..=(family, u128::BITS)).flat_map(move |((_, bits), by_first)| {
            looked();
            let furthest = 1_u128.checked_shl(*bits).map_or(u128::MAX, |size| size - 1);
            by_first.range(first.saturating_sub(furthest)..=last).flat_map(move |(_, here)| {
                looked();
                here.iter().filter(move |(end, _)| *end >= first).map(|(_, of)| *of)
            })
        })
    }

    /// Whose ranges contain the address; no order is promised.
    pub(in crate::cilium) fn containing(&self, address: IpAddr) -> impl Iterator<Item = T> + '_ {
        self.meeting(Range::single(address))
    }
}

fn place(range: Range) -> (Size, u128, u128) {
    let (first, last) = (number(range.first()), number(range.last()));
    ((range.family(), u128::BITS - (last - first).leading_zeros()), first, last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cilium::effort::counted;

    fn range(text: &str) -> Range {
        Range::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    fn found(near: &Near<usize>, text: &str) -> Vec<usize> {
        let mut found: Vec<usize> = near.meeting(range(text)).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn nested_ranges_of_both_families() {
        let all = ["0.0.0.0/0", "10.0.0.0/8", "10.0.10.0/24", "10.0.10.7", "::/0", "10.0.9.250-10.0.10.3"];
        let mut near = Near::default();
        all.iter().enumerate().for_each(|(at, text)| near.insert(range(text), at));
        assert_eq!(found(&near, "10.0.10.7"), [0, 1, 2, 3]);
        assert_eq!(found(&near, "10.0.10.3-10.0.10.4"), [0, 1, 2, 5]);
        assert_eq!(found(&near, "255.255.255.255"), [0]);
        assert_eq!(found(&near, "::a00:a07"), [4], "the number of 10.0.10.7, in the other family");
        near.remove(range("10.0.0.0/8"), 1);
        near.remove(range("10.0.0.0/8"), 1);
        near.remove(range("10.0.10.7"), 9);
        assert_eq!(found(&near, "10.0.10.7"), [0, 2, 3]);
    }

    /// Whatever comes and goes, it finds those that asking each of them finds.
    #[test]
    fn as_asking_each() {
        let mut seed = 11_u64;
        let mut below = |bound: u32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(seed >> 33).unwrap() % bound
        };
        let (mut near, mut all) = (Near::default(), Vec::new());
        for step in 0..900 {
            let mut drawn = || {
                let (first, size) = (below(600), 1 << below(9));
                let last = first + below(size);
                Range::new(std::net::Ipv4Addr::from(first).into(), std::net::Ipv4Addr::from(last).into()).unwrap()
            };
            let (one, asked) = (drawn(), drawn());
            near.insert(one, step);
            all.push((step, one));
            if step % 3 == 0 {
                let (at, gone) = all.swap_remove(below(u32::try_from(all.len()).unwrap()) as usize);
                near.remove(gone, at);
            }
            let meets = |(at, range): &(usize, Range)| range.intersects(&asked).then_some(*at);
            let mut expected: Vec<usize> = all.iter().filter_map(meets).collect();
            let mut got: Vec<usize> = near.meeting(asked).collect();
            expected.sort_unstable();
            got.sort_unstable();
            assert_eq!(got, expected, "step {step}");
        }
    }

    #[test]
    fn a_look_up_does_not_grow_with_the_number_of_ranges() {
        let steps = |ranges: u8| {
            let mut near = Near::default();
            near.insert(range("10.0.0.0/8"), usize::MAX);
            for at in 0..ranges {
                near.insert(range(&format!("10.0.{at}.0/24")), usize::from(at));
            }
            let (found, steps) = counted(|| near.containing([10, 0, 3, 4].into()).count());
            assert_eq!(found, 2);
            steps
        };
        assert_eq!(steps(10), steps(250));
    }
}
