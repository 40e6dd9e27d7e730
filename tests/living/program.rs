//! The program against a cluster: exit codes, words, signals, and what is left behind.
//!
//! The cluster is the healthy one of the goldens (`tests/goldens/living/healthy`), served by the scripted API server
//! with no more rights than the documented roles give.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::server::{Server, State, Trouble, kubeconfig_to, nobody};
use super::{LISTS, read_role, rights, smoke_test_role};

const POOLS: &str = "/apis/cilium.io/v2/ciliumloadbalancerippools";
const SERVICES: &str = "/api/v1/services";
const GATEWAYS: &str = "/apis/gateway.networking.k8s.io/v1/gateways";
const KUSTOMIZATIONS: &str = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The healthy cluster.
fn fleet() -> State {
    let text = fs::read_to_string(root().join("tests/goldens/living/healthy/in/infra.yaml")).unwrap();
    let dump = Value::deserialize(serde_yaml::Deserializer::from_str(&text)).unwrap();
    let state = LISTS.iter().fold(State::default(), |state, list| state.with(list, []));
    let state = dump["items"].as_array().unwrap().iter().fold(state, |state, item| {
        let mut item = item.clone();
        let kind = item["kind"].as_str().unwrap().to_owned();
        if kind == "Deployment" {
            // As Cilium's chart labels it.
            item["metadata"]["labels"]["io.cilium/app"] = "operator".into();
        }
        let end = match kind.as_str() {
            "CiliumBGPAdvertisement" => "/ciliumbgpadvertisements".to_owned(),
            "GitRepository" => "/gitrepositories".to_owned(),
            kind => format!("/{}s", kind.to_lowercase()),
        };
        let list = LISTS.iter().find(|list| list.ends_with(&end)).unwrap_or_else(|| panic!("no list of {kind}"));
        state.with(list, [item])
    });
    State { rights: Some(read_role()), ..state }
}

fn object<'s>(state: &'s mut State, list: &str, name: &str) -> &'s mut Value {
    let objects = state.objects.get_mut(list).unwrap();
    objects.iter_mut().find(|object| object["metadata"]["name"] == name).unwrap()
}

fn condition<'o>(object: &'o mut Value, of: &str) -> &'o mut Value {
    let conditions = object["status"]["conditions"].as_array_mut().unwrap();
    conditions.iter_mut().find(|condition| condition["type"] == of).unwrap()
}

/// The program without anybody's kubeconfig or proxy.
fn lbpools(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lbpools"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let theirs = ["KUBECONFIG", "HOME", "HTTPS_PROXY", "https_proxy", "KUBERNETES_SERVICE_HOST"];
    theirs.iter().fold(&mut command, |command, variable| command.env_remove(variable));
    command
}

fn example() -> String {
    root().join("examples/fleet").to_str().unwrap().to_owned()
}

fn verify(server: &Server, arguments: &[&str]) -> Command {
    let mut command = lbpools(&["verify", &example(), "--request-timeout", "1s"]);
    command.env("KUBECONFIG", server.kubeconfig()).args(arguments);
    command
}

/// Exit code, standard output, standard error.
fn outcome(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn ran(mut command: Command) -> (i32, String, String) {
    outcome(command.output().unwrap())
}

fn failure(command: Command) -> String {
    let (code, stdout, stderr) = ran(command);
    assert_eq!(code, 2, "{stdout}{stderr}");
    assert_eq!(stdout, "");
    assert_eq!(stderr.lines().count(), 1, "one sentence: {stderr}");
    stderr
}

#[test]
fn no_cluster_to_ask_is_one_sentence() {
    let words = failure(lbpools(&["verify", &example()]));
    assert!(words.contains("there is no kubeconfig, and this is no pod of a cluster"), "{words}");
    let words = failure(lbpools(&["verify", &example(), "--context", "prod"]));
    assert!(words.contains("the kubeconfig has no context `prod`; there is no kubeconfig"), "{words}");
}

#[test]
fn a_server_that_is_gone_or_refuses_is_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let address = nobody();
    let kubeconfig = kubeconfig_to(address, directory.path());
    let started = Instant::now();
    let words = failure(lbpools(&["verify", &example(), "--kubeconfig", kubeconfig.to_str().unwrap()]));
    let expected = format!("the API server http://{address} cannot be reached: the connection was refused");
    assert!(words.contains(&expected), "{words}");
    assert!(started.elapsed() < Duration::from_secs(5), "told at once");
    let server = Server::start(State { token: Some("another"), ..fleet() });
    let words = failure(verify(&server, &[]));
    assert!(words.contains("refuses the credentials (401)"), "{words}");
    let server = Server::start(fleet().failing("GET", SERVICES, 9, Trouble::Hang));
    let words = failure(verify(&server, &[]));
    assert!(words.contains("did not answer within 1 s (while Service was read)"), "{words}");
}

