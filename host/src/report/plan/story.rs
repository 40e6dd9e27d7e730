//! The whole story of one address or one Service.

use std::io::{self, Write};

use lbpools_function::report::Explanation;
use unicode_width::UnicodeWidthStr;

use super::text::Page;
use crate::report::Texts;
use crate::report::text::table::wrapped;
use crate::report::text::{Dress, line, location};

/// Tell it.
pub fn tell(explanation: &Explanation, texts: &Texts, page: Page, out: &mut dyn Write) -> io::Result<()> {
    for story in &explanation.stories {
        let heading = page.dress.paint(Dress::HEADING, &format!("cluster {}", line(&story.cluster)));
        writeln!(out, "{heading}")?;
        let room = page.columns.map_or(usize::MAX, |columns| columns.saturating_sub(2).max(20));
        for text in wrapped(&line(&story.verdict), room) {
            writeln!(out, "  {text}")?;
        }
        writeln!(out)?;
        for step in &story.steps {
            let room = page.columns.map_or(usize::MAX, |columns| columns.saturating_sub(18).max(20));
            let at = step.at.as_ref().map(|at| location(at, texts));
            for (n, text) in wrapped(&line(&step.text), room).into_iter().enumerate() {
                let about = if n == 0 { step.about.as_str() } else { "" };
                let padding = " ".repeat(12usize.saturating_sub(about.len()));
                writeln!(out, "    {}{padding}  {text}", page.dress.paint(Dress::FAINT, &line(about)))?;
            }
            if let Some(at) = at.map(|at| format!("at {at}")) {
                // A path is never broken in two; where it does not fit it begins further left.
                let indent = if at.width() <= room { 18 } else { 4 };
                writeln!(out, "{:indent$}{}", "", page.dress.paint(Dress::FAINT, &at))?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}
