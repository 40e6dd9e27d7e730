//! Patches on Flux's own kinds, as the function applies them, against the real kustomize.
//!
//! Each case is an object and a patch. All cases that the function is certain of go through one build; a patch that it
//! will not apply is only compared where kustomize refuses it too.

#![allow(clippy::disallowed_methods, reason = "a test looks at the machine; the function does not")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use lbpools_function::flux::expression::Dialect;
use lbpools_function::flux::files::Files;
use lbpools_function::flux::object::Object;
use lbpools_function::flux::settings::Sources;
use lbpools_function::flux::walk::Walk;
use lbpools_function::krm::document::Document;
use lbpools_function::krm::node::{Node, Value};
use lbpools_function::krm::place::Text;
use lbpools_function::krm::scalar::{Typed, typed};

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

/// A tree as text: keys sorted, scalars by type and value.
fn canonical(node: &Node<'_>) -> String {
    match &node.value {
        // kustomize keeps `yes` and `y` as texts.
        Value::Scalar { text, .. } => match typed(node) {
            Some(Typed::LegacyBool(_)) => format!("text {text}"),
            Some(Typed::Str(text)) => format!("text {text}"),
            other => format!("{other:?}"),
        },
        Value::Sequence { items, .. } => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(", "))
        }
        Value::Mapping { entries, .. } => {
            let sorted: BTreeMap<&str, String> =
                entries.iter().map(|e| (e.key.text().unwrap_or_default(), canonical(&e.value))).collect();
            let fields: Vec<String> = sorted.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

/// The files of a package: one object and one patch a case.
fn package(cases: &[(String, String, String)]) -> Vec<(String, String)> {
    let mut kustomization = String::from("resources:\n");
    let mut patches = String::from("patches:\n");
    let mut files = Vec::new();
    for (n, (spec, target, patch)) in cases.iter().enumerate() {
        kustomization.push_str(&format!("- ks{n}.yaml\n"));
        let indented: String = patch.lines().map(|line| format!("    {line}\n")).collect();
        let target = target.replace("NAME", &format!("ks-{n}"));
        patches.push_str(&format!("- target: {target}\n  patch: |\n{indented}"));
        files.push((
            format!("entry/ks{n}.yaml"),
            format!(
                "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: ks-{n}\n  \
                 namespace: flux-system\n  labels: {{team: net, n: \"{n}\"}}\nspec: {spec}\n"
            ),
        ));
    }
    files.push(("entry/kustomization.yaml".into(), kustomization + &patches));
    files
}

/// What the function makes of each object; `Err` with the reason where it does not know.
fn ours(files: &[(String, String)]) -> BTreeMap<String, Result<String, String>> {
    let texts: Vec<Text<'_>> = files.iter().map(|(path, text)| Text::new(path, text)).collect();
    let documents: Vec<Document<'_>> = texts.iter().map(|text| Document::read(text).expect("YAML")).collect();
    let files = Files::new(&documents);
    let sources = Sources {
        files: &files,
        entrypoint: Some("entry"),
        foreign: vec![],
        dialect: Dialect::FLUX_2_9,
        changed: vec![],
    };
    let walked = Walk::from(&files, &sources, "entry");
    let outcome = |object: &Object<'_, '_>| match &object.altered {
        None => Ok(canonical(object.tree())),
        Some(why) => Err(why.to_string()),
    };
    walked.objects.iter().map(|object| (object.item.resource.name.clone(), outcome(object))).collect()
}

/// What kustomize builds, by name; `Err` with its message.
fn theirs(kustomize: &Path, files: &[(String, String)]) -> Result<BTreeMap<String, String>, String> {
    let place = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in files {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    let ran = Command::new(kustomize).arg("build").arg(place.path().join("entry")).output().expect("kustomize runs");
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).into_owned());
    }
    let built = String::from_utf8(ran.stdout).expect("UTF-8");
    let text = Text::new("built.yaml", &built);
    let document = Document::read(&text).expect("YAML");
    Ok(document.items.iter().map(|item| (item.resource.name.clone(), canonical(item.tree()))).collect())
}

const SPEC: &str = "{interval: 1h, prune: true, path: ./a, sourceRef: {kind: GitRepository, name: flux-system}, \
                    postBuild: {substitute: {A: x, B: y}, substituteFrom: [{kind: ConfigMap, name: one}]}, \
                    dependsOn: [{name: first}, {name: second}]}";
const PLAIN: &str = "{interval: 1h, path: ./a, empty: {}, nothing: null}";

const HEAD: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: _}\n";

fn case(spec: &str, target: &str, patch: &str) -> (String, String, String) {
    (spec.to_owned(), target.to_owned(), patch.to_owned())
}

