//! `dependsOn` names a Kustomization that the cluster does not have.
//!
//! ## What it does
//!
//! Looks up every entry of `dependsOn` among the cluster's Flux Kustomizations. An entry without a namespace means the
//! namespace of the Kustomization that waits. Silent where something outside the input may hold the missing one.
//!
//! ## Why is this bad?
//!
//! Flux waits for it for ever (`dependency not found`), and nothing of the Kustomization is applied.
//!
//! ## Example
//!
//! ```yaml
//! kind: Kustomization
//! metadata: {name: gateway, namespace: flux-system}
//! spec:
//!   dependsOn:
//!   - name: cillium
//! ```
//!
//! ## What to do
//!
//! Write the name as it is, and the namespace when it is another one.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use crate::config::closest::closest;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP409",
    name: "dependency-missing",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("dependency_missing.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let wiring = &view.cluster.wiring;
    let known: Vec<&str> = wiring.kustomizations.iter().map(|kustomization| &*kustomization.name).collect();
    for kustomization in &wiring.kustomizations {
        for dependency in kustomization.dependencies() {
            let Some(name) = dependency.name.known().filter(|name| !known.contains(&name.as_str())) else { continue };
            if let Some(why) = &wiring.open {
                findings.not_checked(view, format!("whether Kustomization {name} exists"), why.clone(), Some(dependency.at));
                continue;
            }
            let bare = name.rsplit('/').next().unwrap_or(name);
            let elsewhere = known.iter().find(|known| known.rsplit('/').next() == Some(bare));
            let help = match elsewhere.or(closest(name, &known).as_ref()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => "correct the name, or take the entry away".into(),
            };
            let waiting = &kustomization.name;
            let found = Found::on(&kustomization.object)
                .place(Some(dependency.at))
                .key("spec.dependsOn")
                .current(bare)
                .message(format!("Kustomization {waiting} waits for {name}, which cluster {} does not have: it is never applied", view.cluster.name))
                .help(help);
            findings.add(view, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    fn case(more: &str) -> String {
        wired(&format!("#> clusters/one/ks.yaml\nKS cilium ./a\nKS gateway ./a dependsOn: [{more}]\n#> a/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("{name: cilium}"));
        rule(&RULE).passes(&case("{name: cilium, namespace: flux-system}"));
        rule(&RULE).passes(&(case("{name: crds}") + "#> a/kustomization.yaml\nresources: ['https://example.org/crds?ref=v1']\n"));
    }

    #[test]
    fn fail() {
        let found = rule(&RULE).fails(&case("{name: cillium}")).at("cillium").says("never applied").times(1);
        assert_eq!(found.findings[0].help, "did you mean flux-system/cilium?");
        let found = rule(&RULE).fails(&case("{name: cilium, namespace: kube-system}"));
        assert_eq!(found.findings[0].help, "did you mean flux-system/cilium?");
    }
}
