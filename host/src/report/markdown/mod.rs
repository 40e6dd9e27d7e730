//! Markdown: a comment under a pull request.
//!
//! What is wrong comes first and open; how it came about, who gets which address and what was not checked are folded.
//! The first line is a mark by which a bot finds its own comment and writes it anew.

use std::io::{self, Write};

use lbpools_function::report::{ClusterReport, Finding, NotChecked, Outcome, PoolReport, RequestReport, Severity};

use super::spot::Spot;
use super::text::Dress;
use super::{Presented, Texts, words};

mod page;
pub use page::{COMMENT, Page, code, escaped};

/// The mark of a comment of ours.
pub const MARK: &str = "<!-- lbpools -->\n";

/// Write the comment.
pub fn emit(Presented { report, texts, .. }: Presented<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(COMMENT);
    let verdict = super::text::verdict(report, Dress::default());
    page.offer("heading", &format!("{MARK}### lbpools: {}\n\n", escaped(&verdict)));
    if let Some(failure) = &report.failure {
        let at = failure.at.as_ref().map(|at| format!("{}: ", place(&Spot::of(at, texts)))).unwrap_or_default();
        let help = failure.help.as_ref().map(|help| format!("\n\n{}", escaped(help))).unwrap_or_default();
        page.offer("reason", &format!("{at}{}{help}\n\n", escaped(&failure.message)));
    }
    let (errors, others): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| finding.severity == Severity::Error);
    for error in errors {
        page.offer("error", &finding(error, texts));
    }
    page.fold(
        &format!("<b>{}</b> that refuse nothing", words::counted(others.len(), "finding")),
        "",
        "finding",
        others.iter().map(|other| finding(other, texts)),
    );
    for each in &report.clusters {
        cluster(each, &mut page);
    }
    page.fold(
        &format!("<b>{}</b>", words::counted(report.not_checked.len(), "thing not checked")),
        "",
        "thing not checked",
        report.not_checked.iter().map(not_checked),
    );
    out.write_all(page.finish().as_bytes())
}

/// The sentence, where it is, and folded what leads there and what to do.
fn finding(finding: &Finding, texts: &Texts) -> String {
    let spot = Spot::of_finding(finding, texts);
    let subject = words::subject(finding);
    let subject = if subject.is_empty() { subject } else { format!(", {}", escaped(&subject)) };
    let mut block = format!(
        "**{} {}** {}\n{}{subject}\n",
        words::severity(finding.severity),
        escaped(&finding.code),
        escaped(&finding.message),
        place(&spot),
    );
    // In the same paragraph, on a line of its own.
    block = block.replacen('\n', "<br>\n", 1);
    block.push_str("\n<details><summary>How it came about, and what to do</summary>\n\n");
    block.extend(finding.current.iter().map(|current| format!("- now {}\n", code(current))));
    for link in &finding.chain {
        let at = link.at.as_ref().map(|at| format!(", {}", place(&Spot::of(at, texts)))).unwrap_or_default();
        block.push_str(&format!("- from {}{at}\n", escaped(&link.what)));
    }
    block.extend(finding.proposed.iter().map(|proposed| format!("- write {}\n", code(proposed))));
    block.push_str(&format!("- {}\n\n</details>\n\n", escaped(&finding.help)));
    block
}

fn place(spot: &Spot) -> String {
    match spot.region {
        Some(region) => code(&format!("{}:{}", spot.file, region.line)),
        None => code(&spot.file),
    }
}

/// Pools, then who gets which address; both folded.
pub fn cluster(cluster: &ClusterReport, page: &mut Page) {
    let name = escaped(&cluster.name);
    page.fold(
        &format!("Cluster <b>{name}</b>: {}", words::counted(cluster.pools.len(), "pool")),
        "| pool | addresses | total | used | free | serves |\n|---|---|--:|--:|--:|---|\n",
        "pool",
        cluster.pools.iter().map(pool),
    );
    page.fold(
        &format!("Cluster <b>{name}</b>: {}", words::counted(cluster.requests.len(), "request for an address")),
        "| who | address | pool | because |\n|---|---|---|---|\n",
        "request",
        cluster.requests.iter().map(request),
    );
}

fn pool(pool: &PoolReport) -> String {
    let blocks: Vec<String> =
        pool.blocks.iter().map(|block| code(block.range.as_ref().unwrap_or(&block.written))).collect();
    let total = escaped(&words::amount(pool.total.as_ref(), None));
    let used = escaped(&words::amount(pool.used.as_ref(), pool.used_between.as_ref()));
    let free = escaped(&words::amount(pool.free.as_ref(), pool.free_between.as_ref()));
    let disabled = if pool.disabled { " (disabled)" } else { "" };
    let serves = pool.selector.as_deref().map_or("every Service".to_owned(), escaped);
    format!("| {}{disabled} | {} | {total} | {used} | {free} | {serves} |\n", escaped(&pool.name), blocks.join("<br>"))
}

/// One row an address; the name stands in the first.
fn request(request: &RequestReport) -> String {
    let service = request.service.as_ref().map(|service| format!(" (Service {})", escaped(service)));
    let mut who = format!("{}{}", escaped(&words::object(&request.resource)), service.unwrap_or_default());
    let mut rows = String::new();
    for outcome in &request.outcomes {
        let (address, pool, because) = match outcome {
            Outcome::Address { address, pool, because } => (code(address), escaped(pool), because),
            Outcome::OneOf { ranges, pools, more, because, .. } => {
                let ranges: Vec<String> = ranges.iter().map(|range| code(range)).collect();
                (format!("one of {}", ranges.join(", ")), escaped(&words::pools(pools, *more)), because)
            }
            Outcome::Pending { reason, because } => (format!("pending ({})", escaped(reason)), String::new(), because),
            Outcome::Unknown { because } => ("unknown".to_owned(), String::new(), because),
        };
        rows.push_str(&format!("| {} | {address} | {pool} | {} |\n", std::mem::take(&mut who), escaped(because)));
    }
    if rows.is_empty() { format!("| {who} | | | |\n") } else { rows }
}

fn not_checked(each: &NotChecked) -> String {
    let cluster = each.cluster.as_ref().map(|cluster| format!("cluster {}: ", escaped(cluster))).unwrap_or_default();
    format!("- {cluster}{}, because {}\n", escaped(&each.what), escaped(&each.because))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn errors_first_and_the_rest_folded() {
        insta::assert_snapshot!(sample::emitted(emit));
    }

    #[test]
    fn a_long_report_stays_a_comment() {
        let sample = sample::fleet();
        let mut report = sample.report;
        report.findings = (0..500).map(|_| report.findings[0].clone()).collect();
        let texts = Texts::new(&sample.sources, "");
        let mut out = Vec::new();
        emit(Presented { report: &report, texts: &texts, rules: &[] }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.encode_utf16().count() < 65_536);
        let shown = text.matches("**error LBP000**").count();
        assert!(shown > 30);
        assert!(text.contains(&format!("no room for more: {} errors", 500 - shown)), "{}", &text[text.len() - 300..]);
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }
}
