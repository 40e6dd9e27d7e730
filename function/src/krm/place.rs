//! From byte offsets to lines and columns.

use std::ops::Range;

use crate::report::Place;

/// How far apart marks stand: what is counted from the last one on costs a tenth of a microsecond.
const STRIDE: usize = 2048;

/// One text of the input, with marks by which lines and columns are found.
///
/// Not the start of every line: a text of 100 MB has 2.4 million of them, and a text on one line has none.
#[derive(Debug)]
pub struct Text<'t> {
    /// The path in the package, empty for standard input.
    pub path: &'t str,
    /// The whole text, byte order mark included.
    pub text: &'t str,
    /// One every [`STRIDE`] bytes, from the first byte on.
    marks: Vec<Mark>,
}

/// What is true just before a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    /// Line feeds so far.
    feeds: usize,
    /// Start of the line.
    line_start: usize,
    /// Characters of the line so far.
    characters: usize,
}

impl Mark {
    /// What is true after more bytes, which begin at an offset.
    fn advance(&mut self, from: usize, bytes: &[u8]) {
        let mut rest = bytes;
        if let Some(last) = memchr::memrchr(b'\n', bytes) {
            self.feeds += memchr::memchr_iter(b'\n', bytes).count();
            self.line_start = from + last + 1;
            self.characters = 0;
            rest = &bytes[last + 1..];
        }
        // Continuation bytes of UTF-8 are 10xxxxxx.
        self.characters += rest.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    }
}

impl<'t> Text<'t> {
    /// Set the marks of a text.
    pub fn new(path: &'t str, text: &'t str) -> Self {
        let mut mark = Mark { feeds: 0, line_start: 0, characters: 0 };
        let mut marks = Vec::with_capacity(text.len() / STRIDE + 1);
        marks.push(mark);
        for (n, chunk) in text.as_bytes().chunks_exact(STRIDE).enumerate() {
            mark.advance(n * STRIDE, chunk);
            marks.push(mark);
        }
        Self { path, text, marks }
    }

    /// What is true just before an offset.
    fn mark(&self, offset: usize) -> Mark {
        let offset = offset.min(self.text.len());
        let nearest = offset / STRIDE;
        let mut mark = self.marks[nearest];
        mark.advance(nearest * STRIDE, &self.text.as_bytes()[nearest * STRIDE..offset]);
        mark
    }

    /// Line (from 1) and column in characters (from 1) of a byte offset.
    pub fn line_column(&self, offset: usize) -> (u32, u32) {
        let mark = self.mark(offset);
        let bom = mark.line_start == 0 && mark.characters > 0 && self.text.starts_with('\u{feff}');
        (clamp(mark.feeds + 1), clamp(mark.characters - usize::from(bom) + 1))
    }

    /// Start of the line that holds `offset`.
    pub fn line_start(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let near = offset.saturating_sub(STRIDE);
        let feed = memchr::memrchr(b'\n', &self.text.as_bytes()[near..offset]);
        feed.map_or_else(|| self.mark(near).line_start, |at| near + at + 1)
    }

    /// One past the line feed that ends the line of `offset`, or the end of the text.
    pub fn line_end(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let offset = offset.min(bytes.len());
        let near = (offset + STRIDE).min(bytes.len());
        if let Some(at) = memchr::memchr(b'\n', &bytes[offset..near]) {
            return offset + at + 1;
        }
        // Marks on the same line are stepped over, however long it is.
        let (line, next) = (self.mark(near).feeds, near / STRIDE + 1);
        let skipped = self.marks.get(next..).map_or(0, |marks| marks.partition_point(|mark| mark.feeds == line));
        let from = if skipped == 0 { near } else { (next + skipped - 1) * STRIDE };
        memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |at| from + at + 1)
    }

    /// The line ending in use: that of the first line.
    pub fn newline(&self) -> &'static str {
        let first = self.text.get(..self.line_end(0)).unwrap_or_default();
        if first.ends_with("\r\n") { "\r\n" } else { "\n" }
    }

    /// A place in this text, in a document that says it comes from `path`, document `index`.
    pub fn place(&self, span: &Range<usize>, path: Option<&str>, index: Option<u32>) -> Place {
        let (line, column) = self.line_column(span.start);
        Place {
            source: self.path.to_owned(),
            path: path.map(str::to_owned).or_else(|| (!self.path.is_empty()).then(|| self.path.to_owned())),
            index,
            line,
            column,
            start: span.start,
            end: span.end,
        }
    }
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_and_skip_the_byte_order_mark() {
        let text = Text::new("a.yaml", "\u{feff}äb: 1\r\nc: 2");
        assert_eq!(text.line_column(3), (1, 1));
        assert_eq!(text.line_column(5), (1, 2));
        assert_eq!(text.line_column(text.text.len()), (2, 5));
        assert_eq!(text.newline(), "\r\n");
        assert_eq!(text.line_end(0), 11);
        assert_eq!(text.line_start(text.text.len()), 11);
    }

    #[test]
    fn marks_agree_with_counting_from_the_start() {
        let long = "ä".repeat(3 * STRIDE);
        let feeds = "\n".repeat(STRIDE + 1);
        let text = format!("\u{feff}a\r\n{long}\n{feeds}{long}€{}\nb", "line of text\n".repeat(STRIDE));
        let marked = Text::new("", &text);
        for offset in (0..=text.len()).filter(|&at| text.is_char_boundary(at)).step_by(7) {
            let before = &text[..offset];
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at + 1);
            let line = before.matches('\n').count() + 1;
            let column = before[start..].trim_start_matches('\u{feff}').chars().count() + 1;
            assert_eq!(marked.line_column(offset), (clamp(line), clamp(column)), "at {offset}");
            assert_eq!((marked.line_start(offset), marked.line_end(offset)), (start, end), "at {offset}");
        }
    }
}