#[test]
fn the_healthy_cluster_holds_with_the_documented_role() {
    let server = Server::start(fleet());
    let (code, stdout, stderr) = ran(verify(&server, &["--context", "test"]));
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let golden = fs::read_to_string(root().join("tests/goldens/living/healthy/stdout")).unwrap();
    assert_eq!(stdout, golden, "a living cluster and its dump are told alike");
    assert!(server.state().seen.iter().all(|seen| seen.method == "GET" && !seen.path.contains("secrets")));
}

#[test]
fn a_missing_right_is_not_checked_and_says_so() {
    let server = Server::start(State { rights: Some(read_role().without("kustomizations")), ..fleet() });
    let (_, stdout, _) = ran(verify(&server, &[]));
    let words = "kustomizations is forbidden: User \"test\" cannot list resource \"kustomizations\"";
    assert!(stdout.contains("not checked") && stdout.contains(words), "{stdout}");
}

/// What is planted, and what must be told of it.
type Drift = (&'static str, fn(&mut State), &'static str);

const DRIFTS: &[Drift] = &[
    (
        "an edited pool",
        |state| object(state, POOLS, "services")["spec"]["blocks"][0]["stop"] = "10.25.11.118".into(),
        "spec.blocks[0].stop is 10.25.11.118, and the repository says 10.25.11.119",
    ),
    (
        "a Kustomization that is missing",
        |state| {
            let all = state.objects.get_mut(KUSTOMIZATIONS).unwrap();
            all.retain(|one| one["metadata"]["name"] != "registry");
        },
        "the cluster has no Kustomization flux-system/registry",
    ),
    (
        "a Service that is missing",
        |state| {
            let all = state.objects.get_mut(SERVICES).unwrap();
            all.retain(|one| one["metadata"]["name"] != "registry");
        },
        "the cluster has no Service registry/registry",
    ),
    (
        "a pending Service",
        |state| {
            let pool = object(state, POOLS, "services");
            pool["spec"]["blocks"][0] = json!({"start": "10.25.11.105", "stop": "10.25.11.105"});
            let service = object(state, SERVICES, "registry");
            service["status"]["loadBalancer"] = json!({});
            let satisfied = condition(service, "cilium.io/IPAMRequestSatisfied");
            satisfied["status"] = "False".into();
            satisfied["reason"] = "out_of_ips".into();
        },
        "Service registry/registry waits for an IPv4 address: the operator says out_of_ips",
    ),
    (
        "a Gateway without address",
        |state| {
            let gateway = object(state, GATEWAYS, "public");
            gateway["status"]["addresses"] = json!([]);
            let programmed = condition(gateway, "Programmed");
            programmed["status"] = "False".into();
            programmed["reason"] = "AddressNotAssigned".into();
        },
        "Gateway network/public of the cluster: Programmed is False: AddressNotAssigned",
    ),
    (
        "a pool in conflict",
        |state| {
            let conflict = condition(object(state, POOLS, "services"), "cilium.io/PoolConflict");
            conflict["status"] = "True".into();
            conflict["message"] = "overlaps wide".into();
        },
        "pool services of the cluster is in conflict and hands nothing out: overlaps wide",
    ),
    (
        "a pool of another cluster",
        |state| {
            let pool = object(state, POOLS, "services");
            pool["spec"]["blocks"][0] = json!({"start": "10.25.11.121", "stop": "10.25.11.139"});
        },
        "holds 10.25.11.121-10.25.11.139, which the plan gives to cluster apps",
    ),
    (
        "a substitution that failed",
        |state| {
            let ready = condition(object(state, KUSTOMIZATIONS, "cilium"), "Ready");
            ready["status"] = "False".into();
            ready["reason"] = "BuildFailed".into();
            ready["message"] = "post build failed for 'services': variable substitution failed".into();
        },
        "variable substitution failed",
    ),
    (
        "a foreign Service in the pool",
        |state| {
            let mut service = object(state, SERVICES, "registry").clone();
            service["metadata"] =
                json!({"name": "experiment", "namespace": "lab", "creationTimestamp": "2026-11-02T09:00:00Z"});
            service["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.25.11.102".into();
            state.objects.get_mut(SERVICES).unwrap().push(service);
        },
        "Service lab/experiment, which the repository does not know, has 10.25.11.102 of pool services",
    ),
    (
        "a suspended Kustomization",
        |state| object(state, KUSTOMIZATIONS, "cilium")["spec"]["suspend"] = true.into(),
        "flux resume kustomization cilium -n flux-system",
    ),
    (
        "a stale revision",
        |state| {
            let kustomization = object(state, KUSTOMIZATIONS, "registry");
            kustomization["status"]["lastAppliedRevision"] =
                "main@sha1:0000000000000000000000000000000000000001".into();
        },
        "0000000000000000000000000000000000000001",
    ),
];

#[test]
fn each_drift_is_told() {
    let mut wrong = Vec::new();
    for (what, plant, words) in DRIFTS {
        let mut state = fleet();
        plant(&mut state);
        let server = Server::start(state);
        let (code, stdout, stderr) = ran(verify(&server, &[]));
        if !stdout.contains(words) || code != 1 {
            wrong.push(format!("{what}, exit {code}: {stdout}{stderr}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn waiting_ends_when_all_holds_or_the_time_is_up() {
    let plant = DRIFTS[4].1;
    let mut state = fleet();
    plant(&mut state);
    let server = Server::start(state);
    let started = Instant::now();
    let child = verify(&server, &["--wait", "60s"]).spawn().unwrap();
    // After its first look the operator has caught up.
    server.until(|state| state.seen.iter().any(|seen| seen.path.ends_with("/cilium-config")));
    *object(&mut server.state(), GATEWAYS, "public") = object(&mut fleet(), GATEWAYS, "public").clone();
    let (code, stdout, _) = outcome(child.wait_with_output().unwrap());
    assert_eq!(code, 0, "{stdout}");
    assert!(started.elapsed() < Duration::from_secs(50), "it did not wait for its time to be up");
    plant(&mut server.state());
    let (code, stdout, _) = ran(verify(&server, &["--wait", "1s"]));
    assert_eq!(code, 1, "{stdout}");
    assert!(stdout.contains("Programmed is False"), "{stdout}");
}

#[test]
fn a_plan_starts_from_the_living_cluster() {
    let server = Server::start(fleet());
    let mut command = lbpools(&["plan", &example(), "--live", "test"]);
    let (code, stdout, stderr) = ran({
        command.env("KUBECONFIG", server.kubeconfig());
        command
    });
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert!(stdout.contains("the cluster as it is"), "{stdout}");
    assert!(server.state().seen.iter().all(|seen| seen.method == "GET"));
}

/// A cluster in which the smoke test may be made, and gets this address.
fn testable(address: &'static str) -> State {
    let role: rights::Rights = read_role().and(smoke_test_role());
    State { rights: Some(role), operator: Some((address, 1)), ..fleet() }
}

const SMOKE_TEST: &[&str] = &["--context", "test", "--smoke-test", "--namespace", "lb-test", "--wait", "8s"];

/// Everything that is there besides what was.
fn made(server: &Server) -> Vec<String> {
    server.left().into_iter().filter(|object| object.contains("lb-test/")).collect()
}

#[test]
fn a_smoke_test_is_told_and_leaves_nothing() {
    for (address, expected, words) in [
        ("10.25.11.102", 0, "got 10.25.11.102; predicted: one of 10.25.11.102, 10.25.11.106"),
        ("10.25.11.110", 1, "10.25.11.110 is in the pool, but one of 10.25.11.102, 10.25.11.106 was predicted"),
        ("10.25.11.130", 1, "10.25.11.130 is in no pool in force that selects it (10.25.11.101-10.25.11.119)"),
    ] {
        let server = Server::start(testable(address));
        let (code, stdout, stderr) = ran(verify(&server, SMOKE_TEST));
        assert_eq!(code, expected, "{stdout}{stderr}");
        assert!(stdout.contains(words) && stdout.ends_with("nothing that it made is left\n"), "{stdout}");
        assert_eq!(made(&server), Vec::<String>::new());
    }
}

#[test]
fn a_smoke_test_is_in_the_document() {
    let server = Server::start(testable("10.25.11.102"));
    let (code, stdout, _) = ran(verify(&server, &[SMOKE_TEST, &["--format", "json"]].concat()));
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(code, 0, "{stdout}");
    let outcome = &document["verification"]["smokeTest"]["outcome"];
    assert_eq!(outcome["addresses"], json!(["10.25.11.102"]));
    assert_eq!(outcome["left"], json!([]));
}

#[test]
fn a_smoke_test_reaches_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let reach = format!("tcp:{}", listener.local_addr().unwrap().port());
    let mut state = testable("127.0.0.1");
    let pool = object(&mut state, POOLS, "services");
    pool["spec"]["blocks"][0] = json!({"start": "127.0.0.1", "stop": "127.0.0.1"});
    let server = Server::start(state);
    let (_, stdout, stderr) = ran(verify(&server, &[SMOKE_TEST, &["--reach", &reach]].concat()));
    assert!(stdout.contains(&format!("127.0.0.1 reached by {reach}: accepts a connection")), "{stdout}{stderr}");
    assert_eq!(made(&server), Vec::<String>::new());
}

#[test]
fn a_smoke_test_wants_to_be_meant() {
    let server = Server::start(testable("10.25.11.102"));
    let words = failure(verify(&server, &["--smoke-test", "--namespace", "lb-test"]));
    assert!(words.contains("--smoke-test makes objects, so say in which cluster: --context test"), "{words}");
    assert_eq!(server.state().seen.len(), 0);
    let (code, ..) = ran(verify(&server, &["--context", "test", "--smoke-test"]));
    assert_eq!(code, 2, "without a namespace");
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[cfg(unix)]
#[test]
fn a_smoke_test_that_is_interrupted_leaves_nothing() {
    for (name, words) in [("-INT", "interrupted (SIGINT)"), ("-TERM", "interrupted (SIGTERM)")] {
        // The operator never gives an address, so it waits.
        let server = Server::start(State { operator: None, ..testable("10.25.11.102") });
        let child = verify(&server, &["--context", "test", "--smoke-test", "--namespace", "lb-test"]).spawn().unwrap();
        server.until(|state| {
            state.seen.iter().any(|seen| seen.method == "GET" && seen.path.ends_with("/lb-test/services/lb-echo"))
        });
        assert_eq!(made(&server).len(), 2);
        signal(&child, name);
        let (code, stdout, stderr) = outcome(child.wait_with_output().unwrap());
        assert_eq!(code, 2, "{stdout}{stderr}");
        assert!(stdout.contains(words), "{stdout}");
        assert_eq!(made(&server), Vec::<String>::new());
    }
}

#[test]
fn a_smoke_test_whose_server_dies_says_what_is_left() {
    let server = Server::start(testable("10.25.11.102").failing("GET", "/lb-test/services/lb-echo", 1, Trouble::Gone));
    let (code, stdout, stderr) = ran(verify(&server, SMOKE_TEST));
    assert_eq!(code, 2, "{stdout}{stderr}");
    assert!(stdout.contains("MAY BE LEFT: Service lb-test/lb-echo: the API server cannot be reached"), "{stdout}");
    assert!(stdout.contains("MAY BE LEFT: Deployment lb-test/lb-echo"), "{stdout}");
    let command = "remove it: kubectl -n lb-test delete service,deployment -l lbpools.dev/smoke-test=";
    assert!(stdout.contains(command), "{stdout}");
    assert_eq!(made(&server).len(), 2);
}

#[cfg(unix)]
#[test]
fn an_interrupt_while_waiting_ends_it_at_once() {
    let mut state = fleet();
    DRIFTS[4].1(&mut state);
    let server = Server::start(state);
    let mut child = verify(&server, &["--wait", "10m"]).spawn().unwrap();
    // In the second look: it waits for more.
    let looks = |state: &State| state.seen.iter().filter(|seen| seen.path.ends_with("/cilium-config")).count();
    server.until(|state| looks(state) > 1);
    let started = Instant::now();
    signal(&child, "-INT");
    assert!(!child.wait().unwrap().success());
    // Long before the time is up, on a busy machine as well.
    assert!(started.elapsed() < Duration::from_secs(120));
}

/// Measures: `cargo test -p lbpools --test living hundred -- --ignored --nocapture`.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "measures the peak memory on 100,000 Services; takes minutes"]
fn a_hundred_thousand_services_are_read_and_judged() {
    let mut state = fleet();
    let example = object(&mut state, SERVICES, "registry").clone();
    let services = (0..100_000).map(|number| {
        let mut service = example.clone();
        let name = format!("s{number}");
        service["metadata"] = json!({
            "name": name, "namespace": "many", "uid": name, "creationTimestamp": "2026-11-02T09:00:00Z",
            "labels": {"app": name}, "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:ports": {}}}}]
        });
        service["status"]["loadBalancer"]["ingress"][0]["ip"] =
            format!("10.{}.{}.7", 64 + number / 256, number % 256).into();
        service
    });
    let server = Server::start(state.with(SERVICES, services));
    let started = Instant::now();
    let mut child = verify(&server, &["--format", "json", "--timeout", "10m"]).stdout(Stdio::null()).spawn().unwrap();
    let mut peak = String::new();
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        peak = status.lines().find(|line| line.starts_with("VmHWM")).map_or(peak, str::to_owned);
        std::thread::sleep(Duration::from_millis(20));
    }
    let asked = server.state().seen.iter().filter(|seen| seen.path == SERVICES).count();
    let code = child.wait().unwrap().code();
    println!("{peak}, {:.1} s, exit code {code:?}, {asked} pages", started.elapsed().as_secs_f32());
    assert_eq!(asked, 201);
    assert_ne!(code, Some(2));
}
