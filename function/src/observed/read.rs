//! From texts to what they tell, object by object. JSON goes past as a stream, YAML document by document, and of a
//! list in either one element at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use granit_parser::Event;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::coverage::Coverage;
use super::{Observed, objects};
use crate::krm::decode::decode;
use crate::krm::parse::{ParseError, Reader};

/// A text that is no dump of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRead {
    /// Which text.
    pub path: String,
    /// The byte where reading stopped, where that is known.
    pub offset: Option<usize>,
    /// One sentence.
    pub message: String,
}

/// Read texts, each with its path. `settings` are the names of ConfigMaps that hold settings.
///
/// # Errors
///
/// The first text that is neither JSON nor YAML, or holds something other than objects.
pub fn read(texts: &[(&str, &str)], settings: &BTreeSet<&str>) -> Result<Observed, NotRead> {
    let mut observed = Observed::default();
    for (path, text) in texts {
        let mut listing = Listing { observed: &mut observed, settings, nameless: Vec::new() };
        let plain = text.trim_start_matches('\u{feff}').trim_start();
        let outcome = if plain.starts_with('{') { json(plain, &mut listing) } else { yaml(text, &mut listing) };
        outcome.map_err(|(offset, message)| NotRead { path: (*path).to_owned(), offset, message })?;
    }
    objects::rank(&mut observed);
    Ok(observed)
}

type Stopped = (Option<usize>, String);

/// Takes the objects of one text.
struct Listing<'o> {
    observed: &'o mut Observed,
    settings: &'o BTreeSet<&'o str>,
    /// Elements without a kind of their own: the list says it, and may say it behind them.
    nameless: Vec<Value>,
}

/// What the elements of one list have shown.
#[derive(Default)]
struct Shown {
    /// The namespaces in which objects stand, by kind; cluster-wide ones in none.
    kinds: BTreeMap<String, BTreeSet<String>>,
}

impl Listing<'_> {
    fn element(&mut self, element: Value, shown: &mut Shown) {
        if element.get("kind").and_then(Value::as_str).is_none() {
            self.nameless.push(element);
            return;
        }
        self.take(&element, shown);
    }

    fn take(&mut self, object: &Value, shown: &mut Shown) {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str);
        let of_kind = shown.kinds.entry(kind.to_owned()).or_default();
        if let Some(namespace) = namespace.filter(|namespace| !of_kind.contains(*namespace)) {
            of_kind.insert(namespace.to_owned());
        }
        self.observed.objects += 1;
        objects::take(self.observed, object, self.settings);
    }

    /// A list has ended.
    fn listed(&mut self, list: &BTreeMap<String, String>, mut shown: Shown) -> Result<(), Stopped> {
        let kind = list.get("kind").map(String::as_str).unwrap_or_default();
        let of = kind.strip_suffix("List").filter(|of| !of.is_empty());
        let api_version = list.get("apiVersion").map(String::as_str).unwrap_or_default();
        for mut element in std::mem::take(&mut self.nameless) {
            let (Some(of), Some(fields)) = (of, element.as_object_mut()) else {
                return Err((None, "an element of the list has no kind".into()));
            };
            fields.insert("kind".into(), of.into());
            fields.insert("apiVersion".into(), api_version.into());
            self.take(&element, &mut shown);
        }
        if let Some(of) = of {
            self.cover(of, Coverage::All);
        }
        // One `kubectl get` reads one namespace or all of them.
        let namespaces: BTreeSet<&String> = shown.kinds.values().flatten().collect();
        let one = (namespaces.len() < 2).then(|| namespaces.into_iter().cloned().collect::<BTreeSet<_>>());
        for (kind, in_namespaces) in &shown.kinds {
            let coverage = match &one {
                Some(one) if !in_namespaces.is_empty() => Coverage::Namespaces(one.clone()),
                _ => Coverage::All,
            };
            self.cover(kind, coverage);
        }
        Ok(())
    }

    fn single(&mut self, object: &Value) {
        let mut shown = Shown::default();
        self.take(object, &mut shown);
        for kind in shown.kinds.into_keys() {
            self.cover(&kind, Coverage::Objects);
        }
    }

    fn cover(&mut self, kind: &str, coverage: Coverage) {
        let known = self.observed.coverage.remove(kind);
        let coverage = known.map_or(coverage.clone(), |known| known.and(coverage));
        self.observed.coverage.insert(kind.to_owned(), coverage);
    }

    /// A document that was read whole, perhaps but for the elements of its list.
    fn document(&mut self, fields: serde_json::Map<String, Value>, shown: Option<Shown>) -> Result<(), Stopped> {
        let kind = fields.get("kind").and_then(Value::as_str).map(str::to_owned);
        match (shown, kind) {
            (_, None) => Err((None, "it holds something that has no kind, so it is no object of a cluster".into())),
            (Some(shown), Some(kind)) if kind.ends_with("List") => {
                let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                let list = ["kind", "apiVersion"].map(|key| (key.to_owned(), text(key)));
                self.listed(&list.into_iter().collect(), shown)
            }
            (Some(_), Some(kind)) => Err((None, format!("a {kind} with `items` is no list of a cluster"))),
            (None, Some(kind)) if kind.ends_with("List") => {
                let api_version = fields.get("apiVersion").and_then(Value::as_str).unwrap_or_default().to_owned();
                let list = [("kind".to_owned(), kind), ("apiVersion".to_owned(), api_version)];
                self.listed(&list.into_iter().collect(), Shown::default())
            }
            (None, Some(_)) => {
                self.single(&Value::Object(fields));
                Ok(())
            }
        }
    }
}