/// A strategic merge of this spec onto an object.
fn merge(spec: &str, patch: &str) -> (String, String, String) {
    case(spec, "{kind: Kustomization, name: NAME}", &format!("{HEAD}spec: {patch}"))
}

fn certain() -> Vec<(String, String, String)> {
    let mut cases = vec![
        merge(SPEC, "{decryption: {provider: sops, secretRef: {name: sops-age}}}"),
        merge(SPEC, "{postBuild: {substituteFrom: [{kind: Secret, name: two}]}}"),
        merge(PLAIN, "{postBuild: {substituteFrom: [{kind: Secret, name: two, optional: true}]}}"),
        merge(SPEC, "{postBuild: {substitute: {B: z, C: w}}}"),
        merge(SPEC, "{path: ./other, interval: 5m, prune: false}"),
        merge(SPEC, "{dependsOn: []}"),
        merge(SPEC, "{dependsOn: [{name: third}]}"),
        merge(SPEC, "{postBuild: null}"),
        merge(SPEC, "{dependsOn: null, absent: null}"),
        merge(SPEC, "{postBuild: {substitute: null}}"),
        merge(SPEC, "{postBuild: {}}"),
        merge(PLAIN, "{empty: {a: 1}, new: {}}"),
        merge(PLAIN, "{nothing: value}"),
        merge(PLAIN, "{nothing: {a: b}}"),
        merge(SPEC, "{patches: [{patch: 'x', target: {kind: HelmRelease}}]}"),
        merge(SPEC, "{interval: 010m, number: 1.10, yes: yes, text: '1'}"),
        // kind, name and namespace are put back; labels and the version are not.
        case(
            SPEC,
            "{kind: Kustomization, name: NAME}",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1beta2\nkind: Other\nmetadata: {name: other, namespace: there, \
             labels: {team: web, new: x}, annotations: {a: b}}",
        ),
        case(SPEC, "{kind: Kustomization, name: NAME}", "- {op: replace, path: /spec/path, value: ./b}"),
        case(SPEC, "{kind: Kustomization, name: NAME}", "- {op: add, path: /spec/suspend, value: true}"),
        case(
            SPEC,
            "{kind: Kustomization, name: NAME}",
            "- {op: add, path: /spec/postBuild/substituteFrom/-, value: {kind: Secret, name: two}}\n\
             - {op: add, path: /spec/postBuild/substituteFrom/0, value: {kind: Secret, name: zero}}\n\
             - {op: remove, path: /spec/dependsOn/1}\n- {op: replace, path: /spec/dependsOn/0/name, value: x}",
        ),
        case(SPEC, "{kind: Kustomization, name: NAME}", "- {op: remove, path: /spec/postBuild}"),
        case(SPEC, "{kind: Kustomization, name: NAME}", "- {op: replace, path: /spec/absent, value: 1}"),
        case(SPEC, "{kind: Kustomization, name: NAME}", "[{\"op\": \"remove\", \"path\": \"/spec/path\"}]"),
        case(SPEC, "{kind: Kustomization, name: NAME}", "- {op: add, path: /metadata/labels/a~1b, value: c}"),
        case(
            PLAIN,
            "{kind: Kustomization, name: NAME}",
            "- {op: add, path: /spec/postBuild, value: {substitute: {A: b}}}",
        ),
    ];
    // Who is meant: each patch would add a field, and some are for others.
    for target in [
        "{kind: Kustomization, name: NAME, group: kustomize.toolkit.fluxcd.io}",
        "{name: NAME, version: v1}",
        "{name: NAME, version: v2}",
        "{name: NAME, group: helm.toolkit.fluxcd.io}",
        "{kind: HelmRelease}",
        "{kind: Kustom}",
        "{name: NAM}",
        "{name: NAME, namespace: flux-system}",
        "{name: NAME, namespace: default}",
        "{name: NAME, namespace: 'flux-.*'}",
        "{name: NAME, labelSelector: 'team=net'}",
        "{name: NAME, labelSelector: 'team!=net'}",
        "{name: NAME, labelSelector: 'substitution/disabled notin (true)'}",
        "{name: NAME, labelSelector: 'team in (net, web),n'}",
        "{name: NAME, labelSelector: '!team'}",
        "{name: NAME, annotationSelector: 'a=b'}",
        "{name: '(NAME|x)'}",
    ] {
        cases.push(case(PLAIN, target, &format!("{HEAD}spec: {{suspend: true}}")));
    }
    cases
}

