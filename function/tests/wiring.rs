//! A repository of three clusters with planted mistakes, live and latent, secret values, placeholder defaults and
//! things that only look wrong: all are told apart, and nothing is invented.
//!
//! The repository is `tests/fixtures/wiring`; `expected.txt` beside it has one line for each finding.

// The function reads no file; its tests do.
#![allow(clippy::disallowed_methods)]

mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lbpools_function::report::{LeftOut, Report, Severity, Verdict};
use lbpools_function::{Options, Role, Source, evaluate};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/wiring")
}

fn judged() -> (Vec<Source>, Report) {
    let sources = tree::sources(&root().join("repository"));
    let report = evaluate(&sources, Options::default()).report;
    assert_eq!(report.failure, None);
    (sources, report)
}

/// `CODE severity cluster file: text of the line`; no cluster is `-`, a latent one too.
fn line(sources: &[Source], finding: &lbpools_function::report::Finding) -> String {
    let place = finding.at.as_ref().expect("each finding of the fixture has a place");
    let source = sources.iter().find(|source| source.path == place.source).expect("a file of the fixture");
    let text = std::str::from_utf8(&source.text).expect("UTF-8");
    let text = text.lines().nth(place.line as usize - 1).unwrap_or_default().trim();
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let cluster = finding.cluster.as_deref().unwrap_or("-");
    format!("{} {severity} {cluster} {}: {text}", finding.code, place.source)
}

#[test]
fn all_are_found_and_none_is_invented() {
    let (sources, report) = judged();
    let expected = fs::read_to_string(root().join("expected.txt")).expect("the table");
    let expected: BTreeSet<&str> = expected.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    let found: Vec<String> = report.findings.iter().map(|finding| line(&sources, finding)).collect();
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let missed: Vec<_> = expected.difference(&found).collect();
    let invented: Vec<_> = found.difference(&expected).collect();
    assert!(missed.is_empty() && invented.is_empty(), "missed {missed:#?}\ninvented {invented:#?}");
    assert!(expected.len() >= 15, "{}", expected.len());
}

/// What a Secret holds is nowhere in the report, neither as it is written nor decoded.
#[test]
fn no_secret_is_told() {
    let (sources, report) = judged();
    let text = serde_json::to_string(&report).expect("a report is JSON");
    let all: String = sources.iter().map(|source| String::from_utf8_lossy(&source.text).into_owned()).collect();
    for secret in ["10.9.9.77", "MTAuOS45Ljc4", "10.9.9.78", "ENC[AES256_GCM"] {
        assert!(all.contains(secret) || secret == "10.9.9.78", "the fixture does not hold {secret}");
        assert!(!text.contains(secret), "{secret} is told");
    }
}

/// The report on the fixture with some more texts: what limits it, what it is compared with.
fn with(sources: &[Source], more: impl IntoIterator<Item = (Role, String, String)>) -> Report {
    let more = more.into_iter().map(|(role, path, text)| Source { path, role, text: text.into_bytes() });
    let sources: Vec<Source> = sources.iter().cloned().chain(more).collect();
    evaluate(&sources, Options::default()).report
}

fn limited(sources: &[Source], words: &[&str]) -> Report {
    with(sources, words.iter().map(|word| (Role::Scope, String::new(), (*word).to_owned())))
}

/// The fixture as what is compared with, in one file of which some text was another.
fn before(sources: &[Source], file: &str, now: &str, then: &str) -> Vec<(Role, String, String)> {
    let mut replaced = false;
    let mut texts: Vec<_> = sources
        .iter()
        .map(|source| {
            let mut text = String::from_utf8(source.text.clone()).expect("UTF-8");
            if source.path == file {
                replaced = text.contains(now);
                text = text.replace(now, then);
            }
            (Role::Baseline, source.path.clone(), text)
        })
        .collect();
    assert!(replaced, "{file} does not say {now:?}");
    texts.push((Role::Scope, String::new(), "changed".into()));
    texts
}

