//! The whole story of one address or one Service: who asks for it, who gets it and why, who else could.

use std::net::IpAddr;

use super::ClusterView;
use super::pools::PoolView;
use super::requests::Request;
use super::serving::{Held, PoolIndex, Serving};
use crate::cilium::address::parse_address;
use crate::config::closest;
use crate::flux::fact::Fact;
use crate::report::{ClusterReport, Explanation, Outcome, Report, RequestReport, Story, StoryStep};

/// As many of a kind as a story names.
const MOST: usize = 8;

/// Tell what there is to tell of `subject`: an address, `NAMESPACE/SERVICE` or `KIND/NAMESPACE/NAME`.
pub fn explanation(subject: &str, views: &[&ClusterView<'_, '_>], report: &Report) -> Explanation {
    let asked = match parse_address(subject) {
        Ok(written) => Subject::Address(written.address),
        Err(_) => Subject::Name(subject),
    };
    let told = views.iter().zip(&report.clusters);
    let mut stories = Vec::new();
    for (view, facts) in told {
        match asked {
            Subject::Address(address) => stories.extend(of_address(view, facts, address)),
            Subject::Name(name) => stories.extend(
                view.requests
                    .iter()
                    .zip(&facts.requests)
                    .filter(|(request, _)| names(request).iter().any(|known| known.eq_ignore_ascii_case(name)))
                    .map(|(request, told)| of_request(view, facts, request, told)),
            ),
        }
    }
    let close = if stories.is_empty() {
        let all: Vec<String> = views.iter().flat_map(|view| &view.requests).flat_map(names).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        closest::closest(subject, &all).map(str::to_owned).into_iter().collect()
    } else {
        Vec::new()
    };
    Explanation { subject: subject.into(), stories, close }
}

#[derive(Clone, Copy)]
enum Subject<'s> {
    Address(IpAddr),
    Name(&'s str),
}

/// The names by which one can ask for a request.
fn names(request: &Request<'_, '_>) -> Vec<String> {
    let resource = request.object.resource();
    let namespace = request.object.namespace().known().cloned().unwrap_or_default();
    let mut names =
        vec![format!("{namespace}/{}", resource.name), format!("{}/{namespace}/{}", resource.kind, resource.name)];
    names.extend(request.service.known().map(|service| service.key.to_string()));
    names.extend(request.service.known().map(|service| format!("Service/{}", service.key)));
    names
}

fn step(about: &str, text: impl Into<String>, at: Option<crate::report::Place>) -> StoryStep {
    StoryStep { about: about.into(), text: text.into(), at }
}

fn of_address(view: &ClusterView<'_, '_>, facts: &ClusterReport, address: IpAddr) -> Option<Story> {
    let mut steps = plan(view, address);
    let index = PoolIndex::of(view);
    let holding: Vec<&Serving<'_, '_, '_>> = index.holding(address).collect();
    for serving in &holding {
        steps.extend(pool(serving, address));
    }
    let text = address.to_string();
    let gets = |request: &RequestReport| {
        request.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Address { address, .. } if *address == text))
    };
    let asks = |request: &RequestReport| request.pinned.contains(&text);
    let each = || view.requests.iter().zip(&facts.requests);
    let mut holders = Vec::new();
    for (request, told) in each().filter(|(_, told)| gets(told) || asks(told)) {
        let verdict = outcomes(told, &text);
        if gets(told) {
            holders.push(request.label());
        }
        steps.push(step("request", format!("{} {verdict}", request.label()), told.at.clone()));
        steps.extend(pins(request, &text));
        steps.extend(announced(told));
    }
    let may: Vec<String> = each()
        .filter(|(_, told)| !gets(told) && !asks(told))
        .filter(|(request, _)| may_take(&index, request, address))
        .map(|(request, _)| request.label())
        .collect();
    if !may.is_empty() && holders.is_empty() {
        let more = if may.len() > MOST { format!(" and {} more", may.len() - MOST) } else { String::new() };
        let names = may.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
        steps.push(step("rival", format!("who asks for none may take it: {names}{more}"), None));
    }
    if steps.is_empty() {
        return None;
    }
    let verdict = match (holders.as_slice(), holding.is_empty(), may.is_empty()) {
        ([], true, _) => match &index.incomplete {
            None => "nobody gets it: no pool of this cluster holds it".into(),
            Some(why) => format!("no known pool holds it, and not every pool is known: {why}"),
        },
        ([], false, true) => "a pool holds it, and nobody is certain to get it".into(),
        ([], false, false) => "a pool holds it, and who gets it depends on who comes first".into(),
        (holders, ..) => format!("goes to {}", holders.join(" and ")),
    };
    Some(Story { cluster: view.cluster.name.clone(), verdict, steps })
}

