//! From text to trees: one pass of parser events, positions kept.
//!
//! The parser limits its own nesting; aliases are expanded here against a budget that grows with the text, so
//! that a bomb of nested aliases is an error instead of a long wait.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, StructureStyle};

use super::node::{Entry, Node, Style, Tag, Value};

/// A text that is not YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// One sentence.
    pub message: String,
    /// Byte offset in the text.
    pub offset: usize,
}

/// Reads one document after the other from a text.
pub struct Reader<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    anchors: BTreeMap<usize, Node<'t>>,
    budget: usize,
    /// Where the parsed slice begins in the text.
    base: usize,
}

/// One event with the bytes it stands on.
pub(crate) type Positioned<'t> = (Event<'t>, Range<usize>);

impl<'t> Reader<'t> {
    /// Start at the beginning of a text.
    pub fn new(text: &'t str) -> Self {
        Self::of_slice(text, 0..text.len(), 0)
    }

    /// Read a slice of a text by itself, so many levels deep in it, with positions as in the whole text. It must
    /// begin where a line does, or with what stands at the left margin.
    pub fn of_slice(text: &'t str, slice: Range<usize>, depth: usize) -> Self {
        let mut options = granit_parser::options! { emit_comments: false };
        options.block_nesting_limit -= depth;
        let base = slice.start;
        Self {
            text,
            parser: Parser::new_from_str_with_options(text.get(slice).unwrap_or_default(), options),
            anchors: BTreeMap::new(),
            // Every alias of an honest manifest expands to a few lines; ten nodes a byte never happens.
            budget: 10_000 + text.len(),
            base,
        }
    }

    /// Step to the next document; `None` at the end of the text. Hands back the byte range of its `---`.
    pub fn next_document(&mut self) -> Result<Option<Range<usize>>, ParseError> {
        loop {
            match self.event()? {
                (Event::DocumentStart(..), span) => {
                    self.anchors.clear();
                    return Ok(Some(span));
                }
                (Event::StreamEnd, _) => return Ok(None),
                _ => {}
            }
        }
    }

    /// Step over the end of a document; hands back the byte range of its `...`, empty when not written.
    pub fn end_document(&mut self) -> Result<Range<usize>, ParseError> {
        match self.event()? {
            (Event::DocumentEnd, span) => Ok(span),
            (_, span) => {
                Err(ParseError { message: "content after the end of the document".into(), offset: span.start })
            }
        }
    }

    /// The next event.
    pub(crate) fn event(&mut self) -> Result<Positioned<'t>, ParseError> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.range(&span))),
            Some(Err(error)) => {
                let offset =
                    error.marker().byte_offset().map_or(self.text.len(), |at| self.base + at).min(self.text.len());
                Err(ParseError { message: error.info(), offset })
            }
            None => Ok((Event::StreamEnd, self.text.len()..self.text.len())),
        }
    }

    /// Read one whole node.
    pub fn node(&mut self) -> Result<Node<'t>, ParseError> {
        let first = self.event()?;
        self.node_from(first)
    }

    /// Read the rest of the node that begins with `first`.
    pub(crate) fn node_from(&mut self, (event, span): Positioned<'t>) -> Result<Node<'t>, ParseError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                let tag = tag.map(|tag| {
                    let (handle, suffix) = tag.parts();
                    let string = tag.is_yaml_core_schema_tag("str") || (handle == "!" && suffix.is_empty());
                    if string { Tag::Str } else { Tag::Other }
                });
                let block = matches!(style, Style::Literal | Style::Folded);
                let span = if block && text.is_empty() { self.block_header(span) } else { span };
                let end = span.start + self.text.get(span.clone()).unwrap_or_default().trim_end().len();
                let node = Node { value: Value::Scalar { text, style, tag }, span: span.start..end };
                Ok(self.anchored(anchor, node))
            }
            Event::SequenceStart(style, anchor, _) => {
                let mut items = Vec::new();
                let mut end = span.end;
                loop {
                    match self.event()? {
                        (Event::SequenceEnd, close) => {
                            end = end.max(close.end.min(close.start + 1)).max(end);
                            if style == StructureStyle::Block {
                                end = items.last().map_or(span.start, |n: &Node| n.span.end);
                            }
                            break;
                        }
                        first => items.push(self.node_from(first)?),
                    }
                }
                let flow = style == StructureStyle::Flow;
                let node = Node { value: Value::Sequence { items, flow }, span: span.start..end.max(span.start) };
                Ok(self.anchored(anchor, node))
            }
            Event::MappingStart(style, anchor, _) => {
                let flow = style == StructureStyle::Flow;
                let (entries, close) = self.entries()?;
                let end = if flow {
                    close.end
                } else {
                    entries
                        .iter()
                        .filter(|e| !e.merged)
                        .map(|e| e.value.span.end.max(e.key.span.end))
                        .max()
                        .unwrap_or(span.start)
                };
                let node = Node { value: Value::Mapping { entries, flow }, span: span.start..end.max(span.start) };
                Ok(self.anchored(anchor, node))
            }
            Event::Alias(id) => {
                let Some(target) = self.anchors.get(&id) else {
                    return Err(ParseError { message: "an alias inside its own anchor".into(), offset: span.start });
                };
                let count = target.count();
                if count > self.budget {
                    return Err(ParseError {
                        message: "aliases expand to far more than the text holds".into(),
                        offset: span.start,
                    });
                }
                self.budget -= count;
                let mut node = target.clone();
                node.span = span;
                Ok(node)
            }
            _ => Err(ParseError { message: "expected a value".into(), offset: span.start }),
        }
    }

    /// The entries of a mapping up to its end, merge keys resolved.
    fn entries(&mut self) -> Result<(Vec<Entry<'t>>, Range<usize>), ParseError> {
        let mut entries: Vec<Entry<'t>> = Vec::new();
        let mut merges: Vec<Node<'t>> = Vec::new();
        let close = loop {
            match self.event()? {
                (Event::MappingEnd, close) => break close,
                first => {
                    let key = self.node_from(first)?;
                    let value = self.node()?;
                    let merge = matches!(&key.value, Value::Scalar { text, style: Style::Plain, .. } if text == "<<");
                    if merge {
                        merges.push(value.clone());
                    }
                    entries.push(Entry { key, value, merged: false });
                }
            }
        };
        if let Some(duplicate) = duplicate_key(&entries) {
            return Err(ParseError {
                message: format!("the key {:?} is written twice in one map", duplicate.text().unwrap_or_default()),
                offset: duplicate.span.start,
            });
        }
        for source in merges {
            let maps = if source.items().is_empty() { std::slice::from_ref(&source) } else { source.items() };
            for entry in maps.iter().flat_map(Node::entries) {
                let known = entry.key.text().is_some_and(|key| entries.iter().any(|e| e.key.text() == Some(key)));
                if !known {
                    entries.push(Entry { merged: true, ..entry.clone() });
                }
            }
        }
        Ok((entries, close))
    }

    /// Where the `|` or `>` of a block scalar without content stands: the parser places it where the next token is.
    fn block_header(&self, span: Range<usize>) -> Range<usize> {
        let header = |(at, _): (usize, char)| {
            let (before, after) = (&self.text[..at], &self.text[at + 1..]);
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
            let ends = rest.is_empty() || rest.starts_with(['\r', '\n']) || {
                let blank = rest.starts_with([' ', '\t']);
                blank && (rest.trim_start_matches([' ', '\t'])).starts_with(['#', '\r', '\n'])
            };
            (ends && before.ends_with([' ', '\t'])).then(|| at..at + 1 + after.len() - rest.len())
        };
        if self.text[span.start..].starts_with(['|', '>']) {
            return span;
        }
        let mut before = &self.text[..span.start];
        loop {
            let start = before.trim_end().rfind('\n').map_or(0, |at| at + 1);
            let line = &self.text[start..before.trim_end().len()];
            if !line.trim_start().starts_with('#') || start == 0 {
                let found = line.char_indices().filter(|(_, c)| matches!(c, '|' | '>'));
                return found.map(|(at, c)| (start + at, c)).find_map(header).unwrap_or(span);
            }
            before = &self.text[..start];
        }
    }

    fn anchored(&mut self, anchor: usize, node: Node<'t>) -> Node<'t> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let len = self.text.len();
        let start = span.start.byte_offset().map_or(len, |at| self.base + at).min(len);
        start..span.end.byte_offset().map_or(start, |at| self.base + at).clamp(start, len)
    }
}

