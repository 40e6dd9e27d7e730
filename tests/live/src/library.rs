//! What Flux applies of one Kustomization, made by hand of its parts: the real kustomize builds its path, and Flux's own
//! library fills in the variables.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::kubectl::Kubectl;
use crate::tool;

/// The manifests of a Kustomization of the cluster, with the ConfigMaps that the cluster has.
pub(crate) fn manifests(kustomization: &Value, fleet: &Path, kubectl: &Kubectl) -> Result<Vec<Value>, String> {
    let path = kustomization["spec"]["path"].as_str().expect("a Kustomization has a path");
    let built = Command::new(tool("kustomize")).arg("build").arg(fleet.join(path)).output().expect("kustomize starts");
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !built.status.success() {
        return Err(words(&built.stderr));
    }
    substituted(kustomization, read(&words(&built.stdout), kubectl)?, kubectl)
}

/// Manifests as kustomize-controller then applies them: it fills in what a server-side apply of Kubernetes' own kinds
/// would otherwise stumble over.
pub(crate) fn normalized(manifests: &[Value]) -> Vec<Value> {
    let mut command = Command::new(tool("flux-normalize"));
    let mut library = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("flux-normalize starts");
    let mut pipe = library.stdin.take().expect("a pipe");
    pipe.write_all(json!(manifests).to_string().as_bytes()).expect("flux-normalize reads");
    drop(pipe);
    let output = library.wait_with_output().expect("flux-normalize ends");
    assert!(output.status.success(), "flux-normalize refuses {manifests:?}");
    serde_json::from_slice(&output.stdout).expect("flux-normalize writes JSON")
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