fn of_request(
    view: &ClusterView<'_, '_>,
    facts: &ClusterReport,
    request: &Request<'_, '_>,
    told: &RequestReport,
) -> Story {
    let mut steps = Vec::new();
    if let Some(service) = &told.service {
        steps.push(step("request", format!("Cilium makes Service {service} of it"), told.at.clone()));
    }
    let index = PoolIndex::of(view);
    let addresses: Vec<IpAddr> = request.requested.addresses.iter().map(|asked| asked.address).collect();
    for &address in &addresses {
        let text = address.to_string();
        steps.push(step("request", format!("asks for {text}"), told.at.clone()));
        steps.extend(pins(request, &text));
        steps.extend(plan(view, address));
        for serving in index.holding(address) {
            steps.extend(pool(serving, address));
        }
        if let (Held::Nowhere, Some(near)) = (index.held(address, request.service.known()), nearest(view, address)) {
            steps.push(step("pool", format!("the nearest pool is {near}"), None));
        }
        let rivals = view
            .requests
            .iter()
            .zip(&facts.requests)
            .filter(|(other, others)| other.label() != request.label() && others.pinned.contains(&text));
        for (other, others) in rivals.take(MOST) {
            steps.push(step("rival", format!("{} asks for {text} too", other.label()), others.at.clone()));
        }
    }
    for ignored in &request.requested.ignored {
        steps.push(step("request", format!("`{}` is no address, so LB-IPAM leaves it out", ignored.text), None));
    }
    if addresses.is_empty() {
        steps.push(step("request", "asks for no address of its own", told.at.clone()));
        if let Some(service) = request.service.known() {
            let labels = service.selectable_labels();
            for serving in index.pools.iter().filter(|serving| serving.selects(&labels) == Some(true)).take(MOST) {
                let ranges: Vec<String> = serving.assignable.iter().take(MOST).map(ToString::to_string).collect();
                let text = format!("pool {} selects it and has {}", serving.pool.label(), ranges.join(", "));
                steps.push(step("pool", text, Some(serving.pool.object.place_of_name())));
            }
        }
    }
    if !told.shares_with.is_empty() {
        let text = format!("shares, or may share, its address with {}", told.shares_with.join(", "));
        steps.push(step("request", text, None));
    }
    let has = |outcome: &Outcome| matches!(outcome, Outcome::Address { .. } | Outcome::OneOf { .. });
    if told.outcomes.iter().any(has) {
        steps.extend(announced(told));
    }
    let verdict = match (&request.service, request.responsible) {
        (Fact::Unknown(why), _) => format!("cannot be known: {why}"),
        (_, Err(why)) => format!("LB-IPAM does not serve it: {why}"),
        _ => told.outcomes.iter().map(outcome).collect::<Vec<_>>().join("; "),
    };
    Story { cluster: view.cluster.name.clone(), verdict: format!("{}: {verdict}", request.label()), steps }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Address { address, pool, because } => format!("gets {address} from pool {pool}, because {because}"),
        Outcome::OneOf { ranges, pools, because, .. } => {
            format!("gets one of {} from pool {}, because {because}", ranges.join(", "), pools.join(", "))
        }
        Outcome::Pending { reason, because } => format!("stays pending ({reason}), because {because}"),
        Outcome::Unknown { because } => format!("is not to be known, because {because}"),
    }
}

/// What a request comes to, as far as this address is concerned.
fn outcomes(told: &RequestReport, address: &str) -> String {
    let at = told.pinned.iter().position(|pinned| pinned == address);
    let one = at.and_then(|at| told.outcomes.get(at)).or_else(|| {
        told.outcomes.iter().find(|outcome| matches!(outcome, Outcome::Address { address: one, .. } if one == address))
    });
    one.or(told.outcomes.first()).map_or_else(|| "asks for it".into(), outcome)
}

