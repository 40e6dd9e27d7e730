//! From an entry point through Flux Kustomizations and kustomization files to the objects a cluster applies.
//!
//! What stands in a directory that nothing leads to is applied by nobody, whatever its name says.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::fact::Fact;
use super::files::{Files, Listed, Located, directory_of, join, normalised};
use super::object::Object;
use super::settings::Sources;
use super::variables::Variables;
use crate::krm::annotations;
use crate::krm::node::Node;
use crate::report::{NotChecked, Place};

/// Directories deeper in one another than this are a loop.
const DEPTH: usize = 64;

/// What is true for everything below one step of the way.
#[derive(Debug, Clone)]
struct Step {
    variables: Rc<Variables>,
    kustomization: Option<Rc<str>>,
    namespace: Option<Rc<str>>,
    prefix: Rc<str>,
    suffix: Rc<str>,
    labels: Rc<BTreeMap<String, String>>,
    patched: Vec<Patched>,
}

/// Objects that a patch on the way may change: of this kind, or all.
#[derive(Debug, Clone)]
struct Patched {
    kind: Option<String>,
    why: Rc<str>,
}

/// Walks one cluster.
pub struct Walk<'f, 'a, 't> {
    files: &'f Files<'a, 't>,
    sources: &'f Sources<'f, 'a, 't>,
    objects: Vec<Object<'a, 't>>,
    position: BTreeMap<*const crate::krm::item::Item<'t>, usize>,
    visited: BTreeSet<String>,
    not_checked: Vec<NotChecked>,
}

impl<'f, 'a, 't> Walk<'f, 'a, 't> {
    /// Start at a directory.
    pub fn from(
        files: &'f Files<'a, 't>,
        sources: &'f Sources<'f, 'a, 't>,
        entrypoint: &str,
    ) -> (Vec<Object<'a, 't>>, Vec<NotChecked>) {
        let mut walk = Walk {
            files,
            sources,
            objects: Vec::new(),
            position: BTreeMap::new(),
            visited: BTreeSet::new(),
            not_checked: Vec::new(),
        };
        let step = Step {
            variables: Rc::new(Variables::none(sources.dialect)),
            kustomization: None,
            namespace: None,
            prefix: "".into(),
            suffix: "".into(),
            labels: Rc::default(),
            patched: Vec::new(),
        };
        if files.has_directory(entrypoint) {
            walk.directory(entrypoint, &step, None, 0);
        } else {
            walk.note(
                format!("everything the cluster applies below {entrypoint}"),
                "the directory is not in the input",
                None,
            );
        }
        (walk.objects, walk.not_checked)
    }

    fn note(&mut self, what: impl Into<String>, because: impl Into<String>, at: Option<Place>) {
        self.not_checked.push(NotChecked { cluster: None, what: what.into(), because: because.into(), at });
    }

    /// What Flux or kustomize builds from a directory.
    fn directory(&mut self, directory: &str, step: &Step, at: Option<Place>, depth: usize) {
        if depth > DEPTH {
            self.note(directory, "kustomizations lead in a circle", at);
            return;
        }
        if let Some(located) = self.files.kustomization_of(directory) {
            self.kustomization(directory, located, step, depth);
            return;
        }
        for listed in self.files.generated_listing(directory) {
            match listed {
                Listed::File(path) => self.file(&path, step),
                Listed::Directory(sub) => self.directory(&sub, step, at.clone(), depth + 1),
            }
        }
    }

    fn kustomization(&mut self, directory: &str, (document, item): Located<'a, 't>, outer: &Step, depth: usize) {
        let tree = item.tree();
        let step = self.inner_step(directory, tree, outer);
        let place = |node: &Node<'_>| Some(document.place(item, &node.span));
        for list in ["resources", "bases", "components"] {
            for entry in tree.get(list).map(Node::items).unwrap_or_default() {
                let Some(target) = entry.text() else { continue };
                if target.contains("://") || target.contains("?ref=") || target.starts_with("git@") {
                    self.note(target, "it is fetched from outside the input", place(entry));
                    continue;
                }
                let path = join(directory, target);
                if self.files.file(&path).is_some() && !self.files.has_directory(&path) {
                    self.file(&path, &step);
                } else if self.files.has_directory(&path) {
                    self.directory(&path, &step, place(entry), depth + 1);
                } else {
                    self.note(path, "the kustomization names it and it is not in the input", place(entry));
                }
            }
        }
        if tree.get("helmCharts").is_some() {
            self.note(directory, "Helm charts are not rendered", Some(document.place(item, &item.span)));
        }
    }

