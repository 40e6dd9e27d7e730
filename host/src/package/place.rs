//! Where a change may go: below the root, through real directories, onto a regular file or a free name.
//!
//! The paths come out of the sandbox. A module that was tampered with must not reach a file outside the package,
//! neither by `..` nor through a symbolic link that is already there.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Why a path of a change is refused.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Absolute, with `..`, with a drive, empty, or with a NUL.
    #[error("the path `{0}` leaves the package")]
    Leaves(String),
    /// A directory on the way, or the file itself, is a symbolic link.
    #[error("`{0}` goes through a symbolic link; lbpools writes only to real files")]
    Link(String),
    /// A file stands where a directory must be.
    #[error("`{path}` cannot be written: `{file}` is a file, not a directory")]
    FileInTheWay {
        /// The path of the change.
        path: String,
        /// The file on the way.
        file: String,
    },
    /// The target is a directory or a device.
    #[error("`{0}` cannot be written: there is something there that is not a regular file")]
    NotAFile(String),
    /// The file's permissions forbid writing. Renaming over it would not ask, so we do.
    #[error("`{0}` is read-only")]
    ReadOnly(String),
    /// The file system does not answer.
    #[error("cannot look at `{path}`")]
    Unreadable {
        /// The path of the change.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}

/// A place in the tree that may be written.
#[derive(Debug, Clone)]
pub struct Target {
    /// The path of the change, for messages.
    pub path: String,
    /// The same in the file system.
    pub file: PathBuf,
    /// What is there now.
    pub existing: Option<fs::Permissions>,
    /// Directories that must be made first, outermost first.
    pub missing: Vec<PathBuf>,
}

impl Target {
    /// Check a path of a change against the tree below `root`.
    pub fn new(root: &Path, path: &str) -> Result<Self, PlaceError> {
        let parts = parts(path).ok_or_else(|| PlaceError::Leaves(path.to_owned()))?;
        let mut file = root.to_path_buf();
        let mut missing = Vec::new();
        let (name, directories) = parts.split_last().ok_or_else(|| PlaceError::Leaves(path.to_owned()))?;
        for directory in directories {
            file.push(directory);
            match kind(&file, path)? {
                None => missing.push(file.clone()),
                Some(found) if found.is_symlink() => return Err(PlaceError::Link(path.to_owned())),
                Some(found) if found.is_dir() => {}
                Some(_) => {
                    let file = file.strip_prefix(root).unwrap_or(&file).display().to_string();
                    return Err(PlaceError::FileInTheWay { path: path.to_owned(), file });
                }
            }
        }
        file.push(name);
        let existing = match kind(&file, path)? {
            None => None,
            Some(found) if found.is_symlink() => return Err(PlaceError::Link(path.to_owned())),
            Some(found) if !found.is_file() => return Err(PlaceError::NotAFile(path.to_owned())),
            Some(found) if found.permissions().readonly() => return Err(PlaceError::ReadOnly(path.to_owned())),
            Some(found) => Some(found.permissions()),
        };
        Ok(Self { path: path.to_owned(), file, existing, missing })
    }
}

/// The path's names, or nothing when it is not a plain relative path. A backslash is refused as well: on Windows it
/// separates, so the same package must not mean two things.
fn parts(path: &str) -> Option<Vec<&str>> {
    if path.contains(['\0', '\\']) {
        return None;
    }
    let plain = |component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    };
    let parts: Vec<&str> = Path::new(path).components().map(plain).collect::<Option<_>>()?;
    // `components` forgives `a//b` and `a/./b`; two spellings of one file must not both pass.
    (!parts.is_empty() && parts.join("/") == path).then_some(parts)
}

fn kind(file: &Path, path: &str) -> Result<Option<fs::Metadata>, PlaceError> {
    match fs::symlink_metadata(file) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(PlaceError::Unreadable { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_paths_pass() {
        assert_eq!(parts("a/b c/ü.yaml"), Some(vec!["a", "b c", "ü.yaml"]));
        for bad in ["", "/etc/passwd", "..", "a/../../b", "a/..", "./a", "a//b", "a/./b", "a/", "a\\b", "a\0b"] {
            assert_eq!(parts(bad), None, "{bad:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_on_the_way_is_refused() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("link")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("x"), root.path().join("dangling.yaml")).unwrap();
        for path in ["link/a.yaml", "dangling.yaml"] {
            let error = Target::new(root.path(), path).unwrap_err();
            assert!(matches!(error, PlaceError::Link(_)), "{path}: {error}");
        }
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        fs::create_dir(root.path().join("dir.yaml")).unwrap();
        let error = Target::new(root.path(), "file/a.yaml").unwrap_err();
        assert_eq!(error.to_string(), "`file/a.yaml` cannot be written: `file` is a file, not a directory");
        let error = Target::new(root.path(), "dir.yaml").unwrap_err();
        assert!(matches!(error, PlaceError::NotAFile(_)), "{error}");
    }

    #[test]
    fn a_read_only_file_stays_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a.yaml");
        fs::write(&file, "").unwrap();
        let mut permissions = fs::metadata(&file).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&file, permissions).unwrap();
        let error = Target::new(root.path(), "a.yaml").unwrap_err();
        assert_eq!(error.to_string(), "`a.yaml` is read-only");
    }

    #[test]
    fn new_directories_are_listed_outermost_first() {
        let root = tempfile::tempdir().unwrap();
        let target = Target::new(root.path(), "a/b/c.yaml").unwrap();
        assert_eq!(target.missing, [root.path().join("a"), root.path().join("a/b")]);
        assert!(target.existing.is_none());
    }
}
