//! What of each object matters. Field by field, by path: an object that lacks one, or has it in another shape, is read
//! as far as it goes, for the API server and not this program decides what an object looks like.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Condition, Conditions, LivingAnnouncer, LivingGateway, LivingKustomization, LivingPool, LivingService,
    LivingSource, Observed, Origin,
};
use crate::cilium::selector::Requirement;
use crate::cilium::service::Port;
use crate::cilium::{Block, LabelSelector, Pool, Service, ServiceKey};

/// The ConfigMap of Cilium.
pub const CILIUM_CONFIG: &str = "cilium-config";

/// Kinds that announce addresses.
pub const ANNOUNCING: [&str; 6] = [
    "CiliumBGPAdvertisement",
    "CiliumBGPClusterConfig",
    "CiliumBGPPeerConfig",
    "CiliumBGPPeeringPolicy",
    "CiliumGatewayClassConfig",
    "CiliumL2AnnouncementPolicy",
];

/// Keep what matters of an object.
pub(super) fn take(observed: &mut Observed, object: &Value, settings: &BTreeSet<&str>) {
    let kind = text(object, "/kind").unwrap_or_default();
    let group = text(object, "/apiVersion").and_then(|version| version.rsplit_once('/')).map_or("", |(group, _)| group);
    match (group, kind) {
        ("cilium.io", "CiliumLoadBalancerIPPool") => {
            let pool = pool(object);
            observed.pools.insert(pool.pool.name.clone(), pool);
        }
        ("", "Service") => {
            let service = service(object);
            let asks = service.service.service_type == "LoadBalancer";
            if asks || !service.service.ingress.is_empty() || !service.hostnames.is_empty() {
                observed.services.insert(service.service.key.clone(), service);
            } else {
                observed.other_services.insert(service.service.key);
            }
        }
        ("gateway.networking.k8s.io", "Gateway") => drop(observed.gateways.insert(key(object), gateway(object))),
        ("networking.k8s.io", "Ingress") => {
            let addresses = texts(object, "/status/loadBalancer/ingress", "ip");
            observed.ingresses.insert(key(object), addresses);
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
            observed.kustomizations.insert(key(object), kustomization(object));
        }
        ("source.toolkit.fluxcd.io", "GitRepository" | "OCIRepository" | "Bucket") => {
            let source = LivingSource {
                revision: text(object, "/status/artifact/revision").map(str::to_owned),
                suspended: flag(object, "/spec/suspend"),
                conditions: conditions(object),
            };
            observed.sources.insert((kind.to_owned(), key(object)), source);
        }
        ("cilium.io", kind) if ANNOUNCING.contains(&kind) => {
            let spec = object.get("spec").cloned().unwrap_or_default();
            let announcer = LivingAnnouncer { spec, conditions: conditions(object) };
            observed.announcements.insert((kind.to_owned(), key(object).name), announcer);
        }
        ("", "ConfigMap") => {
            let key = key(object);
            if key.name == CILIUM_CONFIG || settings.contains(key.name.as_str()) {
                observed.config_maps.insert(key, map(object, "/data"));
            }
        }
        ("", "Secret") => {
            let keys = object.get("data").and_then(Value::as_object);
            let keys = keys.map(|data| data.keys().cloned().collect()).unwrap_or_default();
            observed.secrets.insert(key(object), keys);
        }
        ("", "Node") => {
            observed.nodes.insert(key(object).name, texts(object, "/status/addresses", "address"));
        }
        ("apps", "Deployment" | "DaemonSet") => images(observed, object, "/spec/template/spec/containers"),
        ("", "Pod") => images(observed, object, "/spec/containers"),
        _ => {}
    }
}

/// Give each pool its rank by age: what was created in the same second has the same.
pub(super) fn rank(observed: &mut Observed) {
    let times: BTreeSet<String> = observed.pools.values().map(|pool| pool.created.clone()).collect();
    let ranks: BTreeMap<String, i64> = times.into_iter().filter(|time| !time.is_empty()).zip(0..).collect();
    for pool in observed.pools.values_mut() {
        pool.pool.created = ranks.get(&pool.created).copied();
    }
}

fn pool(object: &Value) -> LivingPool {
    let spec = object.get("spec").cloned().unwrap_or_default();
    LivingPool {
        pool: model(&key(object).name, &spec),
        spec,
        created: text(object, "/metadata/creationTimestamp").unwrap_or_default().to_owned(),
        generation: object.pointer("/metadata/generation").and_then(Value::as_i64),
        conditions: conditions(object),
        origin: origin(object),
    }
}

/// A pool by its `spec`, with `cidrs` of 1.15 in front.
fn model(name: &str, spec: &Value) -> Pool {
    let blocks = ["/cidrs", "/blocks"].into_iter().flat_map(|list| items(spec, list)).map(|block| {
        let text = |field: &str| block.get(field).and_then(Value::as_str);
        Block::parse(text("cidr"), text("start"), text("stop"))
    });
    let mut pool = Pool::new(name, blocks.collect());
    pool.disabled = flag(spec, "/disabled");
    pool.allow_first_last = match text(spec, "/allowFirstLastIPs") {
        Some("Yes") => Some(true),
        Some("No") => Some(false),
        _ => None,
    };
    pool.selector = spec.get("serviceSelector").filter(|selector| !selector.is_null()).map(|selector| {
        let requirements: Vec<Requirement> = items(selector, "/matchExpressions")
            .map(|expression| Requirement {
                key: text(expression, "/key").unwrap_or_default().to_owned(),
                operator: text(expression, "/operator").unwrap_or_default().to_owned(),
                values: items(expression, "/values").filter_map(Value::as_str).map(str::to_owned).collect(),
            })
            .collect();
        LabelSelector::compile(&map(selector, "/matchLabels"), &requirements)
    });
    pool
}

