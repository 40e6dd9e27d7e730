//! Flux's marks: labels and annotations by which one object asks to be treated otherwise than its Kustomization says.

use crate::flux::object::Object;

/// Whether Flux's mark is, or may be, on an object. How the value is written makes no difference (fluxcd/pkg/ssa,
/// `AnyInMetadata`).
pub(super) fn is_marked(object: &Object<'_, '_>, mark: &str, value: &str) -> bool {
    let key = format!("kustomize.toolkit.fluxcd.io/{mark}");
    let texts = ["annotations", "labels"].iter().filter_map(|kind| object.text_at(&["metadata", kind, &key]));
    texts.into_iter().any(|text| text.known().is_none_or(|known| known.eq_ignore_ascii_case(value)))
}
