//! A Kustomization of the cluster holds another revision than its source offers.
//!
//! ## What it does
//!
//! Compares `status.lastAppliedRevision` of Flux's Kustomizations in the living cluster with the artifact of their source,
//! and where that was not read with `status.lastAttemptedRevision`. One that is suspended or not ready has a rule of its
//! own.
//!
//! ## Why is this bad?
//!
//! The cluster is behind the repository: what is merged has not arrived.
//!
//! ## Example
//!
//! ```text
//! Kustomization flux-system/cilium holds main@sha1:5b1c…, and its source offers main@sha1:9f0e…
//! ```
//!
//! ## What to do
//!
//! Wait for its interval, or `flux reconcile kustomization NAME --with-source`.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::ServiceKey;
use crate::report::{Category, Severity};
use crate::verification::Verified;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP713",
    name: "living-revision-stale",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_revision_stale.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    for kustomization in &verified.view.cluster.wiring.kustomizations {
        let (namespace, name) = kustomization.name.split_once('/').unwrap_or_default();
        let key = ServiceKey::new(namespace, name);
        let Some(living) = verified.living.observed.kustomizations.get(&key) else { continue };
        let ready = living.conditions.get("Ready").is_some_and(crate::observed::Condition::is_true);
        if living.suspended || !ready {
            continue;
        }
        let applied = living.applied.as_deref().unwrap_or("nothing");
        let message = match (verified.offered(&key), living.attempted.as_deref(), living.generations) {
            (Some(offered), ..) if offered != applied => {
                format!("Kustomization {key} of the cluster holds {applied}, and its source offers {offered}")
            }
            (None, Some(attempted), _) if attempted != applied => {
                format!("Kustomization {key} of the cluster holds {applied}, and has tried {attempted}")
            }
            (_, _, (Some(generation), Some(seen))) if generation != seen => {
                format!("Kustomization {key} of the cluster was edited, and Flux has not looked at it since")
            }
            _ => continue,
        };
        let found = Found::on(&kustomization.object)
            .message(message)
            .help(format!("`flux reconcile kustomization {name} -n {namespace} --with-source`"));
        findings.add(verified.view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, living_kustomization, rule};
    use super::*;

    fn case(kustomization: &str, artifact: &str) -> String {
        let source = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: flux-system, namespace: flux-system}}\n\
             status: {{artifact: {{revision: '{artifact}'}}}}\n"
        );
        format!("{}---\n{kustomization}---\n{source}", living(""))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case(&living_kustomization("pools", ""), "main@sha1:1"));
        rule(&RULE).passes(&format!("{}---\n{}", living(""), living_kustomization("pools", "")));
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&case(&living_kustomization("pools", ""), "main@sha1:2"));
        failed.at("pools").says("holds main@sha1:1, and its source offers main@sha1:2").times(1);
        let tried = living_kustomization("pools", "").replace("lastAttemptedRevision: 'main@sha1:1'", "lastAttemptedRevision: 'main@sha1:3'");
        rule(&RULE).fails(&format!("{}---\n{tried}", living(""))).says("and has tried main@sha1:3");
    }
}
