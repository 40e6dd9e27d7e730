//! The map as a drawing: a file of its own, and the figures of the page.

use std::fmt::Write as _;
use std::io::{self, Write};

use lbpools_function::report::{ClaimKind, PoolReport, Report, SegmentReport};

use super::flags::{Flag, hang};
use super::scale::Scale;
use super::span::{Span, address};
use super::{Reserved, Side, Taken, reserved, rows, title};
use crate::report::words::{addresses, amount, counted};

/// The colours and patterns, for a file or for a page.
pub(super) const STYLE: &str = include_str!("svg.css");
/// The patterns that the style names, once a document.
pub(super) const PATTERNS: &str = "<defs>\
<pattern id=\"map-set\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
<line class=\"set-line\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\"/></pattern>\
<pattern id=\"map-reserved\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(-45)\">\
<line class=\"reserved-line\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"5\"/></pattern>\
<pattern id=\"map-contest\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
<path class=\"contest-line\" fill=\"none\" d=\"M0 0L6 6M6 0L0 6\"/></pattern></defs>";

const WIDTH: f64 = 1000.0;
const LANE: f64 = 38.0;
const NARROW: f64 = 18.0;
/// How high a line of text is.
const TEXT: f64 = 16.0;
/// Pools of a cluster whose names are written under them; more are told by their titles, and by the page.
const NAMED: usize = 12;
/// Pools that are drawn one by one; more are drawn as the stretches that they cover together.
const SINGLE: usize = 200;

/// Where a drawing puts things from left to right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Where the line begins, and how long it is.
    left: f64,
    line: f64,
    /// What these are counted in: nothing for a picture's own units, `%` for a page that may be of any width.
    unit: &'static str,
    /// As many pixels as the line has at the least; text that does not fit into them is not written.
    least: f64,
    /// As many as it has where there is room for more (in `map.css`, the class `roomy`).
    most: f64,
}

/// A picture of a fixed size, the names of lanes left of them.
const PICTURE: Frame = Frame { left: 120.0, line: 870.0, unit: "", least: 870.0, most: 870.0 };
/// Part of a page: as wide as there is room, the names of lanes above them.
pub(super) const PAGE: Frame = Frame { left: 0.0, line: 100.0, unit: "%", least: 330.0, most: 704.0 };

impl Frame {
    /// A place on the line, as an attribute says it.
    fn x(&self, part: f64) -> String {
        self.length(part, self.left)
    }

    fn width(&self, part: f64) -> String {
        self.length(part, 0.0)
    }

    fn length(&self, part: f64, from: f64) -> String {
        let digits = if self.unit.is_empty() { 1 } else { 2 };
        format!("{:.digits$}{}", from + self.line * part, self.unit)
    }

    /// So many pixels of a wide drawing, as a part of the line.
    fn pixels(&self, pixels: f64) -> f64 {
        pixels / self.most
    }

    fn names_above(&self) -> bool {
        self.left == 0.0
    }
}

/// Write the drawing of one state, or of two, segment by segment.
pub fn emit(sides: &[Side<'_>], out: &mut dyn Write) -> io::Result<()> {
    let rows = rows(sides);
    let mut figures: Vec<(String, String, Figure)> = Vec::new();
    for row in &rows {
        for (number, side, segment) in row.drawn(sides) {
            let title = if side.label.is_empty() { row.title.into() } else { format!("{}, {}", row.title, side.label) };
            let facts = format!("{}, {} unclaimed", addresses(&segment.total), segment.unclaimed);
            figures.push((title, facts, Figure::new(PICTURE, side.report, segment, number, row.scale.as_ref())));
        }
    }
    let height: f64 = 60.0 + figures.iter().map(|(.., figure)| figure.height + 40.0).sum::<f64>();
    let beside = if sides.len() > 1 { ", before and after a change" } else { "" };
    let label = format!("Address map of {}{beside}", counted(rows.len(), "segment"));
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"map\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{label}\">\n<title>{label}</title>\n\
         <style>\n{STYLE}</style>\n{PATTERNS}\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>"
    )?;
    let mut at = 10.0;
    for (title, facts, figure) in &figures {
        at += 20.0;
        writeln!(out, "<text class=\"title\" x=\"10\" y=\"{at}\">{}</text>", escaped(title))?;
        writeln!(out, "<text class=\"soft\" x=\"990\" y=\"{at}\" text-anchor=\"end\">{}</text>", escaped(facts))?;
        writeln!(out, "<g transform=\"translate(0 {})\">{}</g>", at + 8.0, figure.body)?;
        at += figure.height + 20.0;
    }
    writeln!(out, "<g transform=\"translate(0 {at})\">{}</g>\n</svg>", legend())
}

