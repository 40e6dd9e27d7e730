//! The least scenario that still differs.

use super::scenario::{Scenario, Step};

/// Leave out what can be left out, again and again.
pub(crate) fn shrink(
    scenario: &Scenario,
    differs: &mut dyn FnMut(&Scenario) -> anyhow::Result<bool>,
) -> anyhow::Result<Scenario> {
    let mut least = scenario.clone();
    loop {
        let mut smaller = None;
        for candidate in candidates(&least) {
            if differs(&candidate)? {
                smaller = Some(candidate);
                break;
            }
        }
        match smaller {
            Some(candidate) => least = candidate,
            None => return Ok(least),
        }
    }
}

fn candidates(scenario: &Scenario) -> Vec<Scenario> {
    let mut all = Vec::new();
    for at in (0..scenario.events.len()).rev() {
        let mut candidate = scenario.clone();
        candidate.events.remove(at);
        all.push(candidate);
    }
    for at in 0..scenario.events.len() {
        for step in simpler(&scenario.events[at]) {
            let mut candidate = scenario.clone();
            candidate.events[at] = step;
            all.push(candidate);
        }
    }
    if scenario.options.feedback {
        let mut candidate = scenario.clone();
        candidate.options.feedback = false;
        all.push(candidate);
    }
    all
}

fn simpler(step: &Step) -> Vec<Step> {
    let mut all = Vec::new();
    match step {
        Step::Pool(pool) => {
            let mut add = |change: &dyn Fn(&mut super::scenario::PoolSpec)| {
                let mut one = pool.clone();
                change(&mut one);
                if one != *pool {
                    all.push(Step::Pool(one));
                }
            };
            for at in 0..pool.spec.blocks.len() {
                add(&|one| {
                    one.spec.blocks.remove(at);
                });
            }
            add(&|one| one.spec.service_selector = None);
            add(&|one| one.spec.disabled = false);
            add(&|one| one.spec.allow_first_last.clear());
        }
        Step::Service(service) => {
            let mut add = |change: &dyn Fn(&mut super::scenario::ServiceSpec)| {
                let mut one = service.clone();
                change(&mut one);
                if one != *service {
                    all.push(Step::Service(one));
                }
            };
            add(&|one| one.labels.clear());
            add(&|one| one.ingress = None);
            for key in service.annotations.keys() {
                add(&|one| {
                    one.annotations.remove(key);
                });
            }
            add(&|one| one.spec.load_balancer_class = None);
            add(&|one| one.spec.load_balancer_ip.clear());
            add(&|one| one.spec.ip_family_policy = None);
            add(&|one| one.spec.ip_families.clear());
            add(&|one| one.spec.external_traffic_policy.clear());
            add(&|one| one.spec.selector.clear());
            add(&|one| one.spec.ports.truncate(1));
            add(&|one| one.spec.ports.clear());
        }
        _ => {}
    }
    all
}
