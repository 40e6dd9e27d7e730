//! Random scenarios, with weight on what is nasty: small pools, overlaps, pins inside pools, sharing, edits.

use super::scenario::{
    BlockSpec, ExpressionSpec, Options, PoolBody, PoolSpec, PortSpec, Scenario, SelectorSpec, ServiceSpec, Step,
};
use crate::random::Random;

/// How much a scenario leaves to chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Few pools that do not overlap, Services one at a time.
    Plain,
    /// Everything.
    Wild,
}

struct World<'a> {
    random: &'a mut Random,
    kind: Kind,
    pools: Vec<PoolSpec>,
    services: Vec<ServiceSpec>,
    clock: i64,
}

/// The scenario of this number.
pub(crate) fn scenario(seed: u64, number: u64) -> Scenario {
    let mut random = Random::of_case(seed, number);
    let kind = if random.once_in(2) { Kind::Plain } else { Kind::Wild };
    let (v4, v6) = random.pick(&[(true, false), (true, false), (true, true), (true, true), (false, true)]);
    let options = Options {
        v4,
        v6,
        classes: vec!["io.cilium/bgp-control-plane".to_owned(), "io.cilium/l2-announcer".to_owned()],
        default_ipam: !random.once_in(20),
        proto_diff: !random.once_in(8),
        feedback: random.once_in(3),
    };
    let events = 3 + random.below(10);
    let mut world = World { random: &mut random, kind, pools: Vec::new(), services: Vec::new(), clock: 1000 };
    let mut steps = vec![world.new_pool()];
    while steps.len() < events {
        steps.push(world.step());
    }
    if kind == Kind::Wild && world.random.once_in(4) {
        let first = steps.remove(0);
        let at = world.random.below(steps.len() + 1);
        steps.insert(at, first);
    }
    Scenario { options, events: steps, times: 0, measured: false }
}

