//! What the scenarios of a run have reached, to see that they come into all corners.

use std::collections::BTreeMap;

use super::scenario::{Outcome, PoolSpec, Scenario, Seen, ServiceSpec, Step};

/// How often each kind of event was compared, and each thing was seen after one.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    events: BTreeMap<&'static str, u64>,
    seen: BTreeMap<String, u64>,
}

impl Reached {
    pub(crate) fn note(&mut self, scenario: &Scenario, outcome: &Outcome) {
        let mut cluster = Cluster::default();
        for (event, step) in scenario.events.iter().zip(&outcome.steps) {
            *self.events.entry(cluster.kind(event)).or_default() += 1;
            self.step(step);
        }
    }

    fn step(&mut self, step: &Seen) {
        let mut add = |what: &str| *self.seen.entry(what.to_owned()).or_default() += 1;
        for (seen, what) in [
            (!step.error.is_empty(), "the operator returns an error"),
            (!step.panic.is_empty(), "the operator ends"),
            (step.asleep, "the operator sleeps"),
            (step.stuck, "the operator does not finish its start"),
        ] {
            if seen {
                add(what);
            }
        }
        let mut holders: BTreeMap<&String, usize> = BTreeMap::new();
        for service in step.services.values() {
            if !service.reason.is_empty() {
                add(&format!("condition {}", service.reason));
            }
            service.held.iter().for_each(|address| *holders.entry(address).or_default() += 1);
        }
        if holders.values().any(|&count| count > 1) {
            add("an address held by several Services");
        }
        if step.pools.values().any(|pool| pool.conflict == "True") {
            add("a pool in conflict");
        }
    }

    pub(crate) fn show(&self) {
        println!("  events compared:");
        self.events.iter().for_each(|(what, count)| println!("{count:>11}  {what}"));
        println!("  seen after them:");
        self.seen.iter().for_each(|(what, count)| println!("{count:>11}  {what}"));
    }
}

/// What there is so far, to tell an edit from a creation.
#[derive(Default)]
struct Cluster<'a> {
    pools: BTreeMap<&'a str, &'a PoolSpec>,
    services: BTreeMap<String, &'a ServiceSpec>,
}

impl<'a> Cluster<'a> {
    fn kind(&mut self, event: &'a Step) -> &'static str {
        match event {
            Step::Pool(pool) => match self.pools.insert(&pool.name, pool) {
                None => "pool created",
                Some(old) => pool_edit(old, pool),
            },
            Step::DeletePool(name) => {
                self.pools.remove(name.as_str());
                "pool deleted"
            }
            Step::RedeliverPool(_) => "pool delivered again",
            Step::Service(service) => match self.services.insert(service.key(), service) {
                None if service.ingress.is_some() => "Service created with a status",
                None => "Service created",
                Some(old) => service_edit(old, service),
            },
            Step::DeleteService(key) => {
                self.services.remove(key);
                "Service deleted"
            }
            Step::RedeliverService(_) => "Service delivered again",
            Step::Restart { .. } => "operator restarted",
        }
    }
}

/// The first that applies.
fn pool_edit(old: &PoolSpec, new: &PoolSpec) -> &'static str {
    let (old, new) = (&old.spec, &new.spec);
    let kept = |from: &super::scenario::PoolBody, to: &super::scenario::PoolBody| {
        from.blocks.iter().all(|block| to.blocks.contains(block))
    };
    match (kept(old, new), kept(new, old)) {
        (true, true) if old.blocks.len() != new.blocks.len() => "pool edited: a block listed twice, or once again",
        (true, true) if old.service_selector != new.service_selector => "pool edited: selector",
        (true, true) if old.disabled != new.disabled => "pool edited: disabled",
        (true, true) if old.allow_first_last != new.allow_first_last => "pool edited: allowFirstLastIPs",
        (true, true) => "pool edited: nothing but the order",
        (true, false) => "pool edited: grown",
        (false, true) => "pool edited: shrunk",
        (false, false) => "pool edited: other blocks",
    }
}

fn service_edit(old: &ServiceSpec, new: &ServiceSpec) -> &'static str {
    let body = |service: &ServiceSpec| service.spec.clone();
    let class = |service: &ServiceSpec| (service.spec.service_type.clone(), service.spec.load_balancer_class.clone());
    let families = |service: &ServiceSpec| (service.spec.ip_family_policy.clone(), service.spec.ip_families.clone());
    if new.ingress.is_some() {
        "Service edited: status"
    } else if class(old) != class(new) {
        "Service edited: type or class"
    } else if old.annotations != new.annotations || old.spec.load_balancer_ip != new.spec.load_balancer_ip {
        "Service edited: addresses or sharing"
    } else if old.labels != new.labels {
        "Service edited: labels"
    } else if families(old) != families(new) {
        "Service edited: families"
    } else if body(old) != body(new) {
        "Service edited: ports or traffic policy"
    } else {
        "Service edited: nothing"
    }
}
