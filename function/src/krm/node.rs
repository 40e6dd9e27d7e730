//! A YAML tree that remembers where each piece stands in its text.

use std::borrow::Cow;
use std::ops::Range;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: its type follows from its text (see [`super::scalar`]).
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A literal block (`|`).
    Literal,
    /// A folded block (`>`).
    Folded,
}

/// A tag that decides a scalar's type whatever it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// `!!str` or `!`.
    Str,
    /// Any other tag; Kubernetes tools ignore it.
    Other,
}

/// A value and the bytes it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'t> {
    /// What it is.
    pub value: Value<'t>,
    /// From the first byte of its content (after an anchor or tag) to one past the last, without trailing
    /// blanks or comments. Empty where a null is not written at all.
    pub span: Range<usize>,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'t> {
    /// Text with its style; its type is a matter of [`super::scalar`].
    Scalar {
        /// After unescaping and folding.
        text: Cow<'t, str>,
        /// How it is written.
        style: Style,
        /// An explicit tag.
        tag: Option<Tag>,
    },
    /// A list.
    Sequence {
        /// In order.
        items: Vec<Node<'t>>,
        /// Written as `[…]`.
        flow: bool,
    },
    /// A map; keys in the order written, merge keys (`<<`) already resolved behind them.
    Mapping {
        /// In order.
        entries: Vec<Entry<'t>>,
        /// Written as `{…}`.
        flow: bool,
    },
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'t> {
    /// The key; Kubernetes only knows strings.
    pub key: Node<'t>,
    /// The value.
    pub value: Node<'t>,
    /// Came through a merge key: its text stands elsewhere, so it cannot be edited here.
    pub merged: bool,
}

impl<'t> Node<'t> {
    /// The text of a scalar that is not null.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// Not written, `~` or `null` without quotes.
    pub fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, style: Style::Plain, tag } => {
                *tag != Some(Tag::Str)
                    && (self.span.is_empty() || matches!(&**text, "~" | "null" | "Null" | "NULL" | ""))
            }
            _ => false,
        }
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[Entry<'t>] {
        match &self.value {
            Value::Mapping { entries, .. } => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; none for anything else.
    pub fn items(&self) -> &[Node<'t>] {
        match &self.value {
            Value::Sequence { items, .. } => items,
            _ => &[],
        }
    }

    /// The entry of a mapping under `key`.
    pub fn entry(&self, key: &str) -> Option<&Entry<'t>> {
        self.entries().iter().find(|entry| entry.key.text() == Some(key))
    }

    /// The value of a mapping under `key`, null included.
    pub fn get(&self, key: &str) -> Option<&Node<'t>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Follow keys down; `None` where one is missing.
    pub fn at(&self, path: &[&str]) -> Option<&Node<'t>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The non-null text under a path of keys.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(Node::text)
    }

    /// Written in flow style, `{…}` or `[…]`.
    pub fn is_flow(&self) -> bool {
        matches!(self.value, Value::Mapping { flow: true, .. } | Value::Sequence { flow: true, .. })
    }

    /// What it is, in words for an error message.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::Sequence { .. } => "a list",
            Value::Mapping { .. } => "a map",
        }
    }

    /// The same tree with texts of its own.
    pub fn into_owned(self) -> Node<'static> {
        let value = match self.value {
            Value::Scalar { text, style, tag } => Value::Scalar { text: Cow::Owned(text.into_owned()), style, tag },
            Value::Sequence { items, flow } => {
                Value::Sequence { items: items.into_iter().map(Node::into_owned).collect(), flow }
            }
            Value::Mapping { entries, flow } => {
                let own =
                    |e: Entry<'t>| Entry { key: e.key.into_owned(), value: e.value.into_owned(), merged: e.merged };
                Value::Mapping { entries: entries.into_iter().map(own).collect(), flow }
            }
        };
        Node { value, span: self.span }
    }

    /// How many nodes there are below and including this one.
    pub fn count(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::Sequence { items, .. } => items.iter().map(Node::count).sum(),
            Value::Mapping { entries, .. } => entries.iter().map(|e| 1 + e.value.count()).sum(),
        }
    }
}
