//! The Service that Cilium makes of a Gateway (`operator/pkg/model/translation/gateway-api`).

use std::collections::BTreeMap;

use super::fields::Fields;
use super::{Asker, Means, Request, request};
use crate::cilium::service::Port;
use crate::cilium::shortened::shortened;
use crate::cilium::{Service, ServiceKey};
use crate::flux::fact::Fact;
use crate::flux::object::{Object, Text};
use crate::krm::node::Node;

/// Controller name by which a GatewayClass is Cilium's.
const CONTROLLER: &str = "io.cilium/gateway-controller";
/// The annotation into which Cilium writes `spec.addresses`, in every version.
const ADDRESSES: &str = "io.cilium/lb-ipam-ips";

/// What becomes of a Gateway.
pub(super) enum Derived<'a, 't> {
    /// A Service.
    Request(Box<Request<'a, 't>>),
    /// Another controller's.
    Foreign,
    /// It cannot be known whether Cilium serves it.
    Unknown(&'static str),
}

pub(super) fn of<'a, 't>(object: &'a Object<'a, 't>, means: Means<'_, 'a, 't>) -> Derived<'a, 't> {
    let Some(name) = object.text_at(&["spec", "gatewayClassName"]).and_then(|text| text.known().map(str::to_owned))
    else {
        return Derived::Unknown("its GatewayClass is not known");
    };
    let class = means.objects.iter().find(|object| {
        object.item.is("gateway.networking.k8s.io", "GatewayClass")
            && object.name().known().is_some_and(|own| *own == name)
    });
    match class.and_then(|object| object.text_at(&["spec", "controllerName"])) {
        Some(controller) if controller.known() == Some(CONTROLLER) => {
            Derived::Request(Box::new(derived(object, class, means)))
        }
        Some(_) => Derived::Foreign,
        // The chart makes a class of this name when Gateway API support is on.
        None if name == "cilium" => Derived::Request(Box::new(derived(object, class, means))),
        None => Derived::Unknown("its GatewayClass is not in the input and is not named cilium"),
    }
}

fn derived<'a, 't>(
    object: &'a Object<'a, 't>,
    class: Option<&'a Object<'a, 't>>,
    means: Means<'_, 'a, 't>,
) -> Request<'a, 't> {
    let (profile, flags) = (means.profile, means.flags);
    let mut fields = Fields::of(object);
    let gateway = fields.fact(object.name());
    let label = shortened(&gateway);
    let mut labels = BTreeMap::from([("io.cilium.gateway/owning-gateway".to_owned(), label.clone())]);
    if profile.gateway_name_label {
        labels.insert("gateway.networking.k8s.io/gateway-name".to_owned(), label);
    }
    labels.extend(fields.map(&["spec", "infrastructure", "labels"]));
    let mut annotations = fields.map(&["spec", "infrastructure", "annotations"]);
    let mut written = super::written_annotations(object, "spec.infrastructure.annotations", profile);
    if profile.gateway_addresses && annotations.get(ADDRESSES).is_none_or(String::is_empty) {
        let mut addresses = Vec::new();
        for (path, text) in spec_addresses(object) {
            addresses.push(fields.fact(text.value.clone()));
            written.push((path, text));
        }
        if !addresses.is_empty() {
            annotations.insert(ADDRESSES.to_owned(), addresses.join(","));
        }
    }
    let both_families = flags.ipv4 && flags.ipv6 && profile.gateway_families;
    let listeners = Listeners::of(object);
    let mut service = Service {
        key: ServiceKey::new(fields.fact(object.namespace()), shortened(&format!("cilium-gateway-{gateway}"))),
        labels,
        annotations,
        service_type: "LoadBalancer".into(),
        family_policy: both_families.then(|| "PreferDualStack".to_owned()),
        ports: listeners.ports(),
        ..Service::default()
    };
    let parameters = match class.filter(|_| profile.gateway_class_config) {
        Some(class) => Parameters::of(class, means),
        None => Parameters::None,
    };
    match &parameters {
        Parameters::Config(config) => {
            let mut config = Fields::below(config, config.tree().at(&["spec", "service"]));
            service.service_type = config.option(&["type"]).unwrap_or(service.service_type);
            service.external_traffic_policy = config.text(&["externalTrafficPolicy"]);
            service.class = config.option(&["loadBalancerClass"]);
            service.families = config.list(&["ipFamilies"]);
            service.family_policy = config.option(&["ipFamilyPolicy"]).or(service.family_policy);
            fields.unknown = fields.unknown.or(config.unknown);
        }
        Parameters::NotThere(why) => fields.unknown = fields.unknown.or(Some(why.clone())),
        Parameters::None | Parameters::Unusable => {}
    }
    if service.families.is_empty() && profile.gateway_families {
        let enabled = [(flags.ipv4, "IPv4"), (flags.ipv6, "IPv6")];
        service.families = enabled.into_iter().filter(|(on, _)| *on).map(|(_, name)| name.to_owned()).collect();
    }
    if profile.gateway_traffic_policy && service.external_traffic_policy.is_empty() {
        let of_chart = means.chart.text(&["gatewayAPI", "externalTrafficPolicy"]);
        service.external_traffic_policy = of_chart.known().cloned().flatten().unwrap_or_else(|| "Cluster".to_owned());
    }
    if let (Some(kind), true) =
        (profile.gateway_host_network, means.chart.is_true(&["gatewayAPI", "hostNetwork", "enabled"]))
    {
        kind.clone_into(&mut service.service_type);
    }
    let refused = matches!(parameters, Parameters::Unusable) && profile.gateway_class_strict
        || profile.gateway_parameters_refused
            && object.tree().at(&["spec", "infrastructure", "parametersRef"]).is_some_and(|node| !node.is_null());
    let mut request = request(object, Asker::Gateway, fields.done(service), written, profile, flags);
    request.through_envoy = !(profile.gateway_streams && listeners.only_streams());
    if refused {
        request.refuse();
    }
    request
}

/// The addresses of `spec.addresses` that Cilium looks at, with their paths.
pub fn spec_addresses(object: &Object<'_, '_>) -> Vec<(String, Text)> {
    let nodes = object.tree().at(&["spec", "addresses"]).map(Node::items).unwrap_or_default();
    let address = |(n, node): (usize, &Node<'_>)| {
        let of_type = node.get("type").and_then(|node| object.text(node));
        let is_address = of_type.is_none_or(|text| text.known().is_none_or(|t| t == "IPAddress"));
        let text = node.get("value").and_then(|node| object.text(node)).filter(|_| is_address)?;
        Some((format!("spec.addresses[{n}].value"), text))
    };
    nodes.iter().enumerate().filter_map(address).collect()
}

/// What a GatewayClass says by its `parametersRef`.
enum Parameters<'a, 't> {
    None,
    Config(&'a Object<'a, 't>),
    /// It names something that Cilium does not take.
    Unusable,
    NotThere(String),
}

impl<'a, 't> Parameters<'a, 't> {
    fn of(class: &'a Object<'a, 't>, means: Means<'_, 'a, 't>) -> Self {
        let Some(reference) = class.tree().at(&["spec", "parametersRef"]).filter(|node| !node.is_null()) else {
            return Parameters::None;
        };
        let mut fields = Fields::below(class, Some(reference));
        let (group, kind) = (fields.text(&["group"]), fields.text(&["kind"]));
        let (namespace, name) = (fields.text(&["namespace"]), fields.text(&["name"]));
        if let Some(why) = fields.unknown {
            return Parameters::NotThere(why);
        }
        if (group.as_str(), kind.as_str()) != ("cilium.io", "CiliumGatewayClassConfig")
            || name.is_empty()
            || namespace.is_empty()
        {
            return Parameters::Unusable;
        }
        let found = means.objects.iter().find(|object| {
            object.item.is("cilium.io", "CiliumGatewayClassConfig")
                && object.name().known() == Some(&name)
                && object.namespace().known() == Some(&namespace)
        });
        match found {
            Some(config) => Parameters::Config(config),
            None => Parameters::NotThere(format!("CiliumGatewayClassConfig {namespace}/{name} is not in the input")),
        }
    }
}

/// The listeners of a Gateway: port and whether it is UDP, TCP or what Envoy serves.
struct Listeners(Vec<(i32, String)>);

impl Listeners {
    fn of(object: &Object<'_, '_>) -> Self {
        let nodes = object.tree().at(&["spec", "listeners"]).map(Node::items).unwrap_or_default();
        let text = |node: &Node<'_>, key: &str| match node.get(key).and_then(|node| object.text(node)) {
            Some(Text { value: Fact::Known(value), .. }) => value,
            _ => String::new(),
        };
        Self(nodes.iter().map(|node| (text(node, "port").parse().unwrap_or(0), text(node, "protocol"))).collect())
    }

    fn ports(&self) -> Vec<Port> {
        let protocol = |named: &str| if named == "UDP" { "UDP" } else { "TCP" };
        let mut ports: Vec<Port> = (self.0.iter())
            .map(|(number, named)| Port { number: *number, protocol: protocol(named).to_owned() })
            .collect();
        ports.sort();
        ports.dedup();
        ports
    }

    fn only_streams(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|(_, named)| matches!(named.as_str(), "TCP" | "UDP"))
    }
}
