//! A copy of `examples/fleet` to edit and deliver.

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
    /// A copy, somewhere in this directory.
    pub(crate) fn within(directory: &Path) -> Self {
        let fleet = Self { place: place(directory) };
        copy(&root().join("examples/fleet"), fleet.path());
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

    /// Replace a text in each file that has it.
    pub(crate) fn replace_everywhere(&self, old: &str, new: &str) {
        let mut open = vec![self.path().to_path_buf()];
        while let Some(directory) = open.pop() {
            for path in entries(&directory) {
                if path.is_dir() {
                    open.push(path);
                    continue;
                }
                let text = fs::read_to_string(&path).expect("the fleet is text");
                if text.contains(old) {
                    fs::write(&path, text.replace(old, new)).expect("a file of the copy can be written");
                }
            }
        }
    }

    /// Take a file out of it.
    pub fn remove(&self, file: &str) {
        fs::remove_file(self.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    }

    /// Put an object at the end of a file.
    pub fn append(&self, file: &str, object: &str) {
        let text = self.read(file);
        self.write(file, &format!("{}\n---\n{object}", text.trim_end()));
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
