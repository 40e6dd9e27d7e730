//! What Flux takes manifests from is not ready, or is suspended.
//!
//! ## What it does
//!
//! Reads the condition Ready and `spec.suspend` of the sources that the Kustomizations of the repository take their
//! manifests from, in the living cluster.
//!
//! ## Why is this bad?
//!
//! The Kustomizations go on with the revision that they have, and say that they are ready: what is merged does not arrive.
//!
//! ## Example
//!
//! ```text
//! NAME         READY   STATUS
//! flux-system  False   failed to checkout and determine revision: authentication required
//! ```
//!
//! ## What to do
//!
//! What the message says.

use super::finding::Findings;
use super::living::on_stranger;
use super::{Check, Rule};
use crate::cilium::ServiceKey;
use crate::report::{Category, Severity};
use crate::verification::Verified;
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP719",
    name: "living-source-not-ready",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_source_not_ready.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let mut seen: BTreeSet<(String, ServiceKey)> = BTreeSet::new();
    for kustomization in &verified.view.cluster.wiring.kustomizations {
        let (namespace, name) = kustomization.name.split_once('/').unwrap_or_default();
        let Some(source) = verified.source(&ServiceKey::new(namespace, name)) else { continue };
        let Some(living) = verified.living.observed.sources.get(&source) else { continue };
        if !seen.insert(source.clone()) {
            continue;
        }
        let (kind, key) = &source;
        let ready = living.conditions.get("Ready").filter(|ready| ready.status == "False");
        let message = match ready {
            _ if living.suspended => format!("{kind} {key} of the cluster is suspended: nothing new is fetched"),
            Some(ready) => format!("{kind} {key} of the cluster is not ready: {}: {}", ready.reason, ready.message),
            None => continue,
        };
        let holds = living.revision.as_deref().unwrap_or("nothing");
        let found = on_stranger("source.toolkit.fluxcd.io/v1", kind, key)
            .message(message)
            .help(format!("what the cluster gets is {holds} until this is mended"));
        findings.add(verified.view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, living_kustomization, rule};
    use super::*;

    fn case(spec: &str, status: &str) -> String {
        let source = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: flux-system, namespace: flux-system}}\n\
             spec: {spec}\nstatus: {{artifact: {{revision: 'main@sha1:1'}}, conditions: [{status}]}}\n"
        );
        format!("{}---\n{}---\n{source}", living(""), living_kustomization("pools", ""))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("{}", "{type: Ready, status: 'True'}"));
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&case("{}", "{type: Ready, status: 'False', reason: GitOperationFailed, message: denied}"));
        failed.says("GitRepository flux-system/flux-system of the cluster is not ready: GitOperationFailed: denied").times(1);
        rule(&RULE).fails(&case("{suspend: true}", "")).says("is suspended: nothing new is fetched");
    }
}
