//! The story's fleet held against a living cluster: the healthy one is clean, each planted drift is told with the right
//! words and nothing else is, and what cannot be known is not judged.

// The function reads no file; its tests do.
#![allow(clippy::disallowed_methods)]

mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lbpools_function::krm::{decode::decode, parse::document};
use lbpools_function::report::{
    AddressFate, Difference, Finding, Moment, Outcome, Report, Severity, Standing, Verdict, Verification,
};
use lbpools_function::{Options, Role, Source, evaluate};
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn fleet() -> Vec<Source> {
    tree::sources(&root().join("examples/fleet"))
}

/// The living cluster `infra`, as `kubectl get -A -o yaml` saved it.
fn infra() -> Value {
    let text = fs::read_to_string(root().join("tests/goldens/living/healthy/in/infra.yaml")).expect("the dump");
    decode(&document(&text).expect("YAML")).expect("objects")
}

fn given(role: Role, text: &str) -> Source {
    Source { path: if role == Role::Observed { "infra.json".into() } else { String::new() }, role, text: text.into() }
}

fn with(dump: &Value, more: &[(Role, &str)]) -> Report {
    let mut sources = fleet();
    sources.push(given(Role::Observed, &dump.to_string()));
    sources.extend(more.iter().map(|(role, text)| given(*role, text)));
    evaluate(&sources, Options::default()).report
}

fn held(dump: &Value) -> Report {
    let report = with(dump, &[]);
    assert_eq!(report.failure, None);
    report
}

fn verification(report: &Report) -> &Verification {
    report.verification.as_ref().expect("a cluster was read")
}

/// The object of a dump.
fn object<'d>(dump: &'d mut Value, kind: &str, name: &str) -> &'d mut Value {
    let items = dump["items"].as_array_mut().expect("a list");
    let found = items.iter_mut().find(|item| item["kind"] == kind && item["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn remove(dump: &mut Value, kind: &str, name: &str) {
    let items = dump["items"].as_array_mut().expect("a list");
    let before = items.len();
    items.retain(|item| item["kind"] != kind || item["metadata"]["name"] != name);
    assert_eq!(items.len(), before - 1, "{kind} {name}");
}

fn condition<'d>(object: &'d mut Value, of: &str) -> &'d mut Value {
    let conditions = object["status"]["conditions"].as_array_mut().expect("conditions");
    conditions.iter_mut().find(|condition| condition["type"] == of).unwrap_or_else(|| panic!("no {of}"))
}

/// A Service that waits, for this reason.
fn pending(dump: &mut Value, name: &str, reason: &str, message: &str) {
    let service = object(dump, "Service", name);
    service["status"]["loadBalancer"] = json!({});
    let condition = condition(service, "cilium.io/IPAMRequestSatisfied");
    condition["status"] = "False".into();
    condition["reason"] = reason.into();
    condition["message"] = message.into();
}

/// Another Service of type LoadBalancer with an address.
fn stranger(dump: &mut Value, name: &str, address: &str) {
    let mut service = object(dump, "Service", "registry").clone();
    service["metadata"] = json!({ "name": name, "namespace": "lab", "creationTimestamp": "2026-11-02T09:00:00Z" });
    service["status"]["loadBalancer"]["ingress"][0]["ip"] = address.into();
    dump["items"].as_array_mut().expect("a list").push(service);
}

/// What the operator counts of a pool.
fn counts(dump: &mut Value, pool: &str, total: usize, available: usize) {
    let pool = object(dump, "CiliumLoadBalancerIPPool", pool);
    for (of, count) in [("Total", total), ("Available", available), ("Used", total - available)] {
        condition(pool, &format!("cilium.io/IPs{of}"))["message"] = count.to_string().into();
    }
}

/// Codes of findings, each with its number, and that the run ends as they say.
fn codes(report: &Report) -> BTreeSet<&str> {
    let wrong = report.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(report.verdict, if wrong { Verdict::Findings } else { Verdict::Clean });
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// The one finding with this code.
fn one<'r>(report: &'r Report, code: &str) -> &'r Finding {
    let mut found = report.findings.iter().filter(|finding| finding.code == code);
    let one = found.next().unwrap_or_else(|| panic!("{code} is silent: {:#?}", report.findings));
    assert!(found.next().is_none(), "{code} speaks more than once: {:#?}", report.findings);
    assert_eq!(one.cluster.as_deref(), Some("infra"));
    one
}

