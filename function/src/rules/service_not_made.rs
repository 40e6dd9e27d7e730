//! A Gateway or an Ingress of which Cilium makes no Service.
//!
//! ## What it does
//!
//! Finds what Cilium of the cluster's version refuses: a Gateway with `spec.infrastructure.parametersRef` (from 1.20;
//! ignored before), a GatewayClass whose `parametersRef` is no CiliumGatewayClassConfig or says no namespace (from 1.19),
//! and a dedicated Ingress whose Service would have a name of more than 63 characters (before 1.20).
//!
//! ## Why is this bad?
//!
//! There is no Service, so there is no address. The Gateway is not accepted (`InvalidParameters`); of the Ingress only
//! the operator's log tells.
//!
//! ## Example
//!
//! ```yaml
//! # the config: cilium: {version: "1.20"}
//! kind: Gateway
//! spec:
//!   infrastructure:
//!     parametersRef: {group: cilium.io, kind: CiliumGatewayClassConfig, name: edge}
//! ```
//!
//! ## What to do
//!
//! Name the CiliumGatewayClassConfig in the GatewayClass, with its namespace; give the Ingress a shorter name.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::request::NotResponsible;
use crate::cluster::ClusterView;
use crate::cluster::requests::Asker;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP323",
    name: "service-not-made",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("service_not_made.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    // Each of these hangs on the version.
    if !view.version_known {
        return;
    }
    for request in view.requests.iter().filter(|request| request.responsible == Err(NotResponsible::NoService)) {
        let object = request.object;
        let version = &view.profile.version;
        let own = object.tree().at(&["spec", "infrastructure", "parametersRef"]).filter(|node| !node.is_null());
        let (found, why, help) = match (request.asker, own) {
            (Asker::Ingress, _) => (
                Found::on(object),
                format!("its Service would have a name of more than 63 characters, which Cilium {version} does not shorten"),
                "give the Ingress a name of at most 48 characters",
            ),
            (_, Some(node)) if view.profile.gateway_parameters_refused => (
                Found::on(object).span(object, "spec.infrastructure.parametersRef", &node.span),
                format!("Cilium {version} refuses a Gateway with parameters of its own (InvalidParameters)"),
                "take parametersRef out, and name the parameters in the GatewayClass",
            ),
            _ => (
                Found::on(object),
                format!("Cilium {version} cannot use the parametersRef of its GatewayClass (InvalidParameters)"),
                "name a CiliumGatewayClassConfig there, with its namespace",
            ),
        };
        let message = format!("{} gets no Service and no address: {why}", request.label());
        findings.add(view, found.message(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn versioned(version: &str, rest: &str) -> String {
        format!("{CONFIG}  cilium: {{version: \"{version}\"}}\n---\n{rest}")
    }

    const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: public\nspec:\n  \
                           gatewayClassName: cilium\n";
    const CLASS: &str = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: cilium}\nspec:\n  \
                         controllerName: io.cilium/gateway-controller\n  \
                         parametersRef: {group: cilium.io, kind: CiliumGatewayClassConfig, name: edge}\n";

    fn ingress(length: usize) -> String {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {}\n  annotations: \
             {{ingress.cilium.io/loadbalancer-mode: dedicated}}\nspec: {{ingressClassName: cilium}}\n",
            "a".repeat(length)
        )
    }

    #[test]
    fn pass() {
        let own = format!("{GATEWAY}  infrastructure: {{parametersRef: {{group: g, kind: k, name: n}}}}\n");
        rule(&RULE).passes(&versioned("1.19", &own));
        rule(&RULE).passes(&own);
        rule(&RULE).passes(&versioned("1.18", &format!("{GATEWAY}{CLASS}")));
        rule(&RULE).passes(&versioned("1.18", &ingress(48)));
        rule(&RULE).passes(&versioned("1.20", &ingress(49)));
    }

    #[test]
    fn fail() {
        let own = format!("{GATEWAY}  infrastructure: {{parametersRef: {{group: g, kind: k, name: n}}}}\n");
        rule(&RULE).fails(&versioned("1.20", &own)).at("{group: g, kind: k, name: n}").times(1);
        rule(&RULE).fails(&versioned("1.19", &format!("{GATEWAY}{CLASS}"))).at("public").says("GatewayClass").times(1);
        rule(&RULE).fails(&versioned("1.18", &ingress(49))).says("63 characters").times(1);
    }
}
