//! Which kinds the API server knows, and in which versions.
//!
//! Rights are checked before the path is looked up, so a 403 on a list says nothing about whether the kind is
//! installed. What is installed anybody who is logged in may ask (the role `system:discovery`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::exchange::Exchange;
use super::kinds::{Kind, LISTED};
use super::refusal::Refusal;

/// More than any API server's list of resources takes.
const ROOM: usize = 16 << 20;

/// In which version to ask for a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    /// In this.
    In(&'static str),
    /// In none: the kind is not installed.
    NotInstalled,
    /// It may not be known; trying tells.
    Unknown,
}

/// What the API server told of itself.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    /// The plural names under each `apiVersion` that was asked for; `None` where it may not be known.
    resources: BTreeMap<String, Option<BTreeSet<String>>>,
}

impl Discovery {
    /// Ask. This is the first contact, so a server that is not there is told at once instead of waited for.
    pub(super) async fn ask(exchange: &Exchange) -> Result<Self, Refusal> {
        let groups = match exchange.once(super::exchange::get("/apis")?, ROOM).await {
            // A passing weakness is worth another try, a server that is not there is not.
            Err(Refusal::Busy { .. } | Refusal::Failing { .. } | Refusal::Lost(_)) => exchange.get("/apis", ROOM).await,
            Err(refusal) => Err(refusal),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Refusal::Odd(error.to_string())),
        };
        let groups = match groups {
            Ok(groups) => Some(group_versions(&groups)?),
            Err(Refusal::Forbidden(_)) => None,
            Err(refusal) => return Err(refusal),
        };
        let mut resources = BTreeMap::new();
        for kind in LISTED.iter().filter(|kind| !kind.built_in()) {
            for version in kind.versions {
                let api_version = kind.api_version(version);
                if resources.contains_key(&api_version) {
                    continue;
                }
                let plurals = match &groups {
                    Some(groups) if !groups.contains(&api_version) => Some(BTreeSet::new()),
                    _ => plurals(exchange, &api_version).await?,
                };
                resources.insert(api_version, plurals);
            }
        }
        Ok(Self { resources })
    }

    /// In which version to ask for this kind.
    pub(super) fn of(&self, kind: &Kind) -> Served {
        if kind.built_in() {
            return kind.versions.first().map_or(Served::Unknown, |version| Served::In(version));
        }
        let plurals = |version: &&str| self.resources.get(&kind.api_version(version)).and_then(Option::as_ref);
        let has = |version: &&&'static str| plurals(version).is_some_and(|plurals| plurals.contains(kind.plural));
        match kind.versions.iter().find(has) {
            Some(version) => Served::In(version),
            None if kind.versions.iter().all(|version| plurals(version).is_some()) => Served::NotInstalled,
            None => Served::Unknown,
        }
    }
}

/// Every `apiVersion` of an `APIGroupList`.
fn group_versions(list: &Value) -> Result<BTreeSet<String>, Refusal> {
    let groups = list.get("groups").and_then(Value::as_array);
    let groups = groups.ok_or_else(|| Refusal::Odd("its list of API groups has no `groups`".into()))?;
    let versions = groups.iter().filter_map(|group| group.get("versions")?.as_array()).flatten();
    Ok(versions.filter_map(|version| Some(version.get("groupVersion")?.as_str()?.to_owned())).collect())
}

/// The plural names under an `apiVersion`; `None` where they may not be known.
async fn plurals(exchange: &Exchange, api_version: &str) -> Result<Option<BTreeSet<String>>, Refusal> {
    match exchange.get(&format!("/apis/{api_version}"), ROOM).await {
        Ok(list) => {
            let resources = list.get("resources").and_then(Value::as_array);
            let names = resources.into_iter().flatten().filter_map(|resource| resource.get("name")?.as_str());
            Ok(Some(names.map(str::to_owned).collect()))
        }
        Err(Refusal::NotFound(_)) => Ok(Some(BTreeSet::new())),
        Err(refusal) if refusal.concerns_one_kind() => Ok(None),
        Err(refusal) => Err(refusal),
    }
}
