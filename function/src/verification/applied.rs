//! Whether an object of the cluster is what the repository says: every field that the manifest writes has the value
//! that it writes. What else the object has, the API server or a controller filled in.

use std::ops::Range;

use serde_json::Value as Living;

use crate::flux::object::Object;
use crate::krm::node::{Node, Value};

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Its path.
    pub path: String,
    /// Where the manifest writes it.
    pub span: Range<usize>,
    /// What the repository says.
    pub written: String,
    /// What the cluster has; `nothing` where it has no such field.
    pub living: String,
}

/// The fields below a path of an object that the cluster has otherwise. What is not known of the manifest is no
/// difference.
pub fn edits(object: &Object<'_, '_>, path: &str, living: &Living) -> Vec<Edit> {
    let mut found = Vec::new();
    if let Some(node) = object.tree().get(path) {
        compare(object, node, Some(living), path, &mut found);
    }
    found
}

fn compare(object: &Object<'_, '_>, node: &Node<'_>, living: Option<&Living>, path: &str, found: &mut Vec<Edit>) {
    let living = living.filter(|living| !living.is_null());
    let mut differs = |written: String, living: String| {
        found.push(Edit { path: path.to_owned(), span: node.span.clone(), written, living });
    };
    match (&node.value, living) {
        (Value::Mapping { entries, .. }, living) => {
            for entry in entries.iter().filter(|entry| !entry.merged || entry.key.text().is_some()) {
                let Some(key) = object.text(&entry.key).and_then(|text| text.known().map(str::to_owned)) else {
                    continue;
                };
                let step = if key.contains(['.', '/']) { format!("{path}[{key}]") } else { format!("{path}.{key}") };
                compare(object, &entry.value, living.and_then(|living| living.get(&key)), &step, found);
            }
        }
        (Value::Sequence { items, .. }, living) => {
            let there = living.and_then(Living::as_array);
            match there {
                None if items.is_empty() => {}
                Some(there) if there.len() == items.len() => {
                    for (at, (node, living)) in items.iter().zip(there).enumerate() {
                        compare(object, node, Some(living), &format!("{path}[{at}]"), found);
                    }
                }
                there => {
                    let count = |count: usize| if count == 1 { "1 entry".into() } else { format!("{count} entries") };
                    differs(count(items.len()), there.map_or_else(|| "nothing".into(), |there| count(there.len())));
                }
            }
        }
        (Value::Scalar { .. }, living) => {
            let Some(text) = object.text(node) else { return };
            let Some(written) = text.known() else { return };
            match living {
                // An empty value and none are the same to the API server.
                None if matches!(written, "" | "false" | "0") => {}
                None => differs(written.to_owned(), "nothing".into()),
                Some(living) if same(written, living) => {}
                Some(living) => differs(written.to_owned(), told(living)),
            }
        }
    }
}

/// A value of the cluster in words.
fn told(living: &Living) -> String {
    match living {
        Living::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The same text, or the same number in another spelling.
fn same(written: &str, living: &Living) -> bool {
    match living {
        Living::Number(number) => {
            *written == number.to_string() || written.parse::<f64>().is_ok_and(|own| number.as_f64() == Some(own))
        }
        living => *written == told(living),
    }
}
