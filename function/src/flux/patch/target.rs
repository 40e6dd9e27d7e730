//! Which objects a patch is for: kustomize's `target`.
//!
//! Group, version, kind, name and namespace are regular expressions that must match as a whole; an empty one matches
//! everything. Of the expressions only those are read that people write: plain text, `.`, `.*` and alternatives.

use std::collections::BTreeMap;

use crate::krm::item::Item;
use crate::krm::node::Node;

/// A `target`, empty texts where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    group: String,
    version: String,
    kind: String,
    name: String,
    namespace: String,
    labels: String,
    annotations: String,
    /// Whether the texts are expressions or the identity of the patch itself.
    exact: bool,
}

/// Whether a target is for an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    Maybe,
}

impl Match {
    fn and(self, other: Match) -> Match {
        match (self, other) {
            (Match::No, _) | (_, Match::No) => Match::No,
            (Match::Maybe, _) | (_, Match::Maybe) => Match::Maybe,
            (Match::Yes, Match::Yes) => Match::Yes,
        }
    }

    fn of(yes: bool) -> Match {
        if yes { Match::Yes } else { Match::No }
    }
}

impl Target {
    /// Read a `target`.
    pub(super) fn read(node: &Node<'_>) -> Self {
        let text = |key: &str| node.text_at(&[key]).unwrap_or_default().to_owned();
        Self {
            group: text("group"),
            version: text("version"),
            kind: text("kind"),
            name: text("name"),
            namespace: text("namespace"),
            labels: text("labelSelector"),
            annotations: text("annotationSelector"),
            exact: false,
        }
    }

    /// What a strategic merge patch without a target is for: the object it names.
    pub(super) fn of_patch(tree: &Node<'_>) -> Self {
        let text = |path: &[&str]| tree.text_at(path).unwrap_or_default().to_owned();
        let version = text(&["apiVersion"]);
        let (group, version) = version.rsplit_once('/').unwrap_or(("", &version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text(&["kind"]),
            name: text(&["metadata", "name"]),
            namespace: text(&["metadata", "namespace"]),
            exact: true,
            ..Self::default()
        }
    }

    /// What a patch that is not read is for: the object it names.
    pub(super) fn of_item(item: &Item<'_>) -> Self {
        let version = item.resource.api_version.rsplit_once('/').map_or("", |(_, version)| version);
        Self {
            group: item.group().to_owned(),
            version: version.to_owned(),
            kind: item.resource.kind.clone(),
            name: item.resource.name.clone(),
            namespace: item.resource.namespace.clone().unwrap_or_default(),
            exact: true,
            ..Self::default()
        }
    }

    /// Whether it is for an object whose tree is this one by now. `renamed` says that a kustomization below gave it
    /// another name or namespace, and kustomize goes by either.
    pub(super) fn matches(&self, item: &Item<'_>, tree: &Node<'_>, renamed: bool) -> Match {
        let resource = &item.resource;
        let version = resource.api_version.rsplit_once('/').map_or(resource.api_version.as_str(), |(_, v)| v);
        let namespace = resource.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        let field = |wanted: &str, own: &str| {
            if self.exact { Match::of(wanted == own) } else { expression(wanted, own) }
        };
        // The identity of a patch without namespace is that of an object without one, or in `default`.
        let in_namespace = if self.exact {
            let effective = |text: &str| if text.is_empty() { "default".to_owned() } else { text.to_owned() };
            Match::of(effective(&self.namespace) == effective(namespace.unwrap_or_default()))
        } else {
            expression(&self.namespace, namespace.unwrap_or("default"))
        };
        let mut named = field(&self.name, &resource.name).and(in_namespace);
        if renamed && named == Match::No {
            named = Match::Maybe;
        }
        let kind = field(&self.group, item.group()).and(field(&self.kind, &resource.kind));
        let kind =
            kind.and(if self.exact && self.version.is_empty() { Match::Yes } else { field(&self.version, version) });
        let map = |key: &str| -> BTreeMap<&str, &str> {
            let entries = tree.at(&["metadata", key]).map(Node::entries).unwrap_or_default();
            entries.iter().filter_map(|entry| Some((entry.key.text()?, entry.value.text()?))).collect()
        };
        let selected = selector(&self.labels, || map("labels")).and(selector(&self.annotations, || map("annotations")));
        kind.and(named).and(selected)
    }
}

/// Whether an expression matches a whole text.
fn expression(wanted: &str, own: &str) -> Match {
    if wanted.is_empty() {
        return Match::Yes;
    }
    let inner = wanted.strip_prefix('^').unwrap_or(wanted);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    let inner = inner.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(inner);
    let mut result = Match::No;
    for alternative in inner.split('|') {
        match plain(alternative.as_bytes(), own.as_bytes()) {
            Some(true) => return Match::Yes,
            Some(false) => {}
            None => result = Match::Maybe,
        }
    }
    result
}

/// Match plain bytes, `.`, `.*` and `\.`; `None` for anything else.
fn plain(wanted: &[u8], own: &[u8]) -> Option<bool> {
    match wanted {
        [] => Some(own.is_empty()),
        [b'.', b'*', rest @ ..] => {
            let mut known = true;
            for from in 0..=own.len() {
                match plain(rest, own.get(from..).unwrap_or_default()) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => known = false,
                }
            }
            known.then_some(false)
        }
        [_, b'*' | b'+' | b'?' | b'{', ..] => None,
        [b'.', rest @ ..] => {
            if own.is_empty() {
                Some(false)
            } else {
                plain(rest, &own[1..])
            }
        }
        [b'\\', b'.', rest @ ..] => match own {
            [b'.', after @ ..] => plain(rest, after),
            _ => Some(false),
        },
        [b'\\' | b'[' | b'(' | b')' | b'^' | b'$' | b'+' | b'*' | b'?' | b'{', ..] => None,
        [first, rest @ ..] => match own {
            [byte, after @ ..] if byte == first => plain(rest, after),
            _ => Some(false),
        },
    }
}