impl World<'_> {
    fn step(&mut self) -> Step {
        match self.random.below(20) {
            0..=8 if self.services.len() < 6 => self.new_service(),
            9..=12 if !self.services.is_empty() => self.edit_service(),
            13 if self.pools.len() < 3 => self.new_pool(),
            14 | 15 => self.edit_pool(),
            16 if !self.services.is_empty() => {
                let at = self.random.below(self.services.len());
                Step::DeleteService(self.services.remove(at).key())
            }
            17 if self.pools.len() > 1 || (self.pools.len() == 1 && self.random.once_in(4)) => {
                let at = self.random.below(self.pools.len());
                Step::DeletePool(self.pools.remove(at).name)
            }
            18 if !self.services.is_empty() => {
                let at = self.random.below(self.services.len());
                Step::RedeliverService(self.services[at].key())
            }
            19 if self.random.once_in(2) => self.restart(),
            19 if !self.pools.is_empty() => {
                let at = self.random.below(self.pools.len());
                Step::RedeliverPool(self.pools[at].name.clone())
            }
            _ => self.new_service(),
        }
    }

    fn restart(&mut self) -> Step {
        let mut pools: Vec<String> = self.pools.iter().map(|pool| pool.name.clone()).collect();
        let mut services: Vec<String> = self.services.iter().map(ServiceSpec::key).collect();
        if self.kind == Kind::Wild && self.random.once_in(2) {
            pools.reverse();
            services.reverse();
        }
        Step::Restart { pools, services }
    }

    fn new_pool(&mut self) -> Step {
        let taken = |name: &str| self.pools.iter().any(|pool| pool.name == name);
        let name = ["p", "q", "r", "s"].into_iter().find(|name| !taken(name)).unwrap_or("t").to_owned();
        self.clock += i64::from(!self.random.once_in(6));
        let pool = PoolSpec { name, created: self.clock, spec: self.pool_body() };
        self.pools.retain(|known| known.name != pool.name);
        self.pools.push(pool.clone());
        Step::Pool(pool)
    }

    fn pool_body(&mut self) -> PoolBody {
        let count = self.random.pick(&[1, 1, 1, 2, 2, 3]);
        PoolBody {
            blocks: (0..count).map(|_| self.block()).collect(),
            service_selector: self.random.once_in(3).then(|| self.selector()),
            disabled: self.random.once_in(12),
            allow_first_last: self.random.pick(&["", "", "Yes", "No", "No"]).to_owned(),
        }
    }

    fn edit_pool(&mut self) -> Step {
        if self.pools.is_empty() {
            return self.new_pool();
        }
        let at = self.random.below(self.pools.len());
        let mut pool = self.pools[at].clone();
        match self.random.below(8) {
            0 => pool.spec.disabled = !pool.spec.disabled,
            1 | 2 => {
                pool.spec.allow_first_last =
                    if pool.spec.allow_first_last == "No" { self.random.pick(&["Yes", ""]) } else { "No" }.to_owned();
            }
            3 => pool.spec.service_selector = self.random.once_in(2).then(|| self.selector()),
            4 => {
                let block = self.block();
                pool.spec.blocks.push(block);
            }
            5 if !pool.spec.blocks.is_empty() => {
                let at = self.random.below(pool.spec.blocks.len());
                pool.spec.blocks.remove(at);
            }
            6 if !pool.spec.blocks.is_empty() => {
                let at = self.random.below(pool.spec.blocks.len());
                pool.spec.blocks[at] = self.block();
            }
            _ => pool.spec = self.pool_body(),
        }
        self.pools[at] = pool.clone();
        Step::Pool(pool)
    }

    fn block(&mut self) -> BlockSpec {
        if self.kind == Kind::Wild && self.random.once_in(25) {
            return self.bad_block();
        }
        // Plain pools have blocks of their own, wild ones meet in one small network.
        let net = match self.kind {
            Kind::Plain => 10 + self.pools.len() * 20 + self.random.below(20),
            Kind::Wild => self.random.below(2),
        };
        let v6 = self.random.once_in(4);
        let at = |host: usize| if v6 { format!("fd00::{net:x}:{host:x}") } else { format!("10.0.{net}.{host}") };
        if self.random.once_in(2) {
            let length = self.random.pick(&[28, 29, 30, 30, 31, 32]);
            let length = if v6 { length + 96 } else { length };
            let host = if self.random.once_in(3) { self.random.below(32) } else { 0 };
            return BlockSpec { cidr: format!("{}/{length}", at(host)), ..BlockSpec::default() };
        }
        let first = self.random.below(12);
        match self.random.below(5) {
            0 => BlockSpec { start: at(first), ..BlockSpec::default() },
            size => BlockSpec { start: at(first), stop: at(first + size - 1), ..BlockSpec::default() },
        }
    }

    fn bad_block(&mut self) -> BlockSpec {
        let (cidr, start, stop) = self.random.pick(&[
            ("", "", ""),
            ("", "", "10.0.0.4"),
            ("10.0.0.5", "", ""),
            ("10.0.0.0/08", "", ""),
            ("", "10.0.0.010", ""),
            ("", "10.0.0.9", "10.0.0.3"),
            ("", "10.0.0.9", "fd00::3"),
        ]);
        BlockSpec { cidr: cidr.to_owned(), start: start.to_owned(), stop: stop.to_owned() }
    }

    fn selector(&mut self) -> SelectorSpec {
        let mut selector = SelectorSpec::default();
        let expression = |key: &str, operator: &str, values: &[&str]| ExpressionSpec {
            key: key.to_owned(),
            operator: operator.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        match self.random.below(if self.kind == Kind::Wild { 14 } else { 12 }) {
            0 => {}
            1..=4 => {
                let color = self.random.pick(&["red", "blue"]).to_owned();
                selector.match_labels.insert("color".to_owned(), color);
            }
            5 | 6 => {
                let namespace = self.random.pick(&["a", "b"]).to_owned();
                selector.match_labels.insert("io.kubernetes.service.namespace".to_owned(), namespace);
            }
            7 => selector.match_expressions.push(expression("color", "In", &["red", "green"])),
            8 => selector.match_expressions.push(expression("color", "NotIn", &["red"])),
            9 => selector.match_expressions.push(expression("color", "Exists", &[])),
            10 => selector.match_expressions.push(expression("color", "DoesNotExist", &[])),
            11 => selector.match_expressions.push(expression("io.kubernetes.service.name", "In", &["s0", "s1"])),
            12 => selector.match_expressions.push(expression("color", "In", &[])),
            _ => selector.match_expressions.push(expression("-bad-", "Exists", &[])),
        }
        selector
    }

    fn new_service(&mut self) -> Step {
        let namespace = self.random.pick(&["a", "a", "b"]).to_owned();
        let used = |name: &String| self.services.iter().any(|service| service.name == *name);
        let name = (0..20).map(|n| format!("s{n}")).find(|name| !used(name)).unwrap_or_default();
        let mut service = ServiceSpec { namespace, name, ..ServiceSpec::default() };
        "LoadBalancer".clone_into(&mut service.spec.service_type);
        "Cluster".clone_into(&mut service.spec.external_traffic_policy);
        self.set_ports(&mut service);
        if self.random.once_in(2) {
            let color = self.random.pick(&["red", "blue", "green"]).to_owned();
            service.labels.insert("color".to_owned(), color);
        }
        if self.random.once_in(3) {
            self.set_addresses(&mut service);
        }
        if self.random.once_in(2) {
            self.set_key(&mut service);
        }
        if self.random.once_in(4) {
            self.set_families(&mut service);
        }
        if self.random.once_in(10) {
            self.set_traffic(&mut service);
        }
        if self.random.once_in(15) {
            self.set_class(&mut service);
        }
        if self.random.once_in(8) {
            service.ingress = Some(self.ingress());
        }
        self.services.push(service.clone());
        Step::Service(service)
    }

    fn edit_service(&mut self) -> Step {
        let at = self.random.below(self.services.len());
        let mut service = self.services[at].clone();
        service.ingress = None;
        match self.random.below(10) {
            0 => {
                service.labels.clear();
                if self.random.once_in(2) {
                    let color = self.random.pick(&["red", "blue"]).to_owned();
                    service.labels.insert("color".to_owned(), color);
                }
            }
            1 | 2 => self.set_addresses(&mut service),
            3 | 4 => self.set_key(&mut service),
            5 => self.set_families(&mut service),
            6 => self.set_traffic(&mut service),
            7 => self.set_class(&mut service),
            8 => self.set_ports(&mut service),
            _ => service.ingress = Some(self.ingress()),
        }
        self.services[at] = service.clone();
        Step::Service(service)
    }

    fn set_ports(&mut self, service: &mut ServiceSpec) {
        let count = self.random.pick(&[0, 1, 1, 1, 2]);
        let protocols = ["TCP", "TCP", "UDP"];
        let port = |random: &mut Random| PortSpec {
            port: random.pick(&[80, 81, 82, 83]),
            protocol: random.pick(&protocols).to_owned(),
        };
        service.spec.ports = (0..count).map(|_| port(self.random)).collect();
    }

    /// An address near the blocks that there are.
    fn address(&mut self) -> String {
        let host = self.random.below(16);
        if let Some(pool) = self.pools.first().filter(|_| !self.random.once_in(8)) {
            let pool = if self.random.once_in(3) { self.pools.last().unwrap_or(pool) } else { pool };
            let texts: Vec<&String> =
                pool.spec.blocks.iter().flat_map(|b| [&b.cidr, &b.start, &b.stop]).filter(|t| !t.is_empty()).collect();
            if !texts.is_empty() {
                let text = texts[self.random.below(texts.len())];
                let bare = text.split('/').next().unwrap_or(text);
                let cut = bare.rfind(['.', ':']).map(|at| at + 1).unwrap_or(0);
                let (net, last) = bare.split_at(cut);
                let v6 = net.contains(':');
                return match self.random.below(3) {
                    0 => bare.to_owned(),
                    1 => {
                        let parsed = if v6 { u32::from_str_radix(last, 16) } else { last.parse() }.unwrap_or(0);
                        let next = parsed + u32::try_from(host % 4).unwrap_or(0);
                        if v6 { format!("{net}{next:x}") } else { format!("{net}{next}") }
                    }
                    _ if v6 => format!("{net}{host:x}"),
                    _ => format!("{net}{host}"),
                };
            }
        }
        if self.random.once_in(4) { format!("fd00::{host:x}") } else { format!("10.0.0.{host}") }
    }

    fn set_addresses(&mut self, service: &mut ServiceSpec) {
        service.spec.load_balancer_ip.clear();
        let (key, alias) = ("lbipam.cilium.io/ips", "io.cilium/lb-ipam-ips");
        service.annotations.remove(key);
        service.annotations.remove(alias);
        match self.random.below(10) {
            0 => {}
            1 | 2 => service.spec.load_balancer_ip = self.address(),
            3 => {
                service.spec.load_balancer_ip = self.address();
                let list = format!("{}, {}", self.address(), self.address());
                service.annotations.insert(key.to_owned(), list);
            }
            4 => {
                let text = self.random.pick(&["", "10.0.0.5/32", "gateway.example.org", "10.0.0.05", " , "]);
                service.annotations.insert(key.to_owned(), text.to_owned());
                if self.random.once_in(2) {
                    let address = self.address();
                    service.annotations.insert(alias.to_owned(), address);
                }
            }
            5 => {
                let list = format!("{},{}", self.address(), self.address());
                service.annotations.insert(alias.to_owned(), list);
            }
            6 | 7 => {
                // Both spellings, so that 1.15 reads it too.
                let address = self.address();
                service.annotations.insert(key.to_owned(), address.clone());
                service.annotations.insert(alias.to_owned(), address);
            }
            _ => {
                let address = self.address();
                service.annotations.insert(key.to_owned(), address);
            }
        }
    }

    fn set_key(&mut self, service: &mut ServiceSpec) {
        let key = self.random.pick(&["", "k", "k", "k", "m"]);
        for spelling in ["lbipam.cilium.io/sharing-key", "io.cilium/lb-ipam-sharing-key"] {
            service.annotations.insert(spelling.to_owned(), key.to_owned());
        }
        service.annotations.remove("lbipam.cilium.io/sharing-cross-namespace");
        if self.random.once_in(3) {
            let list = self.random.pick(&["*", "a", "b", "a,b", "b, a", "*,x"]);
            service.annotations.insert("lbipam.cilium.io/sharing-cross-namespace".to_owned(), list.to_owned());
        }
    }

    fn set_families(&mut self, service: &mut ServiceSpec) {
        let policy = self.random.pick(&["", "SingleStack", "PreferDualStack", "PreferDualStack", "RequireDualStack"]);
        service.spec.ip_family_policy = (!policy.is_empty()).then(|| policy.to_owned());
        let list: &[&str] = match self.random.below(5) {
            0 => &["IPv4"],
            1 => &["IPv6"],
            2 => &["IPv4", "IPv6"],
            3 => &["IPv6", "IPv4"],
            _ => &[],
        };
        service.spec.ip_families = list.iter().map(|family| (*family).to_owned()).collect();
    }

    fn set_traffic(&mut self, service: &mut ServiceSpec) {
        service.spec.external_traffic_policy = self.random.pick(&["Local", "Local", "Cluster", ""]).to_owned();
        service.spec.selector.clear();
        if !self.random.once_in(3) {
            let app = self.random.pick(&["web", "web", "api"]).to_owned();
            service.spec.selector.insert("app".to_owned(), app);
        }
    }

    fn set_class(&mut self, service: &mut ServiceSpec) {
        let class = self.random.pick(&["", "", "io.cilium/bgp-control-plane", "io.cilium/l2-announcer", "other"]);
        service.spec.load_balancer_class = (!class.is_empty()).then(|| class.to_owned());
        service.spec.service_type = self.random.pick(&["LoadBalancer", "LoadBalancer", "ClusterIP"]).to_owned();
    }

    fn ingress(&mut self) -> Vec<String> {
        match self.random.below(6) {
            0 => vec![String::new()],
            1 => vec![self.address(), self.address()],
            2 => vec!["172.16.0.1".to_owned()],
            _ => vec![self.address()],
        }
    }
}
