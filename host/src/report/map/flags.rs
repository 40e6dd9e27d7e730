//! Names that hang from their places on a line, none over another.
//!
//! A place may be narrower than a hair and its name is not. So each name hangs from a thread, and the further left a
//! place is, the longer its thread: going from right to left, a name takes the highest row in which it fits, and no
//! thread runs through a name. What fits on a line fits on a longer one, where everything only moves apart, and where
//! there may be room for the ranges as well.

use super::span::Span;
use super::svg::text_width;

/// Rows of names that one line may have; what finds no place in them is counted.
const ROWS: u32 = 8;
/// Between two names, and between a name and its thread.
const APART: f64 = 8.0;

/// A name for a range.
pub(super) struct Flag {
    pub(super) span: Span,
    name: String,
    range: String,
}

impl Flag {
    pub(super) fn new(span: Span, name: &str, range: &str) -> Self {
        Self { span, name: name.to_owned(), range: range.to_owned() }
    }

    /// Name and range, or where there is no room for both the name alone, or its beginning.
    fn text(&self, room: f64) -> String {
        let whole = format!("{} {}", self.name, self.range);
        if text_width(&whole) <= room {
            return whole;
        }
        let mut kept: Vec<char> = self.name.chars().collect();
        if text_width(&self.name) <= room {
            return self.name.clone();
        }
        while kept.len() > 4 && text_width(&String::from_iter(&kept)) + APART > room {
            kept.pop();
        }
        kept.push('…');
        kept.into_iter().collect()
    }
}

/// A name that found its place.
pub(super) struct Hung {
    /// Where its thread is, as a part of the line.
    pub(super) at: f64,
    /// Counted from the line.
    pub(super) row: u32,
    /// It stands left of its thread, for there is more room than on the right.
    pub(super) turned: bool,
    /// The name, and where there is room the range.
    pub(super) text: String,
    /// The range, where only the longer line has room for it.
    pub(super) more: Option<String>,
}

impl Hung {
    /// From where to where the text goes on a line of so many pixels.
    fn extent(&self, line: f64) -> (f64, f64) {
        let more = self.more.as_ref().map_or(0.0, |more| text_width(more));
        let (at, width) = (self.at * line, text_width(&self.text) + more + APART);
        if self.turned { (at - width, at) } else { (at, at + width) }
    }

    /// Whether the two can hang together.
    fn clears(&self, other: &Self, line: f64) -> bool {
        let ((from, to), (other_from, other_to)) = (self.extent(line), other.extent(line));
        let crosses = |thread: f64, from: f64, to: f64| from + 1.0 < thread && thread < to - 1.0;
        match self.row.cmp(&other.row) {
            std::cmp::Ordering::Equal => to <= other_from || other_to <= from,
            std::cmp::Ordering::Greater => !crosses(self.at * line, other_from, other_to),
            std::cmp::Ordering::Less => !crosses(other.at * line, from, to),
        }
    }
}

/// Hang them below a line of so many pixels, that may also be a longer one. Also says how many had no room.
pub(super) fn hang(mut flags: Vec<(f64, Flag)>, line: f64, longer: f64) -> (Vec<Hung>, usize) {
    flags.sort_by(|(one, _), (two, _)| two.total_cmp(one));
    let (mut hung, mut left_out) = (Vec::<Hung>::new(), 0);
    let mut ranges = Vec::new();
    for (at, flag) in flags {
        let right = (1.0 - at) * line - APART;
        let whole = flag.text(right.max(at * line - APART));
        let turned = text_width(&whole) > right;
        let mut rows = (0..ROWS).map(|row| Hung { at, row, turned, text: whole.clone(), more: None });
        match rows.find(|here| hung.iter().all(|other| here.clears(other, line))) {
            Some(here) => {
                ranges.push(Some(format!(" {}", flag.range)).filter(|_| here.text == flag.name));
                hung.push(here);
            }
            None => left_out += 1,
        }
    }
    for (number, range) in ranges.into_iter().enumerate().filter(|(_, range)| range.is_some()) {
        let (before, rest) = hung.split_at_mut(number);
        let Some((here, behind)) = rest.split_first_mut() else { continue };
        here.more = range;
        let (from, to) = here.extent(longer);
        let clears = before.iter().chain(&*behind).all(|other| here.clears(other, longer));
        if from < 0.0 || to > longer || !clears {
            here.more = None;
        }
    }
    (hung, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(at: f64, name: &str) -> (f64, Flag) {
        (at, Flag::new(Span::parse("10.0.0.1").unwrap(), name, "10.0.0.1"))
    }

    fn rows(flags: &[(f64, &str)], line: f64) -> Vec<(String, u32, bool)> {
        let (hung, left_out) = hang(flags.iter().map(|(at, name)| flag(*at, name)).collect(), line, line);
        assert_eq!(left_out, 0);
        hung.into_iter().map(|flag| (flag.text, flag.row, flag.turned)).collect()
    }

    #[test]
    fn neighbours_hang_one_below_the_other_and_the_left_one_lowest() {
        let expected = [("c 10.0.0.1", 0, false), ("b 10.0.0.1", 1, false), ("a 10.0.0.1", 2, false)];
        let expected = expected.map(|(text, row, turned)| (text.to_owned(), row, turned));
        assert_eq!(rows(&[(0.01, "a"), (0.03, "b"), (0.05, "c")], 800.0), expected);
    }

    #[test]
    fn at_the_right_end_names_turn_to_the_left() {
        assert_eq!(rows(&[(0.99, "router")], 800.0), [("router 10.0.0.1".to_owned(), 0, true)]);
    }

    #[test]
    fn what_is_too_long_is_shortened_and_what_has_no_row_is_counted() {
        assert_eq!(rows(&[(0.0, "a-very-long-name-of-something")], 100.0)[0].0, "a-very-long-…");
        let (hung, left_out) = hang((0..20).map(|_| flag(0.5, "same place")).collect(), 800.0, 800.0);
        assert_eq!((hung.len(), left_out), (8, 12));
    }

    #[test]
    fn a_longer_line_has_room_for_the_range() {
        let (hung, _) = hang(vec![flag(0.5, "a-name-of-some-length")], 200.0, 700.0);
        assert_eq!((hung[0].text.as_str(), hung[0].more.as_deref()), ("a-name-of-so…", None));
        let (hung, _) = hang(vec![flag(0.5, "services")], 200.0, 700.0);
        assert_eq!((hung[0].text.as_str(), hung[0].more.as_deref()), ("services", Some(" 10.0.0.1")));
    }

    /// Whatever is hung: no name over another, no thread through a name, on this line and on a longer one.
    #[test]
    fn nothing_lies_over_anything() {
        for count in 1..24_u32 {
            let place = |number: u32| f64::from(number * number * 37 % 101) / 101.0;
            let flags = (0..count).map(|number| flag(place(number), "nodes of infra")).collect();
            let (hung, left_out) = hang(flags, 330.0, 700.0);
            assert_eq!(hung.len() + left_out, count as usize);
            for (number, one) in hung.iter().enumerate() {
                for two in hung.iter().skip(number + 1) {
                    assert!(one.clears(two, 700.0) && one.clears(two, 1200.0), "{count}: {} {}", one.at, two.at);
                }
            }
        }
    }
}
