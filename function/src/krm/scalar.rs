//! What type a plain scalar has to Kubernetes.
//!
//! kubectl, the API machinery and Flux read YAML 1.1 through goyaml v2; kustomize and kpt through v3, which
//! differs only in leaving `y`, `yes`, `on`, … as strings where nothing asks for a boolean. The table is that of
//! their `resolve.go`.

use super::node::{Node, Style, Tag, Value};

/// The type that a scalar resolves to.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed<'a> {
    /// Nothing, `~`, `null`.
    Null,
    /// `true`, `False`, …
    Bool(bool),
    /// `yes`, `on`, `n`, …: a boolean to kubectl and Flux, a string to kustomize and kpt.
    LegacyBool(bool),
    /// Decimal, `0x`, `0o`, `0b`, leading-zero octal, `1_000`.
    Int(i128),
    /// Everything that parses as a number but not as an integer, `.inf` and `.nan` included.
    Float(f64),
    /// A string.
    Str(&'a str),
}

/// The type of a scalar node; `None` for lists and maps.
pub fn typed<'a>(node: &'a Node<'_>) -> Option<Typed<'a>> {
    let Value::Scalar { text, style, tag } = &node.value else { return None };
    if *style != Style::Plain || *tag == Some(Tag::Str) {
        return Some(Typed::Str(text));
    }
    if node.is_null() {
        return Some(Typed::Null);
    }
    Some(resolve(text))
}

/// The type of a plain text.
pub fn resolve(text: &str) -> Typed<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Typed::Null,
        "true" | "True" | "TRUE" => return Typed::Bool(true),
        "false" | "False" | "FALSE" => return Typed::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Typed::LegacyBool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Typed::LegacyBool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Typed::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Typed::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Typed::Float(f64::NAN),
        _ => {}
    }
    let first = text.as_bytes()[0];
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return Typed::Str(text);
    }
    let digits: String = text.chars().filter(|&c| c != '_').collect();
    if let Some(int) = integer(&digits) {
        return Typed::Int(int);
    }
    if is_yaml_float(&digits)
        && let Ok(float) = digits.parse::<f64>()
        // Go refuses what is beyond a double.
        && float.is_finite()
    {
        return Typed::Float(float);
    }
    Typed::Str(text)
}

fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let radix = |prefix: &[&str], radix| {
        prefix.iter().find_map(|p| digits.strip_prefix(p)).map(|rest| parse_radix(rest, radix))
    };
    let value = radix(&["0x", "0X"], 16)
        .or_else(|| radix(&["0o", "0O"], 8))
        .or_else(|| radix(&["0b", "0B"], 2))
        .unwrap_or_else(|| match digits.strip_prefix('0') {
            Some(rest) if !rest.is_empty() => parse_radix(rest, 8),
            _ => parse_radix(digits, 10),
        })?;
    // Go keeps what fits 64 bits (signed or unsigned) as an integer; the rest becomes a float.
    let value = if negative { -value } else { value };
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value).then_some(value)
}

fn parse_radix(digits: &str, radix: u32) -> Option<i128> {
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| i128::from_str_radix(digits, radix).ok())?
}

/// goyaml's own pattern: `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`.
fn is_yaml_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", after)) => digits(after),
        Some((before, after)) => digits(before) && (after.is_empty() || digits(after)),
    };
    mantissa_ok && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_goyaml() {
        for (text, want) in [
            ("yes", Typed::LegacyBool(true)),
            ("017", Typed::Int(15)),
            ("0o17", Typed::Int(15)),
            ("089", Typed::Float(89.0)),
            ("1_000", Typed::Int(1000)),
            ("1_000.5", Typed::Float(1000.5)),
            ("1e3", Typed::Float(1000.0)),
            ("0x1F", Typed::Int(31)),
            ("1.10", Typed::Float(1.1)),
            ("12:30:45", Typed::Str("12:30:45")),
            ("2001-01-01", Typed::Str("2001-01-01")),
            ("10.25.11.100", Typed::Str("10.25.11.100")),
            ("::1", Typed::Str("::1")),
            ("1e400", Typed::Str("1e400")),
            ("-", Typed::Str("-")),
            (".", Typed::Str(".")),
            ("~", Typed::Null),
            ("18446744073709551615", Typed::Int(u64::MAX.into())),
        ] {
            assert_eq!(resolve(text), want, "{text}");
        }
    }
}
