//! What the schema of CiliumLoadBalancerIPPool allows in `spec`, as one table, and where a manifest departs from it.
//!
//! The schema is the same from Cilium 1.15 to 1.20 but for `spec.cidrs`, which 1.16 took out (#28590).

use std::ops::Range as Bytes;

use crate::cluster::ClusterView;
use crate::cluster::pools::PoolView;
use crate::flux::object::Object;
use crate::krm::node::{Node, Value};
use crate::krm::scalar::{Typed, typed};

/// What a field may hold.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Text,
    Boolean,
    /// The enum of `allowFirstLastIPs`.
    YesNo,
    List(&'static Shape),
    Map(&'static [(&'static str, Shape)]),
    /// Any keys, each with a text.
    Labels,
}

const BLOCKS: Shape = Shape::List(&Shape::Map(&[("cidr", Shape::Text), ("start", Shape::Text), ("stop", Shape::Text)]));

const SPEC: &[(&str, Shape)] = &[
    ("blocks", BLOCKS),
    ("cidrs", BLOCKS),
    ("allowFirstLastIPs", Shape::YesNo),
    ("disabled", Shape::Boolean),
    (
        "serviceSelector",
        Shape::Map(&[
            ("matchLabels", Shape::Labels),
            (
                "matchExpressions",
                Shape::List(&Shape::Map(&[
                    ("key", Shape::Text),
                    ("operator", Shape::Text),
                    ("values", Shape::List(&Shape::Text)),
                ])),
            ),
        ]),
    ),
];

/// Where a manifest departs from the schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Departure {
    /// `spec.blocks[0].cidr`.
    pub path: String,
    /// The key or the value that departs.
    pub span: Bytes<usize>,
    /// How.
    pub what: What,
}

/// How a manifest departs from the schema.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A key that the schema does not have.
    UnknownField {
        /// The key.
        key: String,
        /// The keys that it has there.
        known: Vec<&'static str>,
        /// Those of them that are written beside it.
        written: Vec<&'static str>,
        /// Whether it is written right here and not merged in from elsewhere.
        editable: bool,
    },
    /// A value of another type.
    Value {
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        found: String,
        /// The value that is certainly meant.
        meant: Option<String>,
    },
}

/// Where a pool departs from the schema of its cluster's Cilium. Nothing for a manifest that patches may yet change.
pub fn departures(view: &ClusterView<'_, '_>, pool: &PoolView<'_, '_>) -> Vec<Departure> {
    let object = pool.object;
    let Some(spec) = object.tree().get("spec").filter(|_| object.altered.is_none()) else { return Vec::new() };
    // Without a version every field that any version has is let through.
    let served = |field: &str| !view.version_known || view.profile.pool_fields.contains(&field);
    let fields: Vec<(&'static str, Shape)> = SPEC.iter().copied().filter(|(field, _)| served(field)).collect();
    let mut walk = Walk { object, found: Vec::new() };
    walk.map(spec, "spec", &fields);
    walk.found
}

struct Walk<'o, 'a, 't> {
    object: &'o Object<'a, 't>,
    found: Vec<Departure>,
}

