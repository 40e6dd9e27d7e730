//! Addresses and prefixes, read exactly as the operator reads them.
//!
//! Cilium's operator parses with Go's `net/netip`. Rust's own parser differs in what it refuses (octets with
//! leading zeros, zones, prefix lengths such as `/08`), so this is a parser of its own, written after the rules
//! that `netip.ParseAddr` and `netip.ParsePrefix` of Go 1.26 follow, with an error for each way to fail.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 or IPv6, as in `spec.ipFamilies` of a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `IPv4`
    V4,
    /// `IPv6`
    V6,
}

impl Family {
    /// The family of an address. An IPv4-mapped IPv6 address is IPv6, as in Go's `netip`.
    pub fn of(address: IpAddr) -> Family {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }

    /// Bits of an address of the family.
    pub fn bits(self) -> u8 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    /// The address of the family with this number, or `None` beyond its end.
    pub fn address(self, number: u128) -> Option<IpAddr> {
        match self {
            Family::V4 => u32::try_from(number).ok().map(|n| IpAddr::V4(Ipv4Addr::from_bits(n))),
            Family::V6 => Some(IpAddr::V6(Ipv6Addr::from_bits(number))),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        })
    }
}

/// The address as a number, in which all arithmetic of ranges is done.
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address after this one, within its family.
pub fn next(address: IpAddr) -> Option<IpAddr> {
    number(address).checked_add(1).and_then(|n| Family::of(address).address(n))
}

/// The address before this one, within its family.
pub fn previous(address: IpAddr) -> Option<IpAddr> {
    number(address).checked_sub(1).and_then(|n| Family::of(address).address(n))
}

/// An address as written: the address and the zone behind `%`, which Go's parser accepts on IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<'a> {
    /// The address without its zone.
    pub address: IpAddr,
    /// The zone, never empty.
    pub zone: Option<&'a str>,
}

/// Why a text is no address, one variant a way to fail (`netip.ParseAddr`, Go 1.26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// Neither a dot nor a colon: a host name, a number, a word.
    #[error("it is no IP address")]
    NotAnAddress,
    /// Blanks before, behind or inside; the operator trims only the entries of an annotation.
    #[error("it has a blank in it")]
    Blank,
    /// A `/` and a prefix length where a bare address belongs.
    #[error("it has a prefix length, and only a bare address is read here")]
    Mask,
    /// `10.0.0.05`: some programs read it as octal, so Go refuses it.
    #[error("an octet has a leading zero")]
    LeadingZero,
    /// An octet above 255.
    #[error("an octet is above 255")]
    OctetTooLarge,
    /// Two dots in a row, or a dot at an end.
    #[error("an octet is missing")]
    EmptyOctet,
    /// Fewer than four octets.
    #[error("it has fewer than four octets")]
    TooFewOctets,
    /// More than four octets.
    #[error("it has more than four octets")]
    TooManyOctets,
    /// Something that is neither a digit nor a separator.
    #[error("it has a character that no address has")]
    UnexpectedCharacter,
    /// A group of more than four hexadecimal digits.
    #[error("a group has more than four digits")]
    GroupTooLong,
    /// A colon without a group at its side.
    #[error("a group is missing")]
    EmptyGroup,
    /// `::` twice.
    #[error("`::` stands in it twice")]
    TwoGaps,
    /// Fewer than eight groups and no `::`.
    #[error("it has fewer than eight groups")]
    TooFewGroups,
    /// More than eight groups, or `::` with nothing to stand for.
    #[error("it has too many groups")]
    TooManyGroups,
    /// Dotted octets anywhere but in place of the last two groups.
    #[error("dotted octets may only replace the last two groups")]
    MisplacedOctets,
    /// `%` with nothing behind it, or nothing before it.
    #[error("the zone behind `%` is empty or has no address before it")]
    BadZone,
}

/// Read an address as `netip.ParseAddr` does.
pub fn parse_address(text: &str) -> Result<Written<'_>, AddressError> {
    read_address(text).map_err(|error| explain(text, error))
}

/// The kinds of mistake that people make get their own name in place of "unexpected character".
fn explain(text: &str, error: AddressError) -> AddressError {
    if text.is_empty() {
        AddressError::Empty
    } else if text.contains('/') {
        AddressError::Mask
    } else if text.contains(|c: char| c.is_whitespace()) {
        AddressError::Blank
    } else if text.contains(|c: char| c.is_ascii_alphabetic()) && !text.contains([':', '%']) {
        AddressError::NotAnAddress
    } else {
        error
    }
}

