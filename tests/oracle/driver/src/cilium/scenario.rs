//! A scenario as both sides read it: the JSON that the real controller gets, and our events made from the same
//! texts, so that the reading is compared as well.

use std::collections::BTreeMap;

use lbpools_function::cilium::allocation::{Condition, Event, Simulation, State};
use lbpools_function::cilium::selector::Requirement;
use lbpools_function::cilium::service::Port;
use lbpools_function::cilium::{Block, CiliumVersion, ClusterFlags, LabelSelector, Pool, Profile, Service, ServiceKey};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scenario {
    pub options: Options,
    pub events: Vec<Step>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub times: usize,
    /// Only the state before a restart and the last one are told, and how long each step took.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub measured: bool,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Options {
    #[serde(rename = "ipv4")]
    pub v4: bool,
    #[serde(rename = "ipv6")]
    pub v6: bool,
    pub classes: Vec<String>,
    #[serde(rename = "defaultIPAM")]
    pub default_ipam: bool,
    pub proto_diff: bool,
    #[serde(default)]
    pub feedback: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Step {
    Pool(PoolSpec),
    DeletePool(String),
    RedeliverPool(String),
    Service(ServiceSpec),
    DeleteService(String),
    RedeliverService(String),
    Restart { pools: Vec<String>, services: Vec<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PoolSpec {
    pub name: String,
    pub created: i64,
    pub spec: PoolBody,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PoolBody {
    pub blocks: Vec<BlockSpec>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_selector: Option<SelectorSpec>,
    #[serde(default)]
    pub disabled: bool,
    #[serde(default, skip_serializing_if = "String::is_empty", rename = "allowFirstLastIPs")]
    pub allow_first_last: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct BlockSpec {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cidr: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub start: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stop: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SelectorSpec {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<ExpressionSpec>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct ExpressionSpec {
    pub key: String,
    pub operator: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct ServiceSpec {
    pub namespace: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    pub spec: ServiceBody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceBody {
    #[serde(rename = "type")]
    pub service_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_balancer_class: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty", rename = "loadBalancerIP")]
    pub load_balancer_ip: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_family_policy: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip_families: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub external_traffic_policy: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub selector: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortSpec>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PortSpec {
    pub port: i32,
    pub protocol: String,
}

/// What there was to see after each step, in the words of the real program.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    #[serde(default)]
    pub steps: Vec<Seen>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Outcome>,
    /// How many of the runs came to this.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub count: usize,
    /// How long each step took, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nanoseconds: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub panic: String,
    #[serde(default)]
    pub asleep: bool,
    #[serde(default)]
    pub stuck: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub services: BTreeMap<String, SeenService>,
    #[serde(default, deserialize_with = "or_default")]
    pub pools: BTreeMap<String, SeenPool>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct SeenService {
    #[serde(default)]
    pub ingress: Vec<String>,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub held: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct SeenPool {
    #[serde(default)]
    pub total: String,
    #[serde(default)]
    pub available: String,
    #[serde(default)]
    pub conflict: String,
}

/// Go writes an absent map as null.
fn or_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

impl Outcome {
    /// What it came to: each different outcome, where it was run several times.
    pub(crate) fn distinct(self) -> Vec<Outcome> {
        if self.runs.is_empty() { vec![self] } else { self.runs }
    }
}

impl Scenario {
    /// The same, to be run so often.
    pub(crate) fn repeated(&self, times: usize) -> Scenario {
        Scenario { times, ..self.clone() }
    }

    /// Our cluster before anything has happened.
    pub(crate) fn simulation(&self, version: CiliumVersion) -> Simulation {
        let has = |class: &str| self.options.classes.iter().any(|c| c == class);
        let flags = ClusterFlags {
            ipv4: self.options.v4,
            ipv6: self.options.v6,
            lb_ipam: true,
            default_ipam: if self.options.default_ipam { "lbipam" } else { "none" }.to_owned(),
            bgp_control_plane: has("io.cilium/bgp-control-plane"),
            l2_announcements: has("io.cilium/l2-announcer"),
            proto_diff: self.options.proto_diff,
        };
        Simulation::new(Profile::of(version), flags, self.options.feedback)
    }
}

impl Step {
    /// The same as an event of ours.
    pub(crate) fn event(&self) -> Event {
        match self {
            Step::Pool(pool) => Event::Pool(pool.pool()),
            Step::DeletePool(name) => Event::DeletePool(name.clone()),
            Step::RedeliverPool(name) => Event::RedeliverPool(name.clone()),
            Step::Service(service) if service.ingress.is_some() => Event::ServiceWithStatus(service.service()),
            Step::Service(service) => Event::Service(service.service()),
            Step::DeleteService(key) => Event::DeleteService(service_key(key)),
            Step::RedeliverService(key) => Event::RedeliverService(service_key(key)),
            Step::Restart { pools, services } => {
                Event::Restart { pools: pools.clone(), services: services.iter().map(|key| service_key(key)).collect() }
            }
        }
    }
}

fn service_key(text: &str) -> ServiceKey {
    let (namespace, name) = text.split_once('/').unwrap_or_default();
    ServiceKey::new(namespace, name)
}

impl PoolSpec {
    fn pool(&self) -> Pool {
        let blocks = self.spec.blocks.iter();
        let selector = self.spec.service_selector.as_ref().map(|selector| {
            let requirements: Vec<Requirement> = selector
                .match_expressions
                .iter()
                .map(|e| Requirement { key: e.key.clone(), operator: e.operator.clone(), values: e.values.clone() })
                .collect();
            LabelSelector::compile(&selector.match_labels, &requirements)
        });
        Pool {
            name: self.name.clone(),
            created: Some(self.created),
            blocks: blocks.map(|b| Block::parse(Some(&b.cidr), Some(&b.start), Some(&b.stop))).collect(),
            selector,
            disabled: self.spec.disabled,
            allow_first_last: match self.spec.allow_first_last.as_str() {
                "Yes" => Some(true),
                "No" => Some(false),
                _ => None,
            },
        }
    }
}

impl ServiceSpec {
    pub(crate) fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    fn service(&self) -> Service {
        let spec = &self.spec;
        Service {
            key: ServiceKey::new(&self.namespace, &self.name),
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            service_type: spec.service_type.clone(),
            class: spec.load_balancer_class.clone(),
            load_balancer_ip: spec.load_balancer_ip.clone(),
            family_policy: spec.ip_family_policy.clone(),
            families: spec.ip_families.clone(),
            external_traffic_policy: spec.external_traffic_policy.clone(),
            ports: spec.ports.iter().map(|p| Port { number: p.port, protocol: p.protocol.clone() }).collect(),
            pod_selector: spec.selector.clone(),
            ingress: self.ingress.clone().unwrap_or_default(),
        }
    }
}

impl Seen {
    /// What of it is compared: texts of errors are not, and before 1.17 messages and before 1.16 counts neither
    /// (1.15 leaves them stale).
    pub(crate) fn comparable(mut self, profile: &Profile) -> Seen {
        let known = |text: &str| if text.is_empty() { String::new() } else { "yes".to_owned() };
        self.error = known(&self.error);
        self.panic = known(&self.panic);
        if !self.panic.is_empty() {
            return Seen { panic: self.panic, ..Seen::default() };
        }
        if profile.facts_of < 17 {
            self.services.values_mut().for_each(|service| service.message.clear());
        }
        if profile.facts_of < 16 {
            for pool in self.pools.values_mut() {
                pool.total.clear();
                pool.available.clear();
            }
        }
        self
    }

    /// Our state in the same words.
    pub(crate) fn of(state: State, profile: &Profile) -> Seen {
        let yes = |is: bool| if is { "yes".to_owned() } else { String::new() };
        let truth = |is: bool| if is { "True" } else { "False" }.to_owned();
        let services = state.services.into_iter().map(|(key, service)| {
            let (status, reason, message) = match service.condition {
                None => (String::new(), String::new(), String::new()),
                Some(Condition::Satisfied) => (truth(true), "satisfied".to_owned(), String::new()),
                Some(Condition::Pending(reason)) => (truth(false), reason.word(profile).to_owned(), reason.to_string()),
            };
            let held = service.held.iter().map(ToString::to_string).collect();
            (key.to_string(), SeenService { ingress: service.ingress, status, reason, message, held })
        });
        let pools = state.pools.into_iter().map(|(name, pool)| {
            let (total, available) = match pool.counts {
                Some((total, available)) => (total.to_string(), available.to_string()),
                None => Default::default(),
            };
            (name, SeenPool { total, available, conflict: pool.conflict.map(truth).unwrap_or_default() })
        });
        let seen = Seen {
            error: yes(state.error),
            panic: yes(state.panic.is_some()),
            asleep: state.asleep,
            stuck: state.stuck,
            services: services.collect(),
            pools: pools.collect(),
        };
        seen.comparable(profile)
    }
}
