//! What a finding about a living cluster stands on: the manifest where the repository has one, for that is where one
//! edits; else the object by name.

use super::finding::Found;
use crate::cilium::ServiceKey;
use crate::flux::object::Object;
use crate::report::ResourceRef;
use crate::verification::Verified;

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
