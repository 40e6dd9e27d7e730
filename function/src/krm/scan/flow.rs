//! Stepping over `[…]` and `{…}`.

use super::line::{Cursor, is_indicator};

/// What may come next inside a flow collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A key, a value, or the end.
    Node,
    /// More of a plain text. Quotes are text here.
    Plain,
    /// A comma, a colon, or the end.
    Separator,
}

/// Step over a flow collection, over several lines when they stay right of the margin.
pub(super) fn collection(cursor: &mut Cursor<'_>) -> Option<()> {
    let (mut depth, mut next) = (0_usize, Next::Node);
    loop {
        let byte = cursor.peek()?;
        let behind_blank = cursor.at > 0 && matches!(cursor.bytes[cursor.at - 1], b' ' | b'\n');
        match byte {
            b'\t' => return None,
            b' ' | b'\r' => {}
            b'\n' => {
                cursor.continued()?;
                continue;
            }
            b'#' if behind_blank => {
                cursor.at += memchr::memchr(b'\n', cursor.rest())?;
                next = if next == Next::Plain { Next::Separator } else { next };
                continue;
            }
            b'[' | b'{' => {
                if next != Next::Node {
                    return None;
                }
                depth += 1;
            }
            b']' | b'}' => {
                depth -= 1;
                next = Next::Separator;
                if depth == 0 {
                    cursor.at += 1;
                    return Some(());
                }
            }
            b',' => next = Next::Node,
            b':' if next == Next::Separator || next == Next::Plain && ends_key(cursor) => next = Next::Node,
            b'"' | b'\'' if next == Next::Node => {
                cursor.quoted(byte)?;
                next = Next::Separator;
                continue;
            }
            _ if next == Next::Plain => {}
            b'-' if next == Next::Node && ends_key(cursor) => return None,
            _ if next == Next::Separator || is_indicator(byte) || byte == b'#' => return None,
            _ => next = Next::Plain,
        }
        cursor.at += 1;
    }
}

/// Whether the byte under the cursor is followed by what makes a colon the end of a key.
fn ends_key(cursor: &Cursor<'_>) -> bool {
    let after = cursor.bytes.get(cursor.at + 1);
    matches!(after, None | Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b'[' | b']' | b'{' | b'}'))
}
