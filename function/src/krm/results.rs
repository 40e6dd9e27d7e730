//! Findings as the `results` of a ResourceList (KRM functions specification v1).

use std::collections::BTreeMap;

use serde::Serialize;

use super::node::Node;
use crate::report::{Finding, Severity};

/// One entry of `results`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'f> {
    message: String,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_ref: Option<ResourceRef<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Field<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<File<'f>>,
    tags: BTreeMap<&'static str, &'f str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceRef<'f> {
    api_version: &'f str,
    kind: &'f str,
    name: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'f str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Field<'f> {
    path: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_value: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed_value: Option<&'f str>,
}

#[derive(Debug, Serialize)]
struct File<'f> {
    path: &'f str,
    #[serde(skip_serializing_if = "is_zero")]
    index: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands a reference
fn is_zero(index: &u32) -> bool {
    *index == 0
}

fn entry(finding: &Finding) -> Entry<'_> {
    let mut tags = BTreeMap::from([
        ("code", finding.code.as_str()),
        ("rule", finding.rule.as_str()),
        ("category", finding.category.name()),
    ]);
    if let Some(cluster) = &finding.cluster {
        tags.insert("cluster", cluster);
    }
    let mut message = finding.message.clone();
    for link in &finding.chain {
        message.push_str(&format!("; from {}", link.what));
        if let Some(path) = link.at.as_ref().and_then(|at| at.path.as_ref()) {
            message.push_str(&format!(" ({path})"));
        }
    }
    message.push_str(&format!("; {}", finding.help));
    Entry {
        message,
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        },
        resource_ref: finding.resource.as_ref().filter(|r| !r.name.is_empty()).map(|r| ResourceRef {
            api_version: &r.api_version,
            kind: &r.kind,
            name: &r.name,
            namespace: r.namespace.as_deref(),
        }),
        field: finding.field.as_ref().filter(|_| finding.resource.is_some()).map(|path| Field {
            path,
            current_value: finding.current.as_deref(),
            proposed_value: finding.proposed.as_deref(),
        }),
        file: finding.at.as_ref().and_then(|at| {
            Some(File { path: at.path.as_deref().filter(|path| !path.is_empty())?, index: at.index.unwrap_or(0) })
        }),
        tags,
    }
}

/// The whole `results:` section, or nothing when there is nothing to say. Results of earlier functions
/// (`before`, as they stand in `text`) are kept in front; ours of an earlier run give way.
pub fn section(findings: &[Finding], before: Option<&Node<'_>>, text: &str) -> String {
    let mut out = String::new();
    for node in before.map(Node::items).unwrap_or_default() {
        let ours = node.text_at(&["tags", "code"]).is_some_and(|code| code.starts_with("LBP"));
        if !ours && let Some(slice) = text.get(node.span.clone()) {
            // Its lines are indented as they were; the first one has lost its indentation to the dash.
            let column = text[..node.span.start].rsplit('\n').next().map_or(0, str::len);
            let lines: Vec<&str> = slice.lines().map(|line| strip_indent(line, column)).collect();
            out.push_str(&super::emit::list_element(&lines.join("\n"), 0));
        }
    }
    for finding in findings {
        let yaml = super::emit::to_yaml(&entry(finding)).unwrap_or_default();
        out.push_str(&super::emit::list_element(&yaml, 0));
    }
    if out.is_empty() { out } else { format!("results:\n{out}") }
}

fn strip_indent(line: &str, column: usize) -> &str {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    &line[spaces.min(column)..]
}
