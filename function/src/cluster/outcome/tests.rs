//! Each way an outcome comes about, through the whole function.

use crate::report::{ClusterReport, Outcome};
use crate::{Options, Source, evaluate};

const POOL: &str = "apiVersion: cilium.io/v2
kind: CiliumLoadBalancerIPPool
metadata: {name: NAME}
spec: {SPEC}
---
";

fn pool(name: &str, spec: &str) -> String {
    POOL.replace("NAME", name).replace("SPEC", spec)
}

fn service(name: &str, metadata: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: n{metadata}}}\nspec: {{type: LoadBalancer, ports: [{{port: 80}}]{spec}}}\n---\n"
    )
}

fn pinned(name: &str, addresses: &str) -> String {
    service(name, &format!(", annotations: {{lbipam.cilium.io/ips: \"{addresses}\"}}"), "")
}

fn cluster(parts: &[String]) -> ClusterReport {
    let report = evaluate(&[Source::stdin(parts.concat())], Options::default()).report;
    assert_eq!(report.failure, None);
    report.clusters.into_iter().next().expect("one cluster")
}

/// The outcomes of the first Service, in short.
fn first(parts: &[String]) -> String {
    let outcomes = &cluster(parts).requests[0].outcomes;
    outcomes.iter().map(short).collect::<Vec<_>>().join("; ")
}

fn short(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Address { address, pool, because } => format!("{address} of {pool}: {because}"),
        Outcome::OneOf { ranges, pools, because } => {
            format!("one of {} in {}: {because}", ranges.join(","), pools.join(","))
        }
        Outcome::Pending { reason, because } => format!("{reason}: {because}"),
        Outcome::Unknown { because } => format!("unknown: {because}"),
    }
}

const LAN: &str = "blocks: [{cidr: 10.0.0.0/24}]";

#[test]
fn a_pin_that_nobody_else_can_take_is_certain() {
    let found = first(&[pinned("s", "10.0.0.7"), pool("p", LAN)]);
    assert_eq!(found, "10.0.0.7 of p: it asks for it");
    let others = [
        pinned("s", "10.0.0.7"),
        pinned("t", "10.0.0.8"),
        service("class", "", ", loadBalancerClass: example.org/other"),
        service("six", "", ", ipFamilies: [IPv6]"),
        pool("p", LAN),
    ];
    assert_eq!(first(&others), found, "none of these can take it");
}

#[test]
fn a_pin_has_rivals_and_the_first_of_them_is_named() {
    let same = pinned("t", "10.0.0.7");
    let none = service("g", "", "");
    let vague = service("\"${V}\"", "", "");
    let settings = "apiVersion: v1\nkind: Secret\nmetadata: {name: cluster-settings, namespace: flux-system}\n---\n";
    let s = pinned("s", "10.0.0.7");
    let p = pool("p", LAN);
    let found = first(&[s.clone(), same.clone(), none.clone(), p.clone()]);
    assert_eq!(found, "one of 10.0.0.7 in p: it asks for it, and so does Service n/t: the first to come gets it");
    let found = first(&[s.clone(), none.clone(), same.clone(), p.clone()]);
    assert!(found.ends_with("keeps no place: Service n/g, which asks for none, may have got it before"), "{found}");
    let kustomization = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k, namespace: flux-system}\nspec: {postBuild: {substituteFrom: [{kind: Secret, name: cluster-settings}]}}\n---\n";
    let secret = settings.replace("\n---\n", "\ndata: {V: eA==}\n---\n");
    let found = first(&[s, vague, same, none, p, secret, kustomization.to_owned()]);
    assert!(found.ends_with("of which not all is known"), "{found}");
}

#[test]
fn who_shares_an_address_is_no_rival() {
    let sharing = |name: &str, port: u16| {
        let annotations = "{lbipam.cilium.io/ips: 10.0.0.7, lbipam.cilium.io/sharing-key: k}";
        service(name, &format!(", annotations: {annotations}"), "").replace("port: 80", &format!("port: {port}"))
    };
    let found = first(&[sharing("s", 80), sharing("t", 81), pool("p", LAN)]);
    assert_eq!(found, "10.0.0.7 of p: it asks for it");
    let found = first(&[sharing("s", 80), sharing("t", 80), pool("p", LAN)]);
    assert!(found.contains("Service n/t"), "{found}");
    let cluster = cluster(&[sharing("s", 80), sharing("t", 81), pool("p", LAN)]);
    assert_eq!(cluster.pools[0].used.as_deref(), Some("1"), "one address for both");
}

#[test]
fn a_pin_outside_of_what_pools_hand_out_waits() {
    let s = pinned("s", "10.0.0.0");
    assert_eq!(first(std::slice::from_ref(&s)), "no_pool: the cluster has no pool at all, so LB-IPAM does nothing");
    let far = pool("p", "blocks: [{cidr: 10.1.0.0/24}]");
    assert_eq!(first(&[s.clone(), far]), "no_pool: no enabled pool holds 10.0.0.0");
    let off = pool("p", &format!("{LAN}, disabled: true"));
    assert_eq!(first(&[s.clone(), off]), "no_pool: no enabled pool holds 10.0.0.0");
    let other = pool("p", &format!("{LAN}, serviceSelector: {{matchLabels: {{a: b}}}}"));
    assert_eq!(
        first(&[s.clone(), other.clone()]),
        "pool_selector_mismatch: pool p holds 10.0.0.0 but does not select it"
    );
    let broken = pool(
        "q",
        "blocks: [{start: 10.0.0.0, stop: 10.0.0.9}], serviceSelector: {matchExpressions: [{key: a, operator: In}]}",
    );
    assert_eq!(first(&[s.clone(), other, broken]), "unknown: the selector of pool p is not known");
    let ends = pool("p", &format!("{LAN}, allowFirstLastIPs: \"No\""));
    let found = first(&[s, ends]);
    assert!(found.starts_with("already_allocated: 10.0.0.0 is the first or last address"), "{found}");
}

