//! A copy of the tree to build in, as Flux builds in an unpacked artifact.
//!
//! Everything that is a file goes in, manifests or not, for generators read any. What git ignores is in no artifact
//! and stays out, and so do symbolic links and `.git` (`fluxcd/pkg/sourceignore`, `ExcludeVCS`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use tempfile::TempDir;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A file or directory cannot be read or written.
    #[error("cannot copy `{path}` to build in")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The walk failed.
    #[error("cannot list the files to build from")]
    Walk(#[source] ignore::Error),
    /// More than the limit of `--max-input`.
    #[error("`{path}` holds more than {limit} bytes to build from; raise --max-input if that is right")]
    TooLarge {
        /// The tree.
        path: String,
        /// The limit.
        limit: u64,
    },
}

/// The copy. It goes away with this.
#[derive(Debug)]
pub(super) struct WorkingCopy {
    place: TempDir,
    root: PathBuf,
}

impl WorkingCopy {
    /// Copy a tree of at most `limit` bytes.
    pub(super) fn of(tree: &Path, limit: u64) -> Result<Self, CopyError> {
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |source| CopyError::File { path, source }
        };
        let place = tempfile::Builder::new().prefix("lbpools-build-").tempdir().map_err(failed(tree))?;
        let root = fs::canonicalize(place.path()).map_err(failed(place.path()))?;
        let walk = WalkBuilder::new(tree)
            .standard_filters(false)
            .hidden(false)
            .git_ignore(true)
            .require_git(false)
            .parents(false)
            .follow_links(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        let mut left = limit;
        for entry in walk {
            let entry = entry.map_err(CopyError::Walk)?;
            let Ok(below) = entry.path().strip_prefix(tree) else { continue };
            let target = root.join(below);
            match entry.file_type() {
                Some(kind) if kind.is_dir() => fs::create_dir_all(&target).map_err(failed(entry.path()))?,
                Some(kind) if kind.is_file() => {
                    let copied = fs::copy(entry.path(), &target).map_err(failed(entry.path()))?;
                    left = left
                        .checked_sub(copied)
                        .ok_or_else(|| CopyError::TooLarge { path: tree.display().to_string(), limit })?;
                }
                _ => {}
            }
        }
        Ok(Self { place, root })
    }

    /// Where it is, with links in the way resolved.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Put a text in the place of a file, until what is handed back is dropped.
    pub(super) fn put_in(&self, path: &Path, text: &str) -> Result<PutIn, CopyError> {
        let path = self.root.join(path);
        let failed = |source| CopyError::File { path: path.display().to_string(), source };
        let before = match fs::read(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        fs::write(&path, text).map_err(failed)?;
        Ok(PutIn { path, before })
    }

    /// A message of the program with paths as in the tree.
    pub(super) fn without_root(&self, text: &str) -> String {
        let given = self.place.path().display().to_string();
        let real = self.root.display().to_string();
        [real, given]
            .iter()
            .fold(text.to_owned(), |text, root| text.replace(&format!("{root}/"), "").replace(root, "."))
    }
}

/// A text in the place of a file of the copy.
#[derive(Debug)]
pub(super) struct PutIn {
    path: PathBuf,
    before: Option<Vec<u8>>,
}

impl Drop for PutIn {
    fn drop(&mut self) {
        // Where this fails the copy is of no use, and the next build says so by what it finds.
        let _ = match &self.before {
            Some(text) => fs::write(&self.path, text),
            None => fs::remove_file(&self.path),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_goes_in_that_an_artifact_holds() {
        let tree = tempfile::tempdir().unwrap();
        for (path, text) in [
            (".gitignore", "*.tmp\n"),
            (".git/config", ""),
            (".krmignore", "a/\n"),
            ("a/kustomization.yaml", "a"),
            ("a/values.env", "A=1\n"),
            ("a/.hidden", "h"),
            ("a/x.tmp", ""),
        ] {
            let file = tree.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let copy = WorkingCopy::of(tree.path(), 1000).unwrap();
        let there = |path: &str| copy.root().join(path).exists();
        for path in ["a/kustomization.yaml", "a/values.env", "a/.hidden", ".krmignore"] {
            assert!(there(path), "{path}");
        }
        for path in [".git", "a/x.tmp"] {
            assert!(!there(path), "{path}");
        }
    }

    #[test]
    fn a_text_is_put_in_for_a_while() {
        let tree = tempfile::tempdir().unwrap();
        fs::write(tree.path().join("a"), "old").unwrap();
        let copy = WorkingCopy::of(tree.path(), 1000).unwrap();
        let read = |path: &str| fs::read_to_string(copy.root().join(path)).ok();
        let both = (copy.put_in(Path::new("a"), "new").unwrap(), copy.put_in(Path::new("b"), "new").unwrap());
        assert_eq!((read("a").as_deref(), read("b").as_deref()), (Some("new"), Some("new")));
        drop(both);
        assert_eq!((read("a").as_deref(), read("b").as_deref()), (Some("old"), None));
    }
}
