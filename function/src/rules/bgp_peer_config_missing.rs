//! A BGP peer names a configuration that is not there.
//!
//! ## What it does
//!
//! Looks up the `peerConfigRef` of every peer of a CiliumBGPClusterConfig among what the cluster applies.
//!
//! ## Why is this bad?
//!
//! Without its CiliumBGPPeerConfig the peer is not set up, and hears of no address. The condition
//! `cilium.io/MissingPeerConfigs` says so from 1.17 on; Services look healthy.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumBGPClusterConfig
//! spec:
//!   bgpInstances:
//!   - peers: [{name: router, peerConfigRef: {name: tor}}]
//! ---
//! kind: CiliumBGPPeerConfig
//! metadata: {name: top-of-rack}
//! ```
//!
//! ## What to do
//!
//! Write the name of the CiliumBGPPeerConfig.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::peers::Peers;
use crate::config::closest::closest;
use crate::flux::fact::Fact;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP507",
    name: "bgp-peer-config-missing",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("bgp_peer_config_missing.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    // What was not followed may hold it.
    if !view.live || !view.cluster.not_checked.is_empty() {
        return;
    }
    let peers = Peers::of(&view.cluster.objects);
    let names: Vec<&str> = peers.configs.iter().filter_map(|config| config.name.known().map(String::as_str)).collect();
    // A cluster without any may get them from elsewhere.
    if names.is_empty() || peers.configs.iter().any(|config| matches!(config.name, Fact::Unknown(_))) {
        return;
    }
    for peer in &peers.peers {
        let Some(text) = &peer.config else { continue };
        let Some(name) = text.known().filter(|name| !names.contains(name)) else { continue };
        let message = format!("there is no CiliumBGPPeerConfig {name}: this peer hears of no address");
        let field = format!("{}.peerConfigRef.name", peer.path);
        let mut found = Found::on(peer.object).field(peer.object, field, text).message(message);
        let help = match closest(name, &names) {
            Some(meant) => {
                found = found.proposed(meant);
                format!("did you mean {meant}?")
            }
            None => format!("the cluster has {}", names.join(", ")),
        };
        findings.add(view, found.help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(named: &str, config: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumBGPClusterConfig\nmetadata: {{name: c}}\nspec:\n  bgpInstances:\n  \
             - {{name: i, peers: [{{name: p, peerConfigRef: {{name: {named}}}}}]}}\n---\n\
             apiVersion: cilium.io/v2\nkind: {config}\nmetadata: {{name: top-of-rack}}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("top-of-rack", "CiliumBGPPeerConfig"));
        rule(&RULE).passes(&case("'${ELSEWHERE}'", "CiliumBGPPeerConfig"));
        // No configuration at all: they stand elsewhere.
        rule(&RULE).passes(&case("top-of-rack", "Other"));
    }

    #[test]
    fn fail() {
        let typo = case("top-of-rak", "CiliumBGPPeerConfig");
        rule(&RULE).fails(&typo).at("top-of-rak").proposes("top-of-rack").times(1);
        assert_eq!(rule(&RULE).fails(&case("tor", "CiliumBGPPeerConfig")).findings[0].proposed, None);
    }
}
