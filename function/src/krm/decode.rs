//! A serde deserializer over the tree, so that a mistake in a typed document has its place in the file.
//!
//! Types follow Kubernetes: a field that wants text refuses a plain `on`, `1.18` or `0123`, which the cluster
//! would read as something else, and says to quote it.

use std::fmt;
use std::ops::Range;

use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::node::{Node, Style, Value};
use super::scalar::{Typed, typed};

/// A document that does not fit its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// One sentence.
    pub message: String,
    /// The bytes concerned; `None` until the innermost node is known.
    pub span: Option<Range<usize>>,
    /// Field path such as `spec.pools[0].name`.
    pub path: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), span: None, path: String::new() }
    }
}

impl DecodeError {
    /// Give the error the place of `node` unless something deeper has.
    fn at(mut self, node: &Node<'_>) -> Self {
        self.span.get_or_insert_with(|| node.span.clone());
        self
    }

    /// Put a step in front of the path.
    fn under(mut self, step: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => step.to_owned(),
            path if path.starts_with('[') => format!("{step}{path}"),
            path => format!("{step}.{path}"),
        };
        self
    }
}

/// Read a typed value from a tree.
pub fn decode<T: de::DeserializeOwned>(node: &Node<'_>) -> Result<T, DecodeError> {
    T::deserialize(From(node))
}

#[derive(Clone, Copy)]
struct From<'a, 't>(&'a Node<'t>);

impl<'a, 't> From<'a, 't> {
    fn scalar<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match typed(self.0) {
            Some(Typed::Null) => visitor.visit_unit(),
            Some(Typed::Bool(b) | Typed::LegacyBool(b)) => visitor.visit_bool(b),
            Some(Typed::Int(i)) => match (u64::try_from(i), i64::try_from(i)) {
                (Ok(u), _) => visitor.visit_u64(u),
                (_, Ok(i)) => visitor.visit_i64(i),
                _ => visitor.visit_i128(i),
            },
            Some(Typed::Float(f)) => visitor.visit_f64(f),
            Some(Typed::Str(s)) => visitor.visit_str(s),
            None => Err(DecodeError {
                message: format!("unexpected {}", self.0.describe()),
                span: None,
                path: String::new(),
            }),
        }
    }
}

impl<'de, 'a, 't> Deserializer<'de> for From<'a, 't> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let result = match &self.0.value {
            Value::Scalar { .. } => self.scalar(visitor),
            Value::Sequence { items, .. } => visitor.visit_seq(Elements { items, next: 0 }),
            Value::Mapping { .. } => visitor.visit_map(Fields { node: self.0, next: 0 }),
        };
        result.map_err(|error| error.at(self.0))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let quoted = match typed(self.0) {
            Some(Typed::Str(text)) => return visitor.visit_str(text).map_err(|error: DecodeError| error.at(self.0)),
            // kpt writes the words of YAML 1.1 bare even where they are text.
            Some(Typed::LegacyBool(_)) => match &self.0.value {
                Value::Scalar { text, .. } => {
                    return visitor.visit_str(text).map_err(|error: DecodeError| error.at(self.0));
                }
                _ => String::new(),
            },
            Some(Typed::Bool(_) | Typed::Int(_) | Typed::Float(_)) => match &self.0.value {
                Value::Scalar { text, style: Style::Plain, .. } => {
                    format!("a text is needed here: write \"{text}\" in quotes")
                }
                _ => String::new(),
            },
            Some(Typed::Null) => "a text is needed here, and nothing is written".into(),
            None => format!("a text is needed here, not {}", self.0.describe()),
        };
        Err(DecodeError { message: quoted, span: None, path: String::new() }.at(self.0))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.0.text() {
            Some(text) => {
                visitor.visit_enum(text.to_owned().into_deserializer()).map_err(|error: DecodeError| error.at(self.0))
            }
            None => Err(DecodeError::under(
                de::Error::custom(format!("one word is needed here, not {}", self.0.describe())),
                "",
            )
            .at(self.0)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self).map_err(|error| error.at(self.0))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.0.value {
            Value::Sequence { .. } => self.deserialize_any(visitor),
            _ => Err(<DecodeError as de::Error>::custom(format!("a list is needed here, not {}", self.0.describe()))
                .at(self.0)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.0.value {
            Value::Mapping { .. } => self.deserialize_any(visitor),
            // `advertise: {bgp:}`: kustomize writes an empty map as nothing now and then.
            _ => Err(<DecodeError as de::Error>::custom(format!("a map is needed here, not {}", self.0.describe()))
                .at(self.0)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple
        tuple_struct identifier
    }
}

struct Elements<'a, 't> {
    items: &'a [Node<'t>],
    next: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        let Some(node) = self.items.get(self.next) else { return Ok(None) };
        let step = format!("[{}]", self.next);
        self.next += 1;
        seed.deserialize(From(node)).map(Some).map_err(|error| error.at(node).under(&step))
    }
}

struct Fields<'a, 't> {
    node: &'a Node<'t>,
    next: usize,
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        while let Some(entry) = self.node.entries().get(self.next) {
            if matches!(&entry.key.value, Value::Scalar { text, style: Style::Plain, .. } if text == "<<") {
                self.next += 1;
                continue;
            }
            let key = match &entry.key.value {
                Value::Scalar { text, .. } => text.to_string(),
                _ => return Err(<DecodeError as de::Error>::custom("a key must be a single word").at(&entry.key)),
            };
            return seed.deserialize(key.into_deserializer()).map(Some).map_err(|e: DecodeError| e.at(&entry.key));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let Some(entry) = self.node.entries().get(self.next) else {
            return Err(de::Error::custom("a value without a key"));
        };
        self.next += 1;
        let step = entry.key.text().unwrap_or_default();
        seed.deserialize(From(&entry.value)).map_err(|error| error.at(&entry.value).under(step))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::parse::document;
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Example {
        #[allow(dead_code)]
        version: String,
        #[serde(default)]
        list: Vec<BTreeMap<String, u32>>,
    }

    #[test]
    fn mistakes_have_their_place_and_path() {
        let text = "version: \"1\"\nlist:\n- {a: 1}\n- {b: x}\n";
        let error = decode::<Example>(&document(text).expect("parses")).expect_err("b is no number");
        assert_eq!(error.path, "list[1].b");
        assert_eq!(&text[error.span.expect("known")], "x");

        let text = "version: 1.18\n";
        let error = decode::<Example>(&document(text).expect("parses")).expect_err("unquoted");
        assert!(error.message.contains("\"1.18\" in quotes"), "{error}");

        let text = "version: \"1\"\nlits: []\n";
        let error = decode::<Example>(&document(text).expect("parses")).expect_err("unknown");
        assert_eq!(&text[error.span.expect("known")], "lits");
    }

    #[test]
    fn words_of_yaml_1_1_are_text_where_text_is_wanted() {
        let value: Example = decode(&document("version: on\nlist: []").expect("parses")).expect("fits");
        assert_eq!(value.version, "on");
        assert!(value.list.is_empty());
    }
}
