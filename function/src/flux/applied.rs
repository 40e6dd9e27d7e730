//! A whole object as Flux hands it to the API server: each of its scalars substituted and read again.
//!
//! Rules and predictions look at one field at a time ([`Object::text`]). This is all of them together, as JSON, for
//! whoever holds them against Flux's own `SubstituteVariables` (`tests/oracle/flux`).

use serde_json::{Number, Value as Json};

use super::expression::{ErrorKind, has_expression};
use super::object::Object;
use super::retype::{self, Retyped};
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
    Map(Vec<(Key, Piece)>),
}

/// The key of a map.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// This.
    Known(String),
    /// It cannot be known, for this reason.
    Unknown(String),
}

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
            Value::Sequence { items, .. } => Piece::List(items.iter().map(|item| self.piece(item)).collect()),
            Value::Mapping { entries, .. } => {
                let pairs = entries.iter().filter(|entry| entry.key.text() != Some("<<"));
                Piece::Map(pairs.map(|entry| (self.key(&entry.key), self.piece(&entry.value))).collect())
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

    fn key(&mut self, node: &Node<'_>) -> Key {
        let text = match &node.value {
            Value::Scalar { text, .. } => text.to_string(),
            Value::Sequence { .. } | Value::Mapping { .. } => return Key::Unknown("it is no text".to_owned()),
        };
        match self.text(&text) {
            Piece::Scalar(Json::String(text)) => Key::Known(text),
            Piece::Scalar(Json::Null) | Piece::Collection | Piece::List(_) | Piece::Map(_) => {
                self.refusals.push(Refusal::NoYaml("a key is no text".to_owned()));
                Key::Known(String::new())
            }
            Piece::Scalar(other) => Key::Known(other.to_string()),
            Piece::Unknown(why) => Key::Unknown(why),
        }
    }

    fn text(&mut self, text: &str) -> Piece {
        if !self.substitutes || !has_expression(text) {
            return Piece::Scalar(Json::String(text.to_owned()));
        }
        let variables = &self.object.variables;
        let (evaluated, retyped) = match retype::substitute(text, &|name| variables.lookup(name), variables.dialect) {
            Ok(outcome) => outcome,
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
            Retyped::Collection => Piece::Collection,
            Retyped::Broken(why) => {
                self.refusals.push(Refusal::NoYaml(why));
                Piece::Scalar(Json::Null)
            }
        }
    }
}

impl Piece {
    /// Whether some part of it cannot be known.
    pub fn has_unknown(&self) -> bool {
        match self {
            Piece::Scalar(_) | Piece::Collection => false,
            Piece::Unknown(_) => true,
            Piece::List(items) => items.iter().any(Piece::has_unknown),
            Piece::Map(pairs) => pairs.iter().any(|(key, piece)| matches!(key, Key::Unknown(_)) || piece.has_unknown()),
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
                let known = |name: &str| own.iter().rev().find(|(key, _)| *key == Key::Known(name.to_owned()));
                let open = own.iter().any(|(key, _)| matches!(key, Key::Unknown(_)));
                let all_there = own.iter().all(|(key, _)| match key {
                    Key::Known(name) => map.contains_key(name),
                    Key::Unknown(_) => true,
                });
                all_there && map.iter().all(|(name, value)| known(name).map_or(open, |(_, own)| own.agrees(value)))
            }
            _ => false,
        }
    }
}

fn double(number: &Number) -> String {
    number.as_f64().map_or_else(|| number.to_string(), |double| format!("{double:.11e}"))
}
