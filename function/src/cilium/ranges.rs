//! A set of addresses, as the ranges that it is made of.

use super::address::{Family, next};
use super::count::Count;
use super::range::Range;
use std::fmt;
use std::net::IpAddr;

/// A set of addresses of both families: sorted, IPv4 first, no two ranges overlapping or touching.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Ranges(Vec<Range>);

impl Ranges {
    /// No address.
    pub fn new() -> Ranges {
        Ranges::default()
    }

    /// The ranges, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Range> {
        self.0.iter()
    }

    /// Whether there is no address in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many addresses.
    pub fn count(&self) -> Count {
        self.0.iter().map(Range::count).sum()
    }

    /// Those of one family.
    pub fn of(&self, family: Family) -> Ranges {
        Ranges(self.0.iter().copied().filter(|r| r.family() == family).collect())
    }

    /// The lowest address.
    pub fn first(&self) -> Option<IpAddr> {
        self.0.first().map(Range::first)
    }

    /// Whether the address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let behind = self.0.partition_point(|r| r.first() <= address);
        self.0[..behind].last().is_some_and(|r| r.contains(address))
    }

    /// Whether every address of the range is in it.
    pub fn covers(&self, range: &Range) -> bool {
        let behind = self.0.partition_point(|r| r.first() <= range.first());
        self.0[..behind].last().is_some_and(|r| r.covers(range))
    }

    /// Whether it has an address in common with the range.
    pub fn intersects(&self, range: &Range) -> bool {
        let from = self.0.partition_point(|r| r.last() < range.first());
        self.0.get(from).is_some_and(|r| r.intersects(range))
    }

    /// The addresses of both.
    pub fn union(&self, other: &Ranges) -> Ranges {
        self.0.iter().chain(&other.0).copied().collect()
    }

    /// The addresses that both have.
    pub fn intersection(&self, other: &Ranges) -> Ranges {
        let (mut i, mut j, mut common) = (0, 0, Vec::new());
        while let (Some(one), Some(two)) = (self.0.get(i), other.0.get(j)) {
            common.extend(one.intersection(two));
            if one.last() < two.last() {
                i += 1;
            } else {
                j += 1;
            }
        }
        Ranges(common)
    }

    /// The addresses that the other does not have.
    pub fn subtract(&self, other: &Ranges) -> Ranges {
        let (mut left, mut holes) = (Vec::new(), other.0.as_slice());
        for range in &self.0 {
            let mut rest = Some(*range);
            while let (Some(piece), Some(hole)) = (rest, holes.first()) {
                if hole.last() < piece.first() {
                    holes = &holes[1..];
                } else if hole.first() > piece.last() {
                    break;
                } else {
                    let pieces = piece.subtract(hole);
                    left.extend(pieces.iter().copied().filter(|p| p.last() < hole.first()));
                    rest = pieces.into_iter().find(|p| p.first() > hole.last());
                }
            }
            left.extend(rest);
        }
        Ranges(left)
    }

    /// The lowest addresses of it, at most so many.
    pub fn take(&self, most: u128) -> Ranges {
        let (mut open, mut taken) = (most, Vec::new());
        for range in &self.0 {
            let size = range.count().saturating();
            match open {
                0 => break,
                _ if size <= open => taken.push(*range),
                _ => taken.extend(range.nth(open - 1).and_then(|last| Range::new(range.first(), last).ok())),
            }
            open = open.saturating_sub(size);
        }
        Ranges(taken)
    }
}

/// Sorts, and joins what overlaps or touches.
impl FromIterator<Range> for Ranges {
    fn from_iter<I: IntoIterator<Item = Range>>(ranges: I) -> Ranges {
        let mut sorted: Vec<Range> = ranges.into_iter().collect();
        sorted.sort_unstable();
        let mut joined: Vec<Range> = Vec::with_capacity(sorted.len());
        for range in sorted {
            let touching = joined.last_mut().filter(|last| {
                last.intersects(&range) || next(last.last()).is_some_and(|behind| behind == range.first())
            });
            match touching {
                Some(last) => {
                    if let Ok(wider) = Range::new(last.first(), last.last().max(range.last())) {
                        *last = wider;
                    }
                }
                None => joined.push(range),
            }
        }
        Ranges(joined)
    }
}

impl From<Range> for Ranges {
    fn from(range: Range) -> Ranges {
        Ranges(vec![range])
    }
}

impl<'a> IntoIterator for &'a Ranges {
    type Item = &'a Range;
    type IntoIter = std::slice::Iter<'a, Range>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Comma-separated.
impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(Range::to_string).collect();
        f.pad(&texts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(texts: &[&str]) -> Ranges {
        texts.iter().map(|t| Range::parse(t).unwrap_or_else(|e| panic!("{t}: {e}"))).collect()
    }

    #[test]
    fn joins_what_overlaps_or_touches() {
        assert_eq!(
            set(&["10.0.0.8/29", "::1", "10.0.0.0/29", "10.0.0.32", "10.0.0.4-10.0.0.9"]).to_string(),
            "10.0.0.0-10.0.0.15, 10.0.0.32, ::1"
        );
        assert_eq!(set(&["255.255.255.255", "::"]).iter().count(), 2, "families never touch");
    }

    #[test]
    fn set_arithmetic() {
        let plan = set(&["10.25.11.100-10.25.11.119", "fd00::/124"]);
        let gone = set(&["10.25.11.1", "10.25.11.110", "10.25.11.119-10.25.11.130", "fd00::", "fd00::f"]);
        assert_eq!(
            plan.subtract(&gone).to_string(),
            "10.25.11.100-10.25.11.109, 10.25.11.111-10.25.11.118, fd00::1-fd00::e"
        );
        assert_eq!(plan.intersection(&gone).to_string(), "10.25.11.110, 10.25.11.119, fd00::, fd00::f");
        assert_eq!(plan.subtract(&gone).union(&gone).intersection(&plan), plan);
        assert_eq!(plan.count(), Count::from(36_u128));
        assert_eq!(plan.take(21).to_string(), "10.25.11.100-10.25.11.119, fd00::");
        assert_eq!(plan.take(0), Ranges::new());
        assert_eq!(plan.of(Family::V6).to_string(), "fd00::-fd00::f");
        assert!(plan.covers(&Range::single(IpAddr::from([10, 25, 11, 119]))));
        assert!(!plan.contains(IpAddr::from([10, 25, 11, 120])));
        assert!(plan.intersects(&Range::parse("10.25.11.119-10.25.12.0").unwrap_or_else(|e| panic!("{e}"))));
    }
}
