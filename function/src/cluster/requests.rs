//! Who asks LB-IPAM for an address: Services, and the Services that Cilium makes of Gateways.

use std::collections::BTreeMap;

use crate::cilium::request::{self, NotResponsible, Origin, Requested};
use crate::cilium::service::Port;
use crate::cilium::{ClusterFlags, Family, Profile, Service, ServiceKey};
use crate::flux::fact::Fact;
use crate::flux::object::{Object, Text};
use crate::krm::node::Node;
use crate::report::NotChecked;

/// What kind of object asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A Service that stands in the input.
    Service,
    /// A Gateway, of which Cilium makes a Service.
    Gateway,
}

impl Asker {
    /// Whether the Service it gets has no real endpoint on any node: Cilium gives the Services that lead to its Envoy a
    /// made-up one. Only a Gateway that listens for nothing but TCP and UDP (1.20) leads to the pods themselves.
    pub fn has_no_endpoints(self, _service: &Service) -> bool {
        self != Asker::Service
    }
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
    /// What it pins, and what of that LB-IPAM drops. Empty while the Service is unknown.
    pub requested: Requested,
    /// Whether LB-IPAM acts on it.
    pub responsible: Result<(), NotResponsible>,
    /// Where pins are written: field path and text, in the order LB-IPAM reads them.
    pub written: Vec<(String, Text)>,
}

impl Request<'_, '_> {
    /// Where the pin of this origin is written.
    pub fn written_at(&self, origin: &Origin) -> Option<&(String, Text)> {
        self.written.iter().find(|(path, _)| match (self.asker, origin) {
            (Asker::Service, Origin::Spec) => path == "spec.loadBalancerIP",
            (_, Origin::Annotation(key)) => path.contains(key) || path.starts_with("spec.addresses"),
            (Asker::Gateway, Origin::Spec) => false,
        })
    }

    /// Name for messages, such as `Service media/plex`.
    pub fn label(&self) -> String {
        let resource = self.object.resource();
        let namespace = self.object.namespace();
        format!("{} {}/{}", resource.kind, namespace.known().map_or("?", String::as_str), resource.name)
    }
}

/// Controller name by which a GatewayClass is Cilium's.
const GATEWAY_CONTROLLER: &str = "io.cilium/gateway-controller";

/// Everybody among a cluster's objects who asks for an address.
pub fn requests<'a, 't>(
    objects: &'a [Object<'a, 't>],
    profile: &Profile,
    flags: &ClusterFlags,
    not_checked: &mut Vec<NotChecked>,
) -> Vec<Request<'a, 't>> {
    let mut requests = Vec::new();
    for object in objects {
        if object.item.is("", "Service") {
            let kind = object.text_at(&["spec", "type"]);
            if kind.as_ref().is_some_and(|kind| kind.known().is_none_or(|kind| kind == "LoadBalancer")) {
                requests.push(of_service(object, profile, flags));
            }
        } else if object.item.is("gateway.networking.k8s.io", "Gateway") {
            match is_cilium_gateway(object, objects) {
                Some(true) => requests.push(of_gateway(object, profile, flags)),
                Some(false) => {}
                None => not_checked.push(NotChecked {
                    cluster: None,
                    what: format!("which Service Gateway {} gets", object.resource().name),
                    because: "its GatewayClass is not in the input and is not named cilium".into(),
                    at: Some(object.place_of_name()),
                }),
            }
        } else if object.item.is("networking.k8s.io", "Ingress")
            && object.text_at(&["spec", "ingressClassName"]).is_some_and(|text| text.known() == Some("cilium"))
        {
            not_checked.push(NotChecked {
                cluster: None,
                what: format!("which address Ingress {} gets", object.resource().name),
                because: "whether it shares one Service or has its own is a setting of Cilium's chart".into(),
                at: Some(object.place_of_name()),
            });
        }
    }
    requests
}