/// The second of two equal keys. Kubernetes' strict readers refuse it, lenient ones take the last: nobody means it.
fn duplicate_key<'a, 't>(entries: &'a [Entry<'t>]) -> Option<&'a Node<'t>> {
    if entries.len() < 16 {
        return entries.iter().enumerate().find_map(|(at, entry)| {
            let key = entry.key.text()?;
            entries[..at].iter().any(|e| e.key.text() == Some(key)).then_some(&entry.key)
        });
    }
    let mut seen = std::collections::BTreeSet::new();
    entries.iter().map(|e| &e.key).find(|key| key.text().is_some_and(|text| !seen.insert(text)))
}

/// The one document of a text, for tests and small inputs.
pub fn document(text: &str) -> Result<Node<'_>, ParseError> {
    let mut reader = Reader::new(text);
    match reader.next_document()? {
        Some(_) => reader.node(),
        None => Ok(Node {
            value: Value::Scalar { text: "".into(), style: Style::Plain, tag: None },
            span: text.len()..text.len(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice<'t>(text: &'t str, node: &Node) -> &'t str {
        &text[node.span.clone()]
    }

    #[test]
    fn spans_cover_the_content_and_nothing_more() {
        let text = "a: {b: [1, 2]} # c\nd:\n  - x: |\n      line\n\n  # foot\ne: \"q\"\n";
        let root = document(text).expect("parses");
        assert_eq!(slice(text, root.get("a").expect("a")), "{b: [1, 2]}");
        assert_eq!(slice(text, root.at(&["a", "b"]).expect("b")), "[1, 2]");
        assert_eq!(slice(text, &root.get("d").expect("d").items()[0]), "x: |\n      line");
        assert_eq!(slice(text, root.get("e").expect("e")), "\"q\"");
        assert_eq!(root.span, 0..text.len() - 1);
    }

    #[test]
    fn merge_keys_and_aliases_are_resolved() {
        let root = document("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\nc: *x\n").expect("parses");
        assert_eq!(root.text_at(&["b", "k"]), Some("1"));
        assert_eq!(root.text_at(&["b", "l"]), Some("3"));
        assert_eq!(root.text_at(&["c", "l"]), Some("2"));
    }

    #[test]
    fn hostile_texts_are_errors_with_a_place() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for n in 1..9 {
            let alias = format!("*a{}", n - 1);
            bomb.push_str(&format!("a{n}: &a{n} [{}]\n", [alias.as_str(); 9].join(", ")));
        }
        let brackets = "[".repeat(100_000);
        for (text, message) in [
            (bomb.as_str(), "aliases expand"),
            (brackets.as_str(), ""),
            ("a: 1\na: 2\n", "written twice"),
            ("a: \u{0}", ""),
            ("a:\n\t- b", ""),
            ("a: *nobody", ""),
        ] {
            let error = document(text).expect_err(&text[..text.len().min(20)]);
            assert!(error.message.contains(message), "{error}");
            assert!(error.offset <= text.len());
        }
    }
}