/// The patterns by their class, and what they mean.
pub(super) const LEGEND: [(&str, &str); 7] = [
    ("plan", "planned"),
    ("pool", "pool, free"),
    ("taken", "pinned"),
    ("predicted", "predicted"),
    ("set", "one of these is taken"),
    ("reserved", "reserved"),
    ("contest", "contested"),
];

/// What the patterns mean, in one line.
fn legend() -> String {
    let mut out = String::new();
    let mut x = 10.0;
    for (class, what) in LEGEND {
        let _ = write!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"4\" width=\"24\" height=\"14\"/>");
        let _ = write!(out, "<text x=\"{}\" y=\"15\">{what}</text>", x + 30.0);
        x += 70.0 + 7.0 * f64::from(u32::try_from(what.len()).unwrap_or(u32::MAX));
    }
    out
}

/// One segment, drawn.
pub(super) struct Figure {
    /// What stands in it, in words.
    pub(super) label: String,
    pub(super) height: f64,
    pub(super) body: String,
}

impl Figure {
    /// Draw a segment. `side` is for the names of pools on a page with two states.
    pub(super) fn new(
        frame: Frame,
        report: &Report,
        segment: &SegmentReport,
        side: usize,
        scale: Option<&Scale>,
    ) -> Self {
        let Some(scale) = scale else {
            return Self { label: segment.range.clone(), height: 0.0, body: String::new() };
        };
        let mut drawing = Drawing { out: String::new(), at: 0.0, scale: scale.clone(), frame };
        let mut told =
            vec![format!("{}: {}, {} unclaimed", title(segment), addresses(&segment.total), segment.unclaimed)];
        let reserved: Vec<Reserved<'_>> = reserved(segment);
        if !reserved.is_empty() {
            let mut names: Vec<String> = reserved.iter().take(NAMED).map(Reserved::told).collect();
            if reserved.len() > NAMED {
                names.push(format!("{} more", reserved.len() - NAMED));
            }
            told.push(format!("reserved: {}", names.join(", ")));
            // Where no cluster's own lane says whose segment it is.
            let of = match segment.clusters.as_slice() {
                [cluster] if is_bare(report, segment, cluster) => format!("{cluster}: reserved"),
                _ => "reserved".to_owned(),
            };
            drawing.narrow(&of, "reserved", marks(segment, ClaimKind::Reserved, None));
            drawing.flags(reserved.iter().map(|each| Flag::new(each.span, &each.name, each.range)).collect());
        }
        for cluster in segment.clusters.iter().filter(|cluster| !is_bare(report, segment, cluster)) {
            told.push(drawing.cluster(report, segment, cluster, side));
        }
        if !segment.contests.is_empty() {
            told.push(format!("contested: {}", counted(segment.contests.len(), "range")));
            let contests = segment.contests.iter().filter_map(|contest| {
                let what = format!("contested {}: {}", contest.range, contest.between.join(", "));
                Some(Mark { span: Span::parse(&contest.range)?, what, extra: String::new() })
            });
            drawing.narrow("contested", "contest", contests.collect());
        }
        drawing.axis();
        Self { label: told.join("; "), height: drawing.at, body: drawing.out }
    }

    /// The figure as an element of a page.
    pub(super) fn element(&self) -> String {
        format!(
            "<svg class=\"map\" width=\"100%\" height=\"{}\" role=\"img\" aria-label=\"{}\">{}</svg>",
            self.height,
            escaped(&self.label),
            self.body
        )
    }
}

