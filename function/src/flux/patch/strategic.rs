//! Strategic merge of a kind without a schema (`kyaml/yaml/merge2`): maps merge, everything else is replaced.

use crate::krm::node::{Entry, Node, Value};

/// Merge a patch into a tree. Spans that come from the patch begin at `base`. An error says why the outcome is not
/// certain; the tree may be half merged then.
pub(super) fn merge(tree: &mut Node<'_>, patch: &Node<'_>, base: usize) -> Result<(), String> {
    let keep = |path: &[&str]| tree.at(path).cloned();
    // kustomize puts these back, whatever the patch says.
    let (version, kind) = (keep(&["apiVersion"]), keep(&["kind"]));
    let (name, namespace) = (keep(&["metadata", "name"]), keep(&["metadata", "namespace"]));
    into(tree, patch, base)?;
    put_back(tree, "apiVersion", version);
    put_back(tree, "kind", kind);
    if let Some(metadata) = entry_mut(tree, "metadata") {
        put_back(metadata, "name", name);
        put_back(metadata, "namespace", namespace);
    }
    Ok(())
}

fn put_back<'t>(map: &mut Node<'t>, key: &str, old: Option<Node<'t>>) {
    match (entry_mut(map, key), old) {
        (Some(now), Some(old)) => *now = old,
        (Some(_), None) => remove(map, key),
        _ => {}
    }
}

fn into(tree: &mut Node<'_>, patch: &Node<'_>, base: usize) -> Result<(), String> {
    for entry in patch.entries() {
        let Some(key) = entry.key.text() else { return Err("it has a key that is no text".into()) };
        if key.starts_with('$') {
            return Err(format!("the directive {key} is not followed"));
        }
        let new = &entry.value;
        let Some(now) = entry_mut(tree, key) else {
            if new.is_null() {
                // Nothing to take away.
                continue;
            }
            plain(new)?;
            add(tree, moved(&entry.key, base), moved(new, base))?;
            continue;
        };
        match (&now.value, &new.value) {
            _ if new.is_null() => remove(tree, key),
            (Value::Mapping { .. }, Value::Mapping { .. }) => into(now, new, base)?,
            _ if now.is_null() => {
                plain(new)?;
                *now = moved(new, base);
            }
            (Value::Scalar { .. }, Value::Scalar { .. }) => *now = moved(new, base),
            (Value::Sequence { .. }, Value::Sequence { .. }) => {
                // A list without a schema is replaced as it stands.
                directives(new)?;
                *now = moved(new, base);
            }
            _ => {
                return Err(format!(
                    "kustomize refuses {} in the place of {} at {key}",
                    new.describe(),
                    now.describe()
                ));
            }
        }
    }
    Ok(())
}

/// A subtree that is added must hold nothing that kustomize would treat in a way of its own.
fn plain(node: &Node<'_>) -> Result<(), String> {
    match &node.value {
        Value::Mapping { entries, .. } => entries.iter().try_for_each(|entry| {
            if entry.value.is_null() {
                return Err("it adds a null".into());
            }
            if entry.key.text().is_none_or(|key| key.starts_with('$')) {
                return Err("it holds a directive".into());
            }
            plain(&entry.value)
        }),
        Value::Sequence { .. } => directives(node),
        Value::Scalar { .. } => Ok(()),
    }
}

fn directives(node: &Node<'_>) -> Result<(), String> {
    match &node.value {
        Value::Mapping { entries, .. } => entries.iter().try_for_each(|entry| {
            if entry.key.text().is_none_or(|key| key.starts_with('$')) {
                return Err("it holds a directive".into());
            }
            directives(&entry.value)
        }),
        Value::Sequence { items, .. } => items.iter().try_for_each(directives),
        Value::Scalar { .. } => Ok(()),
    }
}

/// The value under a key of a map.
pub(in crate::flux) fn entry_mut<'n, 't>(map: &'n mut Node<'t>, key: &str) -> Option<&'n mut Node<'t>> {
    match &mut map.value {
        Value::Mapping { entries, .. } => {
            entries.iter_mut().find(|entry| entry.key.text() == Some(key)).map(|entry| &mut entry.value)
        }
        _ => None,
    }
}

/// Put a new entry at the end of a map.
pub(super) fn add<'t>(map: &mut Node<'t>, key: Node<'t>, value: Node<'t>) -> Result<(), String> {
    match &mut map.value {
        Value::Mapping { entries, .. } => {
            entries.push(Entry { key, value, merged: false });
            Ok(())
        }
        _ => Err(format!("there is {} where a map is needed", map.describe())),
    }
}

/// Take a key out of a map.
pub(in crate::flux) fn remove(map: &mut Node<'_>, key: &str) {
    if let Value::Mapping { entries, .. } = &mut map.value {
        entries.retain(|entry| entry.key.text() != Some(key));
    }
}

/// A copy whose spans begin at `base`.
pub(super) fn moved(node: &Node<'_>, base: usize) -> Node<'static> {
    let value = match &node.value {
        Value::Scalar { text, style, tag } => {
            Value::Scalar { text: text.clone().into_owned().into(), style: *style, tag: *tag }
        }
        Value::Sequence { items, flow } => {
            Value::Sequence { items: items.iter().map(|item| moved(item, base)).collect(), flow: *flow }
        }
        Value::Mapping { entries, flow } => Value::Mapping {
            entries: entries
                .iter()
                .map(|e| Entry { key: moved(&e.key, base), value: moved(&e.value, base), merged: e.merged })
                .collect(),
            flow: *flow,
        },
    };
    Node { value, span: node.span.start + base..node.span.end + base }
}