#[test]
fn what_is_certain_is_what_kustomize_builds() {
    let Some(kustomize) = kustomize() else { return };
    let files = package(&certain());
    let (ours, theirs) = (ours(&files), theirs(&kustomize, &files).expect("kustomize builds it"));
    assert_eq!(ours.len(), certain().len());
    for (n, (_, target, patch)) in certain().iter().enumerate() {
        let name = format!("ks-{n}");
        let mine = ours[&name].as_ref().unwrap_or_else(|why| panic!("{target}\n{patch}\nis not known: {why}"));
        assert_eq!(*mine, theirs[&name], "{target}\n{patch}");
    }
}

#[test]
fn what_kustomize_refuses_is_not_known() {
    let Some(kustomize) = kustomize() else { return };
    let target = "{kind: Kustomization, name: NAME}";
    for refused in [
        merge(SPEC, "{postBuild: text}"),
        merge(SPEC, "{dependsOn: {name: x}}"),
        case(SPEC, target, "- {op: replace, path: /spec/dependsOn/7, value: 1}"),
        case(SPEC, target, "[{op: remove, path: /spec/path}]"),
        case(SPEC, target, "- {op: remove, path: /spec/absent}"),
        case(PLAIN, target, "- {op: add, path: /spec/postBuild/substituteFrom/-, value: 1}"),
        case(SPEC, target, "- {op: add, path: /spec/dependsOn/7, value: 1}"),
        case(SPEC, target, &format!("{HEAD}---\n{HEAD}")),
    ] {
        let files = package(std::slice::from_ref(&refused));
        assert!(theirs(&kustomize, &files).is_err(), "kustomize takes it: {refused:?}");
        assert!(ours(&files)["ks-0"].is_err(), "{refused:?}");
    }
}

#[test]
fn what_nobody_is_certain_of_is_not_known() {
    let target = "{kind: Kustomization, name: NAME}";
    for unsure in [
        merge(SPEC, "{postBuild: {$patch: delete}}"),
        merge(PLAIN, "{postBuild: {substitute: null}}"),
        case(SPEC, "{name: '[k]s-0'}", &format!("{HEAD}spec: {{suspend: true}}")),
        case(SPEC, target, "- {op: move, from: /spec/path, path: /spec/x}"),
        case(SPEC, target, "just text"),
    ] {
        let files = package(std::slice::from_ref(&unsure));
        assert!(ours(&files)["ks-0"].is_err(), "{unsure:?}");
    }
}

/// Layers: a base with its own patch, a component that patches its neighbours, an overlay on top; names and
/// namespaces that change on the way; a patch file; the older lists of patches.
#[test]
fn layers_apply_from_the_inside_out() {
    let Some(kustomize) = kustomize() else { return };
    let ks = |name: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: \
             flux-system}}\nspec: {{path: ./{name}, order: [0], by: nobody}}\n"
        )
    };
    let add = |value: &str| format!("- {{op: add, path: /spec/order/-, value: {value}}}");
    let patch = |list: &str, value: &str| {
        format!("{list}:\n- target: {{kind: Kustomization}}\n  patch: |-\n    {}\n", add(value))
    };
    let file = |path: &str, text: String| (path.to_owned(), text);
    let files = vec![
        file("base/kustomization.yaml", format!("resources: [ks.yaml]\n{}", patch("patches", "base"))),
        file("base/ks.yaml", ks("in-base")),
        file(
            "component/kustomization.yaml",
            format!(
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [ks.yaml]\n\
                 components: [nested]\n{}",
                patch("patches", "component")
            ),
        ),
        file("component/ks.yaml", ks("in-component")),
        file(
            "component/nested/kustomization.yaml",
            format!(
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n{}",
                patch("patches", "nested")
            ),
        ),
        file(
            "second/kustomization.yaml",
            format!(
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [ks.yaml]\n{}",
                patch("patches", "second")
            ),
        ),
        file("second/ks.yaml", ks("in-second")),
        file(
            "entry/kustomization.yaml",
            format!(
                "resources: [../base, ks.yaml]\ncomponents: [../component, ../second]\npatchesStrategicMerge: \
                 [patch.yaml]\n{}{}",
                patch("patches", "overlay"),
                patch("patchesJson6902", "late").replace("{kind: Kustomization}", 
                    "{group: kustomize.toolkit.fluxcd.io, version: v1, kind: Kustomization, name: in-entry, namespace: flux-system}")
            ),
        ),
        file("entry/ks.yaml", ks("in-entry")),
        file(
            "entry/patch.yaml",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: in-base, namespace: \
             flux-system}\nspec: {by: file}\n"
                .to_owned(),
        ),
    ];
    let (ours, theirs) = (ours(&files), theirs(&kustomize, &files).expect("kustomize builds it"));
    assert_eq!(ours.len(), 4, "{ours:#?}");
    for (name, mine) in ours {
        assert_eq!(mine.as_ref(), Ok(&theirs[&name]), "{name}");
    }
}
