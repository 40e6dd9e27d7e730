//! What `--from` names: the tree to compare with.

use std::path::Path;

use anyhow::{Context, bail};

use crate::contract::{Role, Source};
use crate::package;

/// The texts of a revision or of another directory, as [`Role::Baseline`]; `target` is what is judged.
pub(super) fn read(from: &str, target: &Path, limit: u64) -> anyhow::Result<Vec<Source>> {
    let directory = if target.is_file() { target.parent().unwrap_or(Path::new("")) } else { target };
    let directory = if directory == Path::new("") { Path::new(".") } else { directory };
    let path = Path::new(from);
    let spelled_as_path = path.is_absolute() || from == "." || from.starts_with("./") || from.starts_with("..");
    let mut sources = if !spelled_as_path && is_revision(directory, from) {
        revision(directory, from, limit)?
    } else if path.exists() {
        let mut sources = package::read(path, limit)?.sources;
        sources.iter_mut().for_each(|source| source.role = Role::Baseline);
        sources
    } else if spelled_as_path {
        bail!("there is no directory `{from}` to compare with");
    } else {
        // Says whether it is the repository or the revision that is not there.
        revision(directory, from, limit).with_context(|| format!("`{from}` is neither a revision nor a directory"))?
    };
    if sources.is_empty() {
        // Nothing was there: a baseline all the same.
        sources.push(Source { path: String::new(), role: Role::Baseline, text: Vec::new() });
    }
    Ok(sources)
}

#[cfg(feature = "git")]
fn is_revision(directory: &Path, name: &str) -> bool {
    package::is_revision(directory, name)
}

#[cfg(feature = "git")]
fn revision(directory: &Path, name: &str, limit: u64) -> anyhow::Result<Vec<Source>> {
    Ok(package::read_revision(directory, name, limit)?)
}

#[cfg(not(feature = "git"))]
fn is_revision(_: &Path, _: &str) -> bool {
    false
}

#[cfg(not(feature = "git"))]
fn revision(_: &Path, name: &str, _: u64) -> anyhow::Result<Vec<Source>> {
    bail!("revision `{name}` cannot be read: this lbpools was built without its feature `git`")
}
