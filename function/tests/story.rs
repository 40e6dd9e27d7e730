//! The story's repository is clean, and each single mistake that its acceptance criteria name is found, by the rule for
//! it and at the line to edit.

// The function reads no file; its tests do.
#![allow(clippy::disallowed_methods)]

mod tree;

use std::path::Path;

use lbpools_function::report::{Finding, Place, Severity};
use lbpools_function::{Options, Source, evaluate};

fn fleet() -> Vec<Source> {
    tree::sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/fleet"))
}

fn findings(sources: &[Source]) -> Vec<Finding> {
    let report = evaluate(sources, Options::default()).report;
    assert_eq!(report.failure, None);
    report.findings
}

/// Where a finding says to edit: where the value comes from, else where it stands.
fn place_to_edit(finding: &Finding) -> Option<&Place> {
    let origin = finding
        .chain
        .iter()
        .rev()
        .find(|link| link.what.starts_with("setting ") || link.what.starts_with("Kustomization "));
    origin.and_then(|link| link.at.as_ref()).or(finding.at.as_ref())
}

/// A mistake: what is changed in which file, the rule that must find it, and the line that it must point at.
struct Mistake {
    what: &'static str,
    file: &'static str,
    old: &'static str,
    new: &'static str,
    code: &'static str,
    /// File and text of the line to edit.
    at: (&'static str, &'static str),
}

const CILIUM: &str = "kubernetes/infrastructure/networking/cilium/ks.yaml";
const LIST: &str = "kubernetes/infrastructure/networking/cilium/kustomization.yaml";
const INFRA: &str = "kubernetes/clusters/infra/cluster-settings.yaml";
const APPS: &str = "kubernetes/clusters/apps/cluster-settings.yaml";

const fn setting(
    what: &'static str,
    file: &'static str,
    old: &'static str,
    new: &'static str,
    code: &'static str,
) -> Mistake {
    Mistake { what, file, old, new, code, at: (file, new) }
}

const MISTAKES: &[Mistake] = &[
    // 1) Flux applies the pools; pools are present in each cluster.
    Mistake {
        what: "the pools' directory is not listed",
        file: LIST,
        old: "  - ipam\n",
        new: "",
        code: "LBP407",
        at: (LIST, "resources:"),
    },
    Mistake {
        what: "the Kustomization is not listed",
        file: "kubernetes/infrastructure/kustomization.yaml",
        old: "  - networking/cilium/ks.yaml\n",
        new: "",
        code: "LBP407",
        at: ("kubernetes/infrastructure/kustomization.yaml", "resources:"),
    },
    setting(
        "the path of the Kustomization is misspelt",
        CILIUM,
        "path: ./kubernetes/infrastructure/networking/cilium #",
        "path: ./kubernetes/infrastructure/networking/cillium #",
        "LBP413",
    ),
    Mistake {
        what: "the Kustomization fills in no settings",
        file: CILIUM,
        old: "  postBuild:\n    substituteFrom:\n      - kind: ConfigMap\n        name: cluster-settings\n---",
        new: "---",
        code: "LBP403",
        at: (CILIUM, "name: cilium"),
    },
    setting("the settings are misspelt", CILIUM, "name: cluster-settings\n---", "name: cluster-setings\n---", "LBP415"),
    Mistake {
        what: "a resource is listed that is not there",
        file: LIST,
        old: "  - ipam\n",
        new: "  - ipam\n  - ipam-extra\n",
        code: "LBP416",
        at: (LIST, "  - ipam-extra"),
    },
    setting(
        "a dependency is misspelt",
        "kubernetes/clusters/infra/workloads.yaml",
        "- name: cilium # no Service before there is a pool to serve it\n  postBuild:\n    substituteFrom:\n      - kind: ConfigMap\n        name: cluster-settings\n---",
        "- name: cillium\n  postBuild:\n    substituteFrom:\n      - kind: ConfigMap\n        name: cluster-settings\n---",
        "LBP409",
    ),
    Mistake {
        what: "the settings are not applied",
        file: "kubernetes/clusters/infra/kustomization.yaml",
        old: "  - cluster-settings.yaml\n",
        new: "",
        code: "LBP426",
        at: ("kubernetes/clusters/infra/kustomization.yaml", "resources:"),
    },
    setting(
        "a cluster applies the other one",
        "kubernetes/clusters/apps/infrastructure.yaml",
        "path: ./kubernetes/infrastructure",
        "path: ./kubernetes/clusters/infra",
        "LBP408",
    ),
    Mistake {
        what: "the source is forgotten",
        file: CILIUM,
        old: "  wait: true\n  sourceRef:\n    kind: GitRepository\n    name: flux-system\n",
        new: "  wait: true\n",
        code: "LBP414",
        at: (CILIUM, "  name: cilium"),
    },
    Mistake {
        what: "a key is missing in one cluster",
        file: APPS,
        old: "  CILIUM_LB_POOL_END: 10.25.11.139\n",
        new: "",
        code: "LBP401",
        at: (APPS, "  CLUSTER: apps"),
    },
    setting(
        "a key is misspelt",
        INFRA,
        "CILIUM_LB_POOL_START: 10.25.11.101",
        "CILIUM_LB_POOL_STRAT: 10.25.11.101",
        "LBP419",
    ),
    setting("a key is no name", INFRA, "DOMAIN: infra", "lb-domain: infra", "LBP425"),
    // 2) Services get addresses from the intended pools, and the Gateway the planned one.
    setting("a pin is in no pool", INFRA, "POSTGRES_LB_IP: 10.25.11.105", "POSTGRES_LB_IP: 10.25.11.205", "LBP305"),
    setting("a pin is misspelt", INFRA, "POSTGRES_LB_IP: 10.25.11.105", "POSTGRES_LB_IP: 10.25.11.1O5", "LBP307"),
    setting(
        "a pin asks for the Gateway's address",
        INFRA,
        "POSTGRES_LB_IP: 10.25.11.105",
        "POSTGRES_LB_IP: 10.25.11.100",
        "LBP308",
    ),
    // 3) The Gateway's address is inside the pool of its cluster's range.
    setting(
        "the Gateway has an address of the other cluster",
        INFRA,
        "CILIUM_GATEWAY_LB_IP: 10.25.11.100",
        "CILIUM_GATEWAY_LB_IP: 10.25.11.130",
        "LBP303",
    ),
    setting(
        "the other one likewise",
        APPS,
        "CILIUM_GATEWAY_LB_IP: 10.25.11.120",
        "CILIUM_GATEWAY_LB_IP: 10.25.11.119",
        "LBP303",
    ),
    setting(
        "the Gateway's address is no address",
        INFRA,
        "CILIUM_GATEWAY_LB_IP: 10.25.11.100",
        "CILIUM_GATEWAY_LB_IP: 10.25.11.300",
        "LBP301",
    ),
    setting(
        "a pool reaches into the other cluster's range",
        INFRA,
        "CILIUM_LB_POOL_END: 10.25.11.119",
        "CILIUM_LB_POOL_END: 10.25.11.125",
        "LBP201",
    ),
    setting(
        "a pool ends before it starts",
        INFRA,
        "CILIUM_LB_POOL_START: 10.25.11.101",
        "CILIUM_LB_POOL_START: 10.25.11.121",
        "LBP102",
    ),
    setting(
        "two pools share the Gateway's address",
        INFRA,
        "CILIUM_LB_POOL_START: 10.25.11.101",
        "CILIUM_LB_POOL_START: 10.25.11.100",
        "LBP106",
    ),
];

