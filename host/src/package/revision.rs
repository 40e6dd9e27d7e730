//! A tree at another revision, straight from git's objects: no checkout, and the work tree stays untouched.
//!
//! The same files count as on disk ([`super::read()`]): manifests by name, nothing hidden, nothing that an ignore file
//! inside the tree leaves out, no links. So a revision without changes reads like the directory it was committed from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::read::{KRM_IGNORE, SOURCE_IGNORE, is_config, is_manifest};
use crate::contract::{Role, Source};

/// Why a revision could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// The directory is in no repository.
    #[error("`{0}` is in no git repository, so there is no revision to compare with")]
    NoRepository(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nothing of this name.
    #[error("there is no revision `{0}`")]
    NoRevision(String),
    /// An object is missing, as in a shallow clone.
    #[error("cannot read revision `{0}`; a shallow clone may lack it (git fetch --unshallow)")]
    Object(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file name is not UTF-8.
    #[error("the file name `{0}` is not UTF-8")]
    Name(String),
    /// A file name that leads out of the tree.
    #[error("the file name `{0}` leads out of the tree")]
    Outside(String),
    /// A file cannot be written.
    #[error("cannot write `{0}` to build from")]
    Write(String, #[source] std::io::Error),
    /// An ignore file cannot be read.
    #[error("`{0}` cannot be used")]
    Ignore(String, #[source] ignore::Error),
    /// More than the limit of `--max-input`.
    #[error("the files of revision `{revision}` are larger than the limit of {limit} bytes; raise --max-input")]
    TooLarge {
        /// The revision.
        revision: String,
        /// The limit.
        limit: u64,
    },
}

/// The manifests that `directory` held at `revision`, up to `limit` bytes, as [`Role::Baseline`].
///
/// # Errors
///
/// No repository, no such revision, or objects that are not there.
pub fn read_revision(directory: &Path, revision: &str, limit: u64) -> Result<Vec<Source>, RevisionError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| RevisionError::Object(revision.into(), error);
    let repository = repository_of(directory)?;
    let Some(tree) = tree_of(&repository, directory, revision)? else { return Ok(Vec::new()) };
    let mut files = BTreeMap::new();
    for entry in tree.traverse().breadthfirst.files().map_err(|error| failed(error.into()))? {
        if !entry.mode.is_blob() {
            continue;
        }
        let path = std::str::from_utf8(&entry.filepath).map_err(|_| RevisionError::Name(entry.filepath.to_string()))?;
        let ignore_file = Path::new(path)
            .file_name()
            .is_some_and(|name| name == ".gitignore" || name == KRM_IGNORE || name == SOURCE_IGNORE);
        if ignore_file || (is_manifest(Path::new(path)) && !is_hidden(path)) {
            files.insert(path.to_owned(), entry.oid);
        }
    }
    let text = |id: gix::ObjectId| -> Result<Vec<u8>, RevisionError> {
        Ok(repository.find_object(id).map_err(|error| failed(error.into()))?.detach().data)
    };
    let (ignores, manifests): (Vec<_>, Vec<_>) = files.into_iter().partition(|(path, _)| !is_manifest(Path::new(path)));
    let rules_of = |(path, id): &(String, gix::ObjectId)| rules(path, &text(*id)?);
    // The config counts whatever Flux gets.
    let (of_flux, own): (Vec<_>, Vec<_>) = ignores.iter().partition(|(path, _)| path.ends_with(SOURCE_IGNORE));
    let own = own.into_iter().map(rules_of).collect::<Result<Vec<_>, _>>()?;
    let of_flux = of_flux.into_iter().map(rules_of).collect::<Result<Vec<_>, _>>()?;
    let mut left = limit;
    let mut sources = Vec::new();
    for (path, id) in manifests {
        let file = Path::new(&path);
        if is_left_out(file, &own) || (!is_config(file) && is_left_out(file, &of_flux)) {
            continue;
        }
        let text = text(id)?;
        let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(size).ok_or_else(|| RevisionError::TooLarge { revision: revision.into(), limit })?;
        sources.push(Source { path, role: Role::Baseline, text });
    }
    Ok(sources)
}

/// Write every file that `directory` held at `revision` into another directory, links left out: up to `limit` bytes.
///
/// # Errors
///
/// As [`read_revision`], and where a file cannot be written.
pub fn unpack_revision(directory: &Path, revision: &str, into: &Path, limit: u64) -> Result<(), RevisionError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| RevisionError::Object(revision.into(), error);
    let repository = repository_of(directory)?;
    let Some(tree) = tree_of(&repository, directory, revision)? else { return Ok(()) };
    let mut left = limit;
    for entry in tree.traverse().breadthfirst.files().map_err(|error| failed(error.into()))? {
        if !entry.mode.is_blob() {
            continue;
        }
        let name = std::str::from_utf8(&entry.filepath).map_err(|_| RevisionError::Name(entry.filepath.to_string()))?;
        let path = Path::new(name);
        // Whoever made the objects may have named a file so that it lies elsewhere.
        if path.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
            return Err(RevisionError::Outside(name.into()));
        }
        let text = repository.find_object(entry.oid).map_err(|error| failed(error.into()))?.detach().data;
        let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(size).ok_or_else(|| RevisionError::TooLarge { revision: revision.into(), limit })?;
        let write = |path: &Path| {
            std::fs::create_dir_all(path.parent().unwrap_or(into))?;
            std::fs::write(path, &text)
        };
        write(&into.join(path)).map_err(|error| RevisionError::Write(name.into(), error))?;
    }
    Ok(())
}

