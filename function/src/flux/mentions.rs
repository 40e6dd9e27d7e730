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
    below(object, object.tree(), "", &mut found);
    found
}

/// The names that a text mentions as plain expressions, whether Flux substitutes in it or not.
pub fn names(text: &str, object: &Object<'_, '_>) -> Vec<String> {
    let lenient = expression::Dialect { strict: false, ..object.variables.dialect };
    expression::evaluate(text, &|_| expression::Lookup::Unset, lenient).map(|read| read.used).unwrap_or_default()
}

fn below(object: &Object<'_, '_>, node: &Node<'_>, path: &str, found: &mut Vec<Mention>) {
    match &node.value {
        Value::Scalar { text, .. } if text.contains("${") => found.extend(mention(object, node, path)),
        Value::Scalar { .. } => {}
        Value::Sequence { items, .. } => {
            for (n, item) in items.iter().enumerate() {
                below(object, item, &format!("{path}[{n}]"), found);
            }
        }
        Value::Mapping { entries, .. } => {
            // What comes through a merge key stands elsewhere and is met there.
            for entry in entries.iter().filter(|entry| !entry.merged) {
                let path = child(path, entry.key.text().unwrap_or_default());
                below(object, &entry.key, &path, found);
                below(object, &entry.value, &path, found);
            }
        }
    }
}

fn child(path: &str, key: &str) -> String {
    match (path.is_empty(), key.contains(['.', '/'])) {
        (true, _) => key.to_owned(),
        (false, true) => format!("{path}[{key}]"),
        (false, false) => format!("{path}.{key}"),
    }
}

fn mention(object: &Object<'_, '_>, node: &Node<'_>, path: &str) -> Option<Mention> {
    let text = object.text(node)?;
    let error = if object.substitutes() {
        let variables = &object.variables;
        expression::evaluate(&text.written, &|name| variables.lookup(name), variables.dialect).err()
    } else {
        None
    };
    Some(Mention { path: path.to_owned(), text, error })
}
