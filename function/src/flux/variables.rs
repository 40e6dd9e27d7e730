//! The variables that a Kustomization substitutes, each with the place it came from.
//!
//! Order and rules are those of `fluxcd/pkg/kustomize`: every `substituteFrom` entry in turn, later ones
//! overriding, inline `substitute` last; line feeds are taken out of every value; `data` only, never
//! `binaryData`.

use std::collections::BTreeMap;

use super::expression::{Dialect, Lookup};
use super::fact::Fact;
use crate::report::{Link, Place};

/// A variable and where it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The value as it will be put in.
    pub value: Fact<String>,
    /// The object that holds it, such as `ConfigMap flux-system/cluster-settings`.
    pub holder: String,
    /// Where its value stands.
    pub at: Option<Place>,
}

impl Variable {
    /// Whether a Secret holds it: its value is never looked at and never printed.
    pub fn is_secret(&self) -> bool {
        self.holder.starts_with("Secret ")
    }
}

/// What one Kustomization substitutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variables {
    /// By name.
    pub by_name: BTreeMap<String, Variable>,
    /// Why names that are not listed may still be set: a source outside the input, an encrypted Secret.
    pub open: Option<String>,
    /// Whether substitution runs at all: Flux leaves the text alone when nothing is to be put in.
    pub runs: bool,
    /// Why it may not run after all: nothing is known to be put in.
    pub perhaps: Option<String>,
    /// How expressions are read.
    pub dialect: Dialect,
}

impl Variables {
    /// No substitution: texts stay as they are.
    pub fn none(dialect: Dialect) -> Self {
        Self { by_name: BTreeMap::new(), open: None, runs: false, perhaps: None, dialect }
    }

    /// What the expression language sees of a name.
    pub fn lookup(&self, name: &str) -> Lookup<'_> {
        match (self.by_name.get(name).map(|variable| &variable.value), &self.open) {
            (Some(Fact::Known(value)), _) => Lookup::Set(value),
            (Some(Fact::Unknown(why)), _) => Lookup::Unknown(why),
            (None, Some(why)) => Lookup::Unknown(why),
            (None, None) => Lookup::Unset,
        }
    }

    /// The link of a chain that tells where a variable is set.
    pub fn link(&self, name: &str) -> Option<Link> {
        let variable = self.by_name.get(name)?;
        let value = match &variable.value {
            Fact::Known(value) => value.clone(),
            Fact::Unknown(_) if variable.is_secret() => "(secret)".to_owned(),
            Fact::Unknown(why) => format!("unknown: {why}"),
        };
        Some(Link { what: format!("setting {name} = {value} in {}", variable.holder), at: variable.at.clone() })
    }

    /// Set a variable; a later call wins.
    pub fn set(&mut self, name: &str, variable: Variable) {
        self.by_name.insert(name.to_owned(), variable);
    }
}

/// Whether Flux takes a key for the name of a variable: `^[_[:alpha:]][_[:alpha:][:digit:]]*$`. One that it does not
/// take fails everything (`fluxcd/pkg/kustomize`, `varSubstitution`).
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

/// A value as Flux takes it from `data`: without line feeds.
pub fn flattened(value: &str) -> String {
    value.replace('\n', "")
}
