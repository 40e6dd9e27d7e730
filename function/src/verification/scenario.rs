//! A state of a cluster as a scenario for Cilium's own controller (`cargo xtask oracle cilium`): its pools, and the
//! Services that have to do with one of them, with the addresses that they have.

use serde_json::{Value, json};

use super::Living;
use crate::cilium::Service;

/// As many Services as a scenario names.
const MOST: usize = 64;

/// The scenario of one Service, as one line of JSON.
pub(super) fn of(living: &Living<'_>, service: &Service) -> String {
    let flags = &living.flags;
    let mut classes = Vec::new();
    classes.extend(flags.bgp_control_plane.then_some("io.cilium/bgp-control-plane"));
    classes.extend(flags.l2_announcements.then_some("io.cilium/l2-announcer"));
    let options = json!({
        "ipv4": flags.ipv4, "ipv6": flags.ipv6, "classes": classes, "defaultIPAM": flags.default_ipam == "lbipam",
        "protoDiff": flags.proto_diff, "feedback": true,
    });
    let labels = service.selectable_labels();
    let concerned = |other: &Service| {
        let theirs = other.selectable_labels();
        let shares = living.pools.iter().any(|p| p.selects(&labels) != Ok(false) && p.selects(&theirs) != Ok(false));
        other.key == service.key || shares || other.ingress.iter().any(|address| service.ingress.contains(address))
    };
    // Its own comes last: who else is there is what it meets.
    let others = living.services.iter().filter(|other| other.key != service.key && concerned(other)).take(MOST - 1);
    let mut pools: Vec<_> = living.observed.pools.iter().collect();
    pools.sort_by_key(|(name, pool)| (pool.pool.created, name.as_str().to_owned()));
    let events: Vec<Value> = pools
        .iter()
        .map(|(name, pool)| {
            json!({ "pool": { "name": name, "created": pool.pool.created.unwrap_or_default(), "spec": pool.spec } })
        })
        .chain(others.chain([service]).map(|service| json!({ "service": written(service) })))
        .collect();
    json!({ "cilium": living.profile.version.to_string(), "options": options, "events": events }).to_string()
}

fn written(service: &Service) -> Value {
    let ports: Vec<Value> =
        service.ports.iter().map(|port| json!({ "port": port.number, "protocol": port.protocol })).collect();
    json!({
        "namespace": service.key.namespace,
        "name": service.key.name,
        "labels": service.labels,
        "annotations": service.annotations,
        "ingress": service.ingress,
        "spec": {
            "type": service.service_type,
            "loadBalancerClass": service.class,
            "loadBalancerIP": service.load_balancer_ip,
            "ipFamilyPolicy": service.family_policy,
            "ipFamilies": service.families,
            "externalTrafficPolicy": service.external_traffic_policy,
            "selector": service.pod_selector,
            "ports": ports,
        },
    })
}
