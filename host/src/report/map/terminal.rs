//! The map in a terminal: a heading a segment, a row a cluster, as wide as the terminal is.

use std::io::{self, Write};

use lbpools_function::report::{ClaimKind, Report, SegmentReport};

use super::scale::Scale;
use super::span::Span;
use super::{taken, title};
use crate::report::text::{Dress, line};

/// What a column of a row shows; a later one is drawn over an earlier one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Nothing,
    Gap,
    Plan,
    Pool,
    Set,
    Reserved,
    Taken,
    Contested,
}

impl Cell {
    const LEGEND: [(Cell, &'static str); 7] = [
        (Cell::Plan, "planned"),
        (Cell::Pool, "pool, free"),
        (Cell::Set, "one of these"),
        (Cell::Taken, "taken"),
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
            Cell::Taken => '#',
            Cell::Contested => '!',
        }
    }

    fn style(self) -> anstyle::Style {
        match self {
            Cell::Nothing | Cell::Gap | Cell::Plan => Dress::FAINT,
            Cell::Pool => Dress::GOOD,
            Cell::Set | Cell::Reserved => Dress::DOUBT,
            Cell::Taken => Dress::HEADING,
            Cell::Contested => Dress::BAD,
        }
    }
}

/// Draw it, rows this many columns wide.
pub fn emit(report: &Report, dress: Dress, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let label = report.clusters.iter().map(|cluster| line(&cluster.name).chars().count()).max().unwrap_or(0).max(8);
    let width = columns.saturating_sub(label + 4).clamp(16, 128);
    for segment in &report.segments {
        heading(segment, dress, out)?;
        let Some(span) = Span::parse(&segment.range) else { continue };
        let spans = segment.claims.iter().filter_map(|claim| Span::parse(&claim.range));
        let scale = Scale::new(span, spans);
        for cluster in &segment.clusters {
            let row = row(report, segment, cluster, &scale, width);
            let name = line(cluster);
            let pad = " ".repeat(label.saturating_sub(name.chars().count()));
            writeln!(out, "  {name}{pad}  {}", painted(&row, dress))?;
        }
        for contest in &segment.contests {
            let more = contest.rivals.saturating_sub(contest.between.len());
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let told = format!("! {}: {}{more}", contest.range, contest.between.join(", "));
            writeln!(out, "  {}", dress.paint(Dress::BAD, &line(&told)))?;
        }
        writeln!(out)?;
    }
    if report.segments.is_empty() {
        return writeln!(out, "no addresses to draw");
    }
    let legend: Vec<String> = Cell::LEGEND
        .iter()
        .map(|(cell, what)| format!("{} {what}", dress.paint(cell.style(), &cell.char().to_string())))
        .collect();
    writeln!(out, "{}", legend.join("  "))
}

fn heading(segment: &SegmentReport, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
    let planned = if segment.planned { "" } else { "; no network of the plan" };
    let facts = format!("({} addresses, {} unclaimed{planned})", segment.total, segment.unclaimed);
    let title = dress.paint(Dress::HEADING, &line(title(segment)));
    writeln!(out, "{title}  {}", dress.paint(Dress::FAINT, &line(&facts)))
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
    let (certain, sets) = taken(report, cluster);
    let contests = segment.contests.iter().filter_map(|contest| Some((Span::parse(&contest.range)?, Cell::Contested)));
    let marks = gaps
        .chain(claims)
        .chain(sets.into_iter().map(|span| (span, Cell::Set)))
        .chain(certain.into_iter().map(|span| (span, Cell::Taken)))
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
        emit(&sample::fleet().report, Dress::default(), 80, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }

    #[test]
    fn no_width_panics() {
        for columns in 0..200 {
            emit(&sample::fleet().report, Dress::default(), columns, &mut Vec::new()).unwrap();
        }
    }
}
