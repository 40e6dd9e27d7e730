//! A change as a patch that `git apply` and `patch -p1` take.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use crate::contract::Change;
use crate::report::text::{Dress, line};

/// Write one file's part of the patch. `old` is none where there is no file yet.
pub(super) fn unified(change: &Change, old: Option<&[u8]>, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
    let before = String::from_utf8_lossy(old.unwrap_or_default());
    let after = String::from_utf8_lossy(change.text.as_deref().unwrap_or_default());
    let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
    let path = line(&change.path);
    let from = if old.is_some() { format!("a/{path}") } else { "/dev/null".into() };
    let to = if change.text.is_some() { format!("b/{path}") } else { "/dev/null".into() };
    let bold = Style::new().bold();
    writeln!(out, "{}", dress.paint(bold, &format!("--- {from}")))?;
    writeln!(out, "{}", dress.paint(bold, &format!("+++ {to}")))?;
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        writeln!(out, "{}", dress.paint(AnsiColor::Cyan.on_default(), &hunk.header().to_string()))?;
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', AnsiColor::Red.on_default()),
                ChangeTag::Insert => ('+', AnsiColor::Green.on_default()),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let text = change.value();
            let bare = text.strip_suffix('\n').unwrap_or(text);
            if dress.color {
                // For eyes: nothing in a manifest may steer the terminal.
                writeln!(out, "{}", dress.paint(style, &format!("{sign}{}", line(bare.trim_end_matches('\r')))))?;
            } else {
                // For `git apply`: to the byte.
                writeln!(out, "{sign}{bare}")?;
            }
            if !text.ends_with('\n') {
                writeln!(out, "\\ No newline at end of file")?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(path: &str, old: Option<&str>, new: Option<&str>) -> String {
        let change = Change { path: path.into(), text: new.map(Into::into) };
        let mut out = Vec::new();
        unified(&change, old.map(str::as_bytes), Dress::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_changed_file() {
        let patch = patch("my dir/a.yaml", Some("a: 1\r\nb: 2\r\nc: 3"), Some("a: 1\r\nb: 3\r\nc: 3"));
        let expected = "--- a/my dir/a.yaml\n+++ b/my dir/a.yaml\n@@ -1,3 +1,3 @@\n a: 1\r\n-b: 2\r\n+b: 3\r\n c: 3\n\
                        \\ No newline at end of file\n";
        assert_eq!(patch, expected);
    }

    #[test]
    fn a_new_and_a_removed_file() {
        assert_eq!(patch("a.yaml", None, Some("a: 1\n")), "--- /dev/null\n+++ b/a.yaml\n@@ -0,0 +1 @@\n+a: 1\n");
        assert_eq!(patch("a.yaml", Some("a: 1\n"), None), "--- a/a.yaml\n+++ /dev/null\n@@ -1 +0,0 @@\n-a: 1\n");
    }
}
