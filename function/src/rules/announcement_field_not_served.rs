//! A field of an announcement that the cluster's Cilium does not have.
//!
//! ## What it does
//!
//! Holds the fields of CiliumL2AnnouncementPolicy, CiliumBGPAdvertisement, CiliumBGPPeerConfig and CiliumBGPClusterConfig
//! against the schema of the cluster's version; without a version in the config against those of all versions.
//!
//! ## Why is this bad?
//!
//! The API server drops a field that it does not know, and only a strict client is told. `loadBalancerIP: true` leaves a
//! policy that announces nothing; a misspelt selector of an L2 policy leaves one that announces every Service.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumL2AnnouncementPolicy
//! spec:
//!   loadBalancerIP: true     # loadBalancerIPs
//! ```
//!
//! ## What to do
//!
//! Write the field as the schema names it, or wait for the version that has it.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::Profile;
use crate::cilium::profile::V2;
use crate::cluster::ClusterView;
use crate::config::closest::closest;
use crate::flux::object::Object;
use crate::krm::node::Node;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP512",
    name: "announcement-field-not-served",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("announcement_field_not_served.rs"),
    check: Check::Cluster(check),
};

/// The fields of one kind of map: where it stands below `spec` (`*` for the items of a list), what every version has,
/// and what came with a minor version, in cilium.io/v2 only where that is said.
struct Fields {
    kind: &'static str,
    path: &'static [&'static str],
    always: &'static [&'static str],
    later: &'static [(&'static str, u16, bool)],
}

/// Schemas of 1.15 to 1.20. Of 1.15's BGP kinds, which nothing reads, only what is the same later.
const SCHEMAS: &[Fields] = &[
    Fields {
        kind: "CiliumL2AnnouncementPolicy",
        path: &[],
        always: &["serviceSelector", "nodeSelector", "interfaces", "externalIPs", "loadBalancerIPs"],
        later: &[],
    },
    Fields { kind: "CiliumBGPAdvertisement", path: &[], always: &["advertisements"], later: &[] },
    Fields {
        kind: "CiliumBGPAdvertisement",
        path: &["advertisements", "*"],
        always: &["advertisementType", "service", "selector", "attributes"],
        later: &[("interface", 19, true)],
    },
    Fields {
        kind: "CiliumBGPAdvertisement",
        path: &["advertisements", "*", "service"],
        always: &["addresses"],
        later: &[("aggregationLengthIPv4", 18, false), ("aggregationLengthIPv6", 18, false)],
    },
    Fields {
        kind: "CiliumBGPAdvertisement",
        path: &["advertisements", "*", "attributes"],
        always: &["communities", "localPreference"],
        later: &[],
    },
    Fields {
        kind: "CiliumBGPPeerConfig",
        path: &[],
        always: &["transport", "timers", "authSecretRef", "gracefulRestart", "ebgpMultihop", "families"],
        later: &[],
    },
    Fields { kind: "CiliumBGPPeerConfig", path: &["families", "*"], always: &["afi", "safi", "advertisements"], later: &[] },
    Fields { kind: "CiliumBGPClusterConfig", path: &[], always: &["nodeSelector", "bgpInstances"], later: &[] },
    Fields {
        kind: "CiliumBGPClusterConfig",
        path: &["bgpInstances", "*"],
        always: &["name", "localASN", "peers"],
        later: &[("localPort", 18, true)],
    },
    Fields {
        kind: "CiliumBGPClusterConfig",
        path: &["bgpInstances", "*", "peers", "*"],
        always: &["name", "peerAddress", "peerASN", "peerConfigRef"],
        later: &[("autoDiscovery", 18, true)],
    },
];

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    // A newer version than any known may have more.
    if view.profile.version.is_beyond_known() {
        return;
    }
    let profile = view.version_known.then_some(&view.profile);
    for object in view.cluster.objects.iter().filter(|object| object.item.group() == "cilium.io") {
        let kind = object.item.resource.kind.as_str();
        let unread = kind.starts_with("CiliumBGP") && profile.is_some_and(|profile| !profile.bgp_is_read);
        if object.altered.is_some() || unread {
            continue;
        }
        for fields in SCHEMAS.iter().filter(|fields| fields.kind == kind) {
            if let Some(spec) = object.tree().get("spec") {
                walk(view, spec, "spec", fields.path, &|node, at| judge(object, fields, profile, node, at), findings);
            }
        }
    }
}