/// A selector in its text form: `a=b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a`, `!a`, all of them at once.
fn selector<'m>(text: &str, map: impl FnOnce() -> BTreeMap<&'m str, &'m str>) -> Match {
    if text.trim().is_empty() {
        return Match::Yes;
    }
    let map = map();
    // A value that Flux fills in later is not known to kustomize either: it compares what is written.
    requirements(text).into_iter().fold(Match::Yes, |so_far, requirement| so_far.and(holds(requirement.trim(), &map)))
}

/// Split at commas that are not in brackets.
fn requirements(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut found = Vec::new();
    let mut start = 0;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

fn holds(requirement: &str, map: &BTreeMap<&str, &str>) -> Match {
    let is_key = |key: &str| !key.is_empty() && !key.contains([' ', '(', ')', '=', '!', '<', '>']);
    if let Some((key, rest)) = requirement.split_once(" notin ").or_else(|| requirement.split_once(" notin(")) {
        return set(key.trim(), rest, map, true);
    }
    if let Some((key, rest)) = requirement.split_once(" in ").or_else(|| requirement.split_once(" in(")) {
        return set(key.trim(), rest, map, false);
    }
    for (operator, wanted) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((key, value)) = requirement.split_once(operator) {
            let (key, value) = (key.trim(), value.trim());
            if !is_key(key) {
                return Match::Maybe;
            }
            return Match::of((map.get(key) == Some(&value)) == wanted);
        }
    }
    match requirement.strip_prefix('!').map(str::trim) {
        Some(key) if is_key(key) => Match::of(!map.contains_key(key)),
        None if is_key(requirement) => Match::of(map.contains_key(requirement)),
        _ => Match::Maybe,
    }
}

fn set(key: &str, values: &str, map: &BTreeMap<&str, &str>, not: bool) -> Match {
    let Some(values) = values.trim().trim_start_matches('(').strip_suffix(')') else { return Match::Maybe };
    let listed = map.get(key).is_some_and(|own| values.split(',').any(|value| value.trim() == *own));
    Match::of(listed != not)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_match_as_a_whole() {
        for (wanted, own, expected) in [
            ("", "anything", Match::Yes),
            ("Kustomization", "Kustomization", Match::Yes),
            ("Kustom", "Kustomization", Match::No),
            (".*", "x", Match::Yes),
            ("a.*z", "abcz", Match::Yes),
            ("a.*z", "abc", Match::No),
            ("a.c", "abc", Match::Yes),
            ("(a|b)", "b", Match::Yes),
            ("^a|b$", "c", Match::No),
            ("a\\.b", "a.b", Match::Yes),
            ("a\\.b", "axb", Match::No),
            ("[ab]", "a", Match::Maybe),
            ("a+", "a", Match::Maybe),
            ("(?!x).*", "a", Match::Maybe),
        ] {
            assert_eq!(expression(wanted, own), expected, "{wanted} on {own}");
        }
    }

    #[test]
    fn selectors_in_text_form() {
        let map: BTreeMap<&str, &str> = [("a", "1"), ("b", "")].into();
        for (text, expected) in [
            ("", Match::Yes),
            ("a=1", Match::Yes),
            ("a==1,b", Match::Yes),
            ("a!=1", Match::No),
            ("c!=1", Match::Yes),
            ("a in (1, 2)", Match::Yes),
            ("a notin (true)", Match::Yes),
            ("c notin (true)", Match::Yes),
            ("c in (1)", Match::No),
            ("!c,a", Match::Yes),
            ("!a", Match::No),
            ("a > 1", Match::Maybe),
        ] {
            assert_eq!(selector(text, || map.clone()), expected, "{text}");
        }
    }
}