/// Whether a Gateway is Cilium's; `None` when its class is not to be found.
fn is_cilium_gateway(gateway: &Object<'_, '_>, objects: &[Object<'_, '_>]) -> Option<bool> {
    let class = gateway.text_at(&["spec", "gatewayClassName"])?;
    let class = class.known()?;
    let found = objects.iter().find(|object| {
        object.item.is("gateway.networking.k8s.io", "GatewayClass") && object.name().known().is_some_and(|n| n == class)
    });
    match found.and_then(|object| object.text_at(&["spec", "controllerName"])) {
        Some(controller) => controller.known().map(|name| name == GATEWAY_CONTROLLER),
        // The chart makes a class of this name when Gateway API support is on.
        None => (class == "cilium").then_some(true),
    }
}

fn of_service<'a, 't>(object: &'a Object<'a, 't>, profile: &Profile, flags: &ClusterFlags) -> Request<'a, 't> {
    let mut written = Vec::new();
    if let Some(text) = object.text_at(&["spec", "loadBalancerIP"]) {
        written.push(("spec.loadBalancerIP".to_owned(), text));
    }
    written.extend(written_annotations(object, &["metadata", "annotations"], profile));
    request(object, Asker::Service, service(object), written, profile, flags)
}

/// The Service of a manifest, all fields known.
fn service(object: &Object<'_, '_>) -> Fact<Service> {
    let mut reader = FieldReader::new(object);
    let service = Service {
        key: ServiceKey::new(reader.fact(object.namespace()), reader.fact(object.name())),
        labels: reader.fact(object.labels()),
        annotations: reader.map(&["metadata", "annotations"]),
        service_type: reader.text(&["spec", "type"]),
        class: reader.option(&["spec", "loadBalancerClass"]),
        load_balancer_ip: reader.text(&["spec", "loadBalancerIP"]),
        family_policy: reader.option(&["spec", "ipFamilyPolicy"]),
        families: reader.list(&["spec", "ipFamilies"]),
        external_traffic_policy: reader.text(&["spec", "externalTrafficPolicy"]),
        ports: reader.ports(),
        pod_selector: reader.map(&["spec", "selector"]),
        ingress: Vec::new(),
    };
    reader.done(service)
}

/// The Service that Cilium makes of a Gateway (facts of `operator/pkg/model/translation/gateway-api`).
fn of_gateway<'a, 't>(object: &'a Object<'a, 't>, profile: &Profile, flags: &ClusterFlags) -> Request<'a, 't> {
    let mut reader = FieldReader::new(object);
    let gateway = reader.fact(object.name());
    let mut labels = BTreeMap::from([("io.cilium.gateway/owning-gateway".to_owned(), gateway.clone())]);
    if profile.gateway_name_label {
        labels.insert("gateway.networking.k8s.io/gateway-name".to_owned(), gateway.clone());
    }
    labels.extend(reader.map(&["spec", "infrastructure", "labels"]));
    let mut annotations = reader.map(&["spec", "infrastructure", "annotations"]);
    let mut written = written_annotations(object, &["spec", "infrastructure", "annotations"], profile);
    const LEGACY: &str = "io.cilium/lb-ipam-ips";
    if profile.gateway_addresses && annotations.get(LEGACY).is_none_or(String::is_empty) {
        let mut addresses = Vec::new();
        for (n, node) in
            object.item.tree().at(&["spec", "addresses"]).map(Node::items).unwrap_or_default().iter().enumerate()
        {
            let of_type = node.get("type").and_then(|node| object.text(node));
            let is_address = of_type.is_none_or(|text| text.known().is_none_or(|t| t == "IPAddress"));
            if is_address && let Some(text) = node.get("value").and_then(|node| object.text(node)) {
                addresses.push(reader.fact(text.value.clone()));
                written.push((format!("spec.addresses[{n}].value"), text));
            }
        }
        if !addresses.is_empty() {
            annotations.insert(LEGACY.to_owned(), addresses.join(","));
        }
    }
    let name = format!("cilium-gateway-{gateway}");
    if name.len() > 63 {
        reader.unknown.get_or_insert_with(|| "the name of its Service is shortened by a hash".to_owned());
    }
    let families = match (profile.gateway_families, flags.ipv4, flags.ipv6) {
        (false, ..) | (true, false, false) => (Vec::new(), None),
        (true, true, true) => (vec!["IPv4".to_owned(), "IPv6".to_owned()], Some("PreferDualStack".to_owned())),
        (true, true, false) => (vec!["IPv4".to_owned()], None),
        (true, false, true) => (vec!["IPv6".to_owned()], None),
    };
    let service = Service {
        key: ServiceKey::new(reader.fact(object.namespace()), name),
        labels,
        annotations,
        service_type: "LoadBalancer".into(),
        family_policy: families.1,
        families: families.0,
        ports: reader.listener_ports(),
        ..Service::default()
    };
    request(object, Asker::Gateway, reader.done(service), written, profile, flags)
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
    Request { object, asker, service, requested, responsible, written }
}

