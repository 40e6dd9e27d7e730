//! The kustomization file that Flux writes before it builds.
//!
//! Flux takes the file of the directory, or lists what is in a directory without one, and puts the fields of its
//! Kustomization in: `targetNamespace`, `namePrefix` and `nameSuffix` stand in for what the file says, patches and
//! components go behind its own (`fluxcd/pkg/kustomize`, `Generator.WriteFile`). Origins are asked for as well, so that
//! each object of the output says which file it was read from; the file is written into a copy, never where it stands.

use serde_json::{Map, Number, Value as Json, json};

use super::Written;
use crate::flux::fact::Fact;
use crate::flux::files::{Files, KUSTOMIZATION_FILES, Listed, Located, join};
use crate::flux::object::Object;
use crate::krm::node::{Node, Value};
use crate::krm::scalar::{Typed, typed};

/// The file for a directory, under the fields of a Flux Kustomization when there is one.
///
/// # Errors
///
/// Why it is not known.
pub fn written(
    files: &Files<'_, '_>,
    directory: &str,
    located: Option<Located<'_, '_>>,
    flux: Option<&Object<'_, '_>>,
) -> Result<Written, String> {
    let as_written = |node: &Node<'_>| Ok(node.text().map(str::to_owned));
    let mut fields = match located {
        Some((_, item)) => match json(item.tree(), &as_written)? {
            Json::Object(fields) => fields,
            _ => Map::new(),
        },
        None => {
            let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
            let listed = files.generated_listing(directory).into_iter().map(|listed| match listed {
                Listed::File(path) | Listed::Directory(path) => path,
            });
            let resources: Vec<String> =
                listed.map(|path| path.strip_prefix(&prefix).unwrap_or(&path).to_owned()).collect();
            let Json::Object(fields) = json!({
                "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources,
            }) else {
                return Err("there is nothing in it".to_owned());
            };
            fields
        }
    };
    if let Some(flux) = flux {
        put_in(&mut fields, flux)?;
    }
    fields.insert("buildMetadata".to_owned(), json!(["originAnnotations"]));
    let own = located.map(|(document, item)| item.path.as_deref().unwrap_or(document.text.path).to_owned());
    let path = own.unwrap_or_else(|| join(directory, KUSTOMIZATION_FILES[0]));
    Ok(Written { path, text: Json::Object(fields).to_string() })
}

/// Put the fields of a Flux Kustomization in.
fn put_in(fields: &mut Map<String, Json>, flux: &Object<'_, '_>) -> Result<(), String> {
    if let Some(why) = &flux.altered {
        return Err(why.to_string());
    }
    let known = |node: &Node<'_>| match flux.text(node).map(|text| text.value) {
        Some(Fact::Known(text)) => Ok(Some(text)),
        Some(Fact::Unknown(why)) => Err(why),
        None => Ok(None),
    };
    let field = |key: &str| flux.tree().at(&["spec", key]);
    for (key, name) in [("targetNamespace", "namespace"), ("namePrefix", "namePrefix"), ("nameSuffix", "nameSuffix")] {
        if let Some(text) = field(key).map(&known).transpose()?.flatten() {
            fields.insert(name.to_owned(), Json::String(text));
        }
    }
    for key in ["patches", "components"] {
        let added = field(key).map(Node::items).unwrap_or_default();
        if added.is_empty() {
            continue;
        }
        let list = fields.entry(key.to_owned()).or_insert_with(|| json!([]));
        if !list.is_array() {
            *list = json!([]);
        }
        for entry in added {
            let entry = json(entry, &known)?;
            list.as_array_mut().into_iter().for_each(|list| list.push(entry.clone()));
        }
    }
    Ok(())
}

/// A tree as JSON, its texts as somebody reads them.
fn json(node: &Node<'_>, read: &dyn Fn(&Node<'_>) -> Result<Option<String>, String>) -> Result<Json, String> {
    Ok(match &node.value {
        Value::Scalar { .. } => match typed(node) {
            None | Some(Typed::Null) => Json::Null,
            // kustomize reads its own file with `sigs.k8s.io/yaml`, to which `yes` is a boolean.
            Some(Typed::Bool(is) | Typed::LegacyBool(is)) => Json::Bool(is),
            Some(Typed::Int(number)) => i64::try_from(number).map_or(Json::Null, |number| Json::Number(number.into())),
            Some(Typed::Float(number)) => Number::from_f64(number).map_or(Json::Null, Json::Number),
            Some(Typed::Str(_)) => read(node)?.map_or(Json::Null, Json::String),
        },
        Value::Sequence { items, .. } => {
            Json::Array(items.iter().map(|item| json(item, read)).collect::<Result<_, _>>()?)
        }
        Value::Mapping { entries, .. } => {
            let mut map = Map::new();
            for entry in entries {
                let Some(key) = entry.key.text() else { continue };
                map.insert(key.to_owned(), json(&entry.value, read)?);
            }
            Json::Object(map)
        }
    })
}
