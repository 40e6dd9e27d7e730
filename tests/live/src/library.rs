//! Delivery without controllers, step by step as Flux does it: the real kustomize builds each Kustomization's path,
//! Flux's own library fills in its variables, the API server tries all of it before the first object is applied, and
//! what is no longer there is deleted.
//!
//! What the controllers add is when they do it. That is left out here, and so are health checks: a Kustomization is
//! ready when it is applied.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::flux::Deliveries;
use crate::kubectl::Kubectl;
use crate::tool;

/// Kind, namespace and name of an object.
type Id = (String, String, String);

/// What has been applied so far, by Kustomization.
#[derive(Debug, Default)]
pub(crate) struct Library {
    inventory: BTreeMap<String, Vec<Id>>,
}

impl Library {
    /// Deliver a directory, from the Kustomization of the cluster's entry point on.
    pub(crate) fn deliver(&mut self, fleet: &Path, entry: &Path, kubectl: &Kubectl) -> Deliveries {
        let mut deliveries = Deliveries::new();
        let root = json!({
            "metadata": {"name": "flux-system", "namespace": "flux-system"},
            "spec": {"path": entry.to_str().expect("a path in UTF-8")},
        });
        let mut open = vec![root];
        let mut seen: Vec<String> = Vec::new();
        while !open.is_empty() {
            let ready = open.iter().position(|one| needs(one).iter().all(|need| deliveries.contains_key(need)));
            let kustomization = open.remove(ready.expect("no Kustomization waits for ever"));
            let name = name_of(&kustomization);
            seen.push(name.clone());
            let failed = needs(&kustomization).into_iter().find(|need| deliveries[need].is_some());
            if let Some(need) = failed {
                deliveries.insert(name, Some(format!("{need} is not ready")));
                continue;
            }
            match self.apply(&kustomization, fleet, kubectl) {
                Err(complaint) => _ = deliveries.insert(name, Some(complaint)),
                Ok(objects) => {
                    deliveries.insert(name, None);
                    let flux = |object: &&Value| {
                        let group =
                            object["apiVersion"].as_str().is_some_and(|it| it.starts_with("kustomize.toolkit."));
                        group && object["kind"] == "Kustomization" && name_of(object) != "flux-system"
                    };
                    open.extend(objects.iter().filter(flux).cloned());
                }
            }
        }
        let gone: Vec<String> = self.inventory.keys().filter(|name| !seen.contains(name)).cloned().collect();
        // What a Kustomization that failed would have created stays as it was.
        if deliveries.values().all(Option::is_none) {
            for name in gone {
                self.inventory.remove(&name).unwrap_or_default().iter().for_each(|id| delete(kubectl, id));
            }
        }
        deliveries
    }

    fn apply(&mut self, kustomization: &Value, fleet: &Path, kubectl: &Kubectl) -> Result<Vec<Value>, String> {
        let path = kustomization["spec"]["path"].as_str().expect("a Kustomization has a path");
        let built =
            Command::new(tool("kustomize")).arg("build").arg(fleet.join(path)).output().expect("kustomize starts");
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if !built.status.success() {
            return Err(words(&built.stderr));
        }
        let objects = read(&words(&built.stdout), kubectl)?;
        let mut objects = substituted(kustomization, objects, kubectl)?;
        let name = name_of(kustomization);
        for object in &mut objects {
            let labels = &mut object["metadata"]["labels"];
            labels["kustomize.toolkit.fluxcd.io/name"] = name.as_str().into();
            labels["kustomize.toolkit.fluxcd.io/namespace"] = "flux-system".into();
        }
        let (namespaces, others): (Vec<Value>, Vec<Value>) =
            objects.iter().cloned().partition(|object| object["kind"] == "Namespace");
        send(kubectl, &namespaces, false)?;
        send(kubectl, &others, true)?;
        send(kubectl, &others, false)?;
        let ids: Vec<Id> = objects.iter().map(id).collect();
        let old = self.inventory.insert(name, ids.clone()).unwrap_or_default();
        old.iter().filter(|id| !ids.contains(id)).for_each(|id| delete(kubectl, id));
        Ok(objects)
    }
}

/// A stream of manifests as JSON, which kubectl writes.
fn read(stream: &str, kubectl: &Kubectl) -> Result<Vec<Value>, String> {
    let arguments = ["create", "--dry-run=client", "--validate=false", "--output=json", "--filename=-"];
    let said = kubectl.feed(arguments, stream);
    if !said.ok {
        return Err(said.stderr);
    }
    let mut objects = Vec::new();
    for value in serde_json::Deserializer::from_str(&said.stdout).into_iter::<Value>() {
        match value.expect("kubectl writes JSON") {
            Value::Object(mut list) if list.get("kind").is_some_and(|kind| kind == "List") => {
                let items = list.remove("items").unwrap_or_default();
                objects.extend(items.as_array().cloned().unwrap_or_default());
            }
            object => objects.push(object),
        }
    }
    Ok(objects)
}

/// What the library makes of the objects, with the ConfigMaps that the cluster has.
fn substituted(kustomization: &Value, objects: Vec<Value>, kubectl: &Kubectl) -> Result<Vec<Value>, String> {
    if kustomization["spec"]["postBuild"].is_null() {
        return Ok(objects);
    }
    let config_maps = kubectl.list("configmaps");
    let mut command = Command::new(tool("flux-resources"));
    let mut library = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("flux-resources starts");
    let mut pipe = library.stdin.take().expect("a pipe");
    for resource in &objects {
        let question =
            json!({"kustomization": kustomization, "objects": config_maps, "resource": resource, "strict": false});
        writeln!(pipe, "{question}").expect("flux-resources reads");
    }
    drop(pipe);
    let output = library.wait_with_output().expect("flux-resources ends");
    let answers = String::from_utf8(output.stdout).expect("UTF-8");
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), objects.len(), "an answer for each object");
    let outcome = |(mut answer, object): (Value, Value)| match (answer["resource"].take(), &answer["disabled"]) {
        (resource @ Value::Object(_), _) => Ok(resource),
        (_, Value::Bool(true)) => Ok(object),
        _ => Err(answer.to_string()),
    };
    answers.into_iter().zip(objects).map(outcome).collect()
}

fn send(kubectl: &Kubectl, objects: &[Value], only_try: bool) -> Result<(), String> {
    if objects.is_empty() {
        return Ok(());
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let mut arguments =
        vec!["apply", "--server-side", "--force-conflicts", "--field-manager=kustomize-controller", "--filename=-"];
    if only_try {
        arguments.push("--dry-run=server");
    }
    let said = kubectl.feed(arguments, &list);
    if said.ok { Ok(()) } else { Err(said.stderr) }
}

fn delete(kubectl: &Kubectl, (kind, namespace, name): &Id) {
    let mut arguments = vec!["delete", kind, name, "--ignore-not-found", "--wait=false"];
    if !namespace.is_empty() {
        arguments.extend(["--namespace", namespace]);
    }
    kubectl.must(arguments);
}

fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// The Kustomizations that must be ready first.
fn needs(kustomization: &Value) -> Vec<String> {
    let entries = kustomization["spec"]["dependsOn"].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| entry["name"].as_str()).map(str::to_owned).collect()
}

/// As kubectl takes it: `Kind.group` would need a version, and the plain kind is not always unique.
fn id(object: &Value) -> Id {
    let kind = object["kind"].as_str().unwrap_or_default();
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let kind = version.split_once('/').map_or(kind.to_owned(), |(group, version)| format!("{kind}.{version}.{group}"));
    (kind, object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned(), name_of(object))
}
