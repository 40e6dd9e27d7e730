//! A copy of `examples/fleet` to edit and push. What differs from the example is only where Flux reads it from: a
//! registry instead of a git server.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::root;

/// The copy.
#[derive(Debug)]
pub struct Fleet {
    place: TempDir,
}

impl Fleet {
    /// A copy, somewhere in this directory, whose source is `fleet` in this registry.
    pub(crate) fn of_registry(address: &str, within: &Path) -> Self {
        let fleet = Self { place: place(within) };
        copy(&root().join("examples/fleet"), fleet.path());
        for file in fleet.files() {
            let text = fleet.read(&file);
            fleet.write(&file, &text.replace("kind: GitRepository", "kind: OCIRepository"));
            if file.ends_with("gotk-sync.yaml") {
                fleet.replace(&file, "branch: main\n", "tag: latest\n");
                fleet.replace(&file, "  secretRef:\n    name: flux-system\n", "  insecure: true\n");
                let url = format!("oci://{address}/fleet");
                fleet.replace(&file, "ssh://git@git.example.com/platform/fleet.git", &url);
            }
        }
        fleet
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// As it is now, for what comes later to be compared with.
    pub fn remembered(&self) -> Self {
        let other = Self { place: place(self.path().parent().expect("it is in a directory")) };
        copy(self.path(), other.path());
        other
    }

    /// A file of it.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Write a file of it.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory");
        fs::write(path, text).expect("a file of the copy can be written");
    }

    /// Make one edit: replace a text that must be there.
    pub fn replace(&self, file: &str, old: &str, new: &str) {
        let text = self.read(file);
        assert!(text.contains(old), "{file} does not say {old:?}");
        self.write(file, &text.replace(old, new));
    }

    /// Put an object at the end of a file.
    pub fn append(&self, file: &str, object: &str) {
        let text = self.read(file);
        self.write(file, &format!("{}\n---\n{object}", text.trim_end()));
    }

    /// Put every file back to what it is in another copy.
    pub fn become_like(&self, other: &Self) {
        for file in self.files() {
            fs::remove_file(self.path().join(file)).expect("a file of the copy can be removed");
        }
        copy(other.path(), self.path());
    }

    fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        let mut open = vec![self.path().to_path_buf()];
        while let Some(directory) = open.pop() {
            for path in entries(&directory) {
                if path.is_dir() {
                    open.push(path);
                } else {
                    files.push(path.strip_prefix(self.path()).expect("it is inside").display().to_string());
                }
            }
        }
        files
    }
}

fn place(within: &Path) -> TempDir {
    tempfile::Builder::new().prefix("fleet-").tempdir_in(within).expect("a temporary directory")
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for path in entries(from) {
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a file can be copied");
        }
    }
}
