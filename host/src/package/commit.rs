//! The renames, and the way back when one of them fails.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};

use super::WriteError;

/// One file to replace, create or take away.
pub(super) struct Step {
    /// The path of the change, for messages.
    pub(super) path: String,
    /// The target.
    pub(super) file: PathBuf,
    /// The new text, laid beside the target; none when the file goes away.
    pub(super) fresh: Option<PathBuf>,
    /// A second name of the old text; none when there was no file.
    pub(super) old: Option<PathBuf>,
    /// Replaced, and could not be put back.
    pub(super) stuck: Cell<bool>,
}

impl Step {
    /// Put the new text in place. A file that goes away takes its second name's place, which clears the target.
    fn forward(&self, rename: &mut Rename) -> io::Result<()> {
        match (&self.fresh, &self.old) {
            (Some(fresh), _) => rename(fresh, &self.file),
            (None, Some(old)) => {
                // Renaming one hard link onto another of the same file does nothing (POSIX), so take the other way.
                std::fs::remove_file(old)?;
                rename(&self.file, old)
            }
            (None, None) => Ok(()),
        }
    }

    /// Put back what was there.
    fn back(&self, rename: &mut Rename) -> io::Result<()> {
        match &self.old {
            Some(old) => rename(old, &self.file),
            None if self.fresh.is_some() => std::fs::remove_file(&self.file),
            None => Ok(()),
        }
    }
}

/// `std::fs::rename`, or in tests one that fails when told to.
type Rename<'a> = dyn FnMut(&Path, &Path) -> io::Result<()> + 'a;

/// Do all steps; at the first failure undo those done, last one first.
pub(super) fn commit(steps: &[Step], rename: &mut Rename) -> Result<(), WriteError> {
    for (number, step) in steps.iter().enumerate() {
        let Err(source) = step.forward(rename) else { continue };
        let done = steps.get(..number).unwrap_or_default();
        let mut left = Vec::new();
        for step in done.iter().rev() {
            if step.back(rename).is_err() {
                step.stuck.set(true);
                let old = step.old.as_deref().map_or("none, it is new".into(), |old| old.display().to_string());
                left.push(format!("{} (old text: {old})", step.file.display()));
            }
        }
        let path = step.path.clone();
        if left.is_empty() {
            return Err(WriteError::Replace { path, source });
        }
        return Err(WriteError::Stuck { path, source, left: left.join(", ") });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// `a` is replaced, `b` is new, `c` goes away, `d` is replaced: each in its own directory state.
    fn laid(root: &Path) -> Vec<Step> {
        let put = |name: &str, text: &str| {
            fs::write(root.join(name), text).unwrap();
            root.join(name)
        };
        let step = |name: &str, fresh: Option<PathBuf>, old: Option<PathBuf>| Step {
            path: name.into(),
            file: root.join(name),
            fresh,
            old,
            stuck: Cell::new(false),
        };
        let link = |name: &str| {
            let old = root.join(format!("{name}.old"));
            fs::hard_link(put(name, &format!("old {name}")), &old).unwrap();
            old
        };
        vec![
            step("a", Some(put("a.new", "new a")), Some(link("a"))),
            step("b", Some(put("b.new", "new b")), None),
            step("c", None, Some(link("c"))),
            step("d", Some(put("d.new", "new d")), Some(link("d"))),
        ]
    }

    fn state(root: &Path) -> Vec<Option<String>> {
        ["a", "b", "c", "d"].map(|name| fs::read_to_string(root.join(name)).ok()).to_vec()
    }

    fn failing_at(fail: impl Fn(usize) -> bool) -> impl FnMut(&Path, &Path) -> io::Result<()> {
        let mut call = 0;
        move |from, to| {
            call += 1;
            if fail(call) { Err(io::Error::other("no")) } else { fs::rename(from, to) }
        }
    }

    #[test]
    fn all_done() {
        let root = tempfile::tempdir().unwrap();
        commit(&laid(root.path()), &mut failing_at(|_| false)).unwrap();
        let done = [Some("new a".into()), Some("new b".into()), None, Some("new d".into())];
        assert_eq!(state(root.path()), done);
    }

    #[test]
    fn whichever_rename_fails_everything_is_as_it_was() {
        for failing in 1..=4 {
            let root = tempfile::tempdir().unwrap();
            let error = commit(&laid(root.path()), &mut failing_at(|call| call == failing)).unwrap_err();
            assert!(matches!(error, WriteError::Replace { .. }), "{error}");
            let before = [Some("old a".into()), None, Some("old c".into()), Some("old d".into())];
            assert_eq!(state(root.path()), before, "rename {failing}");
        }
    }

    #[test]
    fn what_could_not_be_put_back_is_said_and_kept() {
        let root = tempfile::tempdir().unwrap();
        let steps = laid(root.path());
        let error = commit(&steps, &mut failing_at(|call| call >= 2)).unwrap_err();
        let WriteError::Stuck { path, left, .. } = &error else { panic!("{error}") };
        assert_eq!(path, "b");
        assert!(left.contains("a.old"), "{left}");
        assert!(steps[0].stuck.get());
        assert_eq!(fs::read_to_string(root.path().join("a.old")).unwrap(), "old a");
    }
}