fn written_annotations(object: &Object<'_, '_>, path: &[&str], profile: &Profile) -> Vec<(String, Text)> {
    let key = profile.addresses_key;
    std::iter::once(key.primary)
        .chain(key.alias)
        .filter_map(|key| {
            let node = object.item.tree().at(path)?.get(key)?;
            Some((format!("{}[{key}]", path.join(".")), object.text(node)?))
        })
        .collect()
}

/// Reads fields and remembers the first that is unknown.
struct FieldReader<'o, 'a, 't> {
    object: &'o Object<'a, 't>,
    unknown: Option<String>,
}

impl<'o, 'a, 't> FieldReader<'o, 'a, 't> {
    fn new(object: &'o Object<'a, 't>) -> Self {
        Self { object, unknown: None }
    }

    fn fact<T: Default>(&mut self, fact: Fact<T>) -> T {
        match fact {
            Fact::Known(value) => value,
            Fact::Unknown(why) => {
                self.unknown.get_or_insert(why);
                T::default()
            }
        }
    }

    fn option(&mut self, path: &[&str]) -> Option<String> {
        let text = self.object.text_at(path)?;
        Some(self.fact(text.value))
    }

    fn text(&mut self, path: &[&str]) -> String {
        self.option(path).unwrap_or_default()
    }

    fn list(&mut self, path: &[&str]) -> Vec<String> {
        let nodes = self.object.item.tree().at(path).map(Node::items).unwrap_or_default();
        nodes.iter().filter_map(|node| self.object.text(node)).map(|text| self.fact(text.value)).collect()
    }

    fn map(&mut self, path: &[&str]) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        for (key, value) in self.object.map_at(path) {
            let key = self.fact(key.value);
            let value = value.map_or_else(String::new, |text| self.fact(text.value));
            map.insert(key, value);
        }
        map
    }

    fn port(&mut self, node: &Node<'_>, protocol: &str) -> Port {
        let text = |reader: &mut Self, key: &str| {
            let text = node.get(key).and_then(|node| reader.object.text(node))?;
            Some(reader.fact(text.value))
        };
        let number = text(self, "port").and_then(|number| number.parse().ok()).unwrap_or(0);
        let protocol = text(self, "protocol").unwrap_or_else(|| protocol.to_owned());
        Port { number, protocol }
    }

    fn ports(&mut self) -> Vec<Port> {
        let nodes = self.object.item.tree().at(&["spec", "ports"]).map(Node::items).unwrap_or_default();
        nodes.iter().map(|node| self.port(node, "TCP")).collect()
    }

    fn listener_ports(&mut self) -> Vec<Port> {
        let nodes = self.object.item.tree().at(&["spec", "listeners"]).map(Node::items).unwrap_or_default();
        let mut ports: Vec<Port> = nodes
            .iter()
            .map(|node| self.port(node, "TCP"))
            .map(|port| Port { protocol: if port.protocol == "UDP" { "UDP".into() } else { "TCP".into() }, ..port })
            .collect();
        ports.sort();
        ports.dedup();
        ports
    }

    fn done<T>(self, value: T) -> Fact<T> {
        match self.unknown {
            None => Fact::Known(value),
            Some(why) => Fact::Unknown(why),
        }
    }
}
