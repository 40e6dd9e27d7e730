//! One object as one cluster applies it: its manifest, with that cluster's values.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::expression::{self, Evaluated, ExpressionError};
use super::fact::Fact;
use super::files::Located;
use super::patch::Patched;
use super::retype::{self, Retyped};
use super::variables::Variables;
use crate::krm::annotations;
use crate::krm::document::Document;
use crate::krm::item::Item;
use crate::krm::node::{Node, Value};
use crate::report::{Link, Place, ResourceRef};

/// A text of a manifest as one cluster sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// As it stands in the file, unquoted.
    pub written: String,
    /// After substitution.
    pub value: Fact<String>,
    /// The bytes it stands on.
    pub span: Range<usize>,
    /// The variables it was made of, in order of mention.
    pub variables: Vec<String>,
    /// Variables that nothing sets and that have no default.
    pub undefined: Vec<String>,
}

impl Text {
    /// The value, when it is known.
    pub fn known(&self) -> Option<&str> {
        self.value.known().map(String::as_str)
    }
}

/// One object as one cluster applies it.
#[derive(Debug, Clone)]
pub struct Object<'a, 't> {
    /// The text it stands in.
    pub document: &'a Document<'t>,
    /// The manifest.
    pub item: &'a Item<'t>,
    /// What is substituted in it.
    pub variables: Rc<Variables>,
    /// The Flux Kustomization that applies it, as `namespace/name`.
    pub kustomization: Option<Rc<str>>,
    /// The namespace that a kustomization or Flux's `targetNamespace` gives it.
    pub namespace_override: Option<Rc<str>>,
    /// Why its fields may differ from what is written: patches, name prefixes and the like on the way.
    pub altered: Option<Rc<str>>,
    /// What kustomizations put in front of its name.
    pub prefix: Rc<str>,
    /// What kustomizations put behind its name.
    pub suffix: Rc<str>,
    /// Labels that kustomizations add.
    pub labels: Rc<BTreeMap<String, String>>,
    /// Its tree with the patches on the way, where they could be applied exactly.
    pub patched: Option<Rc<Patched<'a, 't>>>,
    /// The suspended Kustomization on the way to it: the cluster keeps what it has.
    pub suspended: Option<Rc<str>>,
}

impl<'a, 't> Object<'a, 't> {
    /// A manifest as it stands in its file, with these values.
    pub fn with_variables((document, item): Located<'a, 't>, variables: Rc<Variables>) -> Self {
        Self {
            document,
            item,
            variables,
            kustomization: None,
            namespace_override: None,
            altered: None,
            prefix: "".into(),
            suffix: "".into(),
            labels: Rc::default(),
            patched: None,
            suspended: None,
        }
    }

