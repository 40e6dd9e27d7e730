//! One text of the input as objects: a ResourceList in block or flow style, or a stream of documents.

use std::ops::Range;

use granit_parser::{Event, StructureStyle};

use super::item::Item;
use super::node::{Entry, Node, Style, Value};
use super::parse::{ParseError, Reader};
use super::place::Text;
use super::revised::Moved;
use super::scan;
use crate::report::Place;

/// How a text holds its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// `kind: ResourceList` in block style: edited in place.
    List(ListShape),
    /// `kind: ResourceList` in flow style (JSON): written anew around the objects' own bytes.
    Flow,
    /// Documents separated by `---`, none at all included.
    Stream,
}

/// Where a block ResourceList has its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListShape {
    /// The bytes before the first key that are not part of the map (comments, `---`, byte order mark).
    pub start: usize,
    /// Column of the dashes of `items`.
    pub indent: usize,
    /// Where a new item goes.
    pub insert_at: usize,
    /// The value of `items` when it is `[]` or not written, and so must give way to a block list.
    pub empty_items: Option<Range<usize>>,
    /// No `items` at all.
    pub no_items: bool,
    /// The whole lines of an existing `results`.
    pub results: Option<Range<usize>>,
    /// The whole lines of `apiVersion` and `kind` when they do not come first, or not plainly.
    pub misplaced_header: Vec<Range<usize>>,
}

/// One text with its objects.
#[derive(Debug)]
pub struct Document<'t> {
    /// The text.
    pub text: &'t Text<'t>,
    /// How it holds its objects.
    pub shape: Shape,
    /// The objects, in order.
    pub items: Vec<Item<'t>>,
    /// The `functionConfig` of a ResourceList.
    pub function_config: Option<Node<'t>>,
    /// The `results` that came in with a ResourceList.
    pub results: Option<Node<'t>>,
    /// Read by its outline: nothing in one object can refer to another.
    pub(super) outlined: bool,
}

impl<'t> Document<'t> {
    /// Read a text. Of a large ResourceList only what is read goes to the parser, see [`super::scan`].
    pub fn read(text: &'t Text<'t>) -> Result<Self, ParseError> {
        let large = text.text.len() >= scan::LARGE;
        large.then(|| Self::outlined(text)).flatten().map_or_else(|| Self::parsed(text), Ok)
    }

    /// Read a text by parsing all of it.
    pub(super) fn parsed(text: &'t Text<'t>) -> Result<Self, ParseError> {
        let mut reader = Reader::new(text.text);
        let mut document = Document {
            text,
            shape: Shape::Stream,
            items: Vec::new(),
            function_config: None,
            results: None,
            outlined: false,
        };
        let mut first = true;
        let mut separator_end = None;
        while let Some(marker) = reader.next_document()? {
            if !marker.is_empty() {
                separator_end = Some(text.line_end(marker.start));
            }
            let begin = separator_end.unwrap_or_else(|| bom(text.text));
            let event = reader.event()?;
            match event {
                (Event::MappingStart(style, _, _), span) => {
                    let list = document.root(&mut reader, style == StructureStyle::Flow, span.start, begin)?;
                    if list && !first {
                        return Err(ParseError {
                            message: "a ResourceList must be the only document".into(),
                            offset: span.start,
                        });
                    }
                    let end = reader.end_document()?;
                    if list && reader.next_document()?.is_some() {
                        return Err(ParseError {
                            message: "a ResourceList must be the only document".into(),
                            offset: end.start,
                        });
                    }
                    if list {
                        return Ok(document);
                    }
                }
                other => {
                    let node = reader.node_from(other)?;
                    if !node.is_null() {
                        return Err(ParseError {
                            message: format!("expected a Kubernetes object, found {}", node.describe()),
                            offset: node.span.start,
                        });
                    }
                    reader.end_document()?;
                }
            }
            first = false;
            separator_end = None;
        }
        Ok(document)
    }

    /// Read the map at the root of a document. Says whether it was a ResourceList.
    fn root(&mut self, reader: &mut Reader<'t>, flow: bool, start: usize, begin: usize) -> Result<bool, ParseError> {
        let mut entries: Vec<Entry<'t>> = Vec::new();
        let mut listed: Option<Vec<Item<'t>>> = None;
        let mut items_span = 0..0;
        let close = loop {
            match reader.event()? {
                (Event::MappingEnd, close) => break close,
                event => {
                    let key = reader.node_from(event)?;
                    if let Some(twice) = key.text().filter(|k| entries.iter().any(|e| e.key.text() == Some(k))) {
                        return Err(ParseError {
                            message: format!("the key {twice:?} is written twice in one map"),
                            offset: key.span.start,
                        });
                    }
                    let event = reader.event()?;
                    let value = match event {
                        (Event::SequenceStart(style, ..), span) if key.text() == Some("items") => {
                            let flow = style == StructureStyle::Flow;
                            let items = self.listed(reader, flow, key.span.end)?;
                            items_span = span.start..items.last().map_or(span.start, |item| item.span.end);
                            if flow && items.is_empty() {
                                // `[]`: the end event was consumed with the list, find its bracket.
                                let close =
                                    self.text.text[span.start..].find(']').map_or(span.end, |at| span.start + at + 1);
                                items_span = span.start..close;
                            }
                            listed = Some(items);
                            Node { value: Value::Sequence { items: Vec::new(), flow }, span: items_span.clone() }
                        }
                        event => reader.node_from(event)?,
                    };
                    entries.push(Entry { key, value, merged: false });
                }
            }
        };
        let text = |key: &str| entries.iter().find(|e| e.key.text() == Some(key)).and_then(|e| e.value.text());
        let kind = text("kind").unwrap_or_default();
        if kind == "ResourceList" {
            self.items = listed.unwrap_or_default();
            self.shape =
                if flow { Shape::Flow } else { Shape::List(self.list_shape(&entries, &items_span, start, begin)) };
            self.keep(entries);
            return Ok(true);
        }
        if kind.ends_with("List")
            && text("apiVersion").is_some()
            && let Some(items) = listed
        {
            // kubectl, kustomize and Flux all apply what a List holds. Its elements cannot leave it one by one.
            self.items.extend(items.into_iter().map(|item| Item { whole: 0..0, ..item }));
            return Ok(false);
        }
        let end = if flow {
            close.end
        } else {
            entries.iter().map(|e| e.value.span.end.max(e.key.span.end)).max().unwrap_or(start)
        };
        let node = Node { value: Value::Mapping { entries, flow }, span: start..end };
        let whole = begin..self.text.line_end(end);
        self.items.push(Item::new(node, whole));
        Ok(false)
    }

