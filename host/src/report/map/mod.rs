//! The map of the address space: segments with what is planned, reserved, pooled, taken, and contested in them.
//!
//! In a terminal a row per segment and cluster ([`terminal`]); as a drawing ([`svg`]); as a page that can be searched
//! and opened ([`html`]). All of them draw the report's segments, pools and requests, of one state of the repository
//! or of two beside each other ([`Side`]), which then are on one scale.

use std::collections::BTreeMap;

use lbpools_function::report::{ClaimKind, Outcome, Report, SegmentReport};

use scale::Scale;
use span::Span;

mod flags;
pub mod html;
mod scale;
mod span;
pub mod svg;
pub mod terminal;

/// A state of the repository with a name for it, such as `before`.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// What to call it; empty when there is only one.
    pub label: &'a str,
    /// What was found out about it.
    pub report: &'a Report,
}

/// A segment of the address space, as each side has it.
struct Row<'a> {
    title: &'a str,
    planned: bool,
    /// None where it cannot be drawn.
    scale: Option<Scale>,
    /// In the order of the sides; none where a side does not have the segment.
    segments: Vec<Option<&'a SegmentReport>>,
    /// Of several sides, all look alike here: one drawing tells all.
    unchanged: bool,
}

impl<'a> Row<'a> {
    /// What to draw: the segment as each side has it, or once when all have the same.
    fn drawn(&self, sides: &'a [Side<'a>]) -> impl Iterator<Item = (usize, Side<'a>, &'a SegmentReport)> {
        let each = self.segments.iter().zip(sides).enumerate().skip(if self.unchanged { sides.len() - 1 } else { 0 });
        each.filter_map(|(number, (segment, side))| {
            let label = if self.unchanged { "unchanged" } else { side.label };
            Some((number, Side { label, ..*side }, (*segment)?))
        })
    }
}

/// Every segment of every side once.
fn rows<'a>(sides: &[Side<'a>]) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut known: BTreeMap<(bool, &str, &[String]), usize> = BTreeMap::new();
    for (number, side) in sides.iter().enumerate() {
        for segment in &side.report.segments {
            // One that is not of the plan is of its cluster alone; two clusters may have the same.
            let own: &[String] = if segment.planned { &[] } else { &segment.clusters };
            let at = *known.entry((segment.planned, &segment.range, own)).or_insert(rows.len());
            if at == rows.len() {
                let segments = vec![None; sides.len()];
                rows.push(Row {
                    title: title(segment),
                    planned: segment.planned,
                    scale: None,
                    segments,
                    unchanged: false,
                });
            }
            if let Some(place) = rows.get_mut(at).and_then(|row| row.segments.get_mut(number)) {
                *place = Some(segment);
            }
        }
    }
    for row in &mut rows {
        let segments: Vec<&SegmentReport> = row.segments.iter().flatten().copied().collect();
        let claims = segments.iter().flat_map(|segment| &segment.claims);
        let claims = claims.filter_map(|claim| Span::parse(&claim.range));
        let range = segments.first().and_then(|segment| Span::parse(&segment.range));
        row.scale = range.map(|range| Scale::new(range, claims));
        let looks = |(segment, side): (&Option<&SegmentReport>, &Side<'_>)| {
            let takers = |name: &String| range.map(|range| Taken::of(side.report, name).within(range));
            let takers: Vec<_> = segment.iter().flat_map(|segment| &segment.clusters).map(takers).collect();
            (segment.cloned(), takers)
        };
        let mut looks = row.segments.iter().zip(sides).map(looks);
        let first = looks.next();
        row.unchanged = sides.len() > 1 && looks.all(|look| Some(&look) == first.as_ref());
    }
    rows
}

/// The addresses that requests of one cluster get, each kind sorted.
#[derive(Default, PartialEq)]
struct Taken {
    /// Asked for and given.
    pinned: Vec<Span>,
    /// Asked for by nobody, and given whatever the order.
    predicted: Vec<Span>,
    /// Sets of which one address is taken.
    sets: Vec<Span>,
}

impl Taken {
    fn of(report: &Report, cluster: &str) -> Self {
        let mut taken = Self::default();
        let requests = report.clusters.iter().filter(|each| each.name == cluster).flat_map(|each| &each.requests);
        for (request, outcome) in requests.flat_map(|request| request.outcomes.iter().map(move |out| (request, out))) {
            match outcome {
                Outcome::Address { address, .. } if request.pinned.contains(address) => {
                    taken.pinned.extend(Span::parse(address));
                }
                Outcome::Address { address, .. } => taken.predicted.extend(Span::parse(address)),
                Outcome::OneOf { ranges, .. } => {
                    taken.sets.extend(ranges.iter().filter_map(|range| Span::parse(range)));
                }
                Outcome::Pending { .. } | Outcome::Unknown { .. } => {}
            }
        }
        for kind in [&mut taken.pinned, &mut taken.predicted, &mut taken.sets] {
            kind.sort();
            kind.dedup();
        }
        // One that shares a pinned address is there with it.
        taken.predicted.retain(|span| taken.pinned.binary_search(span).is_err());
        taken
    }

    /// What of it lies in a segment.
    fn within(mut self, segment: Span) -> Self {
        for kind in [&mut self.pinned, &mut self.predicted, &mut self.sets] {
            kind.retain(|span| segment.meets(*span));
        }
        self
    }
}

/// What a segment is called: its prefix, else its range.
fn title(segment: &SegmentReport) -> &str {
    segment.prefix.as_deref().unwrap_or(&segment.range)
}

/// What is kept free on a segment, by its name.
struct Reserved<'a> {
    span: Span,
    range: &'a str,
    /// `router`, or `nodes of infra` where that is not so for all clusters of the segment.
    name: String,
}

impl Reserved<'_> {
    /// The name and the range.
    fn told(&self) -> String {
        format!("{} {}", self.name, self.range)
    }
}

/// Everything that is reserved on a segment, once, in the order of addresses.
fn reserved(segment: &SegmentReport) -> Vec<Reserved<'_>> {
    let mut by_range: BTreeMap<(Span, &str, &str), Vec<&str>> = BTreeMap::new();
    for claim in segment.claims.iter().filter(|claim| claim.kind == ClaimKind::Reserved) {
        let Some(span) = Span::parse(&claim.range) else { continue };
        let name = claim.name.as_deref().unwrap_or("reserved");
        by_range.entry((span, &claim.range, name)).or_default().push(&claim.cluster);
    }
    by_range
        .into_iter()
        .map(|((span, range, name), clusters)| {
            let of_all = segment.clusters.iter().all(|cluster| clusters.contains(&cluster.as_str()));
            let name = if of_all { name.to_owned() } else { format!("{name} of {}", clusters.join(", ")) };
            Reserved { span, range, name }
        })
        .collect()
}