fn repository_of(directory: &Path) -> Result<gix::Repository, RevisionError> {
    let none = |error| RevisionError::NoRepository(directory.display().to_string(), error);
    let real = std::fs::canonicalize(directory).map_err(|error| none(error.into()))?;
    gix::discover(&real).map_err(|error| none(Box::new(error)))
}

/// What `directory` held at a revision; none when it was not there, which is to have held nothing.
fn tree_of<'r>(
    repository: &'r gix::Repository,
    directory: &Path,
    revision: &str,
) -> Result<Option<gix::Tree<'r>>, RevisionError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| RevisionError::Object(revision.into(), error);
    let real = std::fs::canonicalize(directory)
        .map_err(|error| RevisionError::NoRepository(directory.display().to_string(), error.into()))?;
    let id = repository.rev_parse_single(revision).map_err(|_| RevisionError::NoRevision(revision.into()))?;
    let tree =
        id.object().map_err(|error| failed(error.into()))?.peel_to_tree().map_err(|error| failed(error.into()))?;
    let below = repository.workdir().and_then(|root| std::fs::canonicalize(root).ok());
    let below = below.and_then(|root| real.strip_prefix(root).ok().map(Path::to_path_buf)).unwrap_or_default();
    if below == Path::new("") {
        return Ok(Some(tree));
    }
    let entry = tree.lookup_entry_by_path(&below).map_err(|error| failed(error.into()))?;
    let Some(entry) = entry.filter(|entry| entry.mode().is_tree()) else { return Ok(None) };
    let object = entry.object().map_err(|error| failed(error.into()))?;
    Ok(Some(object.peel_to_tree().map_err(|error| failed(error.into()))?))
}

/// Whether the directory's repository knows a revision of this name.
pub fn is_revision(directory: &Path, name: &str) -> bool {
    gix::discover(directory).is_ok_and(|repository| repository.rev_parse_single(name).is_ok())
}

fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

/// The rules of an ignore file, with the directory below which they hold.
fn rules(path: &str, text: &[u8]) -> Result<(PathBuf, Gitignore), RevisionError> {
    let directory = Path::new(path).parent().unwrap_or(Path::new("")).to_path_buf();
    let mut builder = GitignoreBuilder::new(&directory);
    for line in String::from_utf8_lossy(text).lines() {
        builder.add_line(None, line).map_err(|error| RevisionError::Ignore(path.into(), error))?;
    }
    let rules = builder.build().map_err(|error| RevisionError::Ignore(path.into(), error))?;
    Ok((directory, rules))
}

/// Whether an ignore file leaves the file out, itself or a directory above it. The deepest one that has a word on it
/// decides.
fn is_left_out(path: &Path, ignores: &[(PathBuf, Gitignore)]) -> bool {
    let mut parts: Vec<&Path> = path.ancestors().filter(|part| *part != Path::new("")).collect();
    parts.reverse();
    parts.iter().any(|part| {
        let mut near: Vec<_> = ignores.iter().filter(|(directory, _)| part.starts_with(directory)).collect();
        near.sort_by_key(|(directory, _)| std::cmp::Reverse(directory.components().count()));
        let mut verdicts = near.iter().map(|(_, rules)| rules.matched(part, *part != path));
        verdicts.find(|verdict| !verdict.is_none()).is_some_and(|verdict| verdict.is_ignore())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignore_files_count_below_their_directory() {
        let ignores = vec![
            rules(".gitignore", b"*.tmp.yaml\n/parked\n").unwrap(),
            rules("apps/.krmignore", b"charts/\n!keep.tmp.yaml\n").unwrap(),
        ];
        let out = |path: &str| is_left_out(Path::new(path), &ignores);
        assert!(out("a.tmp.yaml") && out("apps/b.tmp.yaml") && out("parked/x/y.yaml") && out("apps/charts/c.yaml"));
        assert!(!out("a.yaml") && !out("apps/parked/x.yaml") && !out("charts/c.yaml"));
        assert!(!out("apps/keep.tmp.yaml"), "the deeper file takes it back in");
    }
}
