//! Columns that line up, whatever script the names are in.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::Dress;

/// Which way a column leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lean {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table with a heading.
pub(super) struct Table<const N: usize> {
    heading: [(&'static str, Lean); N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(super) fn new(heading: [(&'static str, Lean); N]) -> Self {
        Self { heading, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// Write it, indented by two, with a blank line behind. Nothing when there are no rows.
    pub(super) fn write(&self, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
