//! What makes addresses reachable: BGP advertisements and peering policies, and L2 announcement policies.

use super::selectors::{SelectorField, selector};
use crate::flux::fact::Fact;
use crate::flux::object::Object;
use crate::krm::node::Node;

/// By which protocol addresses are told to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    /// CiliumL2AnnouncementPolicy: one node answers ARP and neighbour discovery.
    L2,
    /// CiliumBGPAdvertisement: told to the peers whose configuration selects it by its labels.
    Bgp,
    /// CiliumBGPPeeringPolicy, up to 1.18: advertises and names its peers itself.
    BgpPeering,
}

/// One object that announces addresses.
#[derive(Debug, Clone)]
pub struct Advertisement<'a, 't> {
    /// The manifest.
    pub object: &'a Object<'a, 't>,
    /// By which protocol.
    pub means: Means,
    /// What it announces.
    pub announces: Vec<Announced>,
}

/// One entry of a BGP advertisement, a virtual router, or an L2 policy.
#[derive(Debug, Clone)]
pub struct Announced {
    /// `spec.advertisements[1]`, `spec.virtualRouters[0]`, or `spec` of an L2 policy.
    pub path: String,
    /// Whether it is for the addresses of load balancer Services at all.
    pub load_balancer: bool,
    /// Which Services it selects.
    pub selector: Fact<SelectorField>,
    /// Whether a missing selector selects everything (L2) or nothing (BGP).
    pub missing_selects_all: bool,
    /// Bytes to point at.
    pub span: std::ops::Range<usize>,
}

/// The announcements among what a cluster applies.
pub fn advertisements<'a, 't>(objects: &'a [Object<'a, 't>]) -> Vec<Advertisement<'a, 't>> {
    objects
        .iter()
        .filter_map(|object| {
            let tree = object.tree();
            let list = |key: &str| tree.at(&["spec", key]).map(Node::items).unwrap_or_default().iter().enumerate();
            let (means, announces) = if object.item.is("cilium.io", "CiliumBGPAdvertisement") {
                (Means::Bgp, list("advertisements").map(|(n, entry)| bgp(object, n, entry)).collect())
            } else if object.item.is("cilium.io", "CiliumBGPPeeringPolicy") {
                (Means::BgpPeering, list("virtualRouters").map(|(n, entry)| router(object, n, entry)).collect())
            } else if object.item.is("cilium.io", "CiliumL2AnnouncementPolicy") {
                (Means::L2, vec![l2(object, tree)])
            } else {
                return None;
            };
            Some(Advertisement { object, means, announces })
        })
        .collect()
}

fn bgp(object: &Object<'_, '_>, n: usize, entry: &Node<'_>) -> Announced {
    let kind = entry.text_at(&["advertisementType"]).unwrap_or_default();
    let addresses = entry.at(&["service", "addresses"]).map(Node::items).unwrap_or_default();
    Announced {
        path: format!("spec.advertisements[{n}]"),
        load_balancer: kind == "Service"
            && (addresses.is_empty() || addresses.iter().any(|node| node.text() == Some("LoadBalancerIP"))),
        selector: selector(object, entry.get("selector")),
        missing_selects_all: false,
        span: entry.span.clone(),
    }
}

/// `serviceAdvertisements` came in 1.16, and its default is the only thing that 1.15 does.
fn router(object: &Object<'_, '_>, n: usize, entry: &Node<'_>) -> Announced {
    let kinds = entry.get("serviceAdvertisements").map(Node::items).unwrap_or_default();
    Announced {
        path: format!("spec.virtualRouters[{n}]"),
        load_balancer: kinds.is_empty() || kinds.iter().any(|node| node.text() == Some("LoadBalancerIP")),
        selector: selector(object, entry.get("serviceSelector")),
        missing_selects_all: false,
        span: entry.span.clone(),
    }
}

fn l2(object: &Object<'_, '_>, tree: &Node<'_>) -> Announced {
    Announced {
        path: "spec".into(),
        load_balancer: tree.text_at(&["spec", "loadBalancerIPs"]) == Some("true"),
        selector: selector(object, tree.at(&["spec", "serviceSelector"])),
        missing_selects_all: true,
        span: tree.get("spec").map_or(tree.span.clone(), |node| node.span.clone()),
    }
}