fn read_address(text: &str) -> Result<Written<'_>, AddressError> {
    match text.bytes().find(|b| matches!(b, b'.' | b':' | b'%')) {
        Some(b'.') => {
            let octets = read_octets(text.as_bytes())?;
            Ok(Written { address: IpAddr::V4(Ipv4Addr::from(octets)), zone: None })
        }
        Some(b':') => {
            let (groups, zone) = match text.split_once('%') {
                Some((_, "")) => return Err(AddressError::BadZone),
                Some((groups, zone)) => (groups, Some(zone)),
                None => (text, None),
            };
            Ok(Written { address: IpAddr::V6(Ipv6Addr::from(read_groups(groups)?)), zone })
        }
        Some(_) => Err(AddressError::BadZone),
        None => Err(AddressError::NotAnAddress),
    }
}

fn read_octets(text: &[u8]) -> Result<[u8; 4], AddressError> {
    let mut octets = [0_u8; 4];
    let mut place = 0;
    let mut digits = 0;
    let mut value: u16 = 0;
    for (i, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if digits == 1 && value == 0 {
                    return Err(AddressError::LeadingZero);
                }
                value = value * 10 + u16::from(byte - b'0');
                digits += 1;
                octets[place] = u8::try_from(value).map_err(|_| AddressError::OctetTooLarge)?;
            }
            b'.' => {
                if digits == 0 || i + 1 == text.len() {
                    return Err(AddressError::EmptyOctet);
                }
                if place == 3 {
                    return Err(AddressError::TooManyOctets);
                }
                place += 1;
                digits = 0;
                value = 0;
            }
            _ => return Err(AddressError::UnexpectedCharacter),
        }
    }
    if place < 3 { Err(AddressError::TooFewOctets) } else { Ok(octets) }
}

/// The sixteen bytes of an IPv6 address without zone.
fn read_groups(text: &str) -> Result<[u8; 16], AddressError> {
    let mut bytes = [0_u8; 16];
    let mut filled = 0;
    let mut gap = None;
    let mut rest = text.as_bytes();
    if let Some(behind) = rest.strip_prefix(b"::") {
        gap = Some(0);
        rest = behind;
        if rest.is_empty() {
            return Ok(bytes);
        }
    }
    while filled < 16 {
        let length = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        if length > 4 {
            return Err(AddressError::GroupTooLong);
        }
        if length == 0 {
            return Err(match rest.first() {
                None | Some(b':') => AddressError::EmptyGroup,
                Some(_) => AddressError::UnexpectedCharacter,
            });
        }
        if rest.get(length) == Some(&b'.') {
            if gap.is_none() && filled != 12 {
                return Err(AddressError::MisplacedOctets);
            }
            if filled + 4 > 16 {
                return Err(AddressError::TooManyGroups);
            }
            bytes[filled..filled + 4].copy_from_slice(&read_octets(rest)?);
            filled += 4;
            rest = &[];
            break;
        }
        let group = rest[..length].iter().fold(0_u16, |acc, &b| {
            let digit = char::from(b).to_digit(16).unwrap_or_default();
            (acc << 4) | u16::try_from(digit).unwrap_or_default()
        });
        bytes[filled..filled + 2].copy_from_slice(&group.to_be_bytes());
        filled += 2;
        rest = &rest[length..];
        match rest {
            [] => break,
            [b':'] => return Err(AddressError::EmptyGroup),
            [b':', b':', behind @ ..] => {
                if gap.is_some() {
                    return Err(AddressError::TwoGaps);
                }
                gap = Some(filled);
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
            [b':', behind @ ..] => rest = behind,
            _ => return Err(AddressError::UnexpectedCharacter),
        }
    }
    if !rest.is_empty() {
        return Err(AddressError::TooManyGroups);
    }
    match gap {
        None if filled < 16 => Err(AddressError::TooFewGroups),
        Some(_) if filled == 16 => Err(AddressError::TooManyGroups),
        None => Ok(bytes),
        Some(at) => {
            let tail = filled - at;
            bytes.copy_within(at..filled, 16 - tail);
            bytes[at..16 - tail].fill(0);
            Ok(bytes)
        }
    }
}

/// An address with a prefix length, host bits as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// The address before the slash, host bits included.
    pub address: IpAddr,
    /// The prefix length.
    pub length: u8,
}

/// Why a text is no prefix (`netip.ParsePrefix`, Go 1.26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// A bare address: the `/` is missing.
    #[error("the prefix length is missing: a single address is written with /{0}")]
    NoLength(u8),
    /// No slash, and no address either.
    #[error("{0}")]
    NoPrefix(AddressError),
    /// What stands before the slash is no address.
    #[error("before the slash: {0}")]
    Address(AddressError),
    /// A zone, which a prefix cannot have.
    #[error("a prefix cannot have a zone")]
    Zone,
    /// Behind the slash stands no plain decimal number (`/08`, `/+8`, nothing).
    #[error("the prefix length is no plain number")]
    Length,
    /// A prefix length beyond the bits of the family.
    #[error("the prefix length is above {0}")]
    TooLong(u8),
}

