//! The map of the address space: segments with what is planned, reserved, pooled, taken, and contested in them.
//!
//! In a terminal a row per segment and cluster ([`terminal`]); as a drawing ([`svg`]); as a page that can be searched
//! and opened ([`html`]). All of them draw the report's segments, pools and requests.

use lbpools_function::report::{Outcome, Report};

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

/// The addresses that requests of one cluster get: certain ones, and sets of which one address is taken.
fn taken(report: &Report, cluster: &str) -> (Vec<span::Span>, Vec<span::Span>) {
    let (mut certain, mut sets) = (Vec::new(), Vec::new());
    let requests = report.clusters.iter().filter(|each| each.name == cluster).flat_map(|each| &each.requests);
    for outcome in requests.flat_map(|request| &request.outcomes) {
        match outcome {
            Outcome::Address { address, .. } => certain.extend(span::Span::parse(address)),
            Outcome::OneOf { ranges, .. } => sets.extend(ranges.iter().filter_map(|range| span::Span::parse(range))),
            Outcome::Pending { .. } | Outcome::Unknown { .. } => {}
        }
    }
    certain.sort();
    certain.dedup();
    sets.sort();
    sets.dedup();
    (certain, sets)
}

/// What a segment is called: its prefix, else its range.
fn title(segment: &lbpools_function::report::SegmentReport) -> &str {
    segment.prefix.as_deref().unwrap_or(&segment.range)
}
