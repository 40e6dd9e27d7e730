//! CiliumBGPAdvertisement and CiliumL2AnnouncementPolicy.

use serde::Serialize;

use super::metadata::{Metadata, Origin, Texts};
use super::pool::selected;
use super::target::Reader;
use crate::cilium::profile::V2ALPHA1;
use crate::config::{self, Communities, Operator, Requirement, Selector};

/// The label that keeps a Service out of a generated advertisement...
pub const ADVERTISE: &str = "lbpools.dev/advertise";
/// ...with this value. A word that no YAML parser takes for a boolean, as `no` would be.
pub const NEVER: &str = "never";

/// What BGP peers are told (BGP control plane, 1.16 and later).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct CiliumBGPAdvertisement {
    pub api_version: String,
    pub kind: &'static str,
    pub metadata: Metadata,
    pub spec: AdvertisementSpec,
}

/// Its `spec`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct AdvertisementSpec {
    pub advertisements: Vec<ServiceAdvertisement>,
}

/// One entry of `spec.advertisements`, for Services.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ServiceAdvertisement {
    pub advertisement_type: &'static str,
    pub service: AdvertisedAddresses,
    pub selector: Selector,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
}

/// Which addresses of a Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct AdvertisedAddresses {
    pub addresses: [&'static str; 1],
}

/// Path attributes of the routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Attributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub communities: Option<Communities>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_preference: Option<i64>,
}

/// The advertisement that the config asks for.
pub(super) fn bgp(
    bgp: &config::Bgp,
    api_version: &str,
    origin: &Origin<'_>,
    read: &Reader<'_>,
) -> CiliumBGPAdvertisement {
    // An advertisement without labels is found by no peer config but one that takes every advertisement. The
    // default is the label of Cilium's own examples.
    let labels = match bgp.labels.is_empty() {
        true => Texts::default().with("advertise", "bgp"),
        false => bgp.labels.iter().fold(Texts::default(), |all, (key, value)| all.with(key, read.text(value))),
    };
    let communities = bgp.communities.as_ref().map(|communities| {
        let texts = |list: &[String]| list.iter().map(|text| read.text(text)).collect();
        Communities {
            standard: texts(&communities.standard),
            well_known: communities.well_known.clone(),
            large: texts(&communities.large),
        }
    });
    let attributes = Attributes { communities, local_preference: bgp.local_preference };
    let any = attributes.communities.is_some() || attributes.local_preference.is_some();
    CiliumBGPAdvertisement {
        api_version: api_version.to_owned(),
        kind: "CiliumBGPAdvertisement",
        metadata: Metadata {
            name: bgp.name.clone().unwrap_or_else(|| origin.name().to_owned()),
            namespace: None,
            labels,
            annotations: origin.mark(Texts::default()),
        },
        spec: AdvertisementSpec {
            advertisements: vec![ServiceAdvertisement {
                advertisement_type: "Service",
                service: AdvertisedAddresses { addresses: ["LoadBalancerIP"] },
                selector: match &bgp.selector {
                    Some(selector) if !selector.is_empty() => selected(selector, read),
                    _ => every_service(),
                },
                attributes: any.then_some(attributes),
            }],
        },
    }
}

/// Every Service that does not say otherwise.
///
/// Cilium advertises nothing without a selector (1.16 to 1.20: a nil one matches no Service), and `{}`, which
/// would match all, is lost where a tool drops empty maps, and nobody would see that it is. A `NotIn` that hardly
/// any Service meets is the form of Cilium's own documentation, accepted by the schema of every version; here it
/// says something as well: a Service with this label is left out.
fn every_service() -> Selector {
    Selector {
        match_expressions: vec![Requirement {
            key: ADVERTISE.to_owned(),
            operator: Operator::NotIn,
            values: vec![NEVER.to_owned()],
        }],
        ..Selector::default()
    }
}

/// Who answers on the L2 segment. v2alpha1 in every version, cluster-scoped.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct CiliumL2AnnouncementPolicy {
    pub api_version: String,
    pub kind: &'static str,
    pub metadata: Metadata,
    pub spec: PolicySpec,
}

/// Its `spec`. Cilium reads a missing boolean as false: a policy with neither announces nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct PolicySpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_selector: Option<Selector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<Selector>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<String>,
    #[serde(rename = "externalIPs", skip_serializing_if = "std::ops::Not::not")]
    pub external_ips: bool,
    #[serde(rename = "loadBalancerIPs", skip_serializing_if = "std::ops::Not::not")]
    pub load_balancer_ips: bool,
}

/// The policy that the config asks for. Without a selector it holds for every Service and every node.
pub(super) fn l2(l2: &config::L2, origin: &Origin<'_>, read: &Reader<'_>) -> CiliumL2AnnouncementPolicy {
    let selector = |selector: &Option<Selector>| {
        selector.as_ref().filter(|selector| !selector.is_empty()).map(|selector| selected(selector, read))
    };
    CiliumL2AnnouncementPolicy {
        api_version: V2ALPHA1.to_owned(),
        kind: "CiliumL2AnnouncementPolicy",
        metadata: Metadata {
            name: l2.name.clone().unwrap_or_else(|| origin.name().to_owned()),
            namespace: None,
            labels: Texts::default(),
            annotations: origin.mark(Texts::default()),
        },
        spec: PolicySpec {
            service_selector: selector(&l2.service_selector),
            node_selector: selector(&l2.node_selector),
            interfaces: l2.interfaces.iter().map(|interface| read.text(interface)).collect(),
            external_ips: l2.external_ips,
            load_balancer_ips: l2.load_balancer_ips,
        },
    }
}
