//! GitLab's Code Quality report: a finding shows in the merge request, and on its line.
//!
//! The subset of the Code Climate format that GitLab reads. `fingerprint` tells a new finding from one that was there
//! before, so it must not move with the lines.

use std::io::{self, Write};

use lbpools_function::report::{Finding, Severity};
use serde_json::{Value, json};

use super::identity::identities;
use super::spot::Spot;
use super::{Presented, words};

/// Write the list.
pub fn emit(Presented { report, texts, .. }: Presented<'_>, out: &mut dyn Write) -> io::Result<()> {
    let failure = report.failure.as_ref().map(|failure| {
        let spot = failure.at.as_ref().map(|at| Spot::of(at, texts));
        let spot = spot.unwrap_or(Spot { file: texts.whole(), region: None });
        issue("run-failed", "blocker", &failure.message, "run-failed".into(), &spot)
    });
    let findings = report.findings.iter().zip(identities(&report.findings)).map(|(finding, name)| {
        let severity = match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Info => "info",
        };
        issue(&finding.code, severity, &description(finding), name, &Spot::of_finding(finding, texts))
    });
    let issues: Vec<Value> = failure.into_iter().chain(findings).collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    out.write_all(b"\n")
}

/// GitLab shows one line of text.
fn description(finding: &Finding) -> String {
    let subject = words::subject(finding);
    let subject = if subject.is_empty() { subject } else { format!(" ({subject})") };
    format!("{} {}{subject}. {}", finding.code, finding.message, finding.help)
}

fn issue(name: &str, severity: &str, description: &str, fingerprint: String, spot: &Spot) -> Value {
    // GitLab wants a line; what has none is shown at the first.
    let (begin, end) = spot.region.map_or((1, 1), |region| (region.line, region.end_line));
    json!({
        "type": "issue",
        "categories": ["Bug Risk"],
        "check_name": name,
        "description": description,
        "severity": severity,
        "fingerprint": fingerprint,
        "location": {"path": spot.file, "lines": {"begin": begin, "end": end}},
    })
}

#[cfg(test)]
mod tests {
    use crate::report::sample;

    #[test]
    fn a_list_of_issues() {
        insta::assert_snapshot!(sample::emitted(super::emit));
    }
}
