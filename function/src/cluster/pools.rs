//! Pools as a cluster applies them, each block with its place.

use std::ops::Range as Bytes;

use super::selectors::{SelectorField, selector};
use crate::cilium::{Block, BlockError, Pool, Profile};
use crate::flux::fact::Fact;
use crate::flux::object::{Object, Text};
use crate::krm::node::Node;

/// One block of a pool.
#[derive(Debug, Clone)]
pub struct BlockView {
    /// `spec.blocks[2]`.
    pub path: String,
    /// The bytes of the block.
    pub span: Bytes<usize>,
    /// `cidr`, when written.
    pub cidr: Option<Text>,
    /// `start`, when written.
    pub start: Option<Text>,
    /// `stop`, when written.
    pub stop: Option<Text>,
    /// What the operator makes of it.
    pub parsed: Fact<Result<Block, BlockError>>,
}

impl BlockView {
    /// The block, when it is known and parses.
    pub fn block(&self) -> Option<&Block> {
        self.parsed.known().and_then(|parsed| parsed.as_ref().ok())
    }

    /// As written, in one line.
    pub fn written(&self) -> String {
        match (&self.cidr, &self.start, &self.stop) {
            (Some(cidr), _, _) => cidr.written.clone(),
            (None, Some(start), Some(stop)) => format!("{} - {}", start.written, stop.written),
            (None, Some(start), None) => start.written.clone(),
            (None, None, Some(stop)) => format!("- {}", stop.written),
            (None, None, None) => String::new(),
        }
    }

    /// The field that decides it first, with its path: `cidr`, else `start`, else `stop`.
    pub fn field(&self) -> Option<(String, &Text)> {
        let named = |name: &str, text| (format!("{}.{name}", self.path), text);
        self.cidr
            .as_ref()
            .map(|text| named("cidr", text))
            .or_else(|| self.start.as_ref().map(|text| named("start", text)))
            .or_else(|| self.stop.as_ref().map(|text| named("stop", text)))
    }

    /// All fields that are written, with their paths.
    pub fn fields(&self) -> Vec<(String, &Text)> {
        [("cidr", &self.cidr), ("start", &self.start), ("stop", &self.stop)]
            .into_iter()
            .filter_map(|(name, text)| Some((format!("{}.{name}", self.path), text.as_ref()?)))
            .collect()
    }
}

/// One pool.
#[derive(Debug, Clone)]
pub struct PoolView<'a, 't> {
    /// The manifest.
    pub object: &'a Object<'a, 't>,
    /// Its name.
    pub name: Fact<String>,
    /// Its blocks, `spec.cidrs` (1.15) in front.
    pub blocks: Vec<BlockView>,
    /// Its service selector; none selects all.
    pub selector: Fact<SelectorField>,
    /// `spec.disabled`.
    pub disabled: Fact<bool>,
    /// `spec.allowFirstLastIPs`: Yes, No or not written.
    pub allow_first_last: Fact<Option<bool>>,
}

impl PoolView<'_, '_> {
    /// The name for messages.
    pub fn label(&self) -> String {
        self.name.known().cloned().unwrap_or_else(|| self.object.item.resource.name.clone())
    }

    /// Blocks that are known and parse, with their views.
    pub fn ranges(&self) -> impl Iterator<Item = (&BlockView, &Block)> {
        self.blocks.iter().filter_map(|view| Some((view, view.block()?)))
    }

    /// Why not everything about its addresses and whom it serves is known.
    pub fn uncertain(&self) -> Option<&str> {
        self.blocks
            .iter()
            .find_map(|block| block.parsed.unknown())
            .or_else(|| self.selector.unknown())
            .or_else(|| self.disabled.unknown())
            .or_else(|| self.allow_first_last.unknown())
    }

    /// The pool as LB-IPAM knows it, with what is unknown left out: see [`PoolView::uncertain`].
    pub fn model(&self) -> Pool {
        let blocks = self.blocks.iter().filter_map(|view| view.parsed.known().cloned()).collect();
        let mut pool = Pool::new(self.label(), blocks);
        pool.selector = self.selector.known().cloned().flatten();
        pool.disabled = self.disabled.known().copied().unwrap_or(false);
        pool.allow_first_last = self.allow_first_last.known().copied().flatten();
        pool
    }
}

/// The pools among what a cluster applies.
pub fn pools<'a, 't>(objects: &'a [Object<'a, 't>], profile: &Profile) -> Vec<PoolView<'a, 't>> {
    objects
        .iter()
        .filter(|object| object.item.is("cilium.io", "CiliumLoadBalancerIPPool"))
        .map(|object| pool(object, profile))
        .collect()
}

fn pool<'a, 't>(object: &'a Object<'a, 't>, profile: &Profile) -> PoolView<'a, 't> {
    let tree = object.tree();
    let list = |key: &str| {
        let nodes = tree.at(&["spec", key]).map(Node::items).unwrap_or_default();
        nodes.iter().enumerate().map(|(n, node)| block(object, &format!("spec.{key}[{n}]"), node)).collect::<Vec<_>>()
    };
    // From 1.16 on the API server takes `cidrs` out of the object.
    let mut blocks = if profile.pool_fields.contains(&"cidrs") { list("cidrs") } else { Vec::new() };
    blocks.extend(list("blocks"));
    let disabled = match object.text_at(&["spec", "disabled"]).map(|text| text.value) {
        None => Fact::Known(false),
        Some(Fact::Known(value)) => Fact::Known(value == "true"),
        Some(Fact::Unknown(why)) => Fact::Unknown(why),
    };
    let allow_first_last = match object.text_at(&["spec", "allowFirstLastIPs"]).map(|text| text.value) {
        None => Fact::Known(None),
        Some(Fact::Known(value)) => Fact::Known(match value.as_str() {
            "Yes" => Some(true),
            "No" => Some(false),
            _ => None,
        }),
        Some(Fact::Unknown(why)) => Fact::Unknown(why),
    };
    PoolView {
        object,
        name: object.name(),
        blocks,
        selector: selector(object, tree.at(&["spec", "serviceSelector"])),
        disabled,
        allow_first_last,
    }
}

fn block(object: &Object<'_, '_>, path: &str, node: &Node<'_>) -> BlockView {
    let text = |key: &str| node.get(key).and_then(|node| object.text(node));
    let (cidr, start, stop) = (text("cidr"), text("start"), text("stop"));
    let why = [&cidr, &start, &stop].into_iter().flatten().find_map(|text| text.value.unknown().map(str::to_owned));
    let parsed = match why {
        Some(why) => Fact::Unknown(why),
        None => {
            let known = |text: &Option<Text>| text.as_ref().and_then(|t| t.known().map(str::to_owned));
            let (cidr, start, stop) = (known(&cidr), known(&start), known(&stop));
            Fact::Known(Block::parse(cidr.as_deref(), start.as_deref(), stop.as_deref()))
        }
    };
    BlockView { path: path.to_owned(), span: node.span.clone(), cidr, start, stop, parsed }
}
