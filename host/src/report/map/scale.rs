//! Where on a line an address is drawn.
//!
//! A small segment is drawn true to scale. In a large one (a /8, a /64) what is claimed would be thinner than a hair, so
//! the line is broken: what nobody claims shrinks to a gap of fixed width, and what is claimed gets a width that grows
//! with the number of its digits.

use super::span::Span;

/// Segments of at most this many addresses are drawn true to scale.
const TRUE_TO_SCALE: u128 = 4096;
/// Of a broken line at most this many pieces are claimed; the narrowest gaps between more are drawn like claims, and
/// of gaps that are all alike either each is broken or none, so that nothing looks wider than its like.
const PIECES: usize = 40;
/// How wide a gap is, as a part of the whole line.
const GAP: f64 = 0.012;

/// A line of width 1 with a segment on it.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    pieces: Vec<Piece>,
}

/// A part of the line on which addresses are evenly spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    pub(super) span: Span,
    pub(super) from: f64,
    pub(super) to: f64,
    /// Nobody claims it, and it is not to scale with its neighbours.
    pub(super) gap: bool,
}

impl Scale {
    /// A line for a segment with these claims in it.
    pub(super) fn new(segment: Span, claims: impl Iterator<Item = Span>) -> Self {
        let whole = Piece { span: segment, from: 0.0, to: 1.0, gap: false };
        if segment.extent() < TRUE_TO_SCALE {
            return Self { pieces: vec![whole] };
        }
        let claimed = united(claims.filter_map(|claim| common(segment, claim)).collect());
        let spans = alternating(segment, &claimed);
        let gaps = spans.iter().filter(|(_, gap)| *gap).count();
        let room = 1.0 - GAP * as_f64(gaps as u128);
        let weight = |span: Span| (as_f64(span.extent()) + 2.0).log2();
        let total: f64 = spans.iter().filter(|(_, gap)| !gap).map(|(span, _)| weight(*span)).sum();
        if total <= 0.0 {
            return Self { pieces: vec![whole] };
        }
        let mut at = 0.0;
        let pieces = spans.into_iter().map(|(span, gap)| {
            let from = at;
            at += if gap { GAP } else { room * weight(span) / total };
            Piece { span, from, to: at, gap }
        });
        Self { pieces: pieces.collect() }
    }

    /// The pieces from left to right.
    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Where a range begins and ends on the line; nothing for what is not on it.
    pub(super) fn place(&self, span: Span) -> Option<(f64, f64)> {
        let mut on = self.pieces.iter().filter(|piece| piece.span.meets(span));
        let first = on.next()?;
        let last = on.next_back().unwrap_or(first);
        Some((first.edge(span.first, 0), last.edge(span.last, 1)))
    }
}

impl Piece {
    /// The left edge (`side` 0) or the right edge (1) of an address.
    fn edge(&self, address: u128, side: u128) -> f64 {
        let inside = address.clamp(self.span.first, self.span.last) - self.span.first;
        let part = (as_f64(inside) + as_f64(side)) / (as_f64(self.span.extent()) + 1.0);
        self.from + (self.to - self.from) * part.clamp(0.0, 1.0)
    }
}

/// Exact up to 2^53, and as close as a drawing needs above.
#[expect(clippy::cast_precision_loss, reason = "a drawing")]
fn as_f64(number: u128) -> f64 {
    number as f64
}

fn common(segment: Span, claim: Span) -> Option<Span> {
    segment.meets(claim).then(|| Span {
        v6: segment.v6,
        first: claim.first.max(segment.first),
        last: claim.last.min(segment.last),
    })
}

/// Sorted, neighbours and overlapping ones made one; no more than [`PIECES`], the closest ones made one first.
fn united(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut united: Vec<Span> = Vec::new();
    for span in spans {
        match united.last_mut() {
            Some(before) if span.first <= before.last.saturating_add(1) => before.last = before.last.max(span.last),
            _ => united.push(span),
        }
    }
    if united.len() <= PIECES {
        return united;
    }
    let mut gaps: Vec<u128> = united.windows(2).map(|pair| pair[1].first - pair[0].last).collect();
    gaps.sort_unstable_by(|a, b| b.cmp(a));
    let widest_closed = gaps.get(PIECES - 1).copied().unwrap_or(0);
    let mut kept: Vec<Span> = Vec::new();
    for span in united {
        match kept.last_mut() {
            Some(before) if span.first - before.last <= widest_closed => before.last = span.last,
            _ => kept.push(span),
        }
    }
    kept
}

