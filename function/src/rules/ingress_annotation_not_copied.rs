//! An annotation of LB-IPAM on an Ingress that never reaches a Service.
//!
//! ## What it does
//!
//! Looks at the annotations of LB-IPAM on Cilium's Ingresses: on one with a Service of its own (dedicated) the key must
//! begin with a prefix that Cilium hands on; on one that shares a Service nothing is handed on.
//!
//! ## Why is this bad?
//!
//! By default `lbipam.cilium.io/…` is handed on from 1.16, and the older spelling `io.cilium/…` never is. The Service of
//! the Ingress then gets any address. The shared Service is made by Cilium's chart and takes its annotations from there.
//!
//! ## Example
//!
//! ```yaml
//! kind: Ingress
//! metadata:
//!   annotations:
//!     ingress.cilium.io/loadbalancer-mode: dedicated
//!     io.cilium/lb-ipam-ips: 10.25.11.105
//! ```
//!
//! ## What to do
//!
//! Write `lbipam.cilium.io/ips`; for the shared Service write it under `ingressController.service.annotations` of the
//! chart.

use super::asked_annotations::{entries, exists};
use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::requests::{Asker, shared_ingresses};
use crate::flux::object::{Object, Text};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP322",
    name: "ingress-annotation-not-copied",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("ingress_annotation_not_copied.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for request in view.requests.iter().filter(|request| request.asker == Asker::Ingress && request.responsible.is_ok()) {
        let Some(service) = request.service.known() else { continue };
        for (key, value) in entries(request.object, &["metadata", "annotations"]) {
            let Some(key) = key.known().filter(|key| exists(key) && !service.annotations.contains_key(*key)) else { continue };
            // Said in another spelling that is handed on.
            let other = service.annotations.iter().any(|(_, other)| Some(other.as_str()) == value.known());
            if other || !depends_on_version(view, key) {
                continue;
            }
            let message = format!("{} says {key}, which Cilium does not hand on to its Service", request.label());
            let help = match view.profile.ingress_prefixes.contains(&"lbipam.cilium.io") {
                true => "write the spelling that begins with lbipam.cilium.io",
                false => "add io.cilium to ingressController.ingressLBAnnotationPrefixes of Cilium's chart, and use that spelling",
            };
            findings.add(view, found(request.object, key, &value).message(message).help(help));
        }
    }
    for object in shared_ingresses(&view.cluster.objects) {
        for (key, value) in entries(object, &["metadata", "annotations"]) {
            let Some(key) = key.known().filter(|key| exists(key)) else { continue };
            let message = format!(
                "Ingress {} says {key} and shares the Service of Cilium's chart, to which nothing is handed on",
                object.resource().name
            );
            let help = "write it under ingressController.service.annotations of Cilium's chart, or use the dedicated mode";
            findings.add(view, found(object, key, &value).message(message).help(help));
        }
    }
}

fn found(object: &Object<'_, '_>, key: &str, value: &Text) -> Found {
    Found::on(object).field(object, format!("metadata.annotations[{key}]"), value)
}

/// The older spelling is handed on by no version; whether the newer one is must be known.
fn depends_on_version(view: &ClusterView<'_, '_>, key: &str) -> bool {
    key.starts_with("io.cilium/") || view.version_known
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn case(version: &str, mode: &str, annotation: &str) -> String {
        format!(
            "{CONFIG}  cilium: {{version: \"{version}\"}}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\n\
             metadata:\n  name: shop\n  annotations: {{ingress.cilium.io/loadbalancer-mode: {mode}, {annotation}: 10.0.0.5}}\n\
             spec: {{ingressClassName: cilium}}\n---\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("1.18", "dedicated", "lbipam.cilium.io/ips"));
        rule(&RULE).passes(&case("1.18", "dedicated", "lbipam.cilium.io/ips: 10.0.0.5, io.cilium/lb-ipam-ips"));
        rule(&RULE).passes(&case("1.18", "dedicated", "example.org/ips"));
        rule(&RULE).passes(&case("1.18", "shared", "example.org/ips"));
        rule(&RULE).passes(&case("1.18", "dedicated", "io.cilium/lb-ipam-ips").replace("Name: cilium", "Name: nginx"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("1.18", "dedicated", "io.cilium/lb-ipam-ips")).at("10.0.0.5").says("hand on").times(1);
        rule(&RULE).fails(&case("1.15", "dedicated", "lbipam.cilium.io/ips")).at("10.0.0.5").times(1);
        rule(&RULE).fails(&case("1.18", "shared", "lbipam.cilium.io/ips")).at("10.0.0.5").says("shares").times(1);
    }
}