/// Only these codes speak, the first of them once, and it says this.
fn tells(report: &Report, all: &[&str], says: &str) {
    assert_eq!(codes(report), all.iter().copied().collect(), "{:#?}", report.findings);
    let first = one(report, all[0]);
    let text = format!("{} / {}", first.message, first.help);
    assert!(text.contains(says), "{text}");
}

#[test]
fn the_healthy_cluster_holds() {
    let report = held(&infra());
    assert_eq!(report.findings, []);
    assert_eq!(report.not_checked, []);
    assert_eq!(report.verdict, Verdict::Clean);
    let verification = verification(&report);
    assert_eq!(verification.cluster, "infra");
    assert_eq!(verification.known_by, "CLUSTER of its ConfigMap flux-system/cluster-settings is infra");
    assert_eq!(verification.cilium.as_deref(), Some("1.18.11"));
    let told: Vec<(String, &str, Option<&str>, Standing)> = verification
        .requests
        .iter()
        .map(|request| {
            let held = request.actual.first();
            let address = held.map_or("", |held| held.address.as_str());
            let pool = held.and_then(|held| held.pool.as_deref());
            (format!("{} {}", request.resource.kind, request.resource.name), address, pool, request.standing)
        })
        .collect();
    let told: BTreeSet<String> = told
        .iter()
        .map(|(who, address, pool, standing)| format!("{who} {address} {} {standing:?}", pool.unwrap_or("?")))
        .collect();
    let expected = [
        "Gateway public 10.25.11.100 gateway AsPredicted",
        "Service postgres 10.25.11.105 services AsPredicted",
        "Service registry 10.25.11.101 services AsPredicted",
    ];
    assert_eq!(told, expected.map(str::to_owned).into());
    for pool in &verification.pools {
        assert_eq!(pool.counts, pool.counted, "{}", pool.name);
    }
    assert_eq!(verification.pools.len(), 2);
    assert_eq!(verification.gateways[0].programmed.as_deref(), Some("True"));
    assert_eq!(verification.kustomizations.len(), 6);
    assert!(
        verification
            .kustomizations
            .iter()
            .all(|one| one.ready.as_deref() == Some("True") && one.revision == one.offered)
    );
    // Only this cluster is told of, and nothing of the repository by itself.
    assert_eq!(report.clusters.len(), 1);
}

#[test]
fn a_pool_that_was_edited() {
    let mut dump = infra();
    object(&mut dump, "CiliumLoadBalancerIPPool", "services")["spec"]["blocks"][0]["stop"] = "10.25.11.118".into();
    counts(&mut dump, "services", 18, 16);
    let report = held(&dump);
    tells(
        &report,
        &["LBP704"],
        "CiliumLoadBalancerIPPool services of the cluster: spec.blocks[0].stop is 10.25.11.118, and the repository says 10.25.11.119",
    );
    let place = one(&report, "LBP704").at.clone().expect("where the repository says it");
    assert_eq!(place.source, "kubernetes/infrastructure/networking/cilium/ipam/pools.yaml");
}

