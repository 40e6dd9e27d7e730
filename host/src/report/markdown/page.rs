//! A Markdown page that stays below the length that a comment may have, and says what it left out.
//!
//! Blocks are offered in the order of their weight. One that does not fit any more is counted, not cut in two, and the
//! page ends with the counts.

use std::fmt::Write as _;

/// What GitHub takes in one comment, in UTF-16 units, and some room for what a bot adds. GitLab takes a million.
pub const COMMENT: usize = 65_536 - 1_024;
/// Kept free for the closing words about what was left out, and for the tags that close a fold.
const RESERVE: usize = 512;

/// A page while it grows.
#[derive(Debug)]
pub struct Page {
    text: String,
    room: usize,
    left_out: Vec<(&'static str, usize)>,
}

impl Page {
    /// An empty page for this many UTF-16 units.
    pub fn new(limit: usize) -> Self {
        Self { text: String::new(), room: limit.saturating_sub(RESERVE), left_out: Vec::new() }
    }

    /// Add a block, or count it under `what` (in the singular, such as `finding`) when there is no room for it.
    pub fn offer(&mut self, what: &'static str, block: &str) {
        if !self.add(block) {
            self.leave_out(what, 1);
        }
    }

    /// A part that a reader has to open, made of a head and of blocks that are each offered. Nothing when there are
    /// none; not opened at all when not even the head and the first block fit.
    pub fn fold(
        &mut self,
        summary: &str,
        head: &str,
        what: &'static str,
        blocks: impl ExactSizeIterator<Item = String>,
    ) {
        self.part(&format!("<details><summary>{summary}</summary>\n\n{head}"), "\n</details>\n\n", what, blocks);
    }

    /// The same, open: a title, a head, and blocks that are each offered.
    pub fn list(&mut self, title: &str, head: &str, what: &'static str, blocks: impl ExactSizeIterator<Item = String>) {
        self.part(&format!("{title}:\n\n{head}"), "\n", what, blocks);
    }

    fn part(&mut self, open: &str, close: &str, what: &'static str, blocks: impl ExactSizeIterator<Item = String>) {
        let total = blocks.len();
        let mut blocks = blocks.peekable();
        let Some(first) = blocks.peek() else { return };
        if units(open) + units(first) + units(close) > self.room || !self.add(open) {
            return self.leave_out(what, total);
        }
        self.room = self.room.saturating_sub(units(close));
        // Whatever comes behind one that has no room would have lost its order.
        for (fits, block) in blocks.enumerate() {
            if !self.add(&block) {
                self.leave_out(what, total - fits);
                break;
            }
        }
        self.text.push_str(close);
    }

    /// The page, and what it had no room for.
    pub fn finish(mut self) -> String {
        if !self.left_out.is_empty() {
            let parts: Vec<String> =
                self.left_out.iter().map(|(what, count)| crate::report::words::counted(*count, what)).collect();
            let _ = writeln!(self.text, "Left out, because a comment has no room for more: {}.", parts.join(", "));
        }
        self.text
    }

    fn add(&mut self, block: &str) -> bool {
        let units = units(block);
        if units > self.room {
            return false;
        }
        self.room -= units;
        self.text.push_str(block);
        true
    }

    fn leave_out(&mut self, what: &'static str, count: usize) {
        match self.left_out.iter_mut().find(|(known, _)| *known == what) {
            Some((_, known)) => *known += count,
            None => self.left_out.push((what, count)),
        }
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Text that means itself: in a paragraph, in a table, inside of HTML. No name in a manifest makes a link, calls a
/// person, or ends a table.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in crate::report::text::line(text).chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A call or a reference begins with these; a comment between it and its name ends that.
            '@' | '#' => {
                out.push(char);
                out.push_str("<!-- -->");
            }
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '|' | '~' | '$' | '!' => {
                out.push('\\');
                out.push(char);
            }
            char => out.push(char),
        }
    }
    // A bare address of a site would become a link.
    out.replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.")
}

/// A value in a fixed width.
pub fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_counted() {
        let mut page = Page::new(RESERVE + 20);
        page.offer("finding", "0123456789\n");
        page.offer("finding", "too long for the rest\n");
        page.offer("cluster", "short\n");
        page.offer("cluster", "no room now\n");
        let expected = "0123456789\nshort\n\
                        Left out, because a comment has no room for more: 1 finding, 1 cluster.\n";
        assert_eq!(page.finish(), expected);
    }

    #[test]
    fn a_fold_is_closed_whatever_fits() {
        let fold = |limit: usize| {
            let mut page = Page::new(RESERVE + limit);
            page.fold("More", "", "request", (0..100).map(|number| format!("- request {number}\n")));
            page.finish()
        };
        assert!(fold(10).starts_with("Left out, because a comment has no room for more: 100 requests."));
        let page = fold(200);
        assert!(page.contains("- request 0\n") && page.contains("\n</details>\n"), "{page}");
        let shown = page.matches("- request").count();
        assert!(page.contains(&format!("no room for more: {} requests.", 100 - shown)), "{page}");
        assert!(units(&page) < RESERVE + 200);
        let mut empty = Page::new(1000);
        empty.fold("More", "", "request", std::iter::empty::<String>().collect::<Vec<_>>().into_iter());
        assert_eq!(empty.finish(), "");
    }

    #[test]
    fn names_mean_themselves() {
        assert_eq!(escaped("a|b <b>*x*_y_</b>"), "a\\|b &lt;b&gt;\\*x\\*\\_y\\_&lt;/b&gt;");
        assert_eq!(escaped("@everyone #12 ${V}"), "@<!-- -->everyone #<!-- -->12 \\$\\{V\\}");
        assert_eq!(escaped("one\ntwo"), "one two");
        assert_eq!(code("10.0.0.0/8"), "<code>10.0.0.0/8</code>");
    }
}