    /// What a kustomization file changes in everything below it.
    fn inner_step(&self, directory: &str, tree: &Node<'_>, outer: &Step) -> Step {
        let mut step = outer.clone();
        if step.namespace.is_none() {
            step.namespace = tree.text_at(&["namespace"]).map(Into::into);
        }
        if let Some(prefix) = tree.text_at(&["namePrefix"]) {
            step.prefix = format!("{}{prefix}", step.prefix).into();
        }
        if let Some(suffix) = tree.text_at(&["nameSuffix"]) {
            step.suffix = format!("{suffix}{}", step.suffix).into();
        }
        let pairs = tree.get("commonLabels").into_iter().chain(
            tree.get("labels").map(Node::items).unwrap_or_default().iter().filter_map(|entry| entry.get("pairs")),
        );
        for entry in pairs.flat_map(Node::entries) {
            if let (Some(key), Some(value)) = (entry.key.text(), entry.value.text()) {
                // The outer kustomization is applied later and wins.
                Rc::make_mut(&mut step.labels).entry(key.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        for list in ["patches", "patchesStrategicMerge", "patchesJson6902", "replacements"] {
            for patch in tree.get(list).map(Node::items).unwrap_or_default() {
                let why = format!("a patch in {directory} may change it; what kustomize makes of it is not evaluated");
                step.patched.push(Patched { kind: self.patched_kind(directory, patch), why: why.into() });
            }
        }
        step
    }

    /// The kind that a patch is for, when it says so.
    fn patched_kind(&self, directory: &str, patch: &Node<'_>) -> Option<String> {
        let of_text = |text: &str| {
            text.lines().find_map(|line| line.trim().strip_prefix("kind:")).map(|kind| kind.trim().to_owned())
        };
        if let Some(kind) = patch.text_at(&["target", "kind"]) {
            return Some(kind.to_owned());
        }
        if let Some(kind) = patch.text_at(&["patch"]).and_then(of_text) {
            return Some(kind);
        }
        let path = patch.text_at(&["path"]).or_else(|| patch.text())?;
        if path.contains('\n') {
            return of_text(path);
        }
        let file = self.files.file(&join(directory, path))?;
        match file {
            [(_, item)] => Some(item.resource.kind.clone()).filter(|kind| !kind.is_empty()),
            _ => None,
        }
    }

    fn file(&mut self, path: &str, step: &Step) {
        for &located in self.files.file(path).unwrap_or_default() {
            self.object(located, step);
        }
    }

    fn object(&mut self, (document, item): Located<'a, 't>, step: &Step) {
        if item.annotation(annotations::LOCAL_CONFIG) == Some("true") {
            return;
        }
        let kind = item.resource.kind.as_str();
        let altered = step.patched.iter().find(|patch| patch.kind.as_deref().is_none_or(|k| k == kind));
        let object = Object {
            document,
            item,
            variables: step.variables.clone(),
            kustomization: step.kustomization.clone(),
            namespace_override: step.namespace.clone(),
            altered: altered.map(|patch| patch.why.clone()),
            prefix: step.prefix.clone(),
            suffix: step.suffix.clone(),
            labels: step.labels.clone(),
        };
        // A cluster's own Kustomization usually applies the entry point again, and it is what counts.
        match self.position.get(&std::ptr::from_ref(item)) {
            Some(&at) if self.objects[at].kustomization.is_none() && step.kustomization.is_some() => {
                self.objects[at] = object.clone();
            }
            Some(_) => {}
            None => {
                self.position.insert(std::ptr::from_ref(item), self.objects.len());
                self.objects.push(object.clone());
            }
        }
        if item.is("kustomize.toolkit.fluxcd.io", "Kustomization") {
            self.flux_kustomization(&object);
        }
    }

    fn flux_kustomization(&mut self, object: &Object<'a, 't>) {
        let resource = object.resource();
        let name = format!("{}/{}", object.namespace().known().cloned().unwrap_or_default(), resource.name);
        if !self.visited.insert(name.clone()) {
            return;
        }
        let tree = object.item.tree();
        let at = Some(object.place_of_name());
        if tree.text_at(&["spec", "suspend"]) == Some("true") {
            self.note(format!("what Kustomization {name} applies"), "it is suspended", at);
            return;
        }
        if tree.at(&["spec", "kubeConfig"]).is_some() {
            self.note(format!("what Kustomization {name} applies"), "it applies to another cluster", at);
            return;
        }
        let path = match object.text_at(&["spec", "path"]).map(|text| text.value) {
            None => String::new(),
            Some(Fact::Known(path)) => normalised(&path),
            Some(Fact::Unknown(why)) => {
                self.note(format!("what Kustomization {name} applies"), format!("its path is not known: {why}"), at);
                return;
            }
        };
        if !self.files.has_directory(&path) {
            self.note(
                format!("what Kustomization {name} applies"),
                format!("its path {path:?} is not in the input"),
                at,
            );
            return;
        }
        let target = object.text_at(&["spec", "targetNamespace"]).and_then(|text| text.known().map(Into::into));
        let text = |key: &str| tree.text_at(&["spec", key]).unwrap_or_default();
        let mut step = Step {
            variables: Rc::new(self.sources.of_kustomization(object)),
            kustomization: Some(name.into()),
            namespace: target,
            prefix: text("namePrefix").into(),
            suffix: text("nameSuffix").into(),
            labels: Rc::default(),
            patched: Vec::new(),
        };
        for patch in tree.at(&["spec", "patches"]).map(Node::items).unwrap_or_default() {
            let directory = object.item.path.as_deref().map_or("", directory_of);
            let why = format!("a patch of Kustomization {} may change it; it is not evaluated", resource.name);
            step.patched.push(Patched { kind: self.patched_kind(directory, patch), why: why.into() });
        }
        self.directory(&path, &step, at, 0);
    }
}
