//! One entry of `spec.blocks`, read as the operator reads it.
//!
//! `ipRangeFromBlock` in Cilium's `operator/pkg/lbipam`, the same in 1.15 to 1.20: a `cidr` that is not empty is
//! read and `start`/`stop` beside it are not looked at; else `start` must be an address, and without `stop` it is
//! the only one. The API server checks `cidr` a little (`format: cidr`) and `start` and `stop` not at all, so what
//! fails here fails in the operator, after the pool was accepted.

use super::address::{self, AddressError, Family, PrefixError};
use super::profile::{Profile, UnsetFirstLast};
use super::range::{Range, RangeError};
use std::net::IpAddr;

/// How a block is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `cidr`
    Cidr,
    /// `start` and `stop`
    StartStop,
    /// `start` alone: one address
    Start,
}

/// A block that the operator can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The addresses that it holds.
    pub range: Range,
    /// How it is written.
    pub form: Form,
    /// The address of `cidr` has bits set behind the prefix length, which the operator drops without a word:
    /// `192.168.100.200/28` is .192 to .207.
    pub host_bits: bool,
    /// `start` or `stop` stand beside `cidr` and are not read.
    pub shadowed: bool,
    /// The zone of `start` (`fe80::1%eth0`), which the operator accepts and no request without it can meet.
    pub zone: Option<String>,
}

/// Why the operator cannot use a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Neither `cidr` nor `start` nor `stop`.
    #[error("the block is empty: it needs `cidr`, or `start` and `stop`")]
    Empty,
    /// `stop` without `start`.
    #[error("`stop` without `start`")]
    StopOnly,
    /// `cidr` is no prefix.
    #[error("`cidr` does not parse: {0}")]
    Cidr(PrefixError),
    /// `start` is no address.
    #[error("`start` does not parse: {0}")]
    Start(AddressError),
    /// `stop` is no address.
    #[error("`stop` does not parse: {0}")]
    Stop(AddressError),
    /// `start` comes after `stop`.
    #[error("`start` comes after `stop`")]
    StartAfterStop,
    /// One is IPv4, the other IPv6.
    #[error("`start` and `stop` are of different families")]
    MixedFamilies,
}

impl Block {
    /// Read a block. An empty text is the same as none, as in the operator.
    pub fn parse(cidr: Option<&str>, start: Option<&str>, stop: Option<&str>) -> Result<Block, BlockError> {
        let present = |text: Option<&str>| text.is_some_and(|t| !t.is_empty());
        if let Some(cidr) = cidr.filter(|text| !text.is_empty()) {
            let prefix = address::parse_prefix(cidr).map_err(BlockError::Cidr)?;
            let range = Range::of_prefix(prefix);
            return Ok(Block {
                range,
                form: Form::Cidr,
                host_bits: range.first() != prefix.address,
                shadowed: present(start) || present(stop),
                zone: None,
            });
        }
        let Some(start) = start.filter(|text| !text.is_empty()) else {
            return Err(if present(stop) { BlockError::StopOnly } else { BlockError::Empty });
        };
        let first = address::parse_address(start).map_err(BlockError::Start)?;
        let zone = first.zone.map(str::to_owned);
        let (range, form) = match stop.filter(|text| !text.is_empty()) {
            None => (Range::single(first.address), Form::Start),
            Some(stop) => {
                let last = address::parse_address(stop).map_err(BlockError::Stop)?;
                // Go orders equal addresses by their zones, so a zone on `start` alone puts it behind `stop`.
                if first.address == last.address && first.zone > last.zone {
                    return Err(BlockError::StartAfterStop);
                }
                let range = Range::new(first.address, last.address).map_err(|error| match error {
                    RangeError::MixedFamilies => BlockError::MixedFamilies,
                    _ => BlockError::StartAfterStop,
                })?;
                (range, Form::StartStop)
            }
        };
        Ok(Block { range, form, host_bits: false, shadowed: false, zone })
    }

    /// The first and the last address of it, where Cilium keeps them for itself: only of a `cidr` block with more
    /// than two addresses, and only where the pool says `allowFirstLastIPs: No` (1.15: or says nothing).
    pub fn reserved(&self, allow_first_last: Option<bool>, profile: &Profile) -> Option<[IpAddr; 2]> {
        let kept = match allow_first_last {
            Some(allowed) => !allowed,
            None => profile.unset_first_last == UnsetFirstLast::Reserved,
        };
        let (first, last) = (self.range.first(), self.range.last());
        let more_than_two = first != last && address::next(first) != Some(last);
        (kept && self.form == Form::Cidr && more_than_two).then_some([first, last])
    }

