//! The items of a list: their lines, and who they are.

use std::ops::Range;

use super::line::{Cursor, Scalar, is_indicator};

/// One element of `items`, as far as its lines tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemOutline {
    /// Its whole lines, from the one with its dash; comments in front of the next item included.
    pub lines: Range<usize>,
    /// Its content.
    pub span: Range<usize>,
    /// The plain text of `apiVersion`.
    pub api_version: Option<Range<usize>>,
    /// The plain text of `kind`.
    pub kind: Option<Range<usize>>,
    /// `metadata`, from the key up to the next one.
    pub metadata: Option<Range<usize>>,
    /// Whether all of the above is certain; where it is not, only `lines` is, and the parser must tell.
    pub certain: bool,
}

/// Step over all items, up to the next key at the root or the end of the text.
pub(super) fn items(cursor: &mut Cursor<'_>) -> Option<Vec<ItemOutline>> {
    let indent = cursor.skip_to_content()??;
    cursor.margin = indent;
    let mut items = Vec::new();
    loop {
        if !is_dash(cursor) {
            return None;
        }
        let (item, next) = item(cursor, indent)?;
        items.push(item);
        match next {
            None => return Some(items),
            Some(column) if column == indent && is_dash(cursor) => {}
            Some(0) => return Some(items),
            Some(_) => return None,
        }
    }
}

/// On a dash with a blank behind it.
fn is_dash(cursor: &Cursor<'_>) -> bool {
    cursor.peek() == Some(b'-') && matches!(cursor.bytes.get(cursor.at + 1), None | Some(b' ' | b'\n' | b'\r'))
}

/// Step over one item; hands back the column of what follows.
fn item(cursor: &mut Cursor<'_>, indent: usize) -> Option<(ItemOutline, Option<usize>)> {
    let line = cursor.at - indent;
    cursor.at += 1;
    let blanks = cursor.spaces();
    let mut column = Some(cursor.at - line);
    if cursor.at_line_end() || blanks > 0 && cursor.peek() == Some(b'#') {
        cursor.next_line();
        column = cursor.skip_to_content()?;
    }
    let home = column?;
    if home <= indent || is_dash(cursor) {
        return None;
    }
    let mut reading = Reading {
        home,
        outline: ItemOutline { span: cursor.at..cursor.at, certain: true, ..ItemOutline::default() },
        end: None,
        plain_below: None,
        in_metadata: false,
        word: false,
    };
    while let Some(at) = column.filter(|&at| at > indent) {
        reading.line(cursor, at)?;
        column = cursor.skip_to_content()?;
    }
    let end = cursor.at - column.unwrap_or(0);
    Some((reading.done(cursor, line..end), column))
}

/// An item while its lines are read.
struct Reading {
    /// The column of its keys.
    home: usize,
    outline: ItemOutline,
    /// End of the content so far; none behind a key or dash without a value, whose place the parser knows.
    end: Option<usize>,
    /// A plain text is open: deeper lines than this column go on with it.
    plain_below: Option<usize>,
    in_metadata: bool,
    /// The last key was one whose value must be a single word.
    word: bool,
}

impl Reading {
    /// Step over what begins at a column: a line, or several with a text that goes on.
    fn line(&mut self, cursor: &mut Cursor<'_>, column: usize) -> Option<()> {
        if self.plain_below.is_some_and(|parent| column > parent) {
            self.outline.certain &= !self.word;
            self.ends_with(cursor.plain(), column);
            return Some(());
        }
        if column < self.home {
            return None;
        }
        let (mut column, mut dash) = (column, None);
        while is_dash(cursor) {
            dash = Some(column);
            cursor.at += 1;
            let blanks = cursor.spaces();
            if cursor.at_line_end() || blanks > 0 && cursor.peek() == Some(b'#') {
                cursor.next_line();
                self.ends_with(Scalar::Nothing, column);
                return Some(());
            }
            column += 1 + blanks;
        }
        let is_home = column == self.home && dash.is_none();
        if is_home && self.in_metadata {
            self.in_metadata = false;
            self.outline.metadata.as_mut()?.end =
                cursor.at - if cursor.at == self.outline.span.start { 0 } else { column };
        }
        match cursor.peek()? {
            b'"' | b'\'' | b'[' | b'{' => {
                let start = cursor.at;
                let end = cursor.closed()?;
                self.outline.certain &= !is_home;
                cursor.spaces();
                if cursor.peek() == Some(b':') {
                    let one_line = memchr::memchr(b'\n', &cursor.bytes[start..end]).is_none();
                    if !one_line || matches!(cursor.bytes[start], b'[' | b'{') {
                        return None;
                    }
                    return self.value(cursor, column, None);
                }
                cursor.at = end;
                cursor.end_line()?;
                self.ends_with(Scalar::Closed { end }, column);
                Some(())
            }
            b'|' | b'>' => {
                let Scalar::Block { explicit } = cursor.block_header()? else { return None };
                self.block(cursor, dash?, explicit)
            }
            first if is_indicator(first) => None,
            _ => match key(cursor)? {
                Some(key) => {
                    cursor.at = key.end;
                    self.value(cursor, column, is_home.then_some(key))
                }
                None => {
                    let text = cursor.plain();
                    self.ends_with(text, dash?);
                    Some(())
                }
            },
        }
    }

