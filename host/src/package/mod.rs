//! A directory tree as texts, and texts back into the tree: all of them or none.
//!
//! Reading takes the files that kustomize, Flux and kpt read as Kubernetes objects and leaves out what they leave
//! out ([`read`]). Writing puts every new text beside its target before the first target is touched ([`write()`]).
//! Nothing here looks into a file.

use std::path::PathBuf;

use crate::contract::{Role, Source};

mod commit;
mod place;
mod read;
#[cfg(feature = "git")]
mod revision;
mod write;

pub use place::{PlaceError, Target};
pub use read::{ReadError, read, read_file};
#[cfg(feature = "git")]
pub use revision::{RevisionError, is_revision, read_revision, unpack_revision};
pub use write::{WriteError, write};

/// Texts read from a directory, or the one text of a file.
#[derive(Debug, Clone)]
pub struct Package {
    /// The directory that all paths are relative to; links in it are resolved.
    pub root: PathBuf,
    /// The texts, sorted by path.
    pub sources: Vec<Source>,
}

impl Package {
    /// The bytes that were read from a path of the package.
    pub fn text(&self, path: &str) -> Option<&[u8]> {
        self.sources.iter().find(|source| source.path == path).map(|source| source.text.as_slice())
    }

    /// Take a file out, an absolute path with links resolved: it lies here and is none of its manifests.
    pub fn leave_out(&mut self, path: &std::path::Path) {
        let root = &self.root;
        self.sources.retain(|source| root.join(&source.path) != path);
    }

    /// Mark the config file `path`, an absolute path with links resolved, as [`Role::Config`] if it is one of this
    /// package's texts. Says whether it is.
    pub fn mark_config(&mut self, path: &std::path::Path) -> bool {
        let root = self.root.clone();
        let found = self.sources.iter_mut().find(|source| root.join(&source.path) == path);
        if let Some(source) = found {
            source.role = Role::Config;
            return true;
        }
        false
    }
}
