//! The closing line.

use lbpools_function::report::{LeftOut, Report, Severity, Verdict};

use super::Dress;
use crate::report::words::counted;

/// How many findings of which kind, and what could not be checked.
pub fn verdict(report: &Report, dress: Dress) -> String {
    let (style, word) = match report.verdict {
        Verdict::Clean => (Dress::GOOD, "clean"),
        Verdict::Findings => (Dress::BAD, "refused"),
        Verdict::Failed => return dress.paint(Dress::DOUBT, "the run failed, nothing was judged"),
    };
    let mut text = format!("{}: {}", dress.paint(style, word), counts(report).join(", "));
    text.push_str(&left_out(report));
    text
}

/// How many findings of each kind there are, errors first even where there are none, and what could not be checked.
pub(crate) fn counts(report: &Report) -> Vec<String> {
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let mut parts = vec![counted(count(Severity::Error), "error")];
    let others = [
        (count(Severity::Warning), "warning"),
        (count(Severity::Info), "remark"),
        (report.not_checked.len(), "thing not checked"),
    ];
    parts.extend(others.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(count, what)));
    if report.clusters.is_empty() {
        parts.push("no cluster found to judge".into());
    }
    parts
}

/// What the caller asked to leave out, a line each.
pub(crate) fn left_out(report: &Report) -> String {
    let mut text = String::new();
    let LeftOut { latent, unaffected, other_clusters, of_repository } = report.left_out;
    let left_out = [
        (latent, "about what no cluster applies (--show-latent)"),
        (unaffected, "that the change does not affect"),
        (other_clusters, "about other clusters"),
        (of_repository, "about the repository by itself (lbpools check)"),
    ];
    for (count, what) in left_out.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("\nleft out: {} {what}", counted(count, "finding")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn says_what_was_found_and_what_was_not_checked() {
        let mut report = sample::fleet().report;
        assert_eq!(verdict(&report, Dress::default()), "refused: 1 error, 1 warning, 1 thing not checked");
        report.findings.clear();
        report.verdict = Verdict::Clean;
        assert_eq!(verdict(&report, Dress::default()), "clean: no errors, 1 thing not checked");
        report.not_checked.clear();
        report.clusters.clear();
        assert_eq!(verdict(&report, Dress::default()), "clean: no errors, no cluster found to judge");
    }

    #[test]
    fn says_what_was_left_out() {
        let mut report = sample::fleet().report;
        report.findings.clear();
        report.not_checked.clear();
        report.verdict = Verdict::Clean;
        report.left_out = LeftOut { latent: 1, unaffected: 2, ..LeftOut::default() };
        let lines = [
            "clean: no errors",
            "left out: 1 finding about what no cluster applies (--show-latent)",
            "left out: 2 findings that the change does not affect",
        ];
        assert_eq!(verdict(&report, Dress::default()), lines.join("\n"));
    }
}
