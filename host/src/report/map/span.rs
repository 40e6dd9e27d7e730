//! Ranges of the report as numbers, to be drawn. Nothing is judged by them.

use std::net::IpAddr;

/// From a first to a last address of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) v6: bool,
    pub(super) first: u128,
    pub(super) last: u128,
}

impl Span {
    /// Read `first-last`, or one address, as the report writes them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (number(first)?, number(last)?);
        (first.0 == last.0 && first.1 <= last.1).then_some(Self { v6: first.0, first: first.1, last: last.1 })
    }

    /// Whether they have an address in common.
    pub(super) fn meets(self, other: Self) -> bool {
        self.v6 == other.v6 && self.first <= other.last && other.first <= self.last
    }

    /// Addresses less one, so that the whole of IPv6 has a number.
    pub(super) fn extent(self) -> u128 {
        self.last - self.first
    }
}

fn number(text: &str) -> Option<(bool, u128)> {
    match text.trim().parse().ok()? {
        IpAddr::V4(address) => Some((false, u32::from(address).into())),
        IpAddr::V6(address) => Some((true, address.into())),
    }
}

/// An address of this number, as it is written.
pub(super) fn address(v6: bool, number: u128) -> String {
    if v6 {
        std::net::Ipv6Addr::from(number).to_string()
    } else {
        std::net::Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_the_report() {
        let span = |text| Span::parse(text).map(|span| (span.v6, span.first, span.last));
        assert_eq!(span("10.0.0.1-10.0.0.9"), Some((false, 0x0a00_0001, 0x0a00_0009)));
        assert_eq!(span("10.0.0.1"), Some((false, 0x0a00_0001, 0x0a00_0001)));
        assert_eq!(span("fd00::-fd00::ff"), Some((true, 0xfd00 << 112, (0xfd00 << 112) | 0xff)));
        assert_eq!(span("10.0.0.9-10.0.0.1"), None);
        assert_eq!(span("10.0.0.1-::1"), None);
        assert_eq!(span("${V}"), None);
        assert_eq!(address(false, 0x0a00_0001), "10.0.0.1");
        assert_eq!(address(true, 0xfd00 << 112), "fd00::");
    }
}
