//! What Flux applied, held against what lbpools says that the cluster gets, manifest by manifest.
//!
//! *Which* objects there are each Kustomization's inventory says. *What* each of them is the API server is asked
//! itself: what lbpools foretells is applied once more in Flux's name, without writing, and must be the object as it
//! is, with the same fields in Flux's hand. So its defaults are no difference, and a field too many, too few or other
//! is one. Of kinds that lbpools does not look into (a Deployment) it knows only that they are there: for their fields
//! stands what kustomize and Flux's own library make of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lbpools_function::flux::applied::{Applied, Piece, applied};
use lbpools_function::flux::clusters::{Telling, clusters};
use lbpools_function::flux::files::Files;
use lbpools_function::flux::object::Object;
use lbpools_function::krm::document::Document;
use lbpools_function::krm::place::Text;
use serde_json::{Value, json};

use crate::kubectl::Kubectl;
use crate::library;

/// Who applies in the cluster.
const FLUX: &str = "kustomize-controller";

/// Group, kind, namespace and name. The namespace is empty where there is none.
type Id = (String, String, String, String);

/// What a Kustomization applies, by object: the manifest, where lbpools reads it.
type Foretold = BTreeMap<Id, Option<Value>>;

/// Where the two differ, in words; empty when they do not.
pub fn differences(fleet: &Path, cluster: &str, kubectl: &Kubectl) -> Vec<String> {
    let mut differences = Vec::new();
    let mut foretold = foretold(fleet, cluster);
    for kustomization in kubectl.list("kustomizations.kustomize.toolkit.fluxcd.io") {
        let name = text(&kustomization["metadata"]["name"]);
        match foretold.remove(&name) {
            None => differences.push(format!("Kustomization {name}: not foretold")),
            Some(objects) if applied_last(&kustomization) => {
                differences.extend(delivery_differs(&kustomization, &objects, fleet, kubectl));
            }
            // It stays as it was before the revision that cannot be applied.
            Some(_) => {}
        }
    }
    differences.extend(foretold.into_keys().map(|name| format!("Kustomization {name}: foretold, and not there")));
    differences
}

/// Whether two trees come to the same in a cluster, so that nothing can be seen of the change from one to the other.
pub(crate) fn same(one: &Path, other: &Path, cluster: &str) -> bool {
    foretold(one, cluster) == foretold(other, cluster)
}

/// What each Kustomization of a cluster applies, as `lbpools check` reads it.
fn foretold(fleet: &Path, cluster: &str) -> BTreeMap<String, Foretold> {
    let tree = read(fleet);
    let texts: Vec<Text<'_>> = tree.iter().map(|(path, text)| Text::new(path, text)).collect();
    let documents: Vec<Document<'_>> = texts.iter().map(|text| Document::read(text).expect("YAML")).collect();
    let files = Files::new(&documents);
    let telling = Telling {
        clusters: Vec::new(),
        settings_name: "cluster-settings".into(),
        settings_namespace: "flux-system".into(),
        cluster_key: "CLUSTER".into(),
        dialect: None,
    };
    let (clusters, _) = clusters(&files, &telling);
    let cluster = clusters.iter().find(|one| one.name == cluster).expect("lbpools knows the cluster");
    // Else `check --build` would say more than `check`, and it is that which had to be held here.
    let unclear: Vec<_> = cluster.wiring.builds.iter().filter_map(|build| build.because.as_deref()).collect();
    assert!(unclear.is_empty(), "only kustomize knows what becomes of {unclear:?}");
    let mut foretold: BTreeMap<String, Foretold> = BTreeMap::new();
    for kustomization in &cluster.wiring.kustomizations {
        foretold.entry(short(&kustomization.name)).or_default();
    }
    for object in &cluster.objects {
        // What a bootstrap applies Flux applies as well, by the Kustomization that it begins with.
        let kustomization = object.kustomization.as_deref().map_or_else(|| "flux-system".to_owned(), short);
        foretold.entry(kustomization).or_default().insert(id_of(object), manifest(object));
    }
    foretold
}

