//! The input as a tree of files, as far as its objects say where they come from.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Outcome;
use crate::krm::document::Document;
use crate::krm::item::Item;

/// One object of the input: its text and itself.
pub type Located<'a, 't> = (&'a Document<'t>, &'a Item<'t>);

/// An object and its path; none for one that says nothing of a file.
pub type Placed<'a, 't> = (Option<String>, Located<'a, 't>);

/// Objects by file.
#[derive(Debug, Default)]
pub struct Files<'a, 't> {
    by_path: BTreeMap<String, Vec<Located<'a, 't>>>,
    directories: BTreeSet<String>,
    pathless: Vec<Located<'a, 't>>,
    unread: BTreeSet<String>,
    /// Objects that are looked up by kind and name, with their paths; none for those without.
    named: BTreeMap<(Named, String), Vec<Placed<'a, 't>>>,
    /// Kustomization files that generate ConfigMaps or Secrets.
    generating: Vec<(String, Located<'a, 't>)>,
    /// What kustomize made of directories, by the id of the build.
    built: BTreeMap<String, Outcome<'a, 't>>,
}

/// Kinds that are looked up by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// `v1` ConfigMaps.
    ConfigMap,
    /// `v1` Secrets.
    Secret,
    /// Flux's GitRepositories.
    GitRepository,
}

impl Named {
    fn of(item: &Item<'_>) -> Option<Self> {
        match item.resource.kind.as_str() {
            "ConfigMap" if item.group().is_empty() => Some(Named::ConfigMap),
            "Secret" if item.group().is_empty() => Some(Named::Secret),
            "GitRepository" if item.group() == "source.toolkit.fluxcd.io" => Some(Named::GitRepository),
            _ => None,
        }
    }
}

/// File names that make a directory a kustomization, in kustomize's own order of preference.
pub const KUSTOMIZATION_FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

