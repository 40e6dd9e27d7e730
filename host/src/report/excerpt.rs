//! The lines of a text that a place stands in, fit to be shown.
//!
//! A place is a range of bytes in the text *as it was read*: with its byte order mark, its CRLF line ends, tabs, and
//! perhaps bytes that are no UTF-8. What is shown must line up all the same and must not be able to move a
//! terminal's cursor. So the few lines concerned are copied character by character, and the range moves along.

use std::ops::Range;

/// At most this many lines of a range are shown; a finding on a whole object points at where it begins.
const LINES: usize = 4;
/// A longer line (a minified JSON file) is not shown at all; the renderer cuts those below this itself.
const LONGEST: usize = 16 * 1024;

/// Some lines with a range in them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The lines, joined with `\n`.
    pub(super) text: String,
    /// The range, in bytes of `text`, on character boundaries.
    pub(super) span: Range<usize>,
}

impl Excerpt {
    /// The lines that `range` touches. A range outside the text (a report that does not belong to it) gives nothing,
    /// and neither does a line that nobody would read.
    pub(super) fn new(source: &[u8], range: Range<usize>) -> Option<Self> {
        if range.start > range.end || range.end > source.len() {
            return None;
        }
        let before = source.get(..range.start)?;
        let first = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut copy = Copy::default();
        let mut at = first;
        for number in 0..LINES {
            if number > 0 {
                copy.text.push('\n');
            }
            let rest = source.get(at..)?;
            let length = rest.iter().position(|byte| *byte == b'\n');
            let line = rest.get(..length.unwrap_or(rest.len()))?;
            if line.len() > LONGEST {
                return None;
            }
            copy.line(at, line, &range);
            let Some(length) = length else { break };
            at += length + 1;
            if at >= range.end {
                break;
            }
        }
        let start = copy.start.unwrap_or(copy.text.len());
        let end = copy.end.unwrap_or(copy.text.len()).max(start);
        Some(Self { text: copy.text, span: start..end })
    }
}

/// The copy while it grows, and where the range's ends have been met.
#[derive(Default)]
struct Copy {
    text: String,
    start: Option<usize>,
    end: Option<usize>,
}

impl Copy {
    /// Copy one line that begins at byte `at` of the source.
    fn line(&mut self, at: usize, line: &[u8], range: &Range<usize>) {
        let bare = line.strip_suffix(b"\r").unwrap_or(line);
        let mut position = at;
        for chunk in bare.utf8_chunks() {
            for char in chunk.valid().chars() {
                self.mark(position, range);
                self.text.extend(shown(char, position));
                position += char.len_utf8();
            }
            if !chunk.invalid().is_empty() {
                self.mark(position, range);
                self.text.push(char::REPLACEMENT_CHARACTER);
                position += chunk.invalid().len();
            }
        }
        // The range may end with the line, before its line end.
        self.mark(position, range);
    }

    fn mark(&mut self, position: usize, range: &Range<usize>) {
        if self.start.is_none() && position >= range.start {
            self.start = Some(self.text.len());
        }
        if self.end.is_none() && position >= range.end {
            self.end = Some(self.text.len());
        }
    }
}

/// What stands for a character. A byte order mark is nothing at the very beginning; the renderer itself shows tabs
/// and C0 controls, but not C1, which some terminals obey as well.
fn shown(char: char, position: usize) -> Option<char> {
    match char {
        '\u{feff}' if position == 0 => None,
        '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' => Some(char::REPLACEMENT_CHARACTER),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The excerpt with its span in brackets.
    fn bracketed(source: &[u8], range: Range<usize>) -> String {
        let Excerpt { mut text, span } = Excerpt::new(source, range).unwrap();
        text.insert(span.end, ']');
        text.insert(span.start, '[');
        text
    }

    #[test]
    fn one_line_of_many() {
        assert_eq!(bracketed(b"a: 1\nkey: value\nb: 2\n", 10..15), "key: [value]");
        assert_eq!(bracketed(b"key: value", 5..10), "key: [value]");
    }

    #[test]
    fn line_ends_of_windows_are_not_shown() {
        assert_eq!(bracketed(b"a: 1\r\nkey: value\r\n", 11..16), "key: [value]");
        assert_eq!(bracketed(b"a: 1\r\nkey: value\r\n", 11..17), "key: [value]");
    }

    #[test]
    fn a_byte_order_mark_counts_and_is_not_shown() {
        assert_eq!(bracketed("\u{feff}key: value\n".as_bytes(), 8..13), "key: [value]");
        assert_eq!(bracketed("\u{feff}key: value\n".as_bytes(), 3..6), "[key]: value");
        assert_eq!(bracketed("\u{feff}key: value\n".as_bytes(), 0..6), "[key]: value");
    }

    #[test]
    fn characters_of_several_bytes() {
        assert_eq!(bracketed("grüße: 你好 # ✓\n".as_bytes(), 9..15), "grüße: [你好] # ✓");
        // Inside a character: the range moves to its end, nothing panics.
        assert_eq!(bracketed("ü: 1".as_bytes(), 1..1), "ü[]: 1");
    }

    #[test]
    fn bytes_that_are_no_text() {
        assert_eq!(bracketed(b"a: \xff\xfe b", 6..7), "a: \u{fffd}\u{fffd} [b]");
        assert_eq!(bracketed("a: \u{9b}31m".as_bytes(), 3..8), "a: [\u{fffd}31m]");
    }

    #[test]
    fn empty_places_and_the_end_of_the_text() {
        assert_eq!(bracketed(b"a: \nb: 1\n", 3..3), "a: []");
        assert_eq!(bracketed(b"a: 1\n", 5..5), "[]");
        assert_eq!(bracketed(b"", 0..0), "[]");
    }

    #[test]
    fn several_lines_and_too_many() {
        assert_eq!(bracketed(b"x\na: 1\nb: 2\nc: 3\n", 2..11), "[a: 1\nb: 2]");
        assert_eq!(bracketed(b"1\n2\n3\n4\n5\n6\n7\n", 0..14), "[1\n2\n3\n4]");
        assert_eq!(bracketed(b"a\n\nb\n", 0..4), "[a\n\nb]");
        assert_eq!(bracketed(b"a\n\nb\n", 2..4), "[\nb]");
    }

    #[test]
    fn a_line_that_nobody_would_read_is_not_shown() {
        let line = "x".repeat(LONGEST);
        assert!(Excerpt::new(line.as_bytes(), 5..10).is_some());
        let line = format!("{line}y\nshort\n");
        assert_eq!(Excerpt::new(line.as_bytes(), 5..10), None);
        assert_eq!(bracketed(line.as_bytes(), LONGEST + 2..LONGEST + 7), "[short]");
    }

    #[test]
    fn a_place_outside_the_text_is_no_place() {
        assert_eq!(Excerpt::new(b"abc", 2..9), None);
        #[expect(clippy::reversed_empty_ranges, reason = "a hostile module may say so")]
        let reversed = 2..1;
        assert_eq!(Excerpt::new(b"abc", reversed), None);
    }

    #[test]
    fn every_range_of_an_odd_text_is_fit_to_be_shown() {
        let source = "\u{feff}a: ü\r\n\r\n\tb: '你'\u{85}\n\n# \u{1b}[31m\n".as_bytes();
        for start in 0..=source.len() {
            for end in start..=source.len() {
                let excerpt = Excerpt::new(source, start..end).unwrap();
                assert!(excerpt.text.get(excerpt.span.clone()).is_some(), "{start}..{end}: {excerpt:?}");
            }
        }
    }
}
