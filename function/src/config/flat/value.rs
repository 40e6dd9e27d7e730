//! Values of flat keys, which are all texts.

use super::super::{Block, FirstLast, Selector, SeverityOverride};
use super::Wrong;

/// On or off, in any of the words of YAML 1.1: kpt writes them as they were given.
pub(super) fn switch(text: &str) -> Result<bool, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Ok(true),
        "false" | "no" | "off" => Ok(false),
        _ => Err((format!("`{text}` is neither true nor false"), "write true or false".to_owned())),
    }
}

/// `Yes` or `No`, as in Cilium's schema.
pub(super) fn first_last(text: &str) -> Result<FirstLast, Wrong> {
    switch(text).map(|allowed| if allowed { FirstLast::Yes } else { FirstLast::No })
}

pub(super) fn severity(text: &str) -> Result<SeverityOverride, Wrong> {
    match text {
        "error" => Ok(SeverityOverride::Error),
        "warning" => Ok(SeverityOverride::Warning),
        "info" => Ok(SeverityOverride::Info),
        "off" => Ok(SeverityOverride::Off),
        _ => Err(no_word(text, &["error", "warning", "info", "off"])),
    }
}

/// A word that is none of those that there are.
pub(super) fn no_word(text: &str, words: &[&str]) -> Wrong {
    (format!("`{text}` is none of the words for this key"), format!("write {}", words.join(", ")))
}

/// What stands between commas.
pub(super) fn list(text: &str) -> Vec<&str> {
    split(text, ',').into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// `10.0.0.0/28`, `10.0.0.1-10.0.0.9`, `10.0.0.1`, and the same with settings.
pub(super) fn block(text: &str) -> Block {
    let owned = |text: &str| Some(text.trim().to_owned());
    match split(text, '-').as_slice() {
        [start, stop] => Block { start: owned(start), stop: owned(stop), cidr: None },
        _ if split(text, '/').len() > 1 => Block { cidr: owned(text), ..Block::default() },
        _ => Block { start: owned(text), ..Block::default() },
    }
}

/// `key=value`, several with commas between.
pub(super) fn selector(text: &str) -> Result<Selector, Wrong> {
    let mut selector = Selector::default();
    for part in list(text) {
        let Some((key, value)) = part.split_once('=') else {
            return Err((format!("`{part}` is no label"), "write key=value, several with commas between".to_owned()));
        };
        selector.match_labels.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    Ok(selector)
}

/// The parts between separators that stand outside of `${...}`: a default such as `${A:-10.0.0.1}` is one text.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0_usize, 0, Vec::new());
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '{' if before == '$' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if c == separator && depth == 0 => {
                parts.push(&text[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
        before = c;
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_expressions_separate_nothing() {
        assert_eq!(list("a, b,,c"), ["a", "b", "c"]);
        assert_eq!(list("${A:-1,2},b"), ["${A:-1,2}", "b"]);
        assert_eq!(split("${A:-${B:-x}-y}-z", '-'), ["${A:-${B:-x}-y}", "z"]);
        assert_eq!(split("}-{", '-'), ["}", "{"]);
    }

    #[test]
    fn blocks_have_three_forms() {
        let fields = |text: &str| block(text).fields().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
        assert_eq!(fields("10.0.0.0/28"), "cidr=10.0.0.0/28");
        assert_eq!(fields("10.0.0.1 - 10.0.0.9"), "start=10.0.0.1 stop=10.0.0.9");
        assert_eq!(fields("fd00::1"), "start=fd00::1");
        assert_eq!(fields("${A:-10.0.0.1}/32"), "cidr=${A:-10.0.0.1}/32");
        assert_eq!(fields("${A}-${B:=10.0.0.9}"), "start=${A} stop=${B:=10.0.0.9}");
        assert_eq!(fields("${A/x/y}"), "start=${A/x/y}");
    }
}
