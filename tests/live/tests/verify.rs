//! `lbpools verify --context` and its smoke test at a living cluster, with the documented roles and no other rights.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use lbpools_live::{Cluster, Flavour, Fleet, Kubectl, Patience, lbpools, root, until};
use serde_json::Value;

/// Who the role in the documentation is bound to.
const NAMESPACE: &str = "flux-system";
const ACCOUNT: &str = "lbpools-verify";
/// Where the smoke test is made.
const SMOKE: &str = "lb-test";

/// A cluster of the fleet, healthy, and somebody who may do what the documentation says.
struct Living {
    cluster: Cluster,
    fleet: Fleet,
    kubeconfig: PathBuf,
}

/// What `lbpools verify` said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    words: String,
    complaints: String,
    report: Value,
}

impl Living {
    fn start(name: &str) -> Self {
        let mut cluster = Cluster::start(name, Flavour::Flux);
        let fleet = cluster.fleet();
        let deliveries = cluster.push(&fleet);
        assert!(deliveries.values().all(Option::is_none), "{deliveries:?}");
        cluster.operator_serves();
        cluster.holds(&fleet);
        let documented =
            |file: &str| std::fs::read_to_string(root().join("docs").join(file)).expect("it is documented");
        let hand = cluster.kubectl();
        hand.apply(&documented("verify-clusterrole.yaml"));
        hand.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {SMOKE}}}\n"));
        hand.apply(&documented("verify-smoke-test-role.yaml"));
        let kubeconfig = cluster.kubeconfig_of(NAMESPACE, ACCOUNT);
        Self { cluster, fleet, kubeconfig }
    }

    fn hand(&self) -> &Kubectl {
        self.cluster.kubectl()
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(lbpools());
        command.arg("verify").arg(self.fleet.path()).arg("--kubeconfig").arg(&self.kubeconfig);
        command.args(["--context", "live"]).args(more);
        // Nothing of whoever runs the tests.
        command.env("HOME", self.cluster.directory()).env_remove("KUBECONFIG");
        command
    }

    fn verify(&self, more: &[&str]) -> Said {
        let document = self.cluster.directory().join("verify.json");
        let _ = std::fs::remove_file(&document);
        let mut command = self.command(more);
        let output = command.arg("--output").arg(format!("json={}", document.display())).output();
        let report = std::fs::read(&document).map_or(Value::Null, |text| serde_json::from_slice(&text).expect("JSON"));
        said(output.expect("lbpools starts"), report)
    }

    /// Look until it is so, and say what was told.
    fn comes_to(&self, what: &str, expected: impl Fn(&Said) -> bool) -> Said {
        let mut last = None;
        let patience = Patience { settled: Duration::ZERO, ..Patience::CHANGE };
        let came = until(patience, || {
            let said = self.verify(&[]);
            let so = expected(&said);
            let reason = said.words.clone() + &said.complaints;
            last = Some(said);
            if so { Ok(()) } else { Err(reason) }
        });
        came.unwrap_or_else(|reason| panic!("{what}: {reason}"));
        last.expect("it has been asked")
    }

    fn holds(&self, when: &str) -> Said {
        self.comes_to(&format!("{when}: it must hold"), |said| said.code == Some(0))
    }

    /// What there is in the namespace of the smoke test.
    fn left(&self) -> Vec<String> {
        let said = self.hand().must(["get", "services,deployments", "--namespace", SMOKE, "--output=name"]);
        said.lines().map(str::to_owned).collect()
    }

    /// Start a smoke test, and wait until its Service is there.
    fn smoking(&self, more: &[&str]) -> Child {
        let mut command = self.command(&["--smoke-test", "--namespace", SMOKE]);
        let child = command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("lbpools starts");
        let there = until(Patience { settled: Duration::ZERO, ..Patience::CHANGE }, || {
            let left = self.left();
            if left.iter().any(|it| it.starts_with("service/")) { Ok(()) } else { Err(format!("{left:?}")) }
        });
        there.expect("the smoke test makes its Service");
        child
    }
}

