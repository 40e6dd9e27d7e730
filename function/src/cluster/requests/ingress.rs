//! The Services of Ingresses: one each (dedicated), or one that Cilium's chart makes for all (shared).

use std::collections::BTreeMap;

use super::chart::Chart;
use super::fields::Fields;
use super::{Asker, Means, Request, annotations_in, request, written_annotations};
use crate::cilium::service::Port;
use crate::cilium::shortened::{LONGEST, shortened};
use crate::cilium::{Service, ServiceKey};
use crate::flux::fact::Fact;
use crate::flux::object::Object;
use crate::krm::node::Node;

/// The label of every Service that Cilium makes for Ingresses.
const LABEL: (&str, &str) = ("cilium.io/ingress", "true");

/// What becomes of an Ingress.
pub(super) enum Derived<'a, 't> {
    /// A Service of its own.
    Request(Box<Request<'a, 't>>),
    /// It is served by the shared Service.
    Shared,
    /// Another controller's.
    Foreign,
    /// It cannot be known.
    Unknown(&'static str),
}

/// By which Service an Ingress is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// One of its own.
    Dedicated,
    /// The one of Cilium's chart.
    Shared,
    /// Another controller's.
    Foreign,
    /// It cannot be known.
    Unknown(&'static str),
}

pub(super) fn of<'a, 't>(object: &'a Object<'a, 't>, means: Means<'_, 'a, 't>) -> Derived<'a, 't> {
    match mode(object, means.chart) {
        Mode::Dedicated => Derived::Request(Box::new(derived(object, means))),
        Mode::Shared => Derived::Shared,
        Mode::Foreign => Derived::Foreign,
        Mode::Unknown(why) => Derived::Unknown(why),
    }
}

/// Whose an Ingress is and which Service it gets.
pub(super) fn mode(object: &Object<'_, '_>, chart: &Chart<'_, '_>) -> Mode {
    match class(object).as_deref() {
        Some("cilium") => {}
        // Without a class it is Cilium's where Cilium is the default.
        None if chart.is_true(&["ingressController", "default"]) => {}
        _ => return Mode::Foreign,
    }
    let mode = ["ingress.cilium.io/loadbalancer-mode", "io.cilium.ingress/loadbalancer-mode"];
    let mode = mode.iter().find_map(|key| object.annotation(key));
    match mode.as_ref().map(|text| text.known()) {
        Some(Some("dedicated")) => Mode::Dedicated,
        Some(Some("shared")) => Mode::Shared,
        Some(None) => Mode::Unknown("whether it has a Service of its own is an annotation that is not known"),
        // Any other text means the default.
        _ => match chart.text(&["ingressController", "loadbalancerMode"]) {
            Fact::Known(mode) if mode.as_deref().is_none_or(|mode| mode == "dedicated") => Mode::Dedicated,
            Fact::Known(_) => Mode::Shared,
            Fact::Unknown(_) => {
                Mode::Unknown("whether it shares one Service or has its own is a setting of Cilium's chart")
            }
        },
    }
}

/// The class of an Ingress, by its field or by the older annotation, which wins.
fn class(object: &Object<'_, '_>) -> Option<String> {
    let text =
        object.annotation("kubernetes.io/ingress.class").or_else(|| object.text_at(&["spec", "ingressClassName"]));
    text.map(|text| text.known().unwrap_or("?").to_owned()).filter(|class| !class.is_empty())
}

/// The Service of a dedicated Ingress (`operator/pkg/model/translation/ingress`).
fn derived<'a, 't>(object: &'a Object<'a, 't>, means: Means<'_, 'a, 't>) -> Request<'a, 't> {
    let (profile, flags) = (means.profile, means.flags);
    let mut fields = Fields::of(object);
    let prefixes = prefixes(means);
    let copied = |(key, _): &(String, String)| prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()));
    let written = fields.map(&["metadata", "annotations"]);
    let said = |key: &str| written.get(key).cloned();
    let mut labels: BTreeMap<String, String> = BTreeMap::from([(LABEL.0.to_owned(), LABEL.1.to_owned())]);
    labels.extend(fields.fact(object.labels()).into_iter().filter(copied));
    let long = format!("cilium-ingress-{}", fields.fact(object.name()));
    let passthrough = ["ingress.cilium.io/tls-passthrough", "io.cilium.ingress/tls-passthrough"];
    let passthrough = passthrough.iter().any(|key| said(key).is_some_and(|v| matches!(v.as_str(), "enabled" | "true")));
    let numbers: &[i32] = if passthrough { &[443] } else { &[80, 443] };
    let service_type = said("ingress.cilium.io/service-type").or_else(|| said("io.cilium.ingress/service-type"));
    let host_network =
        means.chart.is_true(&["ingressController", "hostNetwork", "enabled"]) && profile.ingress_says_more;
    let service = Service {
        key: ServiceKey::new(fields.fact(object.namespace()), shortened(&long)),
        labels,
        annotations: written.clone().into_iter().filter(copied).collect(),
        service_type: match host_network {
            true => "ClusterIP".to_owned(),
            false => service_type.unwrap_or_else(|| "LoadBalancer".to_owned()),
        },
        class: said("ingress.cilium.io/loadbalancer-class").filter(|_| profile.ingress_says_more),
        family_policy: profile.ingress_says_more.then(|| "PreferDualStack".to_owned()),
        external_traffic_policy: said("ingress.cilium.io/service-external-traffic-policy")
            .filter(|policy| profile.ingress_says_more && policy == "Local")
            .unwrap_or_else(|| "Cluster".to_owned()),
        ports: ports(numbers),
        ..Service::default()
    };
    let mut written = written_annotations(object, "metadata.annotations", profile);
    written.retain(|(path, text)| {
        let key = path.split_once('[').map_or("", |(_, key)| key.trim_end_matches(']'));
        copied(&(key.to_owned(), text.written.clone()))
    });
    let mut request = request(object, Asker::Ingress, fields.done(service), written, profile, flags);
    request.through_envoy = true;
    if long.len() > LONGEST && !profile.ingress_name_shortened {
        request.refuse();
    }
    request
}

