//! Where the pieces of a built object are written.
//!
//! kustomize sorts keys and writes everything anew, so nothing of its output has a place that anybody could edit. What
//! is the same in the file which the object was read from has its place there. What is not was put in on the way: it
//! has the place of a patch that says the same, else of the kustomization file.

use std::ops::Range;
use std::rc::Rc;

use crate::flux::patch::{Origin, Patched, entry_mut, remove};
use crate::krm::node::{Entry, Node, Value};
use crate::krm::scalar::{Typed, typed};
use crate::report::Place;

/// The annotation by which kustomize says which file an object was read from (`buildMetadata: [originAnnotations]`).
const ORIGIN: &str = "config.kubernetes.io/origin";

/// A built object, traced.
#[derive(Debug)]
pub enum Traced<'a, 't> {
    /// Nothing is otherwise than written.
    AsWritten,
    /// With what kustomize made of it.
    Changed(Patched<'a, 't>),
}

/// Lead a built tree back to the tree that it was made of. `put_in` gives the place of a key and text that was put in.
pub fn traced<'a, 't>(
    built: &Node<'t>,
    written: &Node<'t>,
    begin: Patched<'a, 't>,
    put_in: &dyn Fn(&str, Option<&str>) -> Place,
) -> Traced<'a, 't> {
    let mut tracing = Tracing { patched: begin, same: true, put_in };
    let tree = tracing.node(&without_origin(built), Some(written), "");
    if tracing.same {
        return Traced::AsWritten;
    }
    tracing.patched.tree = tree;
    Traced::Changed(tracing.patched)
}

/// A built object of which nothing is written anywhere.
pub(in crate::flux) fn made<'a, 't>(
    built: &Node<'t>,
    begin: Patched<'a, 't>,
    put_in: &dyn Fn(&str, Option<&str>) -> Place,
) -> Patched<'a, 't> {
    let mut tracing = Tracing { patched: begin, same: true, put_in };
    let tree = tracing.node(&without_origin(built), None, "");
    tracing.patched.tree = tree;
    tracing.patched
}

/// The path in the origin of a built object: relative to the directory that was built. `None` for what was generated or
/// fetched.
pub(in crate::flux) fn origin(built: &Node<'_>) -> Option<String> {
    let text = built.text_at(&["metadata", "annotations", ORIGIN])?;
    let line = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    let path = line("path")?;
    (line("repo").is_none() && line("configuredIn").is_none()).then(|| path.trim_matches(['"', '\'']).to_owned())
}

struct Tracing<'p, 'a, 't> {
    patched: Patched<'a, 't>,
    same: bool,
    put_in: &'p dyn Fn(&str, Option<&str>) -> Place,
}

impl<'t> Tracing<'_, '_, 't> {
    fn node(&mut self, built: &Node<'t>, written: Option<&Node<'t>>, key: &str) -> Node<'t> {
        let written = written.filter(|written| alike(built, written));
        let span = match written {
            Some(written) => written.span.clone(),
            None => self.foreign(key, built.text()),
        };
        let value = match &built.value {
            Value::Scalar { .. } => match written {
                // A text keeps the style that it is written in, which says where its value begins.
                Some(written) => written.value.clone(),
                None => built.value.clone(),
            },
            Value::Sequence { items, flow } => {
                let old = written.map(Node::items).unwrap_or_default();
                self.same &= written.is_none() || old.len() == items.len();
                let items = items.iter().enumerate().map(|(n, item)| {
                    let same = old.iter().find(|old| equal(item, old));
                    let named = item.text_at(&["name"]);
                    let named = named.and_then(|name| old.iter().find(|old| old.text_at(&["name"]) == Some(name)));
                    let beside = old.get(n).filter(|_| old.len() == items.len());
                    self.node(item, same.or(named).or(beside), key)
                });
                Value::Sequence { items: items.collect(), flow: *flow }
            }
            Value::Mapping { entries, flow } => {
                let old = written.map(Node::entries).unwrap_or_default();
                self.same &= written.is_none() || old.len() == entries.len();
                let entries = entries.iter().map(|entry| {
                    let name = entry.key.text().unwrap_or_default();
                    let old = written.and_then(|written| written.entry(name));
                    Entry {
                        key: self.node(&entry.key, old.map(|old| &old.key), name),
                        value: self.node(&entry.value, old.map(|old| &old.value), name),
                        merged: old.is_some_and(|old| old.merged),
                    }
                });
                Value::Mapping { entries: entries.collect(), flow: *flow }
            }
        };
        Node { value, span }
    }

    fn foreign(&mut self, key: &str, text: Option<&str>) -> Range<usize> {
        self.same = false;
        let place = Rc::new((self.put_in)(key, text));
        let base = self.patched.piece(&Origin::Within(place), 1);
        // A scalar without a span would be one that is not written: null.
        base..base + 1
    }
}

/// Whether one may have become the other: two lists, two maps, or scalars of one value.
fn alike(built: &Node<'_>, written: &Node<'_>) -> bool {
    match (&built.value, &written.value) {
        (Value::Scalar { text, .. }, Value::Scalar { text: old, .. }) => match (typed(built), typed(written)) {
            // kustomize takes `yes` for a text, and writes it in quotes.
            (Some(Typed::Str(_)), Some(Typed::LegacyBool(_))) => text == old,
            (built, written) => built == written,
        },
        (Value::Sequence { .. }, Value::Sequence { .. }) | (Value::Mapping { .. }, Value::Mapping { .. }) => true,
        _ => false,
    }
}

/// Whether two trees say the same, whatever the order of their keys.
fn equal(built: &Node<'_>, written: &Node<'_>) -> bool {
    let (old, new) = (written.entries(), built.entries());
    alike(built, written)
        && built.items().len() == written.items().len()
        && built.items().iter().zip(written.items()).all(|(item, old)| equal(item, old))
        && old.len() == new.len()
        && new.iter().all(|entry| {
            let old = entry.key.text().and_then(|key| written.get(key));
            old.is_some_and(|old| equal(&entry.value, old))
        })
}

/// The tree without the annotation that was asked for, and without annotations when there are no others.
fn without_origin<'t>(built: &Node<'t>) -> Node<'t> {
    let mut tree = built.clone();
    if let Some(metadata) = entry_mut(&mut tree, "metadata")
        && let Some(annotations) = entry_mut(metadata, "annotations")
    {
        remove(annotations, ORIGIN);
        if annotations.entries().is_empty() {
            remove(metadata, "annotations");
        }
    }
    tree
}
