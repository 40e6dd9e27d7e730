//! What the controllers wrote into the cluster, as far as it is about addresses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::kubectl::Kubectl;

/// The whole of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Services of type LoadBalancer, by `namespace/name`.
    pub services: BTreeMap<String, Service>,
    /// Pools by name.
    pub pools: BTreeMap<String, Pool>,
    /// Gateways by `namespace/name`.
    pub gateways: BTreeMap<String, Gateway>,
}

/// A Service of type LoadBalancer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// `spec.loadBalancerClass`.
    pub class: Option<String>,
    /// `status.loadBalancer.ingress`.
    pub addresses: BTreeSet<String>,
    /// Why LB-IPAM's condition `cilium.io/IPAMRequestSatisfied` is false.
    pub refused: Option<String>,
    /// That condition is true.
    pub satisfied: bool,
}

impl Service {
    /// LB-IPAM is asked, in a cluster where it serves Services without a class.
    pub fn asks_lb_ipam(&self) -> bool {
        let classes = ["io.cilium/bgp-control-plane", "io.cilium/l2-announcer"];
        self.class.as_deref().is_none_or(|class| classes.contains(&class))
    }
}

/// A pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pool {
    /// Condition `cilium.io/IPsTotal`.
    pub total: Option<String>,
    /// Condition `cilium.io/IPsAvailable`.
    pub available: Option<String>,
    /// Condition `cilium.io/IPsUsed`.
    pub used: Option<String>,
    /// Condition `cilium.io/PoolConflict` is true.
    pub conflict: bool,
}

/// A Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gateway {
    /// `status.addresses`.
    pub addresses: BTreeSet<String>,
    /// Status and reason of condition `Programmed`.
    pub programmed: Option<(String, String)>,
    /// Status and reason of condition `Accepted`.
    pub accepted: Option<(String, String)>,
}

/// Look.
pub fn observe(kubectl: &Kubectl) -> Observed {
    let mut observed = Observed::default();
    let kinds = "services,ciliumloadbalancerippools.cilium.io,gateways.gateway.networking.k8s.io";
    for object in kubectl.list(kinds) {
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default().to_owned();
        let placed = format!("{}/{name}", metadata["namespace"].as_str().unwrap_or_default());
        let conditions = Conditions::of(&object);
        match object["kind"].as_str().unwrap_or_default() {
            "Service" if object["spec"]["type"] == "LoadBalancer" => {
                let request = conditions.named("cilium.io/IPAMRequestSatisfied");
                let service = Service {
                    class: object["spec"]["loadBalancerClass"].as_str().map(str::to_owned),
                    addresses: texts(&object["status"]["loadBalancer"]["ingress"], "ip"),
                    refused: request.filter(|it| it["status"] == "False").map(|it| text(&it["reason"])),
                    satisfied: request.is_some_and(|it| it["status"] == "True"),
                };
                observed.services.insert(placed, service);
            }
            "CiliumLoadBalancerIPPool" => {
                let count = |kind: &str| conditions.named(kind).map(|it| text(&it["message"]));
                let pool = Pool {
                    total: count("cilium.io/IPsTotal"),
                    available: count("cilium.io/IPsAvailable"),
                    used: count("cilium.io/IPsUsed"),
                    conflict: conditions.named("cilium.io/PoolConflict").is_some_and(|it| it["status"] == "True"),
                };
                observed.pools.insert(name, pool);
            }
            "Gateway" => {
                let told = |kind: &str| conditions.named(kind).map(|it| (text(&it["status"]), text(&it["reason"])));
                let gateway = Gateway {
                    addresses: texts(&object["status"]["addresses"], "value"),
                    programmed: told("Programmed"),
                    accepted: told("Accepted"),
                };
                observed.gateways.insert(placed, gateway);
            }
            _ => {}
        }
    }
    observed
}

struct Conditions<'a>(&'a [Value]);

impl<'a> Conditions<'a> {
    fn of(object: &'a Value) -> Self {
        Self(object["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default())
    }

    fn named(&self, kind: &str) -> Option<&'a Value> {
        self.0.iter().find(|condition| condition["type"] == kind)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(list: &Value, field: &str) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().map(|entry| text(&entry[field])).collect()
}
