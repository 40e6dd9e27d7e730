//! What tells the network about the addresses.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms;
use super::selector::Selector;

/// What tells the network about the addresses: BGP, L2, both, or on purpose nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(inline)]
pub struct Advertise {
    /// Generate a CiliumBGPAdvertisement; `{}` advertises every LoadBalancer address.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "forms::present")]
    pub bgp: Option<Bgp>,
    /// Generate a CiliumL2AnnouncementPolicy; `{}` announces every LoadBalancer address from every node.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "forms::present")]
    pub l2: Option<L2>,
    /// Generate nothing: something outside of this repository brings the traffic to the nodes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub none: bool,
}

/// A CiliumBGPAdvertisement of Service addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Bgp {
    /// Name of the CiliumBGPAdvertisement. Default: the name of this config.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Labels of the CiliumBGPAdvertisement, by which the families of a CiliumBGPPeerConfig find it.
    /// Default: advertise: bgp.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Which Services are advertised. Default: every Service but those with the label lbpools.dev/advertise: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
    /// BGP communities of the routes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub communities: Option<Communities>,
    /// The LOCAL_PREF of the routes, for iBGP peers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 4294967295_u32))]
    pub local_preference: Option<i64>,
}

/// BGP communities of advertised routes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Communities {
    /// Standard communities (RFC 1997): a number, or two such as "64512:100".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub standard: Vec<String>,
    /// Well-known communities by name, such as no-export.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub well_known: Vec<WellKnown>,
    /// Large communities (RFC 8092): three numbers such as "64512:100:50".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub large: Vec<String>,
}

/// A well-known BGP community, as in the enum of Cilium's schema (1.16 to 1.20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
#[schemars(inline)]
pub enum WellKnown {
    Internet,
    PlannedShut,
    AcceptOwn,
    #[serde(rename = "route-filter-translated-v4")]
    RouteFilterTranslatedV4,
    #[serde(rename = "route-filter-v4")]
    RouteFilterV4,
    #[serde(rename = "route-filter-translated-v6")]
    RouteFilterTranslatedV6,
    #[serde(rename = "route-filter-v6")]
    RouteFilterV6,
    LlgrStale,
    NoLlgr,
    Blackhole,
    NoExport,
    NoAdvertise,
    NoExportSubconfed,
    NoPeer,
}

/// A CiliumL2AnnouncementPolicy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct L2 {
    /// Name of the CiliumL2AnnouncementPolicy. Default: the name of this config.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Network interfaces to answer on, as regular expressions that match anywhere in the name: write
    /// ^eth0$ for exactly that one. Left out: every interface that Cilium manages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<String>,
    /// Which nodes announce. Left out: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<Selector>,
    /// Which Services are announced. Left out: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_selector: Option<Selector>,
    /// Announce LoadBalancer addresses. Default: true.
    #[serde(rename = "loadBalancerIPs")]
    pub load_balancer_ips: bool,
    /// Announce spec.externalIPs of Services as well. Default: false.
    #[serde(rename = "externalIPs", skip_serializing_if = "std::ops::Not::not")]
    pub external_ips: bool,
}

impl Default for L2 {
    /// Every LoadBalancer address, from every node, on every interface.
    fn default() -> Self {
        Self {
            name: None,
            interfaces: Vec::new(),
            node_selector: None,
            service_selector: None,
            load_balancer_ips: true,
            external_ips: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_communities_are_spelled_as_cilium_does() {
        let names = [
            "internet",
            "planned-shut",
            "accept-own",
            "route-filter-translated-v4",
            "route-filter-v4",
            "route-filter-translated-v6",
            "route-filter-v6",
            "llgr-stale",
            "no-llgr",
            "blackhole",
            "no-export",
            "no-advertise",
            "no-export-subconfed",
            "no-peer",
        ];
        for name in names {
            let json = format!("\"{name}\"");
            let community: WellKnown = serde_json::from_str(&json).expect(name);
            assert_eq!(serde_json::to_string(&community).expect("writes"), json);
        }
    }

    #[test]
    fn naming_it_is_asking_for_it() {
        let read = |json: &str| serde_json::from_str::<Advertise>(json).expect("reads");
        assert_eq!(read(r#"{"bgp": {}}"#).bgp, Some(Bgp::default()));
        assert_eq!(read(r#"{"bgp": null}"#).bgp, Some(Bgp::default()));
        assert_eq!(read("{}").bgp, None);
        assert!(read(r#"{"l2": {}}"#).l2.expect("asked for").load_balancer_ips);
    }
}
