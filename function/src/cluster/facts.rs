//! A cluster's view as the facts of the report.

use super::ClusterView;
use super::outcome::outcomes;
use super::pools::PoolView;
use crate::cilium::Count;
use crate::flux::fact::Fact;
use crate::krm::annotations;
use crate::report::{
    AnnouncementReport, BlockReport, ClusterReport, Outcome, PoolReport, RequestReport, Reserved, Setting,
};

/// Everything the report says of a cluster.
pub fn facts(view: &ClusterView<'_, '_>) -> ClusterReport {
    let requests: Vec<RequestReport> = view
        .requests
        .iter()
        .map(|request| {
            let service = request.service.known();
            RequestReport {
                resource: request.object.resource(),
                service: service.filter(|s| s.key.name != request.object.resource().name).map(|s| s.key.to_string()),
                at: Some(request.object.place_of_name()),
                pinned: request.requested.addresses.iter().map(|a| a.address.to_string()).collect(),
                outcomes: outcomes(view, request),
            }
        })
        .collect();
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
        pools: view.pools.iter().map(|pool| pool_report(view, pool, &requests)).collect(),
        requests,
        announcements: view.advertisements.iter().map(announcement).collect(),
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

fn pool_report(view: &ClusterView<'_, '_>, pool: &PoolView<'_, '_>, requests: &[RequestReport]) -> PoolReport {
    let counts = pool.blocks.iter().all(|block| block.block().is_some()).then(|| pool.model().counts(&view.profile));
    let used = counts.as_ref().and_then(|_| used(&pool.label(), requests));
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
        used: used.map(|n| Count::from(n).to_string()),
        owner: pool.object.annotation(annotations::OWNER).map(|text| text.written),
        purpose: pool.object.annotation(annotations::PURPOSE).map(|text| text.written),
        generated: pool.object.item.annotation(annotations::GENERATED_BY).is_some(),
    }
}

/// How many addresses of a pool the known requests take; `None` when that is not certain.
fn used(pool: &str, requests: &[RequestReport]) -> Option<u128> {
    let mut addresses = std::collections::BTreeSet::new();
    let mut drawn = 0;
    for outcome in requests.iter().flat_map(|request| &request.outcomes) {
        match outcome {
            Outcome::Address { address, pool: of, .. } if of == pool => {
                addresses.insert(address.clone());
            }
            Outcome::OneOf { ranges, pools, .. } if pools.iter().any(|p| p == pool) => {
                if pools.len() > 1 {
                    return None;
                }
                match ranges.as_slice() {
                    [single] if !single.contains('-') => {
                        addresses.insert(single.clone());
                    }
                    _ => drawn += 1,
                }
            }
            Outcome::Unknown { .. } => return None,
            _ => {}
        }
    }
    u128::try_from(addresses.len() + drawn).ok()
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