#[test]
fn what_no_cluster_applies_can_be_left_out() {
    let (sources, all) = judged();
    let live = limited(&sources, &["live"]);
    assert_eq!(live.left_out, LeftOut { latent: 1, ..LeftOut::default() });
    let latent: Vec<_> = all.findings.iter().filter(|finding| !live.findings.contains(finding)).collect();
    assert_eq!(
        latent.iter().map(|finding| line(&sources, finding)).collect::<Vec<_>>(),
        ["LBP102 info - apps/parked/pool.yaml: - start: 10.1.0.99"]
    );
    assert!(latent.iter().all(|finding| finding.latent) && live.findings.iter().all(|finding| !finding.latent));
}

#[test]
fn a_cluster_alone_is_what_all_say_of_it() {
    let (sources, all) = judged();
    for name in ["north", "south", "west"] {
        let one = limited(&sources, &[&format!("cluster={name}")]);
        let concerns = |cluster: &Option<String>| cluster.as_deref().is_none_or(|cluster| cluster == name);
        let expected: Vec<_> = all.findings.iter().filter(|finding| concerns(&finding.cluster)).cloned().collect();
        assert_eq!(one.findings, expected, "{name}");
        assert_eq!(one.left_out.other_clusters, all.findings.len() - expected.len());
        assert_eq!(one.clusters.iter().map(|cluster| &cluster.name).collect::<Vec<_>>(), [name]);
    }
    // Nothing is wrong with west, and others' mistakes do not refuse it.
    assert_eq!((all.verdict, limited(&sources, &["cluster=west"]).verdict), (Verdict::Findings, Verdict::Clean));
    let two = limited(&sources, &["cluster=west", "cluster=north"]);
    assert_eq!(two.clusters.len(), 2);
}

#[test]
fn a_cluster_that_is_not_there_is_no_clean_one() {
    let (sources, _) = judged();
    let report = limited(&sources, &["cluster=nroth"]);
    assert_eq!(report.verdict, Verdict::Failed);
    let failure = report.failure.expect("it failed");
    assert_eq!(failure.message, "there is no cluster `nroth`");
    assert_eq!(failure.help.as_deref(), Some("name one of north, south, west"));
    assert_eq!(limited(&sources, &["changed"]).verdict, Verdict::Failed, "there is nothing to compare with");
}

#[test]
fn a_change_of_nothing_brings_nothing() {
    let (sources, all) = judged();
    let report = with(&sources, before(&sources, "apps/web/service.yaml", "port: 80", "port: 80"));
    assert_eq!((report.findings.len(), report.not_checked.len()), (0, 0), "{:#?}", report.findings);
    assert_eq!(report.left_out.unaffected, all.findings.len());
    assert_eq!(report.verdict, Verdict::Clean);
}

/// A setting is mended elsewhere: what is told is what the file is part of, whatever file the finding stands in.
#[test]
fn a_change_shows_what_it_brings_in_other_files() {
    let (sources, all) = judged();
    let settings = "clusters/south/cluster-settings.yaml";
    // Before, the key was written right and the pool's end was known.
    let report = with(&sources, before(&sources, settings, "POOL_STPO", "POOL_STOP"));
    let lines: BTreeSet<String> = report.findings.iter().map(|finding| line(&sources, finding)).collect();
    assert!(lines.contains("LBP401 error south infra/pools/pools.yaml: stop: ${POOL_STOP}"), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("LBP419")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains(" north ")), "{lines:#?}");
    let touches = |finding: &&lbpools_function::report::Finding| {
        let places = finding.at.iter().chain(finding.chain.iter().filter_map(|link| link.at.as_ref()));
        places.into_iter().any(|place| place.source == settings)
    };
    for finding in all.findings.iter().filter(touches) {
        assert!(report.findings.contains(finding), "{finding:#?}");
    }
    assert_eq!(report.findings.len() + report.left_out.unaffected, all.findings.len());
}

/// Lines that move make no finding new, and in the file where they moved it is shown.
#[test]
fn moved_lines_are_the_same_findings() {
    let (sources, _) = judged();
    let report = with(&sources, before(&sources, "clusters/north/apps.yaml", "suspend: true", "suspend: true\n\n"));
    assert!(!report.findings.is_empty());
    for finding in &report.findings {
        let at = finding.at.as_ref().map(|at| at.source.as_str());
        let chain = finding.chain.iter().filter_map(|link| Some(link.at.as_ref()?.source.as_str()));
        assert!(at.into_iter().chain(chain).any(|file| file == "clusters/north/apps.yaml"), "{finding:#?}");
    }
}