/// A Service by its fields.
pub fn service(object: &Value) -> LivingService {
    let owned = |path: &str| text(object, path).map(str::to_owned);
    let port = |port: &Value| Port {
        number: port.get("port").and_then(Value::as_i64).and_then(|number| number.try_into().ok()).unwrap_or(0),
        protocol: text(port, "/protocol").unwrap_or("TCP").to_owned(),
    };
    let service = Service {
        key: key(object),
        labels: map(object, "/metadata/labels"),
        annotations: read_annotations(object),
        service_type: owned("/spec/type").unwrap_or_default(),
        class: owned("/spec/loadBalancerClass"),
        load_balancer_ip: owned("/spec/loadBalancerIP").unwrap_or_default(),
        family_policy: owned("/spec/ipFamilyPolicy"),
        families: items(object, "/spec/ipFamilies").filter_map(Value::as_str).map(str::to_owned).collect(),
        external_traffic_policy: owned("/spec/externalTrafficPolicy").unwrap_or_default(),
        ports: items(object, "/spec/ports").map(port).collect(),
        pod_selector: map(object, "/spec/selector"),
        ingress: texts(object, "/status/loadBalancer/ingress", "ip"),
    };
    LivingService {
        service,
        created: owned("/metadata/creationTimestamp").unwrap_or_default(),
        hostnames: texts(object, "/status/loadBalancer/ingress", "hostname"),
        condition: conditions(object).remove("cilium.io/IPAMRequestSatisfied"),
        origin: origin(object),
    }
}

/// The annotations that Cilium reads. Others may be long, such as what `kubectl apply` remembers.
fn read_annotations(object: &Value) -> BTreeMap<String, String> {
    let mut annotations = map(object, "/metadata/annotations");
    annotations.retain(|key, _| key.starts_with("lbipam.cilium.io/") || key.starts_with("io.cilium/"));
    annotations
}

fn gateway(object: &Value) -> LivingGateway {
    LivingGateway {
        spec: object.get("spec").cloned().unwrap_or_default(),
        addresses: texts(object, "/status/addresses", "value"),
        conditions: conditions(object),
        origin: origin(object),
    }
}

fn kustomization(object: &Value) -> LivingKustomization {
    let owned = |path: &str| text(object, path).map(str::to_owned);
    let number = |path: &str| object.pointer(path).and_then(Value::as_i64);
    LivingKustomization {
        spec: object.get("spec").cloned().unwrap_or_default(),
        suspended: flag(object, "/spec/suspend"),
        generations: (number("/metadata/generation"), number("/status/observedGeneration")),
        applied: owned("/status/lastAppliedRevision"),
        attempted: owned("/status/lastAttemptedRevision"),
        conditions: conditions(object),
    }
}

fn images(observed: &mut Observed, object: &Value, containers: &str) {
    let of_cilium = |image: &&str| {
        let name = image.split(['@', ':']).next().unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default();
        name == "cilium" || name.starts_with("operator-") && image.contains("cilium")
    };
    let images = items(object, containers).filter_map(|container| text(container, "/image"));
    observed.images.extend(images.filter(of_cilium).map(str::to_owned));
}

/// Who put an object there, by the labels of Flux and Helm and by its owner.
fn origin(object: &Value) -> Origin {
    let labelled = |group: &str| {
        let label = |what: &str| object.pointer("/metadata/labels")?.get(format!("{group}/{what}"))?.as_str();
        Some(ServiceKey::new(label("namespace")?, label("name")?))
    };
    let annotation = |key: &str| object.pointer("/metadata/annotations")?.get(key)?.as_str();
    let release = || {
        let name = annotation("meta.helm.sh/release-name")?;
        Some(ServiceKey::new(annotation("meta.helm.sh/release-namespace")?, name))
    };
    let owner = items(object, "/metadata/ownerReferences").next();
    Origin {
        kustomization: labelled("kustomize.toolkit.fluxcd.io"),
        helm_release: labelled("helm.toolkit.fluxcd.io").or_else(release),
        owner: owner.and_then(|owner| Some((text(owner, "/kind")?.to_owned(), text(owner, "/name")?.to_owned()))),
    }
}

fn conditions(object: &Value) -> Conditions {
    let condition = |condition: &Value| {
        let owned = |field: &str| text(condition, field).unwrap_or_default().to_owned();
        let of = Condition {
            status: owned("/status"),
            reason: owned("/reason"),
            message: owned("/message"),
            observed_generation: condition.get("observedGeneration").and_then(Value::as_i64),
        };
        (owned("/type"), of)
    };
    items(object, "/status/conditions").map(condition).collect()
}

fn key(object: &Value) -> ServiceKey {
    let owned = |path: &str| text(object, path).unwrap_or_default().to_owned();
    ServiceKey::new(owned("/metadata/namespace"), owned("/metadata/name"))
}

fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    value.pointer(path).and_then(Value::as_str)
}

fn flag(value: &Value, path: &str) -> bool {
    value.pointer(path).and_then(Value::as_bool).unwrap_or(false)
}

fn items<'v>(value: &'v Value, path: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

fn texts(value: &Value, path: &str, field: &str) -> Vec<String> {
    items(value, path).filter_map(|entry| entry.get(field)?.as_str().map(str::to_owned)).collect()
}

fn map(value: &Value, path: &str) -> BTreeMap<String, String> {
    let entries = value.pointer(path).and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
