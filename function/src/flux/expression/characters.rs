//! Characters as Go sees them: what belongs to a name, the other case of a letter, and UTF-8 with errors in it.

use super::tables::{LOWER, NAME, UPPER};

/// Whether a variable's name may hold this character: `unicode.IsLetter`, `unicode.IsDigit` or an underscore.
pub(super) fn is_name(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || character == '_';
    }
    let code = u32::from(character);
    let after = NAME.partition_point(|&(first, _)| first <= code);
    after > 0 && code <= NAME[after - 1].1
}

/// `unicode.ToUpper`: one character for one, so `ß` stays.
pub(super) fn to_upper(character: char) -> char {
    if character.is_ascii() { character.to_ascii_uppercase() } else { mapped(character, UPPER) }
}

/// `unicode.ToLower`
pub(super) fn to_lower(character: char) -> char {
    if character.is_ascii() { character.to_ascii_lowercase() } else { mapped(character, LOWER) }
}

fn mapped(character: char, table: &[(u32, u32, u32, i32)]) -> char {
    let code = u32::from(character);
    let after = table.partition_point(|&(first, ..)| first <= code);
    let Some(&(first, last, step, distance)) = after.checked_sub(1).and_then(|row| table.get(row)) else {
        return character;
    };
    if code > last || (code - first) % step != 0 {
        return character;
    }
    code.checked_add_signed(distance).and_then(char::from_u32).unwrap_or(character)
}

/// `utf8.DecodeRune`: the first character of bytes that are not empty, and its width; U+FFFD of width 1 for a byte
/// that begins no character.
pub(super) fn decode(bytes: &[u8]) -> (char, usize) {
    let width = match bytes.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => 1,
    };
    let decoded = bytes.get(..width).and_then(|head| std::str::from_utf8(head).ok());
    match decoded.and_then(|head| head.chars().next()) {
        Some(character) => (character, width),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// The characters of bytes, each byte that belongs to none as U+FFFD.
pub(super) fn characters(mut bytes: &[u8]) -> impl Iterator<Item = char> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let (character, width) = decode(bytes);
        bytes = &bytes[width..];
        Some(character)
    })
}
