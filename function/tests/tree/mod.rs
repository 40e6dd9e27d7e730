//! A directory of the checkout as the function is handed it.

use std::fs;
use std::path::{Path, PathBuf};

use lbpools_function::Source;

/// Every `.yaml` file below a directory, named by its path in there, in the order of the paths.
pub(crate) fn sources(root: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    files(root, &mut found);
    let name = |path: &Path| path.strip_prefix(root).expect("it is in the directory").display().to_string();
    found.iter().map(|path| Source::file(name(path), fs::read(path).expect("a file"))).collect()
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory of the checkout") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
}