/// Whether a cluster has nothing in a segment but what it reserves.
fn is_bare(report: &Report, segment: &SegmentReport, cluster: &str) -> bool {
    let claims = segment.claims.iter().any(|claim| claim.kind != ClaimKind::Reserved && claim.cluster == cluster);
    let taken = Span::parse(&segment.range).map(|whole| Taken::of(report, cluster).within(whole));
    !claims && taken.is_none_or(|taken| taken == Taken::default())
}

/// A range to draw, with what to say of it.
struct Mark {
    span: Span,
    what: String,
    /// More attributes of the element.
    extra: String,
}

fn marks(segment: &SegmentReport, kind: ClaimKind, cluster: Option<&str>) -> Vec<Mark> {
    let claims =
        segment.claims.iter().filter(|claim| claim.kind == kind && cluster.is_none_or(|it| it == claim.cluster));
    claims
        .filter_map(|claim| {
            let name = claim.name.as_deref().unwrap_or("plan");
            let what = format!("{name} of cluster {}: {}, {}", claim.cluster, claim.range, addresses(&claim.count));
            Some(Mark { span: Span::parse(&claim.range)?, what, extra: String::new() })
        })
        .collect()
}

/// `; the whole pool: 3 used, 17 free, 5 to stay free`, as far as it is known.
fn numbers(pool: &PoolReport) -> String {
    let known = [
        (&pool.used, &pool.used_between, "used"),
        (&pool.free, &pool.free_between, "free"),
        (&pool.headroom, &None, "to stay free"),
    ];
    let told = known.iter().filter(|(exact, between, _)| exact.is_some() || between.is_some());
    let known: Vec<_> =
        told.map(|(exact, between, what)| format!("{} {what}", amount(exact.as_ref(), between.as_ref()))).collect();
    if known.is_empty() { String::new() } else { format!("; the whole pool: {}", known.join(", ")) }
}

struct Drawing {
    out: String,
    /// The upper edge of the next lane.
    at: f64,
    scale: Scale,
    frame: Frame,
}

impl Drawing {
    /// The name of a lane of this height: left of it, or above it, where the lane then begins lower.
    fn label(&mut self, text: &str, height: f64) {
        if self.frame.names_above() {
            let _ = write!(self.out, "<text class=\"lane\" x=\"0\" y=\"{}\">{}</text>", self.at + 12.0, escaped(text));
            self.at += TEXT;
            return;
        }
        let y = self.at + height / 2.0 + 4.0;
        let short: String =
            if text.chars().count() > 16 { text.chars().take(15).chain(['…']).collect() } else { text.into() };
        let _ = write!(
            self.out,
            "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text>",
            self.frame.left - 8.0,
            escaped(&short)
        );
    }

    /// What stands on the line, by name: each hangs from a thread below its place, as deep as there is room.
    fn flags(&mut self, flags: Vec<Flag>) {
        let placed = flags.into_iter().filter_map(|flag| Some((self.scale.place(flag.span)?.0, flag)));
        let (hung, left_out) = hang(placed.collect(), self.frame.least, self.frame.most);
        for flag in &hung {
            let (x, y) = (self.frame.x(flag.at), self.at + TEXT * f64::from(flag.row) + 11.0);
            let (top, anchor) =
                (self.at - 2.0, if flag.turned { " dx=\"-3\" text-anchor=\"end\"" } else { " dx=\"3\"" });
            let more = flag.more.as_ref().map(|more| format!("<tspan class=\"roomy\">{}</tspan>", escaped(more)));
            let text = escaped(&flag.text) + &more.unwrap_or_default();
            let _ = write!(self.out, "<line class=\"thread\" x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{y}\"/>");
            let _ = write!(self.out, "<text class=\"flag\" x=\"{x}\" y=\"{y}\"{anchor}>{text}</text>");
        }
        self.at += TEXT * f64::from(hung.iter().map(|flag| flag.row + 1).max().unwrap_or(0));
        if left_out > 0 {
            let (x, y) = (self.frame.x(0.0), self.at + 11.0);
            let _ = write!(self.out, "<text class=\"flag\" x=\"{x}\" y=\"{y}\">and {left_out} more</text>");
            self.at += TEXT;
        }
        if !hung.is_empty() {
            self.at += 4.0;
        }
    }

