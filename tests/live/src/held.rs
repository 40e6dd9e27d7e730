//! A prediction held against what the controllers wrote.

use std::collections::BTreeSet;
use std::net::IpAddr;

use lbpools_function::report::{ClusterReport, Outcome, PoolReport, RequestReport};

use crate::observed::{Gateway, Observed, Pool, Service};

/// Where the two differ, in words; empty when the prediction came true.
pub fn differences(predicted: &ClusterReport, observed: &Observed) -> Vec<String> {
    let mut differences = Vec::new();
    let mut foretold = BTreeSet::new();
    for request in &predicted.requests {
        let name = service_of(request);
        match observed.services.get(&name) {
            None => differences.push(format!("Service {name}: foretold, and not there")),
            Some(service) => differences.extend(service_differs(&name, request, service)),
        }
        foretold.insert(name);
        if request.resource.kind == "Gateway" {
            let name = named(request);
            match observed.gateways.get(&name) {
                None => differences.push(format!("Gateway {name}: foretold, and not there")),
                Some(gateway) => {
                    let has = observed.services.get(&service_of(request)).map(|service| &service.addresses);
                    differences.extend(gateway_differs(&name, request, gateway, has.is_some_and(|it| !it.is_empty())));
                }
            }
        }
    }
    for (name, service) in &observed.services {
        if !foretold.contains(name) && (service.asks_lb_ipam() || !service.addresses.is_empty()) {
            differences.push(format!("Service {name}: not foretold, has {:?}", service.addresses));
        }
    }
    for pool in &predicted.pools {
        match observed.pools.get(&pool.name) {
            None => differences.push(format!("pool {}: foretold, and not there", pool.name)),
            Some(seen) => differences.extend(pool_differs(pool, seen)),
        }
    }
    for name in observed.pools.keys().filter(|name| !predicted.pools.iter().any(|pool| pool.name == **name)) {
        differences.push(format!("pool {name}: not foretold"));
    }
    differences
}

/// The Service that LB-IPAM sees of a request, as `namespace/name`.
pub fn service_of(request: &RequestReport) -> String {
    request.service.clone().unwrap_or_else(|| named(request))
}

fn named(request: &RequestReport) -> String {
    let resource = &request.resource;
    format!("{}/{}", resource.namespace.as_deref().unwrap_or("default"), resource.name)
}

fn service_differs(name: &str, request: &RequestReport, service: &Service) -> Option<String> {
    let mut left = service.addresses.clone();
    let has = || format!("has {:?}, condition false for {:?}", service.addresses, service.refused);
    // What is certain first: it must not be taken for one of several.
    for outcome in &request.outcomes {
        if let Outcome::Address { address, .. } = outcome
            && !left.remove(address)
        {
            return Some(format!("Service {name}: foretold {address}, {}", has()));
        }
    }
    let mut unknown = false;
    for outcome in &request.outcomes {
        match outcome {
            Outcome::Address { .. } => {}
            Outcome::OneOf { ranges, more, or_none, .. } => {
                let one = left.iter().find(|address| *more > 0 || ranges.iter().any(|range| within(address, range)));
                match one.cloned() {
                    Some(address) => _ = left.remove(&address),
                    None if *or_none => unknown = true,
                    None => return Some(format!("Service {name}: foretold one of {ranges:?}, {}", has())),
                };
            }
            Outcome::Pending { reason, .. } => {
                // The one reason that is not Cilium's: LB-IPAM does not serve it, and so writes no condition.
                let expected = Some(reason).filter(|reason| *reason != "ignored");
                if service.refused.as_ref() != expected {
                    return Some(format!("Service {name}: foretold pending for {reason}, {}", has()));
                }
            }
            Outcome::Unknown { .. } => unknown = true,
        }
    }
    let pending = request.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Pending { .. }));
    if !unknown && !left.is_empty() {
        return Some(format!("Service {name}: {left:?} is not foretold"));
    }
    if !unknown && !pending && !service.satisfied {
        return Some(format!("Service {name}: foretold satisfied, {}", has()));
    }
    None
}

