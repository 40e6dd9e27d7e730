//! One Kubernetes object of the input: who it is, where it stands, and its tree when anyone needs it.

use std::ops::Range;

use super::annotations;
use super::node::{Node, Value};
use crate::report::ResourceRef;

/// One object.
#[derive(Debug)]
pub struct Item<'t> {
    /// apiVersion, kind, namespace and name as written; empty texts where nothing is written.
    pub resource: ResourceRef,
    /// The file it says it comes from.
    pub path: Option<String>,
    /// Which document of that file.
    pub index: Option<u32>,
    /// The object's own bytes.
    pub span: Range<usize>,
    /// The bytes to take out when the object is removed: whole lines in a block list or stream. Empty when the
    /// object cannot be removed by itself (an element of a `kind: List`).
    pub whole: Range<usize>,
    /// The tree; dropped for kinds that nothing here reads.
    pub node: Option<Node<'t>>,
}

/// Kinds that flow, cilium or the rules read. Objects of other kinds keep their bytes and lose their tree.
const READ: &[&str] = &[
    "CiliumBGPAdvertisement",
    "CiliumBGPClusterConfig",
    "CiliumBGPPeerConfig",
    "CiliumGatewayClassConfig",
    "CiliumL2AnnouncementPolicy",
    "CiliumLoadBalancerIPPool",
    "Component",
    "Bucket",
    "ConfigMap",
    "Gateway",
    "GatewayClass",
    "GitRepository",
    "Ingress",
    "Kustomization",
    "LoadBalancerPools",
    "OCIRepository",
    "Secret",
    "Service",
];

impl<'t> Item<'t> {
    /// Read who an object is.
    pub fn new(node: Node<'t>, whole: Range<usize>) -> Self {
        let text = |path: &[&str]| node.text_at(path).unwrap_or_default().to_owned();
        let annotation = |key: &str| node.text_at(&["metadata", "annotations", key]).map(str::to_owned);
        let resource = ResourceRef {
            api_version: text(&["apiVersion"]),
            kind: text(&["kind"]),
            namespace: node.text_at(&["metadata", "namespace"]).map(str::to_owned),
            name: text(&["metadata", "name"]),
        };
        let path = annotation(annotations::PATH).or_else(|| annotation(annotations::LEGACY_PATH));
        let index = annotation(annotations::INDEX)
            .or_else(|| annotation(annotations::LEGACY_INDEX))
            .and_then(|index| index.parse().ok());
        let keep = resource.kind.is_empty()
            || READ.contains(&resource.kind.as_str())
            || node.at(&["metadata", "annotations", annotations::GENERATED_BY]).is_some();
        Self { resource, path, index, span: node.span.clone(), whole, node: keep.then_some(node) }
    }

    /// Whether it is of this kind, in any version of this API group (empty for the core group).
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.resource.kind == kind && self.group() == group
    }

    /// The API group, empty for the core group.
    pub fn group(&self) -> &str {
        self.resource.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// The tree, or an empty map for an object whose tree was dropped.
    pub fn tree(&self) -> &Node<'t> {
        const EMPTY: &Node<'static> = &Node { value: Value::Mapping { entries: Vec::new(), flow: false }, span: 0..0 };
        self.node.as_ref().unwrap_or(EMPTY)
    }

    /// The text of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.tree().text_at(&["metadata", "annotations", key])
    }

    /// Whether lbpools made it for the config of this name.
    pub fn is_generated_by(&self, config: &str) -> bool {
        self.annotation(annotations::GENERATED_BY) == Some(config)
    }
}
