//! Every text of an object that holds a `${…}`, wherever it stands.
//!
//! Flux substitutes in the whole text of a resource, keys included, so a rule about settings must look at more than
//! the fields that decide about addresses.

use super::expression::{self, ExpressionError};
use super::object::{Object, Text};
use crate::krm::node::{Node, Value};

/// A text with an expression.
#[derive(Debug, Clone)]
pub struct Mention {
    /// `spec.blocks[0].cidr`, `metadata.annotations[lbipam.cilium.io/ips]`.
    pub path: String,
    /// The text.
    pub text: Text,
    /// Why Flux cannot substitute it.
    pub error: Option<ExpressionError>,
}

/// The texts of an object that hold an expression, in the order written.
pub fn mentions(object: &Object<'_, '_>) -> Vec<Mention> {
    let mut found = Vec::new();
    each(object.tree(), &Way::Top, &mut |node, way| {
        if matches!(&node.value, Value::Scalar { text, .. } if text.contains("${")) {
            found.extend(mention(object, node, way));
        }
    });
    found
}

/// The texts of an object that hold a sequence of characters, with their paths, in the order written.
pub fn with(object: &Object<'_, '_>, sequence: &str) -> Vec<(String, Text)> {
    let mut found = Vec::new();
    each(object.tree(), &Way::Top, &mut |node, way| {
        if let Value::Scalar { text, .. } = &node.value
            && text.contains(sequence)
            && let Some(text) = object.text(node)
        {
            found.push((way.to_string(), text));
        }
    });
    found
}

/// The names that a text mentions as plain expressions, whether Flux substitutes in it or not.
pub fn names(text: &str, object: &Object<'_, '_>) -> Vec<String> {
    let lenient = expression::Dialect { strict: false, ..object.variables.dialect };
    expression::evaluate(text, &|_| expression::Lookup::Unset, lenient).map(|read| read.used).unwrap_or_default()
}

/// The way to a node from the top of its object. It is written out for the few nodes that are wanted: each rule goes
/// over every scalar of every object.
#[derive(Clone, Copy)]
enum Way<'w> {
    Top,
    Key(&'w Way<'w>, &'w str),
    Item(&'w Way<'w>, usize),
}

impl std::fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Key(Self::Top, key) => f.write_str(key),
            Self::Key(above, key) if key.contains(['.', '/']) => write!(f, "{above}[{key}]"),
            Self::Key(above, key) => write!(f, "{above}.{key}"),
            Self::Item(above, number) => write!(f, "{above}[{number}]"),
        }
    }
}

/// Every scalar below a node, keys included, with the way to it.
fn each(node: &Node<'_>, way: &Way<'_>, see: &mut dyn FnMut(&Node<'_>, &Way<'_>)) {
    match &node.value {
        Value::Scalar { .. } => see(node, way),
        Value::Sequence { items, .. } => {
            for (n, item) in items.iter().enumerate() {
                each(item, &Way::Item(way, n), see);
            }
        }
        Value::Mapping { entries, .. } => {
            // What comes through a merge key stands elsewhere and is met there.
            for entry in entries.iter().filter(|entry| !entry.merged) {
                let way = Way::Key(way, entry.key.text().unwrap_or_default());
                each(&entry.key, &way, see);
                each(&entry.value, &way, see);
            }
        }
    }
}

fn mention(object: &Object<'_, '_>, node: &Node<'_>, way: &Way<'_>) -> Option<Mention> {
    let text = object.text(node)?;
    let error = if object.substitutes() {
        let variables = &object.variables;
        expression::evaluate(&text.written, &|name| variables.lookup(name), variables.dialect).err()
    } else {
        None
    };
    Some(Mention { path: way.to_string(), text, error })
}
