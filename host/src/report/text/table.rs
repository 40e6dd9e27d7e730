//! Columns that line up, whatever script the names are in.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::Dress;

/// Which way a column leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lean {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table with a heading.
pub(crate) struct Table<const N: usize> {
    heading: [(&'static str, Lean); N],
    rows: Vec<[String; N]>,
    /// What the first cell of a row is, where it does not say so itself and no heading stands above it.
    kind: &'static str,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(heading: [(&'static str, Lean); N]) -> Self {
        Self { heading, rows: Vec::new(), kind: "" }
    }

    /// A table of so named things, such as `pool`.
    pub(crate) fn of(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// Write it, indented by two, with a blank line behind. Nothing when there are no rows.
    pub(crate) fn write(&self, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut widths = self.heading.map(|(heading, _)| heading.width());
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let heading = self.heading.map(|(heading, _)| heading.to_owned());
        writeln!(out, "{}", dress.paint(Dress::FAINT, &self.laid_out(&heading, &widths)))?;
        for row in &self.rows {
            writeln!(out, "{}", self.laid_out(row, &widths))?;
        }
        writeln!(out)
    }

    /// The same on a terminal of so many columns: where the rows are too wide, each becomes a paragraph with the first
    /// cell for a heading, which is what a narrow window or a screen reader can follow.
    pub(crate) fn write_within(&self, columns: Option<usize>, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
        let width = |at: usize| self.rows.iter().map(|row| row[at].width()).max().unwrap_or(0);
        let widths = self.heading.iter().enumerate().map(|(at, (heading, _))| heading.width().max(width(at)) + 2);
        let Some(columns) = columns.filter(|columns| widths.sum::<usize>() > *columns) else {
            return self.write(dress, out);
        };
        if self.rows.is_empty() {
            return Ok(());
        }
        let label = self.heading.iter().skip(1).map(|(heading, _)| heading.width()).max().unwrap_or(0);
        for row in &self.rows {
            let mut cells = row.iter().zip(&self.heading);
            if let Some((first, _)) = cells.next().filter(|(first, _)| !first.is_empty()) {
                let kind = if self.kind.is_empty() { String::new() } else { format!("{} ", self.kind) };
                for (at, text) in
                    wrapped(&format!("{kind}{first}"), columns.saturating_sub(4).max(20)).iter().enumerate()
                {
                    let indent = if at == 0 { "  " } else { "    " };
                    writeln!(out, "{indent}{}", dress.paint(Dress::HEADING, text))?;
                }
            }
            for (cell, (heading, _)) in cells.filter(|(cell, _)| !cell.is_empty()) {
                let room = columns.saturating_sub(label + 6).max(20);
                for (at, text) in wrapped(cell, room).into_iter().enumerate() {
                    let heading = if at == 0 { *heading } else { "" };
                    let padding = " ".repeat(label - heading.width());
                    writeln!(out, "    {}{padding}  {text}", dress.paint(Dress::FAINT, heading))?;
                }
            }
        }
        writeln!(out)
    }

    fn laid_out(&self, cells: &[String; N], widths: &[usize; N]) -> String {
        let mut text = String::new();
        for ((cell, width), (_, lean)) in cells.iter().zip(widths).zip(&self.heading) {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            match lean {
                Lean::Left => text.extend(["  ", cell, &padding]),
                Lean::Right => text.extend(["  ", &padding, cell]),
            }
        }
        text.trim_end().to_owned()
    }
}

/// A text in lines of at most so many columns, broken at blanks.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= columns => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_gets_paragraphs() {
        let mut table = Table::new([("POOL", Lean::Left), ("ADDRESS", Lean::Left), ("BECAUSE", Lean::Left)]).of("pool");
        table.row(["a".into(), "192.0.2.1".into(), "it asks for none and this one is free".into()]);
        let mut out = Vec::new();
        table.write_within(Some(40), Dress::default(), &mut out).unwrap();
        let expected = "\
\u{20} pool a
    ADDRESS  192.0.2.1
    BECAUSE  it asks for none and this
             one is free
\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert!(String::from_utf8(expected.into()).unwrap().lines().all(|line| line.width() <= 40));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let mut table = Table::new([("WHO", Lean::Left), ("TOTAL", Lean::Right), ("POOL", Lean::Left)]);
        table.row(["Service 网络/网关".into(), "1".into(), "a".into()]);
        table.row(["Service a/b".into(), "18446744073709551616".into(), String::new()]);
        let mut out = Vec::new();
        table.write(Dress::default(), &mut out).unwrap();
        let expected = "\
\u{20} WHO                               TOTAL  POOL
\u{20} Service 网络/网关                     1  a
\u{20} Service a/b        18446744073709551616
\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
