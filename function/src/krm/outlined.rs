//! From the outline of a large ResourceList to its document: the same one that parsing the whole text gives.

use std::ops::Range;

use super::document::{Document, Shape};
use super::item::{Item, reads};
use super::node::{Entry, Node, Style, Value};
use super::parse::Reader;
use super::place::Text;
use super::scan::{self, ItemOutline, Outline};
use super::tree::Element;

impl<'t> Document<'t> {
    /// Read a ResourceList by its outline. `None` where there is none, and where anything does not parse: the
    /// whole text must then tell what is wrong and where.
    pub(super) fn outlined(text: &'t Text<'t>) -> Option<Self> {
        let outline = scan::outline(text.text)?;
        let entries = entries(text.text, &outline)?;
        let kind = entries.iter().find(|entry| entry.key.text() == Some("kind"))?;
        if kind.value.text() != Some("ResourceList") {
            return None;
        }
        let mut document = Document {
            text,
            shape: Shape::Stream,
            items: Vec::new(),
            function_config: None,
            results: None,
            outlined: true,
        };
        document.items.reserve_exact(outline.items.len());
        let mut previous = entries[outline.items_at].key.span.end;
        for item in &outline.items {
            let item = document.outlined_item(item, previous)?;
            previous = item.span.end;
            document.items.push(item);
        }
        let items = entries[outline.items_at].value.span.clone();
        let start = outline.keys.first()?.start;
        document.shape = Shape::List(document.list_shape(&entries, &items, start, outline.begin));
        document.keep(entries);
        Some(document)
    }

    /// Whether anyone has a reason to look into an object of this kind. Of the many HelmReleases of a large list only
    /// those matter that install Cilium or whose values ask for an address, and none of the words by which they do
    /// can be written without these bytes.
    fn concerns(&self, kind: &str, span: &Range<usize>) -> bool {
        const WORDS: [&str; 3] = ["cilium", "loadBalancerIP", "\\"];
        let text = self.text.text.as_bytes().get(span.clone()).unwrap_or_default();
        reads(kind)
            && (kind != "HelmRelease" || WORDS.iter().any(|w| memchr::memmem::find(text, w.as_bytes()).is_some()))
    }

    fn outlined_item(&self, outline: &ItemOutline, previous: usize) -> Option<Item<'t>> {
        let whole = |span: &Range<usize>| self.dash(span.start, previous)..self.text.line_end(span.end);
        let text = |range: &Option<Range<usize>>| range.clone().and_then(|range| self.text.text.get(range));
        let kind = text(&outline.kind).unwrap_or_default();
        if outline.certain && !self.concerns(kind, &outline.span) {
            let metadata = match &outline.metadata {
                Some(range) => Some(single(Reader::of_slice(self.text.text, range.clone(), 2))?),
                None => None,
            };
            let metadata = metadata.as_ref().and_then(|map| map.get("metadata"));
            let api_version = text(&outline.api_version).unwrap_or_default();
            let item = Item::known(api_version, kind, metadata, outline.span.clone(), whole(&outline.span));
            if !item.is_marked() {
                return Some(item);
            }
        }
        let element = Element { text: self.text.text, lines: outline.lines.clone() };
        Item::of_element(element, |node| whole(&node.span))
    }
}

/// The keys at the root with their values; that of `items` is left empty.
fn entries<'t>(text: &'t str, outline: &Outline) -> Option<Vec<Entry<'t>>> {
    let each = |(at, key): (usize, &Range<usize>)| {
        if at == outline.items_at {
            let name = key.start..key.start + "items".len();
            let items = outline.items.first()?.lines.start..outline.items.last()?.span.end;
            return Some(Entry {
                key: Node {
                    value: Value::Scalar { text: text.get(name.clone())?.into(), style: Style::Plain, tag: None },
                    span: name,
                },
                value: Node { value: Value::Sequence { items: Vec::new(), flow: false }, span: items },
                merged: false,
            });
        }
        let map = single(Reader::of_slice(text, key.clone(), 0))?;
        let Value::Mapping { mut entries, flow: false } = map.value else { return None };
        // Where a value that is not written stands is known to who sees what follows.
        entries.pop().filter(|entry| entries.is_empty() && !entry.value.is_null())
    };
    outline.keys.iter().enumerate().map(each).collect()
}

/// The only document of a slice.
fn single<'t>(mut reader: Reader<'t>) -> Option<Node<'t>> {
    reader.next_document().ok()??;
    let node = reader.node().ok()?;
    reader.end_document().ok()?;
    reader.next_document().ok()?.is_none().then_some(node)
}
