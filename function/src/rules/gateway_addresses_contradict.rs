//! A Gateway asks for one address in `spec.addresses` and for another in an annotation.
//!
//! ## What it does
//!
//! Compares `spec.addresses` of a Gateway with the annotations of LB-IPAM under `spec.infrastructure.annotations`.
//!
//! ## Why is this bad?
//!
//! The annotation wins, whichever of its two spellings is used: the Service gets that address, and the Gateway stays
//! `Programmed: False` with `AddressNotUsable`, because the one in `spec.addresses` is not there.
//!
//! ## Example
//!
//! ```yaml
//! kind: Gateway
//! spec:
//!   addresses: [{value: 10.25.11.100}]
//!   infrastructure:
//!     annotations: {lbipam.cilium.io/ips: 10.25.11.101}
//! ```
//!
//! ## What to do
//!
//! Keep one of the two.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::address::parse_address;
use crate::cilium::request::Origin;
use crate::cluster::ClusterView;
use crate::cluster::requests::{Asker, spec_addresses};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP321",
    name: "gateway-addresses-contradict",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("gateway_addresses_contradict.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    // Before 1.17 nothing reads spec.addresses, which is LBP307's.
    if !view.profile.gateway_addresses {
        return;
    }
    for request in view.requests.iter().filter(|r| r.asker == Asker::Gateway && r.responsible.is_ok()) {
        let asked = &request.requested.addresses;
        let Some(Origin::Annotation(key)) = asked.first().map(|asked| asked.origin) else { continue };
        let annotation = format!("spec.infrastructure.annotations[{key}]");
        let Some((_, by)) = request.written.iter().find(|(path, _)| *path == annotation) else { continue };
        for (path, text) in spec_addresses(request.object) {
            let Some(address) = text.known().and_then(|value| parse_address(value).ok()) else { continue };
            if asked.iter().any(|asked| asked.address == address.address) {
                continue;
            }
            let message = format!(
                "{} asks for {} in spec.addresses and for {} in {key}, which wins: the Gateway will not be programmed",
                request.label(),
                address.address,
                by.known().unwrap_or(&by.written)
            );
            let found = Found::on(request.object)
                .field(request.object, path, &text)
                .link(format!("{key} asks for another"), Some(request.object.place(&by.span)));
            findings.add(view, found.message(message).help("keep one of the two"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn case(annotation: &str) -> String {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: public}}\nspec:\n  \
             gatewayClassName: cilium\n  addresses: [{{value: 10.0.0.8}}]\n  \
             infrastructure: {{annotations: {{{annotation}}}}}\n---\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("lbipam.cilium.io/ips: 10.0.0.8"));
        rule(&RULE).passes(&case("io.cilium/lb-ipam-ips: '10.0.0.7, 10.0.0.8'"));
        rule(&RULE).passes(&case("a: b"));
        rule(&RULE).passes(&case("lbipam.cilium.io/ips: '${ELSEWHERE}'"));
        let old = format!("{CONFIG}  cilium: {{version: \"1.16\"}}\n---\n{}", case("lbipam.cilium.io/ips: 10.0.0.9"));
        rule(&RULE).passes(&old);
    }

    #[test]
    fn fail() {
        for key in ["lbipam.cilium.io/ips", "io.cilium/lb-ipam-ips"] {
            rule(&RULE).fails(&case(&format!("{key}: 10.0.0.9"))).at("10.0.0.8").says(key).times(1);
        }
    }
}
