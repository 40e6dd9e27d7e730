//! An object that Flux applies once or not at all: changes of its manifest never arrive.
//!
//! ## What it does
//!
//! Looks at pools, announcements, Services and Gateways with the marks `kustomize.toolkit.fluxcd.io/reconcile: disabled`,
//! `kustomize.toolkit.fluxcd.io/ssa: IfNotPresent` or `ssa: Ignore`.
//!
//! ## Why is this bad?
//!
//! The repository says one thing, and the cluster keeps another. What lbpools predicts is what the manifest says.
//!
//! ## Example
//!
//! ```yaml
//! metadata:
//!   name: services
//!   annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}
//! ```
//!
//! ## What to do
//!
//! Take the mark away, or see to it by hand that the cluster has what the manifest says.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use super::setting_undefined::decides_about_addresses;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP422",
    name: "change-not-applied",
    category: Category::Wiring,
    severity: Severity::Warning,
    source: include_str!("change_not_applied.rs"),
    check: Check::Cluster(check),
};

const MARKS: [(&str, &str); 3] = [("reconcile", "disabled"), ("ssa", "IfNotPresent"), ("ssa", "Ignore")];

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let objects = view.cluster.objects.iter().filter(|object| view.live && decides_about_addresses(object.item));
    for object in objects.filter(|object| object.kustomization.is_some()) {
        for (mark, value) in MARKS {
            let key = format!("kustomize.toolkit.fluxcd.io/{mark}");
            let mut kinds = ["annotations", "labels"].iter();
            let Some(text) = kinds.find_map(|kind| object.text_at(&["metadata", kind, &key])) else { continue };
            // Flux does not care how the value is written.
            if !text.known().is_some_and(|known| known.eq_ignore_ascii_case(value)) {
                continue;
            }
            let resource = object.resource();
            let found = Found::on(object)
                .field(object, format!("metadata.annotations[{key}]"), &text)
                .message(format!("changes of {} {} do not reach the cluster: it is marked {mark}: {value}", resource.kind, resource.name))
                .help("take the mark away, or change the object in the cluster by hand too");
            findings.add(view, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    use super::super::cases::POOL_FILE;

    fn case(mark: &str) -> String {
        let pool = POOL_FILE.replace("name: pool\n", &format!("name: pool\n  annotations: {{kustomize.toolkit.fluxcd.io/{mark}}}\n"));
        wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools\n{pool}"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("ssa: Merge"));
        rule(&RULE).passes(&case("reconcile: enabled"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("ssa: IfNotPresent")).at("IfNotPresent").says("ssa: IfNotPresent").times(1);
        rule(&RULE).fails(&case("reconcile: disabled")).at("disabled").times(1);
    }
}