/// The prefixes of what a dedicated Ingress hands on: the chart's, where they are known, else its default.
fn prefixes(means: Means<'_, '_, '_>) -> Vec<String> {
    let set = means.chart.node(&["ingressController", "ingressLBAnnotationPrefixes"]);
    let set: Vec<String> =
        set.map(Node::items).unwrap_or_default().iter().filter_map(|n| n.text().map(str::to_owned)).collect();
    if set.is_empty() {
        means.profile.ingress_prefixes.iter().map(|prefix| (*prefix).to_owned()).collect()
    } else {
        set
    }
}

/// The Service that Cilium's chart makes for all Ingresses that share one.
pub(super) fn shared<'a, 't>(release: &'a Object<'a, 't>, means: Means<'_, 'a, 't>) -> Option<Request<'a, 't>> {
    const PATH: &str = "spec.values.ingressController.service";
    let chart = means.chart;
    if !chart.is_true(&["ingressController", "enabled"]) {
        return None;
    }
    let node = chart.node(&["ingressController", "service"]);
    let mut fields = Fields::below(release, node);
    let mut labels = BTreeMap::from([(LABEL.0.to_owned(), LABEL.1.to_owned())]);
    labels.extend(fields.map(&["labels"]));
    let namespace = match release.text_at(&["spec", "targetNamespace"]) {
        Some(text) => text.value,
        None => release.namespace(),
    };
    let host_network =
        chart.is_true(&["ingressController", "hostNetwork", "enabled"]) && means.profile.ingress_says_more;
    let service = Service {
        key: ServiceKey::new(
            fields.fact(namespace),
            fields.option(&["name"]).unwrap_or_else(|| "cilium-ingress".to_owned()),
        ),
        labels,
        annotations: fields.map(&["annotations"]),
        service_type: match host_network {
            true => "ClusterIP".to_owned(),
            false => fields.option(&["type"]).unwrap_or_else(|| "LoadBalancer".to_owned()),
        },
        class: fields.option(&["loadBalancerClass"]).filter(|class| !class.is_empty()),
        load_balancer_ip: fields.text(&["loadBalancerIP"]),
        external_traffic_policy: fields.text(&["externalTrafficPolicy"]),
        ports: ports(&[80, 443]),
        ..Service::default()
    };
    // What is not written here may come from elsewhere.
    if let Fact::Unknown(why) = chart.text(&["ingressController", "service", "loadBalancerIP"]) {
        fields.unknown.get_or_insert(why);
    }
    let mut written = Vec::new();
    if let Some(text) = node.and_then(|node| release.text(node.get("loadBalancerIP")?)) {
        written.push((format!("{PATH}.loadBalancerIP"), text));
    }
    if let Some(map) = node.and_then(|node| node.get("annotations")) {
        written.extend(annotations_in(release, map, &format!("{PATH}.annotations"), means.profile));
    }
    let mut request = request(release, Asker::SharedIngress, fields.done(service), written, means.profile, means.flags);
    request.through_envoy = true;
    Some(request)
}

fn ports(numbers: &[i32]) -> Vec<Port> {
    numbers.iter().map(|&number| Port { number, protocol: "TCP".into() }).collect()
}
