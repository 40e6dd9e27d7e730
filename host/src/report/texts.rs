//! The texts that places point into, and what to call them.

use std::collections::BTreeMap;

use crate::contract::Source;

/// Input texts by the path that the function knows them by.
#[derive(Debug, Default)]
pub struct Texts<'a> {
    texts: BTreeMap<&'a str, &'a [u8]>,
    directory: String,
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
        Self { texts, directory }
    }

    /// The bytes of a text.
    pub fn text(&self, path: &str) -> Option<&'a [u8]> {
        self.texts.get(path).copied()
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
