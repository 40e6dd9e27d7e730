//! `--from REV` on a real repository: eleven commits made with the real git, each held against the one before.
//!
//! What is expected was derived by hand from the manifests and from the order rules of Cilium's allocator. Two of the
//! moves are held against what Cilium's own controller did in the same history (`tests/oracle/cilium/recorded`).

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A git repository that holds `examples/fleet`.
struct Repository {
    place: TempDir,
}

impl Repository {
    /// None, with a word past the runner's capture, where there is no git.
    fn of_the_fleet() -> Option<Self> {
        if Command::new("git").arg("--version").output().is_err() {
            let _ = writeln!(std::io::stderr(), "SKIPPED no git on this machine");
            return None;
        }
        let repository = Self { place: TempDir::new().unwrap() };
        copy(&root().join("examples/fleet"), &repository.path());
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.commit("the fleet");
        Some(repository)
    }

    fn path(&self) -> PathBuf {
        self.place.path().join("repository")
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", self.place.path().join("none"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    fn replace(&self, path: &str, old: &str, new: &str) {
        let file = self.path().join(path);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(old), "{path} does not say {old:?}");
        fs::write(file, text.replacen(old, new, 1)).unwrap();
    }

    fn lbpools(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_lbpools")).args(arguments).current_dir(self.path()).output().unwrap()
    }

    /// What changed since the revision, a line each.
    fn changed(&self, from: &str) -> BTreeSet<String> {
        let output = self.lbpools(&["plan", "--from", from, "--format", "json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        lines(&report["difference"])
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn held(value: &Value) -> String {
    let ranges: Vec<&str> = value["ranges"].as_array().unwrap().iter().map(text).collect();
    let none = if value["orNone"] == true { " or none" } else { "" };
    if ranges.is_empty() { "none".into() } else { format!("{}{none}", ranges.join(",")) }
}

fn lines(difference: &Value) -> BTreeSet<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let name = |of: &Value| format!("{} {}/{}", text(&of["kind"]), text(&of["namespace"]), text(&of["name"]));
    let mut lines = BTreeSet::new();
    for cluster in list(&difference["clusters"]) {
        let of = text(&cluster["name"]);
        for each in list(&cluster["addresses"]) {
            let may = if each["certain"] == true { "" } else { "may be " };
            let (before, after) = (held(&each["before"]), held(&each["after"]));
            let (what, when) = (text(&each["change"]), text(&each["moment"]));
            lines.insert(format!("{of} {when}: {} {may}{what} {before} > {after}", name(&each["resource"])));
        }
        for each in list(&cluster["pools"]) {
            let lost: Vec<_> = list(&each["lost"]).iter().map(|range| format!(" -{}", text(range))).collect();
            let gained: Vec<_> = list(&each["gained"]).iter().map(|range| format!(" +{}", text(range))).collect();
            let (lost, gained) = (lost.concat(), gained.concat());
            lines.insert(format!("{of} pool {} {}{lost}{gained}", text(&each["name"]), text(&each["change"])));
        }
        for each in list(&cluster["announcements"]) {
            let by = |side: &str| list(&each[side]).iter().map(|by| text(&by["name"]).to_owned()).collect::<String>();
            let what = format!("{}: {} > {}", name(&each["resource"]), by("before"), by("after"));
            let unknown = if each["unknown"].is_string() { " unknown" } else { "" };
            lines.insert(format!("{of} announced {what}{unknown}"));
        }
        for each in list(&cluster["operator"]) {
            lines.insert(format!("{of} operator: {}", text(&each)));
        }
    }
    lines
}

const SETTINGS: [&str; 2] =
    ["kubernetes/clusters/infra/cluster-settings.yaml", "kubernetes/clusters/apps/cluster-settings.yaml"];
const POOLS: &str = "kubernetes/infrastructure/networking/cilium/ipam/pools.yaml";

#[test]
fn every_move_of_eleven_commits_is_named_and_none_invented() {
    let Some(repository) = Repository::of_the_fleet() else { return };
    let [infra, apps] = SETTINGS;
    let since_the_last = |what: &str, expected: &[&str]| {
        repository.commit(what);
        let expected: BTreeSet<String> = expected.iter().map(|&line| line.to_owned()).collect();
        assert_eq!(repository.changed("HEAD~1"), expected, "{what}");
    };

    repository.replace(apps, "# --- routing ---", "# --- routing, asked for by the network team ---");
    since_the_last("a comment", &[]);

    repository.replace(infra, "POSTGRES_LB_IP: 10.25.11.105", "POSTGRES_LB_IP: 10.25.11.108");
    since_the_last("a pin", &["infra atOnce: Service databases/postgres moved 10.25.11.105 > 10.25.11.108"]);

    // The Gateway goes to the last address of the range, which the other pool gives up for it. The pools and the
    // Service arrive in any order; the neighbours stay.
    repository.replace(apps, "CILIUM_GATEWAY_LB_IP: 10.25.11.120", "CILIUM_GATEWAY_LB_IP: 10.25.11.139");
    repository.replace(apps, "CILIUM_LB_POOL_END: 10.25.11.139", "CILIUM_LB_POOL_END: 10.25.11.138");
    let gateway = [
        "apps atOnce: Gateway network/public moved 10.25.11.120 > 10.25.11.139",
        "apps pool gateway moved -10.25.11.120 +10.25.11.139",
        "apps pool services shrunk -10.25.11.139",
    ];
    since_the_last("the Gateway's address", &gateway);

    let mirror = "apiVersion: v1\nkind: Service\nmetadata:\n  name: mirror\n  namespace: registry\nspec:\n  type: \
                  LoadBalancer\n  selector:\n    app.kubernetes.io/name: mirror\n  ports:\n    - port: 443\n";
    fs::write(repository.path().join("kubernetes/workloads/registry/mirror.yaml"), mirror).unwrap();
    let list = "kubernetes/workloads/registry/kustomization.yaml";
    repository.replace(list, "  - service.yaml\n", "  - service.yaml\n  - mirror.yaml\n");
    since_the_last("one more Service", &["infra atOnce: Service registry/mirror gained none > 10.25.11.102"]);

    repository.replace(infra, "CILIUM_LB_POOL_END: 10.25.11.119", "CILIUM_LB_POOL_END: 10.25.11.112");
    since_the_last("a smaller pool", &["infra pool services shrunk -10.25.11.113-10.25.11.119"]);

    repository.replace(list, "  - mirror.yaml\n", "");
    // Either of the two came first, and the pin may have split the pool before.
    since_the_last(
        "one Service less",
        &["infra atOnce: Service registry/mirror lost 10.25.11.101-10.25.11.102,10.25.11.109-10.25.11.110 > none"],
    );

    let pools = fs::read_to_string(repository.path().join(POOLS)).unwrap();
    let (kept, _) = pools.split_once("---\napiVersion: cilium.io/v2\nkind: CiliumBGPAdvertisement").unwrap();
    fs::write(repository.path().join(POOLS), kept).unwrap();
    repository.replace("lbpools.yaml", "  advertise:\n    bgp: {}\n", "");
    since_the_last(
        "no advertisement",
        &[
            "apps announced Gateway network/public: lb-pools >  unknown",
            "apps announced Service dns/resolver-tls: lb-pools >  unknown",
            "apps announced Service dns/resolver: lb-pools >  unknown",
            "apps announced Service storefront/storefront-metrics: lb-pools >  unknown",
            "infra announced Gateway network/public: lb-pools >  unknown",
            "infra announced Service databases/postgres: lb-pools >  unknown",
            "infra announced Service registry/registry: lb-pools >  unknown",
        ],
    );

    repository.replace("lbpools.yaml", "version: \"1.18\"", "version: \"1.20\"");
    since_the_last("an upgrade", &[]);

    let dns = "kubernetes/workloads/dns";
    repository.git(&["mv", &format!("{dns}/services.yaml"), &format!("{dns}/resolver.yaml")]);
    repository.replace(&format!("{dns}/kustomization.yaml"), "services.yaml", "resolver.yaml");
    since_the_last("another file name", &[]);

    let file = repository.path().join(format!("{dns}/resolver.yaml"));
    let (first, second) = fs::read_to_string(&file).map(|text| split(&text, "name: resolver-tls")).unwrap();
    fs::write(&file, first + &second.replacen("type: LoadBalancer", "type: ClusterIP", 1)).unwrap();
    since_the_last("inside only", &["apps atOnce: Service dns/resolver-tls lost 10.25.11.121-10.25.11.122 > none"]);

    repository.replace(infra, "CILIUM_LB_POOL_START: 10.25.11.101", "CILIUM_LB_POOL_START: 10.25.11.102");
    // The pin leaves two gaps, and the first address of the smaller one is next. Before, whoever came first had 101.
    since_the_last(
        "the first address kept free",
        &[
            "infra atOnce: Service registry/registry may be moved 10.25.11.101,10.25.11.109 > 10.25.11.109",
            "infra pool services shrunk -10.25.11.101",
        ],
    );

    // Across several commits, by branch, tag and abbreviated hash; the work tree is not looked at for the old side.
    repository.git(&["tag", "start", "HEAD~11"]);
    let whole = repository.changed("start");
    assert!(whole.contains("infra atOnce: Service databases/postgres moved 10.25.11.105 > 10.25.11.108"), "{whole:?}");
    assert!(gateway.iter().all(|line| whole.contains(*line)), "{whole:?}");
    let hash = repository.git(&["rev-parse", "--short", "start"]);
    assert_eq!(repository.changed(hash.trim()), whole);
    assert_eq!(repository.git(&["status", "--porcelain"]), "", "the work tree is as it was");
}

fn split(text: &str, at: &str) -> (String, String) {
    let (first, second) = text.split_at(text.find(at).unwrap());
    (first.to_owned(), second.to_owned())
}

/// A cluster whose directory goes is left as it was by its Flux, and one that the config drops goes on as before: in
/// neither does an address move.
#[test]
fn a_cluster_that_goes_away_is_no_longer_judged() {
    let Some(repository) = Repository::of_the_fleet() else { return };
    let plan = |arguments: &[&str]| {
        let output = repository.lbpools(&[&["plan", "--quiet", "--exit-code", "--from", "HEAD"], arguments].concat());
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    fs::remove_dir_all(repository.path().join("kubernetes/clusters/infra")).unwrap();
    let told = "what changes from HEAD\n\ncluster infra (no longer judged)\n\n  not compared\n    unknown         what \
                becomes of its addresses: its entry point kubernetes/clusters/infra is not there any more; a Flux that \
                still follows it leaves what it applied as it is\n\nno address moves: 1 cluster is no longer judged\n";
    assert_eq!(plan(&[]), (0, told.to_owned()));
    let (_, json) = plan(&["--format", "json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    let clusters = report["difference"]["clusters"].as_array().unwrap();
    assert_eq!((clusters.len(), &clusters[0]["presence"]), (1, &Value::from("gone")), "{json}");

    // The other way round it is a new one.
    repository.commit("one cluster less");
    let back = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["checkout", "--quiet", "HEAD~1", "--", "kubernetes/clusters/infra"]);
    let changed = repository.changed(back.trim());
    assert!(changed.contains("infra atOnce: Service databases/postgres gained none > 10.25.11.105"), "{changed:?}");
    assert!(changed.iter().all(|line| line.starts_with("infra ")), "{changed:?}");

    // The config drops a cluster whose manifests stay; then it names it again.
    repository.commit("both clusters");
    let config = fs::read_to_string(repository.path().join("lbpools.yaml")).unwrap();
    let entry = config.split_inclusive('\n').skip_while(|line| !line.contains("- name: apps"));
    let entry: String = entry.take_while(|line| line.contains("- name: apps") || line.starts_with("      ")).collect();
    repository.replace("lbpools.yaml", &entry, "");
    let (code, told) = plan(&[]);
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("cluster apps (no longer judged)") && told.contains("the config no longer names it"),
        "{told}"
    );
    repository.commit("out of the config");
    repository.git(&["checkout", "--quiet", "HEAD~1", "--", "lbpools.yaml"]);
    assert_eq!(repository.changed("HEAD"), BTreeSet::new(), "nothing is gained that was there before");
}

#[test]
fn the_exit_code_tells_of_a_move() {
    let Some(repository) = Repository::of_the_fleet() else { return };
    let code = |arguments: &[&str]| repository.lbpools(arguments).status.code();
    assert_eq!(code(&["plan", "--from", "main", "--exit-code"]), Some(0));
    repository.replace(SETTINGS[0], "POSTGRES_LB_IP: 10.25.11.105", "POSTGRES_LB_IP: 10.25.11.108");
    assert_eq!(code(&["plan", "--from", "main", "--exit-code"]), Some(1), "the work tree counts, not the index");
    assert_eq!(code(&["plan", "--from", "main"]), Some(0));
    let output = repository.lbpools(&["plan", "--from", "no-such-branch"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("`no-such-branch` is neither a revision nor a directory"), "{told}");
}

#[test]
fn a_map_of_before_and_after() {
    let Some(repository) = Repository::of_the_fleet() else { return };
    repository.replace(SETTINGS[1], "CILIUM_LB_POOL_START: 10.25.11.121", "CILIUM_LB_POOL_START: 10.25.11.131");
    let page = repository.path().join("../map.html");
    let output = repository.lbpools(&["map", "--from", "HEAD", "--output", &format!("html={}", page.display())]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let drawn = String::from_utf8(output.stdout).unwrap();
    let row = |name: &str| drawn.lines().find(|line| line.trim_start().starts_with(name)).unwrap().to_owned();
    assert_eq!(
        row("infra before").replace("before", "after "),
        row("infra after"),
        "one scale for both, and nothing changed here\n{drawn}"
    );
    assert_ne!(row("apps before").replace("before", "after "), row("apps after"), "{drawn}");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("before") && page.contains("10.25.11.131-10.25.11.139"));
    assert_eq!(repository.git(&["status", "--porcelain"]).trim(), format!("M {}", SETTINGS[1]));
}

/// The end of a kept history, as Cilium's controller of this version left it: every one of its twenty runs.
fn ends(version: &str, case: &str) -> Vec<Value> {
    let file = root().join(format!("tests/oracle/cilium/recorded/{version}.jsonl"));
    let text = fs::read_to_string(file).unwrap();
    let recorded = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let outcomes = recorded.filter(|line| line["case"] == case).map(|line| line["outcomes"].clone());
    let outcomes: Vec<Value> = outcomes.flat_map(|outcomes| outcomes.as_array().cloned().unwrap()).collect();
    outcomes.iter().map(|outcome| outcome["steps"].as_array().unwrap().last().unwrap()["services"].clone()).collect()
}

fn addresses(service: &Value) -> Vec<String> {
    service["ingress"].as_array().unwrap().iter().map(|address| text(address).to_owned()).collect()
}

#[test]
fn ciliums_own_code_moves_them_alike() {
    for version in ["1.18", "1.20"] {
        let pin = ends(version, "plan-pin-moves");
        assert!(!pin.is_empty(), "{version}");
        for end in pin {
            assert_eq!(addresses(&end["databases/postgres"]), ["10.25.11.108"], "{version}");
            assert_eq!(addresses(&end["registry/registry"]), ["10.25.11.101"], "{version}");
            assert_eq!(addresses(&end["network/cilium-gateway-public"]), ["10.25.11.100"], "{version}");
        }
        let orders = ["pin-pool-shrink", "pin-shrink-pool", "pool-pin-shrink", "pool-shrink-pin", "shrink-pin-pool"];
        for order in orders.into_iter().chain(["shrink-pool-pin"]) {
            let gateway = ends(version, &format!("plan-gateway-moves-{order}"));
            assert!(!gateway.is_empty(), "{version} {order}");
            for end in gateway {
                assert_eq!(addresses(&end["network/cilium-gateway-public"]), ["10.25.11.139"], "{version} {order}");
                assert_eq!(addresses(&end["dns/resolver"]), ["10.25.11.121"], "{version} {order}");
                assert_eq!(addresses(&end["dns/resolver-tls"]), ["10.25.11.121"], "{version} {order}");
                assert_eq!(addresses(&end["storefront/storefront-metrics"]), ["10.25.11.122"], "{version} {order}");
            }
        }
    }
}

/// `check` of the whole repository refuses what was there before; of the change alone only what the change brings.
#[test]
fn check_of_a_change_tells_what_it_brings() {
    let Some(repository) = Repository::of_the_fleet() else { return };
    let codes = |arguments: &[&str]| {
        let output = repository.lbpools(&[&["check", "--format", "json"], arguments].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let codes: Vec<_> = report["findings"].as_array().unwrap().iter().map(|each| each["code"].clone()).collect();
        (output.status.code().unwrap(), codes, report["leftOut"]["unaffected"].as_u64().unwrap_or_default())
    };
    // A pin outside of every pool, then a pool outside of the other cluster's part of the plan.
    repository.replace(SETTINGS[0], "POSTGRES_LB_IP: 10.25.11.105", "POSTGRES_LB_IP: 10.25.11.205");
    repository.commit("a mistake");
    repository.replace(SETTINGS[1], "CILIUM_LB_POOL_END: 10.25.11.139", "CILIUM_LB_POOL_END: 10.25.11.149");
    repository.commit("another");
    let (code, whole, _) = codes(&[]);
    assert_eq!(code, 1);
    let (code, brought, unaffected) = codes(&["--changed-since", "HEAD~1"]);
    assert_eq!(code, 1);
    assert!(!brought.is_empty() && unaffected > 0 && brought.len() + unaffected as usize == whole.len());
    let (code, brought, unaffected) = codes(&["--changed-since", "HEAD"]);
    assert_eq!((code, brought, unaffected as usize), (0, vec![], whole.len()));
    let (code, both, unaffected) = codes(&["--changed-since", "HEAD~2"]);
    assert_eq!((code, both, unaffected), (1, whole, 0));
}

#[test]
fn check_of_one_cluster_says_when_it_is_not_there() {
    let Some(repository) = Repository::of_the_fleet() else { return };
    repository.replace(SETTINGS[0], "POSTGRES_LB_IP: 10.25.11.105", "POSTGRES_LB_IP: 10.25.11.205");
    let code = |name: &str| repository.lbpools(&["check", "--cluster", name]).status.code();
    assert_eq!((code("infra"), code("apps"), code("nowhere")), (Some(1), Some(0), Some(2)));
}
