//! What the real kustomize makes of a repository is judged like what is written, and each finding still leads to the
//! line that a person edits. Where kustomize changes nothing, nothing changes with it.

// The function reads no file and runs no program; its tests do.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use lbpools_function::flux::clusters::{Telling, clusters};
use lbpools_function::flux::files::Files;
use lbpools_function::krm::document::Document;
use lbpools_function::krm::place::Text;
use lbpools_function::report::{BuildNeeded, Finding, Place, Report};
use lbpools_function::{Options, Role, Source, evaluate};

fn kustomize() -> Option<PathBuf> {
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/kustomize");
    let on_path =
        || std::env::split_paths(&std::env::var_os("PATH")?).map(|p| p.join("kustomize")).find(|p| p.is_file());
    let found = if pinned.is_file() { Some(pinned) } else { on_path() };
    if found.is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED no kustomize: `cargo xtask tools` builds it");
    }
    found
}

/// A repository: paths, texts.
type Tree = Vec<(String, String)>;

fn tree(texts: &[(&str, &str)]) -> Tree {
    texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn files(directory: &Path, root: &Path, found: &mut Tree) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, root, found);
        } else {
            let name = path.strip_prefix(root).expect("it is inside").display().to_string();
            found.push((name, fs::read_to_string(&path).expect("a file")));
        }
    }
    found.sort();
}

fn of_checkout(directory: &str) -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(directory);
    let mut found = Tree::new();
    files(&root, &root, &mut found);
    found
}

fn sources(tree: &Tree) -> Vec<Source> {
    let manifest = |path: &&(String, String)| path.0.ends_with(".yaml") || path.0.ends_with(".yml");
    tree.iter().filter(manifest).map(|(path, text)| Source::file(path, text.as_str())).collect()
}

/// What the real kustomize makes of a directory, as a source.
fn build(kustomize: &Path, tree: &Tree, needed: &BuildNeeded) -> Source {
    let place = tempfile::tempdir().expect("a temporary directory");
    let own = (needed.file.clone(), needed.kustomization.clone());
    for (path, text) in tree.iter().chain([&own]) {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    let ran = Command::new(kustomize)
        .args(["build", "--load-restrictor", "LoadRestrictionsNone"])
        .arg(place.path().join(&needed.directory))
        .output()
        .expect("kustomize runs");
    let (role, text) = if ran.status.success() {
        (Role::Built, ran.stdout)
    } else {
        (Role::Unbuilt, [b"refused: ", ran.stderr.as_slice()].concat())
    };
    Source { path: needed.id.clone(), role, text }
}

fn report(sources: &[Source]) -> Report {
    let report = evaluate(sources, Options::default()).report;
    assert_eq!(report.failure, None);
    report
}

/// The report once everything is built that it asks for, and what that was.
fn built(kustomize: &Path, tree: &Tree) -> (Report, Vec<BuildNeeded>) {
    let mut sources = sources(tree);
    let mut asked: Vec<BuildNeeded> = Vec::new();
    for _ in 0..8 {
        let report = report(&sources);
        let new: Vec<_> = report.builds.iter().filter(|build| !asked.iter().any(|old| old.id == build.id)).collect();
        if new.is_empty() {
            return (report, asked);
        }
        sources.extend(new.iter().map(|needed| build(kustomize, tree, needed)));
        asked.extend(new.into_iter().cloned());
    }
    panic!("it asks for ever: {asked:#?}");
}

/// `CODE cluster file: text of the line`.
fn lines(tree: &Tree, report: &Report) -> BTreeSet<String> {
    let line = |place: &Place| {
        let text = tree.iter().find(|(path, _)| *path == place.source).map(|(_, text)| text.as_str());
        let text = text.unwrap_or_else(|| panic!("{place:?} is in no file"));
        format!("{}: {}", place.source, text.lines().nth(place.line as usize - 1).unwrap_or_default().trim())
    };
    let told = |finding: &Finding| {
        let at = finding.chain.last().and_then(|link| link.at.as_ref()).or(finding.at.as_ref());
        let cluster = finding.cluster.as_deref().unwrap_or("-");
        format!("{} {cluster} {}", finding.code, at.map(line).unwrap_or_default())
    };
    report.findings.iter().map(told).collect()
}

fn addresses(report: &Report) -> Vec<String> {
    let mut all: Vec<String> = report
        .clusters
        .iter()
        .flat_map(|cluster| cluster.requests.iter().map(move |request| (cluster, request)))
        .map(|(cluster, request)| {
            format!(
                "{} {} {}",
                cluster.name,
                request.resource.name,
                serde_json::to_string(&request.outcomes).expect("JSON")
            )
        })
        .collect();
    all.sort();
    all
}

const FLUX: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1h, url: https://git.example.org/fleet}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1h, path: ./clusters/one, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  interval: 1h
  path: ./apps
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
  postBuild: {substituteFrom: [{kind: ConfigMap, name: cluster-settings}]}
";

const SETTINGS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-settings, namespace: flux-system}
data:
  LB_IP: 10.0.0.10