fn json(text: &str, listing: &mut Listing<'_>) -> Result<(), Stopped> {
    let mut stream = serde_json::Deserializer::from_str(text);
    loop {
        match Root(listing).deserialize(&mut stream) {
            Ok(document) => document?,
            Err(error) => return Err((None, format!("it is no JSON: {error}"))),
        }
        // Several documents may follow each other, with nothing or blanks between.
        if stream.end().is_ok() {
            return Ok(());
        }
    }
}

/// A document of JSON whose list is not kept.
struct Root<'l, 'o>(&'l mut Listing<'o>);

impl<'de> DeserializeSeed<'de> for Root<'_, '_> {
    type Value = Result<(), Stopped>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Root<'_, '_> {
    type Value = Result<(), Stopped>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of a cluster or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut fields, mut shown) = (serde_json::Map::new(), None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "items" => {
                    let mut elements = Shown::default();
                    map.next_value_seed(Elements { listing: &mut *self.0, shown: &mut elements })?;
                    shown = Some(elements);
                }
                _ => drop(fields.insert(key, map.next_value()?)),
            }
        }
        Ok(self.0.document(fields, shown))
    }
}

struct Elements<'l, 'o> {
    listing: &'l mut Listing<'o>,
    shown: &'l mut Shown,
}

impl<'de> DeserializeSeed<'de> for Elements<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<Value>()? {
            self.listing.element(element, self.shown);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // A ConfigMap's own `items`, and the like: nobody's list.
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

fn yaml(text: &str, listing: &mut Listing<'_>) -> Result<(), Stopped> {
    let stopped = |error: ParseError| (Some(error.offset), error.message);
    let mut reader = Reader::new(text);
    while reader.next_document().map_err(stopped)?.is_some() {
        let first = reader.event().map_err(stopped)?;
        if !matches!(first.0, Event::MappingStart(..)) {
            let node = reader.node_from(first).map_err(stopped)?;
            if !node.is_null() {
                return Err((Some(node.span.start), format!("expected an object, found {}", node.describe())));
            }
            reader.end_document().map_err(stopped)?;
            continue;
        }
        let (mut fields, mut shown) = (serde_json::Map::new(), None);
        loop {
            let event = reader.event().map_err(stopped)?;
            if matches!(event.0, Event::MappingEnd) {
                break;
            }
            let key = reader.node_from(event).map_err(stopped)?;
            let name = key.text().unwrap_or_default().to_owned();
            let event = reader.event().map_err(stopped)?;
            if name == "items" && matches!(event.0, Event::SequenceStart(..)) {
                let mut elements = Shown::default();
                loop {
                    let event = reader.event().map_err(stopped)?;
                    if matches!(event.0, Event::SequenceEnd) {
                        break;
                    }
                    let node = reader.node_from(event).map_err(stopped)?;
                    let value = value(&node)?;
                    listing.element(value, &mut elements);
                }
                shown = Some(elements);
                continue;
            }
            let node = reader.node_from(event).map_err(stopped)?;
            fields.insert(name, value(&node)?);
        }
        reader.end_document().map_err(stopped)?;
        listing.document(fields, shown)?;
    }
    Ok(())
}

fn value(node: &crate::krm::node::Node<'_>) -> Result<Value, Stopped> {
    decode(node).map_err(|error| (error.span.map(|span| span.start), error.message))
}
