//! Where a Kustomization's variables come from: ConfigMaps, Secrets, generators, inline values.

use super::expression::{Dialect, Library};
use super::fact::Fact;
use super::files::{Files, Located, Named, directory_of};
use super::kustomization::references;
use super::object::Object;
use super::variables::{Variable, Variables, flattened};
use crate::krm::item::Item;
use crate::krm::node::Node;

/// Finds the objects that hold variables, for one cluster.
#[derive(Debug)]
pub struct Sources<'f, 'a, 't> {
    /// The whole input.
    pub files: &'f Files<'a, 't>,
    /// The cluster's own directory, when it has one.
    pub entrypoint: Option<&'f str>,
    /// The directories of other clusters: what stands there is theirs.
    pub foreign: Vec<String>,
    /// How expressions are read.
    pub dialect: Dialect,
    /// ConfigMaps and Secrets that the cluster does not get as they are written, from an earlier walk.
    pub changed: Vec<Object<'a, 't>>,
}

/// What holds a set of variables.
#[derive(Debug, Clone, Copy)]
pub enum Holder<'a, 't> {
    /// A ConfigMap or Secret of the input.
    Object(Located<'a, 't>),
    /// An entry of `configMapGenerator` in a kustomization file.
    Generator(Located<'a, 't>, &'a Node<'t>),
}

