//! Reading: all of it, as much of it as one may, or none of it with a reason.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lbpools::living::{Cluster, Place, Reading, Refusal, Trouble as Failed, Unconnected};
use serde_json::{Value, json};

use super::server::{Server, State, Trouble, kubeconfig_to, nobody};
use super::{LISTS, cluster, crowded, find, patience, read_role};

const ROOM: u64 = 64 << 20;

fn read(state: State) -> (Result<Reading, Failed>, Server) {
    let server = Server::start(state);
    let reading = find(&server).read(ROOM, &mut |_| {});
    (reading, server)
}

/// The objects of each kind, by the names of the texts.
fn counts(reading: &Reading) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for text in &reading.texts {
        let value: Value = serde_json::from_slice(&text.bytes).unwrap();
        let kind = value["kind"].as_str().unwrap();
        let items = value["items"].as_array().map_or(1, Vec::len);
        *counts.entry(kind.trim_end_matches("List").to_owned()).or_default() += items;
    }
    counts
}

fn asked(server: &Server, method: &str, end: &str) -> usize {
    server.state().seen.iter().filter(|seen| seen.method == method && seen.path.ends_with(end)).count()
}

#[test]
fn everything_is_read_and_nothing_more() {
    let (reading, server) = read(crowded());
    let reading = reading.unwrap();
    assert_eq!(reading.unread, Vec::<String>::new());
    assert_eq!(reading.not_installed, Vec::<&str>::new());
    let counts = counts(&reading);
    assert_eq!(counts["CiliumLoadBalancerIPPool"], 1);
    assert_eq!(counts["Service"], 1201);
    assert_eq!(counts["Gateway"], 0);
    assert_eq!(counts["Deployment"], 1);
    assert_eq!(counts["ConfigMap"], 2);
    assert_eq!(counts.len(), LISTS.len());
    let names: Vec<_> = reading.texts.iter().map(|text| text.name.as_str()).collect();
    assert!(names.contains(&"Service, page 3") && names.contains(&"ConfigMap flux-system/cluster-settings"));
    let state = server.state();
    assert!(state.seen.iter().all(|seen| seen.method == "GET"));
    assert!(state.seen.iter().all(|seen| !seen.path.contains("secrets")));
    assert!(state.seen.iter().all(|seen| !seen.path.contains("nobodys-business")));
    assert!(state.seen.iter().all(|seen| !seen.path.ends_with("/configmaps")));
    assert!(state.seen.iter().all(|seen| seen.authorization.as_deref() == Some("Bearer right")));
}

#[test]
fn lists_come_in_pages_and_without_what_nobody_reads() {
    let (reading, server) = read(crowded());
    let pages: Vec<_> = {
        let state = server.state();
        let lists = state.seen.iter().filter(|seen| seen.path == "/api/v1/services");
        lists.map(|seen| (seen.query["limit"].clone(), seen.query.get("continue").cloned())).collect()
    };
    let page = |from: Option<&str>| ("500".to_owned(), from.map(str::to_owned));
    assert_eq!(pages, [page(None), page(Some("500")), page(Some("1000"))]);
    let reading = reading.unwrap();
    let text = reading.texts.iter().find(|text| text.name == "Service").unwrap();
    let text = std::str::from_utf8(&text.bytes).unwrap();
    assert!(!text.contains("managedFields"));
    assert_eq!(text.lines().count(), 501);
    let first: Value = serde_json::from_str(text.lines().nth(1).unwrap().trim_end_matches(',')).unwrap();
    let expected = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s0", "namespace": "media"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}
    });
    assert_eq!(first, expected);
}

