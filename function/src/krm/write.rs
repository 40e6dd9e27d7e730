//! A document with its changes, as text.

use super::document::{Document, ListShape, Shape};
use super::edit::{Edit, apply};
use super::emit;
use super::item::Item;
use super::results;
use crate::report::Finding;

/// What a run wants changed in one document.
#[derive(Debug, Default)]
pub struct Changes {
    /// Edits inside objects.
    pub edits: Vec<Edit>,
    /// Objects to take out, as positions in [`Document::items`].
    pub removed: Vec<usize>,
    /// Objects to add, as block YAML.
    pub added: Vec<String>,
}

impl Changes {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.removed.is_empty() && self.added.is_empty()
    }
}

/// The text of a document with its changes, without touching `results`.
pub fn changed(document: &Document<'_>, changes: &Changes) -> String {
    match &document.shape {
        Shape::List(shape) => apply(document.text.text, list_edits(document, shape, changes)),
        Shape::Flow => flow(document, changes),
        Shape::Stream => stream(document, changes),
    }
}

/// The edits that make a block list's new text, in the order of the text.
pub(super) fn list_edits(document: &Document<'_>, shape: &ListShape, changes: &Changes) -> Vec<Edit> {
    let text = document.text;
    let mut edits = changes.edits.clone();
    for &at in &changes.removed {
        edits.push(Edit::remove(document.items[at].whole.clone()));
    }
    let left = document.items.len() - changes.removed.len();
    if !changes.added.is_empty() {
        let mut added: String = changes.added.iter().map(|yaml| emit::list_element(yaml, shape.indent)).collect();
        added = emit::with_newlines(added, text.newline());
        let newline = text.newline();
        if shape.no_items {
            added = format!("items:{newline}{added}");
        }
        match &shape.empty_items {
            // `items: []`: the list follows on the next lines.
            Some(range) => {
                edits.push(Edit::replace(range.clone(), format!("{newline}{}", added.trim_end_matches(['\r', '\n']))))
            }
            None => {
                edits.push(Edit::insert(shape.insert_at, on_its_own_line(text.text, shape.insert_at, &added, newline)))
            }
        }
    } else if left == 0 && !document.items.is_empty() {
        // An empty block list would read as null.
        edits.push(Edit::insert(shape.insert_at, emit::with_newlines("  []\n".into(), text.newline())));
    }
    if !shape.misplaced_header.is_empty() {
        edits.extend(shape.misplaced_header.iter().cloned().map(Edit::remove));
        edits.push(Edit::insert(shape.start, emit::with_newlines(HEADER.into(), text.newline())));
    }
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    edits
}

/// The first lines of every ResourceList: kpt's node runtime looks for the second one as text.
const HEADER: &str = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n";

/// A flow ResourceList (JSON) becomes a block one around the objects' own bytes.
fn flow(document: &Document<'_>, changes: &Changes) -> String {
    let text = document.text.text;
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    out.push_str(HEADER);
    let kept: Vec<&Item<'_>> = document
        .items
        .iter()
        .enumerate()
        .filter(|(at, _)| !changes.removed.contains(at))
        .map(|(_, item)| item)
        .collect();
    out.push_str(if kept.is_empty() && changes.added.is_empty() { "items: []\n" } else { "items:\n" });
    for item in kept {
        out.push_str("- ");
        out.push_str(&indented_continuation(&slice_with_edits(text, &item.span, &changes.edits)));
        out.push('\n');
    }
    for yaml in &changes.added {
        out.push_str(&emit::list_element(yaml, 0));
    }
    if let Some(config) = &document.function_config {
        out.push_str("functionConfig: ");
        out.push_str(&indented_continuation(text.get(config.span.clone()).unwrap_or_default()));
        out.push('\n');
    }
    out
}

