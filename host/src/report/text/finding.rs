//! One finding: the sentence, the wrong value underlined in its file, the way by which it got there, what to write.

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use lbpools_function::report::{Failure, Finding, Place, Severity};

use super::table::wrapped;
use super::{Dress, line, name};
use crate::report::Texts;
use crate::report::excerpt::Excerpt;

/// Columns before the first word of a title (`warning[LBP000]: `), and before that of a note (`   = help: `).
const TITLE: usize = 17;
const NOTE: usize = 12;

/// A text in lines that fit a terminal, where it is one, so that no word is cut in two.
fn folded(text: &str, before: usize, dress: Dress) -> String {
    let text = line(text);
    match dress.columns {
        Some(columns) => wrapped(&text, columns.saturating_sub(before).max(20)).join("\n"),
        None => text.into_owned(),
    }
}

/// A finding in full.
pub(super) fn finding(finding: &Finding, texts: &Texts, dress: Dress) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(folded(&finding.message, TITLE, dress)).id(line(&finding.code));
    let mut group = Group::with_title(title);
    let places = places(finding);
    for (number, (at, label)) in places.iter().enumerate() {
        group = group.element(shown(at, label, number == 0, texts, dress));
    }
    let mut notes = Vec::new();
    if let Some(subject) = subject(finding) {
        notes.push(Level::NOTE.message(folded(&subject, NOTE, dress)));
    }
    if let Some(current) = finding.current.as_ref().filter(|_| places.is_empty()) {
        notes.push(Level::NOTE.with_name("now").message(line(current).into_owned()));
    }
    // A link into a place that is not in the input is said in words.
    for link in finding.chain.iter().filter(|link| link.at.is_none()) {
        notes.push(Level::NOTE.with_name("from").message(line(&link.what).into_owned()));
    }
    for at in places.iter().filter_map(|(at, _)| said_path(at)) {
        notes.push(Level::NOTE.with_name("file").message(at));
    }
    if let Some(proposed) = &finding.proposed {
        notes.push(Level::NOTE.with_name("write").message(line(proposed).into_owned()));
    }
    notes.push(Level::HELP.message(folded(&finding.help, NOTE, dress)));
    render(group, notes.into_iter().map(Element::from).collect(), dress)
}

/// Why a run failed.
pub(super) fn failure(failure: &Failure, texts: &Texts, dress: Dress) -> String {
    let mut group = Group::with_title(Level::ERROR.primary_title(folded(&failure.message, TITLE, dress)));
    let mut notes = Vec::new();
    if let Some(at) = &failure.at {
        group = group.element(shown(at, "", true, texts, dress));
        notes.extend(said_path(at).map(|path| Level::NOTE.with_name("file").message(path)));
    }
    notes.extend(failure.help.as_ref().map(|help| Level::HELP.message(folded(help, NOTE, dress))));
    render(group, notes.into_iter().map(Element::from).collect(), dress)
}

fn render<'a>(group: Group<'a>, notes: Vec<Element<'a>>, dress: Dress) -> String {
    let renderer = if dress.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = match dress.columns {
        Some(columns) => renderer.term_width(columns),
        None => renderer,
    };
    let text = renderer.render(&[group.elements(notes)]);
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Where the finding stands and the links that have a place, each with what to say there.
fn places(finding: &Finding) -> Vec<(&Place, String)> {
    let is_setting = finding.chain.iter().any(|link| link.at.is_some() && link.at == finding.at);
    let here = match &finding.current {
        // Where the text says the same already, to repeat it would be noise.
        Some(current) if !finding.chain.is_empty() && !is_setting => format!("here: {}", line(current)),
        _ => String::new(),
    };
    let at = finding.at.as_ref().map(|at| (at, here)).into_iter();
    let links = finding.chain.iter().filter_map(|link| Some((link.at.as_ref()?, line(&link.what).into_owned())));
    let mut places: Vec<(&Place, String)> = Vec::new();
    for (at, label) in at.chain(links) {
        match places.iter_mut().find(|(seen, _)| seen.source == at.source && seen.start == at.start) {
            Some((_, seen)) if seen.is_empty() => *seen = label,
            Some((_, seen)) if *seen != label => *seen = format!("{seen}; {label}"),
            Some(_) => {}
            None => places.push((at, label)),
        }
    }
    places
}