/// `served`: its Service has some address, if not all that it asks for. Its own status does not tell: the operator lets
/// the old addresses stand there when the Service has none any more.
fn gateway_differs(name: &str, request: &RequestReport, gateway: &Gateway, served: bool) -> Option<String> {
    let pending = request.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Pending { .. }));
    let certain = |outcome: &Outcome| match outcome {
        Outcome::Address { address, .. } => Some(address.clone()),
        _ => None,
    };
    let addresses: Option<BTreeSet<String>> = request.outcomes.iter().map(certain).collect();
    let expected = match (&addresses, pending) {
        (Some(_), _) => ("True", "Programmed"),
        (None, true) if !served => ("False", "AddressNotAssigned"),
        (None, true) => ("False", "AddressNotUsable"),
        (None, false) => return None,
    };
    let came = gateway.programmed.as_ref().map(|(status, reason)| (status.as_str(), reason.as_str()));
    if came != Some(expected) {
        return Some(format!("Gateway {name}: foretold Programmed {expected:?}, it says {came:?}"));
    }
    let addresses = addresses.unwrap_or_default();
    (!pending && gateway.addresses != addresses)
        .then(|| format!("Gateway {name}: foretold {addresses:?}, its status says {:?}", gateway.addresses))
}

fn pool_differs(pool: &PoolReport, seen: &Pool) -> Option<String> {
    let number = |text: &Option<String>| text.as_ref().and_then(|it| it.parse::<u128>().ok());
    let total = number(&pool.total)?;
    // Cilium counts the addresses that it never hands out as used.
    let used = number(&pool.used).map(|used| used + number(&pool.reserved).unwrap_or_default());
    let free = number(&pool.free);
    let came = (number(&seen.total), number(&seen.available), number(&seen.used));
    let same =
        came.0 == Some(total) && free.is_none_or(|it| came.1 == Some(it)) && used.is_none_or(|it| came.2 == Some(it));
    let adds_up = matches!(came, (Some(total), Some(free), Some(used)) if free + used == total);
    if same && adds_up {
        return None;
    }
    let name = &pool.name;
    Some(format!("pool {name}: foretold total {total}, free {free:?}, used {used:?}; its conditions say {came:?}"))
}

