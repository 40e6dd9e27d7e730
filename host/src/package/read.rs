//! Reading: which files of a tree are Kubernetes manifests, in one order on every machine.
//!
//! * Names: `*.yaml`, `*.yml`, `*.json` and `Kptfile`, as kpt matches them, and the third spelling
//!   `Kustomization` that kustomize accepts beside the two that end in an extension.
//! * Left out: what `.krmignore` (kpt), `.sourceignore` (Flux, both in gitignore syntax) or `.gitignore` files *inside*
//!   the tree say, and hidden files and directories (`.git`, `.github`; Flux leaves the same ones out of an artifact).
//!   A `lbpools.yaml` that no cluster gets for its `.sourceignore` is the config all the same. Ignore files above the
//!   tree or in a user's home do not count: the same tree gives the same texts everywhere.
//! * Symbolic links are never followed. Flux leaves them out of an artifact and kpt skips them, so what stands
//!   behind one is not what a cluster gets under that path.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::Package;
use crate::contract::{Role, Source};

/// Why a tree could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The path is not there, or is not accessible.
    #[error("cannot read `{path}`")]
    File {
        /// As given or as found.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// The walk failed: an unreadable directory, a broken ignore file.
    #[error("cannot list the files")]
    Walk(#[source] ignore::Error),
    /// File names are handed to the function as text.
    #[error("the file name `{0}` is not UTF-8; rename it or list it in .krmignore")]
    Name(String),
    /// Neither a file nor a directory.
    #[error("`{0}` is neither a directory nor a file")]
    Kind(String),
    /// More than the limit of `--max-input`.
    #[error(
        "the manifests in `{path}` are larger than the limit of {limit} bytes; name the directory that the clusters are built from, \
         list what does not belong to it in .krmignore, or raise --max-input"
    )]
    TooLarge {
        /// The tree.
        path: String,
        /// The limit.
        limit: u64,
    },
}

/// Read the manifests below `path`, or the one file that `path` is, up to `limit` bytes in all.
pub fn read(path: &Path, limit: u64) -> Result<Package, ReadError> {
    let failed = |source| ReadError::File { path: path.display().to_string(), source };
    let real = fs::canonicalize(path).map_err(failed)?;
    let metadata = fs::metadata(&real).map_err(failed)?;
    let mut budget = Budget { left: limit, limit, tree: path };
    if metadata.is_file() {
        let root = real.parent().unwrap_or(Path::new("/")).to_path_buf();
        let name = relative(&root, &real)?;
        let text = budget.read(&real)?;
        return Ok(Package { root, sources: vec![Source { path: name, role: Role::Subject, text }] });
    }
    if !metadata.is_dir() {
        return Err(ReadError::Kind(path.display().to_string()));
    }
    let mut sources = Vec::new();
    for file in manifests(&real)? {
        let text = budget.read(&file)?;
        sources.push(Source { path: relative(&real, &file)?, role: Role::Subject, text });
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Package { root: real, sources })
}

/// Read one file up to `limit` bytes.
pub fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    Budget { left: limit, limit, tree: path }.read(path)
}

fn manifests(root: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let mut found = files(root, &[KRM_IGNORE, SOURCE_IGNORE])?;
    if root.join(SOURCE_IGNORE).is_file() {
        let all = files(root, &[KRM_IGNORE])?;
        let configs: Vec<PathBuf> = all.into_iter().filter(|file| is_config(file) && !found.contains(file)).collect();
        found.extend(configs);
    }
    Ok(found)
}

/// What kpt leaves out of a package.
pub(super) const KRM_IGNORE: &str = ".krmignore";

/// What Flux leaves out of an artifact.
pub(super) const SOURCE_IGNORE: &str = ".sourceignore";

/// The manifests that these ignore files and git's do not leave out.
fn files(root: &Path, ignore_files: &[&str]) -> Result<Vec<PathBuf>, ReadError> {
    let mut walk = WalkBuilder::new(root);
    for name in ignore_files {
        walk.add_custom_ignore_filename(name);
    }
    let walk = walk
        .standard_filters(false)
        .hidden(true)
        .git_ignore(true)
        .require_git(false)
        .parents(false)
        .follow_links(false)
        .build();
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry.map_err(ReadError::Walk)?;
        // A broken line of an ignore file: to go on would be to judge files that somebody wanted left out.
        if let Some(error) = entry.error() {
            return Err(ReadError::Walk(error.clone()));
        }
        if entry.file_type().is_some_and(|kind| kind.is_file()) && is_manifest(entry.path()) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// Whether a file is the config by its name, and so counts whatever Flux gets.
pub(super) fn is_config(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == "lbpools.yaml" || name == "lbpools.yml")
}

pub(super) fn is_manifest(file: &Path) -> bool {
    let extension = file.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|e| extension == *e));
    extension || file.file_name().is_some_and(|name| name == "Kptfile" || name == "Kustomization")
}

/// The path below `root` with forward slashes.
fn relative(root: &Path, file: &Path) -> Result<String, ReadError> {
    let below = file.strip_prefix(root).unwrap_or(file);
    let names = below.components().map(|component| component.as_os_str().to_str()).collect::<Option<Vec<_>>>();
    names.map(|names| names.join("/")).ok_or_else(|| ReadError::Name(below.display().to_string()))
}

