//! Two manifests of one cluster are the same object.
//!
//! ## What it does
//!
//! Compares group, kind, namespace and name of the objects that matter for addresses and their delivery: pools,
//! announcements, Services, Gateways, Flux Kustomizations, ConfigMaps and Secrets. The API version does not count: it is
//! one object to the API server.
//!
//! ## Why is this bad?
//!
//! Within one Kustomization kustomize refuses two of one version. Otherwise each is applied in turn: what the object says
//! changes every few minutes, and the addresses with it.
//!
//! ## Example
//!
//! ```yaml
//! apiVersion: cilium.io/v2alpha1
//! kind: CiliumLoadBalancerIPPool
//! metadata: {name: services}
//! ---
//! apiVersion: cilium.io/v2
//! kind: CiliumLoadBalancerIPPool
//! metadata: {name: services}
//! ```
//!
//! ## What to do
//!
//! Remove one of them, or give it another name.

use std::collections::BTreeMap;

use super::finding::{Findings, Found};
use super::setting_undefined::decides_about_addresses;
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::flux::object::Object;
use crate::krm::item::Item;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP412",
    name: "identity-twice",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("identity_twice.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    // Without an entry point files may be alternatives.
    if view.cluster.entrypoint.is_none() {
        return;
    }
    let mut first: BTreeMap<(&str, &str, String, String), &Object<'_, '_>> = BTreeMap::new();
    for object in view.cluster.objects.iter().filter(|object| matters(object.item)) {
        let Some(name) = object.name().known().cloned().filter(|name| !name.is_empty()) else { continue };
        let namespace = if object.resource().namespace.is_some() { object.namespace() } else { crate::flux::fact::Fact::Known(String::new()) };
        let Some(namespace) = namespace.known().cloned() else { continue };
        let item = object.item;
        let key = (item.group(), item.resource.kind.as_str(), namespace, name.clone());
        let Some(before) = first.get(&key) else {
            first.insert(key, object);
            continue;
        };
        let kind = &item.resource.kind;
        let same_version = before.item.resource.api_version == item.resource.api_version;
        let message = match (&before.kustomization, &object.kustomization) {
            (Some(a), Some(b)) if a != b => format!("{kind} {name} is applied by {a} and, in another form, by {b}: they overwrite each other"),
            (Some(one), Some(_)) if same_version => format!("{kind} {name} is there twice in Kustomization {one}: kustomize refuses to build it"),
            _ => format!("{kind} {name} is there twice: one overwrites the other"),
        };
        let found = Found::on(object).message(message).help("remove one of them, or give it another name");
        findings.add(view, found.link("the other one", Some(before.place_of_name())));
    }
}

fn matters(item: &Item<'_>) -> bool {
    decides_about_addresses(item)
        || item.is("kustomize.toolkit.fluxcd.io", "Kustomization")
        || item.is("", "ConfigMap")
        || item.is("", "Secret")
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    use super::super::cases::POOL_FILE;

    #[test]
    fn pass() {
        rule(&RULE).passes(&wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools\n{POOL_FILE}#> pools/b.yaml\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {{name: other}}\nspec: {{}}\n")));
        // The same file, once with a suffix: two objects.
        rule(&RULE).passes(&wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools\nKS more ./pools nameSuffix: '-2'\n{POOL_FILE}")));
        // A namespace of its own each.
        rule(&RULE).passes(&wired("#> clusters/one/ks.yaml\nKS a ./a targetNamespace: a\nKS b ./b targetNamespace: b\n#> a/s.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: x}\n#> b/s.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: x}\n"));
    }

    #[test]
    fn fail() {
        let twice = "#> pools/b.yaml\napiVersion: cilium.io/v2alpha1\nkind: CiliumLoadBalancerIPPool\nmetadata: {name: pool}\nspec: {}\n";
        rule(&RULE).fails(&wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools\n{twice}{POOL_FILE}"))).says("there twice").times(1);
        let apart = twice.replace("#> pools/", "#> other/");
        rule(&RULE).fails(&wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools\nKS other ./other\n{apart}{POOL_FILE}"))).says("overwrite each other").times(1);
    }
}