/// Every map at a path below a node.
fn walk(
    view: &ClusterView<'_, '_>,
    node: &Node<'_>,
    at: &str,
    path: &[&str],
    judge: &dyn Fn(&Node<'_>, &str) -> Vec<Found>,
    findings: &mut Findings<'_>,
) {
    match path {
        [] => judge(node, at).into_iter().for_each(|found| findings.add(view, found)),
        ["*", rest @ ..] => {
            for (n, item) in node.items().iter().enumerate() {
                walk(view, item, &format!("{at}[{n}]"), rest, judge, findings);
            }
        }
        [key, rest @ ..] => {
            if let Some(inner) = node.get(key) {
                walk(view, inner, &format!("{at}.{key}"), rest, judge, findings);
            }
        }
    }
}

fn judge(
    object: &Object<'_, '_>,
    fields: &Fields,
    profile: Option<&Profile>,
    node: &Node<'_>,
    at: &str,
) -> Vec<Found> {
    let of_v2 = object.item.resource.api_version == V2;
    let since = |key: &str| fields.later.iter().find(|(name, ..)| *name == key);
    let has = |(_, minor, v2_only): &(&str, u16, bool)| {
        profile.is_none_or(|profile| profile.facts_of >= *minor) && (of_v2 || !v2_only)
    };
    let later = fields.later.iter().filter(|field| has(field)).map(|(name, ..)| *name);
    let known: Vec<&str> = fields.always.iter().copied().chain(later).collect();
    let unknown = node.entries().iter().filter_map(|entry| {
        let key = entry.key.text()?;
        (!known.contains(&key) && !key.contains("${")).then_some((entry, key))
    });
    unknown
        .map(|(entry, key)| {
            let cilium = profile.map_or_else(|| "Cilium".to_owned(), |profile| format!("Cilium {}", profile.version));
            let message = format!(
                "{cilium} has no field {at}.{key} in {} {}: the API server drops it",
                object.item.resource.kind, object.item.resource.api_version
            );
            let help = match (since(key), closest(key, &known)) {
                (Some((_, minor, v2_only)), _) => {
                    format!("it came with 1.{minor}{}", if *v2_only { ", in cilium.io/v2" } else { "" })
                }
                (None, Some(meant)) => format!("did you mean {meant}?"),
                (None, None) => format!("known here: {}", known.join(", ")),
            };
            Found::on(object).span(object, format!("{at}.{key}"), &entry.key.span).current(key).message(message).help(help)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn l2(fields: &str) -> String {
        format!("apiVersion: cilium.io/v2alpha1\nkind: CiliumL2AnnouncementPolicy\nmetadata: {{name: l2}}\nspec: {{{fields}}}\n")
    }

    fn bgp(version: &str, kind: &str, api: &str, spec: &str) -> String {
        format!(
            "{CONFIG}  cilium: {{{version}}}\n---\napiVersion: cilium.io/{api}\nkind: {kind}\nmetadata: {{name: b}}\nspec: {spec}\n"
        )
    }

    const AGGREGATED: &str = "{advertisements: [{advertisementType: Service, selector: {}, service: {addresses: \
                              [LoadBalancerIP], aggregationLengthIPv4: 24}}]}";

    #[test]
    fn pass() {
        rule(&RULE).passes(&l2("loadBalancerIPs: true, externalIPs: true, interfaces: [eth0], nodeSelector: {}, serviceSelector: {}"));
        rule(&RULE).passes(&bgp("version: \"1.18\"", "CiliumBGPAdvertisement", "v2", AGGREGATED));
        rule(&RULE).passes(&bgp("", "CiliumBGPAdvertisement", "v2", AGGREGATED));
        let discovery = "{bgpInstances: [{name: i, localPort: 179, peers: [{name: p, autoDiscovery: {mode: DefaultGateway}}]}]}";
        rule(&RULE).passes(&bgp("version: \"1.18\"", "CiliumBGPClusterConfig", "v2", discovery));
        let peer = "{timers: {}, families: [{afi: ipv4, safi: unicast, advertisements: {}}]}";
        rule(&RULE).passes(&bgp("version: \"1.20\"", "CiliumBGPPeerConfig", "v2", peer));
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&l2("loadBalancerIP: true")).at("loadBalancerIP").times(1);
        assert_eq!(failed.findings[0].help, "did you mean loadBalancerIPs?");
        let old = bgp("version: \"1.17\"", "CiliumBGPAdvertisement", "v2alpha1", AGGREGATED);
        rule(&RULE).fails(&old).at("aggregationLengthIPv4").says("Cilium 1.17").times(1);
        let community = AGGREGATED.replace("selector: {}", "selector: {}, attributes: {community: {}}");
        rule(&RULE).fails(&bgp("", "CiliumBGPAdvertisement", "v2", &community)).at("community").times(1);
        let interface = "{advertisements: [{advertisementType: Interface, interface: {name: lo}}]}";
        let alpha = bgp("version: \"1.20\"", "CiliumBGPAdvertisement", "v2alpha1", interface);
        let failed = rule(&RULE).fails(&alpha).at("interface").times(1);
        assert_eq!(failed.findings[0].help, "it came with 1.19, in cilium.io/v2");
    }
}
