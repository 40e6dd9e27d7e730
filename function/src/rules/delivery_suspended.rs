//! A suspended Kustomization stands between the repository and objects that decide about addresses.
//!
//! ## What it does
//!
//! Looks for `spec.suspend: true` on the way to pools, announcements, Services and Gateways.
//!
//! ## Why is this bad?
//!
//! The cluster keeps what it had when the Kustomization was suspended. What that is, the repository does not say: lbpools
//! takes the fields of these objects for unknown.
//!
//! ## Example
//!
//! ```yaml
//! kind: Kustomization
//! metadata: {name: cilium, namespace: flux-system}
//! spec:
//!   suspend: true
//! ```
//!
//! ## What to do
//!
//! Resume it when the work is done, or take it out when it is parked for good.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use super::setting_undefined::decides_about_addresses;
use std::collections::BTreeMap;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP423",
    name: "delivery-suspended",
    category: Category::Wiring,
    severity: Severity::Info,
    source: include_str!("delivery_suspended.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
    for object in view.cluster.objects.iter().filter(|object| decides_about_addresses(object.item)) {
        if let Some(name) = object.suspended.as_deref() {
            *kept.entry(name).or_default() += 1;
        }
    }
    for (name, count) in kept {
        let Some(kustomization) = view.cluster.wiring.kustomization(name) else { continue };
        let Some(text) = kustomization.field(&["suspend"]) else { continue };
        let found = Found::on(&kustomization.object)
            .field(&kustomization.object, "spec.suspend", &text)
            .message(format!("Kustomization {name} is suspended: the cluster keeps what it has of {count} objects that decide about addresses"))
            .help("resume it, or take it out when it is parked for good");
        findings.add(view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    use super::super::cases::POOL_FILE;

    #[test]
    fn pass() {
        rule(&RULE).passes(&wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools suspend: false\n{POOL_FILE}")));
    }

    #[test]
    fn fail() {
        let text = wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools suspend: true\n{POOL_FILE}"));
        rule(&RULE).fails(&text).at("true").says("suspended").times(1);
        // What is parked is no live mistake.
        let broken = text.replace("stop: 10.0.0.9", "stop: 10.0.0");
        let report = super::super::cases::evaluated(&broken).report;
        assert!(report.findings.iter().all(|finding| finding.severity == Severity::Info), "{:#?}", report.findings);
    }
}
