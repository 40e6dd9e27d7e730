//! The texts that places point into, and what to call them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::absolute;

use lbpools_function::report::{Action, Report};

use super::uri::uri;
use crate::contract::{Change, Source};

/// Input texts by the path that the function knows them by.
#[derive(Debug, Default)]
pub struct Texts<'a> {
    texts: BTreeMap<&'a str, &'a [u8]>,
    directory: String,
    /// Texts that the findings are not about: generation would write them anew, and places are in what it would write.
    outdated: BTreeSet<String>,
}

impl<'a> Texts<'a> {
    /// The texts of a run on `directory`, as the caller wrote it. Names are shown below it, so that a terminal or an
    /// editor finds the file from where the caller stands.
    pub fn new(sources: &'a [Source], directory: &str) -> Self {
        let texts = sources.iter().map(|source| (source.path.as_str(), source.text.as_slice())).collect();
        let directory = match directory.trim_end_matches('/') {
            "" if directory.starts_with('/') => "/".to_owned(),
            "" | "." => String::new(),
            directory => format!("{directory}/"),
        };
        Self { texts, directory, outdated: BTreeSet::new() }
    }

    /// The same texts, less those that `render` would change and nobody has changed yet: a line number in them would
    /// point at the wrong line.
    pub fn before(mut self, report: &Report) -> Self {
        let changed = report.changes.iter().filter(|change| change.action != Action::Unchanged);
        self.outdated = changed.map(|change| change.path.clone().unwrap_or_default()).collect();
        self
    }

    /// The same texts as they are with the changes.
    pub fn after(mut self, changes: &'a [Change]) -> Self {
        for change in changes {
            match &change.text {
                Some(text) => drop(self.texts.insert(&change.path, text)),
                None => drop(self.texts.remove(change.path.as_str())),
            }
        }
        self
    }

    /// Whether there is such a text for the caller to look at.
    pub fn has(&self, path: &str) -> bool {
        self.texts.contains_key(path)
    }

    /// The bytes of a text that places point into.
    pub fn text(&self, path: &str) -> Option<&'a [u8]> {
        self.texts.get(path).filter(|_| !self.outdated.contains(path)).copied()
    }

    /// What to call all of it together: the directory as the caller wrote it, `.` where they stand in it.
    pub fn whole(&self) -> String {
        match self.directory.trim_end_matches('/') {
            "" if self.directory.is_empty() => ".".to_owned(),
            "" => "/".to_owned(),
            directory => directory.to_owned(),
        }
    }

    /// A reference by which a terminal opens the file, where there is one to open.
    pub fn link(&self, path: &str) -> Option<String> {
        let there = !path.is_empty() && self.has(path);
        there.then(|| absolute(self.name(path)).ok())?.and_then(|file| Some(uri(file.to_str()?)))
    }

    /// What to call it.
    pub fn name(&self, path: &str) -> String {
        match path {
            "" => "<stdin>".to_owned(),
            path if path.starts_with('/') => path.to_owned(),
            path => format!("{}{path}", self.directory),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_start_where_the_caller_stands() {
        let name = |directory, path| Texts::new(&[], directory).name(path);
        assert_eq!(name(".", "a/b.yaml"), "a/b.yaml");
        assert_eq!(name("my fleet/", "a/b.yaml"), "my fleet/a/b.yaml");
        assert_eq!(name("../fleet", "b.yaml"), "../fleet/b.yaml");
        assert_eq!(name("/", "b.yaml"), "/b.yaml");
        assert_eq!(name("fleet", "/elsewhere/config.yaml"), "/elsewhere/config.yaml");
        assert_eq!(name("fleet", ""), "<stdin>");
    }
}