";

const POOL: &str = "\
apiVersion: cilium.io/v2alpha1
kind: CiliumLoadBalancerIPPool
metadata:
  name: lb
spec:
  blocks:
  - cidr: 10.0.0.0/24
";

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: web
  annotations:
    lbpools.dev/x: \"yes\"
    lbipam.cilium.io/ips: ${LB_IP}
spec:
  type: LoadBalancer
  ports:
  - {name: http, port: 80}
---
apiVersion: v1
kind: Namespace
metadata:
  name: web
";

fn plain() -> Tree {
    tree(&[
        ("clusters/one/flux.yaml", FLUX),
        ("clusters/one/settings.yaml", SETTINGS),
        ("apps/kustomization.yaml", "resources:\n- pool.yaml\n- service.yaml\n"),
        ("apps/pool.yaml", POOL),
        ("apps/service.yaml", SERVICE),
    ])
}

fn with(tree: &Tree, path: &str, text: &str) -> Tree {
    let mut tree: Tree = tree.iter().filter(|(old, _)| old != path).cloned().collect();
    tree.push((path.to_owned(), text.to_owned()));
    tree.sort();
    tree
}

#[test]
fn what_kustomize_does_not_change_needs_no_build() {
    let tree = plain();
    let report = report(&sources(&tree));
    assert_eq!(report.builds, []);
    assert_eq!(lines(&tree, &report), BTreeSet::new());
}

#[test]
fn a_patched_pin_is_found_at_the_patch() {
    let Some(kustomize) = kustomize() else { return };
    let patch = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: web\n  annotations:\n    lbipam.cilium.io/ips: 10.9.9.9\n";
    let mut tree = with(&plain(), "apps/patch.yaml", patch);
    tree = with(
        &tree,
        "apps/kustomization.yaml",
        "resources:\n- pool.yaml\n- service.yaml\npatches:\n- path: patch.yaml\n",
    );
    let unbuilt = report(&sources(&tree));
    assert_eq!(lines(&tree, &unbuilt), BTreeSet::new(), "nobody knows the pin");
    assert!(
        unbuilt.not_checked.iter().any(|note| note.because.contains("patch in apps")),
        "{:#?}",
        unbuilt.not_checked
    );
    let (report, asked) = built(&kustomize, &tree);
    assert_eq!(asked.iter().map(|build| build.id.as_str()).collect::<Vec<_>>(), ["clusters/one:flux-system/apps"]);
    let want = BTreeSet::from(["LBP305 one apps/patch.yaml: lbipam.cilium.io/ips: 10.9.9.9".to_owned()]);
    assert_eq!(lines(&tree, &report), want);
}