    /// The family of its addresses.
    pub fn family(&self) -> Family {
        self.range.family()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cilium::version::CiliumVersion;

    #[test]
    fn forms() {
        let read = |cidr, start, stop| Block::parse(cidr, start, stop).map(|b| (b.range.to_string(), b.form));
        assert_eq!(read(Some("10.0.0.12/24"), None, None), Ok(("10.0.0.0-10.0.0.255".into(), Form::Cidr)));
        assert_eq!(
            read(None, Some("20.0.20.100"), Some("20.0.20.200")),
            Ok(("20.0.20.100-20.0.20.200".into(), Form::StartStop))
        );
        assert_eq!(read(None, Some("1.2.3.4"), None), Ok(("1.2.3.4".into(), Form::Start)));
        assert_eq!(read(Some(""), Some("1.2.3.4"), Some("")), Ok(("1.2.3.4".into(), Form::Start)));
        assert_eq!(
            read(Some("::ffff:10.0.0.0/120"), None, None),
            Ok(("::ffff:10.0.0.0-::ffff:10.0.0.255".into(), Form::Cidr))
        );
    }

    #[test]
    fn each_way_to_fail() {
        use BlockError::*;
        for (cidr, start, stop, error) in [
            (None, None, None, Empty),
            (Some(""), Some(""), None, Empty),
            (None, None, Some("1.2.3.4"), StopOnly),
            (Some("10.0.0.5"), None, None, Cidr(PrefixError::NoLength(32))),
            (Some("10.0.0.010/24"), None, None, Cidr(PrefixError::Address(AddressError::LeadingZero))),
            (Some("10.0.0.0/08"), None, None, Cidr(PrefixError::Length)),
            (Some("10.0.0.0/33"), None, None, Cidr(PrefixError::TooLong(32))),
            (Some("fe80::%eth0/64"), None, None, Cidr(PrefixError::Zone)),
            (None, Some("10.0.0.256"), None, Start(AddressError::OctetTooLarge)),
            (None, Some("10.0.0.0/24"), None, Start(AddressError::Mask)),
            (None, Some("10.0.0.1"), Some("ten"), Stop(AddressError::NotAnAddress)),
            (None, Some("10.0.0.9"), Some("10.0.0.1"), StartAfterStop),
            (None, Some("fe80::1%eth0"), Some("fe80::1"), StartAfterStop),
            (None, Some("10.0.0.9"), Some("::1"), MixedFamilies),
        ] {
            assert_eq!(Block::parse(cidr, start, stop), Err(error), "{cidr:?} {start:?} {stop:?}");
        }
    }

    #[test]
    fn what_is_read_but_not_as_written() {
        let block = Block::parse(Some("192.168.100.200/28"), Some("1.2.3.4"), None);
        assert!(
            block.is_ok_and(|b| b.host_bits && b.shadowed && b.range.first() == IpAddr::from([192, 168, 100, 192]))
        );
        let zoned = Block::parse(None, Some("fe80::1%eth0"), None);
        assert_eq!(zoned.map(|b| b.zone), Ok(Some("eth0".to_owned())));
    }

    #[test]
    fn first_and_last() {
        let profile = |text: &str| Profile::of(CiliumVersion::parse(text).unwrap_or_else(|e| panic!("{e}")));
        let (old, new) = (profile("1.15"), profile("1.18"));
        let ends = |cidr: &str, allow, profile: &Profile| {
            Block::parse(Some(cidr), None, None).ok().and_then(|b| b.reserved(allow, profile)).is_some()
        };
        assert!(ends("10.0.0.0/30", Some(false), &new));
        assert!(ends("fd00::/126", Some(false), &new));
        assert!(!ends("10.0.0.0/31", Some(false), &new) && !ends("fd00::/128", Some(false), &new));
        assert!(!ends("10.0.0.0/24", None, &new), "from 1.16 unset means Yes");
        assert!(ends("10.0.0.0/24", None, &old), "in 1.15 unset means No");
        assert!(!ends("10.0.0.0/24", Some(true), &old));
        let listed = Block::parse(None, Some("10.0.0.0"), Some("10.0.0.255"));
        assert!(listed.is_ok_and(|b| b.reserved(Some(false), &new).is_none()), "start/stop is never trimmed");
    }
}
