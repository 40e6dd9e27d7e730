//! Who hears a BGP advertisement: CiliumBGPClusterConfig names peers, each with a CiliumBGPPeerConfig, whose families
//! select advertisements by the labels of these.

use std::collections::{BTreeMap, BTreeSet};

use super::selectors::{SelectorField, selector};
use crate::cilium::Family;
use crate::flux::fact::Fact;
use crate::flux::object::{Object, Text};
use crate::krm::node::Node;

/// One entry of `spec.families` of a CiliumBGPPeerConfig.
#[derive(Debug, Clone)]
pub struct PeerFamily {
    /// The family of the addresses that it carries; `None` for others than IPv4 and IPv6 unicast.
    pub family: Option<Family>,
    /// Which advertisements it takes, by their labels. None takes nothing.
    pub selector: Fact<SelectorField>,
}

/// A CiliumBGPPeerConfig.
#[derive(Debug, Clone)]
pub struct PeerConfig<'a, 't> {
    /// The manifest.
    pub object: &'a Object<'a, 't>,
    /// Its name.
    pub name: Fact<String>,
    /// What it carries. Without any, Cilium speaks IPv4 and IPv6 and advertises nothing.
    pub families: Vec<PeerFamily>,
}

/// A peer of a CiliumBGPClusterConfig.
#[derive(Debug, Clone)]
pub struct Peer<'a, 't> {
    /// The manifest.
    pub object: &'a Object<'a, 't>,
    /// `spec.bgpInstances[0].peers[0]`
    pub path: String,
    /// Bytes to point at.
    pub span: std::ops::Range<usize>,
    /// `peerConfigRef.name`. A peer without one hears nothing.
    pub config: Option<Text>,
}

/// The peers of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Peers<'a, 't> {
    /// Whether the input holds a CiliumBGPClusterConfig at all.
    pub told: bool,
    /// Each peer.
    pub peers: Vec<Peer<'a, 't>>,
    /// Each configuration.
    pub configs: Vec<PeerConfig<'a, 't>>,
}

/// Which families some peer hears of an advertisement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// These, for certain.
    pub families: BTreeSet<Family>,
    /// Why it may be heard in more.
    pub unknown: Option<String>,
}

impl<'a, 't> Peers<'a, 't> {
    /// The peers among what a cluster applies.
    pub fn of(objects: &'a [Object<'a, 't>]) -> Self {
        let mut peers = Peers::default();
        for object in objects {
            if object.item.is("cilium.io", "CiliumBGPClusterConfig") {
                peers.told = true;
                peers.peers.extend(of_cluster(object));
            } else if object.item.is("cilium.io", "CiliumBGPPeerConfig") {
                peers.configs.push(PeerConfig { object, name: object.name(), families: families(object) });
            }
        }
        peers
    }

    /// Which families some peer hears of an advertisement with these labels.
    pub fn hear(&self, labels: &BTreeMap<String, String>) -> Heard {
        let mut heard = Heard::default();
        if !self.told {
            heard.unknown = Some("the input holds no CiliumBGPClusterConfig that names peers".into());
        }
        let patched = |object: &Object<'_, '_>| object.altered.as_deref().map(str::to_owned);
        heard.unknown = heard.unknown.or_else(|| self.peers.iter().find_map(|peer| patched(peer.object)));
        for config in &self.configs {
            heard.unknown = heard.unknown.or_else(|| patched(config.object));
            match self.used(config) {
                Fact::Known(false) => continue,
                Fact::Known(true) => {}
                Fact::Unknown(why) => heard.unknown = Some(why),
            }
            for family in &config.families {
                let Some(of) = family.family else { continue };
                match &family.selector {
                    Fact::Known(Some(Ok(selector))) if selector.selects_all() || selector.matches(labels) => {
                        heard.families.insert(of);
                    }
                    Fact::Known(_) => {}
                    Fact::Unknown(why) => heard.unknown = Some(why.clone()),
                }
            }
        }
        let missing = |peer: &Peer<'_, '_>| peer.config.as_ref().is_some_and(|name| self.config(name).is_none());
        if heard.unknown.is_none() && self.peers.iter().any(missing) {
            heard.unknown = Some("a CiliumBGPPeerConfig that a peer names is not in the input".into());
        }
        heard
    }

    /// The configuration of this name.
    pub fn config(&self, name: &Text) -> Option<&PeerConfig<'a, 't>> {
        let name = name.known()?;
        self.configs.iter().find(|config| config.name.known().is_some_and(|own| own == name))
    }

    /// Whether some peer has this configuration.
    pub fn used(&self, config: &PeerConfig<'_, '_>) -> Fact<bool> {
        if !self.told {
            return Fact::Known(true);
        }
        let own = match &config.name {
            Fact::Known(name) => name,
            Fact::Unknown(why) => return Fact::Unknown(why.clone()),
        };
        let named: Vec<&Text> = self.peers.iter().filter_map(|peer| peer.config.as_ref()).collect();
        if named.iter().any(|name| name.known() == Some(own)) {
            return Fact::Known(true);
        }
        match named.iter().find_map(|name| name.value.unknown()) {
            Some(why) => Fact::Unknown(why.to_owned()),
            None => Fact::Known(false),
        }
    }
}

fn of_cluster<'a, 't>(object: &'a Object<'a, 't>) -> Vec<Peer<'a, 't>> {
    let list =
        |node: &'a Node<'t>, path: &[&str]| node.at(path).map(Node::items).unwrap_or_default().iter().enumerate();
    let mut peers = Vec::new();
    for (i, instance) in list(object.tree(), &["spec", "bgpInstances"]) {
        for (p, peer) in list(instance, &["peers"]) {
            peers.push(Peer {
                object,
                path: format!("spec.bgpInstances[{i}].peers[{p}]"),
                span: peer.span.clone(),
                config: peer.at(&["peerConfigRef", "name"]).and_then(|node| object.text(node)),
            });
        }
    }
    peers
}

fn families(object: &Object<'_, '_>) -> Vec<PeerFamily> {
    let nodes = object.tree().at(&["spec", "families"]).map(Node::items).unwrap_or_default();
    nodes
        .iter()
        .map(|node| PeerFamily {
            family: match (node.text_at(&["afi"]), node.text_at(&["safi"])) {
                (Some("ipv4"), Some("unicast")) => Some(Family::V4),
                (Some("ipv6"), Some("unicast")) => Some(Family::V6),
                _ => None,
            },
            selector: selector(object, node.get("advertisements")),
        })
        .collect()
}