impl<'a, 't> Sources<'_, 'a, 't> {
    /// Those of a cluster's objects that hold variables and are otherwise than written: patched, built, or nobody
    /// knows.
    pub fn changed(objects: &[Object<'a, 't>]) -> Vec<Object<'a, 't>> {
        let holds = |object: &&Object<'a, 't>| object.item.is("", "ConfigMap") || object.item.is("", "Secret");
        let changed = |object: &&Object<'a, 't>| {
            object.suspended.is_none() && (object.patched.is_some() || object.altered.is_some())
        };
        objects.iter().filter(holds).filter(changed).cloned().collect()
    }

    /// One of them of this kind and name.
    fn changed_of(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object<'a, 't>> {
        self.changed.iter().find(|object| {
            let resource = object.resource();
            resource.kind == kind && resource.name == name && resource.namespace.is_none_or(|own| own == namespace)
        })
    }

    /// The name of a ConfigMap or Secret that a kustomization generates from files, when a Flux Kustomization takes
    /// variables from it.
    pub fn reads_files(&self, kustomization: &Node<'_>) -> Option<String> {
        let lists = ["configMapGenerator", "secretGenerator"].iter().filter_map(|list| kustomization.get(list));
        let of_files = |entry: &&Node<'_>| ["envs", "env", "files"].iter().any(|key| entry.get(key).is_some());
        let names: Vec<&str> =
            lists.flat_map(Node::items).filter(of_files).filter_map(|entry| entry.text_at(&["name"])).collect();
        if names.is_empty() {
            return None;
        }
        let flux = self.files.all().filter(|(_, (_, item))| item.is("kustomize.toolkit.fluxcd.io", "Kustomization"));
        let mut asked = flux.flat_map(|(_, (_, item))| {
            let path = ["spec", "postBuild", "substituteFrom"];
            let entries = item.tree().at(&path).map(Node::items).unwrap_or_default();
            entries.iter().filter_map(|entry| entry.text_at(&["name"]))
        });
        asked.find(|asked| names.contains(asked)).map(str::to_owned)
    }

    /// The object of this kind and name: the cluster's own first, then a shared one, then one without a path.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<Holder<'a, 't>> {
        let named = match kind {
            "ConfigMap" => Named::ConfigMap,
            "Secret" => Named::Secret,
            _ => return None,
        };
        let object = self.nearest(named, namespace, name).map(Holder::Object);
        object.or_else(|| self.generator(named, name))
    }

    /// The GitRepository of this name, likewise.
    pub fn git_repository(&self, namespace: &str, name: &str) -> Option<Located<'a, 't>> {
        self.nearest(Named::GitRepository, namespace, name)
    }

    fn own(&self, path: &str) -> bool {
        self.entrypoint.is_some_and(|dir| below(path, dir))
    }

    fn foreign(&self, path: &str) -> bool {
        self.foreign.iter().any(|dir| below(path, dir))
    }

    fn nearest(&self, kind: Named, namespace: &str, name: &str) -> Option<Located<'a, 't>> {
        let fits = |item: &Item<'_>| item.resource.namespace.as_deref().is_none_or(|own| own == namespace);
        let all = self.files.named(kind, name).iter().filter(|(_, (_, item))| fits(item));
        // The first of the nearest: what counts is the order of paths.
        let distance = |path: Option<&str>| match path {
            Some(path) if self.own(path) => Some(0),
            Some(path) if !self.foreign(path) => Some(1),
            Some(_) => None,
            None => Some(2),
        };
        all.filter_map(|(path, located)| Some((distance(path.as_deref())?, path, *located)))
            .min_by_key(|(distance, path, _)| (*distance, *path))
            .map(|(_, _, located)| located)
    }

    /// An object of this kind that was probably meant: of the same name in another namespace, or of a name that is
    /// one or two letters off. Of another cluster's objects none.
    pub fn like(&self, kind: &str, namespace: &str, name: &str) -> Option<(String, Located<'a, 't>)> {
        let named = if kind == "Secret" { Named::Secret } else { Named::ConfigMap };
        let near = |item: &Item<'_>| {
            let own = item.resource.namespace.as_deref().unwrap_or(namespace);
            let letters = strsim::osa_distance(&item.resource.name, name);
            let same_place = own == namespace;
            match letters {
                0 if !same_place => Some(3),
                1 | 2 if same_place && name.len() > 5 => Some(letters),
                _ => None,
            }
        };
        self.files
            .all_named(named)
            .filter(|(path, _)| path.as_deref().is_none_or(|path| !self.foreign(path)))
            .filter_map(|(_, located)| Some((near(located.1)?, *located)))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, located)| {
                let resource = &located.1.resource;
                (format!("{}/{}", resource.namespace.as_deref().unwrap_or(namespace), resource.name), located)
            })
    }

    fn generator(&self, kind: Named, name: &str) -> Option<Holder<'a, 't>> {
        let list = if kind == Named::Secret { "secretGenerator" } else { "configMapGenerator" };
        let entries = |wanted: &dyn Fn(&str) -> bool| {
            self.files.generating().iter().filter(|(path, _)| wanted(path)).find_map(|(_, located)| {
                let generators = located.1.tree().get(list)?;
                let entry = generators.items().iter().find(|entry| entry.text_at(&["name"]) == Some(name))?;
                Some(Holder::Generator(*located, entry))
            })
        };
        entries(&|path| self.own(path)).or_else(|| entries(&|path| !self.own(path) && !self.foreign(path)))
    }

    /// The variables that a Flux Kustomization puts in, in Flux's order of precedence.
    pub fn of_kustomization(&self, kustomization: &Object<'a, 't>) -> Variables {
        let mut variables = Variables::none(self.dialect);
        let Some(post_build) = kustomization.tree().at(&["spec", "postBuild"]) else { return variables };
        let namespace = kustomization.namespace().known().cloned().unwrap_or_default();
        for reference in references(kustomization) {
            match reference.name {
                Fact::Known(name) => self.add(&mut variables, &reference.kind, &namespace, &name),
                Fact::Unknown(why) => variables.open = Some(why),
            }
        }
        let resource = kustomization.resource();
        for entry in post_build.get("substitute").map(Node::entries).unwrap_or_default() {
            let Some(key) = entry.key.text() else { continue };
            let value = kustomization.text(&entry.value).map_or(Fact::Known(String::new()), |text| text.value);
            variables.set(
                key,
                Variable {
                    value: value.map(|v| flattened(&v)),
                    holder: format!("Kustomization {namespace}/{}", resource.name),
                    at: Some(kustomization.place(&entry.value.span)),
                },
            );
        }
        // The field came with Flux 2.9, as strictness did.
        let knows_strategy = self.dialect.library > Library::V1_5;
        let always = knows_strategy && post_build.text_at(&["substituteStrategy"]) == Some("Always");
        variables.perhaps = variables.open.clone().filter(|_| !always && variables.by_name.is_empty());
        variables.runs = always || !variables.by_name.is_empty() || variables.open.is_some();
        variables
    }

    /// Add what one ConfigMap or Secret holds.
    pub fn add(&self, variables: &mut Variables, kind: &str, namespace: &str, name: &str) {
        let holder = format!("{kind} {namespace}/{name}");
        if let Some(object) = self.changed_of(kind, namespace, name) {
            add_changed(variables, object, &holder);
            return;
        }
        match self.find(kind, namespace, name) {
            Some(Holder::Object(located)) if kind == "Secret" => {
                for key in ["data", "stringData"] {
                    for entry in located.1.tree().get(key).map(Node::entries).unwrap_or_default() {
                        let Some(key) = entry.key.text() else { continue };
                        variables.set(key, secret(key, &holder));
                    }
                }
            }
            Some(Holder::Object((document, item))) => {
                let encrypted = item.tree().get("sops").is_some();
                for entry in item.tree().get("data").map(Node::entries).unwrap_or_default() {
                    let Some(key) = entry.key.text() else { continue };
                    let value = entry.value.text().unwrap_or_default();
                    let value = if encrypted && value.starts_with("ENC[") {
                        Fact::Unknown(format!("{key} is encrypted in the {holder}"))
                    } else {
                        Fact::Known(flattened(value))
                    };
                    let at = Some(document.place(item, &entry.value.span));
                    variables.set(key, Variable { value, holder: holder.clone(), at });
                }
            }
            Some(Holder::Generator(located, entry)) => self.add_generated(variables, &holder, located, entry),
            None => variables.open = Some(format!("the {holder} is not in the input")),
        }
    }

    fn add_generated(
        &self,
        variables: &mut Variables,
        holder: &str,
        (document, item): Located<'a, 't>,
        entry: &Node<'t>,
    ) {
        for literal in entry.get("literals").map(Node::items).unwrap_or_default() {
            let Some((key, value)) = literal.text().and_then(|text| text.split_once('=')) else { continue };
            if holder.starts_with("Secret ") {
                variables.set(key, secret(key, holder));
                continue;
            }
            let value = unquoted(value);
            let at = document.place(item, &literal.span);
            variables
                .set(key, Variable { value: Fact::Known(flattened(value)), holder: holder.to_owned(), at: Some(at) });
        }
        // Each file is one key, called after the file or as it says; what is in it is not read.
        for file in entry.get("files").map(Node::items).unwrap_or_default() {
            let Some(text) = file.text() else { continue };
            let key = text.split_once('=').map_or_else(|| text.rsplit('/').next().unwrap_or(text), |(key, _)| key);
            let value = Fact::Unknown(format!("{key} is the content of a file, which is not read"));
            let at = (!holder.starts_with("Secret ")).then(|| document.place(item, &file.span));
            variables.set(key, Variable { value, holder: holder.to_owned(), at });
        }
        for source in ["envs", "env"] {
            if entry.get(source).is_some_and(|node| !node.is_null()) {
                let directory = item.path.as_deref().map_or_else(|| directory_of(document.text.path), directory_of);
                variables.open =
                    Some(format!("the {holder} is generated from {source} beside {directory:?}, which are not read"));
            }
        }
    }
}