#[test]
fn a_list_that_the_server_forgot_is_read_from_its_start() {
    let expired = Trouble::Status(410, "The provided continue parameter is too old", None);
    // The first page is there, the second is not any more.
    let server = Server::start(crowded());
    server.state().script.push(("GET", "/api/v1/services".into(), 0, expired.clone()));
    let pages = std::cell::Cell::new(0);
    let reading = find(&server).read(ROOM, &mut |step| {
        if step.kind == "Service" && step.objects == 500 && pages.replace(pages.get() + 1) == 0 {
            server.state().script[0].2 = 1;
        }
    });
    assert_eq!(counts(&reading.unwrap())["Service"], 1201, "none twice, none left out");
    assert_eq!(asked(&server, "GET", "/api/v1/services"), 5);
    // And a server that forgets each time is not asked for ever.
    let (reading, server) = read(crowded().failing("GET", "/api/v1/services", 100, expired));
    let reading = reading.unwrap();
    assert_eq!(reading.unread, ["Service: the API server no longer has the list that was begun (410)"]);
    assert_eq!(asked(&server, "GET", "/api/v1/services"), 4);
    assert!(!counts(&reading).contains_key("Service"), "not a word about what was not read");
}

#[test]
fn the_documented_role_is_enough() {
    let (reading, _server) = read(State { rights: Some(read_role()), ..cluster() });
    let (without, _other) = read(cluster());
    assert_eq!(reading.unwrap(), without.unwrap());
}

#[test]
fn the_documented_role_only_reads_and_knows_no_secret() {
    let role = read_role();
    assert_eq!(role.verbs(), ["get", "list"]);
    assert!(!role.resources().iter().any(|resource| resource.contains("secret") || resource.contains('*')));
    // Each right is used: without it something is missing.
    for resource in role.resources() {
        let (reading, _server) = read(State { rights: Some(role.clone().without(&resource)), ..cluster() });
        assert!(!reading.unwrap().unread.is_empty(), "nothing needs {resource}");
    }
}

#[test]
fn a_missing_right_is_one_sentence_for_each_kind() {
    let kinds = [
        ("ciliumloadbalancerippools", "CiliumLoadBalancerIPPool"),
        ("services", "Service"),
        ("gateways", "Gateway"),
        ("gatewayclasses", "GatewayClass"),
        ("ciliumgatewayclassconfigs", "CiliumGatewayClassConfig"),
        ("ingresses", "Ingress"),
        ("ingressclasses", "IngressClass"),
        ("ciliuml2announcementpolicies", "CiliumL2AnnouncementPolicy"),
        ("ciliumbgpclusterconfigs", "CiliumBGPClusterConfig"),
        ("ciliumbgppeerconfigs", "CiliumBGPPeerConfig"),
        ("ciliumbgpadvertisements", "CiliumBGPAdvertisement"),
        ("ciliumbgpnodeconfigoverrides", "CiliumBGPNodeConfigOverride"),
        ("ciliumbgppeeringpolicies", "CiliumBGPPeeringPolicy"),
        ("nodes", "Node"),
        ("kustomizations", "Kustomization"),
        ("gitrepositories", "GitRepository"),
        ("ocirepositories", "OCIRepository"),
        ("deployments", "Deployment"),
        ("configmaps", "ConfigMap"),
    ];
    assert_eq!(kinds.len(), LISTS.len());
    for (resource, kind) in kinds {
        let (reading, _server) = read(State { rights: Some(read_role().without(resource)), ..cluster() });
        let reading = reading.unwrap();
        let sentences: Vec<_> = reading.unread.iter().filter(|why| why.starts_with(&format!("{kind}: "))).collect();
        assert!(!sentences.is_empty(), "{kind}: {:?}", reading.unread);
        assert_eq!(sentences.len(), reading.unread.len(), "nothing else is missing");
        for sentence in sentences {
            assert!(sentence.contains(&format!("resource \"{resource}\" in API group")), "{sentence}");
            assert!(!sentence.contains('\n'));
        }
        assert!(!counts(&reading).contains_key(kind), "{kind}");
        assert_eq!(reading.not_installed, Vec::<&str>::new(), "a right that is missing is no kind that is");
    }
}

