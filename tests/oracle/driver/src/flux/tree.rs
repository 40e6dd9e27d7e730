//! A whole repository: for each Kustomization of each cluster, what lbpools sees with the real kustomize's output
//! against that output in Flux's own hands, object by object.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use lbpools_function::flux::applied::{Applied, applied};
use lbpools_function::flux::build::{Build, Outcome};
use lbpools_function::flux::clusters::{Cluster, Telling, clusters};
use lbpools_function::flux::expression::{Dialect, Library};
use lbpools_function::flux::files::Files;
use lbpools_function::krm::document::Document;
use lbpools_function::krm::place::Text;
use serde_json::{Value, json};

use super::program::{Program, root};
use crate::Ending;

/// The pin of `tests/oracle/flux/resources`.
const DIALECT: Dialect = Dialect { library: Library::V1_8, strict: true };

/// The annotation by which kustomize says where an object was read from; it is asked for, and not part of the object.
const ORIGIN: &str = "config.kubernetes.io/origin";

/// Compare every Kustomization of a repository.
pub(crate) fn run(directory: &Path) -> anyhow::Result<Ending> {
    let Some(kustomize) = kustomize() else {
        return Ok(Ending::Skipped("no kustomize: `cargo xtask tools` builds it".to_owned()));
    };
    if let Some(reason) = Program::resources_unavailable() {
        return Ok(Ending::Skipped(reason));
    }
    let mut program = Program::start(&Program::build_resources()?)?;
    let mut tree = BTreeMap::new();
    read(directory, directory, &mut tree)?;
    let texts: Vec<Text<'_>> =
        tree.iter().filter(|(path, _)| is_manifest(path)).map(|(p, t)| Text::new(p, t)).collect();
    let documents: Vec<Document<'_>> = texts.iter().filter_map(|text| Document::read(text).ok()).collect();
    let telling = Telling {
        clusters: Vec::new(),
        settings_name: "cluster-settings".into(),
        settings_namespace: "flux-system".into(),
        cluster_key: "CLUSTER".into(),
        dialect: Some(DIALECT),
    };
    // Kustomizations that only a build brings are built in the next round.
    let mut outputs: BTreeMap<String, Result<String, String>> = BTreeMap::new();
    loop {
        let built: Vec<(&str, Text<'_>)> =
            outputs.iter().filter_map(|(id, out)| Some((id.as_str(), Text::new(id, out.as_ref().ok()?)))).collect();
        let mut done = Vec::new();
        for (id, text) in &built {
            let read = Document::read(text);
            done.push((*id, read.map_err(|error| anyhow::anyhow!("the output of {id}: {}", error.message))?));
        }
        let mut files = Files::new(&documents);
        done.iter().for_each(|(id, document)| files.note_build(id, Outcome::Built(document)));
        let (clusters, _) = clusters(&files, &telling);
        let builds = clusters.iter().flat_map(|cluster| &cluster.wiring.builds);
        let new: Vec<Build> = builds.filter(|build| !outputs.contains_key(&*build.id)).cloned().collect();
        if new.is_empty() {
            return compared(&clusters, &outputs, &mut program);
        }
        drop(clusters);
        drop(files);
        let found: Vec<_> =
            new.iter().map(|b| Ok((b.id.to_string(), output(&kustomize, &tree, b)?))).collect::<anyhow::Result<_>>()?;
        drop(done);
        drop(built);
        outputs.extend(found);
    }
}

/// Hold what each Kustomization applies against Flux.
fn compared(
    clusters: &[Cluster<'_, '_>],
    outputs: &BTreeMap<String, Result<String, String>>,
    program: &mut Program,
) -> anyhow::Result<Ending> {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for cluster in clusters {
        let entrypoint = cluster.entrypoint.as_deref().unwrap_or_default();
        // What is there by then: what a bootstrap applied, then what Flux has, from which later Kustomizations and their
        // variables come.
        let mut there: Vec<Value> = match outputs.get(entrypoint) {
            Some(Ok(stream)) => ask(program, &json!({}), &[], stream)?.unwrap_or_default(),
            _ => Vec::new(),
        };
        for kustomization in &cluster.wiring.kustomizations {
            let name = &kustomization.name;
            let Some(Ok(stream)) = outputs.get(&format!("{entrypoint}:{name}")) else {
                println!("cluster {}: {name} is not built", cluster.name);
                skipped += 1;
                continue;
            };
            // One that applies itself finds what it applied before.
            let before = ask(program, &json!({}), &[], stream)?.unwrap_or_default();
            let own = named(&there, name).or_else(|| named(&before, name)).cloned();
            let own = own.with_context(|| format!("cluster {}: no Kustomization {name}", cluster.name))?;
            let mut holders: Vec<Value> = Vec::new();
            for object in there.iter().chain(&before).filter(|o| o["kind"] == "ConfigMap" || o["kind"] == "Secret") {
                let same = |other: &Value| other["kind"] == object["kind"] && identity(other) == identity(object);
                if !holders.iter().any(same) {
                    holders.push(object.clone());
                }
            }
            let theirs = ask(program, &own, &holders, stream)?;
            let ours: Vec<_> =
                cluster.objects.iter().filter(|object| object.kustomization.as_ref() == Some(name)).collect();
            let theirs = match theirs {
                Ok(theirs) => theirs,
                Err(message) => {
                    let refused = ours.iter().any(|object| matches!(applied(object), Applied::Refused(_)));
                    println!("cluster {}: Flux refuses {name}: {message}", cluster.name);
                    if refused {
                        passed += 1
                    } else {
                        skipped += 1
                    }
                    continue;
                }
            };
            for object in &ours {
                // Of some kinds lbpools keeps only that they are there, and of what is suspended it knows nothing.
                if !object.item.is_read() || object.suspended.is_some() {
                    continue;
                }
                let resource = object.resource();
                let same = |other: &&Value| {
                    let field = |path: &str| other.pointer(path).and_then(Value::as_str);
                    field("/kind") == Some(&resource.kind)
                        && field("/apiVersion") == Some(&resource.api_version)
                        && field("/metadata/name") == Some(&resource.name)
                        && resource.namespace.as_deref().is_none_or(|own| field("/metadata/namespace") == Some(own))
                };
                let found = theirs.iter().find(same);
                let agrees = match (found, applied(object)) {
                    (Some(found), Applied::Object(piece)) if piece.agrees(&without_origin(found)) => {
                        // What a Secret holds is nobody's business, and so not known.
                        if piece.unknown().iter().any(|why| why.contains(" Secret ")) {
                            skipped += 1;
                            continue;
                        }
                        piece.unknown().is_empty()
                    }
                    _ => false,
                };
                if agrees {
                    passed += 1;
                } else {
                    failed += 1;
                    println!("cluster {}, {name}: {resource:?} differs", cluster.name);
                    println!("  flux:    {}", found.map(without_origin).unwrap_or_default());
                    println!("  lbpools: {:?}", applied(object));
                }
            }
            if theirs.len() != ours.len() {
                failed += 1;
                println!("cluster {}: {name} has {} objects, to lbpools {}", cluster.name, theirs.len(), ours.len());
            }
            println!("cluster {}: {name}: {} objects", cluster.name, theirs.len());
            there.extend(theirs);
        }
    }
    if passed == 0 {
        bail!("there is no Kustomization to compare");
    }
    Ok(Ending::Ran { passed, failed, skipped })
}

fn identity(object: &Value) -> (Option<&str>, Option<&str>) {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str);
    (text("/metadata/namespace"), text("/metadata/name"))
}

