//! Make a manifest say what it should with as few edits as possible.
//!
//! Only what differs is touched: comments, quoting, key order and keys that nobody asked about stay.

use serde_json::{Map, Value as Json};

use super::edit::Edit;
use super::emit;
use super::node::{Entry, Node, Style, Value};
use super::place::Text;
use super::scalar::{Typed, resolve, typed};

/// Which keys of a map belong to the desired state alone, so that others are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Every key: what is not desired goes.
    Whole,
    /// Only the keys that are desired; others stay.
    Shared,
}

/// The edits that make `node` equal to `desired`. `own` says which keys are ours at each path of keys.
pub fn merge(text: &Text<'_>, node: &Node<'_>, desired: &Json, own: &dyn Fn(&[String]) -> Ownership) -> Vec<Edit> {
    let mut merge = Merge { text, own, path: Vec::new(), edits: Vec::new() };
    merge.node(node, desired);
    merge.edits
}

struct Merge<'m, 't> {
    text: &'m Text<'t>,
    own: &'m dyn Fn(&[String]) -> Ownership,
    path: Vec<String>,
    edits: Vec<Edit>,
}

impl Merge<'_, '_> {
    fn node(&mut self, node: &Node<'_>, desired: &Json) {
        match (&node.value, desired) {
            (Value::Mapping { entries, flow: false }, Json::Object(wanted)) if !entries.is_empty() => {
                self.map(entries, wanted);
            }
            _ if equal(node, desired) => {}
            (Value::Mapping { entries, flow: true }, Json::Object(wanted))
                if !entries.is_empty() && (self.own)(&self.path) == Ownership::Shared =>
            {
                self.shared_flow_map(entries, wanted);
            }
            _ => self.edits.push(Edit::replace(node.span.clone(), flow_or_scalar(node, desired))),
        }
    }

