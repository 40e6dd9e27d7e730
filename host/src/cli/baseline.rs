//! What `--from` names: the tree to compare with.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::contract::{Role, Source};
use crate::package;

/// An older tree.
#[derive(Debug, Clone)]
pub(super) enum Older {
    /// In a directory.
    Directory(PathBuf),
    /// In git's objects.
    Revision {
        /// Where the repository is looked for; what lies below it is the tree.
        directory: PathBuf,
        /// Its name.
        name: String,
    },
}

/// An older tree as files. Those of a revision go away with this.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// Where they are.
    pub(super) root: PathBuf,
    _place: Option<tempfile::TempDir>,
}

impl Older {
    /// The revision or directory that `from` names; `target` is what is judged.
    pub(super) fn find(from: &str, target: &Path) -> anyhow::Result<Self> {
        let directory = if target.is_file() { target.parent().unwrap_or(Path::new("")) } else { target };
        let directory = if directory == Path::new("") { Path::new(".") } else { directory };
        let path = Path::new(from);
        let spelled_as_path = path.is_absolute() || from == "." || from.starts_with("./") || from.starts_with("..");
        let revision = || Self::Revision { directory: directory.to_path_buf(), name: from.to_owned() };
        Ok(if !spelled_as_path && is_revision(directory, from) {
            revision()
        } else if path.exists() {
            Self::Directory(path.to_path_buf())
        } else if spelled_as_path {
            bail!("there is no directory `{from}` to compare with");
        } else {
            // Reading it says whether it is the repository or the revision that is not there.
            revision()
        })
    }

    /// Its texts, as [`Role::Baseline`].
    pub(super) fn read(&self, limit: u64) -> anyhow::Result<Vec<Source>> {
        let mut sources = match self {
            Self::Directory(path) => package::read(path, limit)?.sources,
            Self::Revision { directory, name } if is_revision(directory, name) => revision(directory, name, limit)?,
            Self::Revision { directory, name } => revision(directory, name, limit)
                .with_context(|| format!("`{name}` is neither a revision nor a directory"))?,
        };
        sources.iter_mut().for_each(|source| source.role = Role::Baseline);
        if sources.is_empty() {
            // Nothing was there: a baseline all the same.
            sources.push(Source { path: String::new(), role: Role::Baseline, text: Vec::new() });
        }
        Ok(sources)
    }

    /// Its files, of at most `limit` bytes, to run programs over.
    pub(super) fn unpacked(&self, limit: u64) -> anyhow::Result<Unpacked> {
        match self {
            Self::Directory(path) => {
                let root = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
                let root = if root == Path::new("") { Path::new(".") } else { root };
                Ok(Unpacked { root: root.to_path_buf(), _place: None })
            }
            Self::Revision { directory, name } => {
                let place = tempfile::Builder::new().prefix("lbpools-revision-").tempdir();
                let place = place.context("cannot make a directory for the older tree")?;
                unpack(directory, name, place.path(), limit)?;
                Ok(Unpacked { root: place.path().to_path_buf(), _place: Some(place) })
            }
        }
    }
}

#[cfg(feature = "git")]
fn is_revision(directory: &Path, name: &str) -> bool {
    package::is_revision(directory, name)
}

#[cfg(feature = "git")]
fn revision(directory: &Path, name: &str, limit: u64) -> anyhow::Result<Vec<Source>> {
    Ok(package::read_revision(directory, name, limit)?)
}

#[cfg(feature = "git")]
fn unpack(directory: &Path, name: &str, into: &Path, limit: u64) -> anyhow::Result<()> {
    Ok(package::unpack_revision(directory, name, into, limit)?)
}

#[cfg(not(feature = "git"))]
fn is_revision(_: &Path, _: &str) -> bool {
    false
}

#[cfg(not(feature = "git"))]
fn revision(_: &Path, name: &str, _: u64) -> anyhow::Result<Vec<Source>> {
    bail!("revision `{name}` cannot be read: this lbpools was built without its feature `git`")
}

#[cfg(not(feature = "git"))]
fn unpack(_: &Path, name: &str, _: &Path, _: u64) -> anyhow::Result<()> {
    bail!("revision `{name}` cannot be read: this lbpools was built without its feature `git`")
}
