//! A Service asks LB-IPAM for something, and LB-IPAM does not serve it.
//!
//! ## What it does
//!
//! Looks at requests for an address whose load balancer class, type or cluster setting leaves them to nobody or to
//! somebody else: a class that starts with `io.cilium/` and that Cilium does not know, another controller's class, no
//! class where `defaultLBServiceIPAM` is not `lbipam`, and a Gateway or Ingress whose Service is of another type.
//!
//! ## Why is this bad?
//!
//! LB-IPAM ignores such a Service without a word: no address, no condition, no event. What the Service asks for is not
//! read either.
//!
//! ## Example
//!
//! ```yaml
//! metadata: {annotations: {lbipam.cilium.io/ips: 10.25.11.105}}
//! spec:
//!   type: LoadBalancer
//!   loadBalancerClass: io.cilium/lb-ipam     # no such class
//! ```
//!
//! ## What to do
//!
//! Take the class out or write one that Cilium serves (`io.cilium/bgp-control-plane`, `io.cilium/l2-announcer`), or take
//! the request out.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::request::{BGP_CLASS, L2_CLASS, NotResponsible};
use crate::cluster::ClusterView;
use crate::cluster::requests::{Asker, Request};
use crate::config::closest::closest;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP315",
    name: "request-nobody-serves",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("request_nobody_serves.rs"),
    check: Check::Cluster(check),
};

/// The class of Node IPAM, which gives the addresses of nodes.
const NODE_CLASS: &str = "io.cilium/node";

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for request in &view.requests {
        let (Err(why), Some(service)) = (&request.responsible, request.service.known()) else { continue };
        let class = service.class.as_deref().unwrap_or_default();
        let asks = !request.requested.addresses.is_empty() || !request.requested.ignored.is_empty();
        let unknown_class = class.starts_with("io.cilium/") && class != NODE_CLASS;
        let (because, help) = match why {
            NotResponsible::ForeignClass if unknown_class => (
                format!("Cilium has no load balancer class {class}"),
                match closest(class, &[BGP_CLASS, L2_CLASS, NODE_CLASS]) {
                    Some(meant) => format!("did you mean {meant}?"),
                    None => "take the class out".to_owned(),
                },
            ),
            NotResponsible::ForeignClass if asks && class == NODE_CLASS => (
                "its class is that of Node IPAM, which gives it the addresses of nodes".to_owned(),
                "take the class out, or the address that it asks for".to_owned(),
            ),
            NotResponsible::ForeignClass if asks => (
                format!("its class {class} is another controller's"),
                "take the class out, or the address that it asks for".to_owned(),
            ),
            NotResponsible::OtherDefault if asks => (
                "it has no class, and this cluster leaves such Services to others (defaultLBServiceIPAM)".to_owned(),
                format!("give it the class {BGP_CLASS} or {L2_CLASS}, or say defaultLBServiceIPAM: lbipam"),
            ),
            NotResponsible::NotLoadBalancer if asks && request.asker != Asker::Service => (
                format!("its Service is of type {}", service.service_type),
                "let its Service be of type LoadBalancer, or take the address out".to_owned(),
            ),
            _ => continue,
        };
        let message = format!("LB-IPAM ignores {}: {because}", request.label());
        findings.add(view, at(request).message(message).help(help));
    }
}

fn at(request: &Request<'_, '_>) -> Found {
    let found = Found::on(request.object);
    let class = request.object.text_at(&["spec", "loadBalancerClass"]).filter(|_| request.asker == Asker::Service);
    match (class, request.written.first()) {
        (Some(class), _) => found.field(request.object, "spec.loadBalancerClass", &class),
        (None, Some((path, text))) => found.field(request.object, path.clone(), text),
        (None, None) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn case(cilium: &str, annotations: &str, class: &str) -> String {
        format!(
            "{CONFIG}  cilium: {{{cilium}}}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n  namespace: home\n  \
             annotations: {{{annotations}}}\nspec: {{type: LoadBalancer{class}}}\n"
        )
    }

    const PIN: &str = "lbipam.cilium.io/ips: 10.0.0.5";

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("", PIN, ""));
        rule(&RULE).passes(&case("", PIN, ", loadBalancerClass: io.cilium/bgp-control-plane"));
        // Another controller's, and it asks Cilium for nothing.
        rule(&RULE).passes(&case("", "", ", loadBalancerClass: tailscale"));
        rule(&RULE).passes(&case("", "", ", loadBalancerClass: io.cilium/node"));
        rule(&RULE).passes(&case("version: \"1.18\", defaultLBServiceIPAM: none", "", ""));
        rule(&RULE).passes(&case("version: \"1.16\", defaultLBServiceIPAM: none", PIN, ""));
    }

    #[test]
    fn fail() {
        let typo = case("", "", ", loadBalancerClass: io.cilium/l2-anouncer");
        let failed = rule(&RULE).fails(&typo).at("io.cilium/l2-anouncer").says("no load balancer class").times(1);
        assert_eq!(failed.findings[0].help, "did you mean io.cilium/l2-announcer?");
        rule(&RULE).fails(&case("", PIN, ", loadBalancerClass: tailscale")).at("tailscale").says("another").times(1);
        rule(&RULE).fails(&case("", PIN, ", loadBalancerClass: io.cilium/node")).says("Node IPAM").times(1);
        let none = case("version: \"1.18\", defaultLBServiceIPAM: none", PIN, "");
        rule(&RULE).fails(&none).at("10.0.0.5").says("no class").times(1);
        let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: shop\n  annotations:\n    \
                       ingress.cilium.io/loadbalancer-mode: dedicated\n    ingress.cilium.io/service-type: NodePort\n    \
                       lbipam.cilium.io/ips: 10.0.0.5\nspec: {ingressClassName: cilium}\n";
        rule(&RULE).fails(ingress).at("10.0.0.5").says("type NodePort").times(1);
    }
}
