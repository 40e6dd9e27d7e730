//! An address of a Gateway that is no address.
//!
//! ## What it does
//!
//! Reads every address that a Gateway asks for as Cilium does: `spec.addresses`, the annotations under
//! `spec.infrastructure`, and the address that the config gives it under `gateways`, each with the cluster's own
//! values filled in.
//!
//! ## Why is this bad?
//!
//! With such a value in `spec.addresses` Cilium does not accept the Gateway at all: the condition `Accepted` is False
//! with reason `UnsupportedAddress`, and no listener works. In an annotation the entry is dropped with a line in the
//! operator's log, and the Gateway gets any address.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   addresses:
//!   - value: 10.25.11.300      # an octet above 255
//! ```
//!
//! ## What to do
//!
//! Write a plain address: four octets up to 255 without leading zeros, or IPv6, without prefix length.

use super::finding::{Findings, Found};
use super::gateway_addresses::{on_planned, planned_text};
use super::{Check, Rule};
use crate::cilium::address::{AddressError, parse_address};
use crate::cilium::request::Origin;
use crate::cluster::ClusterView;
use crate::cluster::requests::{Asker, Request};
use crate::flux::object::Text;
use crate::krm::node::Node;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP301",
    name: "gateway-address-unparsable",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("gateway_address_unparsable.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let mut said: Vec<String> = Vec::new();
    for request in view.requests.iter().filter(|request| request.asker == Asker::Gateway) {
        if view.profile.gateway_addresses {
            spec_addresses(view, request, &mut said, findings);
        }
        annotations(view, request, findings);
    }
    for gateway in &view.plan.gateways {
        let text = planned_text(gateway, &view.cluster.settings);
        // A Gateway that says the same has been spoken of.
        if said.contains(&text.written) {
            continue;
        }
        if let Some(error) = text.known().and_then(mistake) {
            let found = on_planned(view, &text);
            findings.add(view, found.message(format!("the Gateway address {error}")).help(HELP));
        }
    }
}

const HELP: &str = "write a plain address such as 10.25.11.100";

/// What is wrong with an address, as the end of a sentence.
fn mistake(value: &str) -> Option<String> {
    // An expression that nothing filled in is another rule's business.
    if value.contains("${") {
        return None;
    }
    parse_address(value).err().map(|error| format!("{value:?} cannot be read: {error}"))
}

fn spec_addresses(
    view: &ClusterView<'_, '_>,
    request: &Request<'_, '_>,
    said: &mut Vec<String>,
    findings: &mut Findings<'_>,
) {
    const REFUSED: &str = "Cilium does not accept the Gateway then (UnsupportedAddress)";
    let object = request.object;
    let addresses = object.tree().at(&["spec", "addresses"]).map(Node::items).unwrap_or_default();
    for (n, node) in addresses.iter().enumerate() {
        let text_at = |key: &str| node.get(key).and_then(|node| object.text(node));
        let of_type = text_at("type");
        if let Some(of_type) = of_type.as_ref().filter(|text| text.known().is_some_and(|t| t != "IPAddress")) {
            let found = Found::on(object).field(object, format!("spec.addresses[{n}].type"), of_type);
            let kind = of_type.known().unwrap_or_default();
            let message = format!("an address of type {kind} is none that Cilium can give; {REFUSED}");
            findings.add(view, found.message(message).help("write type: IPAddress and an address"));
            continue;
        }
        let Some(text) = text_at("value") else { continue };
        if let Some(mistake) = text.known().and_then(mistake) {
            said.push(text.written.clone());
            let found = Found::on(object).field(object, format!("spec.addresses[{n}].value"), &text);
            findings.add(view, found.message(format!("the address {mistake}; {REFUSED}")).help(HELP));
        }
    }
}

fn annotations(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, findings: &mut Findings<'_>) {
    for ignored in &request.requested.ignored {
        let Origin::Annotation(key) = ignored.origin else { continue };
        if ignored.error == AddressError::Empty || ignored.text.contains("${") {
            continue;
        }
        let of_annotation = |(path, _): &&(String, Text)| path.ends_with(&format!("[{key}]"));
        // What spec.addresses adds to the annotation has been spoken of.
        let Some((path, text)) = request.written.iter().find(of_annotation) else { continue };
        let instead = if request.requested.addresses.is_empty() { "any address" } else { "the others only" };
        let message = format!(
            "the address {:?} cannot be read: {}; Cilium drops it without a word and the Gateway gets {instead}",
            ignored.text, ignored.error
        );
        let found = Found::on(request.object).field(request.object, path.clone(), text);
        findings.add(view, found.message(message).help(HELP));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn gateway(spec: &str) -> String {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: public\n  namespace: network\n\
             spec:\n  gatewayClassName: cilium\n  {spec}\n"
        )
    }

    fn planned(value: &str) -> String {
        format!(
            "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata:\n  name: p\nspec:\n  \
             pools:\n  - {{name: gateway, blocks: [{{cidr: 10.0.0.0/24}}]}}\n  \
             gateways:\n  - {{address: \"${{GATEWAY}}\", pool: gateway}}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cluster-settings\n  namespace: flux-system\n\
             data:\n  GATEWAY: {value}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&gateway("addresses: [{type: IPAddress, value: 10.0.0.5}]"));
        rule(&RULE).passes(&gateway("addresses: [{value: 'fd00::5'}]"));
        rule(&RULE).passes(&gateway("infrastructure: {annotations: {lbipam.cilium.io/ips: '10.0.0.5, 10.0.0.6'}}"));
        rule(&RULE).passes(&planned("10.0.0.5"));
        // The value is not known: nothing holds it in the input.
        rule(&RULE).passes(&gateway("addresses: [{value: '${ELSEWHERE}'}]"));
    }

    #[test]
    fn fail() {
        let refused = gateway("addresses: [{value: 10.0.0.300}]");
        rule(&RULE).fails(&refused).at("10.0.0.300").says("UnsupportedAddress").says("above 255").times(1);
        let host = gateway("addresses: [{type: Hostname, value: gw.example.org}]");
        rule(&RULE).fails(&host).at("Hostname").times(1);
        let annotated = gateway("infrastructure: {annotations: {io.cilium/lb-ipam-ips: 10.0.0.5/32}}");
        rule(&RULE).fails(&annotated).at("10.0.0.5/32").says("any address").times(1);
    }

    #[test]
    fn a_setting_of_the_config() {
        rule(&RULE).fails(&planned("10.0.0.1000")).at("10.0.0.1000").times(1);
        // The Gateway uses the same setting: one mistake, one finding, at the Gateway.
        let both = format!("{}---\n{}", planned("10.0.0.1000"), gateway("addresses: [{value: '${GATEWAY}'}]"));
        rule(&RULE).fails(&both).read_at("'${GATEWAY}'").times(1);
    }
}
