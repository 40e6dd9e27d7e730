//! JSON patches (RFC 6902) as `evanphx/json-patch` v4 applies them: `add`, `replace` and `remove`.

use super::strategic::{add, entry_mut, moved, remove};
use crate::krm::node::{Node, Style, Value};

/// One operation.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    what: What,
    path: Vec<String>,
    value: Option<Node<'static>>,
    span: std::ops::Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Add,
    Replace,
    Remove,
}

/// Whether a list holds this text, when it is the list that is asked for.
fn listed(list: &Node<'_>, asked: bool, text: &str) -> bool {
    asked && list.items().iter().any(|item| item.text() == Some(text))
}

/// Read the operations of a patch.
pub(super) fn operations(items: &[Node<'_>]) -> Result<Vec<Operation>, String> {
    items.iter().map(operation).collect()
}

fn operation(node: &Node<'_>) -> Result<Operation, String> {
    let what = match node.text_at(&["op"]).unwrap_or_default() {
        "add" => What::Add,
        "replace" => What::Replace,
        "remove" => What::Remove,
        other => return Err(format!("the operation {other:?} is not followed")),
    };
    let path = node.text_at(&["path"]).and_then(|path| path.strip_prefix('/')).ok_or("an operation has no path")?;
    let value = node.get("value").map(|value| moved(value, 0));
    if value.is_none() && what != What::Remove {
        return Err("an operation has no value".into());
    }
    let path = path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    Ok(Operation { what, path, value, span: node.span.clone() })
}

impl Operation {
    /// One past the last byte it stands on.
    pub(super) fn end(&self) -> usize {
        self.span.end
    }

    /// Where it puts this text under this key.
    pub(super) fn says(&self, key: &str, text: &str) -> Option<std::ops::Range<usize>> {
        let value = self.value.as_ref()?;
        // `/spec/blocks/0` and `/spec/blocks/-` are in the list under `blocks`.
        let own = self.path.iter().rev().find(|part| *part != "-" && part.parse::<usize>().is_err())?;
        let there = match &value.value {
            Value::Scalar { .. } => own == key && value.text() == Some(text),
            _ => super::value_of(value, key, text).is_some() || listed(value, own == key, text),
        };
        there.then(|| value.span.clone())
    }

    /// Apply it. An error says why kustomize refuses it.
    pub(super) fn apply(&self, tree: &mut Node<'_>, base: usize) -> Result<(), String> {
        let Some((last, way)) = self.path.split_last() else { return Err("it has no path".into()) };
        let missing = || format!("there is no /{} to patch", self.path.join("/"));
        let mut at = tree;
        for part in way {
            at = match &mut at.value {
                Value::Mapping { entries, .. } => {
                    let entry = entries.iter_mut().find(|entry| entry.key.text() == Some(part));
                    entry.map(|entry| &mut entry.value).ok_or_else(missing)?
                }
                Value::Sequence { items, .. } => {
                    let index: usize = part.parse().map_err(|_| missing())?;
                    items.get_mut(index).ok_or_else(missing)?
                }
                Value::Scalar { .. } => return Err(missing()),
            };
        }
        let value = self.value.as_ref().map(|value| moved(value, base));
        if let Value::Sequence { items, .. } = &mut at.value {
            let index = if last == "-" { None } else { Some(last.parse::<usize>().map_err(|_| missing())?) };
            return match (self.what, index, value) {
                (What::Add, None, Some(value)) => {
                    items.push(value);
                    Ok(())
                }
                (What::Add, Some(index), Some(value)) if index <= items.len() => {
                    items.insert(index, value);
                    Ok(())
                }
                (What::Replace, Some(index), Some(value)) if index < items.len() => {
                    items[index] = value;
                    Ok(())
                }
                (What::Remove, Some(index), _) if index < items.len() => {
                    items.remove(index);
                    Ok(())
                }
                _ => Err(missing()),
            };
        }
        let there = match &at.value {
            Value::Mapping { .. } => at.get(last).is_some(),
            _ => return Err(missing()),
        };
        match (self.what, value) {
            (What::Remove, _) if there => {
                remove(at, last);
                Ok(())
            }
            (What::Add | What::Replace, Some(value)) if there => {
                if let Some(now) = entry_mut(at, last) {
                    *now = value;
                }
                Ok(())
            }
            // The library sets a key that `replace` does not find.
            (What::Add | What::Replace, Some(value)) => {
                let span = self.span.start + base..self.span.end + base;
                let text = last.clone().into();
                let key = Node { value: Value::Scalar { text, style: Style::Double, tag: None }, span };
                add(at, key, value)
            }
            _ => Err(missing()),
        }
    }
}
