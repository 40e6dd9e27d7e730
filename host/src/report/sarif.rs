//! SARIF 2.1.0: for code scanning (GitHub, Azure) and for editors that open such a log.
//!
//! One result a finding, its chain as related locations, the proposal as a fix that an editor can apply. What was not
//! checked, and why a run failed, are notifications of the invocation: they are no results.
//!
//! The schema of OASIS holds this file in `tests/outside`. Its types are not worth a crate that generates them from
//! that schema at every build: what we write of it is on this page.

use std::io::{self, Write};

use lbpools_function::report::{Finding, NotChecked, Place, Severity, Verdict};
use serde_json::{Map, Value, json};

use super::description::Rule;
use super::identity::identities;
use super::spot::{Region, Spot};
use super::uri::uri;
use super::{Presented, words};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Write the log.
pub fn emit(presented: Presented<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Presented { report, rules, .. } = presented;
    let names = identities(&report.findings);
    let results: Vec<Value> =
        report.findings.iter().zip(names).map(|(finding, name)| result(finding, name, presented)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "lbpools",
                "semanticVersion": report.function,
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            }},
            // One category, so that a later upload replaces this one.
            "automationDetails": {"id": "lbpools/"},
            "invocations": [invocation(presented)],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    out.write_all(b"\n")
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.page, "markdown": rule.page},
        "defaultConfiguration": {"level": level_of(&rule.severity)},
        "properties": {
            "tags": [rule.category],
            "precision": "very-high",
            "problem.severity": match rule.severity.as_str() {
                "error" => "error",
                "warning" => "warning",
                _ => "recommendation",
            },
        },
    })
}

fn result(finding: &Finding, name: String, Presented { texts, rules, .. }: Presented<'_>) -> Value {
    let mut result = Map::new();
    result.insert("ruleId".into(), json!(finding.code));
    if let Some(index) = rules.iter().position(|rule| rule.code == finding.code) {
        result.insert("ruleIndex".into(), json!(index));
    }
    result.insert("level".into(), json!(level(finding.severity)));
    let cluster = finding.cluster.as_ref().map(|cluster| format!("Cluster {cluster}: ")).unwrap_or_default();
    result.insert("message".into(), json!({"text": format!("{cluster}{}\n{}", finding.message, finding.help)}));
    let mut location = json!({"physicalLocation": physical(&Spot::of_finding(finding, texts))});
    if let Some(logical) = logical(finding) {
        location["logicalLocations"] = json!([logical]);
    }
    result.insert("locations".into(), json!([location]));
    let chain = finding.chain.iter().enumerate().filter_map(|(index, link)| {
        let at = link.at.as_ref().filter(|at| texts.has(&at.source))?;
        let spot = Spot::of(at, texts);
        Some(json!({"id": index, "physicalLocation": physical(&spot), "message": {"text": link.what}}))
    });
    let chain: Vec<Value> = chain.collect();
    if !chain.is_empty() {
        result.insert("relatedLocations".into(), json!(chain));
    }
    result.insert("partialFingerprints".into(), json!({"lbpools/v1": name}));
    if let Some(fix) = fix(finding, texts) {
        result.insert("fixes".into(), json!([fix]));
    }
    let facts = [
        ("cluster", &finding.cluster),
        ("field", &finding.field),
        ("current", &finding.current),
        ("proposed", &finding.proposed),
    ];
    let mut properties = json!({"rule": finding.rule, "category": finding.category.name()});
    for (key, value) in facts.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
        properties[key] = json!(value);
    }
    result.insert("properties".into(), properties);
    result.into()
}

/// The object, so that a reader without the file knows what is meant.
fn logical(finding: &Finding) -> Option<Value> {
    let resource = finding.resource.as_ref()?;
    let field = finding.field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
    Some(json!({
        "name": resource.name,
        "fullyQualifiedName": format!("{}{field}", words::object(resource)),
        "kind": "resource",
    }))
}

/// The proposal as an edit; only files can be edited.
fn fix(finding: &Finding, texts: &super::Texts) -> Option<Value> {
    let fix = finding.fix.as_ref()?;
    let spot = Spot::of(&fix.at, texts);
    let region = spot.region.filter(|_| !fix.at.source.is_empty())?;
    Some(json!({
        "description": {"text": format!("Write {}", fix.text)},
        "artifactChanges": [{
            "artifactLocation": {"uri": uri(&spot.file)},
            "replacements": [{"deletedRegion": self::region(region), "insertedContent": {"text": fix.text}}],
        }],
    }))
}

fn physical(spot: &Spot) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(&spot.file)}});
    if let Some(region) = spot.region {
        physical["region"] = self::region(region);
    }
    physical
}

fn region(region: Region) -> Value {
    json!({
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    })
}

fn invocation(Presented { report, texts, .. }: Presented<'_>) -> Value {
    let mut told: Vec<Value> = report.not_checked.iter().map(|each| not_checked(each, texts)).collect();
    if let Some(failure) = &report.failure {
        let help = failure.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        told.push(notification("error", format!("{}{help}", failure.message), failure.at.as_ref(), texts));
    }
    let failed = report.verdict == Verdict::Failed;
    json!({"executionSuccessful": !failed, "toolExecutionNotifications": told})
}

fn not_checked(each: &NotChecked, texts: &super::Texts) -> Value {
    let cluster = each.cluster.as_ref().map(|cluster| format!("Cluster {cluster}: ")).unwrap_or_default();
    let text = format!("{cluster}not checked: {}, because {}", each.what, each.because);
    notification("note", text, each.at.as_ref(), texts)
}

fn notification(level: &str, text: String, at: Option<&Place>, texts: &super::Texts) -> Value {
    let mut notification = json!({"level": level, "message": {"text": text}});
    if let Some(at) = at {
        notification["locations"] = json!([{"physicalLocation": physical(&Spot::of(at, texts))}]);
    }
    notification
}

fn level(severity: Severity) -> &'static str {
    level_of(words::severity(severity))
}

fn level_of(severity: &str) -> &'static str {
    match severity {
        "error" => "error",
        "warning" => "warning",
        _ => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn results_with_chain_and_fix() {
        insta::assert_snapshot!(sample::emitted(emit));
    }
}
