//! A whole object as Flux hands it to the API server: each of its scalars substituted and read again.
//!
//! Rules and predictions look at one field at a time ([`Object::text`]). This is all of them together, as JSON, for
//! whoever holds them against Flux's own `SubstituteVariables` (`tests/oracle/flux`).

use serde_json::{Number, Value as Json};

use super::expression::{ErrorKind, has_expression};
use super::object::Object;
use super::retype::Retyped;
use super::variables::is_name;
use crate::krm::node::{Node, Value};
use crate::krm::scalar::{Typed, typed};

/// What becomes of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// This, field by field.
    Object(Piece),
    /// Flux refuses it, for one of these reasons.
    Refused(Vec<Refusal>),
}

/// A part of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Null, a boolean, a number or a text.
    Scalar(Json),
    /// Of a substituted text only that it is a list or a map.
    Collection,
    /// It cannot be known, for this reason.
    Unknown(String),
    /// A list.
    List(Vec<Piece>),
    /// A map, by keys as they are after substitution.
    Map(Vec<(String, Piece)>),
}

/// Why a key or an element of a list is not known that may be YAML there and none behind a key, or the other way round.
pub const UNUSUAL_PLACE: &str = "where it stands decides whether it is YAML once it is filled in";

/// Why Flux refuses an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// An expression fails.
    Expression(ErrorKind),
    /// A variable's name is none.
    VariableName(String),
    /// After substitution it is no YAML.
    NoYaml(String),
}

/// What becomes of an object.
pub fn applied(object: &Object<'_, '_>) -> Applied {
    let substitutes = object.substitutes();
    let names = object.variables.by_name.keys().filter(|name| substitutes && !is_name(name));
    let mut reading = Reading { object, substitutes, refusals: names.cloned().map(Refusal::VariableName).collect() };
    let piece = reading.piece(object.tree());
    // A quote that one value opens may end at one that stands around a later key.
    let open_quote = |refusal: &Refusal| matches!(refusal, Refusal::NoYaml(why) if why.contains("quote"));
    if !reading.refusals.is_empty() && reading.refusals.iter().all(open_quote) {
        return Applied::Object(Piece::Unknown(UNUSUAL_PLACE.to_owned()));
    }
    if reading.refusals.is_empty() { Applied::Object(piece) } else { Applied::Refused(reading.refusals) }
}

struct Reading<'o, 'a, 't> {
    object: &'o Object<'a, 't>,
    substitutes: bool,
    refusals: Vec<Refusal>,
}

