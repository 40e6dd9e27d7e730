//! What goes away in the cluster when its manifest goes away: Flux's garbage collection.
//!
//! While a Kustomization stays, its `prune` decides. When it goes away itself, `deletionPolicy` does, unless it is
//! suspended; and it goes only where whatever applied it lets it go. Marks on the object hold it back in both cases
//! (kustomize-controller v1.9.4: `prune`, `finalizerShouldDeleteResources`, `deleteObjects`).

use super::ClusterView;
use super::marks::is_marked;
use super::pools::PoolView;
use crate::flux::object::Object;

/// Kustomizations that made one another, from the bottom up; deeper than this nobody nests them.
const DEEPEST: usize = 32;

/// The pools whose manifests are gone and which are deleted for certain, unless they moved to what is not known.
pub fn pruned_pools<'v, 'a, 't>(
    before: &'v ClusterView<'a, 't>,
    after: &ClusterView<'_, '_>,
) -> impl Iterator<Item = &'v PoolView<'a, 't>> {
    let there = |name: &String| after.pools.iter().any(|pool| pool.name.known() == Some(name));
    let gone = move |pool: &&PoolView<'_, '_>| pool.name.known().is_some_and(|name| !there(name));
    before.pools.iter().filter(gone).filter(move |pool| is_pruned(pool.object, before, after))
}

/// Whether every pool of a cluster is known by its name: a pool that seems gone is gone then.
pub fn knows_its_pools(view: &ClusterView<'_, '_>) -> bool {
    view.pools.iter().all(|pool| pool.name.known().is_some()) && view.cluster.not_checked.is_empty()
}

/// Whether `object`, which is gone from the manifests, is deleted for certain. What no Kustomization applies is taken
/// to follow its manifest.
fn is_pruned(object: &Object<'_, '_>, before: &ClusterView<'_, '_>, after: &ClusterView<'_, '_>) -> bool {
    pruned(object, before, after, DEEPEST)
}

fn pruned(object: &Object<'_, '_>, before: &ClusterView<'_, '_>, after: &ClusterView<'_, '_>, deepest: usize) -> bool {
    let kept = [("prune", "disabled"), ("reconcile", "disabled"), ("ssa", "Ignore")];
    if kept.iter().any(|(mark, value)| is_marked(object, mark, value)) {
        return false;
    }
    let Some(name) = object.kustomization.as_deref() else { return true };
    if let Some(kustomization) = after.cluster.wiring.kustomization(name) {
        return kustomization.is_set("prune") && is_running(kustomization.field(&["suspend"]));
    }
    let Some(kustomization) = before.cluster.wiring.kustomization(name) else { return false };
    let policy = kustomization.field(&["deletionPolicy"]);
    let deletes = match policy.as_ref().map(|text| text.known()) {
        None | Some(Some("MirrorPrune")) => kustomization.is_set("prune"),
        Some(Some("Delete" | "WaitForTermination")) => true,
        _ => false,
    };
    // What applies itself is taken away by nobody.
    let itself = kustomization.applied_by().is_none_or(|parent| *parent == kustomization.name);
    deletes
        && is_running(kustomization.field(&["suspend"]))
        && !itself
        && deepest > 0
        && pruned(&kustomization.object, before, after, deepest - 1)
}

fn is_running(suspend: Option<crate::flux::object::Text>) -> bool {
    suspend.is_none_or(|text| text.known() == Some("false"))
}
