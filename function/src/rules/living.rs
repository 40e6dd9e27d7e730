//! What a finding about a living cluster stands on: the manifest where the repository has one, for that is where one
//! edits; else the object by name.

use super::finding::Found;
use crate::cilium::ServiceKey;
use crate::flux::object::Object;
use crate::report::ResourceRef;
use crate::verification::Verified;

/// Of one kind of finding so many are told one by one: a cluster has 100,000 Services, and a person reads a few.
const MOST: usize = 50;

/// The first few, each with a word about how many there are besides for the last of them.
pub(super) fn few<T>(all: impl Iterator<Item = T>) -> Vec<(T, String)> {
    let mut all = all.fuse();
    let mut few: Vec<(T, String)> = all.by_ref().take(MOST).map(|one| (one, String::new())).collect();
    let more = all.count();
    if let Some((_, word)) = few.last_mut().filter(|_| more > 0) {
        *word = format!(" (and so it is with {more} more)");
    }
    few
}

/// On a Service: at the manifest of whoever asks for it.
pub(super) fn on_service(verified: &Verified<'_, '_, '_>, key: &ServiceKey) -> Found {
    match verified.request(key) {
        Some(request) => Found::on(request.object),
        None => Found::of(ResourceRef {
            api_version: "v1".into(),
            kind: "Service".into(),
            namespace: Some(key.namespace.clone()),
            name: key.name.clone(),
        }),
    }
}

/// On an object that the repository does not have.
pub(super) fn on_stranger(api_version: &str, kind: &str, key: &ServiceKey) -> Found {
    Found::of(ResourceRef {
        api_version: api_version.into(),
        kind: kind.into(),
        namespace: (!key.namespace.is_empty()).then(|| key.namespace.clone()),
        name: key.name.clone(),
    })
}

/// On a pool of the cluster: at its manifest, where the repository has it.
pub(super) fn on_pool(verified: &Verified<'_, '_, '_>, name: &str) -> Found {
    match verified.objects.iter().find(|held| held.is_pool() && held.name == name) {
        Some(held) => Found::on(held.object),
        None => on_stranger("cilium.io/v2", "CiliumLoadBalancerIPPool", &ServiceKey::new("", name)),
    }
}

/// What there is to say of the Kustomization that applies an object: why the cluster may not have it yet.
pub(super) fn delivery(verified: &Verified<'_, '_, '_>, object: &Object<'_, '_>) -> String {
    let Some(by) = object.kustomization.as_deref() else {
        return "apply the repository again".into();
    };
    let (namespace, name) = by.split_once('/').unwrap_or(("", by));
    let Some(living) = verified.living.observed.kustomizations.get(&ServiceKey::new(namespace, name)) else {
        return format!("Kustomization {by} applies it");
    };
    let ready = living.conditions.get("Ready");
    match ready.filter(|ready| !ready.is_true()) {
        _ if living.suspended => format!("Kustomization {by}, which applies it, is suspended: resume it"),
        Some(ready) => {
            format!("Kustomization {by}, which applies it, is not ready: {} {}", ready.reason, ready.message)
        }
        None => {
            format!("Kustomization {by} applies it: `flux reconcile kustomization {name} -n {namespace}` does so now")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_few_counts_the_others() {
        let few = few(0..MOST + 3);
        assert_eq!(few.len(), MOST);
        assert_eq!(few.last().map(|(_, word)| word.as_str()), Some(" (and so it is with 3 more)"));
        assert!(super::few(0..MOST).iter().all(|(_, word)| word.is_empty()));
    }
}
