//! How many addresses: exact, whatever the size.
//!
//! Cilium counts with arbitrary-precision numbers, and `::/0` alone has 2^128 addresses, one more than the
//! largest `u128`. A [`Count`] holds the sum of as many such ranges as any pool can have.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A number of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Count {
    // The order of the fields makes the derived order the numeric one.
    high: u64,
    low: u128,
}

impl Count {
    /// None.
    pub const ZERO: Count = Count { high: 0, low: 0 };
    /// A single one.
    pub const ONE: Count = Count { high: 0, low: 1 };

    /// How many numbers lie from `first` to `last`, both included; none if they are the wrong way round.
    pub fn between(first: u128, last: u128) -> Count {
        match last.checked_sub(first) {
            Some(distance) => Count::from(distance) + Count::ONE,
            None => Count::ZERO,
        }
    }

    /// As a `u128`, or its largest value where the count is larger.
    pub fn saturating(self) -> u128 {
        if self.high == 0 { self.low } else { u128::MAX }
    }

    /// Whether it is none.
    pub fn is_zero(self) -> bool {
        self == Count::ZERO
    }

    /// This share of it, rounded up: what "keep 25 % free" asks for.
    pub fn percent(self, percent: u32) -> Count {
        let (quotient, remainder) = self.times(percent).divide(100);
        if remainder == 0 { quotient } else { quotient + Count::ONE }
    }

    /// How many percent of `whole` this is, rounded down; `None` of nothing.
    pub fn percent_of(self, whole: Count) -> Option<u32> {
        if whole.is_zero() {
            return None;
        }
        // Halving both until the division fits keeps the answer exact wherever the counts are below 2^120, and
        // within one percent beyond.
        let (mut part, mut whole) = (self, whole);
        while part.high != 0 || whole.high != 0 || part.low >> 120 != 0 || whole.low >> 120 != 0 {
            part = part.divide(2).0;
            whole = whole.divide(2).0;
        }
        u32::try_from((part.low * 100).checked_div(whole.low)?).ok()
    }

    fn times(self, factor: u32) -> Count {
        let factor = u128::from(factor);
        let mask = u128::from(u64::MAX);
        let bottom = (self.low & mask) * factor;
        let middle = (self.low >> 64) * factor + (bottom >> 64);
        let top = u128::from(self.high) * factor + (middle >> 64);
        Count { high: u64::try_from(top).unwrap_or(u64::MAX), low: (middle << 64) | (bottom & mask) }
    }

    fn divide(self, divisor: u64) -> (Count, u64) {
        let divisor = u128::from(divisor);
        let mask = u128::from(u64::MAX);
        let high = u128::from(self.high);
        let middle = ((high % divisor) << 64) | (self.low >> 64);
        let bottom = ((middle % divisor) << 64) | (self.low & mask);
        let quotient = Count {
            high: u64::try_from(high / divisor).unwrap_or(u64::MAX),
            low: ((middle / divisor) << 64) | (bottom / divisor),
        };
        (quotient, u64::try_from(bottom % divisor).unwrap_or_default())
    }
}

impl From<u128> for Count {
    fn from(low: u128) -> Count {
        Count { high: 0, low }
    }
}

impl From<usize> for Count {
    fn from(n: usize) -> Count {
        Count { high: 0, low: n as u128 }
    }
}

impl Add for Count {
    type Output = Count;

    fn add(self, other: Count) -> Count {
        let (low, carry) = self.low.overflowing_add(other.low);
        Count { high: self.high.saturating_add(other.high).saturating_add(u64::from(carry)), low }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Count {
    fn sum<I: Iterator<Item = Count>>(counts: I) -> Count {
        counts.fold(Count::ZERO, Add::add)
    }
}

/// Never below none.
impl Sub for Count {
    type Output = Count;

    fn sub(self, other: Count) -> Count {
        if other >= self {
            return Count::ZERO;
        }
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Count { high: self.high - other.high - u64::from(borrow), low }
    }
}

/// Decimal, without separators, as Cilium prints its counts.
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.high == 0 {
            return fmt::Display::fmt(&self.low, f);
        }
        const CHUNK: u64 = 10_000_000_000_000_000_000;
        let (mut rest, mut chunks) = (*self, Vec::new());
        while !rest.is_zero() {
            let (quotient, chunk) = rest.divide(CHUNK);
            chunks.push(chunk);
            rest = quotient;
        }
        let mut text = chunks.pop().unwrap_or_default().to_string();
        for chunk in chunks.iter().rev() {
            text.push_str(&format!("{chunk:019}"));
        }
        f.pad_integral(true, "", &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_of_ipv6_is_counted_exactly() {
        let all = Count::between(0, u128::MAX);
        assert_eq!(all.to_string(), "340282366920938463463374607431768211456");
        assert_eq!((all + all + all).to_string(), "1020847100762815390390123822295304634368");
        assert_eq!((all - Count::ONE).to_string(), u128::MAX.to_string());
        assert_eq!(all - all, Count::ZERO);
        assert_eq!(Count::ONE - all, Count::ZERO);
        assert_eq!(all.percent(25).to_string(), (1_u128 << 126).to_string());
        assert_eq!(all.percent_of(all + all), Some(50));
    }

    #[test]
    fn percentages() {
        let twenty = Count::from(20_u128);
        assert_eq!(twenty.percent(25), Count::from(5_u128));
        assert_eq!(twenty.percent(26), Count::from(6_u128), "rounded up");
        assert_eq!(Count::from(1_u128).percent_of(Count::from(3_u128)), Some(33));
        assert_eq!(Count::ONE.percent_of(Count::ZERO), None);
        assert!(Count::between(0, u128::MAX) > Count::from(u128::MAX));
        assert_eq!(Count::between(5, 4), Count::ZERO);
    }
}