#[test]
fn the_repository_of_the_story_is_clean() {
    assert_eq!(findings(&fleet()), []);
}

#[test]
fn each_mistake_is_found_at_its_line() {
    let mut wrong = Vec::new();
    for mistake in MISTAKES {
        let mut sources = fleet();
        let source = sources.iter_mut().find(|source| source.path == mistake.file).expect(mistake.file);
        let text = String::from_utf8(source.text.clone()).expect("UTF-8");
        assert_eq!(text.matches(mistake.old).count(), 1, "{}: {:?}", mistake.what, mistake.old);
        source.text = text.replace(mistake.old, mistake.new).into_bytes();
        let findings = findings(&sources);
        let line_of = |place: &Place| {
            let source = sources.iter().find(|source| source.path == place.source)?;
            let text = std::str::from_utf8(&source.text).ok()?;
            Some(text.lines().nth(place.line as usize - 1)?.to_owned())
        };
        let (file, line) = mistake.at;
        let line = line.lines().next().unwrap_or_default();
        let hit = findings.iter().filter(|finding| finding.code == mistake.code).any(|finding| {
            place_to_edit(finding)
                .is_some_and(|place| place.source == file && line_of(place).is_some_and(|text| text.contains(line)))
        });
        if !hit {
            let told: Vec<String> = findings
                .iter()
                .map(|f| {
                    let place = place_to_edit(f);
                    let line = place.and_then(line_of).unwrap_or_default();
                    format!(
                        "  {} {:?} {} | {line:?} | {}",
                        f.code,
                        f.severity,
                        place.map_or("", |p| &p.source),
                        f.message
                    )
                })
                .collect();
            wrong.push(format!("{} ({}):\n{}", mistake.what, mistake.code, told.join("\n")));
        }
        // Whatever else is said, the run must not pass.
        let passes = findings.iter().all(|finding| finding.severity == Severity::Info);
        assert!(!passes, "{} passes: {findings:#?}", mistake.what);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
