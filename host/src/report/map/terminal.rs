//! The map in a terminal: a heading a segment, a row a cluster, as wide as the terminal is.

use std::io::{self, Write};

use lbpools_function::report::{Claim, ClaimKind, Report, SegmentReport};

use super::scale::Scale;
use super::span::Span;
use super::{Reserved, Row, Side, Taken, reserved, rows};
use crate::report::text::table::wrapped;
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

/// Ranges of one kind that are told by name; more are counted.
const NAMED: usize = 12;

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
        heading(each, sides, dress, columns, out)?;
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
        names(each, sides, dress, columns, out)?;
        for (_, side, segment) in each.drawn(sides) {
            for contest in &segment.contests {
                let more = contest.rivals.saturating_sub(contest.between.len());
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                let when =
                    if matches!(side.label, "" | "unchanged") { String::new() } else { format!("{} ", side.label) };
                let told = format!("! {when}{}: {}{more}", contest.range, contest.between.join(", "));
                note(&told, Dress::BAD, dress, columns, out)?;
            }
        }
        writeln!(out)?;
    }
    if rows.is_empty() {
        return writeln!(out, "no addresses to draw");
    }
    legend(dress, columns, out)
}

/// What the characters mean, in as many lines as it takes.
fn legend(dress: Dress, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let (mut text, mut wide) = (String::new(), 0);
    for (cell, what) in Cell::LEGEND {
        let own = what.len() + 2;
        let gap = match wide {
            0 => "",
            wide if wide + 2 + own > columns.max(20) => "\n",
            _ => "  ",
        };
        wide = if gap == "\n" { own } else { wide + gap.len() + own };
        text.push_str(&format!("{gap}{} {what}", dress.paint(cell.style(), &cell.char().to_string())));
    }
    writeln!(out, "{text}")
}

/// What one character of the rows stands for, by name.
struct Names<'a> {
    cell: Cell,
    /// Whose it is, where that needs a word.
    of: String,
    /// In each state that has any: its label, and the names.
    states: Vec<(&'a str, String)>,
}

/// What `=` and `R` stand for in the rows above, of each state where they differ.
fn names(row: &Row<'_>, sides: &[Side<'_>], dress: Dress, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut lines: Vec<Names<'_>> = Vec::new();
    for (_, side, segment) in row.drawn(sides) {
        let pools = segment.clusters.iter().map(|cluster| {
            let own = |claim: &&Claim| claim.kind == ClaimKind::Pool && claim.cluster == *cluster;
            let told = |claim: &Claim| {
                let disabled = if claim.idle { " (disabled)" } else { "" };
                format!("{} {}{disabled}", claim.name.as_deref().unwrap_or_default(), claim.range)
            };
            let told: Vec<String> = segment.claims.iter().filter(own).map(told).collect();
            (Cell::Pool, format!("{cluster}: "), told)
        });
        let kept_free = (Cell::Reserved, String::new(), reserved(segment).iter().map(Reserved::told).collect());
        for (cell, of, told) in pools.chain([kept_free]).filter(|(.., told)| !told.is_empty()) {
            let told = shortened(told);
            match lines.iter_mut().find(|line| line.cell == cell && line.of == of) {
                Some(line) => line.states.push((side.label, told)),
                None => lines.push(Names { cell, of, states: vec![(side.label, told)] }),
            }
        }
    }
    lines.sort_by_key(|line| line.cell);
    let states = row.drawn(sides).count();
    for Names { cell, of, states: mut told } in lines {
        if told.len() == states && told.windows(2).all(|pair| pair[0].1 == pair[1].1) {
            told.truncate(1);
            told.iter_mut().for_each(|(label, _)| *label = "");
        }
        for (label, told) in told {
            let when = if matches!(label, "" | "unchanged") { String::new() } else { format!("{label} ") };
            note(&format!("{} {when}{of}{told}", cell.char()), cell.style(), dress, columns, out)?;
        }
    }
    Ok(())
}

fn shortened(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

/// A line below the rows, in as many lines as it takes.
fn note(text: &str, style: anstyle::Style, dress: Dress, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    for (at, part) in wrapped(&line(text), columns.saturating_sub(4).max(20)).iter().enumerate() {
        let indent = if at == 0 { "  " } else { "    " };
        writeln!(out, "{indent}{}", dress.paint(style, part))?;
    }
    Ok(())
}

fn heading(row: &Row<'_>, sides: &[Side<'_>], dress: Dress, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let planned = if row.planned { "" } else { "; no network of the plan" };
    let mut facts: Vec<String> = Vec::new();
    for (_, side, segment) in row.drawn(sides) {
        let when = if side.label.is_empty() { String::new() } else { format!("{}: ", side.label) };
        facts.push(format!("{when}{}, {} unclaimed", addresses(&segment.total), segment.unclaimed));
    }
    let (title, facts) = (line(row.title).into_owned(), format!("({}{planned})", facts.join("; ")));
    let facts = line(&facts);
    let heading = dress.paint(Dress::HEADING, &title);
    if title.len() + 2 + facts.len() <= columns {
        return writeln!(out, "{heading}  {}", dress.paint(Dress::FAINT, &facts));
    }
    writeln!(out, "{heading}")?;
    for part in wrapped(&facts, columns.saturating_sub(2).max(20)) {
        writeln!(out, "  {}", dress.paint(Dress::FAINT, &part))?;
    }
    Ok(())
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
