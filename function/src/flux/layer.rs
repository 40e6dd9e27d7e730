//! What the kustomizations on the way to an object do to it, from the innermost outwards.
//!
//! Each kustomization file is one layer; a component of it is a layer of its own further in, because kustomize runs a
//! component's changes over everything that its parent has gathered so far. Within a layer patches come first, then
//! namespace, name and labels, then `patchesJson6902` and replacements.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::files::Located;
use super::object::Object;
use super::patch::{Effect, Patch, Patched};
use crate::krm::item::Item;
use crate::krm::node::Node;
use crate::report::Place;

/// One kustomization's changes, and the layers outside of it.
#[derive(Debug, Default)]
pub struct Layer<'a, 't> {
    /// The next one outwards.
    pub outer: Option<Rc<Layer<'a, 't>>>,
    /// Strategic merge and JSON patches, in order.
    pub patches: Vec<Patch<'a, 't>>,
    /// JSON patches that run after names and labels are set.
    pub late_patches: Vec<Patch<'a, 't>>,
    /// Changes that are not evaluated: for this kind or all, and why.
    pub opaque: Vec<(Option<String>, Rc<str>)>,
    /// `namespace`, or Flux's `targetNamespace`.
    pub namespace: Option<Rc<str>>,
    /// `namePrefix`.
    pub prefix: String,
    /// `nameSuffix`.
    pub suffix: String,
    /// `commonLabels` and `labels`.
    pub labels: BTreeMap<String, String>,
}

impl<'a, 't> Layer<'a, 't> {
    /// Read what a kustomization file changes besides its patches.
    pub fn read(tree: &Node<'_>, outer: Option<Rc<Layer<'a, 't>>>, directory: &str) -> Self {
        let text = |key: &str| tree.text_at(&[key]).unwrap_or_default();
        let mut layer = Layer {
            outer,
            namespace: Some(text("namespace")).filter(|namespace| !namespace.is_empty()).map(Into::into),
            prefix: text("namePrefix").into(),
            suffix: text("nameSuffix").into(),
            ..Layer::default()
        };
        let listed = tree.get("labels").map(Node::items).unwrap_or_default();
        let pairs = tree.get("commonLabels").into_iter().chain(listed.iter().filter_map(|entry| entry.get("pairs")));
        for entry in pairs.flat_map(Node::entries) {
            if let (Some(key), Some(value)) = (entry.key.text(), entry.value.text()) {
                layer.labels.insert(key.to_owned(), value.to_owned());
            }
        }
        for replacement in tree.get("replacements").map(Node::items).unwrap_or_default() {
            let why: Rc<str> = format!("a replacement in {directory} may change it; it is not evaluated").into();
            let targets = replacement.get("targets").map(Node::items).unwrap_or_default();
            if targets.is_empty() {
                layer.opaque.push((None, why.clone()));
            }
            for target in targets {
                let kind = target.text_at(&["select", "kind"]).map(str::to_owned);
                layer.opaque.push((kind, why.clone()));
            }
        }
        if !tree.get("transformers").map(Node::items).unwrap_or_default().is_empty() {
            layer.opaque.push((None, format!("a transformer in {directory} may change it; it is not run").into()));
        }
        let ours = |key: &str| key.contains("cilium.io") || key.contains("toolkit.fluxcd.io");
        let annotations = tree.get("commonAnnotations").map(Node::entries).unwrap_or_default();
        if annotations.iter().any(|entry| entry.key.text().is_some_and(ours)) {
            layer.opaque.push((None, format!("commonAnnotations in {directory} change it").into()));
        }
        layer
    }

    /// Put in what a Flux Kustomization says, as Flux rewrites the kustomization file of its directory: namespace and
    /// names stand in for its own, patches go behind its own (`fluxcd/pkg/kustomize`, `Generator.WriteFile`).
    pub fn put_in(&mut self, flux: Layer<'a, 't>) {
        if flux.namespace.is_some() {
            self.namespace = flux.namespace;
        }
        if !flux.prefix.is_empty() {
            self.prefix = flux.prefix;
        }
        if !flux.suffix.is_empty() {
            self.suffix = flux.suffix;
        }
        self.patches.extend(flux.patches);
    }

    /// The place of the outermost patch on an object that puts a text under a key.
    pub fn says(&self, item: &Item<'_>, key: &str, text: &str) -> Option<Place> {
        let layers: Vec<&Self> = self.outwards().collect();
        let patches = layers.into_iter().rev().flat_map(|l| l.late_patches.iter().rev().chain(l.patches.iter().rev()));
        patches.into_iter().find_map(|patch| patch.says(item, key, text))
    }

    /// This layer and those outside of it.
    pub fn outwards(&self) -> impl Iterator<Item = &Layer<'a, 't>> {
        std::iter::successors(Some(self), |layer| layer.outer.as_deref())
    }

    /// What the layers make of an object.
    pub fn apply(&self, object: &mut Object<'a, 't>, located: Located<'a, 't>) {
        let (_, item) = located;
        let mut renamed = false;
        let mut labels = BTreeMap::new();
        for layer in self.outwards() {
            layer.patch(&layer.patches, object, located, renamed);
            if let Some(namespace) = &layer.namespace {
                object.namespace_override = Some(namespace.clone());
                renamed = true;
            }
            if !layer.prefix.is_empty() || !layer.suffix.is_empty() {
                object.prefix = format!("{}{}", layer.prefix, object.prefix).into();
                object.suffix = format!("{}{}", object.suffix, layer.suffix).into();
                renamed = true;
            }
            labels.extend(layer.labels.iter().map(|(key, value)| (key.clone(), value.clone())));
            layer.patch(&layer.late_patches, object, located, renamed);
            if object.altered.is_none() {
                let opaque =
                    layer.opaque.iter().find(|(kind, _)| kind.as_deref().is_none_or(|k| k == item.resource.kind));
                object.altered = opaque.map(|(_, why)| why.clone());
            }
        }
        if !labels.is_empty() {
            object.labels = Rc::new(labels);
        }
    }

    fn patch(&self, patches: &[Patch<'a, 't>], object: &mut Object<'a, 't>, located: Located<'a, 't>, renamed: bool) {
        let (_, item) = located;
        for patch in patches {
            if object.altered.is_some() {
                return;
            }
            if !merges_exactly(item) {
                if patch.may_touch(item, item.tree(), renamed) {
                    object.altered = Some(format!("{} may change it; it is not evaluated", patch.holder()).into());
                }
                continue;
            }
            let mut patched = match &object.patched {
                Some(patched) => (**patched).clone(),
                None if patch.may_touch(item, item.tree(), renamed) => Patched::new(located),
                None => continue,
            };
            match patch.apply(item, &mut patched, renamed) {
                Effect::None => {}
                Effect::Applied => object.patched = Some(Rc::new(patched)),
                Effect::Unknown(why) => object.altered = Some(why),
            }
        }
    }
}

/// Whether patches on this kind are evaluated: Flux's own objects, of which kustomize knows no schema.
fn merges_exactly(item: &Item<'_>) -> bool {
    item.group().ends_with("toolkit.fluxcd.io")
}
