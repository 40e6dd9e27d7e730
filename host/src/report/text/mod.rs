//! The report for a person at a terminal: findings with the lines they speak of, then who gets which address, then
//! what nobody could check, then the verdict.
//!
//! Every string of the report comes from somebody's YAML, so every string passes through `line()`: no name in a
//! manifest can move a cursor or hide a line.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use lbpools_function::report::{Action, Place, Report, ResourceRef, Severity};

use super::Texts;

pub(crate) mod cluster;
mod finding;
pub(crate) mod table;
mod verdict;

pub use verdict::verdict;
pub(crate) use verdict::{counts, left_out};

/// How to write.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dress {
    /// With colours.
    pub color: bool,
    /// The name of a file is a link to it, where the terminal knows such links.
    pub links: bool,
    /// Error findings only: no warnings, no tables, no closing words.
    pub quiet: bool,
    /// How many columns there are, where it is a terminal: lines of a file are cut to them.
    pub columns: Option<usize>,
}

impl Dress {
    pub(crate) const HEADING: Style = Style::new().bold();
    pub(crate) const FAINT: Style = Style::new().dimmed();
    pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
    pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
    pub(crate) const DOUBT: Style = AnsiColor::Yellow.on_default().bold();

    /// The text in a style, or bare when there are no colours.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Everything: findings, clusters, what would be written, what was not checked, the verdict.
pub fn page(report: &Report, texts: &Texts, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
    findings(report, texts, dress, out)?;
    if dress.quiet {
        return Ok(());
    }
    clusters(report, dress, out)?;
    changes(report, dress, out)?;
    not_checked(report, texts, dress, out)?;
    writeln!(out, "{}", verdict(report, dress))
}

/// Why the run failed, or its findings, one after the other with a blank line behind each.
pub fn findings(report: &Report, texts: &Texts, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
    if let Some(failure) = &report.failure {
        writeln!(out, "{}\n", finding::failure(failure, texts, dress))?;
    }
    let shown = report.findings.iter().filter(|finding| !dress.quiet || finding.severity == Severity::Error);
    for finding in shown {
        writeln!(out, "{}\n", finding::finding(finding, texts, dress))?;
    }
    Ok(())
}

/// Each cluster's pools, who gets which address from them, and what makes it reachable.
pub fn clusters(report: &Report, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
    for each in &report.clusters {
        cluster::cluster(each, dress, out)?;
    }
    Ok(())
}

/// What `render` would write.
pub fn changes(report: &Report, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
    let pending: Vec<_> = report.changes.iter().filter(|change| change.action != Action::Unchanged).collect();
    if pending.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", dress.paint(Dress::HEADING, "lbpools render would"))?;
    for change in pending {
        let action = match change.action {
            Action::Created => "create",
            Action::Updated => "update",
            Action::Removed => "remove",
            Action::Unchanged => "keep",
        };
        let path = change.path.as_ref().map(|path| format!(" in {}", line(path))).unwrap_or_default();
        writeln!(out, "  {action} {}{path}", name(&change.resource))?;
    }
    writeln!(out)
}

/// What no verdict was possible on.
pub fn not_checked(report: &Report, texts: &Texts, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
    if report.not_checked.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", dress.paint(Dress::HEADING, "not checked"))?;
    for each in &report.not_checked {
        let cluster = each.cluster.as_ref().map(|name| format!("cluster {}: ", line(name))).unwrap_or_default();
        let told = format!("{cluster}{}, because {}", line(&each.what), line(&each.because));
        let at = each.at.as_ref().map(|at| format!("({})", location(at, texts)));
        let Some(columns) = dress.columns else {
            let at = at.map(|at| dress.paint(Dress::FAINT, &format!("  {at}"))).unwrap_or_default();
            writeln!(out, "  {told}{at}")?;
            continue;
        };
        for (number, part) in table::wrapped(&told, columns.saturating_sub(4)).iter().enumerate() {
            writeln!(out, "{}{part}", if number == 0 { "  " } else { "    " })?;
        }
        if let Some(at) = at {
            writeln!(out, "    {}", dress.paint(Dress::FAINT, &at))?;
        }
    }
    writeln!(out)
}

/// `path:line:column` of a place, and for an item of a list the file that it says it comes from.
pub(crate) fn location(at: &Place, texts: &Texts) -> String {
    let own = match (&at.path, at.index) {
        (Some(path), _) if *path == at.source => String::new(),
        (Some(path), Some(index)) if index > 0 => format!(" ({}, document {})", line(path), index + 1),
        (Some(path), _) => format!(" ({})", line(path)),
        (None, _) => String::new(),
    };
    format!("{}:{}:{}{own}", line(&texts.name(&at.source)), at.line, at.column)
}

/// `Kind namespace/name`.
pub(crate) fn name(resource: &ResourceRef) -> String {
    let namespace = resource.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    line(&format!("{} {namespace}{}", resource.kind, resource.name)).into_owned()
}

/// A string on one line that obeys nothing: control characters and those that turn the writing direction are
/// spelled out.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    let harmful = |char: char| {
        char.is_control()
            || matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\t' => out.push(' '),
            char if harmful(char) => out.extend(char.escape_unicode()),
            char => out.push(char),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_string_moves_the_cursor() {
        assert_eq!(line("gateway"), "gateway");
        assert_eq!(line("a\u{1b}[2Jb\r\nc\td\u{9b}e\u{202e}f"), "a\\u{1b}[2Jb\\u{d} c d\\u{9b}e\\u{202e}f");
    }
}
