//! What of a kind was read. A text that does not show an object is no proof that the cluster has none.

use std::collections::BTreeSet;

use super::Observed;

/// How much of a kind the texts show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// All of it: a list of this kind, or one with objects of several namespaces.
    All,
    /// What is in these namespaces: `kubectl get -n NAMESPACE`.
    Namespaces(BTreeSet<String>),
    /// Single objects.
    Objects,
}

impl Coverage {
    /// With what another text shows.
    #[must_use]
    pub fn and(self, other: Coverage) -> Coverage {
        match (self, other) {
            (Coverage::All, _) | (_, Coverage::All) => Coverage::All,
            (Coverage::Namespaces(mut these), Coverage::Namespaces(those)) => {
                these.extend(those);
                Coverage::Namespaces(these)
            }
            (Coverage::Namespaces(these), Coverage::Objects) | (Coverage::Objects, Coverage::Namespaces(these)) => {
                Coverage::Namespaces(these)
            }
            (Coverage::Objects, Coverage::Objects) => Coverage::Objects,
        }
    }
}

/// Whether the cluster has no such object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lacks {
    /// It was looked for, and is not there.
    Surely,
    /// It is not known, and why.
    NotKnown(String),
}

pub(super) fn lacks(observed: &Observed, kind: &str, namespace: Option<&str>) -> Lacks {
    if let Some(why) = observed.unread.get(kind) {
        return Lacks::NotKnown(format!("{kind} objects could not be read: {why}"));
    }
    match (observed.coverage.get(kind), namespace) {
        (Some(Coverage::All), _) => Lacks::Surely,
        (Some(Coverage::Namespaces(read)), Some(namespace)) if read.contains(namespace) => Lacks::Surely,
        (Some(Coverage::Namespaces(read)), _) => {
            let read: Vec<&str> = read.iter().map(String::as_str).collect();
            Lacks::NotKnown(format!("of {kind} objects only those in namespace {} were read", read.join(", ")))
        }
        (Some(Coverage::Objects), _) => Lacks::NotKnown(format!("only single {kind} objects were read, no list")),
        (None, _) => Lacks::NotKnown(format!("no {kind} objects were read")),
    }
}
