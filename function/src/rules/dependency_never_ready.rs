//! A Kustomization waits for one that cannot be ready before itself.
//!
//! ## What it does
//!
//! Follows who waits for whom: a Kustomization is applied after its parent created it and its `dependsOn` are ready, and
//! with `wait: true` it is ready only when the Kustomizations that it creates are. Finds dependencies that lead back to the
//! one that waits.
//!
//! ## Why is this bad?
//!
//! The dependency exists only once its dependant has been applied, or becomes ready only after it: both wait for ever.
//!
//! ## Example
//!
//! ```yaml
//! # a child of Kustomization cluster, which says wait: true
//! metadata: {name: cilium}
//! spec: {dependsOn: [{name: cluster}]}
//! ```
//!
//! ## What to do
//!
//! Take the entry away: a child is created by its parent anyway. Or let the parent not wait.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use crate::flux::waiting::{Wait, deadlocks};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP411",
    name: "dependency-never-ready",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("dependency_never_ready.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let kustomizations = &view.cluster.wiring.kustomizations;
    for deadlock in deadlocks(kustomizations).into_iter().filter(|deadlock| !deadlock.is_circle()) {
        let dependant = &kustomizations[deadlock.dependant];
        let name = |n: usize| &kustomizations[n].name;
        let mut found = Found::on(&dependant.object).place(Some(deadlock.dependency.at.clone())).key("spec.dependsOn");
        let mut because = Vec::new();
        for wait in &deadlock.way {
            let (what, at) = match *wait {
                Wait::Depends(from, to) => (format!("{} waits for {}", name(from), name(to)), kustomizations[from].place_of(&["dependsOn"])),
                Wait::CreatedBy(from, to) => (format!("{} exists only once {} is applied", name(from), name(to)), kustomizations[to].place_of(&["path"])),
                Wait::WaitsFor(from, to) => (format!("{} is ready only once {} is", name(from), name(to)), kustomizations[from].place_of(&["wait"])),
            };
            because.push(what.clone());
            found = found.link(what, at);
        }
        let other = deadlock.dependency.name.known().cloned().unwrap_or_default();
        let found = found
            .message(format!("Kustomization {} waits for {other} for ever: {}", dependant.name, because.join(", and ")))
            .help(format!("take {other} out of its dependsOn, or let the one above not wait"));
        findings.add(view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    /// `parent` applies the directory with `child`.
    fn case(parent: &str, child: &str) -> String {
        wired(&format!("#> clusters/one/ks.yaml\nKS parent ./children {parent}\n#> children/ks.yaml\nKS child ./x {child}\n#> x/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("wait: false", "dependsOn: [{name: parent}]"));
        rule(&RULE).passes(&case("wait: true", "dependsOn: []"));
        // The entry point's own Kustomization applies itself, and waits for what it creates: as bootstrapped.
        rule(&RULE).passes(&case("wait: true", "wait: true"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("wait: true", "dependsOn: [{name: parent}]")).at("parent").says("is ready only once flux-system/child is").times(1);
        rule(&RULE).fails(&case("dependsOn: [{name: child}]", "wait: false")).at("child").says("exists only once flux-system/parent is applied").times(1);
    }
}