impl<'a, 't> Files<'a, 't> {
    /// Sort the objects of all texts into their files.
    pub fn new(documents: &'a [Document<'t>]) -> Self {
        let mut files = Self::default();
        for document in documents {
            let own = (!document.text.path.is_empty()).then_some(document.text.path);
            if let Some(path) = own {
                files.enter(path);
            }
            for item in &document.items {
                let path = own.or(item.path.as_deref()).map(normalised);
                if let Some(named) = Named::of(item) {
                    let entry = files.named.entry((named, item.resource.name.clone())).or_default();
                    entry.push((path.clone(), (document, item)));
                }
                match path {
                    Some(path) => {
                        files.enter(&path);
                        let generates = |key: &str| item.tree().get(key).is_some_and(|list| !list.items().is_empty());
                        if matches!(item.resource.kind.as_str(), "" | "Kustomization" | "Component")
                            && (generates("configMapGenerator") || generates("secretGenerator"))
                        {
                            files.generating.push((path.clone(), (document, item)));
                        }
                        files.by_path.entry(path).or_default().push((document, item));
                    }
                    None => files.pathless.push((document, item)),
                }
            }
        }
        files
    }

    /// Say that a file is there which could not be read.
    pub fn note_unread(&mut self, path: &str) {
        self.enter(path);
        self.unread.insert(path.to_owned());
    }

    /// Say what came of a build.
    pub fn note_build(&mut self, id: &str, outcome: Outcome<'a, 't>) {
        self.built.insert(id.to_owned(), outcome);
    }

    /// What came of a build, if it was done.
    pub fn built(&self, id: &str) -> Option<Outcome<'a, 't>> {
        self.built.get(id).copied()
    }

    /// Whether a file is there and could not be read.
    pub fn is_unread(&self, path: &str) -> bool {
        self.unread.contains(path)
    }

    /// The YAML files in or below a directory that are there and could not be read.
    pub fn unread_below(&self, directory: &str) -> Vec<String> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let from = self.unread.range(prefix.clone()..).take_while(|path| path.starts_with(&prefix));
        from.filter(|path| path.ends_with(".yaml") || path.ends_with(".yml")).cloned().collect()
    }

    /// The objects of a kind and name, each with its path.
    pub fn named(&self, kind: Named, name: &str) -> &[Placed<'a, 't>] {
        self.named.get(&(kind, name.to_owned())).map(Vec::as_slice).unwrap_or_default()
    }

    /// The objects of a kind, whatever their names, each with its path.
    pub fn all_named(&self, kind: Named) -> impl Iterator<Item = &Placed<'a, 't>> {
        self.named.iter().filter(move |((k, _), _)| *k == kind).flat_map(|(_, located)| located)
    }

    /// Each text of the input that stands in a file, once.
    pub fn texts(&self) -> impl Iterator<Item = &'t str> {
        let of_files = self.by_path.values().filter_map(|items| items.first()).map(|(document, _)| document.text);
        let mut seen = BTreeSet::new();
        of_files.filter(move |text| seen.insert(std::ptr::from_ref(*text).addr())).map(|text| text.text)
    }

    /// The kustomization files that generate ConfigMaps or Secrets, with their paths.
    pub fn generating(&self) -> &[(String, Located<'a, 't>)] {
        &self.generating
    }

    /// The objects in or below a directory, in order of path.
    pub fn below<'s>(&'s self, directory: &str) -> impl Iterator<Item = (&'s str, Located<'a, 't>)> + use<'s, 'a, 't> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let from = self.by_path.range(prefix.clone()..);
        from.take_while(move |(path, _)| path.starts_with(&prefix))
            .flat_map(|(path, items)| items.iter().map(move |&located| (path.as_str(), located)))
    }

    fn enter(&mut self, path: &str) {
        let mut directory = path;
        while let Some((parent, _)) = directory.rsplit_once('/') {
            if !self.directories.insert(parent.to_owned()) {
                break;
            }
            directory = parent;
        }
        self.directories.insert(String::new());
    }

    /// Objects that say nothing of a file.
    pub fn pathless(&self) -> &[Located<'a, 't>] {
        &self.pathless
    }

    /// All objects that stand in files, in order of path.
    pub fn all(&self) -> impl Iterator<Item = (&str, Located<'a, 't>)> + '_ {
        self.by_path.iter().flat_map(|(path, items)| items.iter().map(move |&located| (path.as_str(), located)))
    }

    /// Whether anything stands in or below a directory.
    pub fn has_directory(&self, directory: &str) -> bool {
        self.directories.contains(directory)
    }

    /// The objects of one file.
    pub fn file(&self, path: &str) -> Option<&[Located<'a, 't>]> {
        self.by_path.get(path).map(Vec::as_slice)
    }

    /// The file that makes a directory a kustomization.
    pub fn kustomization_of(&self, directory: &str) -> Option<Located<'a, 't>> {
        KUSTOMIZATION_FILES.iter().find_map(|name| self.file(&join(directory, name))?.first().copied())
    }

    /// What Flux lists when a directory has no kustomization file: every YAML file below, except that a
    /// sub-directory with a kustomization of its own is taken as that.
    pub fn generated_listing(&self, directory: &str) -> Vec<Listed> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let mut listed = Vec::new();
        let mut kustomizations = BTreeSet::new();
        for path in self.by_path.range(prefix.clone()..).map(|(path, _)| path).take_while(|p| p.starts_with(&prefix)) {
            let mut inner = None;
            let mut at = prefix.len();
            while let Some(slash) = path[at..].find('/') {
                let sub = &path[..at + slash];
                if self.kustomization_of(sub).is_some() {
                    inner = Some(sub.to_owned());
                    break;
                }
                at += slash + 1;
            }
            if let Some(sub) = inner {
                if kustomizations.insert(sub.clone()) {
                    listed.push(Listed::Directory(sub));
                }
            } else if path.ends_with(".yaml") || path.ends_with(".yml") {
                listed.push(Listed::File(path.clone()));
            }
        }
        listed
    }
}

/// One entry of a directory listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// A file of manifests.
    File(String),
    /// A directory with a kustomization of its own.
    Directory(String),
}

/// `directory/name`, with `.` and `..` resolved; `None`-like empty parts above the root stay at the root.
pub fn join(directory: &str, name: &str) -> String {
    normalised(&format!("{directory}/{name}"))
}

/// A relative path without `.`, `..`, doubled or leading slashes.
pub fn normalised(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The directory of a path.
pub fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised() {
        assert_eq!(normalised("./a//b/../c/"), "a/c");
        assert_eq!(join("a/b", "../x.yaml"), "a/x.yaml");
        assert_eq!(normalised("../../x"), "x");
        assert_eq!(directory_of("a/b/c.yaml"), "a/b");
        assert_eq!(directory_of("c.yaml"), "");
    }
}
