//! A range of addresses: first and last of one family, and everything between.
//!
//! All arithmetic is on the two ends, so a /8 costs what a /32 costs.

use super::address::{self, AddressError, Family, Prefix, PrefixError, number};
use super::count::Count;
use std::fmt;
use std::net::IpAddr;

/// Addresses from first to last, both included, of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    first: IpAddr,
    last: IpAddr,
}

/// Why two addresses, or a text, are no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// An address does not parse.
    #[error("{0}")]
    Address(AddressError),
    /// The first address does not parse.
    #[error("its first address does not parse: {0}")]
    First(AddressError),
    /// The last address does not parse.
    #[error("its last address does not parse: {0}")]
    Last(AddressError),
    /// The prefix does not parse.
    #[error("{0}")]
    Prefix(PrefixError),
    /// The prefix has host bits; this is the range that its bits before the slash mean.
    #[error("it has bits set behind its prefix length and means {0}")]
    HostBits(Range),
    /// An address has a zone.
    #[error("it has a zone")]
    Zone,
    /// One end is IPv4, the other IPv6.
    #[error("its ends are of different families")]
    MixedFamilies,
    /// The last address comes before the first.
    #[error("its last address comes before its first")]
    Reversed,
}

impl Range {
    /// The range between two addresses of one family.
    pub fn new(first: IpAddr, last: IpAddr) -> Result<Range, RangeError> {
        if Family::of(first) != Family::of(last) {
            Err(RangeError::MixedFamilies)
        } else if first > last {
            Err(RangeError::Reversed)
        } else {
            Ok(Range { first, last })
        }
    }

    /// The range of one address.
    pub fn single(address: IpAddr) -> Range {
        Range { first: address, last: address }
    }

    /// All addresses of the prefix; host bits are dropped.
    pub fn of_prefix(prefix: Prefix) -> Range {
        let family = Family::of(prefix.address);
        let host_bits = u32::from(family.bits().saturating_sub(prefix.length));
        // A shift by all 128 bits is no shift at all to the processor, so ::/0 goes its own way.
        let host_mask = 1_u128.checked_shl(host_bits).map_or(u128::MAX, |bit| bit - 1);
        let first = number(prefix.address) & !host_mask;
        let ends = (family.address(first), family.address(first | host_mask));
        match ends {
            (Some(first), Some(last)) => Range { first, last },
            // Not reachable: host bits never pass the end of the family.
            _ => Range::single(prefix.address),
        }
    }

    /// Read `10.0.0.1-10.0.0.9`, `10.0.0.1` or `10.0.0.0/24`, the forms of the function config.
    ///
    /// A prefix with host bits is the error [`RangeError::HostBits`], which holds the range it would mean.
    pub fn parse(text: &str) -> Result<Range, RangeError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(RangeError::Empty);
        }
        if text.contains('/') {
            let prefix = address::parse_prefix(text).map_err(RangeError::Prefix)?;
            let range = Range::of_prefix(prefix);
            return if range.first == prefix.address { Ok(range) } else { Err(RangeError::HostBits(range)) };
        }
        match text.split_once('-') {
            None => Ok(Range::single(plain(text, RangeError::Address)?)),
            Some((first, last)) => {
                Range::new(plain(first.trim(), RangeError::First)?, plain(last.trim(), RangeError::Last)?)
            }
        }
    }

    /// The first address.
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// The last address.
    pub fn last(&self) -> IpAddr {
        self.last
    }

    /// The family of both ends.
    pub fn family(&self) -> Family {
        Family::of(self.first)
    }

    /// How many addresses.
    pub fn count(&self) -> Count {
        Count::between(number(self.first), number(self.last))
    }

    /// Whether it is one address only.
    pub fn is_single(&self) -> bool {
        self.first == self.last
    }

    /// Whether the address lies inside.
    pub fn contains(&self, address: IpAddr) -> bool {
        Family::of(address) == self.family() && self.first <= address && address <= self.last
    }

    /// Whether every address of the other lies inside.
    pub fn covers(&self, other: &Range) -> bool {
        self.contains(other.first) && self.contains(other.last)
    }

    /// Whether they have an address in common. Neighbours have none.
    pub fn intersects(&self, other: &Range) -> bool {
        self.family() == other.family() && self.first <= other.last && other.first <= self.last
    }

    /// What they have in common.
    pub fn intersection(&self, other: &Range) -> Option<Range> {
        self.intersects(other).then(|| Range { first: self.first.max(other.first), last: self.last.min(other.last) })
    }

    /// What is left of it without the other: nothing, one piece or two.
    pub fn subtract(&self, other: &Range) -> Vec<Range> {
        let Some(common) = self.intersection(other) else { return vec![*self] };
        let left = address::previous(common.first)
            .filter(|_| self.first < common.first)
            .map(|last| Range { first: self.first, last });
        let right = address::next(common.last)
            .filter(|_| common.last < self.last)
            .map(|first| Range { first, last: self.last });
        left.into_iter().chain(right).collect()
    }

    /// The address this many places behind the first, if it is inside.
    pub fn nth(&self, offset: u128) -> Option<IpAddr> {
        let address = number(self.first).checked_add(offset).and_then(|n| self.family().address(n))?;
        self.contains(address).then_some(address)
    }

    /// The fewest prefixes that make up exactly this range, in order.
    pub fn prefixes(&self) -> Vec<Prefix> {
        let family = self.family();
        let (mut at, last) = (number(self.first), number(self.last));
        let mut prefixes = Vec::new();
        loop {
            // The largest aligned power of two that starts here and does not pass the end.
            let most = at.trailing_zeros().min(u32::from(family.bits()));
            let fits = |bits: u32| match 1_u128.checked_shl(bits) {
                Some(size) => at.checked_add(size - 1).is_some_and(|end| end <= last),
                None => at == 0 && last == u128::MAX,
            };
            let bits = (0..=most).rev().find(|&bits| fits(bits)).unwrap_or(0);
            let Some(address) = family.address(at) else { return prefixes };
            let length = u32::from(family.bits()).saturating_sub(bits);
            prefixes.push(Prefix { address, length: u8::try_from(length).unwrap_or_default() });
            match 1_u128.checked_shl(bits).and_then(|size| at.checked_add(size)) {
                Some(next) if next <= last => at = next,
                _ => return prefixes,
            }
        }
    }
}

