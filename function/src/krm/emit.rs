//! Every byte of YAML that lbpools writes, through one library.
//!
//! serde-saphyr quotes whatever goyaml v2, goyaml v3 or a YAML 1.1 reader would take for something else than
//! text (`on`, `1_000`, `12:30:45`, `0123`), which no other Rust emitter does; see `docs/dependencies.md`.

use serde::Serialize;
use serde_saphyr::{SerializerOptions, ser_options};

/// A value that has no YAML form. Never the case for what lbpools writes.
#[derive(Debug, thiserror::Error)]
#[error("cannot be written as YAML: {0}")]
pub struct EmitError(String);

fn options() -> SerializerOptions {
    // Long texts stay on one line: a folded one reads as another text to a careless eye.
    ser_options! { compact_list_indent: true, folded_wrap_chars: usize::MAX, min_fold_chars: usize::MAX }
}

/// A document in block style, ending in a line feed.
///
/// # Errors
///
/// When serde reports one; the types of this crate never do.
pub fn to_yaml(value: &impl Serialize) -> Result<String, EmitError> {
    let mut text =
        serde_saphyr::to_string_with_options(value, options()).map_err(|error| EmitError(error.to_string()))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// A block of lines as an element of a list whose dashes stand at column `indent`.
pub fn list_element(yaml: &str, indent: usize) -> String {
    prefixed(yaml, &format!("{}- ", " ".repeat(indent)), indent + 2)
}

/// A block of lines moved to the right, the first one behind `first`.
pub fn prefixed(yaml: &str, first: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut out = String::with_capacity(yaml.len() + indent * 8);
    for (at, line) in yaml.lines().enumerate() {
        if at == 0 {
            out.push_str(first);
        } else if !line.is_empty() {
            out.push_str(&pad);
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// With the line endings of the text it goes into.
pub fn with_newlines(text: String, newline: &str) -> String {
    if newline == "\n" { text } else { text.replace('\n', newline) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_1_1_would_misread_is_quoted() {
        let words = ["on", "y", "1_000", "0123", "12:30:45", "1e3", "null", "10.25.11.100", "${A}", "fd00::/8"];
        let yaml = to_yaml(&words).expect("emits");
        let lines: Vec<&str> = yaml.lines().map(|line| line.trim_start_matches("- ")).collect();
        for (word, line) in words.iter().zip(&lines) {
            let plain = matches!(*word, "10.25.11.100" | "${A}" | "fd00::/8");
            let quoted = line.starts_with('"') || line.starts_with('\'');
            assert!(quoted || plain, "{word} is written as {line}");
        }
    }

    #[test]
    fn list_elements_are_indented() {
        assert_eq!(list_element("a: 1\nb:\n  c: 2\n", 2), "  - a: 1\n    b:\n      c: 2\n");
    }
}