/// Whether an address is in a range written `first-last` or as one address.
pub fn within(address: &str, range: &str) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let parsed = |text: &str| text.parse::<IpAddr>().ok();
    match (parsed(address), parsed(first), parsed(last)) {
        (Some(address), Some(first), Some(last)) => {
            address.is_ipv4() == first.is_ipv4() && first <= address && address <= last
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use lbpools_function::report::ResourceRef;

    use super::*;

    fn predicted(kind: &str, outcomes: Vec<Outcome>) -> ClusterReport {
        let resource = ResourceRef {
            api_version: "v1".into(),
            kind: kind.into(),
            namespace: Some("a".into()),
            name: "one".into(),
        };
        let request = RequestReport {
            resource,
            service: (kind == "Gateway").then(|| "a/cilium-gateway-one".into()),
            at: None,
            pinned: Vec::new(),
            outcomes,
            announced_by: Vec::new(),
            shares_with: Vec::new(),
            announcement_unknown: None,
        };
        ClusterReport {
            name: "infra".into(),
            entrypoint: None,
            cilium: "1.18".into(),
            ranges: Vec::new(),
            network: None,
            reserved: Vec::new(),
            settings: Vec::new(),
            pools: Vec::new(),
            requests: vec![request],
            announcements: Vec::new(),
        }
    }

    fn address(address: &str) -> Outcome {
        Outcome::Address { address: address.into(), pool: "p".into(), because: String::new() }
    }

    fn one_of(range: &str) -> Outcome {
        Outcome::OneOf {
            ranges: vec![range.into()],
            pools: vec!["p".into()],
            more: 0,
            or_none: false,
            because: String::new(),
        }
    }

    fn pending(reason: &str) -> Outcome {
        Outcome::Pending { reason: reason.into(), because: String::new() }
    }

    fn service(addresses: &[&str], refused: Option<&str>) -> Observed {
        let service = Service {
            class: None,
            addresses: addresses.iter().map(|it| (*it).to_owned()).collect(),
            refused: refused.map(str::to_owned),
            satisfied: refused.is_none() && !addresses.is_empty(),
        };
        Observed { services: [("a/one".to_owned(), service)].into(), ..Observed::default() }
    }

    fn come_true(outcomes: Vec<Outcome>, observed: &Observed) -> bool {
        differences(&predicted("Service", outcomes), observed).is_empty()
    }

    #[test]
    fn an_address_must_be_the_one() {
        assert!(come_true(vec![address("10.0.0.1")], &service(&["10.0.0.1"], None)));
        assert!(!come_true(vec![address("10.0.0.1")], &service(&["10.0.0.2"], None)));
        assert!(!come_true(vec![address("10.0.0.1")], &service(&["10.0.0.1", "10.0.0.2"], None)));
        assert!(!come_true(vec![address("10.0.0.1")], &service(&[], None)));
        assert!(!come_true(vec![address("10.0.0.1")], &Observed::default()));
    }

    #[test]
    fn one_of_several_must_be_among_them() {
        assert!(come_true(vec![one_of("10.0.0.1-10.0.0.9")], &service(&["10.0.0.9"], None)));
        assert!(!come_true(vec![one_of("10.0.0.1-10.0.0.9")], &service(&["10.0.0.10"], None)));
        assert!(!come_true(vec![one_of("10.0.0.1-10.0.0.9")], &service(&[], Some("no_pool"))));
    }

    #[test]
    fn a_refusal_must_be_for_the_reason() {
        assert!(come_true(vec![pending("no_pool")], &service(&[], Some("no_pool"))));
        assert!(!come_true(vec![pending("no_pool")], &service(&[], Some("out_of_ips"))));
        assert!(!come_true(vec![pending("no_pool")], &service(&["10.0.0.1"], None)));
        assert!(come_true(vec![pending("ignored")], &service(&[], None)));
        assert!(!come_true(vec![pending("ignored")], &service(&[], Some("no_pool"))));
        assert!(!come_true(vec![pending("ignored")], &service(&["10.0.0.1"], None)));
    }

    #[test]
    fn a_service_that_nobody_foretold_is_told() {
        let mut none = predicted("Service", Vec::new());
        none.requests.clear();
        assert_eq!(differences(&none, &service(&["10.0.0.1"], None)).len(), 1);
        assert_eq!(differences(&none, &service(&[], None)).len(), 1);
    }

    #[test]
    fn a_gateway_must_say_what_its_service_has() {
        let mut observed = service(&["10.0.0.1"], None);
        let service = observed.services.remove("a/one").expect("it is there");
        observed.services.insert("a/cilium-gateway-one".to_owned(), service);
        let mut gateway = Gateway {
            addresses: ["10.0.0.1".to_owned()].into(),
            programmed: Some(("True".into(), "Programmed".into())),
            accepted: None,
        };
        let foretold = predicted("Gateway", vec![address("10.0.0.1")]);
        observed.gateways.insert("a/one".into(), gateway.clone());
        assert_eq!(differences(&foretold, &observed), Vec::<String>::new());
        gateway.addresses.clear();
        observed.gateways.insert("a/one".into(), gateway.clone());
        assert_eq!(differences(&foretold, &observed).len(), 1);
        gateway.programmed = Some(("False".into(), "AddressNotAssigned".into()));
        observed.gateways.insert("a/one".into(), gateway);
        assert_eq!(differences(&foretold, &observed).len(), 1);
    }

    #[test]
    fn counts_must_be_the_same_and_add_up() {
        let pool = |used: &str, free: &str| PoolReport {
            name: "p".into(),
            at: None,
            blocks: Vec::new(),
            selector: None,
            disabled: false,
            total: Some("19".into()),
            reserved: Some("2".into()),
            used: Some(used.into()),
            free: Some(free.into()),
            used_between: None,
            free_between: None,
            headroom: None,
            owner: None,
            purpose: None,
            generated: false,
        };
        let seen =
            Pool { total: Some("19".into()), available: Some("14".into()), used: Some("5".into()), conflict: false };
        assert_eq!(pool_differs(&pool("3", "14"), &seen), None);
        assert!(pool_differs(&pool("4", "13"), &seen).is_some());
        assert!(pool_differs(&pool("3", "14"), &Pool { available: Some("15".into()), ..seen }).is_some());
    }
}