fn short(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

fn id_of(object: &Object<'_, '_>) -> Id {
    let resource = if object.item.is_read() { object.resource() } else { object.item.resource.clone() };
    let group = resource.api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
    (group, resource.kind, resource.namespace.unwrap_or_default(), resource.name)
}

/// The whole of it; none for a kind that lbpools does not look into.
fn manifest(object: &Object<'_, '_>) -> Option<Value> {
    if !object.item.is_read() {
        return None;
    }
    match applied(object) {
        Applied::Object(piece) => Some(json(&piece)),
        Applied::Refused(why) => panic!("{:?}: Flux would refuse it: {why:?}", id_of(object)),
    }
}

fn json(piece: &Piece) -> Value {
    match piece {
        Piece::Scalar(value) => value.clone(),
        Piece::List(items) => items.iter().map(json).collect(),
        Piece::Map(pairs) => pairs.iter().map(|(key, piece)| (key.clone(), json(piece))).collect(),
        Piece::Collection => panic!("a substituted text of the fleet is a list or a map"),
        Piece::Unknown(why) => panic!("lbpools does not know the fleet: {why}"),
    }
}

/// Whether the last revision that it tried is the one that it applied.
fn applied_last(kustomization: &Value) -> bool {
    let status = &kustomization["status"];
    status["lastAppliedRevision"].is_string() && status["lastAppliedRevision"] == status["lastAttemptedRevision"]
}

fn delivery_differs(kustomization: &Value, foretold: &Foretold, fleet: &Path, kubectl: &Kubectl) -> Vec<String> {
    let name = text(&kustomization["metadata"]["name"]);
    let inventory: BTreeSet<Id> =
        kustomization["status"]["inventory"]["entries"].as_array().into_iter().flatten().map(entry).collect();
    let mut differences = Vec::new();
    let ids: BTreeSet<Id> = foretold.keys().cloned().collect();
    differences.extend(ids.difference(&inventory).map(|id| format!("{name}: {} is missing", spelt(id))));
    differences.extend(inventory.difference(&ids).map(|id| format!("{name}: {} is not foretold", spelt(id))));

    let by_flux = library::manifests(kustomization, fleet, kubectl).unwrap_or_else(|why| panic!("{name}: {why}"));
    let by_flux: BTreeMap<Id, Value> = by_flux.into_iter().map(|object| (identity(&object), object)).collect();
    let mut manifests: Vec<Value> = Vec::new();
    for id in ids.intersection(&inventory) {
        let theirs = by_flux.get(id);
        let Some(mut manifest) = foretold[id].clone().or_else(|| theirs.cloned()) else {
            differences.push(format!("{name}: {}: Flux's library does not have it", spelt(id)));
            continue;
        };
        if theirs != Some(&manifest) {
            differences.push(format!("{name}: {}: Flux's library says {theirs:?}, not {manifest}", spelt(id)));
        }
        let labels = &mut manifest["metadata"]["labels"];
        labels["kustomize.toolkit.fluxcd.io/name"] = name.as_str().into();
        labels["kustomize.toolkit.fluxcd.io/namespace"] = "flux-system".into();
        manifests.push(manifest);
    }
    if manifests.is_empty() {
        return differences;
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": library::normalized(&manifests)}).to_string();
    let manager = format!("--field-manager={FLUX}");
    let shown = ["--output=json", "--show-managed-fields", "--filename=-"];
    let apply = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", &manager];
    let again = kubectl.feed(apply.into_iter().chain(shown), &list);
    if !again.ok {
        differences.push(format!("{name}: what is foretold cannot be applied in Flux's place: {}", again.stderr));
    }
    let now = kubectl.feed(["get", "--ignore-not-found"].into_iter().chain(shown), &list);
    let (again, now) = (by_id(&again.stdout), by_id(&now.stdout));
    for id in ids.intersection(&inventory) {
        match (now.get(id), again.get(id)) {
            (None, _) => differences.push(format!("{name}: {} is in the inventory, and not there", spelt(id))),
            (Some(_), None) => differences.push(format!("{name}: {} was not tried", spelt(id))),
            (Some(now), Some(again)) => {
                let mut at = Vec::new();
                differ(&mut String::new(), &written(again), &written(now), &mut at);
                differences.extend(at.into_iter().map(|at| format!("{name}: {}: {at}", spelt(id))));
            }
        }
    }
    differences
}

/// What of an object somebody wrote, and which fields Flux did.
fn written(object: &Value) -> Value {
    let mut object = object.clone();
    object["status"].take();
    let metadata = &mut object["metadata"];
    let managers = metadata["managedFields"].take();
    for own in ["resourceVersion", "generation", "uid", "creationTimestamp"] {
        metadata[own].take();
    }
    let flux =
        |entry: &&Value| entry["manager"] == FLUX && entry["operation"] == "Apply" && entry["subresource"].is_null();
    let fields = managers.as_array().into_iter().flatten().find(flux).map(|entry| entry["fieldsV1"].clone());
    json!({"object": object, "fields of Flux": fields})
}

/// The paths at which two values differ.
fn differ(path: &mut String, foretold: &Value, is: &Value, at: &mut Vec<String>) {
    let length = path.len();
    match (foretold, is) {
        (Value::Object(one), Value::Object(other)) => {
            for key in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
                *path += &format!("/{key}");
                let null = Value::Null;
                differ(path, one.get(key).unwrap_or(&null), other.get(key).unwrap_or(&null), at);
                path.truncate(length);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, (one, other)) in one.iter().zip(other).enumerate() {
                *path += &format!("/{number}");
                differ(path, one, other, at);
                path.truncate(length);
            }
        }
        _ if foretold != is => at.push(format!("{path}: foretold {foretold}, it is {is}")),
        _ => {}
    }
}

/// Objects as kubectl prints them: one, or a list, or nothing.
fn by_id(printed: &str) -> BTreeMap<Id, Value> {
    let mut objects = BTreeMap::new();
    for value in serde_json::Deserializer::from_str(printed).into_iter::<Value>() {
        let mut value = value.expect("kubectl writes JSON");
        match value["items"].take() {
            Value::Array(items) => objects.extend(items.into_iter().map(|object| (identity(&object), object))),
            _ => _ = objects.insert(identity(&value), value),
        }
    }
    objects
}

fn identity(object: &Value) -> Id {
    let version = text(&object["apiVersion"]);
    let group = version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let metadata = &object["metadata"];
    (group, text(&object["kind"]), text(&metadata["namespace"]), text(&metadata["name"]))
}

/// An entry of an inventory: `NAMESPACE_NAME_GROUP_KIND`.
fn entry(entry: &Value) -> Id {
    let id = text(&entry["id"]);
    let parts: Vec<&str> = id.split('_').collect();
    let &[namespace, name, group, kind] = parts.as_slice() else { panic!("an inventory says {id}") };
    (group.to_owned(), kind.to_owned(), namespace.to_owned(), name.to_owned())
}

fn spelt((_, kind, namespace, name): &Id) -> String {
    if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The manifests of a directory, by path.
fn read(fleet: &Path) -> BTreeMap<String, String> {
    let mut tree = BTreeMap::new();
    let mut open: Vec<PathBuf> = vec![fleet.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap_or_else(|why| panic!("{}: {why}", directory.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let text = fs::read_to_string(&path).expect("a manifest is text");
                let path = path.strip_prefix(fleet).expect("it is below").to_str().expect("UTF-8").to_owned();
                tree.insert(path, text);
            }
        }
    }
    tree
}