impl Reading<'_, '_, '_> {
    fn piece(&mut self, node: &Node<'_>) -> Piece {
        match &node.value {
            Value::Sequence { items, .. } => Piece::List(
                items
                    .iter()
                    .map(|item| match &item.value {
                        Value::Scalar { .. } => self.elsewhere(|reading| reading.piece(item)),
                        _ => self.piece(item),
                    })
                    .collect(),
            ),
            Value::Mapping { entries, .. } => {
                let pairs = entries.iter().filter(|entry| entry.key.text() != Some("<<"));
                let pairs: Vec<_> = pairs.map(|entry| (self.key(&entry.key), self.piece(&entry.value))).collect();
                // What an unknown key is made of may make another map of the whole.
                let known = pairs.into_iter().map(|(key, piece)| Ok((key?, piece)));
                known.collect::<Result<_, _>>().map_or_else(Piece::Unknown, Piece::Map)
            }
            Value::Scalar { text, .. } => match typed(node) {
                None | Some(Typed::Null) => Piece::Scalar(Json::Null),
                Some(Typed::Bool(is)) => Piece::Scalar(Json::Bool(is)),
                Some(Typed::Int(number)) => Piece::Scalar(number.to_string().parse().map_or(Json::Null, Json::Number)),
                Some(Typed::Float(number)) => Piece::Scalar(Number::from_f64(number).map_or(Json::Null, Json::Number)),
                // kustomize leaves `yes` a text.
                Some(Typed::LegacyBool(_) | Typed::Str(_)) => self.text(text),
            },
        }
    }

    /// A key as it is after substitution, or why it cannot be known.
    fn key(&mut self, node: &Node<'_>) -> Result<String, String> {
        let text = match &node.value {
            Value::Scalar { text, .. } => text.to_string(),
            Value::Sequence { .. } | Value::Mapping { .. } => return Err(UNUSUAL_PLACE.to_owned()),
        };
        // What begins or ends a key, what begins a comment, and the mark of a merge make another map of it, or none.
        let filled = if self.substitutes { self.object.substituted(&text).ok() } else { None };
        if let Some((filled, _)) = filled.filter(|_| has_expression(&text)) {
            let spelt = filled.text.trim_end_matches('\n');
            let unusual = spelt.starts_with([' ', '#', '?']) || [" #", ": "].iter().any(|mark| spelt.contains(mark));
            if unusual || spelt.trim() == "<<" || spelt.ends_with(':') || spelt.contains('\n') {
                return Err(UNUSUAL_PLACE.to_owned());
            }
        }
        match self.elsewhere(|reading| reading.text(&text)) {
            Piece::Scalar(Json::Null) | Piece::Collection | Piece::List(_) | Piece::Map(_) => {
                Err(UNUSUAL_PLACE.to_owned())
            }
            Piece::Scalar(Json::String(text)) => Ok(text),
            // A key that is a fraction is written with half the digits.
            Piece::Scalar(Json::Number(number)) if number.is_f64() => Err(UNUSUAL_PLACE.to_owned()),
            Piece::Scalar(other) => Ok(other.to_string()),
            Piece::Unknown(why) => Err(why),
        }
    }

    /// Read what does not stand behind a key as if it did, and know nothing where that is no YAML.
    fn elsewhere(&mut self, read: impl FnOnce(&mut Self) -> Piece) -> Piece {
        let before = self.refusals.len();
        let piece = read(self);
        if self.refusals[before..].iter().any(|refusal| matches!(refusal, Refusal::NoYaml(_))) {
            self.refusals.truncate(before);
            return Piece::Unknown(UNUSUAL_PLACE.to_owned());
        }
        piece
    }

    fn text(&mut self, text: &str) -> Piece {
        if !self.substitutes || !has_expression(text) {
            return Piece::Scalar(Json::String(text.to_owned()));
        }
        let (evaluated, retyped) = match self.object.substituted(text) {
            Ok(outcome) => outcome,
            // Where nothing may be put in at all, nothing may fail either.
            Err(_) if self.object.variables.perhaps.is_some() => {
                return Piece::Unknown(self.object.variables.perhaps.clone().unwrap_or_default());
            }
            Err(error) => {
                self.refusals.push(Refusal::Expression(error.kind));
                return Piece::Scalar(Json::Null);
            }
        };
        if let Some(why) = evaluated.unknown {
            return Piece::Unknown(why);
        }
        match retyped {
            Retyped::Null => Piece::Scalar(Json::Null),
            Retyped::Bool(is) => Piece::Scalar(Json::Bool(is)),
            Retyped::Number(number) => Piece::Scalar(number.parse().map_or(Json::Null, Json::Number)),
            Retyped::Text(text) => Piece::Scalar(Json::String(text)),
            // An empty key in braces, which goyaml refuses in some places.
            Retyped::Collection if evaluated.text.contains("{:") => Piece::Unknown(UNUSUAL_PLACE.to_owned()),
            Retyped::Collection => Piece::Collection,
            // An alias is one where another value of the object holds its anchor.
            Retyped::Broken(_) if evaluated.text.trim_start().starts_with('*') => {
                Piece::Unknown(UNUSUAL_PLACE.to_owned())
            }
            Retyped::Broken(why) => {
                self.refusals.push(Refusal::NoYaml(why));
                Piece::Scalar(Json::Null)
            }
        }
    }
}

impl Piece {
    /// Why some parts of it cannot be known.
    pub fn unknown(&self) -> Vec<&str> {
        match self {
            Piece::Scalar(_) | Piece::Collection => Vec::new(),
            Piece::Unknown(why) => vec![why],
            Piece::List(items) => items.iter().flat_map(Piece::unknown).collect(),
            Piece::Map(pairs) => pairs.iter().flat_map(|(_, piece)| piece.unknown()).collect(),
        }
    }

    /// Whether it may be this JSON, what cannot be known left out. Numbers to twelve digits, which is all that two
    /// readers of JSON surely agree on.
    pub fn agrees(&self, json: &Json) -> bool {
        match (self, json) {
            (Piece::Unknown(_), _) | (Piece::Collection, Json::Array(_) | Json::Object(_)) => true,
            (Piece::Scalar(Json::Number(own)), Json::Number(number)) => double(own) == double(number),
            (Piece::Scalar(own), json) => own == json,
            (Piece::List(own), Json::Array(items)) => {
                own.len() == items.len() && own.iter().zip(items).all(|(own, item)| own.agrees(item))
            }
            (Piece::Map(own), Json::Object(map)) => {
                // Of two entries under one key the later one counts.
                let named = |name: &str| own.iter().rev().find(|(key, _)| key == name);
                own.iter().all(|(key, _)| map.contains_key(key))
                    && map.iter().all(|(name, value)| named(name).is_some_and(|(_, own)| own.agrees(value)))
            }
            _ => false,
        }
    }
}

fn double(number: &Number) -> String {
    // Added to zero, a negative zero is none.
    number.as_f64().map_or_else(|| number.to_string(), |double| format!("{:.11e}", double + 0.0))
}
