//! A Kustomization is suspended in the cluster, and not in the repository.
//!
//! ## What it does
//!
//! Compares `spec.suspend` of Flux's Kustomizations in the living cluster with their manifests.
//!
//! ## Why is this bad?
//!
//! The cluster keeps what it has. What is merged meanwhile does not arrive, and nothing says so.
//!
//! ## Example
//!
//! ```text
//! flux suspend kustomization cilium
//! ```
//!
//! ## What to do
//!
//! `flux resume kustomization NAME` when the work is done; write `suspend: true` into the repository where it is to last.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::ServiceKey;
use crate::report::{Category, Severity};
use crate::verification::Verified;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP712",
    name: "living-delivery-suspended",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_delivery_suspended.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    for kustomization in &verified.view.cluster.wiring.kustomizations {
        let (namespace, name) = kustomization.name.split_once('/').unwrap_or_default();
        let living = verified.living.observed.kustomizations.get(&ServiceKey::new(namespace, name));
        if !living.is_some_and(|living| living.suspended) || kustomization.is_set("suspend") {
            continue;
        }
        let holds = living.and_then(|living| living.applied.as_deref()).unwrap_or("nothing");
        let found = Found::on(&kustomization.object)
            .message(format!("Kustomization {namespace}/{name} is suspended in the cluster: it keeps what it has ({holds})"))
            .help(format!("`flux resume kustomization {name} -n {namespace}`, or say so in the repository"));
        findings.add(verified.view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, living_kustomization, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&format!("{}---\n{}", living(""), living_kustomization("pools", "")));
        let parked = living("").replace("path: ./pools,", "path: ./pools, suspend: true,");
        rule(&RULE).passes(&format!("{parked}---\n{}", living_kustomization("pools", "suspend: true, ")));
    }

    #[test]
    fn fail() {
        let text = format!("{}---\n{}", living(""), living_kustomization("pools", "suspend: true, "));
        rule(&RULE).fails(&text).at("pools").says("is suspended in the cluster: it keeps what it has (main@sha1:1)").times(1);
    }
}