    /// Step over the value of a key in a column, the cursor standing on its colon.
    fn value(&mut self, cursor: &mut Cursor<'_>, column: usize, home_key: Option<Range<usize>>) -> Option<()> {
        cursor.at += 1;
        let colon = cursor.at;
        let value = cursor.value()?;
        if let Some(key) = home_key {
            self.home_key(cursor.bytes, key, colon, value)?;
        }
        if let Scalar::Block { explicit } = value {
            return self.block(cursor, column, explicit);
        }
        self.ends_with(value, column);
        Some(())
    }

    fn block(&mut self, cursor: &mut Cursor<'_>, parent: usize, explicit: Option<usize>) -> Option<()> {
        self.end = cursor.block(parent, explicit)?;
        self.plain_below = None;
        Some(())
    }

    fn ends_with(&mut self, value: Scalar, parent: usize) {
        self.plain_below = None;
        self.end = match value {
            Scalar::Nothing | Scalar::Block { .. } => None,
            Scalar::Closed { end } => Some(end),
            Scalar::Plain { end, open } => {
                self.plain_below = open.then_some(parent);
                Some(end)
            }
        };
    }

    /// Note what the item's own keys say of it. A key of these given twice is the parser's to refuse.
    fn home_key(&mut self, bytes: &[u8], key: Range<usize>, colon: usize, value: Scalar) -> Option<()> {
        self.word = false;
        let slot = match &bytes[key.clone()] {
            b"apiVersion" => &mut self.outline.api_version,
            b"kind" => &mut self.outline.kind,
            b"metadata" => {
                self.in_metadata = true;
                let twice = self.outline.metadata.replace(key.start..key.end).is_some();
                return (!twice).then_some(());
            }
            // A merge key, blanks before the colon, and whatever else is no plain name.
            name if !is_word(name) => {
                self.outline.certain = false;
                return Some(());
            }
            _ => return Some(()),
        };
        if slot.is_some() {
            return None;
        }
        self.word = true;
        let Scalar::Plain { end, .. } = value else {
            self.outline.certain = false;
            return Some(());
        };
        let start = colon + bytes[colon..end].iter().take_while(|byte| **byte == b' ').count();
        *slot = Some(start..end);
        self.outline.certain &= is_word(&bytes[start..end]);
        Some(())
    }

    fn done(mut self, cursor: &Cursor<'_>, lines: Range<usize>) -> ItemOutline {
        if self.in_metadata
            && let Some(metadata) = &mut self.outline.metadata
        {
            metadata.end = lines.end;
        }
        match self.end {
            // What the parser takes for blank at the end of a text may be more than ASCII.
            Some(end) if cursor.bytes[end - 1].is_ascii() => self.outline.span.end = end,
            _ => self.outline.certain = false,
        }
        self.outline.lines = lines;
        self.outline
    }
}

/// Plain text that reads as itself.
fn is_word(text: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'-' | b'_');
    text.first().is_some_and(u8::is_ascii_alphanumeric)
        && text.iter().all(plain)
        && !matches!(text, b"null" | b"Null" | b"NULL")
}

/// The plain key that begins at the cursor; `Some(None)` when the line has no colon that ends one.
fn key(cursor: &Cursor<'_>) -> Option<Option<Range<usize>>> {
    let rest = cursor.rest();
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    for at in memchr::memchr2_iter(b':', b'#', line) {
        if line[at] == b'#' {
            if at > 0 && matches!(line[at - 1], b' ' | b'\t') {
                return Some(None);
            }
            continue;
        }
        match line.get(at + 1) {
            None | Some(b' ' | b'\r') => return Some(Some(cursor.at..cursor.at + at)),
            Some(b'\t') => return None,
            Some(_) => {}
        }
    }
    Some(None)
}
