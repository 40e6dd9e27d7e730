//! Patterns of `${v#p}` and its like (`envsubst/path/match.go`, `trim…` and `reverse` in `envsubst/funcs.go`).
//!
//! Go's `path.Match` with one change: a star crosses slashes. It works on bytes, and the prefixes that it is tried
//! on end at any byte, so `?` can match half a character. A malformed pattern is noticed only when matching gets to
//! the malformed part, and then the value stays as it is.

use super::characters::{characters, decode};
use super::error::Limit;

/// Steps that matching may still take, in all expressions of a text together.
pub(super) struct Steps(u64);

impl Steps {
    /// About a tenth of a second.
    pub(super) fn new() -> Steps {
        Steps(1 << 24)
    }

    fn take(&mut self) -> Result<(), Failure> {
        self.0 = self.0.checked_sub(1).ok_or(Failure::OutOfSteps)?;
        Ok(())
    }
}

enum Failure {
    Malformed,
    OutOfSteps,
}

/// Take the shortest or longest prefix that matches off a value. The empty prefix is never tried.
pub(super) fn strip_prefix<'v>(
    value: &'v [u8],
    pattern: &[u8],
    longest: bool,
    steps: &mut Steps,
) -> Result<&'v [u8], Limit> {
    let mut rest = value;
    for end in (1..=value.len()).rev() {
        match matches(pattern, &value[..end], steps) {
            Ok(true) => rest = &value[end..],
            Ok(false) => continue,
            // Even if a longer prefix has matched.
            Err(Failure::Malformed) => return Ok(value),
            Err(Failure::OutOfSteps) => return Err(Limit::Matching),
        }
        if longest {
            break;
        }
    }
    Ok(rest)
}

/// The same at the end: value and pattern are reversed character by character, which classes and escapes in the
/// pattern do not survive.
pub(super) fn strip_suffix(value: &[u8], pattern: &[u8], longest: bool, steps: &mut Steps) -> Result<Vec<u8>, Limit> {
    let backwards = reversed(value);
    let rest = strip_prefix(&backwards, &reversed(pattern), longest, steps)?;
    Ok(reversed(rest))
}

fn reversed(bytes: &[u8]) -> Vec<u8> {
    let characters: Vec<char> = characters(bytes).collect();
    characters.into_iter().rev().collect::<String>().into_bytes()
}

/// Whether the pattern matches all of the name.
fn matches(mut pattern: &[u8], mut name: &[u8], steps: &mut Steps) -> Result<bool, Failure> {
    'pattern: while !pattern.is_empty() {
        let (star, chunk, rest) = first_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(true);
        }
        let is_last = pattern.is_empty();
        let attempts = if star { name.len() } else { 0 };
        for skipped in 0..=attempts {
            steps.take()?;
            if let Some(left) = match_chunk(chunk, &name[skipped..], steps)?
                && (left.is_empty() || !is_last)
            {
                name = left;
                continue 'pattern;
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Whether stars lead the pattern, what stands between them and the next star, and the rest from there.
fn first_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|&&byte| byte == b'*').count();
    let pattern = &pattern[stars..];
    let mut in_class = false;
    let mut end = 0;
    while end < pattern.len() {
        match pattern[end] {
            b'\\' if end + 1 < pattern.len() => end += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => break,
            _ => {}
        }
        end += 1;
    }
    (stars > 0, &pattern[..end], &pattern[end..])
}

/// What is left of the name after a chunk, which has no star; none if the name does not begin with it.
fn match_chunk<'n>(mut chunk: &[u8], mut name: &'n [u8], steps: &mut Steps) -> Result<Option<&'n [u8]>, Failure> {
    while let Some(&sign) = chunk.first() {
        let Some(&byte) = name.first() else { return Ok(None) };
        steps.take()?;
        match sign {
            b'[' => {
                let (character, width) = decode(name);
                name = &name[width..];
                let (holds, rest) = match_class(&chunk[1..], character, steps)?;
                if !holds {
                    return Ok(None);
                }
                chunk = rest;
            }
            b'?' => {
                name = &name[decode(name).1..];
                chunk = &chunk[1..];
            }
            _ => {
                let literal = if sign == b'\\' { &chunk[1..] } else { chunk };
                if *literal.first().ok_or(Failure::Malformed)? != byte {
                    return Ok(None);
                }
                name = &name[1..];
                chunk = &literal[1..];
            }
        }
    }
    Ok(Some(name))
}

/// Whether a class, read from behind its `[`, holds a character, and the chunk behind it. A class is read to its
/// end even when the character is already found.
fn match_class<'c>(chunk: &'c [u8], character: char, steps: &mut Steps) -> Result<(bool, &'c [u8]), Failure> {
    let (negated, mut chunk) = match chunk.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, chunk),
    };
    let mut found = false;
    let mut is_first = true;
    loop {
        if !is_first && let Some(rest) = chunk.strip_prefix(b"]") {
            return Ok((found != negated, rest));
        }
        steps.take()?;
        let (low, rest) = class_character(chunk)?;
        let (high, rest) = match rest.strip_prefix(b"-") {
            Some(rest) => class_character(rest)?,
            None => (low, rest),
        };
        found |= (low..=high).contains(&character);
        chunk = rest;
        is_first = false;
    }
}

/// One end of a range in a class, and the chunk behind it.
fn class_character(chunk: &[u8]) -> Result<(char, &[u8]), Failure> {
    let chunk = match chunk.first() {
        None | Some(b'-' | b']') => return Err(Failure::Malformed),
        Some(b'\\') => &chunk[1..],
        Some(_) => chunk,
    };
    if chunk.is_empty() {
        return Err(Failure::Malformed);
    }
    let (character, width) = decode(chunk);
    if character == char::REPLACEMENT_CHARACTER && width == 1 {
        return Err(Failure::Malformed);
    }
    Ok((character, &chunk[width..]))
}