fn said(output: Output, report: Value) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), words: text(output.stdout), complaints: text(output.stderr), report }
}

fn ended(child: Child) -> Said {
    said(child.wait_with_output().expect("it ends"), Value::Null)
}

impl Said {
    /// The codes of the findings that make it exit with 1.
    fn errors(&self) -> BTreeSet<&str> {
        let findings = self.report["findings"].as_array().into_iter().flatten();
        findings.filter(|it| it["severity"] == "error").filter_map(|it| it["code"].as_str()).collect()
    }
}

#[test]
#[ignore = "cargo xtask live"]
fn a_healthy_cluster_holds_with_only_the_documented_role() {
    for name in ["infra", "apps"] {
        let living = Living::start(name);
        let may = |verb: &str, what: &str| {
            let config = living.kubeconfig.to_str().expect("a path in UTF-8");
            living.hand().run(["--kubeconfig", config, "auth", "can-i", verb, what, "--all-namespaces"]).ok
        };
        assert!(may("list", "services"));
        for (verb, what) in [("list", "secrets"), ("get", "secrets"), ("list", "configmaps"), ("patch", "services")] {
            assert!(!may(verb, what), "the role may {verb} {what}");
        }
        let said = living.holds(name);
        assert_eq!(said.errors(), BTreeSet::new());
        let requests = said.report["verification"]["requests"].as_array().expect("requests");
        let standings: BTreeSet<&str> = requests.iter().filter_map(|it| it["standing"].as_str()).collect();
        // Three of apps may get one of several addresses: the repository does not say who comes first.
        let expected =
            if name == "infra" { BTreeSet::from(["asPredicted"]) } else { ["asPredicted", "possible"].into() };
        assert!(requests.len() >= 3 && standings == expected, "{name}: {requests:#?}");
        let unread = said.report["notChecked"].to_string();
        assert!(!unread.contains("forbidden"), "{unread}");
    }
}

/// What goes wrong in a cluster, what is told of it, and how it is mended.
struct Drift {
    what: &'static str,
    plant: fn(&mut Living),
    /// The codes of all errors.
    errors: &'static [&'static str],
    /// What a person reads.
    words: &'static [&'static str],
    mend: fn(&mut Living),
}

fn by_flux(living: &mut Living) {
    living.cluster.push(&living.fleet);
}

fn patch(living: &Living, arguments: &[&str], patch: &str) {
    let patch = format!("--patch={patch}");
    living.hand().must(["patch"].into_iter().chain(arguments.iter().copied()).chain(["--type=merge", &patch]));
}

fn pool(name: &str, first: &str, last: &str) -> String {
    format!(
        "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {{name: {name}}}\nspec: {{blocks: [{{start: \
         {first}, stop: {last}}}]}}\n"
    )
}

