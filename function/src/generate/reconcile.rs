//! From what the config asks for and what is there to the changes that make both the same.
//!
//! An object that carries our mark for this config is ours: it is changed in place, or removed when nobody asks
//! for it any more. An object without the mark is never touched, even when it stands in the way.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::cluster::plan::{OutdatedObject, TakenName};
use crate::flux::files::{directory_of, normalised};
use crate::krm::annotations;
use crate::krm::document::Document;
use crate::krm::emit;
use crate::krm::item::Item;
use crate::krm::merge::{Ownership, equal, merge};
use crate::krm::node::Node;
use crate::krm::write::Changes;
use crate::report::{Action, ObjectChange, Place, ResourceRef};

/// An object that the config asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Who it is.
    pub resource: ResourceRef,
    /// The whole object, keys in the order to write.
    pub value: Json,
    /// The file it goes to, when the config says.
    pub path: Option<String>,
}

/// The changes to make.
#[derive(Debug, Default)]
pub struct Reconciled {
    /// By position of the document.
    pub changes: BTreeMap<usize, Changes>,
    /// Files that are not there yet.
    pub new_files: BTreeMap<String, String>,
    /// What is done to which object.
    pub objects: Vec<ObjectChange>,
    /// Names that somebody else's objects have.
    pub taken: Vec<TakenName>,
    /// Objects of ours that are changed or removed, as they were.
    pub outdated: Vec<OutdatedObject>,
}

/// Compare what is wanted with what is there. What is `withheld` for want of a value stays as it is.
pub fn reconcile(
    documents: &[Document<'_>],
    wanted: &[Wanted],
    withheld: &[ResourceRef],
    config: &str,
    beside: Option<&str>,
) -> Reconciled {
    let mut reconciled = Reconciled::default();
    let mut kept: BTreeSet<*const Item<'_>> = BTreeSet::new();
    let place_new = NewPlaces::new(documents, beside);
    for wanted in wanted {
        match find(documents, wanted) {
            Some((at, item)) if item.is_generated_by(config) => {
                kept.insert(std::ptr::from_ref(item));
                let document = &documents[at];
                let value = without_path_keys(&wanted.value);
                let edits = merge(document.text, item.tree(), &value, &ownership);
                let action = if edits.is_empty() { Action::Unchanged } else { Action::Updated };
                if !edits.is_empty() {
                    let fields = differing(item.tree(), &value);
                    reconciled.outdated.push(OutdatedObject {
                        resource: wanted.resource.clone(),
                        at: place_of_name(document, item),
                        fields,
                    });
                }
                reconciled.done(action, &wanted.resource, item_path(document, item));
                reconciled.changes.entry(at).or_default().edits.extend(edits);
            }
            Some((at, item)) => {
                kept.insert(std::ptr::from_ref(item));
                let at = place_of_name(&documents[at], item);
                reconciled.taken.push(TakenName { resource: wanted.resource.clone(), at });
            }
            None => place_new.add(&mut reconciled, documents, wanted),
        }
    }
    for (at, document) in documents.iter().enumerate() {
        for (position, item) in document.items.iter().enumerate() {
            let unknown = withheld.iter().any(|r| r.kind == item.resource.kind && r.name == item.resource.name);
            let ours = item.is_generated_by(config) && !kept.contains(&std::ptr::from_ref(item));
            if ours && !unknown && !item.whole.is_empty() {
                reconciled.done(Action::Removed, &item.resource, item_path(document, item));
                reconciled.outdated.push(OutdatedObject {
                    resource: item.resource.clone(),
                    at: place_of_name(document, item),
                    fields: Vec::new(),
                });
                reconciled.changes.entry(at).or_default().removed.push(position);
            }
        }
    }
    reconciled
}

impl Reconciled {
    /// Leave what is there as it is, and only make what is not there.
    pub fn keep(&mut self) {
        self.objects.retain(|change| matches!(change.action, Action::Created | Action::Unchanged));
        for changes in self.changes.values_mut() {
            changes.edits.clear();
            changes.removed.clear();
        }
    }

    fn done(&mut self, action: Action, resource: &ResourceRef, path: Option<String>) {
        self.objects.push(ObjectChange { action, resource: resource.clone(), path });
    }
}

fn place_of_name(document: &Document<'_>, item: &Item<'_>) -> Place {
    let span = item.tree().at(&["metadata", "name"]).map_or(item.span.clone(), |node| node.span.clone());
    document.place(item, &span)
}

/// The fields of an object that differ from what is wanted, one level below `spec` and `metadata`.
fn differing(node: &Node<'_>, wanted: &Json) -> Vec<String> {
    let empty = serde_json::Map::new();
    let map = |key: &str| wanted.get(key).and_then(Json::as_object).unwrap_or(&empty);
    let mut fields: BTreeSet<String> = BTreeSet::new();
    for (key, value) in wanted.as_object().unwrap_or(&empty) {
        if !value.is_object() && !node.get(key).is_some_and(|node| equal(node, value)) {
            fields.insert(key.clone());
        }
    }
    for top in ["metadata", "spec"] {
        let own = node.get(top);
        for (key, value) in map(top) {
            let same = |node: &Node<'_>| match value.as_object().filter(|_| top == "metadata") {
                // Others may add to these.
                Some(all) => all.iter().all(|(key, value)| node.get(key).is_some_and(|node| equal(node, value))),
                None => equal(node, value),
            };
            if !own.and_then(|own| own.get(key)).is_some_and(same) {
                fields.insert(format!("{top}.{key}"));
            }
        }
    }
    let spec = map("spec");
    for entry in node.get("spec").into_iter().flat_map(Node::entries) {
        let key = entry.key.text().unwrap_or_default();
        if !spec.contains_key(key) {
            fields.insert(format!("spec.{key}"));
        }
    }
    fields.into_iter().collect()
}

