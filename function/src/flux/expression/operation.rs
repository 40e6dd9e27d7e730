//! The operators, each on a value that is known (`envsubst/funcs.go`).

use memchr::memmem;

use super::characters::{to_lower, to_upper};

/// What an expression does with its variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// `${v}`
    Value,
    /// `${#v}`, in bytes
    Length,
    /// `${v^}` and its like
    Case(Case),
    /// `${v:position}` and `${v:position:length}`, in bytes
    Substring,
    /// `${v#pattern}` and `${v##pattern}`
    StripPrefix { longest: bool },
    /// `${v%pattern}` and `${v%%pattern}`
    StripSuffix { longest: bool },
    /// `${v/old/new}` and its like
    Replace(Place),
    /// `${v:-d}`, `${v:=d}`, `${v=d}`, and `${v:+d}` and `${v:?d}`, which do the same
    Default,
}

/// Which letters change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    UpperFirst,
    Lower,
    LowerFirst,
    /// `^,` and `,^` are accepted and do nothing.
    Unchanged,
}

/// Where a replacement happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    First,
    All,
    Prefix,
    Suffix,
}

/// The value with letters in another case, one for one.
pub(super) fn change_case(value: &str, case: Case) -> String {
    let (change, count): (fn(char) -> char, usize) = match case {
        Case::Upper => (to_upper, usize::MAX),
        Case::UpperFirst => (to_upper, 1),
        Case::Lower => (to_lower, usize::MAX),
        Case::LowerFirst => (to_lower, 1),
        Case::Unchanged => return value.to_owned(),
    };
    let mut changed = String::with_capacity(value.len());
    changed.extend(value.chars().take(count).map(change));
    changed.extend(value.chars().skip(count));
    changed
}

/// What a length that leads out of the value does.
pub(super) struct Crash;

/// The bytes from a position on, all or so many. A number that is none leaves the value whole.
pub(super) fn substring<'v>(
    value: &'v [u8],
    position: &[u8],
    length: Option<&[u8]>,
    negative_counts_back: bool,
) -> Result<&'v [u8], Crash> {
    let Some(position) = number(position) else { return Ok(value) };
    let size = value.len() as i64;
    let start = if position < 0 { size.saturating_add(position).max(0) } else { position };
    let end = match length.map(number) {
        None => size,
        Some(None) => return Ok(value),
        Some(Some(length)) if length < 0 && negative_counts_back => (size + length).max(0),
        // Up to 1.7 a negative length crashes unless the end stays behind the value, then the rest is taken.
        Some(Some(length)) => match start.checked_add(length) {
            Some(end) if end >= size => size,
            Some(end) if end >= start => end,
            _ => return Err(Crash),
        },
    };
    // A position behind the value, or an end before the position, leaves nothing.
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    Ok(range.and_then(|(start, end)| value.get(start..end)).unwrap_or_default())
}

/// `strconv.Atoi`
fn number(bytes: &[u8]) -> Option<i64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// The value with `old` replaced by `new`; none where that takes more than `limit` bytes.
///
/// `new` is absent in `${v/old/}`, which deletes at the first or at every place and does nothing at the ends.
pub(super) fn replace(text: &str, place: Place, old: &[u8], new: Option<&[u8]>, limit: usize) -> Option<Vec<u8>> {
    let value = text.as_bytes();
    let places: Vec<usize> = match place {
        Place::First => memmem::find(value, old).into_iter().collect(),
        // Go finds nothing before every character and at the end.
        Place::All if old.is_empty() => text.char_indices().map(|(at, _)| at).chain([text.len()]).collect(),
        Place::All => memmem::find_iter(value, old).collect(),
        Place::Prefix if new.is_some() && value.starts_with(old) => vec![0],
        Place::Suffix if new.is_some() && value.ends_with(old) => vec![value.len() - old.len()],
        Place::Prefix | Place::Suffix => Vec::new(),
    };
    let new = new.unwrap_or_default();
    let size = value.len().checked_add(places.len().checked_mul(new.len())?)?;
    if size > limit {
        return None;
    }
    let mut replaced = Vec::with_capacity(size);
    let mut copied = 0;
    for at in places {
        replaced.extend_from_slice(&value[copied..at]);
        replaced.extend_from_slice(new);
        copied = at + old.len();
    }
    replaced.extend_from_slice(&value[copied..]);
    Some(replaced)
}