const DRIFTS: &[Drift] = &[
    Drift {
        what: "an edited pool",
        plant: |living| {
            let blocks = r#"{"spec":{"blocks":[{"start":"10.25.11.101","stop":"10.25.11.110"}]}}"#;
            patch(living, &["ciliumloadbalancerippool", "services"], blocks);
        },
        errors: &["LBP704"],
        words: &["CiliumLoadBalancerIPPool services", "10.25.11.110"],
        mend: by_flux,
    },
    Drift {
        what: "a foreign Service in the pool",
        plant: |living| {
            let service = "apiVersion: v1\nkind: Service\nmetadata: {name: foreign, namespace: default}\nspec: {type: \
                           LoadBalancer, ports: [{port: 80}]}\n";
            living.hand().apply(service);
        },
        errors: &["LBP705"],
        words: &["default/foreign", "10.25.11.102"],
        mend: |living| _ = living.hand().must(["delete", "service", "foreign"]),
    },
    Drift {
        what: "a missing Kustomization",
        plant: |living| {
            // With what it brought, its namespace would have to go, and nobody here finishes that.
            patch(living, &["--namespace=flux-system", "kustomization", "registry"], r#"{"spec":{"prune":false}}"#);
            living.hand().must(["delete", "--namespace=flux-system", "kustomization", "registry"]);
        },
        errors: &["LBP703"],
        words: &["Kustomization flux-system/registry"],
        mend: by_flux,
    },
    Drift {
        what: "a suspended Kustomization",
        plant: |living| {
            patch(living, &["--namespace=flux-system", "kustomization", "cilium"], r#"{"spec":{"suspend":true}}"#);
        },
        errors: &["LBP712"],
        words: &["flux-system/cilium", "suspended"],
        mend: |living| {
            patch(living, &["--namespace=flux-system", "kustomization", "cilium"], r#"{"spec":{"suspend":null}}"#);
        },
    },
    Drift {
        what: "a Service that waits",
        plant: |living| {
            let pin = "lbipam.cilium.io/ips=10.25.11.250";
            living.hand().must(["annotate", "--namespace=registry", "service/registry", pin]);
        },
        errors: &["LBP701", "LBP704"],
        words: &["registry/registry", "no_pool", "10.25.11.250"],
        mend: |living| {
            _ = living.hand().must(["annotate", "--namespace=registry", "service/registry", "lbipam.cilium.io/ips-"]);
        },
    },
    Drift {
        what: "a Gateway without an address",
        plant: |living| {
            let address = r#"{"spec":{"addresses":[{"type":"IPAddress","value":"10.25.11.250"}]}}"#;
            patch(living, &["--namespace=network", "gateway", "public"], address);
        },
        errors: &["LBP701", "LBP704", "LBP710"],
        words: &["network/public", "10.25.11.250"],
        mend: by_flux,
    },
    Drift {
        what: "two pools in conflict",
        plant: |living| living.hand().apply(&pool("second", "10.25.11.119", "10.25.11.119")),
        errors: &["LBP706", "LBP708"],
        words: &["CiliumLoadBalancerIPPool second"],
        mend: |living| _ = living.hand().must(["delete", "ciliumloadbalancerippool", "second"]),
    },
    Drift {
        what: "a pool of the other cluster",
        plant: |living| living.hand().apply(&pool("strange", "10.25.11.130", "10.25.11.131")),
        errors: &["LBP706", "LBP707"],
        words: &["CiliumLoadBalancerIPPool strange", "apps"],
        mend: |living| _ = living.hand().must(["delete", "ciliumloadbalancerippool", "strange"]),
    },
    Drift {
        what: "a substitution that fails",
        plant: |living| {
            let settings = r#"{"data":{"CILIUM_LB_POOL_END":"[10.25.11.119"}}"#;
            patch(living, &["--namespace=flux-system", "configmap", "cluster-settings"], settings);
            let asked = "reconcile.fluxcd.io/requestedAt=now";
            let to_flux = ["annotate", "--overwrite", "--namespace=flux-system", "--field-manager=flux"];
            living.hand().must(to_flux.into_iter().chain(["kustomization/cilium", asked]));
        },
        errors: &["LBP704", "LBP711"],
        words: &["flux-system/cilium", "CILIUM_LB_POOL_END"],
        mend: by_flux,
    },
    // The last one: Flux applies nothing any more.
    Drift {
        what: "a stale revision",
        plant: |living| living.cluster.push_without_applying(&living.fleet),
        errors: &["LBP713"],
        words: &["flux-system/cilium"],
        mend: |_| {},
    },
];

#[test]
#[ignore = "cargo xtask live"]
fn each_of_ten_drifts_is_told_and_nothing_else() {
    let mut living = Living::start("infra");
    living.holds("before");
    let mut wrong = Vec::new();
    for (number, drift) in DRIFTS.iter().enumerate() {
        (drift.plant)(&mut living);
        let expected: BTreeSet<&str> = drift.errors.iter().copied().collect();
        let came = until(Patience::CHANGE, || {
            let said = living.verify(&[]);
            let told = said.code == Some(1) && said.errors() == expected;
            let missing = drift.words.iter().find(|words| !said.words.contains(**words));
            match missing {
                None if told => Ok(()),
                _ => Err(format!("exit {:?}, {:?}, without {missing:?}:\n{}", said.code, said.errors(), said.words)),
            }
        });
        match came {
            Ok(()) => eprintln!("{}: told by {expected:?}", drift.what),
            Err(reason) => wrong.push(format!("{}: {reason}", drift.what)),
        }
        (drift.mend)(&mut living);
        if number + 1 < DRIFTS.len() {
            living.holds(&format!("after {}", drift.what));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(DRIFTS.len() >= 10);
}

#[test]
#[ignore = "cargo xtask live"]
fn it_ends_with_2_when_the_api_server_refuses_or_is_gone() {
    let mut living = Living::start("infra");
    living.holds("before");
    let good = std::fs::read_to_string(&living.kubeconfig).expect("a kubeconfig");
    let mut config: Value = serde_json::from_str(&good).expect("JSON");
    config["users"][0]["user"]["token"] = "nobody".into();
    std::fs::write(&living.kubeconfig, config.to_string()).expect("a kubeconfig");
    let refused = living.verify(&[]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.complaints.contains("Unauthorized") && refused.words.is_empty(), "{refused:?}");

    std::fs::write(&living.kubeconfig, good).expect("a kubeconfig");
    living.holds("with the token again");
    living.cluster.stop_api_server();
    let gone = living.verify(&[]);
    assert_eq!(gone.code, Some(2), "{gone:?}");
    assert!(gone.complaints.contains("cannot be read") && gone.words.is_empty(), "{gone:?}");
}

#[test]
#[ignore = "cargo xtask live"]
fn the_smoke_test_gets_what_was_foretold_and_leaves_nothing() {
    for (name, address) in [("infra", "10.25.11.102"), ("apps", "10.25.11.123")] {
        let living = Living::start(name);
        living.holds("before");
        let said = living.verify(&["--smoke-test", "--namespace", SMOKE]);
        assert_eq!(said.code, Some(0), "{said:?}");
        let outcome = &said.report["verification"]["smokeTest"]["outcome"];
        assert_eq!(outcome["addresses"], serde_json::json!([address]), "{outcome}");
        assert!(said.words.contains("nothing that it made is left"), "{}", said.words);
        assert_eq!(living.left(), Vec::<String>::new());
        living.holds("after");
    }
}

#[test]
#[ignore = "cargo xtask live"]
fn the_smoke_test_leaves_nothing_when_it_fails_is_interrupted_or_loses_the_api_server() {
    let mut living = Living::start("infra");
    living.holds("before");
    // Nobody gives it an address.
    living.cluster.stop_operator();

    let failed = living.verify(&["--smoke-test", "--namespace", SMOKE, "--wait", "3s"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.words.contains("nothing that it made is left"), "{}", failed.words);
    assert_eq!(living.left(), Vec::<String>::new());

    for signal in ["-INT", "-TERM"] {
        let child = living.smoking(&[]);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().is_ok_and(|it| it.success()));
        let interrupted = ended(child);
        assert_eq!(interrupted.code, Some(2), "{signal}: {interrupted:?}");
        assert!(interrupted.words.contains("nothing that it made is left"), "{signal}: {}", interrupted.words);
        assert_eq!(living.left(), Vec::<String>::new(), "{signal}");
    }

    // It cannot remove them; so it says what is left, and how to remove it.
    let child = living.smoking(&["--request-timeout", "5s"]);
    living.cluster.stop_api_server();
    let lost = ended(child);
    assert_eq!(lost.code, Some(2), "{lost:?}");
    living.cluster.start_api_server();
    let left = living.left();
    assert!(left.len() == 2 && lost.words.matches("MAY BE LEFT").count() == 2, "{left:?}: {lost:?}");
    let (_, command) = lost.words.split_once("remove it: kubectl ").expect("it says how");
    living.hand().must(command.trim().split(' '));
    assert_eq!(living.left(), Vec::<String>::new());

    living.cluster.start_operator();
    living.holds("after");
}
