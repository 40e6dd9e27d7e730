//! A cluster, read: the texts that the function judges, and what could not be read.
//!
//! A kind that is not installed has no objects, so it becomes an empty list. A kind that may not be read becomes a
//! sentence, and nothing is concluded about it. Anything else that goes wrong ends the reading: half a cluster would be
//! judged wrongly.

use std::collections::BTreeSet;

use kube::api::GetParams;
use kube::core::Request;
use serde_json::Value;

use super::exchange::Exchange;
use super::kinds::{CILIUM_CONFIG, CILIUM_NAMESPACE, CONFIG_MAP, DEPLOYMENT, Kind, LISTED, OPERATOR_LABEL, SETTINGS};
use super::listing::{Wanted, list};
use super::page::{Page, lean};
use super::refusal::Refusal;
use super::served::{Discovery, Served};

/// What a cluster was found to hold.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The texts, in the order in which they were read.
    pub texts: Vec<Text>,
    /// What could not be read, `KIND: why` each.
    pub unread: Vec<String>,
    /// Kinds that the cluster does not know.
    pub not_installed: Vec<&'static str>,
}

/// One text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What is in it, for messages.
    pub name: String,
    /// A list or an object, as JSON.
    pub bytes: Vec<u8>,
}

/// What is being read, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The kind.
    pub kind: &'static str,
    /// How many of its objects were read so far.
    pub objects: usize,
}

/// Why the reading ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    /// What was read at that time.
    pub(super) kind: &'static str,
    /// What the server did.
    pub(super) refusal: Refusal,
}

/// Reads with a budget of bytes.
struct Reader<'a> {
    exchange: &'a Exchange,
    room: u64,
    told: &'a mut dyn FnMut(Step),
    reading: Reading,
}

/// Read everything. `room` bounds the texts together.
pub(super) async fn read(exchange: &Exchange, room: u64, told: &mut dyn FnMut(Step)) -> Result<Reading, Broken> {
    told(Step { kind: "APIs", objects: 0 });
    let discovery = Discovery::ask(exchange).await.map_err(|refusal| Broken { kind: "APIs", refusal })?;
    let mut reader = Reader { exchange, room, told, reading: Reading::default() };
    let mut settings = BTreeSet::new();
    for kind in LISTED {
        let mut seen = |items: &[Value]| {
            if kind.kind == "Kustomization" {
                settings.extend(items.iter().flat_map(substituted));
            }
        };
        reader.kind(kind, discovery.of(kind), &mut seen).await?;
    }
    let cilium = reader.operator().await?;
    settings.insert((cilium, CILIUM_CONFIG.to_owned()));
    settings.insert((SETTINGS.0.to_owned(), SETTINGS.1.to_owned()));
    for (namespace, name) in settings {
        reader.config_map(&namespace, &name).await?;
    }
    Ok(reader.reading)
}

