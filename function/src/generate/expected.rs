//! Is what the config asks for there? For a rendered stream, in which nothing is generated any more.
//!
//! kustomize skips an exec function without a word, and with exit 0, when `--enable-exec` is forgotten: the stream
//! then lacks the pools and looks fine.

use serde_json::Value as Json;

use super::outcome;
use crate::cluster::plan::MissingObject;
use crate::config::LoadBalancerPools;
use crate::flux::clusters::Cluster;
use crate::krm::item::Item;
use crate::krm::merge::equal;
use crate::report::ResourceRef;

/// What the config asks for in a cluster that is not there as asked.
pub fn missing(config: &LoadBalancerPools, cluster: &Cluster<'_, '_>) -> Vec<MissingObject> {
    let desired = outcome(config, std::slice::from_ref(cluster));
    desired
        .objects
        .iter()
        .filter_map(|desired| {
            let resource = desired.resource();
            let value = serde_json::to_value(&desired.object).unwrap_or(Json::Null);
            let found = cluster.objects.iter().map(|object| object.item).find(|item| is(item, &resource));
            match found {
                None => Some(MissingObject { resource, differs: false }),
                Some(item) => {
                    let spec = item.tree().get("spec");
                    let same = value.get("spec").is_none_or(|wanted| {
                        spec.is_some_and(|node| equal(node, wanted)) || rendered_equal(cluster, item, wanted)
                    });
                    (!same).then_some(MissingObject { resource, differs: true })
                }
            }
        })
        .collect()
}

fn is(item: &Item<'_>, resource: &ResourceRef) -> bool {
    let group = |version: &str| version.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned());
    item.resource.kind == resource.kind
        && item.resource.name == resource.name
        && item.group() == group(&resource.api_version)
}

/// What the pipeline rendered may have the values in place already.
fn rendered_equal(cluster: &Cluster<'_, '_>, item: &Item<'_>, wanted: &Json) -> bool {
    let resolved = resolved(cluster, wanted);
    item.tree().get("spec").is_some_and(|node| equal(node, &resolved))
}

fn resolved(cluster: &Cluster<'_, '_>, value: &Json) -> Json {
    match value {
        Json::String(text) => match super::resolve(&cluster.settings, text).known() {
            Some(text) => Json::String(text.clone()),
            None => value.clone(),
        },
        Json::Array(items) => items.iter().map(|item| resolved(cluster, item)).collect(),
        Json::Object(map) => map.iter().map(|(key, item)| (key.clone(), resolved(cluster, item))).collect(),
        other => other.clone(),
    }
}
