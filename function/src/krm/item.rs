//! One Kubernetes object of the input: who it is, where it stands, and its tree when anyone needs it.

use std::cell::OnceCell;
use std::ops::Range;

use super::annotations;
use super::node::{Node, Value};
use super::revised::Moved;
use super::tree::{Element, Tree};
use crate::report::ResourceRef;

/// From how many bytes on the tree of a ConfigMap or Secret in a large list is only built when somebody asks for it.
const BULKY: usize = 4096;

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
    /// The tree.
    pub tree: Tree<'t>,
    pub(super) marks: Marks,
    /// Where it stands after changes that were not written out.
    pub(super) moved: Moved<'t>,
}

/// Annotations that are asked of every object, so that no tree need be there to answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Marks {
    generated_by: Option<String>,
    local_config: Option<String>,
}

/// Kinds that flow, cilium or the rules read. Objects of other kinds keep their bytes and lose their tree.
const READ: &[&str] = &[
    "CiliumBGPAdvertisement",
    "CiliumBGPClusterConfig",
    "CiliumBGPPeerConfig",
    "CiliumBGPPeeringPolicy",
    "CiliumGatewayClassConfig",
    "CiliumL2AnnouncementPolicy",
    "CiliumLoadBalancerIPPool",
    "Component",
    "Bucket",
    "ConfigMap",
    "EnvoyProxy",
    "Gateway",
    "GatewayClass",
    "GitRepository",
    "HelmChart",
    "HelmRelease",
    "Ingress",
    "Kustomization",
    "LoadBalancerPools",
    "OCIRepository",
    "Secret",
    "Service",
];

/// Whether trees of this kind are read, and those without a kind.
pub(super) fn reads(kind: &str) -> bool {
    kind.is_empty() || READ.contains(&kind)
}

impl<'t> Item<'t> {
    /// Read who an object is.
    pub fn new(node: Node<'t>, whole: Range<usize>) -> Self {
        let text = |key: &str| node.text_at(&[key]).unwrap_or_default();
        let mut item = Self::known(text("apiVersion"), text("kind"), node.get("metadata"), node.span.clone(), whole);
        if reads(&item.resource.kind) || item.is_marked() {
            item.tree = Tree::Kept(node);
        }
        item
    }

    /// Read an element of a list. `None` where it does not parse, or is no object.
    pub(super) fn of_element(element: Element<'t>, whole: impl FnOnce(&Node<'t>) -> Range<usize>) -> Option<Self> {
        let node = element.parse().ok()?;
        if !matches!(node.value, Value::Mapping { .. }) {
            return None;
        }
        let whole = whole(&node);
        let mut item = Self::new(node, whole);
        if matches!(item.resource.kind.as_str(), "ConfigMap" | "Secret") && item.span.len() >= BULKY {
            item.tree = Tree::OnDemand(element, OnceCell::new());
        }
        Some(item)
    }

    /// An object of which nothing but its kind and metadata is looked at.
    pub fn known(
        api_version: &str,
        kind: &str,
        metadata: Option<&Node<'_>>,
        span: Range<usize>,
        whole: Range<usize>,
    ) -> Self {
        let text = |path: &[&str]| metadata.and_then(|node| node.text_at(path)).map(str::to_owned);
        let annotation = |key: &str| text(&["annotations", key]);
        // After a first function kustomize makes paths up from kind and name; its own id tells its items from kpt's.
        let filed = annotation(annotations::KUSTOMIZE_ID).is_none();
        let of_file = |key: &str, legacy: &str| annotation(key).or_else(|| annotation(legacy)).filter(|_| filed);
        Self {
            resource: ResourceRef {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                namespace: text(&["namespace"]),
                name: text(&["name"]).unwrap_or_default(),
            },
            path: of_file(annotations::PATH, annotations::LEGACY_PATH),
            index: of_file(annotations::INDEX, annotations::LEGACY_INDEX).and_then(|index| index.parse().ok()),
            span,
            whole,
            tree: Tree::Dropped,
            moved: Moved::default(),
            marks: Marks {
                generated_by: annotation(annotations::GENERATED_BY),
                local_config: annotation(annotations::LOCAL_CONFIG),
            },
        }
    }

    /// Whether its tree was kept because somebody may read it: its kind is one of ours, it has none, or we made it.
    pub fn is_read(&self) -> bool {
        !matches!(self.tree, Tree::Dropped)
    }

    /// Whether it says that we made it.
    pub(super) fn is_marked(&self) -> bool {
        self.marks.generated_by.is_some()
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
        self.tree.get().unwrap_or(EMPTY)
    }

    /// The text of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        match key {
            annotations::GENERATED_BY => self.marks.generated_by.as_deref(),
            annotations::LOCAL_CONFIG => self.marks.local_config.as_deref(),
            key => self.tree().text_at(&["metadata", "annotations", key]),
        }
    }

    /// Whether lbpools made it for the config of this name.
    pub fn is_generated_by(&self, config: &str) -> bool {
        self.annotation(annotations::GENERATED_BY) == Some(config)
    }
}
