//! Who asks LB-IPAM for an address: Services, the Services that Cilium makes of Gateways and Ingresses, and those that
//! are asked for in the values of a chart or in an EnvoyProxy and that nobody has rendered.

mod chart;
mod fields;
mod gateway;
mod ingress;
#[cfg(test)]
mod tests;
mod unrendered;

use crate::cilium::request::{self, NotResponsible, Origin, Requested};
use crate::cilium::{ClusterFlags, Family, Profile, Service, ServiceKey};
use crate::flux::fact::Fact;
use crate::flux::object::{Object, Text};
use crate::krm::node::Node;
use crate::report::NotChecked;
use chart::Chart;
use fields::Fields;
pub use gateway::spec_addresses;

/// What kind of object asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A Service that stands in the input.
    Service,
    /// A Gateway, of which Cilium makes a Service.
    Gateway,
    /// An Ingress, of which Cilium makes a Service.
    Ingress,
    /// The values of Cilium's own chart, which makes the Service that Ingresses share.
    SharedIngress,
    /// The values of another chart: which Service comes of them is not known.
    HelmValues,
    /// An EnvoyProxy, by which Envoy Gateway makes Services.
    EnvoyProxy,
    /// A Gateway of another controller, which hands its infrastructure's annotations on to whatever Service it makes.
    ForeignGateway,
}

/// One Service as LB-IPAM will see it.
#[derive(Debug, Clone)]
pub struct Request<'a, 't> {
    /// The manifest that asks.
    pub object: &'a Object<'a, 't>,
    /// What kind it is of.
    pub asker: Asker,
    /// The Service in its stored form; unknown when a value that matters is.
    pub service: Fact<Service>,
    /// What it pins, and what of that LB-IPAM drops. Empty while the Service is unknown, unless the pins are all that
    /// is known ([`Request::is_unrendered`]).
    pub requested: Requested,
    /// Whether LB-IPAM acts on it.
    pub responsible: Result<(), NotResponsible>,
    /// Where pins are written: field path and text, in the order LB-IPAM reads them.
    pub written: Vec<(String, Text)>,
    /// Whether its Service leads to Cilium's Envoy: it then has a made-up endpoint that is on no node.
    pub through_envoy: bool,
}

impl Request<'_, '_> {
    /// Where the pin of this origin is written.
    pub fn written_at(&self, origin: &Origin) -> Option<&(String, Text)> {
        self.written.iter().find(|(path, _)| match origin {
            Origin::Spec => path.ends_with("loadBalancerIP"),
            Origin::Annotation(key) => path.contains(key) || path.starts_with("spec.addresses"),
        })
    }

    /// Whether its addresses are all that is known of its Service.
    pub fn is_unrendered(&self) -> bool {
        matches!(self.asker, Asker::HelmValues | Asker::EnvoyProxy | Asker::ForeignGateway)
    }

    /// Cilium makes no Service of it.
    fn refuse(&mut self) {
        self.responsible = Err(NotResponsible::NoService);
        self.service = Fact::Unknown(NotResponsible::NoService.to_string());
        self.requested = Requested::default();
    }

    /// Name for messages, such as `Service media/plex`.
    pub fn label(&self) -> String {
        let resource = self.object.resource();
        let namespace = self.object.namespace();
        format!("{} {}/{}", resource.kind, namespace.known().map_or("?", String::as_str), resource.name)
    }
}

/// The Ingresses of a cluster that surely are served by the Service of Cilium's chart.
pub fn shared_ingresses<'a, 't>(objects: &'a [Object<'a, 't>]) -> Vec<&'a Object<'a, 't>> {
    let chart = Chart::of(objects);
    let ingresses = objects.iter().filter(|object| object.item.is("networking.k8s.io", "Ingress"));
    ingresses.filter(|object| ingress::mode(object, &chart) == ingress::Mode::Shared).collect()
}

/// What deriving a request goes by.
#[derive(Clone, Copy)]
struct Means<'m, 'a, 't> {
    objects: &'a [Object<'a, 't>],
    profile: &'m Profile,
    flags: &'m ClusterFlags,
    chart: &'m Chart<'a, 't>,
}