impl Reader<'_> {
    /// All objects of a kind, in the version that is served.
    async fn kind(
        &mut self,
        kind: &'static Kind,
        served: Served,
        seen: &mut dyn FnMut(&[Value]),
    ) -> Result<(), Broken> {
        let versions = match &served {
            Served::In(version) => std::slice::from_ref(version),
            Served::NotInstalled => &[],
            Served::Unknown => kind.versions,
        };
        for version in versions {
            let wanted = Wanted { kind, version, namespace: None, labels: None };
            match self.list(wanted, seen).await {
                Ok(texts) => {
                    self.keep(kind.kind, texts);
                    return Ok(());
                }
                Err(Refusal::NotFound(_)) => {}
                Err(refusal) => return self.without(kind.kind, refusal),
            }
        }
        self.reading.not_installed.push(kind.kind);
        let best = kind.versions.first().copied().unwrap_or_default();
        self.keep(kind.kind, vec![Page::text(&[], kind, &kind.api_version(best))]);
        Ok(())
    }

    /// Cilium's operator, and the namespace it is in. In its usual place first, for that takes no right in others.
    ///
    /// It is handed on as an object, not as a list: of the other Deployments nothing is known.
    async fn operator(&mut self) -> Result<String, Broken> {
        let kind = &DEPLOYMENT;
        let mut operators = Vec::new();
        for namespace in [Some(CILIUM_NAMESPACE), None] {
            let wanted = Wanted { kind, version: "v1", namespace, labels: Some(OPERATOR_LABEL) };
            match self.list(wanted, &mut |items| operators.extend_from_slice(items)).await {
                Ok(_) => {}
                // Perhaps one may read the rest, or at least is told that one may not.
                Err(Refusal::Forbidden(_)) if namespace.is_some() => {}
                Err(refusal) => self.without(kind.kind, refusal)?,
            }
            if !operators.is_empty() {
                break;
            }
        }
        let found = operators.first().and_then(|operator| text_at(operator, "namespace"));
        for operator in operators {
            self.keep(kind.kind, vec![format!("{operator}\n").into_bytes()]);
        }
        Ok(found.unwrap_or_else(|| CILIUM_NAMESPACE.to_owned()))
    }

    /// One `ConfigMap`. Where it is not, there is nothing to say.
    async fn config_map(&mut self, namespace: &str, name: &str) -> Result<(), Broken> {
        let kind = &CONFIG_MAP;
        (self.told)(Step { kind: kind.kind, objects: 0 });
        let request = Request::new(kind.path("v1", Some(namespace))).get(name, &GetParams::default());
        let answer = match request {
            Ok(request) => self.exchange.ask(request, usize::try_from(self.room).unwrap_or(usize::MAX)).await,
            Err(error) => Err(Refusal::Odd(error.to_string())),
        };
        let object = answer.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|e| Refusal::Odd(e.to_string())));
        match object {
            Ok(object) => {
                let mut text = lean(object, kind.kind, "v1").to_string().into_bytes();
                text.push(b'\n');
                self.spend(text.len() as u64).map_err(|refusal| Broken { kind: kind.kind, refusal })?;
                let name = format!("{} {namespace}/{name}", kind.kind);
                self.reading.texts.push(Text { name, bytes: text });
            }
            Err(Refusal::NotFound(_)) => {}
            Err(refusal) => self.without(kind.kind, refusal)?,
        }
        Ok(())
    }

    async fn list(&mut self, wanted: Wanted<'_>, seen: &mut dyn FnMut(&[Value])) -> Result<Vec<Vec<u8>>, Refusal> {
        let kind = wanted.kind.kind;
        let kind: &'static str = kind;
        (self.told)(Step { kind, objects: 0 });
        let mut objects = 0;
        let told = &mut *self.told;
        let mut page = |items: &[Value]| {
            objects += items.len();
            told(Step { kind, objects });
            seen(items);
        };
        let texts = list(self.exchange, wanted, self.room, &mut page).await?;
        self.spend(texts.iter().map(|text| text.len() as u64).sum())?;
        Ok(texts)
    }

    fn spend(&mut self, bytes: u64) -> Result<(), Refusal> {
        self.room = self.room.checked_sub(bytes).ok_or(Refusal::TooLarge)?;
        Ok(())
    }

    fn keep(&mut self, kind: &str, texts: Vec<Vec<u8>>) {
        let pages = texts.into_iter().enumerate().map(|(page, bytes)| {
            let name = if page == 0 { kind.to_owned() } else { format!("{kind}, page {}", page + 1) };
            Text { name, bytes }
        });
        self.reading.texts.extend(pages);
    }

    /// Go on without a kind, or end.
    fn without(&mut self, kind: &'static str, refusal: Refusal) -> Result<(), Broken> {
        if !refusal.concerns_one_kind() {
            return Err(Broken { kind, refusal });
        }
        let why = match &refusal {
            Refusal::Forbidden(said) => said.clone(),
            refusal => format!("the API server {refusal}"),
        };
        let sentence = format!("{kind}: {why}");
        if !self.reading.unread.contains(&sentence) {
            self.reading.unread.push(sentence);
        }
        Ok(())
    }
}

/// The `ConfigMap`s that a Kustomization takes settings from; they lie in its own namespace (Flux, `substituteFrom`).
fn substituted(kustomization: &Value) -> Vec<(String, String)> {
    let from = kustomization.pointer("/spec/postBuild/substituteFrom").and_then(Value::as_array);
    let maps = from.into_iter().flatten().filter(|from| from.get("kind").and_then(Value::as_str) == Some("ConfigMap"));
    let names = maps.filter_map(|from| from.get("name")?.as_str());
    let namespace = text_at(kustomization, "namespace").unwrap_or_default();
    names.map(|name| (namespace.clone(), name.to_owned())).collect()
}

fn text_at(object: &Value, field: &str) -> Option<String> {
    Some(object.get("metadata")?.get(field)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_found_where_kustomizations_take_them_from() {
        let kustomization = json!({
            "metadata": {"name": "apps", "namespace": "flux-system"},
            "spec": {"postBuild": {"substituteFrom": [
                {"kind": "ConfigMap", "name": "cluster-settings"},
                {"kind": "Secret", "name": "cluster-secrets"},
                {"kind": "ConfigMap", "name": "more", "optional": true}
            ]}}
        });
        let at = |name: &str| ("flux-system".to_owned(), name.to_owned());
        assert_eq!(substituted(&kustomization), [at("cluster-settings"), at("more")]);
        assert!(substituted(&json!({"metadata": {}})).is_empty());
    }
}