    fn map(&mut self, entries: &[Entry<'_>], wanted: &Map<String, Json>) {
        let ownership = (self.own)(&self.path);
        for entry in entries.iter().filter(|entry| !entry.merged) {
            let key = entry.key.text().unwrap_or_default();
            self.path.push(key.to_owned());
            match wanted.get(key) {
                Some(value) if self.replaced_whole(entry, value) => self.replace_entry(entry, key, value),
                Some(value) => self.node(&entry.value, value),
                None if ownership == Ownership::Whole => self.edits.push(Edit::remove(self.lines(entry))),
                None => {}
            }
            self.path.pop();
        }
        let mut missing = String::new();
        let indent = entries.first().map_or(0, |entry| self.text.line_column(entry.key.span.start).1 as usize - 1);
        for (key, value) in wanted {
            if !entries.iter().any(|entry| entry.key.text() == Some(key)) {
                missing.push_str(&self.entry_text(key, value, indent));
            }
        }
        if !missing.is_empty()
            && let Some(last) = entries.iter().rev().find(|entry| !entry.merged)
        {
            let end = last.value.span.end.max(last.key.span.end);
            self.insert_after(end, missing);
        }
    }

    /// What others added stays, on the same line.
    fn shared_flow_map(&mut self, entries: &[Entry<'_>], wanted: &Map<String, Json>) {
        for entry in entries.iter().filter(|entry| !entry.merged) {
            let key = entry.key.text().unwrap_or_default();
            if let Some(value) = wanted.get(key) {
                self.path.push(key.to_owned());
                self.node(&entry.value, value);
                self.path.pop();
            }
        }
        let missing = wanted.iter().filter(|(key, _)| !entries.iter().any(|entry| entry.key.text() == Some(key)));
        let missing: String = missing.map(|(key, value)| format!(", {}: {value}", Json::from(key.as_str()))).collect();
        if let Some(last) = entries.last().filter(|_| !missing.is_empty()) {
            self.edits.push(Edit::insert(last.value.span.end.max(last.key.span.end), missing));
        }
    }

    /// Put lines behind the line that holds `end`.
    fn insert_after(&mut self, end: usize, lines: String) {
        let at = self.text.line_end(end.saturating_sub(1));
        let newline = self.text.newline();
        let mut lines = emit::with_newlines(lines, newline);
        if !self.text.text[..at].ends_with('\n') {
            lines = format!("{newline}{}", lines.trim_end_matches(['\r', '\n']));
        }
        self.edits.push(Edit::insert(at, lines));
    }

    /// A block value that is not merged key by key gives way as a whole.
    fn replaced_whole(&self, entry: &Entry<'_>, value: &Json) -> bool {
        if equal(&entry.value, value) {
            return false;
        }
        let block_map = matches!(&entry.value.value, Value::Mapping { flow: false, entries } if !entries.is_empty());
        let flow = entry.value.is_flow();
        let scalar = matches!(entry.value.value, Value::Scalar { .. }) && !value.is_object() && !value.is_array();
        !(flow || scalar || block_map && value.is_object())
    }

    fn replace_entry(&mut self, entry: &Entry<'_>, key: &str, value: &Json) {
        let indent = self.text.line_column(entry.key.span.start).1 as usize - 1;
        let lines = self.lines(entry);
        let start = entry.key.span.start;
        let text = self.entry_text(key, value, indent);
        let text = emit::with_newlines(text, self.text.newline());
        self.edits.push(Edit::replace(start..lines.end, text.trim_start_matches(' ').to_owned()));
    }

    fn entry_text(&self, key: &str, value: &Json, indent: usize) -> String {
        let mut map = Map::new();
        map.insert(key.to_owned(), value.clone());
        let yaml = emit::to_yaml(&map).unwrap_or_default();
        emit::prefixed(&yaml, &" ".repeat(indent), indent)
    }

    /// The whole lines of an entry.
    fn lines(&self, entry: &Entry<'_>) -> std::ops::Range<usize> {
        let end = entry.value.span.end.max(entry.key.span.end);
        self.text.line_start(entry.key.span.start)..self.text.line_end(end.saturating_sub(1))
    }
}

/// Whether a node says exactly this.
pub fn equal(node: &Node<'_>, desired: &Json) -> bool {
    match (&node.value, desired) {
        (Value::Mapping { entries, .. }, Json::Object(map)) => {
            entries.len() == map.len()
                && entries.iter().all(|e| e.key.text().and_then(|key| map.get(key)).is_some_and(|v| equal(&e.value, v)))
        }
        (Value::Sequence { items, .. }, Json::Array(values)) => {
            items.len() == values.len() && items.iter().zip(values).all(|(node, value)| equal(node, value))
        }
        (Value::Scalar { .. }, desired) => match (typed(node), desired) {
            (Some(Typed::Null), Json::Null) => true,
            (Some(Typed::Bool(a)), Json::Bool(b)) => a == *b,
            (Some(Typed::Int(a)), Json::Number(b)) => b.as_i64().map(i128::from) == Some(a),
            (Some(Typed::Float(a)), Json::Number(b)) => b.as_f64() == Some(a),
            (Some(Typed::Str(a)), Json::String(b)) => a == b,
            _ => false,
        },
        _ => false,
    }
}

/// A value to stand in the place of a node, on one line: JSON is flow YAML; a text keeps the node's quotes.
fn flow_or_scalar(node: &Node<'_>, desired: &Json) -> String {
    match desired {
        Json::String(text) => scalar_like(node, text),
        other => other.to_string(),
    }
}

/// A text in the quotes that a node has, or in those it needs.
pub fn scalar_like(node: &Node<'_>, text: &str) -> String {
    let simple = text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\'));
    match &node.value {
        Value::Scalar { style: Style::Double, .. } if simple => format!("\"{text}\""),
        Value::Scalar { style: Style::Single, .. } if simple => format!("'{text}'"),
        // An address where one stood without quotes: nobody reads it as anything but text.
        Value::Scalar { style: Style::Plain, .. }
            if text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/'))
                && matches!(resolve(text), Typed::Str(_)) =>
        {
            text.to_owned()
        }
        _ => {
            let yaml = emit::to_yaml(&text).unwrap_or_default();
            yaml.trim_end_matches('\n').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::edit::apply;
    use super::super::parse::document;
    use super::*;

    fn merged(text: &str, desired: &Json) -> String {
        let root = document(text).expect("parses");
        let indexed = Text::new("", text);
        let own = |path: &[String]| {
            if path.first().is_some_and(|key| key == "spec") { Ownership::Whole } else { Ownership::Shared }
        };
        apply(text, merge(&indexed, &root, desired, &own))
    }

    #[test]
    fn only_what_differs_is_touched() {
        let text = "# head\nmetadata:\n  name: x # who\n  labels: {a: b}\nspec:\n  blocks: # ours\n  - cidr: 10.0.0.0/24 # old\n  disabled: false # keep\n  gone: 1\n# foot\n";
        let desired = json!({"metadata": {"name": "x"}, "spec": {"blocks": [{"cidr": "10.0.1.0/24"}], "disabled": false, "new": {"k": "on"}}});
        assert_eq!(
            merged(text, &desired),
            "# head\nmetadata:\n  name: x # who\n  labels: {a: b}\nspec:\n  blocks:\n  - cidr: 10.0.1.0/24\n  disabled: false # keep\n  new:\n    k: \"on\"\n# foot\n"
        );
        assert_eq!(merged(&merged(text, &desired), &desired), merged(text, &desired));
    }

    #[test]
    fn scalars_keep_their_quotes_and_windows_its_line_ends() {
        assert_eq!(merged("a: 10.0.0.1 # c", &json!({"a": "10.0.0.2"})), "a: 10.0.0.2 # c");
        assert_eq!(merged("a: x", &json!({"a": "017"})), "a: \"017\"");
        assert_eq!(merged("a: \"1\"\r\nb: 'x'", &json!({"a": "2", "b": "y", "c": "z"})), "a: \"2\"\r\nb: 'y'\r\nc: z");
    }

    #[test]
    fn a_flow_map_that_others_write_to_keeps_what_is_theirs() {
        let text = "metadata: {name: x, annotations: {note: mine, by: 'a'}}\n";
        assert_eq!(merged(text, &json!({"metadata": {"name": "x", "annotations": {"by": "a"}}})), text);
        let desired =
            json!({"metadata": {"name": "x", "annotations": {"by": "b", "owner": "us"}, "labels": {"k": "v"}}});
        let came =
            "metadata: {name: x, annotations: {note: mine, by: 'b', \"owner\": \"us\"}, \"labels\": {\"k\":\"v\"}}\n";
        assert_eq!(merged(text, &desired), came);
        assert_eq!(merged(came, &desired), came);
    }

    #[test]
    fn flow_maps_are_written_in_one_line() {
        assert_eq!(merged("spec: {a: 1}\n", &json!({"spec": {"a": 2}})), "spec: {\"a\":2}\n");
    }
}
