//! The map in a terminal: a heading a segment, a row a cluster, as wide as the terminal is.

use std::io::{self, Write};

use lbpools_function::report::{ClaimKind, Report, SegmentReport};

use super::scale::Scale;
use super::span::Span;
use super::{Row, Side, Taken, rows};
use crate::report::text::{Dress, line};
use crate::report::words::addresses;

/// What a column of a row shows; a later one is drawn over an earlier one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Nothing,
    Gap,
    Plan,
    Pool,
    Set,
    Reserved,
    Predicted,
    Pinned,
    Contested,
}

impl Cell {
    const LEGEND: [(Cell, &'static str); 8] = [
        (Cell::Plan, "planned"),
        (Cell::Pool, "pool, free"),
        (Cell::Set, "one of these"),
        (Cell::Pinned, "pinned"),
        (Cell::Predicted, "predicted"),
        (Cell::Reserved, "reserved"),
        (Cell::Contested, "contested"),
        (Cell::Gap, "left out"),
    ];

    fn char(self) -> char {
        match self {
            Cell::Nothing => '.',
            Cell::Gap => '/',
            Cell::Plan => '-',
            Cell::Pool => '=',
            Cell::Set => '?',
            Cell::Reserved => 'R',
            Cell::Pinned => '#',
            Cell::Predicted => '+',
            Cell::Contested => '!',
        }
    }

    fn style(self) -> anstyle::Style {
        match self {
            Cell::Nothing | Cell::Gap | Cell::Plan => Dress::FAINT,
            Cell::Pool => Dress::GOOD,
            Cell::Set | Cell::Reserved => Dress::DOUBT,
            Cell::Pinned | Cell::Predicted => Dress::HEADING,
            Cell::Contested => Dress::BAD,
        }
    }
}

/// Draw it, rows this many columns wide. Of two states, a cluster's rows stand under each other.
pub fn emit(sides: &[Side<'_>], dress: Dress, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let label = |cluster: &str, side: &Side<'_>| match side.label {
        "" | "unchanged" => line(cluster).into_owned(),
        label => format!("{} {}", line(cluster), line(label)),
    };
    let clusters =
        |side: &Side<'_>| side.report.clusters.iter().map(|cluster| label(&cluster.name, side).chars().count()).max();
    let wide = sides.iter().filter_map(clusters).max().unwrap_or(0).max(8);
    let width = columns.saturating_sub(wide + 4).clamp(16, 128);
    let rows = rows(sides);
    for each in &rows {
        heading(each, sides, dress, out)?;
        let Some(scale) = &each.scale else { continue };
        let mut clusters: Vec<&String> = Vec::new();
        for cluster in each.drawn(sides).flat_map(|(_, _, segment)| &segment.clusters) {
            if !clusters.contains(&cluster) {
                clusters.push(cluster);
            }
        }
        for cluster in clusters {
            for (_, side, segment) in each.drawn(sides).filter(|(.., segment)| segment.clusters.contains(cluster)) {
                let row = row(side.report, segment, cluster, scale, width);
                let name = label(cluster, &side);
                let pad = " ".repeat(wide.saturating_sub(name.chars().count()));
                writeln!(out, "  {name}{pad}  {}", painted(&row, dress))?;
            }
        }
        for (_, side, segment) in each.drawn(sides) {
            for contest in &segment.contests {
                let more = contest.rivals.saturating_sub(contest.between.len());
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                let when =
                    if matches!(side.label, "" | "unchanged") { String::new() } else { format!("{} ", side.label) };
                let told = format!("! {when}{}: {}{more}", contest.range, contest.between.join(", "));
                writeln!(out, "  {}", dress.paint(Dress::BAD, &line(&told)))?;
            }
        }
        writeln!(out)?;
    }
    if rows.is_empty() {
        return writeln!(out, "no addresses to draw");
    }
    let legend: Vec<String> = Cell::LEGEND
        .iter()
        .map(|(cell, what)| format!("{} {what}", dress.paint(cell.style(), &cell.char().to_string())))
        .collect();
    writeln!(out, "{}", legend.join("  "))
}

fn heading(row: &Row<'_>, sides: &[Side<'_>], dress: Dress, out: &mut dyn Write) -> io::Result<()> {
    let planned = if row.planned { "" } else { "; no network of the plan" };
    let mut facts: Vec<String> = Vec::new();
    for (_, side, segment) in row.drawn(sides) {
        let when = if side.label.is_empty() { String::new() } else { format!("{}: ", side.label) };
        facts.push(format!("{when}{}, {} unclaimed", addresses(&segment.total), segment.unclaimed));
    }
    let title = dress.paint(Dress::HEADING, &line(row.title));
    writeln!(out, "{title}  {}", dress.paint(Dress::FAINT, &line(&format!("({}{planned})", facts.join("; ")))))
}

/// The columns of one cluster. What is reserved on a segment is so for all of its clusters.
fn row(report: &Report, segment: &SegmentReport, cluster: &str, scale: &Scale, width: usize) -> Vec<Cell> {
    let mut row = vec![Cell::Nothing; width];
    let gaps = scale.pieces().iter().filter(|piece| piece.gap).map(|piece| (piece.span, Cell::Gap));
    let claims = segment.claims.iter().filter_map(|claim| {
        let cell = match claim.kind {
            ClaimKind::Plan => Cell::Plan,
            ClaimKind::Pool => Cell::Pool,
            ClaimKind::Reserved => Cell::Reserved,
        };
        let own = claim.cluster == cluster || claim.kind == ClaimKind::Reserved;
        Some((Span::parse(&claim.range).filter(|_| own)?, cell))
    });
    let taken = Taken::of(report, cluster);
    let contests = segment.contests.iter().filter_map(|contest| Some((Span::parse(&contest.range)?, Cell::Contested)));
    let marks = gaps
        .chain(claims)
        .chain(taken.sets.into_iter().map(|span| (span, Cell::Set)))
        .chain(taken.predicted.into_iter().map(|span| (span, Cell::Predicted)))
        .chain(taken.pinned.into_iter().map(|span| (span, Cell::Pinned)))
        .chain(contests);
    for (span, cell) in marks {
        let Some((from, to)) = scale.place(span) else { continue };
        let (from, to) = columns(from, to, width);
        for column in row.iter_mut().take(to).skip(from) {
            *column = (*column).max(cell);
        }
    }
    row
}

/// The columns that a part of the line touches; at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a drawing")]
fn columns(from: f64, to: f64, width: usize) -> (usize, usize) {
    let from = ((from * width as f64 + 1e-9).floor() as usize).min(width.saturating_sub(1));
    let to = ((to * width as f64 - 1e-9).ceil() as usize).clamp(from + 1, width);
    (from, to)
}

fn painted(row: &[Cell], dress: Dress) -> String {
    let mut out = String::new();
    for run in row.chunk_by(PartialEq::eq) {
        let text: String = run.iter().map(|cell| cell.char()).collect();
        out.push_str(&run.first().map_or(String::new(), |cell| dress.paint(cell.style(), &text)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_row_a_segment_and_cluster() {
        let mut out = Vec::new();
        emit(&[Side { label: "", report: &sample::fleet().report }], Dress::default(), 80, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }

    #[test]
    fn no_width_panics() {
        for columns in 0..200 {
            emit(&[Side { label: "", report: &sample::fleet().report }], Dress::default(), columns, &mut Vec::new())
                .unwrap();
        }
    }
}