/// What may still be read.
struct Budget<'a> {
    left: u64,
    limit: u64,
    tree: &'a Path,
}

impl Budget<'_> {
    fn read(&mut self, file: &Path) -> Result<Vec<u8>, ReadError> {
        let failed = |source| ReadError::File { path: file.display().to_string(), source };
        let mut text = Vec::new();
        // One byte more than allowed tells "exactly the limit" from "more"; the size in the directory is no proof.
        let mut reader = File::open(file).map_err(failed)?.take(self.left.saturating_add(1));
        reader.read_to_end(&mut text).map_err(failed)?;
        let read = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.left = self
            .left
            .checked_sub(read)
            .ok_or_else(|| ReadError::TooLarge { path: self.tree.display().to_string(), limit: self.limit })?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 1 << 20;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let file = root.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        root
    }

    fn paths(root: &Path) -> Vec<String> {
        read(root, LIMIT).unwrap().sources.into_iter().map(|source| source.path).collect()
    }

    #[test]
    fn manifests_are_found_by_name_in_one_order() {
        let root = tree(&[
            ("b/z.yml", ""),
            ("b/Kustomization", ""),
            ("a b/ü.yaml", ""),
            ("Kptfile", ""),
            ("c.json", ""),
            ("README.md", ""),
            ("values.env", ""),
            ("upper.YAML", ""),
        ]);
        assert_eq!(paths(root.path()), ["Kptfile", "a b/ü.yaml", "b/Kustomization", "b/z.yml", "c.json"]);
    }

    #[test]
    fn ignored_and_hidden_files_are_left_out() {
        let root = tree(&[
            (".krmignore", "old/\n*.draft.yaml\n!keep.draft.yaml\n"),
            (".gitignore", "/build\n"),
            ("old/a.yaml", ""),
            ("build/a.yaml", ""),
            ("sub/build/a.yaml", ""),
            ("x.draft.yaml", ""),
            ("keep.draft.yaml", ""),
            (".github/workflows/ci.yaml", ""),
            (".sops.yaml", ""),
            ("sub/.krmignore", "b.yaml\n"),
            ("sub/b.yaml", ""),
        ]);
        assert_eq!(paths(root.path()), ["keep.draft.yaml", "sub/build/a.yaml"]);
    }

    #[test]
    fn what_flux_leaves_out_is_left_out_but_for_the_config() {
        let root = tree(&[
            (".sourceignore", "/*\n!/kubernetes\n"),
            ("lbpools.yaml", ""),
            ("tests/a.yaml", ""),
            ("kubernetes/b.yaml", ""),
            ("kubernetes/.sourceignore", "c.yaml\n"),
            ("kubernetes/c.yaml", ""),
            (".hidden/lbpools.yaml", ""),
        ]);
        assert_eq!(paths(root.path()), ["kubernetes/b.yaml", "lbpools.yaml"]);
    }

    #[test]
    fn ignore_files_above_the_tree_do_not_count() {
        let root = tree(&[(".gitignore", "*.yaml\n"), (".krmignore", "*.yaml\n"), ("pkg/a.yaml", "")]);
        assert_eq!(paths(&root.path().join("pkg")), ["a.yaml"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let outside = tree(&[("secret.yaml", "x")]);
        let root = tree(&[("a.yaml", "")]);
        std::os::unix::fs::symlink(outside.path(), root.path().join("dir")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.yaml"), root.path().join("b.yaml")).unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("loop")).unwrap();
        assert_eq!(paths(root.path()), ["a.yaml"]);
    }

    #[test]
    fn one_file_is_a_package_of_its_own() {
        let root = tree(&[("sub/a.yaml", "a: 1\r\n"), ("sub/b.yaml", "")]);
        let package = read(&root.path().join("sub/a.yaml"), LIMIT).unwrap();
        assert_eq!(package.sources.len(), 1);
        assert_eq!(package.text("a.yaml"), Some(&b"a: 1\r\n"[..]));
    }

    #[test]
    fn the_limit_counts_all_files_and_is_exact() {
        let root = tree(&[("a.yaml", "12345"), ("b.yaml", "12345")]);
        assert_eq!(read(root.path(), 10).unwrap().sources.len(), 2);
        let error = read(root.path(), 9).unwrap_err();
        assert!(error.to_string().contains("larger than the limit of 9 bytes"), "{error}");
    }

    #[test]
    fn a_missing_directory_is_named() {
        let error = read(Path::new("no/such/dir"), LIMIT).unwrap_err();
        assert_eq!(error.to_string(), "cannot read `no/such/dir`");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_not_text_is_refused_only_where_it_matters() {
        use std::os::unix::ffi::OsStrExt;
        let root = tree(&[("a.yaml", "")]);
        fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"\xff.txt")), "").unwrap();
        assert_eq!(paths(root.path()), ["a.yaml"]);
        fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"\xff.yaml")), "").unwrap();
        assert!(matches!(read(root.path(), LIMIT), Err(ReadError::Name(_))));
    }
}
