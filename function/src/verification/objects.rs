//! The objects of the repository that decide about addresses, and what the cluster has of each.

use std::collections::BTreeSet;

use super::applied::{Edit, edits};
use crate::cilium::ServiceKey;
use crate::cluster::ClusterView;
use crate::cluster::requests::Asker;
use crate::flux::object::Object;
use crate::observed::{ANNOUNCING, Lacks, LivingService, Observed};

/// An object of the repository, and what the cluster has of it.
#[derive(Debug)]
pub struct ObjectHeld<'v, 'a, 't> {
    /// Its manifest.
    pub object: &'v Object<'a, 't>,
    /// `namespace/name`, or the name alone of what stands in no namespace.
    pub name: String,
    /// What the cluster has of it.
    pub kept: Kept,
}

/// What the cluster has of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// It is there, and differs in these fields.
    There(Vec<Edit>),
    /// It is there, and is of another type (a Service).
    OtherType,
    /// It is not there.
    Missing,
    /// Not known, and why.
    NotKnown(String),
}

impl ObjectHeld<'_, '_, '_> {
    /// Whether it is a pool.
    pub fn is_pool(&self) -> bool {
        self.object.item.is("cilium.io", "CiliumLoadBalancerIPPool")
    }
}

/// Look for each of them. What could not be looked for is noted once a kind.
pub(super) fn held<'v, 'a, 't>(
    view: &'v ClusterView<'a, 't>,
    observed: &Observed,
    not_checked: &mut Vec<(String, String)>,
) -> Vec<ObjectHeld<'v, 'a, 't>> {
    let mut held: Vec<ObjectHeld<'v, 'a, 't>> = Vec::new();
    for kustomization in &view.cluster.wiring.kustomizations {
        let (namespace, name) = kustomization.name.split_once('/').unwrap_or_default();
        let key = ServiceKey::new(namespace, name);
        let kept = match observed.kustomizations.get(&key) {
            Some(living) => {
                let mut edits = edits(&kustomization.object, "spec", &living.spec);
                // Who suspends one by hand is told so by a rule of its own.
                edits.retain(|edit| edit.path != "spec.suspend");
                Kept::There(edits)
            }
            None => missing(observed, "Kustomization", Some(namespace)),
        };
        held.push(ObjectHeld { object: &kustomization.object, name: key.to_string(), kept });
    }
    for object in view.cluster.objects.iter().filter(|object| object.suspended.is_none() && !is_left_alone(object)) {
        let Some(name) = object.name().known().filter(|name| !name.is_empty()).cloned() else { continue };
        let namespace = object.namespace().known().cloned();
        let key = || namespace.clone().map(|namespace| ServiceKey::new(namespace, name.clone()));
        let kind = object.item.resource.kind.as_str();
        let (name, kept) = match (object.item.group(), kind) {
            ("cilium.io", "CiliumLoadBalancerIPPool") => {
                let kept = match observed.pools.get(&name) {
                    Some(living) => Kept::There(edits(object, "spec", &living.spec)),
                    None => missing(observed, kind, None),
                };
                (name, kept)
            }
            ("cilium.io", kind) if ANNOUNCING.contains(&kind) => {
                let namespace = (kind == "CiliumGatewayClassConfig").then_some(namespace.as_deref()).flatten();
                let kept = match observed.announcements.get(&(kind.to_owned(), name.clone())) {
                    Some(living) => Kept::There(edits(object, "spec", &living.spec)),
                    None => missing(observed, kind, namespace),
                };
                (name, kept)
            }
            ("gateway.networking.k8s.io", "Gateway") => {
                let Some(key) = key() else { continue };
                let kept = match observed.gateways.get(&key) {
                    Some(living) => Kept::There(edits(object, "spec", &living.spec)),
                    None => missing(observed, kind, Some(&key.namespace)),
                };
                (key.to_string(), kept)
            }
            ("networking.k8s.io", "Ingress") => {
                let Some(key) = key() else { continue };
                let kept = match observed.ingresses.contains_key(&key) {
                    true => Kept::There(Vec::new()),
                    false => missing(observed, kind, Some(&key.namespace)),
                };
                (key.to_string(), kept)
            }
            ("", "ConfigMap") if is_settings(view, object) => {
                let Some(key) = key() else { continue };
                let kept = match observed.config_maps.get(&key) {
                    Some(data) => Kept::There(edits(object, "data", &serde_json::json!(data))),
                    None => missing(observed, kind, Some(&key.namespace)),
                };
                (key.to_string(), kept)
            }
            _ => continue,
        };
        held.push(ObjectHeld { object, name, kept });
    }
    for request in view.requests.iter().filter(|request| request.asker == Asker::Service) {
        if request.object.suspended.is_some() || is_left_alone(request.object) {
            continue;
        }
        let Some(service) = request.service.known() else { continue };
        let kept = match observed.services.get(&service.key) {
            Some(living) if living.service.service_type != service.service_type => Kept::OtherType,
            Some(living) => Kept::There(of_service(request.object, service, living)),
            None if observed.other_services.contains(&service.key) => Kept::OtherType,
            None => missing(observed, "Service", Some(&service.key.namespace)),
        };
        held.push(ObjectHeld { object: request.object, name: service.key.to_string(), kept });
    }
    let mut noted = BTreeSet::new();
    for one in &held {
        if let Kept::NotKnown(why) = &one.kept {
            let kind = one.object.item.resource.kind.clone();
            if noted.insert((kind.clone(), why.clone())) {
                let count = held.iter().filter(|other| {
                    other.object.item.resource.kind == kind && matches!(&other.kept, Kept::NotKnown(w) if w == why)
                });
                let count = count.count();
                let objects = if count == 1 { "object" } else { "objects" };
                not_checked.push((format!("{count} {kind} {objects} of the repository"), why.clone()));
            }
        }
    }
    held
}

