//! Two Kustomizations of one cluster apply the same manifest.
//!
//! ## What it does
//!
//! Looks for pools, announcements, Services, Gateways and Flux Kustomizations that a cluster reaches on two ways, with the
//! same name and namespace in the end.
//!
//! ## Why is this bad?
//!
//! Each of the two takes the object for its own. They overwrite each other's values at every interval, and when one of them
//! goes away, or no longer reaches the file, it deletes the object: a pool takes its addresses along.
//!
//! ## Example
//!
//! ```yaml
//! # path ./cilium without a kustomization file holds everything below, ./cilium/ipam too
//! metadata: {name: cilium}
//! spec: {path: ./cilium}
//! ---
//! metadata: {name: cilium-ipam}
//! spec: {path: ./cilium/ipam}
//! ```
//!
//! ## What to do
//!
//! Let one Kustomization apply it: give the upper directory a kustomization file that lists what belongs to it.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use super::setting_undefined::decides_about_addresses;
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP428",
    name: "applied-twice",
    category: Category::Wiring,
    severity: Severity::Warning,
    source: include_str!("applied_twice.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let wiring = &view.cluster.wiring;
    // One mistake for each pair, however many objects they share.
    let mut said = BTreeSet::new();
    for (number, other) in &wiring.again {
        let object = &view.cluster.objects[*number];
        let (Some(first), Some(second)) = (&object.kustomization, other) else { continue };
        let matters = decides_about_addresses(object.item) || object.item.is("kustomize.toolkit.fluxcd.io", "Kustomization");
        if !matters || first == second || object.suspended.is_some() || !said.insert((first.clone(), second.clone())) {
            continue;
        }
        let place = |name: &str| wiring.kustomization(name).and_then(|kustomization| kustomization.place_of(&["path"]));
        let resource = object.resource();
        let found = Found::on(object)
            .place(place(second).or_else(|| place(first)))
            .message(format!("Kustomizations {first} and {second} both apply {} {}", resource.kind, resource.name))
            .help("let one of them apply it: narrow the path of the other, or give its directory a kustomization file")
            .link("the object", Some(object.place_of_name()))
            .link(format!("Kustomization {first}"), place(first));
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
        rule(&RULE).passes(&wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools\n{POOL_FILE}")));
        // The upper directory lists what belongs to it.
        let text = format!("#> clusters/one/ks.yaml\nKS all ./net\nKS pools ./net/ipam\n#> net/kustomization.yaml\nresources: [ns.yaml]\n#> net/ns.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: net}}\n{}", POOL_FILE.replace("#> pools/", "#> net/ipam/"));
        rule(&RULE).passes(&wired(&text));
    }

    #[test]
    fn fail() {
        let text = format!("#> clusters/one/ks.yaml\nKS all ./net\nKS pools ./net/ipam\n{}", POOL_FILE.replace("#> pools/", "#> net/ipam/"));
        rule(&RULE).fails(&wired(&text)).at("./net/ipam").says("both apply CiliumLoadBalancerIPPool pool").times(1);
    }
}
