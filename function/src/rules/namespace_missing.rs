//! An object without a namespace, and nothing on the way gives it one.
//!
//! ## What it does
//!
//! Looks at objects of namespaced kinds that a Flux Kustomization applies: neither the manifest, nor a kustomization, nor
//! `targetNamespace` says where they go.
//!
//! ## Why is this bad?
//!
//! Flux has no default namespace. It refuses the object (`namespace not specified`), and everything else of the Kustomization
//! with it.
//!
//! ## Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: Service
//! metadata:
//!   name: web          # and no namespace
//! ```
//!
//! ## What to do
//!
//! Write `metadata.namespace`, `namespace:` in the kustomization, or `targetNamespace` in the Flux Kustomization.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP427",
    name: "namespace-missing",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("namespace_missing.rs"),
    check: Check::Cluster(check),
};

/// Kinds that live in a namespace, by API group.
const NAMESPACED: &[(&str, &[&str])] = &[
    ("", &["ConfigMap", "PersistentVolumeClaim", "Pod", "Secret", "Service", "ServiceAccount"]),
    ("apps", &["DaemonSet", "Deployment", "StatefulSet"]),
    ("batch", &["CronJob", "Job"]),
    ("cilium.io", &["CiliumNetworkPolicy"]),
    ("gateway.networking.k8s.io", &["GRPCRoute", "Gateway", "HTTPRoute", "TLSRoute"]),
    ("helm.toolkit.fluxcd.io", &["HelmRelease"]),
    ("kustomize.toolkit.fluxcd.io", &["Kustomization"]),
    ("networking.k8s.io", &["Ingress", "NetworkPolicy"]),
    ("rbac.authorization.k8s.io", &["Role", "RoleBinding"]),
    ("source.toolkit.fluxcd.io", &["Bucket", "GitRepository", "HelmChart", "HelmRepository", "OCIRepository"]),
];

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for object in view.cluster.objects.iter().filter(|object| view.live && object.altered.is_none()) {
        let (Some(kustomization), item) = (&object.kustomization, object.item) else { continue };
        let namespaced = NAMESPACED.iter().any(|(group, kinds)| *group == item.group() && kinds.contains(&item.resource.kind.as_str()));
        let given = item.resource.namespace.is_some() || object.namespace_override.is_some();
        if !namespaced || given {
            continue;
        }
        let (kind, name) = (&item.resource.kind, &item.resource.name);
        let found = Found::on(object)
            .key("metadata.namespace")
            .message(format!("{kind} {name} has no namespace: Flux applies nothing of Kustomization {kustomization}"))
            .help("write metadata.namespace, or targetNamespace in the Kustomization");
        findings.add(view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    fn case(more: &str, namespace: &str) -> String {
        wired(&format!("#> clusters/one/ks.yaml\nKS a ./a {more}\n#> a/s.yaml\napiVersion: v1\nkind: Service\nmetadata: {{name: web{namespace}}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("suspend: false", ", namespace: a"));
        rule(&RULE).passes(&case("targetNamespace: a", ""));
        rule(&RULE).passes(&(case("suspend: false", "") + "#> a/kustomization.yaml\nnamespace: a\nresources: [s.yaml]\n"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("suspend: false", "")).at("web").says("has no namespace").times(1);
    }
}