/// The plan's word on an address: range, segment, what it is kept for.
fn plan(view: &ClusterView<'_, '_>, address: IpAddr) -> Vec<StoryStep> {
    let mut steps = Vec::new();
    for range in view.plan.ranges.iter().filter(|range| range.contains(address)) {
        steps.push(step("plan", format!("the plan gives {range} to cluster {}", view.cluster.name), None));
    }
    for range in view.plan.network.iter().filter(|range| range.contains(address)) {
        steps.push(step("segment", format!("on the network segment {range} of this cluster"), None));
    }
    for reserved in view.plan.reserved.iter().filter(|reserved| reserved.range.contains(address)) {
        steps.push(step("plan", format!("the plan keeps {} for {}", reserved.range, reserved.purpose), None));
    }
    steps
}

/// The pool and the block that hold an address, and the settings that they come from.
fn pool(serving: &Serving<'_, '_, '_>, address: IpAddr) -> Vec<StoryStep> {
    let view = serving.pool;
    let mut facts = Vec::new();
    if view.disabled.known() == Some(&true) {
        facts.push("is disabled".to_owned());
    }
    if serving.reserved.contains(&address) {
        facts.push("keeps this address back as the first or last of its block (allowFirstLastIPs)".into());
    }
    facts.push(match &view.selector {
        Fact::Known(None) => "serves every Service".into(),
        Fact::Known(Some(Ok(selector))) if selector.selects_all() => "serves every Service".into(),
        Fact::Known(Some(Ok(selector))) => format!("serves Services with {selector}"),
        Fact::Known(Some(Err(error))) => format!("has a selector that cannot be compiled: {error}"),
        Fact::Unknown(why) => format!("has a selector that is not known: {why}"),
    });
    let mut steps = vec![step(
        "pool",
        format!("pool {} holds it and {}", view.label(), facts.join(", and ")),
        Some(view.object.place_of_name()),
    )];
    for (block, parsed) in view.ranges().filter(|(_, parsed)| parsed.range.contains(address)) {
        let text = format!("{} is {}", block.path, parsed.range);
        steps.push(step("block", text, Some(view.object.place(&block.span))));
        for (_, text) in block.fields() {
            steps.extend(view.object.chain(text).into_iter().map(|link| step("setting", link.what, link.at)));
        }
    }
    steps
}

/// Where a request writes an address down, and how it got there.
fn pins(request: &Request<'_, '_>, address: &str) -> Vec<StoryStep> {
    let mut steps = Vec::new();
    for (path, text) in &request.written {
        let Some(value) = text.known() else { continue };
        if value.split(',').any(|one| one.trim() == address) {
            steps.push(step("request", format!("written in {path}"), Some(request.object.place(&text.span))));
            steps.extend(request.object.chain(text).into_iter().map(|link| step("setting", link.what, link.at)));
        }
    }
    steps
}

fn announced(told: &RequestReport) -> Vec<StoryStep> {
    let names: Vec<String> = told.announced_by.iter().map(|by| format!("{} {}", by.kind, by.name)).collect();
    match (&told.announcement_unknown, names.is_empty()) {
        (Some(why), true) => vec![step("announcement", format!("what announces it is not known: {why}"), None)],
        (Some(why), false) => {
            vec![step("announcement", format!("announced by {}, as far as is known: {why}", names.join(", ")), None)]
        }
        (None, true) => vec![step("announcement", "nothing announces it: the address will not be reachable", None)],
        (None, false) => vec![step("announcement", format!("announced by {}", names.join(", ")), None)],
    }
}

/// Whether a request that asks for no address may get this one.
fn may_take(index: &PoolIndex<'_, '_, '_>, request: &Request<'_, '_>, address: IpAddr) -> bool {
    let Some(service) = request.service.known() else { return false };
    request.responsible.is_ok()
        && request.requested.addresses.is_empty()
        && matches!(index.held(address, Some(service)), Held::Served(_) | Held::Unknown)
}

/// The pool with the closest address of the same family, by name and ranges.
fn nearest(view: &ClusterView<'_, '_>, address: IpAddr) -> Option<String> {
    let number = crate::cilium::address::number(address);
    let family = crate::cilium::Family::of(address);
    let distance = |pool: &PoolView<'_, '_>| {
        let ranges = pool.ranges().filter(|(_, block)| block.range.family() == family);
        let far = |at: IpAddr| crate::cilium::address::number(at).abs_diff(number);
        ranges.map(|(_, block)| far(block.range.first()).min(far(block.range.last()))).min()
    };
    let nearest = view.pools.iter().filter_map(|pool| Some((distance(pool)?, pool))).min_by_key(|(far, _)| *far)?.1;
    Some(format!("{} with {}", nearest.label(), nearest.model().ranges()))
}
