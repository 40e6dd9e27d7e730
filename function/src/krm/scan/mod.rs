//! The outline of a large ResourceList, found without a parser: where each item and each other key stands.
//!
//! A tree of 10 MB costs more than everything else in a run together, and nine tenths of those bytes are of kinds
//! that nobody here reads. So the lines are walked once: enough of YAML is followed (block scalars by their
//! indentation, quotes, brackets, plain text over several lines) to know which lines belong to which item, and only
//! what is read goes to the parser. This is done where it is certain, and nowhere else: an anchor, an alias, a tag,
//! a directive, a second document, a `? ` key, a control character, a tab or a lone carriage return where structure could be, an
//! indentation that does not fit: all these give `None`, and then the parser reads the whole text as if there were
//! no outline. Where the parser accepts a text that has an outline, both see the same items
//! (`krm/differential.rs` holds one against the other).
//!
//! The outline delimits, it does not validate: mistakes inside items that nobody reads pass through unseen, as
//! their bytes do. So it is used for texts of [`LARGE`] and more only.

mod flow;
mod item;
mod line;

use std::ops::Range;

pub use item::ItemOutline;
use line::{Cursor, Scalar};

/// From how many bytes on an outline is looked for. Smaller texts are parsed whole, which takes 10 ms at most and
/// validates every byte of them.
pub const LARGE: usize = 1 << 20;

/// Where the parts of a block ResourceList stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Where what belongs to the document begins: after the byte order mark and the line of a `---`.
    pub begin: usize,
    /// The keys at the root in order, each from its first byte to the first of the next.
    pub keys: Vec<Range<usize>>,
    /// Which of them is `items`.
    pub items_at: usize,
    /// The elements of `items`.
    pub items: Vec<ItemOutline>,
}

/// Find the outline of a text; `None` wherever there is any doubt.
pub fn outline(text: &str) -> Option<Outline> {
    let bytes = text.as_bytes();
    // YAML has no control characters; the parser says so better.
    let control = |&byte: &u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    if bytes.chunks(4096).any(|chunk| chunk.iter().fold(false, |found, byte| found | control(byte))) {
        return None;
    }
    if memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n')) {
        return None;
    }
    let mut cursor = Cursor::new(bytes);
    let mut outline = Outline { begin: preamble(&mut cursor)?, keys: Vec::new(), items_at: 0, items: Vec::new() };
    let mut names: Vec<&[u8]> = Vec::new();
    let mut has_items = false;
    while !cursor.at_end() {
        let start = cursor.at;
        let name = root_key(&cursor)?;
        if names.contains(&name) {
            return None;
        }
        names.push(name);
        if name == b"items" {
            has_items = true;
            outline.items_at = outline.keys.len();
            cursor.at += name.len() + 1;
            if !matches!(cursor.value()?, Scalar::Nothing) {
                return None;
            }
            outline.items = item::items(&mut cursor)?;
        } else {
            rest_of_key(&mut cursor);
        }
        outline.keys.push(start..cursor.at);
    }
    has_items.then_some(outline)
}

/// Step to the first key; hands back where the document begins.
fn preamble(cursor: &mut Cursor<'_>) -> Option<usize> {
    if cursor.bytes.starts_with("\u{feff}".as_bytes()) {
        cursor.at = 3;
    }
    let mut begin = cursor.at;
    let mut marked = false;
    while let Some(indent) = cursor.skip_to_content()? {
        if !marked && indent == 0 && cursor.rest().starts_with(b"---") {
            marked = true;
            cursor.at += 3;
            if !matches!(cursor.value()?, Scalar::Nothing) {
                return None;
            }
            begin = cursor.at;
        } else {
            return (indent == 0).then_some(begin);
        }
    }
    None
}

/// The key at the root on which the cursor stands: a plain word and its colon.
fn root_key<'b>(cursor: &Cursor<'b>) -> Option<&'b [u8]> {
    let rest = cursor.rest();
    let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let colon = rest.get(length) == Some(&b':') && matches!(rest.get(length + 1), None | Some(b' ' | b'\n' | b'\r'));
    (length > 0 && colon).then(|| &rest[..length])
}