/// Add what a ConfigMap or Secret holds that is otherwise than written.
fn add_changed(variables: &mut Variables, object: &Object<'_, '_>, holder: &str) {
    if let Some(why) = &object.altered {
        variables.open = Some(format!("the {holder}: {why}"));
    }
    let is_secret = object.item.is("", "Secret");
    let encrypted = object.tree().get("sops").is_some();
    for list in if is_secret { &["data", "stringData"][..] } else { &["data"] } {
        for entry in object.tree().get(list).map(Node::entries).unwrap_or_default() {
            let Some(key) = entry.key.text() else { continue };
            if is_secret {
                variables.set(key, secret(key, holder));
                continue;
            }
            let value = entry.value.text().unwrap_or_default();
            let value = match &object.altered {
                Some(why) => Fact::Unknown(why.to_string()),
                None if encrypted && value.starts_with("ENC[") => {
                    Fact::Unknown(format!("{key} is encrypted in the {holder}"))
                }
                None => Fact::Known(flattened(value)),
            };
            let at = Some(object.place(&entry.value.span));
            variables.set(key, Variable { value, holder: holder.to_owned(), at });
        }
    }
}

/// A variable that a Secret holds: it is there, and its value is nobody's business.
fn secret(key: &str, holder: &str) -> Variable {
    let why = format!("{key} is held by the {holder}, whose values lbpools does not read");
    Variable { value: Fact::Unknown(why), holder: holder.to_owned(), at: None }
}

/// The value of a generator's literal: kustomize takes one pair of quotes off.
fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// Whether a path stands in or below a directory.
pub fn below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}