    /// A lane with marks of one class, those that touch on the drawing made one.
    fn narrow(&mut self, label: &str, class: &str, marks: Vec<Mark>) {
        self.label(label, NARROW);
        let y = self.at + 2.0;
        self.runs(class, marks, y, NARROW - 6.0, 3.0);
        self.at += NARROW;
    }

    /// A cluster's lane; hands back what is in it, in words.
    fn cluster(&mut self, report: &Report, segment: &SegmentReport, cluster: &str, side: usize) -> String {
        self.label(cluster, LANE);
        let top = self.at;
        self.ground(top + LANE - 5.0);
        self.runs("plan", marks(segment, ClaimKind::Plan, Some(cluster)), top + 2.0, LANE - 8.0, 1.0);
        let position = report.clusters.iter().position(|each| each.name == cluster);
        let pools = &report
            .clusters
            .iter()
            .find(|each| each.name == cluster)
            .map(|each| each.pools.as_slice())
            .unwrap_or_default();
        let claims: Vec<_> =
            segment.claims.iter().filter(|claim| claim.kind == ClaimKind::Pool && claim.cluster == cluster).collect();
        let (mut drawn, mut idle, mut flags) = (Vec::new(), Vec::new(), Vec::new());
        for claim in &claims {
            let Some(span) = Span::parse(&claim.range) else { continue };
            let name = claim.name.as_deref().unwrap_or_default();
            let index = pools.iter().position(|pool| pool.name == name);
            let numbers = index.and_then(|index| pools.get(index)).map(numbers).unwrap_or_default();
            let what = format!("pool {name}: {}, {}{numbers}", claim.range, addresses(&claim.count));
            let extra = match (position, index) {
                (Some(cluster), Some(pool)) => format!(" data-pool=\"pool-{side}-{cluster}-{pool}\""),
                _ => String::new(),
            };
            flags.push(Flag::new(span, name, &claim.range));
            let mark = Mark { span, what, extra };
            if claim.idle { idle.push(mark) } else { drawn.push(mark) }
        }
        if drawn.len() > SINGLE {
            self.runs("pool", drawn, top + 7.0, LANE - 18.0, 1.5);
        } else {
            for mark in drawn {
                self.rect("pool", &mark, top + 7.0, LANE - 18.0, 2.0);
            }
        }
        for mark in idle {
            self.rect("pool idle", &mark, top + 7.0, LANE - 18.0, 2.0);
        }
        let taken = Span::parse(&segment.range).map(|whole| Taken::of(report, cluster).within(whole));
        let Taken { pinned, predicted, sets } = taken.unwrap_or_default();
        let mark = |what: &'static str| {
            move |span: Span| {
                let range =
                    if span.extent() == 0 { String::new() } else { format!("-{}", address(span.v6, span.last)) };
                let what = format!("{what} {}{range}", address(span.v6, span.first));
                Mark { span, what, extra: String::new() }
            }
        };
        let told = format!(
            "cluster {cluster}: {}, {} pinned, {} predicted",
            counted(claims.len(), "pool range"),
            pinned.len(),
            predicted.len(),
        );
        self.runs("set", sets.into_iter().map(mark("one of")).collect(), top + 7.0, LANE - 18.0, 3.0);
        self.runs("predicted", predicted.into_iter().map(mark("predicted")).collect(), top + 7.0, LANE - 18.0, 2.0);
        // Over the whole height of the lane: seen by everybody, whatever the colours.
        self.runs("taken", pinned.into_iter().map(mark("pinned")).collect(), top + 2.0, LANE - 8.0, 2.0);
        self.at += LANE;
        if flags.len() <= NAMED {
            self.flags(flags);
        }
        told
    }

    /// The line on which a lane stands, broken where it is not to scale.
    fn ground(&mut self, y: f64) {
        for piece in self.scale.pieces().to_vec() {
            let (from, to) = (self.frame.x(piece.from), self.frame.x(piece.to));
            let class = if piece.gap { "gap" } else { "base" };
            let _ = write!(self.out, "<line class=\"{class}\" x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\"/>");
        }
    }

    fn rect(&mut self, class: &str, mark: &Mark, y: f64, height: f64, least: f64) {
        let Some((from, to)) = self.scale.place(mark.span) else { return };
        let width = (to - from).max(self.frame.pixels(least));
        self.element(class, &mark.extra, &mark.what, (from, width), (y, height));
    }

    /// Marks of one class; those that touch on the drawing are one element that says how many they are.
    fn runs(&mut self, class: &str, marks: Vec<Mark>, y: f64, height: f64, least: f64) {
        let mut placed: Vec<(f64, f64, Mark)> = marks
            .into_iter()
            .filter_map(|mark| {
                let (from, to) = self.scale.place(mark.span)?;
                Some((from, to.max(from + self.frame.pixels(least)), mark))
            })
            .collect();
        placed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut runs: Vec<(f64, f64, usize, Mark)> = Vec::new();
        for (from, to, mark) in placed {
            match runs.last_mut() {
                // A hair apart is apart: only what overlaps by more than rounding is one.
                Some((_, end, count, _)) if from < *end - self.frame.pixels(0.05) => {
                    *end = end.max(to);
                    *count += 1;
                }
                _ => runs.push((from, to, 1, mark)),
            }
        }
        for (from, to, count, mark) in runs {
            let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
            self.element(class, &mark.extra, &format!("{}{more}", mark.what), (from, to - from), (y, height));
        }
    }

    fn element(&mut self, class: &str, extra: &str, what: &str, (x, width): (f64, f64), (y, height): (f64, f64)) {
        let _ = write!(
            self.out,
            "<rect class=\"{class}\"{extra} x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{height}\">\
             <title>{}</title></rect>",
            self.frame.x(x),
            self.frame.width(width),
            escaped(what)
        );
    }

    /// The addresses under the line: where each piece begins, as far as there is room, and the last. What only a wide
    /// page has room for is marked, so that a narrow one can leave it out.
    fn axis(&mut self) {
        let y = self.at + 12.0;
        let pieces = self.scale.pieces().to_vec();
        let Some(last) = pieces.last() else { return };
        let text = |span: Span, number: u128| address(span.v6, number);
        let end = text(last.span, last.span.last);
        let starts: Vec<(f64, String)> = pieces
            .iter()
            .filter(|piece| !piece.gap || piece.from == 0.0)
            .map(|piece| (piece.from, text(piece.span, piece.span.first)))
            .collect();
        let fitting = |pixels: f64, kept: &[usize]| {
            let mut fitting: Vec<usize> = Vec::new();
            let stop = pixels - text_width(&end) - 10.0;
            for (number, (from, label)) in starts.iter().enumerate() {
                let (x, end) = (from * pixels, from * pixels + text_width(label) + 10.0);
                let free = |other: &usize| {
                    let (from, label) = &starts[*other];
                    from * pixels + text_width(label) + 10.0 <= x || end <= from * pixels
                };
                if end <= stop && fitting.iter().chain(kept).filter(|other| **other != number).all(free) {
                    fitting.push(number);
                }
            }
            fitting
        };
        let always = fitting(self.frame.least, &[]);
        let roomy = fitting(self.frame.most, &always);
        for (number, (from, label)) in starts.iter().enumerate() {
            let class = match (always.contains(&number), roomy.contains(&number)) {
                (true, _) => "soft",
                (false, true) => "soft roomy",
                (false, false) => continue,
            };
            let x = self.frame.x(*from);
            let _ = write!(self.out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(label));
        }
        let x = self.frame.x(1.0);
        let _ =
            write!(self.out, "<text class=\"soft\" x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{}</text>", escaped(&end));
        self.at += 18.0;
    }
}

/// About as wide as a text is in pixels.
pub(super) fn text_width(text: &str) -> f64 {
    f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX)) * 6.8
}

/// Text that means itself in XML and HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // What XML cannot hold at all.
            char if char.is_control() => out.push(' '),
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_drawing_of_the_fleet() {
        let mut out = Vec::new();
        emit(&[Side { label: "", report: &sample::fleet().report }], &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (_, body) = text.split_once("</defs>").unwrap();
        insta::assert_snapshot!(body);
    }

    #[test]
    fn names_mean_themselves() {
        assert_eq!(escaped("<a & \"b\">\u{1b}"), "&lt;a &amp; &quot;b&quot;&gt; ");
    }
}