/// Header and lines of one place, or the header alone when there are no lines to show.
fn shown<'a>(at: &Place, label: &str, first: bool, texts: &Texts, dress: Dress) -> Element<'a> {
    let line_number = usize::try_from(at.line).unwrap_or(usize::MAX).max(1);
    let path = line(&texts.name(&at.source)).into_owned();
    let path = match texts.link(&at.source).filter(|_| dress.links) {
        Some(link) => linked(&path, &link),
        None => path,
    };
    let Some(excerpt) = texts.text(&at.source).and_then(|text| Excerpt::new(text, at.start..at.end)) else {
        let column = usize::try_from(at.column).unwrap_or(usize::MAX);
        return Origin::path(path).line(line_number).char_column(column).into();
    };
    let kind = if first { AnnotationKind::Primary } else { AnnotationKind::Context };
    let mut annotation = kind.span(excerpt.span);
    if !label.is_empty() {
        annotation = annotation.label(label.to_owned());
    }
    Snippet::source(excerpt.text).path(path).line_start(line_number).annotation(annotation).into()
}

/// A text that a terminal opens something by (OSC 8).
fn linked(text: &str, uri: &str) -> String {
    format!("\u{1b}]8;;{uri}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

/// `cluster apps, CiliumLoadBalancerIPPool gateway, spec.blocks[0].cidr`.
fn subject(finding: &Finding) -> Option<String> {
    let cluster = finding.cluster.as_ref().map(|cluster| format!("cluster {}", line(cluster)));
    let field = finding.field.as_ref().map(|field| line(field).into_owned());
    let parts: Vec<String> = [cluster, finding.resource.as_ref().map(name), field].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// For an item of a list: the file that it says it comes from.
fn said_path(at: &Place) -> Option<String> {
    let path = at.path.as_ref().filter(|path| **path != at.source)?;
    let document = at.index.filter(|index| *index > 0).map(|index| format!(", document {}", index + 1));
    Some(format!("{}{}", line(path), document.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn shown(sources: &[crate::contract::Source], finding: &Finding) -> String {
        super::finding(finding, &Texts::new(sources, "my fleet"), Dress::default())
    }

    #[test]
    fn the_chain_leads_to_the_setting() {
        let fleet = sample::fleet();
        insta::assert_snapshot!(shown(&fleet.sources, &fleet.report.findings[0]));
    }

    #[test]
    fn no_word_of_a_sentence_is_cut_in_two() {
        let mut finding = sample::fleet().report.findings[0].clone();
        finding.at = None;
        finding.chain.clear();
        finding.message = "a word and another ".repeat(20).trim_end().to_owned();
        finding.help = finding.message.clone();
        let dress = Dress { columns: Some(60), ..Dress::default() };
        let text = super::finding(&finding, &Texts::default(), dress);
        assert!(text.lines().count() > 14 && text.lines().all(|line| line.chars().count() <= 60), "{text}");
        let words = text.split_whitespace().filter(|word| *word == "another").count();
        assert_eq!(words, 40, "{text}");
    }

    #[test]
    fn without_any_place() {
        let mut finding = sample::fleet().report.findings[0].clone();
        finding.at = None;
        finding.chain.iter_mut().for_each(|link| link.at = None);
        insta::assert_snapshot!(shown(&[], &finding));
    }

    #[test]
    fn an_item_of_a_list_names_its_file() {
        let mut fleet = sample::fleet();
        let finding = &mut fleet.report.findings[0];
        fleet.sources[0].path = String::new();
        let at = finding.at.as_mut().unwrap();
        at.path = Some(std::mem::take(&mut at.source));
        at.index = Some(1);
        insta::assert_snapshot!(shown(&fleet.sources, finding));
    }

    #[test]
    fn a_file_is_a_link_where_the_terminal_knows_links() {
        let fleet = sample::fleet();
        let dress = Dress { links: true, ..Dress::default() };
        let text = |dress| super::finding(&fleet.report.findings[0], &Texts::new(&fleet.sources, "/my fleet"), dress);
        let name = &fleet.report.findings[0].at.as_ref().unwrap().source;
        let link = linked(&format!("/my fleet/{name}"), &format!("file:///my%20fleet/{name}"));
        assert!(text(dress).contains(&format!("--> {link}:")), "{:?}", text(dress));
        // It changes nothing else.
        let bare = text(Dress::default());
        let stripped = fleet.sources.iter().fold(text(dress), |text, source| {
            let name = format!("/my fleet/{}", source.path);
            text.replace(&linked(&name, &format!("file:///my%20fleet/{}", source.path)), &name)
        });
        assert_eq!(stripped, bare);
    }

    #[test]
    fn what_is_no_file_is_no_link() {
        let fleet = sample::fleet();
        let dress = Dress { links: true, ..Dress::default() };
        let mut finding = fleet.report.findings[0].clone();
        finding.at.as_mut().unwrap().source = "gone.yaml".to_owned();
        finding.chain.clear();
        let texts = Texts::new(&fleet.sources, ".");
        assert!(!super::finding(&finding, &texts, dress).contains('\u{1b}'));
    }

    #[test]
    fn odd_texts_line_up() {
        let odd = [
            ("bom.yaml", "\u{feff}address: 10.0.0.300\r\nb: 2\r\n"),
            ("tabs and blanks.yaml", "a:\t\taddress\t10.0.0.300 # x\n"),
            ("größe/配置.yaml", "größe: '你好' # 10.0.0.300\n"),
        ];
        let mut all = String::new();
        for (path, text) in odd {
            let sources = [sample::source(path, text)];
            let mut finding = sample::fleet().report.findings[0].clone();
            finding.chain.clear();
            finding.at = Some(sample::place(&sources[0], "10.0.0.300"));
            all.push_str(&shown(&sources, &finding));
            all.push_str("\n\n");
        }
        let text = format!("{{\"a\": \"{}\", \"ip\": \"10.0.0.300\", \"z\": \"{}\"}}", "x".repeat(900), "y".repeat(90));
        let sources = [sample::source("one-line.json", &text)];
        let mut finding = sample::fleet().report.findings[0].clone();
        finding.chain.clear();
        finding.at = Some(sample::place(&sources[0], "10.0.0.300"));
        all.push_str(&shown(&sources, &finding));
        all.push_str("\n\n");
        let sources = [sample::source("minified.json", &format!("{}10.0.0.300", "x".repeat(100_000)))];
        finding.at = Some(sample::place(&sources[0], "10.0.0.300"));
        all.push_str(&shown(&sources, &finding));
        insta::assert_snapshot!(all);
    }

    #[test]
    fn no_place_of_any_size_panics() {
        let source = sample::source("a.yaml", "\u{feff}a: ü\r\n\r\n\tb: '你'\u{85}\n\n# \u{1b}[31m\n");
        for start in 0..=source.text.len() + 1 {
            for end in start..=source.text.len() + 1 {
                let mut finding = sample::fleet().report.findings[0].clone();
                let place = Place { start, end, ..sample::place(&source, "a") };
                finding.chain[0].at = Some(Place { start: end, ..place.clone() });
                finding.at = Some(place);
                let text = shown(std::slice::from_ref(&source), &finding);
                assert!(!text.contains('\u{1b}') && text.contains(&finding.message), "{start}..{end}");
            }
        }
    }
}