pub(super) fn slice_with_edits(text: &str, span: &std::ops::Range<usize>, edits: &[Edit]) -> String {
    let inside = edits
        .iter()
        .filter(|edit| edit.range.start >= span.start && edit.range.end <= span.end)
        .map(|edit| Edit::replace(edit.range.start - span.start..edit.range.end - span.start, edit.text.clone()));
    apply(text.get(span.clone()).unwrap_or_default(), inside.collect())
}

/// Flow content that goes on over several lines must stand to the right of the block around it.
fn indented_continuation(flow: &str) -> String {
    flow.replace('\n', "\n  ")
}

fn stream(document: &Document<'_>, changes: &Changes) -> String {
    let text = document.text;
    let mut edits = changes.edits.clone();
    for &at in &changes.removed {
        edits.push(Edit::remove(with_separator(text.text, document.items[at].whole.clone())));
    }
    let left = document.items.len() - changes.removed.len();
    for (n, yaml) in changes.added.iter().enumerate() {
        let separator = if left + n > 0 { "---\n" } else { "" };
        let added = emit::with_newlines(format!("{separator}{yaml}"), text.newline());
        edits.push(Edit::insert(text.text.len(), on_its_own_line(text.text, text.text.len(), &added, text.newline())));
    }
    apply(text.text, edits)
}

/// The range of a document together with the one `---` that it makes superfluous.
fn with_separator(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let before = text.get(..range.start).unwrap_or_default();
    let line = before.trim_end_matches(['\r', '\n']).rsplit('\n').next().unwrap_or_default();
    if line.starts_with("---") {
        let start = before.trim_end_matches(['\r', '\n']).len() - line.len();
        return start..range.end;
    }
    let after = text.get(range.end..).unwrap_or_default();
    let blank = after.len() - after.trim_start_matches(['\r', '\n']).len();
    if after[blank..].starts_with("---") {
        let end = after[blank..].find('\n').map_or(text.len(), |at| range.end + blank + at + 1);
        return range.start..end;
    }
    range
}

fn on_its_own_line(text: &str, at: usize, added: &str, newline: &str) -> String {
    let before = text.get(..at).unwrap_or_default();
    if before.is_empty() || before.ends_with('\n') { added.to_owned() } else { format!("{newline}{added}") }
}

/// What goes back to the caller: a document with its changes and with these findings as its results, as edits to its text. A flow list is written
/// anew, so it is one edit of everything; a stream has no results.
pub fn handed_back(document: &Document<'_>, mut edits: Vec<Edit>, findings: &[Finding]) -> Vec<Edit> {
    let text = document.text.text;
    let section = |before| results::section(findings, before, text);
    match &document.shape {
        Shape::Stream => {}
        Shape::Flow => {
            let mut out = changed(document, &Changes::default());
            out.push_str(&section(document.results.as_ref()));
            edits = vec![Edit::replace(0..text.len(), out)];
        }
        Shape::List(shape) => {
            let newline = document.text.newline();
            if edits.is_empty() {
                edits = list_edits(document, shape, &Changes::default());
            }
            let section = emit::with_newlines(section(document.results.as_ref()), newline);
            match (&shape.results, section.is_empty()) {
                (None, true) => {}
                // An object that was added at the very end has ended the last line already.
                (None, false) if edits.last().is_some_and(|edit| edit.range.start == text.len()) => {
                    edits.push(Edit::insert(text.len(), section));
                }
                (None, false) => {
                    edits.push(Edit::insert(text.len(), on_its_own_line(text, text.len(), &section, newline)))
                }
                (Some(range), _) if text.get(range.clone()) == Some(section.as_str()) => {}
                (Some(range), _) => edits.push(Edit::replace(range.clone(), section)),
            }
        }
    }
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    edits
}

/// A ResourceList with the findings alone, for a caller that takes handed-back items for a change (kustomize's
/// `validators:`, which compare them node by node, styles and comments included).
pub fn without_items(document: &Document<'_>, findings: &[Finding]) -> String {
    match document.shape {
        Shape::Stream => String::new(),
        Shape::List(_) | Shape::Flow => format!("{HEADER}items: []\n{}", results::section(findings, None, "")),
    }
}
