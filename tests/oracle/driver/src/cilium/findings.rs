//! The findings about blocks, pools and addresses, held against what the real controller did.
//!
//! Each row takes the cluster of a kept scenario, as it is after some step, and says whether a rule speaks about it
//! and what the recorded controller shows that makes it right. A rule is in the table with a scenario that fails and
//! one that passes, or in [`NOT_SEEN_BY_LB_IPAM`] with the reason.

use std::collections::BTreeMap;

use lbpools_function::{Options, Role, Source, evaluate};
use serde_json::{Value, json};

use super::recorded::{Record, cases};
use super::scenario::{Scenario, Seen, Step};
use table::TABLE;

mod table;

/// One cluster, one rule.
struct Row {
    code: &'static str,
    speaks: bool,
    /// Scenario and how many of its events have happened; with a baseline where the rule is about a change.
    case: &'static str,
    after: usize,
    before: Option<usize>,
    minor: &'static str,
    /// Lines that begin so are to be seen (see [`lines`]) after so many events of the recorded scenario, or at its end.
    shows: &'static [&'static str],
    seen: usize,
    /// `spec.clusters` of the config, if the rule is about a network plan.
    plan: &'static str,
    /// Of the Gateway `network/public` that stands for its Service: fields of `spec`, and labels.
    gateway: &'static str,
    gateway_labels: &'static str,
    /// An annotation of the Ingress `home/shop` that stands for its Service.
    ingress: &'static str,
    /// A manifest that LB-IPAM does not look at.
    beside: &'static str,
}

const ROW: Row = Row {
    code: "",
    speaks: true,
    case: "",
    after: usize::MAX,
    before: None,
    minor: "1.18",
    shows: &[],
    seen: usize::MAX,
    plan: "",
    gateway: "",
    gateway_labels: "",
    ingress: "",
    beside: "",
};

/// Rules of these hundreds that LB-IPAM has no part in, so that its code can neither confirm nor deny them.
const NOT_SEEN_BY_LB_IPAM: &[(&str, &str)] = &[
    ("LBP107", "the API server refuses a version that it does not serve"),
    ("LBP108", "the API server prunes a field that is not in the schema"),
    ("LBP109", "the API server refuses a value of another type"),
    ("LBP112", "a deprecated version is served all the same"),
    ("LBP201", "the plan of another cluster: LB-IPAM sees one cluster"),
    ("LBP202", "the network of the plan: LB-IPAM knows no network"),
    ("LBP203", "two clusters: LB-IPAM sees one"),
    ("LBP205", "growth reserve: a wish of the plan"),
    ("LBP206", "the ranges of the plan: LB-IPAM knows no plan"),
    ("LBP323", "no Service comes to be, so LB-IPAM is never asked"),
    ("LBP605", "releases older than those that are run here"),
    ("LBP606", "the API server refuses the change, so LB-IPAM never sees it"),
];

/// The manifests of the cluster after the first `events` events.
fn manifests(row: &Row, scenario: &Scenario, events: usize) -> String {
    let (mut pools, mut services) = (Vec::<(String, Value)>::new(), Vec::<(String, Value)>::new());
    let put =
        |into: &mut Vec<(String, Value)>, key: String, value: Value| match into.iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => *old = value,
            None => into.push((key, value)),
        };
    let served = if matches!(row.minor, "1.15" | "1.16" | "1.17") { "cilium.io/v2alpha1" } else { "cilium.io/v2" };
    for event in scenario.events.iter().take(events) {
        match event {
            Step::Pool(pool) => put(
                &mut pools,
                pool.name.clone(),
                json!({"apiVersion": served, "kind": "CiliumLoadBalancerIPPool", "metadata": {"name": pool.name}, "spec": pool.spec}),
            ),
            Step::Service(service) => put(
                &mut services,
                service.key(),
                json!({"apiVersion": "v1", "kind": "Service", "spec": service.spec, "metadata": {"name": service.name,
                    "namespace": service.namespace, "labels": service.labels, "annotations": service.annotations}}),
            ),
            Step::DeletePool(name) => pools.retain(|(key, _)| key != name),
            Step::DeleteService(name) => services.retain(|(key, _)| key != name),
            Step::RedeliverPool(_) | Step::RedeliverService(_) | Step::Restart { .. } => {}
        }
    }
    services.retain(|(key, _)| !key.contains("/cilium-gateway-") && !key.contains("/cilium-ingress-"));
    let all = pools.into_iter().chain(services).map(|(_, value)| format!("{value}\n"));
    all.chain(derived(row)).collect::<Vec<String>>().join("---\n")
}

/// What a Gateway's or an Ingress's Service comes from, and what else there is.
fn derived(row: &Row) -> Vec<String> {
    let mut derived = Vec::new();
    if !row.beside.is_empty() {
        derived.push(format!("{}\n", row.beside));
    }
    if !row.gateway.is_empty() || !row.gateway_labels.is_empty() {
        derived.push(format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: public, namespace: network, labels: \
             {{{}}}}}\nspec: {{gatewayClassName: cilium, {}}}\n",
            row.gateway_labels, row.gateway
        ));
    }
    if !row.ingress.is_empty() {
        derived.push(format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: shop, namespace: home, annotations: \
             {{ingress.cilium.io/loadbalancer-mode: dedicated, {}}}}}\nspec: {{ingressClassName: cilium}}\n",
            row.ingress
        ));
    }
    derived
}

