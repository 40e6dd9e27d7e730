//! A cluster's view as the facts of the report.

use std::collections::BTreeMap;

use super::ClusterView;
use super::coverage::{Announcers, Coverage};
use super::pools::PoolView;
use super::usage::Usage;
use crate::cilium::Count;
use crate::cilium::sharing::{Sharing, port_rule};
use crate::flux::fact::Fact;
use crate::krm::annotations;
use crate::report::{
    AnnouncementReport, Between, BlockReport, ClusterReport, Outcome, PoolReport, RequestReport, Reserved, Setting,
};

/// Everything the report says of a cluster.
pub fn facts(view: &ClusterView<'_, '_>) -> ClusterReport {
    let announcers = Announcers::of(view);
    let mut requests: Vec<RequestReport> = view
        .requests
        .iter()
        .zip(view.outcomes())
        .map(|(request, outcomes)| {
            let service = request.service.known();
            // Who gets no address from LB-IPAM has none to announce.
            let coverage = match request.responsible {
                Ok(()) => announcers.all(request),
                Err(_) => Coverage::default(),
            };
            RequestReport {
                resource: request.object.resource(),
                service: service.filter(|s| s.key.name != request.object.resource().name).map(|s| s.key.to_string()),
                at: Some(request.object.place_of_name()),
                pinned: request.requested.addresses.iter().map(|a| a.address.to_string()).collect(),
                outcomes: outcomes.clone(),
                announced_by: coverage.by.iter().map(|by| by.object.resource()).collect(),
                announcement_unknown: coverage.unknown,
                shares_with: Vec::new(),
            }
        })
        .collect();
    let usage = Usage::of(view, &requests);
    let pools: Vec<PoolReport> =
        view.pools.iter().enumerate().map(|(at, pool)| pool_report(view, pool, usage.of_pool(at))).collect();
    sharers(view, &mut requests);
    requests.iter_mut().flat_map(|request| &mut request.outcomes).for_each(bounded);
    ClusterReport {
        name: view.cluster.name.clone(),
        entrypoint: view.cluster.entrypoint.clone(),
        cilium: view.profile.version.to_string(),
        ranges: view.plan.ranges.iter().map(ToString::to_string).collect(),
        network: (!view.plan.network.is_empty())
            .then(|| view.plan.network.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        reserved: view
            .plan
            .reserved
            .iter()
            .map(|r| Reserved { purpose: r.purpose.clone(), range: r.range.to_string() })
            .collect(),
        settings: settings(view),
        pools,
        requests,
        announcements: view.advertisements.iter().map(announcement).collect(),
    }
}

/// As many ranges and pools of an uncertain outcome as the report names: a thousand pools for each of a hundred
/// thousand Services would be nobody's reading.
const MOST_NAMED: usize = 8;

fn bounded(outcome: &mut Outcome) {
    if let Outcome::OneOf { ranges, pools, more, .. } = outcome {
        *more = ranges.len().saturating_sub(MOST_NAMED) + pools.len().saturating_sub(MOST_NAMED);
        ranges.truncate(MOST_NAMED);
        pools.truncate(MOST_NAMED);
    }
}

/// Say with whom each request may have its address in common: who has the same key, fits to it, and has not for certain
/// another address.
fn sharers(view: &ClusterView<'_, '_>, requests: &mut [RequestReport]) {
    let mut by_key: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut sharing: BTreeMap<usize, Sharing> = BTreeMap::new();
    for (at, request) in view.requests.iter().enumerate() {
        let Some(of) = request.service.known().map(|service| Sharing::of(service, &view.profile)) else { continue };
        if let Some(key) = of.key.clone() {
            by_key.entry(key).or_default().push(at);
            sharing.insert(at, of);
        }
    }
    let ports = port_rule(&view.flags, &view.profile);
    let fits = |one: &usize, other: &usize| match (sharing.get(one), sharing.get(other)) {
        (Some(one), Some(other)) => one.compatible(other, ports).is_ok(),
        _ => false,
    };
    let settled = |request: &RequestReport| -> Option<Vec<String>> {
        let address = |outcome: &Outcome| match outcome {
            Outcome::Address { address, .. } => Some(address.clone()),
            _ => None,
        };
        request.outcomes.iter().map(address).collect()
    };
    for sharers in by_key.values().filter(|sharers| sharers.len() > 1) {
        for &at in sharers {
            let others = sharers.iter().filter(|&other| *other != at && fits(&at, other)).filter(|&&other| {
                match (settled(&requests[at]), settled(&requests[other])) {
                    (Some(one), Some(two)) => one.iter().any(|address| two.contains(address)),
                    _ => true,
                }
            });
            let names = others.take(MOST_NAMED).map(|&other| view.requests[other].label()).collect();
            requests[at].shares_with = names;
        }
    }
}

fn settings(view: &ClusterView<'_, '_>) -> Vec<Setting> {
    let variables = &view.cluster.settings.by_name;
    variables
        .iter()
        .map(|(key, variable)| Setting {
            key: key.clone(),
            value: variable.value.known().cloned(),
            unknown: variable.value.unknown().map(str::to_owned),
            origin: variable.holder.clone(),
            at: variable.at.clone(),
        })
        .collect()
}

fn pool_report(view: &ClusterView<'_, '_>, pool: &PoolView<'_, '_>, used: Option<(Count, Count)>) -> PoolReport {
    let counts = pool.blocks.iter().all(|block| block.block().is_some()).then(|| pool.model().counts(&view.profile));
    let assignable = counts.as_ref().map(|counts| counts.total - counts.reserved);
    let used = used.filter(|_| counts.is_some());
    let free = used
        .zip(assignable)
        .and_then(|((least, most), assignable)| (least <= assignable).then(|| (assignable - most, assignable - least)));
    let exact = |count: Option<(Count, Count)>| count.filter(|(least, most)| least == most).map(|(n, _)| n.to_string());
    let between = |count: Option<(Count, Count)>| {
        let open = count.filter(|(least, most)| least != most);
        open.map(|(least, most)| Between { at_least: least.to_string(), at_most: most.to_string() })
    };
    PoolReport {
        name: pool.label(),
        at: Some(pool.object.place_of_name()),
        blocks: pool
            .blocks
            .iter()
            .map(|block| BlockReport {
                written: block.written(),
                range: block.block().map(|b| b.range.to_string()),
                unknown: match &block.parsed {
                    Fact::Unknown(why) => Some(why.clone()),
                    Fact::Known(Err(error)) => Some(error.to_string()),
                    Fact::Known(Ok(_)) => None,
                },
            })
            .collect(),
        selector: match &pool.selector {
            Fact::Known(None) => None,
            Fact::Known(Some(Ok(selector))) if selector.selects_all() => None,
            Fact::Known(Some(Ok(selector))) => Some(selector.to_string()),
            Fact::Known(Some(Err(error))) => Some(format!("cannot be compiled: {error}")),
            Fact::Unknown(why) => Some(format!("unknown: {why}")),
        },
        disabled: pool.disabled.known() == Some(&true),
        total: counts.as_ref().map(|c| c.total.to_string()),
        reserved: counts.as_ref().map(|c| c.reserved.to_string()),
        used: exact(used),
        used_between: between(used),
        free: exact(free),
        free_between: between(free),
        headroom: counts.as_ref().and_then(|counts| {
            let planned = view.plan.pools.iter().find(|planned| planned.name == pool.label())?;
            Some(planned.headroom?.of(counts.total - counts.reserved).to_string())
        }),
        owner: pool.object.annotation(annotations::OWNER).map(|text| text.written),
        purpose: pool.object.annotation(annotations::PURPOSE).map(|text| text.written),
        generated: pool.object.item.annotation(annotations::GENERATED_BY).is_some(),
    }
}

fn announcement(advertisement: &super::announcement::Advertisement<'_, '_>) -> AnnouncementReport {
    let selected: Vec<String> = advertisement
        .announces
        .iter()
        .filter(|announced| announced.load_balancer)
        .map(|announced| match &announced.selector {
            Fact::Known(None) if announced.missing_selects_all => "every Service".into(),
            Fact::Known(None) => "nothing: it has no selector".into(),
            Fact::Known(Some(Ok(selector))) if selector.selects_all() => "every Service".into(),
            Fact::Known(Some(Ok(selector))) => format!("Services with {selector}"),
            Fact::Known(Some(Err(error))) => format!("nothing: {error}"),
            Fact::Unknown(why) => format!("unknown: {why}"),
        })
        .collect();
    AnnouncementReport {
        resource: advertisement.object.resource(),
        at: Some(advertisement.object.place_of_name()),
        announces: if selected.is_empty() { "no load balancer addresses".into() } else { selected.join("; ") },
    }
}
