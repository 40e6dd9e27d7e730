//! A Gateway or an Ingress with `externalTrafficPolicy: Local` that no node announces.
//!
//! ## What it does
//!
//! Finds Services of Gateways and Ingresses with the traffic policy `Local` (from a CiliumGatewayClassConfig, from
//! `gatewayAPI.externalTrafficPolicy` of the chart, or from the annotation of an Ingress) whose only announcements are L2
//! policies from 1.20.2 on, or BGP up to 1.18.
//!
//! ## Why is this bad?
//!
//! Such a Service leads to Cilium's Envoy and has one made-up endpoint, which is on no node. From 1.20.2 on only a node
//! with an endpoint answers in L2 (#48799), and up to 1.18 only such a node advertises in BGP: nobody does. Addresses,
//! Gateway and agents all look healthy. In L2 no release up to 1.20.2 is free of it but those before 1.20.2; in BGP 1.19.0
//! is the first.
//!
//! ## Example
//!
//! ```yaml
//! # the config: cilium: {version: "1.20.2", l2Announcements: true}
//! kind: CiliumGatewayClassConfig
//! spec: {service: {externalTrafficPolicy: Local}}
//! ```
//!
//! ## What to do
//!
//! Use `externalTrafficPolicy: Cluster`.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::coverage::{Announcers, Miss};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP511",
    name: "gateway-local-not-announced",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("gateway_local_not_announced.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live || view.advertisements.is_empty() {
        return;
    }
    let announcers = Announcers::of(view);
    for request in view.requests.iter().filter(|request| request.through_envoy && request.responsible.is_ok()) {
        let Some(service) = request.service.known() else { continue };
        let silent = announcers.families(request, service).into_iter().find_map(|family| {
            let coverage = announcers.coverage(request, service, family);
            let local = coverage.misses.iter().find(|(_, miss)| *miss == Miss::LocalWithoutEndpoint).copied();
            local.filter(|_| coverage.by.is_empty() && coverage.unknown.is_none())
        });
        let Some((advertisement, _)) = silent else { continue };
        let resource = advertisement.object.resource();
        let message = format!(
            "the Service of {} has externalTrafficPolicy Local and no endpoint on any node, so in Cilium {} no node announces \
             its address",
            request.label(),
            view.profile.version
        );
        let found = Found::on(request.object)
            .link(format!("{} {}", resource.kind, resource.name), Some(advertisement.object.place_of_name()));
        findings.add(view, found.message(message).help("use externalTrafficPolicy Cluster for it"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn ingress(version: &str, policy: &str, announcement: &str) -> String {
        format!(
            "{CONFIG}  cilium: {{version: \"{version}\"}}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  \
             name: shop\n  annotations:\n    ingress.cilium.io/loadbalancer-mode: dedicated\n    \
             ingress.cilium.io/service-external-traffic-policy: {policy}\nspec: {{ingressClassName: cilium}}\n---\n{announcement}"
        )
    }

    fn gateway(version: &str, protocol: &str) -> String {
        format!(
            "{CONFIG}  cilium: {{version: \"{version}\"}}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\n\
             metadata: {{name: cilium}}\nspec:\n  controllerName: io.cilium/gateway-controller\n  parametersRef: {{group: \
             cilium.io, kind: CiliumGatewayClassConfig, name: c, namespace: n}}\n---\napiVersion: cilium.io/v2alpha1\n\
             kind: CiliumGatewayClassConfig\nmetadata: {{name: c, namespace: n}}\nspec: {{service: {{externalTrafficPolicy: \
             Local}}}}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: public\nspec:\n  \
             gatewayClassName: cilium\n  listeners: [{{name: a, port: 80, protocol: {protocol}}}]\n---\n{L2}"
        )
    }

    const L2: &str = "apiVersion: cilium.io/v2alpha1\nkind: CiliumL2AnnouncementPolicy\nmetadata: {name: lan}\n\
                      spec: {loadBalancerIPs: true}\n";
    const BGP: &str = "apiVersion: cilium.io/v2alpha1\nkind: CiliumBGPAdvertisement\nmetadata: {name: bgp, labels: {a: b}}\n\
                       spec: {advertisements: [{advertisementType: Service, service: {addresses: [LoadBalancerIP]}, \
                       selector: {}}]}\n---\napiVersion: cilium.io/v2alpha1\nkind: CiliumBGPClusterConfig\n\
                       metadata: {name: c}\nspec: {bgpInstances: [{name: i, peers: [{name: p, peerConfigRef: {name: tor}}]}]}\n\
                       ---\napiVersion: cilium.io/v2alpha1\nkind: CiliumBGPPeerConfig\nmetadata: {name: tor}\n\
                       spec: {families: [{afi: ipv4, safi: unicast, advertisements: {matchLabels: {a: b}}}]}\n";

    #[test]
    fn pass() {
        rule(&RULE).passes(&ingress("1.20.1", "Local", L2));
        rule(&RULE).passes(&ingress("1.20.2", "Cluster", L2));
        rule(&RULE).passes(&ingress("1.19", "Local", BGP));
        rule(&RULE).passes(&gateway("1.19", "HTTP"));
        // TCP and UDP lead to the pods themselves.
        rule(&RULE).passes(&gateway("1.20.2", "TCP"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&ingress("1.20.2", "Local", L2)).at("shop").says("no node announces").times(1);
        rule(&RULE).fails(&ingress("1.18", "Local", BGP)).times(1);
        rule(&RULE).fails(&gateway("1.20.2", "HTTP")).at("public").times(1);
    }
}
