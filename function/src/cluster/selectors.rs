//! Label selectors as they stand in manifests.

use std::collections::BTreeMap;

use crate::cilium::LabelSelector;
use crate::cilium::selector::{Requirement, SelectorError};
use crate::flux::fact::Fact;
use crate::flux::object::Object;
use crate::krm::node::Node;

/// A selector field: not written, or what it compiles to.
pub type SelectorField = Option<Result<LabelSelector, SelectorError>>;

/// Read the selector under a path of keys.
pub fn selector(object: &Object<'_, '_>, node: Option<&Node<'_>>) -> Fact<SelectorField> {
    let Some(node) = node.filter(|node| !node.is_null()) else { return Fact::Known(None) };
    let text = |node: &Node<'_>| match object.text(node) {
        Some(text) => text.value,
        None => Fact::Known(String::new()),
    };
    let mut labels = BTreeMap::new();
    for entry in node.get("matchLabels").map(Node::entries).unwrap_or_default() {
        match (text(&entry.key), text(&entry.value)) {
            (Fact::Known(key), Fact::Known(value)) => {
                labels.insert(key, value);
            }
            (Fact::Unknown(why), _) | (_, Fact::Unknown(why)) => return Fact::Unknown(why),
        }
    }
    let mut requirements = Vec::new();
    for expression in node.get("matchExpressions").map(Node::items).unwrap_or_default() {
        let field = |key: &str| expression.get(key).map_or(Fact::Known(String::new()), text);
        let mut requirement = Requirement::default();
        match (field("key"), field("operator")) {
            (Fact::Known(key), Fact::Known(operator)) => (requirement.key, requirement.operator) = (key, operator),
            (Fact::Unknown(why), _) | (_, Fact::Unknown(why)) => return Fact::Unknown(why),
        }
        for value in expression.get("values").map(Node::items).unwrap_or_default() {
            match text(value) {
                Fact::Known(value) => requirement.values.push(value),
                Fact::Unknown(why) => return Fact::Unknown(why),
            }
        }
        requirements.push(requirement);
    }
    Fact::Known(Some(LabelSelector::compile(&labels, &requirements)))
}
