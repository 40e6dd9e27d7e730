//! JUnit XML, for the dashboards that show nothing else.
//!
//! A suite a cluster, and one for what is the same for all. A test case a finding: failed where it is an error, passed
//! with a word on standard output where it is not. What was not checked is a skipped case. A cluster that was judged
//! has a case for that, so a clean run is not an empty one.

use std::io::{self, Write};

use lbpools_function::report::{Finding, NotChecked, Report, Severity};
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::spot::Spot;
use super::{Presented, Texts, words};

/// The suite of findings that no single cluster has.
const ALL: &str = "all clusters";

/// Write the document.
pub fn emit(Presented { report, texts, .. }: Presented<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Document::new("lbpools");
    let named = report.clusters.iter().map(|cluster| Some(cluster.name.as_str()));
    document.add_test_suites(named.chain([None]).map(|cluster| suite(report, cluster, texts)));
    let xml = document.to_string().map_err(io::Error::other)?;
    // The crate counts skipped cases on the root too, where Jenkins's schema has no such attribute. It stands first.
    let skipped: usize = document.test_suites.iter().map(|suite| suite.skipped).sum();
    out.write_all(xml.replacen(&format!(" skipped=\"{skipped}\""), "", 1).as_bytes())
}

/// What concerns one cluster, or none.
fn suite(report: &Report, cluster: Option<&str>, texts: &Texts) -> TestSuite {
    let mut suite = TestSuite::new(cluster.unwrap_or(ALL));
    let class = format!("lbpools.{}", cluster.unwrap_or(ALL));
    let judged = match (&report.failure, cluster) {
        (Some(failure), _) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            let help = failure.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
            let at = failure.at.as_ref().map(|at| format!("{}: ", file_and_line(&Spot::of(at, texts))));
            status.set_message(&failure.message);
            status.set_description(format!("{}{}{help}", at.unwrap_or_default(), failure.message));
            status
        }
        (None, _) => TestCaseStatus::success(),
    };
    let mut case = TestCase::new("was judged", judged);
    case.set_classname(&class);
    suite.add_test_case(case);
    // A cluster that only findings speak of (its plan stands alone) has no suite; they are said with the rest.
    let unknown = |name: &str| report.clusters.iter().all(|known| known.name != name);
    let belongs = |of: Option<&str>| of == cluster || (cluster.is_none() && of.is_some_and(unknown));
    for finding in report.findings.iter().filter(|finding| belongs(finding.cluster.as_deref())) {
        suite.add_test_case(found(finding, &class, texts));
    }
    for each in report.not_checked.iter().filter(|each| belongs(each.cluster.as_deref())) {
        suite.add_test_case(skipped(each, &class));
    }
    suite
}

fn found(finding: &Finding, class: &str, texts: &Texts) -> TestCase {
    let told = told(finding, texts);
    let object = finding.resource.as_ref().map(words::object);
    let name = [Some(finding.code.clone()), Some(finding.rule.clone()), object, finding.field.clone()];
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let mut case = if finding.severity == Severity::Error {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(&finding.message).set_type(&finding.code).set_description(told);
        TestCase::new(name, status)
    } else {
        let mut case = TestCase::new(name, TestCaseStatus::success());
        case.set_system_out(told);
        case
    };
    case.set_classname(class);
    case
}

/// The whole finding in lines.
fn told(finding: &Finding, texts: &Texts) -> String {
    let mut lines = vec![
        format!("{}[{}] {}", words::severity(finding.severity), finding.code, finding.message),
        format!("at: {}", file_and_line(&Spot::of_finding(finding, texts))),
    ];
    let subject = words::subject(finding);
    if !subject.is_empty() {
        lines.push(format!("in: {subject}"));
    }
    lines.extend(finding.current.iter().map(|current| format!("now: {current}")));
    for link in &finding.chain {
        let at = link.at.as_ref().map(|at| format!(" ({})", file_and_line(&Spot::of(at, texts))));
        lines.push(format!("from: {}{}", link.what, at.unwrap_or_default()));
    }
    lines.extend(finding.proposed.iter().map(|proposed| format!("write: {proposed}")));
    lines.push(format!("help: {}", finding.help));
    lines.join("\n")
}

fn skipped(each: &NotChecked, class: &str) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message(format!("not checked, because {}", each.because));
    let mut case = TestCase::new(format!("{} is checked", each.what), status);
    case.set_classname(class);
    case
}

fn file_and_line(spot: &Spot) -> String {
    match spot.region {
        Some(region) => format!("{}:{}:{}", spot.file, region.line, region.column),
        None => spot.file.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_suite_a_cluster() {
        insta::assert_snapshot!(sample::emitted(emit));
    }
}