#[test]
fn what_is_not_installed_is_not_there() {
    let mut state = cluster();
    state.objects.retain(|path, _| !path.contains("bgp") && !path.contains("fluxcd") && !path.contains("gateway"));
    // It is known even where one may not list them.
    state.rights = Some(read_role().without("gateways"));
    let (reading, _server) = read(state);
    let reading = reading.unwrap();
    assert_eq!(reading.unread, Vec::<String>::new());
    let missing = [
        "Gateway",
        "GatewayClass",
        "CiliumGatewayClassConfig",
        "CiliumBGPClusterConfig",
        "CiliumBGPPeerConfig",
        "CiliumBGPAdvertisement",
        "CiliumBGPNodeConfigOverride",
        "CiliumBGPPeeringPolicy",
        "Kustomization",
        "GitRepository",
        "OCIRepository",
    ];
    assert_eq!(reading.not_installed, missing);
    let counts = counts(&reading);
    assert!(missing.iter().all(|kind| counts[*kind] == 0));
    assert_eq!(counts["ConfigMap"], 2, "the settings are looked for where they usually are");
}

#[test]
fn an_older_cluster_is_read_in_the_versions_it_serves() {
    let mut state = cluster();
    let old = |path: &str| {
        path.replace("cilium.io/v2/", "cilium.io/v2alpha1/").replace("fluxcd.io/v1/", "fluxcd.io/v1beta2/")
    };
    state.objects = state.objects.iter().map(|(path, objects)| (old(path), objects.clone())).collect();
    let (reading, _server) = read(state);
    let reading = reading.unwrap();
    let pools = reading.texts.iter().find(|text| text.name == "CiliumLoadBalancerIPPool").unwrap();
    let pools: Value = serde_json::from_slice(&pools.bytes).unwrap();
    assert_eq!(pools["items"][0]["apiVersion"], "cilium.io/v2alpha1");
    assert!(reading.not_installed.is_empty() && reading.unread.is_empty());
}

#[test]
fn where_discovery_is_forbidden_trying_tells() {
    let forbidden = Trouble::Status(403, "forbidden: cannot get path \"/apis\"", None);
    let mut state = cluster().failing("GET", "/apis", 1, forbidden.clone());
    for version in ["cilium.io/v2", "cilium.io/v2alpha1", "kustomize.toolkit.fluxcd.io/v1"] {
        state = state.failing("GET", &format!("/apis/{version}"), 1, forbidden.clone());
    }
    let (reading, _server) = read(state);
    let (open, _other) = read(cluster());
    assert_eq!(reading.unwrap(), open.unwrap());
}

#[test]
fn cilium_is_found_in_another_namespace() {
    let mut state = cluster();
    state.objects.get_mut("/apis/apps/v1/deployments").unwrap()[0]["metadata"]["namespace"] = "cilium".into();
    state.objects.get_mut("/api/v1/configmaps").unwrap()[0]["metadata"]["namespace"] = "cilium".into();
    let (reading, _server) = read(state);
    let reading = reading.unwrap();
    assert!(reading.texts.iter().any(|text| text.name == "ConfigMap cilium/cilium-config"));
    assert_eq!(counts(&reading)["Deployment"], 1);
}

#[test]
fn a_server_that_is_too_busy_is_asked_again_when_it_says() {
    let busy = Trouble::Status(429, "too many requests", Some(1));
    let started = Instant::now();
    let (reading, server) = read(crowded().failing("GET", "/api/v1/services", 1, busy));
    assert_eq!(counts(&reading.unwrap())["Service"], 1201);
    assert!(started.elapsed() >= Duration::from_secs(1), "Retry-After was not kept to");
    assert_eq!(asked(&server, "GET", "/api/v1/services"), 4);
    // But not for longer than anybody would wait.
    let busy = Trouble::Status(429, "too many requests", Some(3600));
    let (reading, _server) = read(crowded().failing("GET", "/api/v1/services", 9, busy));
    let message = reading.unwrap_err().to_string();
    assert!(message.ends_with("is too busy (429): too many requests (while Service was read)"), "{message}");
}

