//! Sizes and durations as people write them.

use std::time::Duration;

/// `4096`, `64KiB`, `256M`, `1GiB`: bytes. The letters mean powers of 1024, with or without `iB` or `B`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err("write a number with KiB, MiB or GiB, such as 256MiB".into()),
    };
    let number: u64 = number.parse().map_err(|_| "write a whole number first, such as 256MiB".to_owned())?;
    number
        .checked_mul(1 << shift)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "must be above zero and below 16 EiB".into())
}

/// `500ms`, `30s`, `5m`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let milliseconds = match unit {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        _ => return Err("write a number with ms, s or m, such as 30s".into()),
    };
    let number: u64 = number.parse().map_err(|_| "write a whole number first, such as 30s".to_owned())?;
    let all = number.checked_mul(milliseconds).filter(|all| (1..=86_400_000).contains(all));
    all.map(Duration::from_millis).ok_or_else(|| "must be above zero and at most a day".into())
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let digits = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    (number, unit.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("64 KiB"), Ok(64 << 10));
        assert_eq!(size("256M"), Ok(256 << 20));
        assert_eq!(size("1gib"), Ok(1 << 30));
        for bad in ["", "0", "MiB", "-1", "1.5G", "1T", "99999999999G", "1 G B"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for bad in ["", "0s", "-1s", "1h", "2000m", "s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
