//! Walking over lines: indentation, comments, quoted text, block scalars.

use super::flow;

/// A place in a text of which only the bytes count: every byte that means something to YAML is ASCII.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'b> {
    /// The whole text.
    pub(super) bytes: &'b [u8],
    /// Where the cursor stands.
    pub(super) at: usize,
    /// Whatever goes on over several lines must stay to the right of this column, or it could be taken for the
    /// next item: the column of the items' dashes.
    pub(super) margin: usize,
}

/// What stands where a value may, stepped over up to the start of a later line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    /// Nothing, or a comment.
    Nothing,
    /// Plain text to `end`; `open` where no comment ends it, so that deeper lines go on with it.
    Plain { end: usize, open: bool },
    /// Quoted text or a flow collection that ends at `end`.
    Closed { end: usize },
    /// `|` or `>`: the cursor stands on the line behind the header.
    Block {
        /// The indentation indicator.
        explicit: Option<usize>,
    },
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, margin: 0 }
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(super) fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Step to the start of the next line.
    pub(super) fn next_line(&mut self) {
        self.at = memchr::memchr(b'\n', self.rest()).map_or(self.bytes.len(), |length| self.at + length + 1);
    }

    /// Step over spaces; says how many.
    pub(super) fn spaces(&mut self) -> usize {
        let start = self.at;
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
        self.at - start
    }

    /// At the end of the text or of a line.
    pub(super) fn at_line_end(&self) -> bool {
        matches!(self.peek(), None | Some(b'\n' | b'\r'))
    }

    /// From the start of a line to the first content, over blank lines and comments. `Some(None)` at the end of the
    /// text, else the column; `None` at a tab.
    pub(super) fn skip_to_content(&mut self) -> Option<Option<usize>> {
        while !self.at_end() {
            let column = self.spaces();
            match self.peek() {
                Some(b'\t') => return None,
                None | Some(b'\n' | b'\r' | b'#') => self.next_line(),
                Some(_) => return Some(Some(column)),
            }
        }
        Some(None)
    }

    /// Nothing but blanks and a comment may be left of the line; step to the next one.
    pub(super) fn end_line(&mut self) -> Option<()> {
        let blanks = self.spaces();
        if !(self.at_line_end() || blanks > 0 && self.peek() == Some(b'#')) {
            return None;
        }
        self.next_line();
        Some(())
    }

    /// Step over what stands behind a colon or a dash.
    pub(super) fn value(&mut self) -> Option<Scalar> {
        let blanks = self.spaces();
        match self.peek() {
            None | Some(b'\n' | b'\r') => {
                self.next_line();
                Some(Scalar::Nothing)
            }
            Some(_) if blanks == 0 => None,
            Some(b'#') => {
                self.next_line();
                Some(Scalar::Nothing)
            }
            Some(b'"' | b'\'' | b'[' | b'{') => {
                let end = self.closed()?;
                self.end_line()?;
                Some(Scalar::Closed { end })
            }
            Some(b'|' | b'>') => self.block_header(),
            Some(first) if is_indicator(first) => None,
            Some(_) => Some(self.plain()),
        }
    }

    /// Step over quoted text or a flow collection; hands back its end.
    pub(super) fn closed(&mut self) -> Option<usize> {
        match self.peek()? {
            quote @ (b'"' | b'\'') => self.quoted(quote)?,
            _ => flow::collection(self)?,
        }
        Some(self.at)
    }

    /// Step over the rest of a line of plain text.
    pub(super) fn plain(&mut self) -> Scalar {
        let start = self.at;
        self.next_line();
        let line = self.bytes.get(start..self.at).unwrap_or_default();
        let comment = memchr::memchr_iter(b'#', line).find(|&at| at > 0 && matches!(line[at - 1], b' ' | b'\t'));
        let text = &line[..comment.unwrap_or(line.len())];
        Scalar::Plain { end: start + text.trim_ascii_end().len(), open: comment.is_none() }
    }

    /// Step over quoted text, over several lines when it goes on to the right of the margin.
    pub(super) fn quoted(&mut self, quote: u8) -> Option<()> {
        self.at += 1;
        loop {
            let length = if quote == b'"' {
                memchr::memchr3(b'"', b'\\', b'\n', self.rest())?
            } else {
                memchr::memchr2(b'\'', b'\n', self.rest())?
            };
            self.at += length;
            match self.peek()? {
                b'\n' => self.continued()?,
                // An escaped line end is a line end all the same.
                b'\\' => self.at += if matches!(self.bytes.get(self.at + 1), Some(b'\n' | b'\r')) { 1 } else { 2 },
                _ if quote == b'\'' && self.bytes.get(self.at + 1) == Some(&b'\'') => self.at += 2,
                _ => {
                    self.at += 1;
                    return Some(());
                }
            }
        }
    }

    /// From a line feed to the first byte of the next line that is not blank, which must be right of the margin.
    pub(super) fn continued(&mut self) -> Option<()> {
        loop {
            self.at += 1;
            let column = self.spaces();
            match self.peek()? {
                b'\n' => {}
                b'\r' => self.at += 1,
                _ => return (column > self.margin).then_some(()),
            }
        }
    }

    /// Step over `|` or `>` and its indicators.
    pub(super) fn block_header(&mut self) -> Option<Scalar> {
        self.at += 1;
        let (mut explicit, mut chomping) = (None, false);
        loop {
            match self.peek() {
                Some(digit @ b'1'..=b'9') if explicit.is_none() => explicit = Some(usize::from(digit - b'0')),
                Some(b'+' | b'-') if !chomping => chomping = true,
                _ => break,
            }
            self.at += 1;
        }
        self.end_line()?;
        Some(Scalar::Block { explicit })
    }

    /// Step over the lines of a block scalar that belongs to column `parent`; hands back the end of its last line
    /// with content, `Some(None)` when it has none.
    pub(super) fn block(&mut self, parent: usize, explicit: Option<usize>) -> Option<Option<usize>> {
        let mut indent = explicit.map(|more| parent + more);
        let mut widest_blank = 0;
        let mut end = None;
        while !self.at_end() {
            let line = self.at;
            let column = self.spaces();
            match self.peek() {
                None | Some(b'\n' | b'\r') => widest_blank = widest_blank.max(column),
                Some(b'\t') if indent.is_none_or(|indent| column < indent) => return None,
                Some(_) => {
                    // Which indentation counts when a blank line before the first is wider is told apart nowhere.
                    if indent.is_none() && widest_blank > column {
                        return None;
                    }
                    if column < *indent.get_or_insert(column.max(parent + 1)) {
                        self.at = line;
                        break;
                    }
                    self.next_line();
                    end = Some(line + self.bytes[line..self.at].trim_ascii_end().len());
                    continue;
                }
            }
            self.next_line();
        }
        Some(end)
    }
}

/// What may not begin plain text, or only in ways that are not followed here.
pub(super) fn is_indicator(byte: u8) -> bool {
    matches!(byte, b'&' | b'*' | b'!' | b'%' | b'@' | b'`' | b',' | b']' | b'}' | b':' | b'?' | b'\t' | b'|' | b'>')
}