    /// Keep what a ResourceList holds besides its items.
    pub(super) fn keep(&mut self, entries: Vec<Entry<'t>>) {
        for entry in entries {
            match entry.key.text() {
                Some("functionConfig") if !entry.value.is_null() => self.function_config = Some(entry.value),
                Some("results") if !entry.value.is_null() => self.results = Some(entry.value),
                _ => {}
            }
        }
    }

    /// Read the elements of a ResourceList's `items`.
    fn listed(&self, reader: &mut Reader<'t>, flow: bool, after: usize) -> Result<Vec<Item<'t>>, ParseError> {
        let mut items: Vec<Item<'t>> = Vec::new();
        let mut previous = after;
        loop {
            match reader.event()? {
                (Event::SequenceEnd, _) => return Ok(items),
                event => {
                    let node = reader.node_from(event)?;
                    if !matches!(node.value, Value::Mapping { .. }) {
                        return Err(ParseError {
                            message: format!("expected a Kubernetes object in items, found {}", node.describe()),
                            offset: node.span.start,
                        });
                    }
                    let whole = if flow {
                        node.span.clone()
                    } else {
                        self.dash(node.span.start, previous)..self.text.line_end(node.span.end)
                    };
                    previous = node.span.end;
                    items.push(Item::new(node, whole));
                }
            }
        }
    }

    /// Start of the line whose dash introduces the item that begins at `start`, not before `floor`.
    pub(super) fn dash(&self, start: usize, floor: usize) -> usize {
        let mut line = self.text.line_start(start);
        loop {
            let content = self.text.text.get(line..).unwrap_or_default().trim_start_matches(' ');
            if content.starts_with('-') || line <= floor {
                return line;
            }
            line = self.text.line_start(line - 1);
        }
    }

    pub(super) fn list_shape(
        &self,
        entries: &[Entry<'t>],
        items: &Range<usize>,
        start: usize,
        begin: usize,
    ) -> ListShape {
        let text = self.text;
        let entry_lines = |at: usize| {
            let begin = text.line_start(entries[at].key.span.start);
            let end = entries.get(at + 1).map_or(text.text.len(), |next| text.line_start(next.key.span.start));
            begin..end
        };
        let find = |key: &str| entries.iter().position(|e| e.key.text() == Some(key));
        let plain = |at: usize| {
            entries.get(at).is_some_and(|e| {
                [&e.key, &e.value].iter().all(|n| matches!(n.value, Value::Scalar { style: Style::Plain, .. }))
            })
        };
        let in_place = find("apiVersion") == Some(0) && find("kind") == Some(1) && plain(0) && plain(1);
        let misplaced_header = if in_place {
            Vec::new()
        } else {
            ["apiVersion", "kind"].iter().filter_map(|key| find(key)).map(entry_lines).collect()
        };
        let items_at = find("items");
        let indent = self.items.first().map_or(0, |item| {
            let line = text.text.get(item.whole.clone()).unwrap_or_default();
            line.len() - line.trim_start_matches(' ').len()
        });
        ListShape {
            start: if start >= begin { text.line_start(start).max(begin) } else { begin },
            indent,
            insert_at: items_at.map_or(text.text.len(), |at| entry_lines(at).end),
            empty_items: items_at
                .filter(|_| self.items.is_empty())
                .map(|at| if entries[at].value.is_null() { entries[at].value.span.clone() } else { items.clone() }),
            no_items: items_at.is_none(),
            results: find("results").map(entry_lines),
            misplaced_header,
        }
    }

    /// The place of a span of an item.
    pub fn place(&self, item: &Item<'_>, span: &Range<usize>) -> Place {
        let text = item.moved.within.unwrap_or(self.text);
        let place = text.place(span, item.path.as_deref(), item.index);
        let Moved { bytes, lines, .. } = item.moved;
        Place {
            start: place.start.saturating_add_signed(bytes),
            end: place.end.saturating_add_signed(bytes),
            line: place.line.saturating_add_signed(i32::try_from(lines).unwrap_or_default()),
            ..place
        }
    }
}

/// Length of the byte order mark.
fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}
