//! From byte offsets to lines and columns.

use std::ops::Range;

use crate::report::Place;

/// One text of the input with its line starts.
#[derive(Debug)]
pub struct Text<'t> {
    /// The path in the package, empty for standard input.
    pub path: &'t str,
    /// The whole text, byte order mark included.
    pub text: &'t str,
    lines: Vec<usize>,
}

impl<'t> Text<'t> {
    /// Index the lines of a text.
    pub fn new(path: &'t str, text: &'t str) -> Self {
        let mut lines = vec![0];
        lines.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Self { path, text, lines }
    }

    /// Line (from 1) and column in characters (from 1) of a byte offset.
    pub fn line_column(&self, offset: usize) -> (u32, u32) {
        let line = self.lines.partition_point(|&start| start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
        (clamp(line), clamp(before.chars().count() + 1))
    }

    /// Start of the line that holds `offset`.
    pub fn line_start(&self, offset: usize) -> usize {
        let line = self.lines.partition_point(|&start| start <= offset).max(1);
        self.lines.get(line - 1).copied().unwrap_or(0)
    }

    /// One past the line feed that ends the line of `offset`, or the end of the text.
    pub fn line_end(&self, offset: usize) -> usize {
        let line = self.lines.partition_point(|&start| start <= offset).max(1);
        self.lines.get(line).copied().unwrap_or(self.text.len())
    }

    /// The line ending in use: that of the first line.
    pub fn newline(&self) -> &'static str {
        match self.lines.get(1) {
            Some(&end) if end >= 2 && self.text.as_bytes().get(end - 2) == Some(&b'\r') => "\r\n",
            _ => "\n",
        }
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
}