#[test]
fn fields_of_flux_are_built_too_and_found_where_they_are_written() {
    let Some(kustomize) = kustomize() else { return };
    let flux = FLUX.to_owned()
        + "  patches:\n  - target: {kind: Service}\n    patch: |\n      - op: replace\n        path: /metadata/annotations/lbipam.cilium.io~1ips\n        value: 10.9.9.8\n";
    let tree = with(&plain(), "clusters/one/flux.yaml", &flux);
    let (report, _) = built(&kustomize, &tree);
    let want = BTreeSet::from(["LBP305 one clusters/one/flux.yaml: - op: replace".to_owned()]);
    assert_eq!(lines(&tree, &report), want);
}

#[test]
fn patched_settings_count_as_patched() {
    let Some(kustomize) = kustomize() else { return };
    let mut tree = with(
        &plain(),
        "clusters/one/kustomization.yaml",
        "resources:\n- flux.yaml\n- ../../base\npatches:\n- path: patch.yaml\n",
    );
    tree = with(
        &tree,
        "clusters/one/patch.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cluster-settings, namespace: flux-system}\ndata:\n  LB_IP: 10.9.9.7\n",
    );
    tree.retain(|(path, _)| path != "clusters/one/settings.yaml");
    tree = with(&tree, "base/kustomization.yaml", "resources:\n- settings.yaml\n");
    tree = with(&tree, "base/settings.yaml", SETTINGS);
    let unbuilt = report(&sources(&tree));
    assert_eq!(lines(&tree, &unbuilt), BTreeSet::new(), "nobody knows the setting");
    assert!(addresses(&unbuilt).iter().all(|line| !line.contains("10.0.0.10")), "{:#?}", addresses(&unbuilt));
    let (report, asked) = built(&kustomize, &tree);
    assert_eq!(
        asked.iter().map(|build| build.id.as_str()).collect::<Vec<_>>(),
        ["clusters/one:flux-system/flux-system"]
    );
    let want = BTreeSet::from(["LBP305 one clusters/one/patch.yaml: LB_IP: 10.9.9.7".to_owned()]);
    assert_eq!(lines(&tree, &report), want);
}

#[test]
fn settings_that_are_generated_from_a_file_are_built() {
    let Some(kustomize) = kustomize() else { return };
    let mut tree = with(
        &plain(),
        "clusters/one/kustomization.yaml",
        "resources:\n- flux.yaml\nconfigMapGenerator:\n- name: cluster-settings\n  namespace: flux-system\n  envs: [settings.env]\n  options: {disableNameSuffixHash: true}\n",
    );
    tree.retain(|(path, _)| path != "clusters/one/settings.yaml");
    tree = with(&tree, "clusters/one/settings.env", "LB_IP=10.9.9.6\n");
    let (report, asked) = built(&kustomize, &tree);
    assert_eq!(asked.len(), 1, "{asked:#?}");
    let want = BTreeSet::from(["LBP305 one clusters/one/kustomization.yaml: configMapGenerator:".to_owned()]);
    assert_eq!(lines(&tree, &report), want);
}

#[test]
fn a_kustomization_that_only_the_build_knows_is_followed() {
    let Some(kustomize) = kustomize() else { return };
    // The patch moves the apps to another directory, which has a patch of its own.
    let mut tree = with(
        &plain(),
        "clusters/one/kustomization.yaml",
        "resources:\n- flux.yaml\n- settings.yaml\npatches:\n- target: {kind: Kustomization, name: apps}\n  patch: |\n    - {op: test, path: /spec/path, value: ./apps}\n    - {op: replace, path: /spec/path, value: ./more}\n",
    );
    tree = with(
        &tree,
        "more/kustomization.yaml",
        "resources: [../apps]\npatches:\n- target: {kind: CiliumLoadBalancerIPPool}\n  patch: |\n    - {op: move, from: /spec/blocks, path: /spec/cidrs}\n    - {op: add, path: /spec/blocks, value: [{cidr: 10.0.1.0/24}]}\n",
    );
    let (report, asked) = built(&kustomize, &tree);
    let ids: Vec<&str> = asked.iter().map(|build| build.id.as_str()).collect();
    assert_eq!(ids, ["clusters/one:flux-system/flux-system", "clusters/one:flux-system/apps"]);
    let found = lines(&tree, &report);
    assert!(found.contains("LBP305 one clusters/one/settings.yaml: LB_IP: 10.0.0.10"), "{found:#?}");
}