#[test]
fn a_service_that_nobody_wrote_down() {
    let mut dump = infra();
    stranger(&mut dump, "experiment", "10.25.11.102");
    counts(&mut dump, "services", 19, 16);
    tells(
        &held(&dump),
        &["LBP705"],
        "Service lab/experiment, which the repository does not know, has 10.25.11.102 of pool services",
    );
    // It took the address that another was promised.
    object(&mut dump, "Service", "experiment")["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.25.11.101".into();
    object(&mut dump, "Service", "registry")["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.25.11.102".into();
    let report = held(&dump);
    tells(&report, &["LBP705"], "has 10.25.11.101");
    let registry = verification(&report).requests.iter().find(|request| request.resource.name == "registry");
    let registry = registry.expect("it is a request");
    assert_eq!(registry.standing, Standing::Drift);
    assert_eq!(registry.because, "Service lab/experiment, which the repository does not know, has its address");
}

#[test]
fn a_kustomization_that_is_missing() {
    let mut dump = infra();
    remove(&mut dump, "Kustomization", "registry");
    tells(&held(&dump), &["LBP703"], "the cluster has no Kustomization flux-system/registry");
}

#[test]
fn a_kustomization_that_is_suspended() {
    let mut dump = infra();
    object(&mut dump, "Kustomization", "cilium")["spec"]["suspend"] = true.into();
    tells(&held(&dump), &["LBP712"], "flux resume kustomization cilium -n flux-system");
}

#[test]
fn a_service_that_waits() {
    let mut dump = infra();
    object(&mut dump, "CiliumLoadBalancerIPPool", "services")["spec"]["blocks"][0]["start"] = "10.25.11.105".into();
    object(&mut dump, "CiliumLoadBalancerIPPool", "services")["spec"]["blocks"][0]["stop"] = "10.25.11.105".into();
    counts(&mut dump, "services", 1, 0);
    pending(
        &mut dump,
        "registry",
        "out_of_ips",
        "All enabled CiliumLoadBalancerIPPools that match this service ran out of allocatable IPs",
    );
    let report = held(&dump);
    assert_eq!(codes(&report), ["LBP701", "LBP704"].into());
    let waits = one(&report, "LBP701");
    assert!(
        waits.message.starts_with("Service registry/registry waits for an IPv4 address: the operator says out_of_ips"),
        "{}",
        waits.message
    );
    assert_eq!(waits.help, "pool services is used up, and 1 Service waits: enlarge it");
    let registry = verification(&report).requests.iter().find(|request| request.resource.name == "registry");
    assert_eq!(registry.map(|registry| registry.standing), Some(Standing::Drift));
}

#[test]
fn a_gateway_without_address() {
    let mut dump = infra();
    pending(
        &mut dump,
        "cilium-gateway-public",
        "already_allocated",
        "The IP '10.25.11.100' is already allocated to another service",
    );
    let gateway = object(&mut dump, "Gateway", "public");
    gateway["status"]["addresses"] = json!([]);
    let programmed = condition(gateway, "Programmed");
    programmed["status"] = "False".into();
    programmed["reason"] = "AddressNotAssigned".into();
    programmed["message"] = "Address is not assigned".into();
    // Somebody in its namespace has the address.
    stranger(&mut dump, "squatter", "10.25.11.100");
    object(&mut dump, "Service", "squatter")["metadata"]["namespace"] = "network".into();
    let report = held(&dump);
    assert_eq!(codes(&report), ["LBP701", "LBP705", "LBP710"].into(), "{:#?}", report.findings);
    let gateway = one(&report, "LBP710");
    assert_eq!(
        gateway.message,
        "Gateway network/public of the cluster: Programmed is False: AddressNotAssigned Address is not assigned"
    );
    assert!(gateway.help.starts_with("its Service waits: already_allocated"), "{}", gateway.help);
    let waits = one(&report, "LBP701");
    assert_eq!(waits.help, "Service network/squatter has 10.25.11.100: only one of them can, unless they share");
}

#[test]
fn a_pool_in_conflict() {
    let mut dump = infra();
    let mut wide = object(&mut dump, "CiliumLoadBalancerIPPool", "services").clone();
    wide["metadata"]["name"] = "wide".into();
    wide["metadata"]["creationTimestamp"] = "2026-11-02T07:00:00Z".into();
    wide["spec"]["blocks"][0] = json!({ "cidr": "10.25.11.96/28" });
    wide["spec"]["disabled"] = true.into();
    dump["items"].as_array_mut().expect("a list").push(wide);
    counts(&mut dump, "wide", 16, 16);
    for pool in ["services", "gateway"] {
        let conflict = condition(object(&mut dump, "CiliumLoadBalancerIPPool", pool), "cilium.io/PoolConflict");
        conflict["status"] = "True".into();
        conflict["reason"] = "cidr_overlap".into();
        conflict["message"] = "overlaps wide".into();
    }
    let report = held(&dump);
    // All that have an address keep it until the operator restarts.
    assert_eq!(codes(&report), ["LBP706", "LBP708", "LBP715"].into(), "{:#?}", report.findings);
    assert!(one(&report, "LBP706").message.contains("pool wide of the cluster"));
    let told: Vec<&str> =
        report.findings.iter().filter(|one| one.code == "LBP708").map(|one| one.message.as_str()).collect();
    assert!(
        told.contains(&"pool services of the cluster is in conflict and hands nothing out: overlaps wide"),
        "{told:?}"
    );
    assert_eq!(report.findings.iter().filter(|one| one.code == "LBP715").count(), 3);
}

#[test]
fn a_pool_of_another_cluster() {
    let mut dump = infra();
    let pool = object(&mut dump, "CiliumLoadBalancerIPPool", "services");
    pool["spec"]["blocks"][0] = json!({ "start": "10.25.11.121", "stop": "10.25.11.139" });
    counts(&mut dump, "services", 19, 18);
    object(&mut dump, "Service", "registry")["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.25.11.121".into();
    pending(&mut dump, "postgres", "no_pool", "No pool exists with a CIDR containing '10.25.11.105'");
    let report = held(&dump);
    assert_eq!(codes(&report), ["LBP701", "LBP704", "LBP707"].into(), "{:#?}", report.findings);
    assert_eq!(
        one(&report, "LBP707").message,
        "pool services of cluster infra holds 10.25.11.121-10.25.11.139, which the plan gives to cluster apps"
    );
    assert_eq!(one(&report, "LBP701").help, "no pool holds 10.25.11.105: give it one, or ask for an address of a pool");
}

#[test]
fn a_substitution_that_failed() {
    let mut dump = infra();
    let kustomization = object(&mut dump, "Kustomization", "postgres");
    let ready = condition(kustomization, "Ready");
    ready["status"] = "False".into();
    ready["reason"] = "BuildFailed".into();
    ready["message"] = "post build failed for 'postgres': variable substitution failed: variable not set (strict mode): \"POSTGRES_LB_IP\"".into();
    tells(&held(&dump), &["LBP711"], "its substitution failed: post build failed for 'postgres'");
}

#[test]
fn a_revision_that_is_stale() {
    let mut dump = infra();
    object(&mut dump, "GitRepository", "flux-system")["status"]["artifact"]["revision"] = "main@sha1:9f0e".into();
    let report = held(&dump);
    assert_eq!(codes(&report), ["LBP713"].into());
    assert_eq!(report.findings.len(), 6, "each Kustomization is behind");
    assert!(
        report.findings[0].message.ends_with("and its source offers main@sha1:9f0e"),
        "{}",
        report.findings[0].message
    );
}

#[test]
fn settings_and_services_that_were_edited() {
    let mut dump = infra();
    object(&mut dump, "ConfigMap", "cluster-settings")["data"]["CILIUM_LB_POOL_END"] = "10.25.11.110".into();
    tells(
        &held(&dump),
        &["LBP704"],
        "ConfigMap flux-system/cluster-settings of the cluster: data.CILIUM_LB_POOL_END is 10.25.11.110",
    );
    let mut dump = infra();
    let postgres = object(&mut dump, "Service", "postgres");
    postgres["metadata"]["annotations"]["lbipam.cilium.io/ips"] = "10.25.11.106".into();
    postgres["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.25.11.106".into();
    let report = held(&dump);
    tells(
        &report,
        &["LBP704"],
        "metadata.annotations[lbipam.cilium.io/ips] is 10.25.11.106, and the repository says 10.25.11.105",
    );
    let postgres = verification(&report).requests.iter().find(|request| request.resource.name == "postgres");
    assert_eq!(postgres.map(|postgres| postgres.standing), Some(Standing::Drift));
    let mut dump = infra();
    object(&mut dump, "CiliumBGPPeerConfig", "top-of-rack")["spec"]["families"] = json!([]);
    tells(&held(&dump), &["LBP704"], "spec.families is 0 entries, and the repository says 1 entry");
    let mut dump = infra();
    remove(&mut dump, "CiliumLoadBalancerIPPool", "gateway");
    let report = held(&dump);
    assert!(codes(&report).contains("LBP703"));
    assert_eq!(one(&report, "LBP703").message, "the cluster has no CiliumLoadBalancerIPPool gateway");
}

#[test]
fn another_cilium_than_stated() {
    let mut dump = infra();
    let images = &mut object(&mut dump, "Deployment", "cilium-operator")["spec"]["template"]["spec"]["containers"];
    images[0]["image"] = "quay.io/cilium/operator-generic:v1.17.6".into();
    object(&mut dump, "ConfigMap", "cilium-config")["data"]["enable-l2-announcements"] = "true".into();
    let report = held(&dump);
    assert_eq!(codes(&report), ["LBP716"].into(), "{:#?}", report.findings);
    let told: BTreeSet<&str> = report.findings.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "the config says Cilium 1.18, and the cluster has 1.17.6",
            "the config says l2Announcements false, and the cluster has true"
        ]
        .into()
    );
}

/// What history alone explains is never called wrong, and is no error.
#[test]
fn an_address_by_history() {
    let mut dump = infra();
    object(&mut dump, "Service", "registry")["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.25.11.117".into();
    let report = held(&dump);
    assert_eq!((codes(&report), report.verdict), (["LBP714"].into(), Verdict::Clean));
    let registry = verification(&report).requests.iter().find(|request| request.resource.name == "registry");
    let registry = registry.expect("it is a request");
    assert_eq!((registry.standing, registry.scenario.as_ref()), (Standing::Order, None));
}

#[test]
fn an_address_that_nothing_explains() {
    let mut dump = infra();
    object(&mut dump, "Service", "registry")["status"]["loadBalancer"]["ingress"][0]["ip"] = "192.0.2.9".into();
    let report = held(&dump);
    // The counts are of other addresses too.
    assert_eq!(codes(&report), ["LBP702", "LBP709"].into(), "{:#?}", report.findings);
    let wrong = one(&report, "LBP702");
    assert!(wrong.message.contains("it has 192.0.2.9, which no pool of the cluster holds"), "{}", wrong.message);
    let registry = verification(&report).requests.iter().find(|request| request.resource.name == "registry");
    let registry = registry.expect("it is a request");
    assert_eq!(registry.standing, Standing::WrongPrediction);
    let scenario: Value = serde_json::from_str(registry.scenario.as_deref().expect("a scenario")).expect("JSON");
    assert_eq!(scenario["events"].as_array().map(Vec::len), Some(5), "two pools and three Services: {scenario}");
    assert_eq!(scenario["events"][4]["service"]["name"], "registry");
    // It holds nothing else of the cluster.
    assert!(!scenario.to_string().contains("external-dns"));
}

#[test]
fn what_was_not_read_is_not_judged() {
    let mut dump = infra();
    let items = dump["items"].as_array_mut().expect("a list");
    items.retain(|item| !matches!(item["kind"].as_str(), Some("Service" | "CiliumBGPPeerConfig" | "Gateway")));
    let report = with(&dump, &[(Role::Unread, "Service: services is forbidden")]);
    assert_eq!(codes(&report), [].into(), "{:#?}", report.findings);
    let told: BTreeSet<(&str, &str)> =
        report.not_checked.iter().map(|each| (each.what.as_str(), each.because.as_str())).collect();
    assert!(
        told.contains(&(
            "2 Service objects of the repository",
            "Service objects could not be read: services is forbidden"
        )),
        "{told:?}"
    );
    assert!(
        told.contains(&("1 CiliumBGPPeerConfig object of the repository", "no CiliumBGPPeerConfig objects were read")),
        "{told:?}"
    );
    assert!(verification(&report).requests.iter().all(|request| request.standing == Standing::NotKnown));
}

#[test]
fn which_cluster_it_is() {
    let mut dump = infra();
    remove(&mut dump, "ConfigMap", "cluster-settings");
    let by_path = held(&dump);
    assert_eq!(
        verification(&by_path).known_by,
        "its Kustomization flux-system/flux-system applies kubernetes/clusters/infra"
    );
    remove(&mut dump, "Kustomization", "flux-system");
    let failed = with(&dump, &[]);
    let failure = failed.failure.expect("it cannot be told");
    assert!(
        failure.message.ends_with("nothing that was read says which cluster it is: infra, apps"),
        "{}",
        failure.message
    );
    let named = with(&dump, &[(Role::Scope, "cluster=infra")]);
    assert_eq!(verification(&named).known_by, "it was named");
    let unknown = with(&dump, &[(Role::Scope, "cluster=prod")]);
    assert_eq!(unknown.verdict, Verdict::Failed);
    let broken = with(&json!({ "a": 1 }), &[]);
    assert!(broken.failure.is_some_and(|failure| failure.message.starts_with("`infra.json` is no dump of a cluster")));
}

#[test]
fn no_secret_value_gets_out() {
    let mut dump = infra();
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "cluster-secrets", "namespace": "flux-system" },
                         "data": { "TOKEN": "aHVudGVyMg==" } });
    dump["items"].as_array_mut().expect("a list").push(secret);
    let report = held(&dump);
    assert!(!serde_json::to_string(&report).expect("JSON").contains("aHVudGVyMg"));
}

