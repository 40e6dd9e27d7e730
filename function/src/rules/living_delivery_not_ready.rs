//! A Kustomization of the cluster is not ready.
//!
//! ## What it does
//!
//! Reads the condition Ready of Flux's Kustomizations of the repository in the living cluster. A substitution that failed is
//! told as such.
//!
//! ## Why is this bad?
//!
//! What the repository says has not arrived, wholly or in part. One manifest that cannot be read keeps back all others of
//! the same Kustomization and everything that depends on it.
//!
//! ## Example
//!
//! ```text
//! NAME     READY   STATUS
//! cilium   False   post build failed: variable substitution failed: variable not set (strict mode)
//! ```
//!
//! ## What to do
//!
//! What the message says; `lbpools check` finds most of it before a merge.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::ServiceKey;
use crate::report::{Category, Severity};
use crate::verification::Verified;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP711",
    name: "living-delivery-not-ready",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_delivery_not_ready.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    for kustomization in &verified.view.cluster.wiring.kustomizations {
        let (namespace, name) = kustomization.name.split_once('/').unwrap_or_default();
        let key = ServiceKey::new(namespace, name);
        let Some(living) = verified.living.observed.kustomizations.get(&key) else { continue };
        if living.suspended {
            continue;
        }
        let (message, progressing) = match living.conditions.get("Ready") {
            None => ("Flux has said nothing of it yet".to_owned(), true),
            Some(ready) if ready.is_true() => continue,
            Some(ready) if ready.status == "Unknown" => (format!("{}: {}", ready.reason, ready.message), true),
            // Flux's words: `variable substitution failed`, `envsubst error`.
            Some(ready) if ready.message.contains("substitut") || ready.message.contains("envsubst") => {
                (format!("its substitution failed: {}", ready.message), false)
            }
            Some(ready) => (format!("{}: {}", ready.reason, ready.message), false),
        };
        let revision = match (&living.applied, verified.offered(&key)) {
            (Some(applied), Some(offered)) if applied != offered => {
                format!("; it holds {applied}, and its source offers {offered}")
            }
            (None, _) => "; it has applied nothing yet".to_owned(),
            _ => String::new(),
        };
        let found = Found::on(&kustomization.object)
            .message(format!("Kustomization {key} of the cluster is not ready: {message}{revision}"))
            .help("mend what the message says; what depends on it waits meanwhile");
        findings.add(verified.view, if progressing { found.at_most(Severity::Warning) } else { found });
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, living_kustomization, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&format!("{}---\n{}", living(""), living_kustomization("pools", "")));
        // Suspended is told by a rule of its own.
        let suspended = living_kustomization("pools", "suspend: true, ").replace("status: 'True'", "status: 'False'");
        rule(&RULE).passes(&format!("{}---\n{suspended}", living("")));
    }

    #[test]
    fn fail() {
        let failing = living_kustomization("pools", "").replace(
            "status: 'True', reason: ReconciliationSucceeded",
            "status: 'False', reason: BuildFailed, message: 'variable substitution failed: x'",
        );
        let failed = rule(&RULE).fails(&format!("{}---\n{failing}", living("")));
        failed.at("pools").says("its substitution failed: variable substitution failed: x").times(1);
        let working = living_kustomization("pools", "").replace("status: 'True'", "status: Unknown");
        let failed = rule(&RULE).fails(&format!("{}---\n{working}", living("")));
        assert_eq!(failed.findings[0].severity, Severity::Warning);
    }
}
