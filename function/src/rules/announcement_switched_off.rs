//! An announcement of a feature that the cluster has switched off, or that its version does not read.
//!
//! ## What it does
//!
//! Looks for L2 policies where the config says `l2Announcements: false`, for objects of the BGP control plane where it
//! says `bgpControlPlane: false`, and for CiliumBGPAdvertisement on 1.15, which ships the kind and reads nothing of it.
//!
//! ## Why is this bad?
//!
//! The API server takes the object, and nobody reads it: addresses are given, and no one tells the network.
//!
//! ## Example
//!
//! ```yaml
//! # the config: cilium: {l2Announcements: false}
//! kind: CiliumL2AnnouncementPolicy
//! spec: {loadBalancerIPs: true}
//! ```
//!
//! ## What to do
//!
//! Switch the feature on and say so in the config, or take the object out.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::announcement::Means;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP505",
    name: "announcement-switched-off",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("announcement_switched_off.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for advertisement in &view.advertisements {
        let resource = advertisement.object.resource();
        let (on, key) = match advertisement.means {
            Means::L2 => (view.flags.l2_announcements, "l2Announcements"),
            Means::Bgp | Means::BgpPeering => (view.flags.bgp_control_plane, "bgpControlPlane"),
        };
        let unread = advertisement.means == Means::Bgp && view.version_known && !view.profile.bgp_is_read;
        let (why, help) = if !on {
            (
                format!("the config says {key}: false for this cluster"),
                format!("switch the feature on and say {key}: true in the config, or take the object out"),
            )
        } else if unread {
            (
                format!("Cilium {} has the kind and does not read it", view.profile.version),
                "write a CiliumBGPPeeringPolicy, or upgrade to 1.16".to_owned(),
            )
        } else {
            continue;
        };
        let message = format!("{} {} announces nothing: {why}", resource.kind, resource.name);
        findings.add(view, Found::on(advertisement.object).message(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn case(cilium: &str, kind: &str) -> String {
        format!(
            "{CONFIG}  cilium: {{{cilium}}}\n---\napiVersion: cilium.io/v2alpha1\nkind: {kind}\nmetadata:\n  name: all\n\
             spec: {{loadBalancerIPs: true}}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("l2Announcements: true", "CiliumL2AnnouncementPolicy"));
        rule(&RULE).passes(&case("bgpControlPlane: false", "CiliumL2AnnouncementPolicy"));
        rule(&RULE).passes(&case("", "CiliumBGPAdvertisement"));
        rule(&RULE).passes(&case("version: \"1.16\"", "CiliumBGPAdvertisement"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("l2Announcements: false", "CiliumL2AnnouncementPolicy")).at("all").times(1);
        rule(&RULE).fails(&case("bgpControlPlane: false", "CiliumBGPAdvertisement")).says("bgpControlPlane").times(1);
        rule(&RULE).fails(&case("version: \"1.15\"", "CiliumBGPAdvertisement")).says("does not read").times(1);
    }
}
