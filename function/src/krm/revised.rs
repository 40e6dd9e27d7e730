//! A large ResourceList as its changes leave it, without writing it out and reading it again.
//!
//! Generation adds a few objects to a list of thousands. What it did not touch is known already: only the changed
//! and the new elements are read, each from a small text of its own, and all else is moved by as many bytes and
//! lines as came or went before it. Whoever judges the revised document sees what reading the whole changed text
//! would have shown (`run/whole_or_revised.rs` holds one against the other).

use super::document::{Document, Shape};
use super::edit::{Edit, apply, in_order};
use super::emit;
use super::item::Item;
use super::place::Text;
use super::tree::Element;
use super::write::{self, Changes};

/// How far an object of the old text has come in the new one, or where a new one stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moved<'t> {
    /// The text that the object's spans are about, when it is not the document's.
    pub(super) within: Option<&'t Text<'t>>,
    /// Bytes from a span's offset to the offset in the new text.
    pub(super) bytes: isize,
    /// The same for lines.
    pub(super) lines: isize,
}

/// The changes to one document, as edits and as the elements that must be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// In the order of the text, none overlapping.
    edits: Vec<Edit>,
    /// Changed elements in their order, then new ones.
    elements: Vec<Fresh>,
    /// Positions of the objects that go.
    removed: Vec<usize>,
}

/// An element of the list that must be read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fresh {
    /// The object that it takes the place of.
    replaces: Option<usize>,
    /// Its whole lines.
    lines: String,
    /// Where they begin in the new text.
    begin: usize,
    /// Lines before them.
    above: usize,
}

impl Revision {
    /// Prepare changes. `None` where they touch more than whole elements of a block list that has an outline: then
    /// the changed text must be read as a whole.
    pub fn of(document: &Document<'_>, changes: &Changes) -> Option<Self> {
        let Shape::List(shape) = &document.shape else { return None };
        let plain = document.outlined && shape.empty_items.is_none() && shape.misplaced_header.is_empty();
        let left = document.items.len() - changes.removed.len();
        if !plain || left == 0 {
            return None;
        }
        let mut revision = Self { edits: Vec::new(), elements: Vec::new(), removed: changes.removed.clone() };
        let within: Vec<&Edit> = in_order(&changes.edits);
        let mut before = changes.edits.clone();
        before.extend(changes.removed.iter().map(|&at| Edit::remove(document.items[at].whole.clone())));
        let mut edits = within.as_slice();
        while let Some(edit) = edits.first() {
            // What is put between two elements goes to the end of the first: there new keys are written.
            let at = document.items.partition_point(|item| item.whole.end < edit.range.end);
            let whole = &document.items.get(at)?.whole;
            let (own, rest) = edits.split_at(edits.partition_point(|edit| edit.range.end <= whole.end));
            edits = rest;
            let shifted = own.iter().map(|edit| {
                let start = edit.range.start.checked_sub(whole.start)?;
                Some(Edit::replace(start..edit.range.end - whole.start, edit.text.clone()))
            });
            let lines = apply(document.text.text.get(whole.clone())?, shifted.collect::<Option<_>>()?);
            let (begin, above) = moved_to(document.text, &before, whole.start);
            revision.elements.push(Fresh { replaces: Some(at), lines, begin, above });
        }
        let newline = document.text.newline();
        let (mut begin, mut above) = moved_to(document.text, &before, shape.insert_at);
        if !document.text.text.get(..shape.insert_at)?.ends_with('\n') {
            begin += newline.len();
            above += 1;
        }
        for yaml in &changes.added {
            let lines = emit::with_newlines(emit::list_element(yaml, shape.indent), newline);
            let (next, below) = (begin + lines.len(), above + lines.matches('\n').count());
            revision.elements.push(Fresh { replaces: None, lines, begin, above });
            (begin, above) = (next, below);
        }
        revision.edits = write::list_edits(document, shape, changes);
        Some(revision)
    }

    /// The texts that [`Self::read`] reads.
    pub fn texts<'r>(&'r self, path: &'r str) -> Vec<Text<'r>> {
        self.elements.iter().map(|fresh| Text::new(path, &fresh.lines)).collect()
    }

    /// Read the changed and the new elements. `None` where one does not parse.
    pub fn read<'t>(&self, texts: &'t [Text<'t>]) -> Option<Vec<Item<'t>>> {
        self.elements.iter().zip(texts).map(|(fresh, text)| fresh.read(text)).collect()
    }

    /// The edits that make the new text of the old one.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }
}

/// Offset in the new text of an offset in the old one, and the lines before it there.
fn moved_to(text: &Text<'_>, edits: &[Edit], at: usize) -> (usize, usize) {
    let lines = text.line_column(at).0 as usize - 1;
    edits.iter().filter(|edit| edit.range.end <= at).fold((at, lines), |(at, lines), edit| {
        let gone = feeds(text.text.get(edit.range.clone()).unwrap_or_default());
        (at + edit.text.len() - edit.range.len(), lines + feeds(&edit.text) - gone)
    })
}

fn feeds(text: &str) -> usize {
    memchr::memchr_iter(b'\n', text.as_bytes()).count()
}

impl<'t> Document<'t> {
    /// The document as a revision leaves it, with the elements that [`Revision::read`] gave. Its own text stays the old
    /// one; [`Document::place`] gives places in the new one.
    pub fn revised(self, revision: &Revision, fresh: Vec<Item<'t>>) -> Self {
        let base = self.text;
        let (mut bytes, mut lines) = (0, 0);
        let mut edits = revision.edits.iter().peekable();
        let mut fresh = revision.elements.iter().zip(fresh).peekable();
        let mut items = Vec::with_capacity(self.items.len() + revision.elements.len());
        for (at, mut item) in self.items.into_iter().enumerate() {
            // Edits that end before this object move it; those inside make it a fresh one.
            while let Some(edit) = edits.next_if(|edit| edit.range.end <= item.whole.start) {
                bytes += signed(edit.text.len()) - signed(edit.range.len());
                let gone = base.text.get(edit.range.clone()).unwrap_or_default();
                lines += signed(feeds(&edit.text)) - signed(feeds(gone));
            }
            if let Some((_, item)) = fresh.next_if(|(element, _)| element.replaces == Some(at)) {
                items.push(item);
            } else if !revision.removed.contains(&at) {
                item.moved = Moved { within: None, bytes, lines };
                items.push(item);
            }
        }
        items.extend(fresh.map(|(_, item)| item));
        Self { items, ..self }
    }
}

impl Fresh {
    fn read<'t>(&self, text: &'t Text<'t>) -> Option<Item<'t>> {
        let element = Element { text: text.text, lines: 0..text.text.len() };
        let mut item = Item::of_element(element, |_| 0..text.text.len())?;
        item.moved = Moved { within: Some(text), bytes: signed(self.begin), lines: signed(self.above) };
        Some(item)
    }
}

fn signed(n: usize) -> isize {
    isize::try_from(n).unwrap_or(isize::MAX)
}