#[test]
fn passing_weaknesses_pass() {
    let troubles =
        [Trouble::Status(500, "etcdserver: leader changed", None), Trouble::Html(502), Trouble::Half, Trouble::Cut];
    for trouble in troubles {
        let state = ["/apis", "/services", "/nodes", "/cilium-config"]
            .into_iter()
            .fold(cluster(), |state, path| state.failing("GET", path, 2, trouble.clone()));
        let (reading, _server) = read(state);
        let (sound, _other) = read(cluster());
        assert_eq!(reading.unwrap(), sound.unwrap(), "{trouble:?}");
    }
}

#[test]
fn a_kind_that_cannot_be_had_is_left_out_with_its_reason() {
    let (reading, _server) =
        read(cluster().failing("GET", "/gateways", 99, Trouble::Status(500, "conversion webhook", None)));
    let reading = reading.unwrap();
    assert_eq!(reading.unread, ["Gateway: the API server answers with an error (500): conversion webhook"]);
    let (reading, _server) = read(cluster().failing("GET", "/gateways", 99, Trouble::Garbage));
    let why = &reading.unwrap().unread[0];
    assert!(why.starts_with("Gateway: the API server answers with something that is not Kubernetes' JSON: "), "{why}");
}

#[test]
fn a_server_that_hangs_is_not_waited_for() {
    let started = Instant::now();
    let (reading, server) = read(cluster().failing("GET", "/api/v1/services", 9, Trouble::Hang));
    let message = reading.unwrap_err().to_string();
    let expected =
        format!("the API server http://{} did not answer within 0.4 s (while Service was read)", server.address);
    assert_eq!(message, expected);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_server_that_goes_away_ends_it() {
    let (reading, server) = read(cluster().failing("GET", "/api/v1/nodes", 1, Trouble::Gone));
    let message = reading.unwrap_err().to_string();
    let start = format!("the API server http://{} cannot be reached: ", server.address);
    assert!(message.starts_with(&start) && message.ends_with("(while Node was read)"), "{message}");
}

#[test]
fn a_server_that_is_not_there_is_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let address = nobody();
    let place = Place { kubeconfig: Some(kubeconfig_to(address, directory.path())), context: None };
    let failed = Cluster::find(&place, patience()).unwrap().read(ROOM, &mut |_| {}).unwrap_err();
    let expected =
        format!("the API server http://{address} cannot be reached: the connection was refused (while APIs was read)");
    assert_eq!(failed.to_string(), expected);
}

#[test]
fn a_server_that_does_not_know_who_asks_ends_it() {
    let (reading, server) = read(State { token: Some("another"), ..cluster() });
    let failed = reading.unwrap_err();
    assert!(matches!(&failed, Failed::Refused { refusal: Refusal::Unauthorized(_), .. }), "{failed}");
    assert_eq!(server.state().seen.len(), 1, "a wrong token is not tried again");
    // Nor do the right words come out with the secret in them.
    assert!(!failed.to_string().contains("right"));
}

#[test]
fn more_than_there_is_room_for_is_refused() {
    let server = Server::start(crowded());
    let failed = find(&server).read(50_000, &mut |_| {}).unwrap_err();
    assert!(failed.to_string().contains("sends more than is read; raise --max-input"), "{failed}");
}

#[test]
fn contexts_are_named() {
    let server = Server::start(cluster());
    let place = |context: &str| Place { kubeconfig: Some(server.kubeconfig()), context: Some(context.into()) };
    let failed = Cluster::find(&place("prod"), patience()).err().unwrap();
    assert_eq!(failed.to_string(), "the kubeconfig has no context `prod`; it has test, other");
    let failed = Cluster::find(&place("other"), patience()).err().unwrap();
    assert!(matches!(failed, Failed::Unconnected(Unconnected::Kubeconfig(_))), "{failed}");
    let nowhere = Place { kubeconfig: Some("/does/not/exist".into()), context: None };
    let failed = Cluster::find(&nowhere, patience()).err().unwrap();
    assert!(failed.to_string().contains("/does/not/exist"), "{failed}");
}
