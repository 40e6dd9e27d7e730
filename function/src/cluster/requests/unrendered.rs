//! Addresses that are asked for where no Service stands: in the values of a chart, in an EnvoyProxy, in a Gateway of
//! another controller.
//!
//! Nobody makes that Service here, so of the Service that comes of it nothing is known but what the values ask for. That
//! is enough to tell that no pool holds the address, and to promise it to nobody else.

use super::{Asker, Request, annotations_in};
use crate::cilium::request;
use crate::cilium::{Profile, Service};
use crate::flux::fact::Fact;
use crate::flux::object::{Object, Text};
use crate::krm::node::{Node, Value};

/// Values deeper in one another than this are nobody's.
const DEPTH: usize = 32;

/// The requests in the values of a HelmRelease.
pub(super) fn of_values<'a, 't>(object: &'a Object<'a, 't>, profile: &Profile) -> Vec<Request<'a, 't>> {
    let mut requests = Vec::new();
    if let Some(values) = object.tree().at(&["spec", "values"]) {
        search(object, values, "spec.values", profile, 0, &mut requests);
    }
    requests
}

/// A map with `loadBalancerIP`, or with annotations that ask for addresses, is a Service's.
fn search<'a, 't>(
    object: &'a Object<'a, 't>,
    node: &Node<'_>,
    path: &str,
    profile: &Profile,
    depth: usize,
    requests: &mut Vec<Request<'a, 't>>,
) {
    // What is switched off asks for nothing.
    if depth > DEPTH || node.text_at(&["enabled"]) == Some("false") {
        return;
    }
    for (n, item) in node.items().iter().enumerate() {
        search(object, item, &format!("{path}[{n}]"), profile, depth + 1, requests);
    }
    if node.entries().is_empty() {
        return;
    }
    let mut written = Vec::new();
    if let Some(text) = node.get("loadBalancerIP").and_then(|node| object.text(node)).filter(|t| !t.written.is_empty())
    {
        written.push((format!("{path}.loadBalancerIP"), text));
    }
    let own = annotations_in(object, node, path, profile);
    let annotations = node.get("annotations");
    written.extend(own);
    if let Some(map) = annotations {
        written.extend(annotations_in(object, map, &format!("{path}.annotations"), profile));
    }
    let other_type =
        node.text_at(&["type"]).is_some_and(|kind| matches!(kind, "ClusterIP" | "NodePort" | "ExternalName"));
    if !written.is_empty() && !other_type {
        requests.extend(asking(object, Asker::HelmValues, written, profile));
    }
    for entry in node.entries() {
        let Some(key) = entry.key.text() else { continue };
        if key != "annotations" && !matches!(entry.value.value, Value::Scalar { .. }) {
            search(object, &entry.value, &format!("{path}.{key}"), profile, depth + 1, requests);
        }
    }
}

/// A request of which only the pins are known; `None` when they ask for nothing.
fn asking<'a, 't>(
    object: &'a Object<'a, 't>,
    asker: Asker,
    written: Vec<(String, Text)>,
    profile: &Profile,
) -> Option<Request<'a, 't>> {
    let mut asked = Service::default();
    let mut why = match asker {
        Asker::EnvoyProxy => "Envoy Gateway makes its Services",
        Asker::ForeignGateway => "another controller makes its Service",
        _ => "its chart is not rendered",
    }
    .to_owned();
    for (path, text) in &written {
        match &text.value {
            Fact::Unknown(unknown) => why.clone_from(unknown),
            Fact::Known(value) if path.ends_with("loadBalancerIP") => asked.load_balancer_ip.clone_from(value),
            Fact::Known(value) => {
                let key = path.rsplit_once('[').map_or("", |(_, key)| key.trim_end_matches(']'));
                asked.annotations.insert(key.to_owned(), value.clone());
            }
        }
    }
    let requested = request::requested(&asked, profile);
    if requested.addresses.is_empty() && requested.ignored.is_empty() {
        return None;
    }
    let service = Fact::Unknown(why);
    Some(Request { object, asker, service, requested, responsible: Ok(()), written, through_envoy: false })
}

/// What a Gateway that is not Cilium's asks for in the annotations that its controller hands on (as the Gateway API asks
/// of it).
pub(super) fn of_gateway<'a, 't>(object: &'a Object<'a, 't>, profile: &Profile) -> Option<Request<'a, 't>> {
    let written = super::written_annotations(object, "spec.infrastructure.annotations", profile);
    asking(object, Asker::ForeignGateway, written, profile)
}

/// The request of an EnvoyProxy, or why it is not known whether it asks for anything. Envoy Gateway takes it for the
/// Gateways of a class, or for one Gateway, that names it.
pub(super) fn of_envoy<'a, 't>(
    object: &'a Object<'a, 't>,
    objects: &[Object<'_, '_>],
    profile: &Profile,
) -> Option<Result<Request<'a, 't>, &'static str>> {
    const PATH: &str = "spec.provider.kubernetes.envoyService";
    let service = object.tree().at(&["spec", "provider", "kubernetes", "envoyService"])?;
    if service.text_at(&["type"]).is_some_and(|kind| kind != "LoadBalancer") {
        return None;
    }
    let mut written = Vec::new();
    if let Some(text) = service.get("loadBalancerIP").and_then(|node| object.text(node)) {
        written.push((format!("{PATH}.loadBalancerIP"), text));
    }
    if let Some(map) = service.get("annotations") {
        written.extend(annotations_in(object, map, &format!("{PATH}.annotations"), profile));
    }
    let request = asking(object, Asker::EnvoyProxy, written, profile)?;
    let named = |reference: Option<&Node<'_>>| {
        reference.is_some_and(|reference| {
            reference.text_at(&["kind"]) == Some("EnvoyProxy")
                && reference.text_at(&["name"]).is_some_and(|name| object.name().known().is_some_and(|own| own == name))
        })
    };
    let used = objects.iter().any(|other| {
        let tree = other.tree();
        other.item.is("gateway.networking.k8s.io", "GatewayClass") && named(tree.at(&["spec", "parametersRef"]))
            || other.item.is("gateway.networking.k8s.io", "Gateway")
                && named(tree.at(&["spec", "infrastructure", "parametersRef"]))
    });
    Some(if used { Ok(request) } else { Err("no GatewayClass or Gateway of the input names it") })
}
