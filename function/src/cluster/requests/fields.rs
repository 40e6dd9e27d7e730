//! Fields of a manifest, read as a cluster sees them.

use std::collections::BTreeMap;

use crate::cilium::service::Port;
use crate::flux::fact::Fact;
use crate::flux::object::Object;
use crate::krm::node::Node;

/// Reads fields below a node and remembers the first that is unknown.
pub(super) struct Fields<'o, 'a, 't> {
    object: &'o Object<'a, 't>,
    node: Option<&'o Node<'t>>,
    /// Why what was read so far is not wholly known.
    pub(super) unknown: Option<String>,
}

impl<'o, 'a, 't> Fields<'o, 'a, 't> {
    /// The fields of an object.
    pub(super) fn of(object: &'o Object<'a, 't>) -> Self {
        Self { object, node: Some(object.tree()), unknown: None }
    }

    /// The fields below a node of an object.
    pub(super) fn below(object: &'o Object<'a, 't>, node: Option<&'o Node<'t>>) -> Self {
        Self { object, node, unknown: None }
    }

    fn at(&self, path: &[&str]) -> Option<&'o Node<'t>> {
        self.node.and_then(|node| node.at(path))
    }

    pub(super) fn fact<T: Default>(&mut self, fact: Fact<T>) -> T {
        match fact {
            Fact::Known(value) => value,
            Fact::Unknown(why) => {
                self.unknown.get_or_insert(why);
                T::default()
            }
        }
    }

    pub(super) fn option(&mut self, path: &[&str]) -> Option<String> {
        let text = self.at(path).and_then(|node| self.object.text(node))?;
        Some(self.fact(text.value))
    }

    pub(super) fn text(&mut self, path: &[&str]) -> String {
        self.option(path).unwrap_or_default()
    }

    pub(super) fn list(&mut self, path: &[&str]) -> Vec<String> {
        let nodes = self.at(path).map(Node::items).unwrap_or_default();
        nodes.iter().filter_map(|node| self.object.text(node)).map(|text| self.fact(text.value)).collect()
    }

    pub(super) fn map(&mut self, path: &[&str]) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        for entry in self.at(path).map(Node::entries).unwrap_or_default() {
            let Some(key) = self.object.text(&entry.key) else { continue };
            let value = self.object.text(&entry.value).map_or_else(String::new, |text| self.fact(text.value));
            let key = self.fact(key.value);
            map.insert(key, value);
        }
        map
    }

    fn port(&mut self, node: &Node<'_>, protocol: &str) -> Port {
        let text = |fields: &mut Self, key: &str| {
            let text = node.get(key).and_then(|node| fields.object.text(node))?;
            Some(fields.fact(text.value))
        };
        let number = text(self, "port").and_then(|number| number.parse().ok()).unwrap_or(0);
        let protocol = text(self, "protocol").unwrap_or_else(|| protocol.to_owned());
        Port { number, protocol }
    }

    pub(super) fn ports(&mut self, path: &[&str]) -> Vec<Port> {
        let nodes = self.at(path).map(Node::items).unwrap_or_default();
        nodes.iter().map(|node| self.port(node, "TCP")).collect()
    }

    pub(super) fn done<T>(self, value: T) -> Fact<T> {
        match self.unknown {
            None => Fact::Known(value),
            Some(why) => Fact::Unknown(why),
        }
    }
}