/// The findings of a row's rule about its cluster.
fn messages(row: &Row, scenario: &Scenario) -> Vec<String> {
    let options = &scenario.options;
    let has = |class: &str| options.classes.iter().any(|c| c == class);
    let mut cilium = json!({"version": row.minor, "bgpControlPlane": has("io.cilium/bgp-control-plane"),
        "l2Announcements": has("io.cilium/l2-announcer"), "ipv4": options.v4, "ipv6": options.v6});
    if !options.default_ipam {
        cilium["defaultLBServiceIPAM"] = json!("none");
    }
    let mut config = json!({"apiVersion": "lbpools.dev/v1alpha1", "kind": "LoadBalancerPools", "metadata": {"name": "lb"},
        "spec": {"cilium": cilium}});
    if !row.plan.is_empty() {
        config["spec"]["clusters"] = serde_json::from_str(row.plan).unwrap_or_default();
    }
    // A cluster of a plan has a place in the tree; any other is one stream.
    let place = if row.plan.is_empty() { "cluster.yaml" } else { "clusters/infra/cluster.yaml" };
    let mut sources = Vec::new();
    for (events, role) in [(Some(row.after), Role::Subject), (row.before, Role::Baseline)] {
        let Some(events) = events else { continue };
        sources.push(Source { role, ..Source::file("lbpools.yaml", format!("{config}\n")) });
        sources.push(Source { role, ..Source::file(place, manifests(row, scenario, events)) });
    }
    let report = evaluate(&sources, Options::default()).report;
    assert_eq!(report.failure, None, "{} {}", row.code, row.case);
    report.findings.into_iter().filter(|finding| finding.code == row.code).map(|finding| finding.message).collect()
}

/// What there is to see, in lines: `Service n/a 10.0.0.1 True satisfied`, `pool p total 16 free 10 conflict False`,
/// `error it gave ...`, `panic ...`.
fn lines(seen: &Seen) -> Vec<String> {
    let or = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let services = seen.services.iter().map(|(key, service)| {
        format!(
            "Service {key} {} {} {} {}",
            or(&service.ingress.join(",")),
            or(&service.status),
            or(&service.reason),
            service.message
        )
    });
    let pools = seen.pools.iter().map(|(name, pool)| {
        format!("pool {name} total {} free {} conflict {}", or(&pool.total), or(&pool.available), or(&pool.conflict))
    });
    let ends =
        [("error it gave", &seen.error), ("panic", &seen.panic)].into_iter().filter(|(_, text)| !text.is_empty());
    services.chain(pools).chain(ends.map(|(word, text)| format!("{word} {text}"))).collect()
}

fn records(minor: &str) -> anyhow::Result<BTreeMap<String, Record>> {
    let path = super::program::root().join("recorded").join(format!("{minor}.jsonl"));
    let text = std::fs::read_to_string(path)?;
    text.lines().map(|line| Ok(serde_json::from_str::<Record>(line)?)).map(|r| r.map(|r| (r.case.clone(), r))).collect()
}

/// Each row: the rule speaks or is silent, and the real controller showed why.
#[test]
fn each_finding_is_what_cilium_shows() -> anyhow::Result<()> {
    let cases: BTreeMap<String, Scenario> = cases()?.into_iter().collect();
    let mut wrong = Vec::new();
    for row in TABLE {
        let name = format!("{} on {} ({})", row.code, row.case, row.minor);
        let Some(scenario) = cases.get(row.case) else {
            wrong.push(format!("{name}: no such case"));
            continue;
        };
        let found = messages(row, scenario);
        if found.is_empty() == row.speaks {
            wrong.push(format!("{name}: it says {found:?}"));
        }
        let records = records(row.minor)?;
        let Some(record) = records.get(row.case) else {
            wrong.push(format!("{name}: not recorded"));
            continue;
        };
        assert!(!row.shows.is_empty(), "{name}: nothing confirms it");
        for shown in row.shows {
            assert!(shown.split(' ').count() > 2 || *shown == "panic", "{name}: {shown:?} says nothing but a name");
            let sees = |seen: &Seen| lines(seen).iter().any(|line| line.starts_with(shown));
            let steps = record.outcomes.iter().map(|outcome| outcome.steps.iter().take(row.seen));
            let last: Vec<&Seen> = steps.filter_map(Iterator::last).collect();
            if !last.iter().any(|seen| sees(seen)) {
                let all: Vec<Vec<String>> = last.into_iter().map(lines).collect();
                wrong.push(format!("{name}: {shown:?} is not among {all:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// A rule of these hundreds is confirmed both ways, or it is said why it cannot be.
#[test]
fn every_rule_about_addresses_is_confirmed() {
    for rule in lbpools_function::rules::RULES {
        if !["LBP1", "LBP2", "LBP3", "LBP6"].iter().any(|hundred| rule.code.starts_with(hundred)) {
            continue;
        }
        let exempt = NOT_SEEN_BY_LB_IPAM.iter().any(|(code, _)| *code == rule.code);
        let row = |speaks: bool| TABLE.iter().any(|row| row.code == rule.code && row.speaks == speaks);
        assert_eq!((row(true), row(false)), (!exempt, !exempt), "{} {}: (fails, passes)", rule.code, rule.name);
    }
}