impl Walk<'_, '_, '_> {
    fn value(&mut self, node: &Node<'_>, path: &str, shape: Shape) {
        // A null is taken as not written.
        if node.is_null() {
            return;
        }
        match (shape, &node.value) {
            (Shape::Map(fields), Value::Mapping { .. }) => self.map(node, path, fields),
            (Shape::List(shape), Value::Sequence { items, .. }) => {
                for (n, item) in items.iter().enumerate() {
                    self.value(item, &format!("{path}[{n}]"), *shape);
                }
            }
            (Shape::Labels, Value::Mapping { entries, .. }) => {
                for entry in entries {
                    let key = entry.key.text().unwrap_or_default();
                    self.value(&entry.value, &format!("{path}[{key}]"), Shape::Text);
                }
            }
            (Shape::Text | Shape::Boolean | Shape::YesNo, Value::Scalar { .. }) => self.scalar(node, path, shape),
            _ => {
                let wanted = match shape {
                    Shape::Map(_) | Shape::Labels => "a map",
                    Shape::List(_) => "a list",
                    Shape::Boolean => "true or false",
                    Shape::Text | Shape::YesNo => "a text",
                };
                self.wrong(node, path, wanted, node.describe().to_owned(), None);
            }
        }
    }

    fn map(&mut self, node: &Node<'_>, path: &str, fields: &[(&'static str, Shape)]) {
        if !node.is_null() && !matches!(node.value, Value::Mapping { .. }) {
            return self.wrong(node, path, "a map", node.describe().to_owned(), None);
        }
        for entry in node.entries() {
            let Some(key) = self.object.text(&entry.key).and_then(|key| key.known().map(str::to_owned)) else {
                continue;
            };
            match fields.iter().find(|(field, _)| *field == key) {
                Some((_, shape)) => self.value(&entry.value, &format!("{path}.{key}"), *shape),
                None => self.found.push(Departure {
                    path: format!("{path}.{key}"),
                    span: entry.key.span.clone(),
                    what: What::UnknownField {
                        key,
                        known: fields.iter().map(|(field, _)| *field).collect(),
                        written: fields.iter().map(|(field, _)| *field).filter(|f| node.get(f).is_some()).collect(),
                        editable: !entry.merged,
                    },
                }),
            }
        }
    }

    fn scalar(&mut self, node: &Node<'_>, path: &str, shape: Shape) {
        // What settings make of it is not to be told from the manifest.
        let Some(text) = self.object.text(node).filter(|text| text.variables.is_empty()) else { return };
        let written = text.written;
        // Flux builds with kustomize, which takes `yes`, `on` and the like for texts and writes them quoted.
        let by_kustomize = self.object.kustomization.is_some();
        let typed = match typed(node) {
            Some(Typed::LegacyBool(_)) if by_kustomize => Typed::Str(&written),
            Some(typed) => typed,
            None => return,
        };
        let is = match &typed {
            Typed::Bool(_) | Typed::LegacyBool(_) => format!("a boolean to YAML ({written})"),
            Typed::Int(_) | Typed::Float(_) => format!("a number to YAML ({written})"),
            Typed::Str(_) | Typed::Null => format!("the text {written:?}"),
        };
        match (shape, typed) {
            (Shape::Text, Typed::Str(_)) | (Shape::YesNo, Typed::Str("Yes" | "No")) => {}
            (Shape::Text, _) => self.wrong(node, path, "a text, in quotes", is, None),
            (Shape::Boolean, Typed::Bool(_) | Typed::LegacyBool(_)) => {}
            (Shape::Boolean, Typed::Str(text)) => {
                let meant = matches!(text, "true" | "false").then(|| text.to_owned());
                self.wrong(node, path, "true or false without quotes", is, meant);
            }
            (Shape::YesNo, typed) => {
                let meant = match typed {
                    Typed::Bool(yes) | Typed::LegacyBool(yes) => Some(yes),
                    Typed::Str(text) if text.eq_ignore_ascii_case("yes") || text == "true" => Some(true),
                    Typed::Str(text) if text.eq_ignore_ascii_case("no") || text == "false" => Some(false),
                    _ => None,
                };
                let meant = meant.map(|yes| if yes { "Yes" } else { "No" }.to_owned());
                self.wrong(node, path, "\"Yes\" or \"No\", in quotes", is, meant);
            }
            (Shape::Boolean, _) => self.wrong(node, path, "true or false", is, None),
            (Shape::List(_) | Shape::Map(_) | Shape::Labels, _) => {}
        }
    }

    fn wrong(&mut self, node: &Node<'_>, path: &str, wanted: &'static str, found: String, meant: Option<String>) {
        let what = What::Value { wanted, found, meant };
        self.found.push(Departure { path: path.to_owned(), span: node.span.clone(), what });
    }
}