#[test]
fn pools_in_conflict_promise_nothing() {
    let both = [pool("p", LAN), pool("q", "blocks: [{cidr: 10.0.0.0/25}]")].concat();
    let because = "unknown: pool p overlaps another; the younger one is out of force";
    assert_eq!(first(&[pinned("s", "10.0.0.200"), both.clone()]), because);
    assert_eq!(first(&[service("s", "", ""), both]), because);
}

#[test]
fn without_a_pin_the_first_address_is_certain_for_one_alone() {
    let alone = [service("s", "", ""), pool("p", LAN)];
    assert_eq!(
        first(&alone),
        "10.0.0.0 of p: it asks for none and is the only one to draw from this pool: the first free address"
    );
    let because = "it asks for none: which one depends on who comes first";
    for (others, ranges, pools) in [
        (service("t", "", ""), "10.0.0.0-10.0.0.255", "p"),
        (pinned("t", "10.0.0.9"), "10.0.0.0-10.0.0.255", "p"),
        (pool("q", "blocks: [{cidr: 10.1.0.0/30}]"), "10.0.0.0-10.0.0.255,10.1.0.0-10.1.0.3", "p,q"),
    ] {
        let parts = [alone[0].clone(), alone[1].clone(), others];
        assert_eq!(first(&parts), format!("one of {ranges} in {pools}: {because}"));
    }
    let two_blocks = pool("p", "blocks: [{cidr: 10.0.0.0/30}, {cidr: 10.1.0.0/30}]");
    assert_eq!(
        first(&[service("s", "", ""), two_blocks]),
        format!("one of 10.0.0.0-10.0.0.3,10.1.0.0-10.1.0.3 in p: {because}")
    );
    let elsewhere = pinned("t", "10.9.0.9");
    assert_eq!(first(&[alone[0].clone(), alone[1].clone(), elsewhere]), first(&alone), "it takes nothing from p");
}

#[test]
fn without_a_pin_labels_decide_which_pools_serve() {
    let labelled = service("s", ", labels: {tenant: a}", "");
    let of = |name: &str, cidr: &str, selector: &str| {
        pool(name, &format!("blocks: [{{cidr: {cidr}}}], serviceSelector: {selector}"))
    };
    let pools = [
        of("a", "10.0.1.0/30", "{matchLabels: {tenant: a}}"),
        of("b", "10.0.2.0/30", "{matchLabels: {tenant: b}}"),
        of("c", "10.0.3.0/30", "{matchExpressions: [{key: tenant, operator: In, values: [a, b]}]}"),
        of("d", "10.0.4.0/30", "{matchExpressions: [{key: tenant, operator: NotIn, values: [a]}]}"),
        of("e", "10.0.5.0/30", "{matchExpressions: [{key: other, operator: DoesNotExist}]}"),
        of("f", "10.0.6.0/30", "{matchLabels: {io.kubernetes.service.namespace: n, tenant: a}}"),
    ]
    .concat();
    let found = first(&[labelled.clone(), pools]);
    assert!(found.contains(" in a,c,e,f: "), "{found}");
    let none = of("b", "10.0.2.0/30", "{matchLabels: {tenant: b}}");
    assert_eq!(first(&[labelled.clone(), none]), "no_pool: no enabled pool with IPv4 addresses selects it");
    let six = pool("six", "blocks: [{cidr: 'fd00::/64'}]");
    assert_eq!(first(&[labelled, six]), "no_pool: no enabled pool with IPv4 addresses selects it");
}

#[test]
fn who_is_not_served_gets_nothing() {
    let foreign = service("s", "", ", loadBalancerClass: example.org/other");
    assert_eq!(first(&[foreign, pool("p", LAN)]), "ignored: its class is none that LB-IPAM serves");
}

#[test]
fn use_of_a_pool_is_counted_once_an_address_and_only_when_certain() {
    let used = |parts: &[String]| cluster(parts).pools[0].used.clone();
    let p = pool("p", LAN);
    assert_eq!(used(std::slice::from_ref(&p)).as_deref(), Some("0"));
    let three = [p.clone(), pinned("s", "10.0.0.7"), pinned("t", "10.0.0.7"), service("u", "", "")];
    assert_eq!(used(&three).as_deref(), Some("2"), "one pinned by two, one drawn");
    let either = [p.clone(), pool("q", "blocks: [{cidr: 10.1.0.0/24}]"), service("u", "", "")];
    assert_eq!(used(&either), None, "it may come from q");
    let conflict = [p, pool("q", LAN), service("u", "", "")];
    assert_eq!(used(&conflict), None);
}
