//! The tree of an object: kept, built when asked for, or not there.

use std::cell::OnceCell;
use std::ops::Range;

use granit_parser::Event;

use super::node::Node;
use super::parse::{ParseError, Reader};

/// The tree of one object.
#[derive(Debug, Default)]
pub enum Tree<'t> {
    /// Nobody reads it.
    #[default]
    Dropped,
    /// It is there.
    Kept(Node<'t>),
    /// It was parsed once, so that its mistakes are found, and is parsed again when asked for: a dashboard in a
    /// ConfigMap may be megabytes, and of all ConfigMaps of a list the few that hold settings are looked into.
    OnDemand(Element<'t>, OnceCell<Node<'static>>),
}

/// One element of a block list, by its whole lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element<'t> {
    /// The text that the list is in.
    pub text: &'t str,
    /// The element's lines in it.
    pub lines: Range<usize>,
}

impl<'t> Tree<'t> {
    /// The tree, when there is one.
    pub fn get(&self) -> Option<&Node<'t>> {
        match self {
            Self::Dropped => None,
            Self::Kept(node) => Some(node),
            Self::OnDemand(element, built) => match built.get() {
                Some(node) => Some(node),
                // The same bytes were parsed before: this succeeds.
                None => element.parse().ok().map(|node| built.get_or_init(|| node.into_owned()) as &Node<'t>),
            },
        }
    }
}

impl<'t> Element<'t> {
    /// Parse it, with positions as in the whole text.
    pub fn parse(&self) -> Result<Node<'t>, ParseError> {
        // It stands in the list in the map at the root: the list it still has, one level is cut away.
        let mut reader = Reader::of_slice(self.text, self.lines.clone(), 1);
        let unexpected = || ParseError { message: "expected one element of a list".into(), offset: self.lines.start };
        reader.next_document()?;
        let (Event::SequenceStart(..), _) = reader.event()? else { return Err(unexpected()) };
        let node = reader.node()?;
        let (Event::SequenceEnd, _) = reader.event()? else { return Err(unexpected()) };
        reader.end_document()?;
        if reader.next_document()?.is_some() {
            return Err(unexpected());
        }
        Ok(node)
    }
}
