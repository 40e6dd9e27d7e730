//! A Flux Kustomization lacks what the API server asks for.
//!
//! ## What it does
//!
//! Looks at `sourceRef`, `interval` and `prune`, which every Kustomization must have, and whether the source that
//! `sourceRef` names is among what the cluster applies, where the cluster's sources are kept in the repository.
//!
//! ## Why is this bad?
//!
//! Without one of the fields the API server refuses the object, and with it everything else that its parent applies. Without
//! the source nothing is applied (`Source … not found`).
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   path: ./kubernetes/pools
//!   interval: 30m
//!   prune: true          # and no sourceRef
//! ```
//!
//! ## What to do
//!
//! Add the field; the source is usually `GitRepository` `flux-system`.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use crate::config::closest::closest;
use crate::flux::kustomization::FluxKustomization;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP414",
    name: "kustomization-incomplete",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("kustomization_incomplete.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let kustomizations = &view.cluster.wiring.kustomizations;
    for kustomization in kustomizations.iter().filter(|kustomization| kustomization.object.altered.is_none()) {
        let spec = kustomization.object.tree().get("spec");
        let lacks = |key: &&str| spec.and_then(|spec| spec.get(key)).is_none_or(|node| node.is_null());
        let missing: Vec<&str> = ["sourceRef", "interval", "prune"].into_iter().filter(lacks).collect();
        if !missing.is_empty() {
            let what = missing.join(" and ");
            let found = Found::on(&kustomization.object)
                .key(format!("spec.{}", missing[0]))
                .message(format!("Kustomization {} has no {what}: the API server refuses it", kustomization.name))
                .help(format!("add {what} to its spec"));
            findings.add(view, found);
            continue;
        }
        if let Some(found) = unknown_source(view, kustomizations, kustomization) {
            findings.add(view, found);
        }
    }
}

/// A source that nothing defines, where others of its kind are defined and nobody else uses it.
fn unknown_source(
    view: &ClusterView<'_, '_>,
    kustomizations: &[FluxKustomization<'_, '_>],
    kustomization: &FluxKustomization<'_, '_>,
) -> Option<Found> {
    let source = kustomization.source()?;
    let defined: Vec<String> = view
        .cluster
        .objects
        .iter()
        .filter(|object| object.item.is("source.toolkit.fluxcd.io", &source.kind))
        .map(|object| {
            let resource = object.resource();
            format!("{}/{}", resource.namespace.unwrap_or_default(), resource.name)
        })
        .collect();
    let shared = kustomizations.iter().filter(|other| other.source().as_ref() == Some(&source)).count() > 1;
    if defined.is_empty() || defined.contains(&source.name) || shared || view.cluster.wiring.open.as_ref().is_some_and(|why| !why.contains(&*kustomization.name)) {
        return None;
    }
    let names: Vec<&str> = defined.iter().map(String::as_str).collect();
    let help = match closest(&source.name, &names) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("the cluster has {}", defined.join(", ")),
    };
    let at = kustomization.place_of(&["sourceRef", "name"]);
    Some(
        Found::on(&kustomization.object)
            .place(at)
            .key("spec.sourceRef.name")
            .current(source.name.clone())
            .message(format!("Kustomization {} takes its files from {} {}, which cluster {} does not have", kustomization.name, source.kind, source.name, view.cluster.name))
            .help(help),
    )
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    fn case(old: &str, new: &str) -> String {
        let text = wired("#> clusters/one/ks.yaml\nKS a ./a suspend: false\n#> a/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n");
        let (head, tail) = text.rsplit_once("interval: 1h").expect("the Kustomization");
        format!("{head}{}", format!("interval: 1h{tail}").replace(old, new))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("x", "x"));
        // A patch of its parent adds it.
        let patched = case("interval: 1h, ", "") + "#> clusters/one/kustomization.yaml\nresources: [ks.yaml, flux-system/sync.yaml]\npatches:\n- target: {kind: Kustomization, name: a}\n  patch: |-\n    - {op: add, path: /spec/interval, value: 1h}\n";
        rule(&RULE).passes(&patched);
        // The source of the bootstrap is not in the repository.
        let text = case("x", "x");
        let (before, after) = text.split_once("apiVersion: source").expect("the source");
        let (_, after) = after.split_once("---\n").expect("the next document");
        rule(&RULE).passes(&format!("{before}{after}"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("sourceRef: {kind: GitRepository, name: flux-system}, ", "")).at("a").says("has no sourceRef").times(1);
        rule(&RULE).fails(&case("interval: 1h, prune: true, ", "")).says("no interval and prune").times(1);
        let found = rule(&RULE).fails(&case("GitRepository, name: flux-system", "GitRepository, name: flux-sytem")).at("flux-sytem").times(1);
        assert_eq!(found.findings[0].help, "did you mean flux-system/flux-system?");
    }
}
