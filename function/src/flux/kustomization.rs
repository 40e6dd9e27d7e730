//! A Flux Kustomization as one cluster has it: what it applies, from where, after what.

use std::rc::Rc;

use super::fact::Fact;
use super::object::{Object, Text};
use super::variables::Variables;
use crate::krm::node::Node;
use crate::report::Place;

/// One Flux Kustomization of a cluster.
#[derive(Debug, Clone)]
pub struct FluxKustomization<'a, 't> {
    /// `namespace/name`.
    pub name: Rc<str>,
    /// Its manifest.
    pub object: Object<'a, 't>,
    /// Where it leads.
    pub leads: Leads,
    /// What it substitutes.
    pub variables: Rc<Variables>,
}

/// Where a Flux Kustomization leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leads {
    /// To this directory of the input.
    To(String),
    /// To a directory that the input has not got. `ours` says that its source is certainly the repository at hand.
    Nowhere {
        /// The directory.
        directory: String,
        /// Whether its source is certainly the repository at hand.
        ours: bool,
    },
    /// Out of the input, or it cannot be told where; why.
    Unknown(String),
}

/// One entry of `dependsOn`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// `namespace/name` of what it waits for.
    pub name: Fact<String>,
    /// Where it is written.
    pub at: Place,
}

/// One entry of `substituteFrom`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// `ConfigMap` or `Secret`.
    pub kind: String,
    /// Its name.
    pub name: Fact<String>,
    /// Whether it may be missing.
    pub optional: bool,
    /// Where it is named.
    pub at: Place,
}

/// The object that a Kustomization takes its files from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceName {
    /// `GitRepository`, `OCIRepository`, …
    pub kind: String,
    /// `namespace/name`.
    pub name: String,
}

impl<'a, 't> FluxKustomization<'a, 't> {
    /// The directory it applies, when that is in the input.
    pub fn directory(&self) -> Option<&str> {
        match &self.leads {
            Leads::To(directory) => Some(directory),
            Leads::Nowhere { .. } | Leads::Unknown(_) => None,
        }
    }

    /// The Kustomization that applies it; none for one that a bootstrap applies.
    pub fn applied_by(&self) -> Option<&Rc<str>> {
        self.object.kustomization.as_ref()
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.name.split_once('/').map_or("", |(namespace, _)| namespace)
    }

    /// A field of its `spec`, unless a patch that is not evaluated may change it.
    pub fn field(&self, path: &[&str]) -> Option<Text> {
        let full: Vec<&str> = std::iter::once("spec").chain(path.iter().copied()).collect();
        self.object.text_at(&full)
    }

    /// Whether a field of its `spec` is `true`.
    pub fn is_set(&self, key: &str) -> bool {
        self.field(&[key]).is_some_and(|text| text.known() == Some("true"))
    }

    /// Where its `spec` or a field of it is written.
    pub fn place_of(&self, path: &[&str]) -> Option<Place> {
        let full: Vec<&str> = std::iter::once("spec").chain(path.iter().copied()).collect();
        self.object.tree().at(&full).map(|node| self.object.place(&node.span))
    }

    /// Whom it waits for.
    pub fn dependencies(&self) -> Vec<Dependency> {
        let entries = self.object.tree().at(&["spec", "dependsOn"]).map(Node::items).unwrap_or_default();
        let text = |entry: &Node<'_>, key: &str| entry.get(key).and_then(|node| self.object.text(node));
        entries
            .iter()
            .filter_map(|entry| {
                let name = text(entry, "name")?;
                let namespace = text(entry, "namespace").map_or(Fact::Known(self.namespace().to_owned()), |t| t.value);
                let full = match (namespace, name.value.clone()) {
                    (Fact::Known(namespace), Fact::Known(name)) => Fact::Known(format!("{namespace}/{name}")),
                    (Fact::Unknown(why), _) | (_, Fact::Unknown(why)) => Fact::Unknown(why),
                };
                Some(Dependency { name: full, at: self.object.place(&name.span) })
            })
            .collect()
    }

    /// Where its variables come from, in order.
    pub fn references(&self) -> Vec<Reference> {
        references(&self.object)
    }

    /// Its source; none when it names none or that is not known.
    pub fn source(&self) -> Option<SourceName> {
        source(&self.object, self.namespace())
    }
}

/// The entries of `spec.postBuild.substituteFrom`.
pub fn references(object: &Object<'_, '_>) -> Vec<Reference> {
    let entries = object.tree().at(&["spec", "postBuild", "substituteFrom"]).map(Node::items).unwrap_or_default();
    let text = |entry: &Node<'_>, key: &str| entry.get(key).and_then(|node| object.text(node));
    let known = |entry: &Node<'_>, key: &str| text(entry, key).and_then(|t| t.known().map(str::to_owned));
    entries
        .iter()
        .filter_map(|entry| {
            let name = text(entry, "name")?;
            Some(Reference {
                kind: known(entry, "kind").unwrap_or_default(),
                name: name.value.clone(),
                optional: known(entry, "optional").as_deref() == Some("true"),
                at: object.place(&name.span),
            })
        })
        .collect()
}

/// What an object's `spec.sourceRef` names.
pub fn source(object: &Object<'_, '_>, own_namespace: &str) -> Option<SourceName> {
    let text = |key: &str| object.text_at(&["spec", "sourceRef", key]);
    let kind = text("kind")?.known()?.to_owned();
    let name = text("name")?.known()?.to_owned();
    let namespace = match text("namespace") {
        Some(text) => text.known()?.to_owned(),
        None => own_namespace.to_owned(),
    };
    Some(SourceName { kind, name: format!("{namespace}/{name}") })
}

/// Where a repository is, in one spelling for `https`, `ssh` and scp-like addresses.
pub fn repository_of(url: &str) -> String {
    let url = url.trim().to_ascii_lowercase();
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.trim_end_matches('/');
    rest.strip_suffix(".git").unwrap_or(rest).replacen(':', "/", 1)
}

#[cfg(test)]
mod tests {
    use super::repository_of;

    #[test]
    fn one_spelling_for_a_repository() {
        let one = repository_of("https://git.example.org/me/Fleet.git");
        assert_eq!(one, repository_of("ssh://git@git.example.org/me/fleet"));
        assert_eq!(one, repository_of("git@git.example.org:me/fleet.git"));
        assert_ne!(one, repository_of("https://git.example.org/you/fleet"));
    }
}