/// Read a prefix as `netip.ParsePrefix` does.
pub fn parse_prefix(text: &str) -> Result<Prefix, PrefixError> {
    let Some((before, length)) = text.rsplit_once('/') else {
        return Err(match parse_address(text) {
            Ok(bare) => PrefixError::NoLength(Family::of(bare.address).bits()),
            Err(error) => PrefixError::NoPrefix(error),
        });
    };
    let written = parse_address(before).map_err(PrefixError::Address)?;
    if written.zone.is_some() {
        return Err(PrefixError::Zone);
    }
    let plain = length.bytes().all(|b| b.is_ascii_digit()) && !length.is_empty();
    if !plain || (length.len() > 1 && length.starts_with('0')) {
        return Err(PrefixError::Length);
    }
    let most = Family::of(written.address).bits();
    match length.parse::<u8>() {
        Ok(length) if length <= most => Ok(Prefix { address: written.address, length }),
        _ => Err(PrefixError::TooLong(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, AddressError> {
        parse_address(text).map(|w| match w.zone {
            Some(zone) => format!("{}%{zone}", w.address),
            None => w.address.to_string(),
        })
    }

    #[test]
    fn addresses_that_go_reads() {
        for (text, canonical) in [
            ("10.0.0.5", "10.0.0.5"),
            ("0.0.0.0", "0.0.0.0"),
            ("::", "::"),
            ("2004::", "2004::"),
            ("2004:0:0::0001", "2004::1"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("::%z", "::%z"),
            ("::ffff:10.0.0.5", "::ffff:10.0.0.5"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("FD00::A", "fd00::a"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(canonical), "{text}");
        }
    }

    #[test]
    fn texts_that_go_refuses() {
        use AddressError::*;
        for (text, error) in [
            ("", Empty),
            ("gateway.example.org", NotAnAddress),
            ("10", NotAnAddress),
            ("10.0.0.5/32", Mask),
            (" 10.0.0.5", Blank),
            ("10.0.0.05", LeadingZero),
            ("10.0.0.00", LeadingZero),
            ("10.0.0.256", OctetTooLarge),
            ("10.0.5", TooFewOctets),
            ("10.0.0.5.6", TooManyOctets),
            ("10..0.5", EmptyOctet),
            (".10.0.5", EmptyOctet),
            ("10.0.0.", EmptyOctet),
            ("10.0.0.5-", UnexpectedCharacter),
            ("%eth0", BadZone),
            ("fe80::1%", BadZone),
            ("1::2::3", TwoGaps),
            ("1:2:3", TooFewGroups),
            ("1:2:3:4:5:6:7:8:9", TooManyGroups),
            ("1:2:3:4:5:6:7:8::", TooManyGroups),
            ("12345::", GroupTooLong),
            (":1", EmptyGroup),
            ("1:", EmptyGroup),
            ("::1.2.3", TooFewOctets),
            ("1:2:1.2.3.4", MisplacedOctets),
            ("::g", UnexpectedCharacter),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }

    #[test]
    fn prefixes() {
        assert_eq!(
            parse_prefix("10.0.0.12/24").map(|p| (p.address.to_string(), p.length)),
            Ok(("10.0.0.12".into(), 24))
        );
        for (text, error) in [
            ("10.0.0.5", PrefixError::NoLength(32)),
            ("fd00::5", PrefixError::NoLength(128)),
            ("", PrefixError::NoPrefix(AddressError::Empty)),
            ("10.0.0.0/08", PrefixError::Length),
            ("10.0.0.0/+8", PrefixError::Length),
            ("10.0.0.0/", PrefixError::Length),
            ("10.0.0.0/33", PrefixError::TooLong(32)),
            ("10.0.0.0/999", PrefixError::TooLong(32)),
            ("fd00::/129", PrefixError::TooLong(128)),
            ("fe80::1%eth0/64", PrefixError::Zone),
            ("10.0.0.010/24", PrefixError::Address(AddressError::LeadingZero)),
            (" 10.0.0.0/24", PrefixError::Address(AddressError::Blank)),
        ] {
            assert_eq!(parse_prefix(text), Err(error), "{text}");
        }
    }

    #[test]
    fn neighbours_stay_in_the_family() {
        let at = |text: &str| parse_address(text).map(|w| w.address).ok();
        assert_eq!(at("10.0.0.255").and_then(next), at("10.0.1.0"));
        assert_eq!(at("255.255.255.255").and_then(next), None);
        assert_eq!(at("0.0.0.0").and_then(previous), None);
        assert_eq!(at("::").and_then(previous), None);
        assert_eq!(at("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").and_then(next), None);
    }
}