fn item_path(document: &Document<'_>, item: &Item<'_>) -> Option<String> {
    item.path.clone().or_else(|| (!document.text.path.is_empty()).then(|| document.text.path.to_owned()))
}

/// The object of the same group, kind, namespace and name; of several in different files the one in the wanted
/// file.
fn find<'d, 't>(documents: &'d [Document<'t>], wanted: &Wanted) -> Option<(usize, &'d Item<'t>)> {
    let group = |version: &str| version.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned());
    let same = |item: &Item<'_>| {
        item.resource.kind == wanted.resource.kind
            && item.resource.name == wanted.resource.name
            && item.group() == group(&wanted.resource.api_version)
            && item.resource.namespace.as_deref() == wanted.resource.namespace.as_deref()
    };
    let all = || {
        let each = |(at, document): (usize, &'d Document<'t>)| document.items.iter().map(move |item| (at, item));
        documents.iter().enumerate().flat_map(each).filter(|(_, item)| same(item))
    };
    match &wanted.path {
        Some(path) if documents.iter().any(|document| !document.text.path.is_empty()) => {
            let path = normalised(path);
            all().find(|(at, item)| item_path(&documents[*at], item).is_some_and(|own| normalised(&own) == path))
        }
        _ => all().next(),
    }
}

/// Everything below `spec` is ours, and of the metadata what we write there.
fn ownership(path: &[String]) -> Ownership {
    if path.first().is_some_and(|key| key == "spec") { Ownership::Whole } else { Ownership::Shared }
}

/// The annotations that say where a new object goes are not compared with where an old one is.
fn without_path_keys(value: &Json) -> Json {
    let mut value = value.clone();
    if let Some(annotations) = value.pointer_mut("/metadata/annotations").and_then(Json::as_object_mut) {
        annotations.remove(annotations::PATH);
        annotations.remove(annotations::INDEX);
    }
    value
}

/// Where new objects go.
struct NewPlaces {
    /// The document of standard input, when there is one.
    stdin: Option<usize>,
    /// Its items say where they come from (kpt).
    with_paths: bool,
    /// The file for objects whose config names none.
    default_path: String,
}

impl NewPlaces {
    fn new(documents: &[Document<'_>], beside: Option<&str>) -> Self {
        let stdin = documents.iter().position(|document| document.text.path.is_empty());
        let with_paths = stdin.is_some_and(|at| documents[at].items.iter().any(|item| item.path.is_some()));
        let directory = beside.map_or("", directory_of);
        let default_path = normalised(&format!("{directory}/pools.yaml"));
        Self { stdin, with_paths, default_path }
    }

    fn add(&self, reconciled: &mut Reconciled, documents: &[Document<'_>], wanted: &Wanted) {
        let path = wanted.path.as_deref().map_or_else(|| self.default_path.clone(), normalised);
        if let Some(at) = self.stdin {
            let mut value = wanted.value.clone();
            let said = if self.with_paths {
                let index = self.next_index(reconciled, &documents[at], &path);
                annotate(&mut value, &path, index);
                Some(path)
            } else {
                None
            };
            let yaml = emit::to_yaml(&value).unwrap_or_default();
            reconciled.changes.entry(at).or_default().added.push(yaml);
            reconciled.done(Action::Created, &wanted.resource, said);
            return;
        }
        let yaml = emit::to_yaml(&wanted.value).unwrap_or_default();
        match documents.iter().position(|document| document.text.path == path) {
            Some(at) => reconciled.changes.entry(at).or_default().added.push(yaml),
            None => {
                let file = reconciled.new_files.entry(path.clone()).or_default();
                if !file.is_empty() {
                    file.push_str("---\n");
                }
                file.push_str(&yaml);
            }
        }
        reconciled.done(Action::Created, &wanted.resource, Some(path));
    }

    /// The first free index of a file: kpt refuses two objects with the same path and index.
    fn next_index(&self, reconciled: &Reconciled, document: &Document<'_>, path: &str) -> usize {
        let there = document.items.iter().filter(|item| item.path.as_deref().map(normalised).as_deref() == Some(path));
        let next = there.map(|item| item.index.unwrap_or(0) as usize + 1).max().unwrap_or(0);
        let added =
            reconciled.objects.iter().filter(|o| o.action == Action::Created && o.path.as_deref() == Some(path));
        next + added.count()
    }
}

fn annotate(value: &mut Json, path: &str, index: usize) {
    let Some(metadata) = value.get_mut("metadata").and_then(Json::as_object_mut) else { return };
    let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
    if let Some(map) = annotations.as_object_mut() {
        map.insert(annotations::PATH.into(), json!(path));
        map.insert(annotations::INDEX.into(), json!(index.to_string()));
    }
}