#[test]
fn a_smoke_test_that_is_about_to_be_made() {
    let report = with(&infra(), &[(Role::SmokeTest, "namespace=testing")]);
    let test = verification(&report).smoke_test.clone().expect("it was asked for");
    assert_eq!(test.service, "testing/lb-echo");
    let kinds: Vec<Value> = test
        .objects
        .iter()
        .map(|object| serde_json::from_str::<Value>(object).expect("JSON")["kind"].clone())
        .collect();
    assert_eq!(kinds, ["Deployment", "Service"]);
    // Of the two gaps one is used: .102 to .104, and what is behind .105.
    let [Outcome::OneOf { ranges, pools, .. }] = test.predicted.as_slice() else { panic!("{:?}", test.predicted) };
    assert_eq!(
        (ranges.as_slice(), pools.as_slice()),
        (["10.25.11.102".to_owned(), "10.25.11.106".to_owned()].as_slice(), ["services".to_owned()].as_slice())
    );
    assert_eq!(test.ranges, ["10.25.11.101-10.25.11.119"]);
    let mut dump = infra();
    object(&mut dump, "Service", "postgres")["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.25.11.102".into();
    object(&mut dump, "Service", "postgres")["metadata"]["annotations"]["lbipam.cilium.io/ips"] = "10.25.11.102".into();
    stranger(&mut dump, "lb-echo", "10.25.11.103");
    object(&mut dump, "Service", "lb-echo")["metadata"]["namespace"] = "testing".into();
    let report = with(&dump, &[(Role::SmokeTest, "namespace=testing")]);
    let test = verification(&report).smoke_test.clone().expect("it was asked for");
    assert_eq!(test.service, "testing/lb-echo-smoke", "the name is taken");
    let [Outcome::Address { address, .. }] = test.predicted.as_slice() else { panic!("{:?}", test.predicted) };
    assert_eq!(address, "10.25.11.104");
}

fn planned(dump: &Value) -> Difference {
    let report = with(dump, &[(Role::WhatIf, "applied")]);
    assert_eq!(report.failure, None);
    report.difference.expect("it was asked for")
}

#[test]
fn applying_what_is_there_moves_nothing() {
    assert_eq!(planned(&infra()).clusters, []);
    // Nor does an address by history.
    let mut dump = infra();
    object(&mut dump, "Service", "registry")["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.25.11.117".into();
    assert_eq!(planned(&dump).clusters, []);
}

#[test]
fn applying_what_differs() {
    let mut dump = infra();
    // A smaller pool that holds more behind: what is applied takes an address away.
    object(&mut dump, "CiliumLoadBalancerIPPool", "services")["spec"]["blocks"][0]["stop"] = "10.25.11.125".into();
    object(&mut dump, "Service", "registry")["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.25.11.122".into();
    let difference = planned(&dump);
    let [cluster] = difference.clusters.as_slice() else { panic!("{difference:#?}") };
    // The block gives way to another that holds the pin as well: up to 1.19 it is given anew, and may be taken first.
    let [pin, change] = cluster.addresses.as_slice() else { panic!("{:#?}", cluster.addresses) };
    assert_eq!((pin.resource.name.as_str(), pin.certain, pin.after.or_none), ("postgres", false, true));
    assert_eq!((change.change, change.certain, change.moment), (AddressFate::Moved, true, Moment::AtOnce));
    assert_eq!(change.before.ranges, ["10.25.11.122"]);
    assert_eq!(change.because, "pool services no longer holds the address");
    assert_eq!(cluster.pools.len(), 1);
    // A Service that the cluster has not got yet gains one, and nobody else is touched.
    let mut dump = infra();
    remove(&mut dump, "Service", "registry");
    let difference = planned(&dump);
    let [change] = difference.clusters[0].addresses.as_slice() else { panic!("{difference:#?}") };
    assert_eq!((change.change, change.certain), (AddressFate::Gained, true));
    // What Flux once applied and the repository no longer has is taken away; what somebody made by hand stays.
    let mut dump = infra();
    stranger(&mut dump, "gone", "10.25.11.102");
    assert_eq!(planned(&dump).clusters, []);
    object(&mut dump, "Service", "gone")["metadata"]["labels"] = json!({ "kustomize.toolkit.fluxcd.io/name": "registry", "kustomize.toolkit.fluxcd.io/namespace": "flux-system" });
    let difference = planned(&dump);
    let [change] = difference.clusters[0].addresses.as_slice() else { panic!("{difference:#?}") };
    assert_eq!((change.resource.name.as_str(), change.change, change.certain), ("gone", AddressFate::Lost, true));
}
