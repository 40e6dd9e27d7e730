//! A place in the terms of tools that know files and lines, and nothing of streams.

use lbpools_function::report::{Finding, Place};

use super::Texts;

/// A file, and where in it when that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// The name as the caller would write it.
    pub(super) file: String,
    /// Absent for an item of a list, whose line in its own file nobody knows, and for what has no place at all.
    pub(super) region: Option<Region>,
}

/// From a character to the one behind the last, lines and columns from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
}

impl Spot {
    /// Where a place is.
    pub(super) fn of(place: &Place, texts: &Texts) -> Self {
        match (&place.path, place.source.as_str()) {
            (Some(path), "") => Self { file: path.clone(), region: None },
            _ => {
                let region = texts.text(&place.source).map(|text| Region::of(place, text));
                Self { file: texts.name(&place.source), region }
            }
        }
    }

    /// Where a finding is: at its place, else at the first of its chain, else somewhere in what was judged. The tools
    /// refuse a finding without a file, and one in a file that is not written yet is not shown.
    pub(super) fn of_finding(finding: &Finding, texts: &Texts) -> Self {
        let places = finding.at.iter().chain(finding.chain.iter().filter_map(|link| link.at.as_ref()));
        match places.into_iter().find(|place| texts.has(&place.source)) {
            Some(place) => Self::of(place, texts),
            None => Self { file: texts.whole(), region: None },
        }
    }
}

impl Region {
    fn of(place: &Place, text: &[u8]) -> Self {
        let mut region =
            Self { line: place.line, column: place.column, end_line: place.line, end_column: place.column };
        let inside = text.get(place.start..place.end).map(String::from_utf8_lossy);
        for char in inside.as_deref().unwrap_or_default().chars() {
            if char == '\n' {
                region.end_line += 1;
                region.end_column = 1;
            } else {
                region.end_column += 1;
            }
        }
        region
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn ends_are_counted_in_characters_and_lines() {
        let source = sample::source("a b.yaml", "x: 1\nname: 你好 # two\nlast: 1\n");
        let sources = [source];
        let texts = Texts::new(&sources, "dir");
        let region = |needle: &str| Spot::of(&sample::place(&sources[0], needle), &texts);
        let at = |line, column, end_line, end_column| Some(Region { line, column, end_line, end_column });
        assert_eq!(region("你好"), Spot { file: "dir/a b.yaml".into(), region: at(2, 7, 2, 9) });
        assert_eq!(region("two\nlast").region, at(2, 12, 3, 5));
    }

    #[test]
    fn an_item_of_a_list_has_a_file_and_no_line() {
        let list = sample::source("", "items: []\n");
        let mut place = sample::place(&list, "items");
        place.path = Some("apps/pools.yaml".into());
        let sources = [list];
        let texts = Texts::new(&sources, "");
        assert_eq!(Spot::of(&place, &texts), Spot { file: "apps/pools.yaml".into(), region: None });
        place.path = None;
        assert_eq!(Spot::of(&place, &texts).file, "<stdin>");
        assert!(Spot::of(&place, &texts).region.is_some());
    }

    #[test]
    fn a_finding_without_a_place_is_in_what_was_judged() {
        let sample::Sample { sources, report } = sample::fleet();
        let mut finding = report.findings[0].clone();
        let texts = Texts::new(&sources, "examples/fleet/");
        finding.at = None;
        let settings = "examples/fleet/kubernetes/clusters/apps/cluster-settings.yaml";
        assert_eq!(Spot::of_finding(&finding, &texts).file, settings);
        // Not written yet.
        let whole = Spot { file: "examples/fleet".into(), region: None };
        assert_eq!(Spot::of_finding(&finding, &Texts::new(&sources[..1], "examples/fleet/")), whole);
        finding.chain.clear();
        assert_eq!(Spot::of_finding(&finding, &texts), whole);
    }

    #[test]
    fn what_generation_would_write_anew_has_no_lines_yet() {
        let sample::Sample { sources, mut report } = sample::fleet();
        report.changes[0].path = Some(sources[0].path.clone());
        let texts = Texts::new(&sources, "").before(&report);
        let spot = Spot::of_finding(&report.findings[0], &texts);
        assert_eq!(spot, Spot { file: sources[0].path.clone(), region: None });
    }
}