fn plain(text: &str, wrap: fn(AddressError) -> RangeError) -> Result<IpAddr, RangeError> {
    let written = address::parse_address(text).map_err(wrap)?;
    if written.zone.is_some() { Err(RangeError::Zone) } else { Ok(written.address) }
}

/// `10.0.0.1-10.0.0.9`, or `10.0.0.1` for a single address.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.is_single() { self.first.to_string() } else { format!("{}-{}", self.first, self.last) };
        f.pad(&text)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.address, self.length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        match Range::parse(text) {
            Ok(range) | Err(RangeError::HostBits(range)) => range,
            Err(error) => panic!("{text}: {error}"),
        }
    }

    #[test]
    fn forms() {
        assert_eq!(range("10.25.11.100-10.25.11.119").to_string(), "10.25.11.100-10.25.11.119");
        assert_eq!(range("10.25.11.100 - 10.25.11.100").to_string(), "10.25.11.100");
        assert_eq!(range("10.0.0.0/24").to_string(), "10.0.0.0-10.0.0.255");
        assert_eq!(range("::/0").count().to_string(), "340282366920938463463374607431768211456");
        assert_eq!(range("0.0.0.0/0").count(), Count::from(1_u128 << 32));
        assert_eq!(Range::parse("192.168.100.200/28"), Err(RangeError::HostBits(range("192.168.100.192/28"))));
        assert_eq!(Range::parse("10.0.0.9-10.0.0.1"), Err(RangeError::Reversed));
        assert_eq!(Range::parse("10.0.0.9-::1"), Err(RangeError::MixedFamilies));
        assert_eq!(Range::parse("x-::1"), Err(RangeError::First(AddressError::NotAnAddress)));
        assert_eq!(Range::parse("::1-"), Err(RangeError::Last(AddressError::Empty)));
        assert_eq!(Range::parse("fe80::1%a"), Err(RangeError::Zone));
        assert_eq!(Range::parse("  "), Err(RangeError::Empty));
    }

    /// The seven rows of Cilium's own test of overlap, in both directions.
    #[test]
    fn overlap_is_inclusive_and_neighbours_do_not_overlap() {
        for (one, two, overlap) in [
            ("10.0.0.0-10.0.0.10", "10.0.0.11-10.0.0.20", false),
            ("10.0.0.0-10.0.0.10", "10.0.0.10-10.0.0.20", true),
            ("10.0.0.0-10.0.0.15", "10.0.0.10-10.0.0.20", true),
            ("10.0.0.0-10.0.0.10", "10.0.0.0-10.0.0.10", true),
            ("10.0.0.0/8", "::ffff:10.0.0.0/104", false),
        ] {
            assert_eq!(range(one).intersects(&range(two)), overlap, "{one} {two}");
            assert_eq!(range(two).intersects(&range(one)), overlap, "{two} {one}");
        }
    }

    #[test]
    fn subtraction_leaves_the_pieces_around() {
        let pieces = |from: &str, what: &str| {
            range(from).subtract(&range(what)).iter().map(Range::to_string).collect::<Vec<_>>()
        };
        assert_eq!(pieces("10.0.0.0/29", "10.0.0.3"), ["10.0.0.0-10.0.0.2", "10.0.0.4-10.0.0.7"]);
        assert_eq!(pieces("10.0.0.0/29", "10.0.0.0"), ["10.0.0.1-10.0.0.7"]);
        assert_eq!(pieces("10.0.0.0/29", "10.0.0.0/8"), [""; 0]);
        assert_eq!(pieces("10.0.0.0/29", "10.1.0.0/29"), ["10.0.0.0-10.0.0.7"]);
        assert_eq!(pieces("0.0.0.0/0", "255.255.255.255"), ["0.0.0.0-255.255.255.254"]);
    }

    #[test]
    fn fewest_prefixes() {
        let cover = |text: &str| range(text).prefixes().iter().map(Prefix::to_string).collect::<Vec<_>>();
        assert_eq!(cover("10.25.11.100-10.25.11.119"), ["10.25.11.100/30", "10.25.11.104/29", "10.25.11.112/29"]);
        assert_eq!(cover("10.0.0.5"), ["10.0.0.5/32"]);
        assert_eq!(cover("0.0.0.0-255.255.255.255"), ["0.0.0.0/0"]);
        assert_eq!(cover("::/0"), ["::/0"]);
        assert_eq!(cover("::1-::2"), ["::1/128", "::2/128"]);
        assert_eq!(cover("255.255.255.254-255.255.255.255"), ["255.255.255.254/31"]);
    }
}
