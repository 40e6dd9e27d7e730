//! Kustomizations depend on one another in a circle.
//!
//! ## What it does
//!
//! Follows `dependsOn` through the Flux Kustomizations of each cluster.
//!
//! ## Why is this bad?
//!
//! Each waits for the next one to be ready, so none of them is ever applied.
//!
//! ## Example
//!
//! ```yaml
//! metadata: {name: cilium}
//! spec: {dependsOn: [{name: settings}]}
//! ---
//! metadata: {name: settings}
//! spec: {dependsOn: [{name: cilium}]}
//! ```
//!
//! ## What to do
//!
//! Take the entry away that is not needed.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use crate::flux::waiting::{Wait, deadlocks};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP410",
    name: "dependency-circle",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("dependency_circle.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let kustomizations = &view.cluster.wiring.kustomizations;
    for deadlock in deadlocks(kustomizations).into_iter().filter(|deadlock| deadlock.is_circle()) {
        let dependant = &kustomizations[deadlock.dependant];
        let mut names = vec![dependant.name.to_string()];
        let mut found = Found::on(&dependant.object).place(Some(deadlock.dependency.at.clone())).key("spec.dependsOn");
        names.extend(deadlock.dependency.name.known().cloned());
        for wait in &deadlock.way {
            if let Wait::Depends(from, to) = wait {
                names.push(kustomizations[*to].name.to_string());
                let at = kustomizations[*from].place_of(&["dependsOn"]);
                found = found.link(format!("{} waits for {}", kustomizations[*from].name, kustomizations[*to].name), at);
            }
        }
        let found = found
            .message(format!("Kustomizations wait for one another and are never applied: {}", names.join(" waits for ")))
            .help("take one of the dependsOn entries away");
        findings.add(view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    fn case(a: &str, b: &str) -> String {
        wired(&format!("#> clusters/one/ks.yaml\nKS a ./x dependsOn: [{a}]\nKS b ./x dependsOn: [{b}]\n#> x/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("{name: b}", ""));
        rule(&RULE).passes(&case("{name: b}", "{name: a, namespace: other}"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("{name: b}", "{name: a}")).at("b").says("flux-system/a waits for flux-system/b waits for flux-system/a").times(1);
        rule(&RULE).fails(&case("{name: a}", "")).at("a").times(1);
    }
}
