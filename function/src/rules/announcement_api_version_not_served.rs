//! An announcement in an apiVersion that the cluster's Cilium does not serve.
//!
//! ## What it does
//!
//! Holds the apiVersion of BGP objects and CiliumL2AnnouncementPolicies against those that the cluster's version of
//! Cilium serves. Silent where the config does not say which version that is.
//!
//! ## Why is this bad?
//!
//! The API server knows no such kind. Flux fails the whole Kustomization, and what stood in it before stays.
//!
//! ## Example
//!
//! ```yaml
//! # Cilium 1.17
//! apiVersion: cilium.io/v2          # from 1.18
//! kind: CiliumBGPAdvertisement
//! ```
//!
//! ## What to do
//!
//! BGP objects are `cilium.io/v2alpha1` up to 1.17 and `cilium.io/v2` from 1.18; CiliumL2AnnouncementPolicy is
//! `cilium.io/v2alpha1` in every version; CiliumBGPPeeringPolicy is gone from 1.19 on.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::Profile;
use crate::cilium::profile::V2ALPHA1;
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP502",
    name: "announcement-api-version-not-served",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("announcement_api_version_not_served.rs"),
    check: Check::Cluster(check),
};

/// The apiVersions in which a kind is served; `None` for kinds that announce nothing.
fn served(kind: &str, profile: &Profile) -> Option<&'static [&'static str]> {
    match kind {
        "CiliumBGPAdvertisement"
        | "CiliumBGPClusterConfig"
        | "CiliumBGPNodeConfigOverride"
        | "CiliumBGPPeerConfig" => Some(profile.bgp_api_versions),
        "CiliumL2AnnouncementPolicy" => Some(profile.l2_api_versions),
        "CiliumBGPPeeringPolicy" => Some(if profile.bgp_peering_policy { &[V2ALPHA1] } else { &[] }),
        _ => None,
    }
}

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.version_known {
        return;
    }
    for object in view.cluster.objects.iter().filter(|object| object.item.group() == "cilium.io") {
        let resource = &object.item.resource;
        let Some(served) = served(&resource.kind, &view.profile) else { continue };
        if served.contains(&resource.api_version.as_str()) || object.altered.is_some() {
            continue;
        }
        let mut found = Found::on(object);
        if let Some(text) = object.text_at(&["apiVersion"]) {
            found = found.field(object, "apiVersion", &text);
        }
        let version = &view.profile.version;
        let (message, help) = match served {
            [] => (
                format!("Cilium {version} has no {}: it was removed in 1.19", resource.kind),
                "write a CiliumBGPClusterConfig, CiliumBGPPeerConfig and CiliumBGPAdvertisement instead".to_owned(),
            ),
            [first, ..] => {
                found = found.proposed(*first);
                let message = format!("Cilium {version} does not serve {} as {}", resource.kind, resource.api_version);
                (message, format!("write apiVersion: {first}"))
            }
        };
        findings.add(view, found.message(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(version: &str, api_version: &str, kind: &str) -> String {
        format!(
            "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata:\n  name: p\nspec:\n  \
             cilium: {{{version}}}\n---\napiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: a\n"
        )
    }

    #[test]
    fn pass() {
        for (version, api_version, kind) in [
            ("version: '1.17'", "cilium.io/v2alpha1", "CiliumBGPAdvertisement"),
            ("version: '1.18'", "cilium.io/v2alpha1", "CiliumBGPPeerConfig"),
            ("version: '1.18'", "cilium.io/v2", "CiliumBGPClusterConfig"),
            ("version: '1.20'", "cilium.io/v2alpha1", "CiliumL2AnnouncementPolicy"),
            ("version: '1.18'", "cilium.io/v2alpha1", "CiliumBGPPeeringPolicy"),
            ("version: '1.17'", "cilium.io/v2", "CiliumNetworkPolicy"),
            ("", "cilium.io/v2", "CiliumL2AnnouncementPolicy"),
        ] {
            rule(&RULE).passes(&case(version, api_version, kind));
        }
    }

    #[test]
    fn fail() {
        let bgp = case("version: '1.17'", "cilium.io/v2", "CiliumBGPAdvertisement");
        rule(&RULE).fails(&bgp).at("cilium.io/v2").proposes("cilium.io/v2alpha1").times(1);
        let l2 = case("version: '1.20'", "cilium.io/v2", "CiliumL2AnnouncementPolicy");
        rule(&RULE).fails(&l2).at("cilium.io/v2").proposes("cilium.io/v2alpha1").times(1);
        rule(&RULE).fails(&case("version: '1.19'", "cilium.io/v2alpha1", "CiliumBGPPeeringPolicy")).says("removed");
    }
}