#[test]
fn what_does_not_build_is_a_finding_that_says_why() {
    let Some(kustomize) = kustomize() else { return };
    let tree = with(
        &plain(),
        "apps/kustomization.yaml",
        "resources:\n- pool.yaml\n- service.yaml\npatches:\n- target: {kind: Service}\n  patch: |\n    - {op: remove, path: /spec/absent}\n",
    );
    let (report, _) = built(&kustomize, &tree);
    assert_eq!(lines(&tree, &report), BTreeSet::from(["LBP430 one apps/kustomization.yaml: resources:".to_owned()]));
    assert!(report.findings[0].message.contains("/spec/absent"), "{:?}", report.findings);
}

/// Every Kustomization of these repositories built, whether it needs it or not: the report is the same.
#[test]
fn what_kustomize_does_not_change_is_judged_the_same() {
    let Some(kustomize) = kustomize() else { return };
    for repository in ["examples/fleet", "tests/fixtures/wiring/repository", "examples/broken/bad-octet"] {
        let tree = of_checkout(repository);
        let mut sources = sources(&tree);
        let before = report(&sources);
        let builds = all_builds(&tree, &before);
        assert!(builds.len() > 1, "{repository}");
        for needed in &builds {
            sources.push(build(&kustomize, &tree, needed));
        }
        let after = report(&sources);
        let differs = |one: &[Finding], other: &[Finding]| -> Vec<String> {
            one.iter().filter(|finding| !other.contains(finding)).map(|finding| format!("{finding:?}")).collect()
        };
        let lost = differs(&before.findings, &after.findings);
        let invented = differs(&after.findings, &before.findings);
        assert!(lost.is_empty() && invented.is_empty(), "{repository}\nlost {lost:#?}\ninvented {invented:#?}");
        assert_eq!(addresses(&before), addresses(&after), "{repository}");
        let done = sources.iter().filter(|source| source.role == Role::Built).count();
        assert!(done > 1, "{repository}: {done} of {} are built", builds.len());
    }
}

/// All builds that Flux does in a repository.
fn all_builds(tree: &Tree, report: &Report) -> Vec<BuildNeeded> {
    let manifest = |path: &&(String, String)| path.0.ends_with(".yaml");
    let texts: Vec<Text<'_>> = tree.iter().filter(manifest).map(|(path, text)| Text::new(path, text)).collect();
    let documents: Vec<Document<'_>> = texts.iter().filter_map(|text| Document::read(text).ok()).collect();
    let files = Files::new(&documents);
    let named = report.clusters.iter().map(|cluster| lbpools_function::flux::clusters::ClusterName {
        name: cluster.name.clone(),
        entrypoint: cluster.entrypoint.clone(),
        settings_name: "cluster-settings".into(),
        settings_namespace: "flux-system".into(),
        dialect: None,
    });
    let telling = Telling {
        clusters: named.collect(),
        settings_name: "cluster-settings".into(),
        settings_namespace: "flux-system".into(),
        cluster_key: "CLUSTER".into(),
        dialect: None,
    };
    let (clusters, _) = clusters(&files, &telling);
    clusters
        .iter()
        .flat_map(|cluster| cluster.wiring.builds.iter().map(move |build| (cluster, build)))
        .filter_map(|(cluster, build)| {
            let written = build.kustomization.as_ref().ok()?;
            Some(BuildNeeded {
                baseline: false,
                id: build.id.to_string(),
                cluster: cluster.name.clone(),
                directory: build.directory.clone(),
                because: String::new(),
                file: written.path.clone(),
                kustomization: written.text.clone(),
            })
        })
        .collect()
}
