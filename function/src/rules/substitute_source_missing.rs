//! `substituteFrom` names a ConfigMap or Secret that is not there as named.
//!
//! ## What it does
//!
//! Looks up each entry of `postBuild.substituteFrom`. Speaks where one was clearly meant: one of almost the same name, or
//! of this name in another namespace, is there; another cluster has one of this name for the same purpose; or a generator
//! makes it, with a hash behind its name. An entry that nothing in the input answers otherwise may be made by hand or by an
//! operator: it is only noted as not checked.
//!
//! ## Why is this bad?
//!
//! Flux fails the Kustomization (`ConfigMap … not found`), and with `optional: true` every setting is empty or at its
//! default. Flux reads names as they stand, in the namespace of the Kustomization: kustomize does not write the hash of a
//! generated name into `substituteFrom`.
//!
//! ## Example
//!
//! ```yaml
//! postBuild:
//!   substituteFrom:
//!   - kind: ConfigMap
//!     name: cluster-setings
//! ```
//!
//! ## What to do
//!
//! Correct the name, move the object into the namespace of the Kustomization, or set `disableNameSuffixHash: true` on the
//! generator.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use crate::flux::clusters::Instead;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP415",
    name: "substitute-source-missing",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("substitute_source_missing.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for view in views.iter().filter(|view| view.live) {
        for unresolved in &view.cluster.wiring.unresolved {
            let Some(kustomization) = view.cluster.wiring.kustomization(&unresolved.kustomization) else { continue };
            let reference = &unresolved.reference;
            let name = reference.name.known().cloned().unwrap_or_default();
            let (kind, who) = (&reference.kind, &kustomization.name);
            let effect = if reference.optional { "its settings stay empty or at their defaults" } else { "Flux applies nothing of it" };
            let found = Found::on(&kustomization.object)
                .place(Some(reference.at.clone()))
                .key("spec.postBuild.substituteFrom")
                .current(name.clone());
            let message = format!("Kustomization {who} takes its settings from {kind} {name}, which is not in {}: {effect}", kustomization.namespace());
            let found = match &unresolved.instead {
                Instead::Like(meant, at) => {
                    found.message(message).help(format!("did you mean {meant}?")).link(format!("{kind} {meant}"), Some(at.clone()))
                }
                Instead::Hashed(at) => found
                    .message(format!("Kustomization {who} takes its settings from {kind} {name}, and its generator puts a hash behind that name: {effect}"))
                    .help("write options: {disableNameSuffixHash: true} at the generator")
                    .link("the generator", Some(at.clone())),
                Instead::Nothing if sure(view, reference) && sibling_has(views, view, kind, &name) => {
                    let help = format!("add {kind} {name} to cluster {}, as other clusters have it", view.cluster.name);
                    found.message(message).help(help)
                }
                Instead::Nothing => {
                    if !reference.optional {
                        let what = format!("the settings that Kustomization {who} takes from {kind} {name}");
                        findings.not_checked(view, what, "it is not in the input", Some(reference.at.clone()));
                    }
                    continue;
                }
            };
            findings.add(view, found);
        }
    }
}

/// Whether a missing source is certainly missing, and needed.
fn sure(view: &ClusterView<'_, '_>, reference: &crate::flux::kustomization::Reference) -> bool {
    !reference.optional && view.cluster.wiring.open.is_none()
}

/// Whether another cluster has what is named.
fn sibling_has(views: &[ClusterView<'_, '_>], view: &ClusterView<'_, '_>, kind: &str, name: &str) -> bool {
    views.iter().filter(|other| other.live && !std::ptr::eq(*other, view)).any(|other| {
        let wiring = &other.cluster.wiring;
        let is = |reference: &crate::flux::kustomization::Reference| {
            reference.kind == kind && reference.name.known().is_some_and(|known| known == name)
        };
        wiring.kustomizations.iter().any(|kustomization| {
            kustomization.references().iter().any(is)
                && !wiring.unresolved.iter().any(|unresolved| unresolved.kustomization == kustomization.name && is(&unresolved.reference))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    const DIRECTORY: &str = "#> a/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";

    fn case(from: &str) -> String {
        wired(&format!("#> clusters/one/ks.yaml\nKS a ./a\n{DIRECTORY}")).replace("[{kind: ConfigMap, name: cluster-settings}]", from)
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("[{kind: ConfigMap, name: cluster-settings}]"));
        rule(&RULE).passes(&case("[{kind: Secret, name: made-by-an-operator}]"));
        rule(&RULE).passes(&case("[{kind: ConfigMap, name: local-settings, optional: true}]"));
        let generated = "#> clusters/one/g/kustomization.yaml\nconfigMapGenerator: [{name: made, literals: [A=b], options: {disableNameSuffixHash: true}}]\n";
        rule(&RULE).passes(&(case("[{kind: ConfigMap, name: made}]") + generated));
    }

    #[test]
    fn fail() {
        let found = rule(&RULE).fails(&case("[{kind: ConfigMap, name: cluster-setings}]")).at("cluster-setings").says("applies nothing").times(1);
        assert_eq!(found.findings[0].help, "did you mean flux-system/cluster-settings?");
        let elsewhere = "#> shared/more.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: kube-system}\n";
        rule(&RULE).fails(&(case("[{kind: ConfigMap, name: more}]") + elsewhere)).says("not in flux-system").times(1);
        let generated = "#> clusters/one/g/kustomization.yaml\nconfigMapGenerator: [{name: made, literals: [A=b]}]\n";
        rule(&RULE).fails(&(case("[{kind: ConfigMap, name: made}]") + generated)).says("a hash").times(1);
    }
}