fn named<'v>(objects: &'v [Value], name: &str) -> Option<&'v Value> {
    objects.iter().find(|object| {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
        text("/kind") == "Kustomization"
            && format!("{}/{}", text("/metadata/namespace"), text("/metadata/name")) == name
    })
}

/// What Flux makes of a stream, or why it refuses.
fn ask(
    program: &mut Program,
    kustomization: &Value,
    holders: &[Value],
    stream: &str,
) -> anyhow::Result<Result<Vec<Value>, String>> {
    let always = kustomization.pointer("/spec/postBuild/substituteStrategy") == Some(&json!("Always"));
    let question = json!({
        "kustomization": kustomization, "objects": holders, "stream": stream, "strict": DIALECT.strict, "always": always,
    });
    let answers = program.answers(&[question])?;
    let answer: Value =
        serde_json::from_str(answers.first().context("no answer")?).context("the answer is not JSON")?;
    if let Some(message) = answer.get("error").or_else(|| answer.get("panic")) {
        return Ok(Err(message.as_str().unwrap_or_default().to_owned()));
    }
    Ok(Ok(answer.get("resources").and_then(Value::as_array).context("no resources in the answer")?.clone()))
}

fn without_origin(object: &Value) -> Value {
    let mut object = object.clone();
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let empty = annotations.is_some_and(|annotations| {
        annotations.remove(ORIGIN);
        annotations.is_empty()
    });
    if empty && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("annotations");
    }
    object
}

/// What the real kustomize makes of a directory, in a copy with the kustomization file that Flux writes.
fn output(kustomize: &Path, tree: &BTreeMap<String, String>, build: &Build) -> anyhow::Result<Result<String, String>> {
    let written = match &build.kustomization {
        Ok(written) => written,
        Err(why) => return Ok(Err(why.clone())),
    };
    let place = tempfile::tempdir()?;
    for (path, text) in tree.iter().chain([(&written.path, &written.text)]) {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().context("a file is in a directory")?)?;
        fs::write(path, text)?;
    }
    let ran = Command::new(kustomize)
        .args(["build", "--load-restrictor", "LoadRestrictionsNone"])
        .arg(place.path().join(&build.directory))
        .output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(if ran.status.success() { Ok(text(ran.stdout)) } else { Err(text(ran.stderr)) })
}

fn kustomize() -> Option<PathBuf> {
    let pinned = root().join("target/tools/kustomize");
    let on_path =
        || std::env::split_paths(&std::env::var_os("PATH")?).map(|p| p.join("kustomize")).find(|p| p.is_file());
    if pinned.is_file() { Some(pinned) } else { on_path() }
}

fn is_manifest(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

fn read(directory: &Path, top: &Path, tree: &mut BTreeMap<String, String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, top, tree)?;
        } else if let Ok(text) = fs::read_to_string(&path) {
            tree.insert(path.strip_prefix(top)?.display().to_string(), text);
        }
    }
    Ok(())
}
