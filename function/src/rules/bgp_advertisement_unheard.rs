//! A BGP advertisement of Services that no peer takes.
//!
//! ## What it does
//!
//! Holds the labels of every CiliumBGPAdvertisement against `families[].advertisements` of the CiliumBGPPeerConfigs that
//! peers use. Nothing is said where peers or configurations are not in the input.
//!
//! ## Why is this bad?
//!
//! A peer is told only what its configuration selects, and a family without `advertisements` selects nothing. The
//! advertisement is there, Services have addresses, and no router hears of them.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumBGPAdvertisement
//! metadata: {labels: {advertise: services}}
//! ---
//! kind: CiliumBGPPeerConfig
//! spec:
//!   families:
//!   - {afi: ipv4, safi: unicast, advertisements: {matchLabels: {advertise: bgp}}}
//! ```
//!
//! ## What to do
//!
//! Give the advertisement the labels that the CiliumBGPPeerConfig selects.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::coverage::Announcers;
use crate::cluster::peers::Peers;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP508",
    name: "bgp-advertisement-unheard",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("bgp_advertisement_unheard.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live || view.advertisements.is_empty() {
        return;
    }
    let unheard = Announcers::of(view).unheard();
    if unheard.is_empty() {
        return;
    }
    let peers = Peers::of(&view.cluster.objects);
    for advertisement in unheard {
        let name = advertisement.object.resource().name;
        let message = format!("no peer takes the advertisement {name}: no CiliumBGPPeerConfig in use selects its labels");
        let mut found = Found::on(advertisement.object).message(message);
        for config in &peers.configs {
            let at = Some(config.object.place_of_name());
            found = found.link(format!("CiliumBGPPeerConfig {}", config.object.resource().name), at);
        }
        findings.add(view, found.help("give it the labels that families[].advertisements selects"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(labels: &str, families: &str, cluster: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumBGPAdvertisement\nmetadata:\n  name: services\n  labels: {{{labels}}}\n\
             spec: {{advertisements: [{{advertisementType: Service, service: {{addresses: [LoadBalancerIP]}}, selector: {{}}}}]}}\n\
             ---\napiVersion: cilium.io/v2\nkind: {cluster}\nmetadata: {{name: c}}\nspec: {{bgpInstances: [{{name: i, peers: \
             [{{name: p, peerConfigRef: {{name: tor}}}}]}}]}}\n---\napiVersion: cilium.io/v2\nkind: CiliumBGPPeerConfig\n\
             metadata: {{name: tor}}\nspec: {{families: [{families}]}}\n"
        )
    }

    const CLUSTER: &str = "CiliumBGPClusterConfig";
    const V4: &str = "{afi: ipv4, safi: unicast, advertisements: {matchLabels: {advertise: bgp}}}";

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("advertise: bgp", V4, CLUSTER));
        rule(&RULE).passes(&case("advertise: '${ELSEWHERE}'", V4, CLUSTER));
        // Who the peers are is not in the input.
        rule(&RULE).passes(&case("advertise: other", V4, "Other"));
        // It announces no load balancer.
        rule(&RULE).passes(&case("advertise: other", V4, CLUSTER).replace("[LoadBalancerIP]", "[ClusterIP]"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("advertise: other", V4, CLUSTER)).at("services").says("no peer takes").times(1);
        rule(&RULE).fails(&case("advertise: bgp", "{afi: ipv4, safi: unicast}", CLUSTER)).times(1);
        rule(&RULE).fails(&case("advertise: bgp", "", CLUSTER)).times(1);
    }
}