/// Step over the value of a key other than `items`: to the next line that begins with anything but a blank, a
/// comment or a dash. What is cut off wrongly by that (a quoted text that goes on at the left margin) is no YAML any
/// more when it is parsed by itself, and then the whole text is parsed instead.
fn rest_of_key(cursor: &mut Cursor<'_>) {
    cursor.next_line();
    while let Some(&first) = cursor.rest().first() {
        let dash = first == b'-' && !cursor.rest().starts_with(b"---");
        if !dash && !matches!(first, b' ' | b'#' | b'\n' | b'\r' | b'\t') {
            return;
        }
        cursor.next_line();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &str) -> String {
        format!("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n{items}")
    }

    fn slices(text: &str) -> Vec<&str> {
        let outline = outline(text).unwrap_or_else(|| panic!("no outline of\n{text}"));
        outline.items.iter().map(|item| &text[item.lines.clone()]).collect()
    }

    #[test]
    fn items_are_cut_at_their_dashes() {
        let text = list("- kind: A\n  a: |\n    - kind: no item\n\n     deeper\n  b: 'it''s\n\n    open'\n- kind: B\n");
        let text =
            format!("{text}  c: {{a: [1, \"]\"],\n    b: it's}} # }}\n  d: plain\n    - \"text\nresults:\n- a: 1\n");
        assert_eq!(
            slices(&text),
            [
                "- kind: A\n  a: |\n    - kind: no item\n\n     deeper\n  b: 'it''s\n\n    open'\n",
                "- kind: B\n  c: {a: [1, \"]\"],\n    b: it's} # }\n  d: plain\n    - \"text\n",
            ]
        );
    }

    #[test]
    fn indented_items_comments_and_windows_lines() {
        let text = list("# head\n    -  # behind\n      kind: A\n      list:\n      - a\n    # foot\n    - kind: B\n");
        assert_eq!(slices(&text).len(), 2);
        let windows = text.replace('\n', "\r\n");
        assert_eq!(slices(&windows).len(), 2);
        let marked = format!("\u{feff}# c\n--- # d\n{text}");
        assert_eq!(outline(&marked).map(|o| o.begin), Some("\u{feff}# c\n--- # d\n".len()));
    }

    #[test]
    fn doubt_is_no_outline() {
        for items in [
            "- kind: A\n  a: &x 1\n",
            "- kind: A\n  a: *x\n",
            "- kind: A\n  a: !t 1\n",
            "- !t\n  kind: A\n",
            "- kind: A\n  ? a\n  : b\n",
            "- kind: A\n\ta: 1\n",
            "- kind: A\n  a:\t1\n",
            "- kind: A\r  a: 1\n",
            "- kind: A\n  a: 'open\nb: closed'\n",
            "- kind: A\n  a: {b: 1,\n  c: [d\n]}\n",
            "- kind: A\n a: 1\n",
            "  - kind: A\n - kind: B\n",
            "  - kind: A\n  b: 1\n",
            "- kind: A\n---\nkind: B\n",
            "- kind: A\n...\n",
            "- kind: A\nitems:\n- kind: B\n",
            "- kind: A\n-b: 1\n",
            "- - kind: A\n",
            "- text\n",
            "- |\n  text\n",
            "-\n- kind: A\n",
            "- kind: A\n  a: |x\n    b\n",
            "- kind: A\n  a: |\n      \n    b\n",
            "- kind: A\n  kind: B\n",
            "- kind: A\n  a: \"b\" c\n",
            "",
            "[]\n",
        ] {
            assert_eq!(outline(&list(items)), None, "{items}");
        }
        assert_eq!(outline(&list("  kind: A\n")), None, "a map below items");
        assert_eq!(outline("%YAML 1.2\n---\nitems:\n- kind: A\n"), None);
        assert_eq!(outline("--- {items: []}\n"), None);
        assert_eq!(outline(" items:\n - kind: A\n"), None);
        assert_eq!(outline("kind: ResourceList\n"), None);
    }
}
