//! Writing: every change or none.
//!
//! First everything that can fail is done beside the targets: checks, new directories, new texts written and
//! flushed to disk, a second name for every file that is about to be replaced. Then only renames are left
//! ([`super::commit`]); if one of them fails, those done so far are undone. A run that is killed between two
//! renames leaves whole files, some old and some new, never half a file.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::commit::{Step, commit};
use super::{Package, PlaceError, Target};
use crate::contract::Change;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A path is refused.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Two changes for one file.
    #[error("two changes for the one file `{0}`")]
    Twice(String),
    /// Somebody else wrote the file since it was read.
    #[error("`{0}` changed while lbpools ran; run it again")]
    Stale(String),
    /// There is a file that was not read, so nobody judged what would be lost.
    #[error("`{0}` is there already, but was not read: an ignore file leaves it out, or it came while lbpools ran")]
    Unread(String),
    /// A new text could not be put beside its target.
    #[error("cannot write beside `{path}`; no file was changed")]
    Prepare {
        /// The path of the change.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A rename failed; all files are as they were.
    #[error("cannot replace `{path}`; no file was changed")]
    Replace {
        /// The path of the change.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A rename failed and undoing the ones before it failed too.
    #[error("cannot replace `{path}`, and these could not be put back, their old text is kept beside them: {left}")]
    Stuck {
        /// The path of the change.
        path: String,
        /// What the system says.
        source: io::Error,
        /// `file (old text in file)`, separated by commas.
        left: String,
    },
}

/// Write all changes below the package's root, or none of them.
pub fn write(package: &Package, changes: &[Change]) -> Result<(), WriteError> {
    let mut seen = BTreeSet::new();
    let mut targets = Vec::with_capacity(changes.len());
    for change in changes {
        if !seen.insert(&change.path) {
            return Err(WriteError::Twice(change.path.clone()));
        }
        let target = Target::new(&package.root, &change.path)?;
        unchanged(package, &target)?;
        targets.push(target);
    }
    let mut prepared = Prepared::default();
    for (change, target) in changes.iter().zip(&targets) {
        prepared.add(change, target).map_err(|source| WriteError::Prepare { path: change.path.clone(), source })?;
    }
    commit(&prepared.steps, &mut |from, to| fs::rename(from, to))?;
    prepared.keep_directories();
    prepared.flush_directories();
    Ok(())
}

/// The file on disk is what the function judged.
fn unchanged(package: &Package, target: &Target) -> Result<(), WriteError> {
    let now = match &target.existing {
        None => None,
        Some(_) => Some(
            fs::read(&target.file).map_err(|source| PlaceError::Unreadable { path: target.path.clone(), source })?,
        ),
    };
    match (now.as_deref(), package.text(&target.path)) {
        (now, read) if now == read => Ok(()),
        (_, None) => Err(WriteError::Unread(target.path.clone())),
        (_, Some(_)) => Err(WriteError::Stale(target.path.clone())),
    }
}

/// What has been laid beside the targets. Whatever still lies there when it is dropped is taken away again.
#[derive(Default)]
struct Prepared {
    steps: Vec<Step>,
    leftovers: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Prepared {
    fn add(&mut self, change: &Change, target: &Target) -> io::Result<()> {
        for directory in &target.missing {
            match fs::create_dir(directory) {
                Ok(()) => self.directories.push(directory.clone()),
                // An earlier change of this run made it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let number = self.steps.len();
        let fresh = match &change.text {
            None => None,
            Some(text) => {
                let beside = beside(&target.file, number, "new");
                self.leftovers.push(beside.clone());
                lay(&beside, text, target.existing.as_ref())?;
                Some(beside)
            }
        };
        let old = match &target.existing {
            None => None,
            Some(_) => {
                let beside = beside(&target.file, number, "old");
                self.leftovers.push(beside.clone());
                // A second name costs nothing; some file systems have none, there a copy does.
                if fs::hard_link(&target.file, &beside).is_err() {
                    fs::copy(&target.file, &beside)?;
                }
                Some(beside)
            }
        };
        self.steps.push(Step {
            path: target.path.clone(),
            file: target.file.clone(),
            fresh,
            old,
            stuck: Cell::new(false),
        });
        Ok(())
    }

    fn keep_directories(&mut self) {
        self.directories.clear();
    }

    /// A rename is only on disk when its directory is. Not every system can flush one, so a failure is no failure.
    fn flush_directories(&self) {
        let directories: BTreeSet<&Path> = self.steps.iter().filter_map(|step| step.file.parent()).collect();
        for directory in directories {
            let _ = File::open(directory).and_then(|directory| directory.sync_all());
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // What the renames consumed is gone already, and an old text that could not be put back must stay.
        let kept: BTreeSet<&PathBuf> = self.steps.iter().filter(|step| step.stuck.get()).flat_map(|s| &s.old).collect();
        for file in self.leftovers.iter().filter(|file| !kept.contains(file)) {
            let _ = fs::remove_file(file);
        }
        for directory in self.directories.iter().rev() {
            let _ = fs::remove_dir(directory);
        }
    }
}

/// A hidden name in the same directory, hence on the same file system; hidden, so that no reader takes it for a
/// manifest.
fn beside(file: &Path, number: usize, what: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    // The name must fit into 255 bytes together with the rest.
    let short: String = name.chars().take(40).collect();
    file.with_file_name(format!(".{short}.lbpools-{}-{number}.{what}", std::process::id()))
}

fn lay(file: &Path, text: &[u8], permissions: Option<&fs::Permissions>) -> io::Result<()> {
    let mut out = OpenOptions::new().write(true).create_new(true).open(file)?;
    out.write_all(text)?;
    if let Some(permissions) = permissions {
        out.set_permissions(permissions.clone())?;
    }
    out.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::read;

    fn package(files: &[(&str, &str)]) -> (tempfile::TempDir, Package) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            fs::write(root.path().join(path), text).unwrap();
        }
        let package = read(root.path(), 1 << 20).unwrap();
        (root, package)
    }

    fn change(path: &str, text: &str) -> Change {
        Change { path: path.into(), text: Some(text.into()) }
    }

    /// Every file below the root, hidden ones too, with its text.
    fn everything(root: &Path) -> Vec<(String, String)> {
        let mut all: Vec<_> = ignore::WalkBuilder::new(root)
            .standard_filters(false)
            .build()
            .map(Result::unwrap)
            .filter(|entry| entry.path() != root)
            .map(|entry| {
                let name = entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned();
                (name, fs::read_to_string(entry.path()).unwrap_or_else(|_| "<directory>".into()))
            })
            .collect();
        all.sort();
        all
    }

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect()
    }

    #[test]
    fn replaces_creates_and_deletes() {
        let (root, package) = package(&[("a.yaml", "1"), ("b.yaml", "2"), ("c.yaml", "3")]);
        let changes =
            [change("a.yaml", "one"), change("new/deep/d.yaml", "4"), Change { path: "b.yaml".into(), text: None }];
        write(&package, &changes).unwrap();
        assert_eq!(
            everything(root.path()),
            pairs(&[
                ("a.yaml", "one"),
                ("c.yaml", "3"),
                ("new", "<directory>"),
                ("new/deep", "<directory>"),
                ("new/deep/d.yaml", "4")
            ])
        );
    }

    #[test]
    fn one_bad_path_and_nothing_is_written() {
        let (root, package) = package(&[("a.yaml", "1")]);
        for bad in ["../x.yaml", "/x.yaml", "a.yaml/x.yaml"] {
            let error = write(&package, &[change("a.yaml", "one"), change(bad, "x")]).unwrap_err();
            assert!(matches!(error, WriteError::Place(_)), "{bad}: {error}");
            assert_eq!(everything(root.path()), pairs(&[("a.yaml", "1")]));
        }
    }

    #[test]
    fn a_clash_between_changes_leaves_nothing_behind() {
        let (root, package) = package(&[("a.yaml", "1")]);
        // `new` is made as a directory for the first change, so the second cannot be laid down as a file... and the
        // third kind of clash, a file where a directory must come, is met while preparing.
        let error = write(&package, &[change("a.yaml", "one"), change("new", "x"), change("new/y.yaml", "y")]);
        let error = error.unwrap_err();
        assert!(matches!(error, WriteError::Replace { .. } | WriteError::Prepare { .. }), "{error}");
        assert_eq!(everything(root.path()), pairs(&[("a.yaml", "1")]));
    }

    #[test]
    fn the_same_file_twice_is_refused() {
        let (root, package) = package(&[("a.yaml", "1")]);
        let error = write(&package, &[change("a.yaml", "one"), change("a.yaml", "two")]).unwrap_err();
        assert!(matches!(error, WriteError::Twice(_)), "{error}");
        assert_eq!(everything(root.path()), pairs(&[("a.yaml", "1")]));
    }

    #[test]
    fn a_file_that_somebody_else_changed_is_not_overwritten() {
        let (root, package) = package(&[("a.yaml", "1")]);
        fs::write(root.path().join("a.yaml"), "theirs").unwrap();
        fs::write(root.path().join("b.yaml"), "theirs").unwrap();
        let error = write(&package, &[change("a.yaml", "ours")]).unwrap_err();
        assert!(matches!(error, WriteError::Stale(_)), "{error}");
        let error = write(&package, &[change("b.yaml", "ours")]).unwrap_err();
        assert!(matches!(error, WriteError::Unread(_)), "{error}");
        assert_eq!(everything(root.path()), pairs(&[("a.yaml", "theirs"), ("b.yaml", "theirs")]));
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_kept() {
        use std::os::unix::fs::PermissionsExt;
        let (root, package) = package(&[("a.yaml", "1")]);
        fs::set_permissions(root.path().join("a.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
        write(&package, &[change("a.yaml", "one")]).unwrap();
        let mode = fs::metadata(root.path().join("a.yaml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn a_name_as_long_as_the_file_system_allows() {
        let name = format!("{}.yaml", "ü".repeat(125));
        let (root, package) = package(&[(&name, "1")]);
        write(&package, &[change(&name, "one")]).unwrap();
        assert_eq!(everything(root.path()), pairs(&[(&name, "one")]));
    }
}