/// Everybody among a cluster's objects who asks for an address.
pub fn requests<'a, 't>(
    objects: &'a [Object<'a, 't>],
    profile: &Profile,
    flags: &ClusterFlags,
    not_checked: &mut Vec<NotChecked>,
) -> Vec<Request<'a, 't>> {
    let chart = Chart::of(objects);
    let means = Means { objects, profile, flags, chart: &chart };
    let mut requests = Vec::new();
    let note = |what: String, because: &str, object: &Object<'_, '_>| NotChecked {
        cluster: None,
        what,
        because: because.to_owned(),
        at: Some(object.place_of_name()),
    };
    for object in objects {
        let name = || object.resource().name;
        if object.item.is("", "Service") {
            let kind = object.text_at(&["spec", "type"]);
            if kind.as_ref().is_some_and(|kind| kind.known().is_none_or(|kind| kind == "LoadBalancer")) {
                requests.push(of_service(object, profile, flags));
            }
        } else if object.item.is("gateway.networking.k8s.io", "Gateway") {
            match gateway::of(object, means) {
                gateway::Derived::Request(request) => requests.push(*request),
                gateway::Derived::Foreign => requests.extend(unrendered::of_gateway(object, profile)),
                gateway::Derived::Unknown(why) => {
                    requests.extend(unrendered::of_gateway(object, profile));
                    not_checked.push(note(format!("which Service Gateway {} gets", name()), why, object));
                }
            }
        } else if object.item.is("networking.k8s.io", "Ingress") {
            match ingress::of(object, means) {
                ingress::Derived::Request(request) => requests.push(*request),
                ingress::Derived::Shared | ingress::Derived::Foreign => {}
                ingress::Derived::Unknown(why) => {
                    not_checked.push(note(format!("which address Ingress {} gets", name()), why, object));
                }
            }
        } else if object.item.is("helm.toolkit.fluxcd.io", "HelmRelease") {
            if chart.is_release(object) {
                requests.extend(ingress::shared(object, means));
            } else {
                requests.extend(unrendered::of_values(object, profile));
            }
        } else if object.item.is("gateway.envoyproxy.io", "EnvoyProxy") {
            match unrendered::of_envoy(object, objects, profile) {
                Some(Ok(request)) => requests.push(request),
                Some(Err(why)) => {
                    let what = format!("whether a Service asks for what EnvoyProxy {} says", name());
                    not_checked.push(note(what, why, object));
                }
                None => {}
            }
        }
    }
    requests
}

fn of_service<'a, 't>(object: &'a Object<'a, 't>, profile: &Profile, flags: &ClusterFlags) -> Request<'a, 't> {
    let mut written = Vec::new();
    if let Some(text) = object.text_at(&["spec", "loadBalancerIP"]) {
        written.push(("spec.loadBalancerIP".to_owned(), text));
    }
    written.extend(written_annotations(object, "metadata.annotations", profile));
    request(object, Asker::Service, service(object), written, profile, flags)
}

/// The Service of a manifest, all fields known.
fn service(object: &Object<'_, '_>) -> Fact<Service> {
    let mut fields = Fields::of(object);
    let service = Service {
        key: ServiceKey::new(fields.fact(object.namespace()), fields.fact(object.name())),
        labels: fields.fact(object.labels()),
        annotations: fields.map(&["metadata", "annotations"]),
        service_type: fields.text(&["spec", "type"]),
        class: fields.option(&["spec", "loadBalancerClass"]),
        load_balancer_ip: fields.text(&["spec", "loadBalancerIP"]),
        family_policy: fields.option(&["spec", "ipFamilyPolicy"]),
        families: fields.list(&["spec", "ipFamilies"]),
        external_traffic_policy: fields.text(&["spec", "externalTrafficPolicy"]),
        ports: fields.ports(&["spec", "ports"]),
        pod_selector: fields.map(&["spec", "selector"]),
        ingress: Vec::new(),
    };
    fields.done(service)
}

fn request<'a, 't>(
    object: &'a Object<'a, 't>,
    asker: Asker,
    service: Fact<Service>,
    written: Vec<(String, Text)>,
    profile: &Profile,
    flags: &ClusterFlags,
) -> Request<'a, 't> {
    let enabled: Vec<Family> =
        [(Family::V4, flags.ipv4), (Family::V6, flags.ipv6)].into_iter().filter(|f| f.1).map(|f| f.0).collect();
    let service = service.map(|service| service.with_server_defaults(&enabled));
    let (requested, responsible) = match &service {
        Fact::Known(service) => (request::requested(service, profile), request::responsible(service, flags, profile)),
        Fact::Unknown(_) => (Requested::default(), Ok(())),
    };
    Request { object, asker, service, requested, responsible, written, through_envoy: false }
}

/// The annotations that ask for addresses in the map under a path such as `metadata.annotations`.
fn written_annotations(object: &Object<'_, '_>, path: &str, profile: &Profile) -> Vec<(String, Text)> {
    let keys: Vec<&str> = path.split('.').collect();
    let Some(node) = object.tree().at(&keys) else { return Vec::new() };
    annotations_in(object, node, path, profile)
}

/// The annotations that ask for addresses in a map, in the order in which Cilium looks for them.
fn annotations_in(object: &Object<'_, '_>, map: &Node<'_>, path: &str, profile: &Profile) -> Vec<(String, Text)> {
    let key = profile.addresses_key;
    std::iter::once(key.primary)
        .chain(key.alias)
        .filter_map(|key| Some((format!("{path}[{key}]"), object.text(map.get(key)?)?)))
        .collect()
}