    /// The manifest's tree, with the patches on the way where they could be applied.
    pub fn tree(&self) -> &Node<'t> {
        self.patched.as_deref().map_or_else(|| self.item.tree(), |patched| &patched.tree)
    }

    /// The place of a span that a patch brought in; `None` for what stands in the manifest itself.
    pub fn origin_of(&self, span: &Range<usize>) -> Option<Place> {
        self.patched.as_ref().and_then(|patched| patched.place(span))
    }

    /// A scalar as this cluster sees it; `None` for null, lists and maps.
    pub fn text(&self, node: &Node<'_>) -> Option<Text> {
        let Value::Scalar { text, .. } = &node.value else { return None };
        if node.is_null() {
            return None;
        }
        let mut seen = Text {
            written: text.to_string(),
            value: Fact::Known(text.to_string()),
            span: node.span.clone(),
            variables: Vec::new(),
            undefined: Vec::new(),
        };
        if self.substitutes() && expression::has_expression(text) {
            match self.substituted(text) {
                Ok((evaluated, retyped)) => {
                    seen.variables = evaluated.used;
                    seen.undefined = evaluated.undefined;
                    seen.value = match evaluated.unknown {
                        Some(why) => Fact::Unknown(why),
                        None => as_text(retyped, &evaluated.text),
                    };
                }
                Err(error) => {
                    seen.undefined = self.undefined_in(text);
                    seen.variables.clone_from(&seen.undefined);
                    seen.value = Fact::Unknown(format!("Flux cannot substitute here: {error}"));
                }
            }
        }
        if let Some(why) = &self.altered {
            seen.value = Fact::Unknown(why.to_string());
        }
        Some(seen)
    }

    /// A text as Flux fills it in and reads it again, in an object in which Flux substitutes.
    ///
    /// # Errors
    ///
    /// Where an expression fails.
    pub fn substituted(&self, text: &str) -> Result<(Evaluated, Retyped), ExpressionError> {
        let variables = &self.variables;
        let (mut evaluated, retyped) = retype::substitute(text, &|name| variables.lookup(name), variables.dialect)?;
        if evaluated.unknown.is_none() {
            evaluated.unknown.clone_from(&variables.perhaps);
        }
        Ok((evaluated, retyped))
    }

    /// What a text becomes when Flux fills in and reads again; none where it does not fill in, or cannot.
    pub fn retyped(&self, written: &str) -> Option<Retyped> {
        if !self.substitutes() || !expression::has_expression(written) {
            return None;
        }
        self.substituted(written).ok().filter(|(evaluated, _)| evaluated.unknown.is_none()).map(|(_, retyped)| retyped)
    }

    /// The scalar under a path of keys.
    pub fn text_at(&self, path: &[&str]) -> Option<Text> {
        self.tree().at(path).and_then(|node| self.text(node))
    }

    /// Entries of a map of texts (labels, annotations), keys and values as this cluster sees them.
    pub fn map_at(&self, path: &[&str]) -> Vec<(Text, Option<Text>)> {
        let Some(node) = self.tree().at(path) else { return Vec::new() };
        node.entries().iter().filter_map(|e| Some((self.text(&e.key)?, self.text(&e.value)))).collect()
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<Text> {
        self.text_at(&["metadata", "annotations", key])
    }

    /// The object's name; empty text when none is written.
    pub fn name(&self) -> Fact<String> {
        let name = self.text_at(&["metadata", "name"]).map_or_else(|| Fact::Known(String::new()), |text| text.value);
        name.map(|name| format!("{}{name}{}", self.prefix, self.suffix))
    }

    /// Its labels, those that kustomizations add included; unknown when one of them is.
    pub fn labels(&self) -> Fact<BTreeMap<String, String>> {
        let mut labels = BTreeMap::new();
        for (key, value) in self.map_at(&["metadata", "labels"]) {
            let value = value.map_or(Fact::Known(String::new()), |text| text.value);
            match (key.value, value) {
                (Fact::Known(key), Fact::Known(value)) => labels.insert(key, value),
                (Fact::Unknown(why), _) | (_, Fact::Unknown(why)) => return Fact::Unknown(why),
            };
        }
        labels.extend(self.labels.iter().map(|(key, value)| (key.clone(), value.clone())));
        Fact::Known(labels)
    }

    /// The namespace it ends up in, `default` where nothing says otherwise.
    pub fn namespace(&self) -> Fact<String> {
        if let Some(namespace) = &self.namespace_override {
            return Fact::Known(namespace.to_string());
        }
        self.text_at(&["metadata", "namespace"]).map_or_else(|| Fact::Known("default".into()), |text| text.value)
    }

    /// Who it is, as far as this cluster's values tell.
    pub fn resource(&self) -> ResourceRef {
        let name = self.name().known().cloned().unwrap_or_else(|| self.item.resource.name.clone());
        let namespaced = self.item.resource.namespace.is_some() || self.namespace_override.is_some();
        ResourceRef {
            name,
            namespace: if namespaced { self.namespace().known().cloned() } else { None },
            ..self.item.resource.clone()
        }
    }

    /// The place of a span in this object.
    pub fn place(&self, span: &Range<usize>) -> Place {
        self.origin_of(span).unwrap_or_else(|| self.document.place(self.item, span))
    }

    /// The place of the object's name, or of the object.
    pub fn place_of_name(&self) -> Place {
        match self.tree().at(&["metadata", "name"]) {
            Some(node) => self.place(&node.span),
            None => self.place(&(self.item.span.start..self.item.span.start)),
        }
    }

    /// How a text came to its value: the variables it was made of, the last one being where to edit.
    pub fn chain(&self, text: &Text) -> Vec<Link> {
        text.variables.iter().filter_map(|name| self.variables.link(name)).collect()
    }

    /// Whether Flux substitutes in this object.
    pub fn substitutes(&self) -> bool {
        let disabled = ["labels", "annotations"]
            .iter()
            .any(|kind| self.tree().text_at(&["metadata", kind, annotations::FLUX_SUBSTITUTE]) == Some("disabled"));
        self.variables.runs && !disabled
    }

    /// Names in a text that nothing sets, found by reading it leniently.
    fn undefined_in(&self, text: &str) -> Vec<String> {
        let lenient = expression::Dialect { strict: false, ..self.variables.dialect };
        expression::evaluate(text, &|name| self.variables.lookup(name), lenient)
            .map(|evaluated| evaluated.undefined)
            .unwrap_or_default()
    }
}

/// What a field that wants text gets. A number or a boolean stays as it is spelt: whether the field takes it, its
/// reader says.
fn as_text(retyped: Retyped, spelt: &str) -> Fact<String> {
    match retyped {
        Retyped::Text(text) => Fact::Known(text),
        Retyped::Null => Fact::Known(String::new()),
        Retyped::Bool(_) | Retyped::Number(_) => Fact::Known(spelt.trim().to_owned()),
        Retyped::Collection | Retyped::Broken(_) => {
            Fact::Unknown(format!("the substituted value {spelt:?} is no plain text in YAML"))
        }
    }
}
