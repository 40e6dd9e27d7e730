//! GitHub's workflow commands: a finding becomes an annotation on the line of the pull request that it speaks of.
//!
//! The runner reads them off the log (`actions/runner`, `ActionCommand.cs`; written by `@actions/core`): one line a
//! command, so line ends and percent signs are encoded, and in a property the characters that end one.

use std::io::{self, Write};

use lbpools_function::report::{Finding, Severity};

use super::spot::Spot;
use super::{Presented, words};

/// Write the commands, the gravest first: GitHub shows ten of each kind a step.
pub fn emit(Presented { report, texts, .. }: Presented<'_>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(failure) = &report.failure {
        let spot = failure.at.as_ref().map(|at| Spot::of(at, texts));
        let help = failure.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        command("error", "lbpools could not judge", spot.as_ref(), &format!("{}{help}", failure.message), out)?;
    }
    for finding in &report.findings {
        let kind = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let title = format!("{} {}", finding.code, finding.rule);
        command(kind, &title, Some(&Spot::of_finding(finding, texts)), &message(finding), out)?;
    }
    Ok(())
}

/// The message with everything that an annotation has no field for.
fn message(finding: &Finding) -> String {
    let mut lines = vec![finding.message.clone()];
    let subject = words::subject(finding);
    if !subject.is_empty() {
        lines.push(subject);
    }
    lines.extend(finding.chain.iter().map(|link| format!("from: {}", link.what)));
    lines.extend(finding.proposed.iter().map(|proposed| format!("write: {proposed}")));
    lines.push(format!("help: {}", finding.help));
    lines.join("\n")
}

fn command(kind: &str, title: &str, spot: Option<&Spot>, message: &str, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "::{kind} title={}", property(title))?;
    if let Some(Spot { file, region }) = spot {
        write!(out, ",file={}", property(file))?;
        if let Some(region) = region {
            write!(out, ",line={},endLine={}", region.line, region.end_line)?;
            // Columns are only allowed within one line.
            if region.line == region.end_line {
                write!(out, ",col={},endColumn={}", region.column, region.end_column)?;
            }
        }
    }
    writeln!(out, "::{}", data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn one_line_a_finding() {
        insta::assert_snapshot!(sample::emitted(emit));
    }

    #[test]
    fn nothing_of_a_manifest_ends_a_command() {
        let mut out = Vec::new();
        let spot = Spot { file: "50%, a:b\n::error::x.yaml".into(), region: None };
        command("error", "a, b", Some(&spot), "one\r\n::set-output name=x::100%", &mut out).unwrap();
        let expected = "::error title=a%2C b,file=50%25%2C a%3Ab%0A%3A%3Aerror%3A%3Ax.yaml\
                        ::one%0D%0A::set-output name=x::100%25\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
