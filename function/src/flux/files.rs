//! The input as a tree of files, as far as its objects say where they come from.

use std::collections::{BTreeMap, BTreeSet};

use crate::krm::document::Document;
use crate::krm::item::Item;

/// One object of the input: its text and itself.
pub type Located<'a, 't> = (&'a Document<'t>, &'a Item<'t>);

/// Objects by file.
#[derive(Debug, Default)]
pub struct Files<'a, 't> {
    by_path: BTreeMap<String, Vec<Located<'a, 't>>>,
    directories: BTreeSet<String>,
    pathless: Vec<Located<'a, 't>>,
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
                match own.or(item.path.as_deref()) {
                    Some(path) => {
                        let path = normalised(path);
                        files.enter(&path);
                        files.by_path.entry(path).or_default().push((document, item));
                    }
                    None => files.pathless.push((document, item)),
                }
            }
        }
        files
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
        for path in self.by_path.keys().filter(|path| path.starts_with(&prefix)) {
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
