//! One HTML page with everything: for an artifact of a pipeline, for a browser, for print. It needs no network, no
//! script and no file beside it.

use std::io::{self, Write};

use lbpools_function::report::{Finding, NotChecked, Outcome, Place, Severity};
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;

use super::excerpt::Excerpt;
use super::spot::Spot;
use super::text::Dress;
use super::{Presented, Texts, words};

/// The look of all our pages: light, dark, print.
pub(super) const STYLE: &str = include_str!("style.css");
const PAGE: &str = include_str!("report.html");

/// Write the page.
pub fn emit(Presented { report, texts, .. }: Presented<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_template("report", PAGE).map_err(io::Error::other)?;
    let findings: Vec<Shown> = report.findings.iter().map(|finding| shown(finding, texts)).collect();
    let not_checked: Vec<Unjudged> = report.not_checked.iter().map(|each| unjudged(each, texts)).collect();
    let clusters = Value::from_serialize(&report.clusters);
    let outcomes: Vec<Vec<Vec<Told>>> = report
        .clusters
        .iter()
        .map(|cluster| cluster.requests.iter().map(|request| request.outcomes.iter().map(told).collect()).collect())
        .collect();
    let page = environment.get_template("report").and_then(|template| {
        template.render(context! {
            style => Value::from_safe_string(STYLE.to_owned()),
            verdict => super::text::verdict(report, Dress::default()),
            failure => report.failure,
            failed_at => report.failure.as_ref().and_then(|failure| failure.at.as_ref()).map(|at| place(at, texts)),
            function => report.function,
            errors => findings.iter().filter(|finding| finding.severity == "error").count(),
            findings, not_checked, clusters, outcomes,
        })
    });
    out.write_all(page.map_err(io::Error::other)?.as_bytes())?;
    out.write_all(b"\n")
}

/// A finding in the order of the page.
#[derive(Serialize)]
struct Shown<'a> {
    severity: &'static str,
    code: &'a str,
    rule: &'a str,
    message: &'a str,
    help: &'a str,
    subject: String,
    current: Option<&'a str>,
    proposed: Option<&'a str>,
    places: Vec<Step>,
}

/// A place, what to say of it, and the lines that stand there: before, marked, after.
#[derive(Serialize)]
struct Step {
    what: String,
    place: Option<String>,
    line: Option<u32>,
    excerpt: Option<[String; 3]>,
}

fn shown<'a>(finding: &'a Finding, texts: &Texts) -> Shown<'a> {
    let here = finding.at.as_ref().map(|at| step(String::new(), Some(at), texts));
    let chain = finding.chain.iter().map(|link| step(link.what.clone(), link.at.as_ref(), texts));
    Shown {
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        },
        code: &finding.code,
        rule: &finding.rule,
        message: &finding.message,
        help: &finding.help,
        subject: words::subject(finding),
        current: finding.current.as_deref(),
        proposed: finding.proposed.as_deref(),
        places: here.into_iter().chain(chain).collect(),
    }
}

fn step(what: String, at: Option<&Place>, texts: &Texts) -> Step {
    let excerpt = at.and_then(|at| Excerpt::new(texts.text(&at.source)?, at.start..at.end));
    let excerpt = excerpt.and_then(|Excerpt { text, span }| {
        let part = |range: std::ops::Range<usize>| text.get(range).map(str::to_owned);
        Some([part(0..span.start)?, part(span.clone())?, part(span.end..text.len())?])
    });
    Step { what, place: at.map(|at| place(at, texts)), line: at.map(|at| at.line), excerpt }
}

#[derive(Serialize)]
struct Unjudged<'a> {
    cluster: Option<&'a str>,
    what: &'a str,
    because: &'a str,
    place: Option<String>,
}

fn unjudged<'a>(each: &'a NotChecked, texts: &Texts) -> Unjudged<'a> {
    let place = each.at.as_ref().map(|at| place(at, texts));
    Unjudged { cluster: each.cluster.as_deref(), what: &each.what, because: &each.because, place }
}

fn place(at: &Place, texts: &Texts) -> String {
    let Spot { file, region } = Spot::of(at, texts);
    match region {
        Some(region) => format!("{file}:{}:{}", region.line, region.column),
        None => file,
    }
}

/// What comes of a request, in columns.
#[derive(Serialize)]
struct Told {
    address: String,
    pool: String,
    because: String,
}

fn told(outcome: &Outcome) -> Told {
    let (address, pool, because) = match outcome {
        Outcome::Address { address, pool, because } => (address.clone(), pool.clone(), because),
        Outcome::OneOf { ranges, pools, more, because, .. } => {
            (format!("one of {}", ranges.join(", ")), words::pools(pools, *more), because)
        }
        Outcome::Pending { reason, because } => (format!("pending ({reason})"), String::new(), because),
        Outcome::Unknown { because } => ("unknown".to_owned(), String::new(), because),
    };
    Told { address, pool, because: because.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn everything_on_one_page() {
        let page = sample::emitted(emit);
        let (_, body) = page.split_once("</style>").unwrap();
        insta::assert_snapshot!(body);
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let page = sample::emitted(emit);
        for needs in ["<script", "<link", "@import", "url(", "src=", "http:", "https:"] {
            assert!(!page.contains(needs), "{needs}");
        }
    }

    #[test]
    fn no_name_becomes_markup() {
        let mut sample = sample::fleet();
        sample.report.findings[0].message = "<img src=x onerror=alert(1)> & \"quotes\"".into();
        sample.report.clusters[0].name = "</style><b>".into();
        let texts = Texts::new(&sample.sources, "");
        let mut out = Vec::new();
        emit(Presented { report: &sample.report, texts: &texts, rules: &[] }, &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(!page.contains("<img") && !page.contains("</style><b>"));
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt; &amp; &quot;quotes&quot;"));
    }
}
