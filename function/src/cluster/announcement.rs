//! What makes addresses reachable: BGP advertisements and L2 announcement policies.

use super::selectors::{SelectorField, selector};
use crate::flux::fact::Fact;
use crate::flux::object::Object;
use crate::krm::node::Node;

/// One object that announces addresses.
#[derive(Debug, Clone)]
pub struct Advertisement<'a, 't> {
    /// The manifest.
    pub object: &'a Object<'a, 't>,
    /// What it announces.
    pub announces: Vec<Announced>,
}

/// One entry of a BGP advertisement, or an L2 policy.
#[derive(Debug, Clone)]
pub struct Announced {
    /// `spec.advertisements[1]`, or `spec` of an L2 policy.
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
            let tree = object.item.tree();
            let announces = if object.item.is("cilium.io", "CiliumBGPAdvertisement") {
                let entries = tree.at(&["spec", "advertisements"]).map(Node::items).unwrap_or_default();
                entries.iter().enumerate().map(|(n, entry)| bgp(object, n, entry)).collect()
            } else if object.item.is("cilium.io", "CiliumL2AnnouncementPolicy") {
                vec![l2(object, tree)]
            } else {
                return None;
            };
            Some(Advertisement { object, announces })
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

fn l2(object: &Object<'_, '_>, tree: &Node<'_>) -> Announced {
    Announced {
        path: "spec".into(),
        load_balancer: tree.text_at(&["spec", "loadBalancerIPs"]) == Some("true"),
        selector: selector(object, tree.at(&["spec", "serviceSelector"])),
        missing_selects_all: true,
        span: tree.get("spec").map_or(tree.span.clone(), |node| node.span.clone()),
    }
}
