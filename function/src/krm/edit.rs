//! Changes to a text, each a range and what takes its place.

use std::ops::Range;

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; empty for an insertion.
    pub range: Range<usize>,
    /// What comes instead; empty for a removal.
    pub text: String,
}

impl Edit {
    /// Put `text` at an offset.
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { range: at..at, text: text.into() }
    }

    /// Take a range out.
    pub fn remove(range: Range<usize>) -> Self {
        Self { range, text: String::new() }
    }

    /// Put `text` in the place of a range.
    pub fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }
}

/// Edits in the order in which the text has them; those at one offset keep theirs.
pub fn in_order(edits: &[Edit]) -> Vec<&Edit> {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| (edit.range.start, edit.range.end));
    ordered
}

/// Apply edits to a text. Edits at one offset keep their order; of two that overlap the first in the text wins,
/// which the callers never ask for.
pub fn apply(text: &str, edits: Vec<Edit>) -> String {
    let edits = in_order(&edits);
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = String::with_capacity(text.len() + added);
    let mut at = 0;
    for edit in edits {
        debug_assert!(edit.range.start >= at, "edits overlap at {}", edit.range.start);
        if edit.range.start < at {
            continue;
        }
        out.push_str(text.get(at..edit.range.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_leave_the_rest_alone() {
        let edits = vec![Edit::replace(4..5, "X"), Edit::insert(0, ">"), Edit::remove(1..3)];
        assert_eq!(apply("abcdef", edits), ">adXf");
        assert_eq!(apply("abc", vec![]), "abc");
    }
}
