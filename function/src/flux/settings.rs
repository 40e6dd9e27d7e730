//! Where a Kustomization's variables come from: ConfigMaps, Secrets, generators, inline values.

use super::expression::Dialect;
use super::fact::Fact;
use super::files::{Files, Located, directory_of};
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
    /// The object of this kind and name: the cluster's own first, then a shared one, then one without a path.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<Holder<'a, 't>> {
        let fits = |(_, item): &Located<'a, 't>| {
            item.is("", kind)
                && item.resource.name == name
                && item.resource.namespace.as_deref().is_none_or(|own| own == namespace)
        };
        let own = |path: &str| self.entrypoint.is_some_and(|dir| below(path, dir));
        let foreign = |path: &str| self.foreign.iter().any(|dir| below(path, dir));
        let in_files = |wanted: &dyn Fn(&str) -> bool| {
            self.files.all().find(|(path, located)| wanted(path) && fits(located)).map(|(_, located)| located)
        };
        in_files(&own)
            .or_else(|| in_files(&|path| !own(path) && !foreign(path)))
            .or_else(|| self.files.pathless().iter().copied().find(fits))
            .map(Holder::Object)
            .or_else(|| if kind == "ConfigMap" { self.generator(name, &own, &foreign) } else { None })
    }

    fn generator(
        &self,
        name: &str,
        own: &dyn Fn(&str) -> bool,
        foreign: &dyn Fn(&str) -> bool,
    ) -> Option<Holder<'a, 't>> {
        let entries = |wanted: &dyn Fn(&str) -> bool| {
            let kustomizations = |item: &Item<'_>| matches!(item.resource.kind.as_str(), "" | "Kustomization");
            let here = self.files.all().filter(|(path, (_, item))| kustomizations(item) && wanted(path));
            here.map(|(_, located)| located).find_map(|located| {
                let generators = located.1.tree().get("configMapGenerator")?;
                let entry = generators.items().iter().find(|entry| entry.text_at(&["name"]) == Some(name))?;
                Some(Holder::Generator(located, entry))
            })
        };
        entries(own).or_else(|| entries(&|path| !own(path) && !foreign(path)))
    }

    /// The variables that a Flux Kustomization puts in, in Flux's order of precedence.
    pub fn of_kustomization(&self, kustomization: &Object<'a, 't>) -> Variables {
        let mut variables = Variables::none(self.dialect);
        let Some(post_build) = kustomization.item.tree().at(&["spec", "postBuild"]) else { return variables };
        let namespace = kustomization.namespace().known().cloned().unwrap_or_default();
        for entry in post_build.get("substituteFrom").map(Node::items).unwrap_or_default() {
            let text = |key: &str| entry.get(key).and_then(|node| kustomization.text(node));
            let kind = text("kind").and_then(|t| t.known().map(str::to_owned)).unwrap_or_default();
            match text("name").map(|t| t.value) {
                Some(Fact::Known(name)) => self.add(&mut variables, &kind, &namespace, &name),
                Some(Fact::Unknown(why)) => variables.open = Some(why),
                None => {}
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
        let always = post_build.text_at(&["substituteStrategy"]) == Some("Always");
        variables.runs = always || !variables.by_name.is_empty() || variables.open.is_some();
        variables
    }

    /// Add what one ConfigMap or Secret holds.
    pub fn add(&self, variables: &mut Variables, kind: &str, namespace: &str, name: &str) {
        let holder = format!("{kind} {namespace}/{name}");
        match self.find(kind, namespace, name) {
            Some(Holder::Object(located)) if kind == "Secret" => {
                for key in ["data", "stringData"] {
                    for entry in located.1.tree().get(key).map(Node::entries).unwrap_or_default() {
                        let Some(key) = entry.key.text() else { continue };
                        let why = format!("{key} is held by the {holder}, whose values lbpools does not read");
                        variables.set(key, Variable { value: Fact::Unknown(why), holder: holder.clone(), at: None });
                    }
                }
            }
            Some(Holder::Object((document, item))) => {
                for entry in item.tree().get("data").map(Node::entries).unwrap_or_default() {
                    let Some(key) = entry.key.text() else { continue };
                    variables.set(
                        key,
                        Variable {
                            value: Fact::Known(flattened(entry.value.text().unwrap_or_default())),
                            holder: holder.clone(),
                            at: Some(document.place(item, &entry.value.span)),
                        },
                    );
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
            let value = value.trim_matches(['"', '\'']);
            let at = document.place(item, &literal.span);
            variables
                .set(key, Variable { value: Fact::Known(flattened(value)), holder: holder.to_owned(), at: Some(at) });
        }
        for source in ["envs", "env", "files"] {
            if entry.get(source).is_some_and(|node| !node.is_null()) {
                let directory = item.path.as_deref().map_or("", directory_of);
                variables.open =
                    Some(format!("the {holder} is generated from {source} beside {directory:?}, which are not read"));
            }
        }
    }
}

/// Whether a path stands in or below a directory.
pub fn below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}
