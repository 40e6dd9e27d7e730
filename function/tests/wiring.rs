//! A repository of three clusters with planted mistakes, live and latent, secret values, placeholder defaults and
//! things that only look wrong: all are told apart, and nothing is invented.
//!
//! The repository is `tests/fixtures/wiring`; `expected.txt` beside it has one line for each finding.

// The function reads no file; its tests do.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lbpools_function::report::{Report, Severity};
use lbpools_function::{Options, Source, evaluate};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/wiring")
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory of the fixture") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
}

fn judged() -> (Vec<Source>, Report) {
    let root = root().join("repository");
    let mut found = Vec::new();
    files(&root, &mut found);
    let name = |path: &Path| path.strip_prefix(&root).expect("it is in the fixture").display().to_string();
    let sources: Vec<Source> =
        found.iter().map(|path| Source::file(name(path), fs::read(path).expect("a file"))).collect();
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