/// Claims and the gaps around them, in order.
fn alternating(segment: Span, claimed: &[Span]) -> Vec<(Span, bool)> {
    let (mut spans, mut next) = (Vec::new(), Some(segment.first));
    for claim in claimed {
        if let Some(first) = next.filter(|first| *first < claim.first) {
            spans.push((Span { first, last: claim.first - 1, ..*claim }, true));
        }
        spans.push((*claim, false));
        next = claim.last.checked_add(1);
    }
    if let Some(first) = next.filter(|first| *first <= segment.last) {
        spans.push((Span { first, last: segment.last, v6: segment.v6 }, !claimed.is_empty()));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Span {
        Span::parse(text).unwrap()
    }

    #[test]
    fn a_small_segment_is_true_to_scale() {
        let scale = Scale::new(span("10.0.0.0-10.0.0.255"), [span("10.0.0.64-10.0.0.127")].into_iter());
        assert_eq!(scale.place(span("10.0.0.64-10.0.0.127")), Some((0.25, 0.5)));
        assert_eq!(scale.place(span("10.0.0.0-10.0.0.255")), Some((0.0, 1.0)));
        assert_eq!(scale.place(span("10.0.1.0")), None);
    }

    #[test]
    fn what_is_claimed_of_a_large_segment_can_be_seen() {
        for (segment, small, large) in [
            ("10.0.0.0-10.255.255.255", "10.1.2.3", "10.200.0.0-10.200.255.255"),
            ("fd00::-fd00::ffff:ffff:ffff:ffff", "fd00::1", "fd00::1:0:0-fd00::1:ffff:ffff"),
        ] {
            let scale = Scale::new(span(segment), [span(large), span(small)].into_iter());
            assert_eq!(scale.pieces().len(), 5, "gap, claim, gap, claim, gap: {scale:?}");
            for claim in [small, large] {
                let (from, to) = scale.place(span(claim)).unwrap();
                assert!(to - from > 0.02, "{claim}: {from} {to}");
            }
            let end = scale.pieces().last().unwrap().to;
            assert!((end - 1.0).abs() < 1e-9, "{end}");
        }
    }

    #[test]
    fn a_thousand_claims_make_few_pieces_in_order() {
        let claims = (0..1000_u128).map(|n| {
            let first = 0x0a00_0000 + n * 4096;
            Span { v6: false, first, last: first + 15 }
        });
        let scale = Scale::new(span("10.0.0.0-10.255.255.255"), claims.clone());
        assert!(scale.pieces().len() <= 2 * PIECES + 1, "{}", scale.pieces().len());
        let mut before = -1.0;
        for claim in claims {
            let (from, to) = scale.place(claim).unwrap();
            assert!(before <= from && from < to && to <= 1.0 + 1e-9);
            before = from;
        }
    }

    #[test]
    fn claims_that_are_alike_look_alike() {
        let claim = |n: u128| Span { v6: false, first: 0x0a00_0000 + n * 256, last: 0x0a00_0000 + n * 256 + 127 };
        let scale = Scale::new(span("10.0.0.0-10.15.255.255"), (0..1000).map(claim));
        let wide = |n: u128| scale.place(claim(n)).map(|(from, to)| to - from).unwrap();
        assert!((0..1000).all(|n| (wide(n) - wide(0)).abs() < 1e-9), "{} {}", wide(0), wide(999));
        // One that lies apart stays apart.
        let apart = span("10.200.0.0-10.200.0.127");
        let scale = Scale::new(span("10.0.0.0-10.255.255.255"), (0..1000).map(claim).chain([apart]));
        assert_eq!(scale.pieces().iter().filter(|piece| !piece.gap).count(), 2, "{scale:?}");
    }
}