/// Flux does not keep it as it is written.
fn is_left_alone(object: &Object<'_, '_>) -> bool {
    let said = |key: &str| object.annotation(&format!("kustomize.toolkit.fluxcd.io/{key}"));
    let is = |key: &str, values: &[&str]| {
        said(key)
            .is_some_and(|text| text.known().is_none_or(|text| values.iter().any(|v| v.eq_ignore_ascii_case(text))))
    };
    is("reconcile", &["disabled"]) || is("ssa", &["ignore", "ifnotpresent"])
}

fn is_settings(view: &ClusterView<'_, '_>, object: &Object<'_, '_>) -> bool {
    view.cluster.settings_object.is_some_and(|(_, item)| std::ptr::eq(item, object.item))
}

fn missing(observed: &Observed, kind: &str, namespace: Option<&str>) -> Kept {
    match observed.lacks(kind, namespace) {
        Lacks::Surely => Kept::Missing,
        Lacks::NotKnown(why) => Kept::NotKnown(why),
    }
}

/// What decides about a Service's address and differs. The API server fills in what a manifest leaves out, so only what
/// it writes counts, and of the labels and annotations only that what it writes is there.
fn of_service(object: &Object<'_, '_>, ours: &crate::cilium::Service, living: &LivingService) -> Vec<Edit> {
    let theirs = &living.service;
    let mut found = Vec::new();
    let mut differs = |path: &[&str], written: &str, living: &str| {
        let node = object.tree().at(path);
        if written != living
            && let Some(node) = node
        {
            let (last, front) = path.split_last().unwrap_or((&"", &[]));
            let path = if last.contains(['.', '/']) { format!("{}[{last}]", front.join(".")) } else { path.join(".") };
            let living = if living.is_empty() { "nothing".to_owned() } else { living.to_owned() };
            found.push(Edit { path, span: node.span.clone(), written: written.to_owned(), living });
        }
    };
    for (key, value) in &ours.labels {
        differs(&["metadata", "labels", key], value, theirs.labels.get(key).map_or("", String::as_str));
    }
    let read = |key: &str| key.starts_with("lbipam.cilium.io/") || key.starts_with("io.cilium/");
    for (key, value) in ours.annotations.iter().filter(|(key, _)| read(key)) {
        differs(&["metadata", "annotations", key], value, theirs.annotations.get(key).map_or("", String::as_str));
    }
    differs(&["spec", "loadBalancerIP"], &ours.load_balancer_ip, &theirs.load_balancer_ip);
    let class = |service: &crate::cilium::Service| service.class.clone().unwrap_or_default();
    differs(&["spec", "loadBalancerClass"], &class(ours), &class(theirs));
    differs(&["spec", "externalTrafficPolicy"], &ours.external_traffic_policy, &theirs.external_traffic_policy);
    differs(
        &["spec", "ipFamilyPolicy"],
        ours.family_policy.as_deref().unwrap_or_default(),
        theirs.family_policy.as_deref().unwrap_or_default(),
    );
    differs(&["spec", "ipFamilies"], &ours.families.join(", "), &theirs.families.join(", "));
    let ports = |service: &crate::cilium::Service| {
        let ports = service.ports.iter().map(|port| format!("{}/{}", port.number, port.protocol));
        ports.collect::<Vec<_>>().join(", ")
    };
    differs(&["spec", "ports"], &ports(ours), &ports(theirs));
    let selector = |service: &crate::cilium::Service| {
        let labels = service.pod_selector.iter().map(|(key, value)| format!("{key}={value}"));
        labels.collect::<Vec<_>>().join(", ")
    };
    differs(&["spec", "selector"], &selector(ours), &selector(theirs));
    // A pin that the repository has not got decides as well.
    let pins = ["lbipam.cilium.io/ips", "io.cilium/lb-ipam-ips", "lbipam.cilium.io/sharing-key"];
    let metadata = object.tree().at(&["metadata", "name"]).map(|node| node.span.clone());
    for key in pins.into_iter().filter(|key| !ours.annotations.contains_key(*key)) {
        if let (Some(living), Some(span)) = (theirs.annotations.get(key), metadata.clone()) {
            let path = format!("metadata.annotations[{key}]");
            found.push(Edit { path, span, written: "nothing".into(), living: living.clone() });
        }
    }
    found
}
