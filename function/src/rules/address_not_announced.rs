//! A Service gets an address that no announcement covers.
//!
//! ## What it does
//!
//! In clusters whose input shows how addresses are announced, follows the way of every Service's address: an L2 policy
//! that selects it, or a BGP advertisement that selects it and that a peer takes for its family; both only for classes
//! that are theirs. Nothing is said where part of the way is not in the input.
//!
//! ## Why is this bad?
//!
//! LB-IPAM does not look at announcements. The Service has its address, every condition says that all is well, and
//! nobody outside the cluster reaches it.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumL2AnnouncementPolicy
//! spec: {loadBalancerIPs: true, serviceSelector: {matchLabels: {expose: lan}}}
//! ---
//! kind: Service
//! metadata: {name: registry}          # without the label
//! ```
//!
//! ## What to do
//!
//! Let an announcement select the Service. If it is meant to be reached from inside only, accept the finding on it.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::Family;
use crate::cluster::ClusterView;
use crate::cluster::coverage::{Announcers, Coverage, Miss};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP506",
    name: "address-not-announced",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("address_not_announced.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live || view.advertisements.is_empty() {
        return;
    }
    let announcers = Announcers::of(view);
    for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
        let Some(service) = request.service.known() else { continue };
        let missed: Vec<(Family, Coverage<'_, '_, '_>)> = announcers
            .families(request, service)
            .into_iter()
            .map(|family| (family, announcers.coverage(request, service, family)))
            .filter(|(_, coverage)| is_missed(coverage))
            .collect();
        let Some((_, coverage)) = missed.first() else { continue };
        let families: Vec<String> = missed.iter().map(|(family, _)| family.to_string()).collect();
        let message = format!("nothing announces the {} address of {}", families.join(" and "), request.label());
        let mut found = Found::on(request.object).message(message);
        for (advertisement, miss) in &coverage.misses {
            let resource = advertisement.object.resource();
            found = found.link(
                format!("{} {}: {miss}", resource.kind, resource.name),
                Some(advertisement.object.place_of_name()),
            );
        }
        findings.add(view, found.help("let an announcement select it, for its class and family"));
    }
}

/// Not covered, and not because an announcement does nothing at all, which is a finding on that one.
fn is_missed(coverage: &Coverage<'_, '_, '_>) -> bool {
    coverage.by.is_empty()
        && coverage.unknown.is_none()
        && coverage.misses.iter().all(|(_, miss)| {
            matches!(miss, Miss::NotSelected | Miss::Class | Miss::NoPeerOfFamily | Miss::Ipv6)
        })
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn service(rest: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: registry\n  namespace: home\n  labels: {{expose: lan}}\n\
             spec: {{type: LoadBalancer{rest}}}\n---\n"
        )
    }

    fn l2(selector: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2alpha1\nkind: CiliumL2AnnouncementPolicy\nmetadata: {{name: lan}}\n\
             spec: {{loadBalancerIPs: true, serviceSelector: {{matchLabels: {{{selector}}}}}}}\n---\n"
        )
    }

    fn bgp(afi: &str, selector: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2alpha1\nkind: CiliumBGPAdvertisement\nmetadata: {{name: bgp, labels: {{a: b}}}}\n\
             spec: {{advertisements: [{{advertisementType: Service, service: {{addresses: [LoadBalancerIP]}}, \
             selector: {{matchLabels: {{{selector}}}}}}}]}}\n---\napiVersion: cilium.io/v2alpha1\n\
             kind: CiliumBGPClusterConfig\nmetadata: {{name: c}}\nspec: {{bgpInstances: [{{name: i, peers: [{{name: p, \
             peerConfigRef: {{name: tor}}}}]}}]}}\n---\napiVersion: cilium.io/v2alpha1\nkind: CiliumBGPPeerConfig\n\
             metadata: {{name: tor}}\nspec: {{families: [{{afi: {afi}, safi: unicast, advertisements: {{matchLabels: \
             {{a: b}}}}}}]}}\n---\n"
        )
    }

    fn version(version: &str, rest: &str) -> String {
        format!("{CONFIG}  cilium: {{version: \"{version}\", ipv6: true}}\n---\n{rest}")
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&(service("") + &l2("expose: lan")));
        rule(&RULE).passes(&(service("") + &l2("expose: wan") + &bgp("ipv4", "expose: lan")));
        rule(&RULE).passes(&(service("") + &l2("expose: '${ELSEWHERE}'")));
        rule(&RULE).passes(&service(""));
        // A way that ends outside the input.
        let cut = bgp("ipv4", "expose: lan").replace("kind: CiliumBGPClusterConfig", "kind: Other");
        rule(&RULE).passes(&(service("") + &cut));
        // LBP503 tells of this.
        rule(&RULE).passes(&(service("") + &l2("expose: lan").replace("IPs: true", "IPs: false")));
        rule(&RULE).passes(&version("1.19", &(service(", ipFamilies: [IPv6]") + &l2("expose: lan"))));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&(service("") + &l2("expose: wan"))).at("registry").says("IPv4").times(1);
        rule(&RULE).fails(&(service("") + &bgp("ipv4", "expose: wan"))).times(1);
        rule(&RULE).fails(&(service("") + &bgp("ipv6", "expose: lan"))).times(1);
        let class = service(", loadBalancerClass: io.cilium/bgp-control-plane");
        rule(&RULE).fails(&(class + &l2("expose: lan"))).times(1);
        let six = service(", ipFamilies: [IPv6]") + &l2("expose: lan");
        rule(&RULE).fails(&version("1.18", &six)).says("IPv6").times(1);
    }
}
