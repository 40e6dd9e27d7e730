//! Which Services a pool, a policy or an advertisement selects.
//!
//! Cilium matches a label selector against the Service's own labels and two that it adds, which win over labels of
//! the same key: the Service's name and namespace. Labels of the namespace, of a Gateway, and annotations are not
//! seen. A selector that cannot be compiled is accepted by the API server, leaves the pool looking healthy, and
//! makes every event of a Service that evaluates it fail, without any condition.

use kube_core::{Expression, Selector, SelectorExt};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The label that Cilium adds with the Service's name.
pub const SERVICE_NAME: &str = "io.kubernetes.service.name";
/// The label that Cilium adds with the Service's namespace.
pub const SERVICE_NAMESPACE: &str = "io.kubernetes.service.namespace";

/// One entry of `matchExpressions`, as written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values, for `In` and `NotIn`.
    pub values: Vec<String>,
}

/// A compiled label selector. Without any requirement it selects everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector(Selector);

/// Why a selector cannot be compiled (`LabelSelectorAsSelector` of Kubernetes, which Cilium carries a copy of).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// `In` or `NotIn` with nothing to compare with.
    #[error("`{operator}` on `{key}` has no values")]
    NoValues {
        /// The label's key.
        key: String,
        /// `In` or `NotIn`.
        operator: String,
    },
    /// `Exists` or `DoesNotExist` with values.
    #[error("`{operator}` on `{key}` must not have values")]
    NeedlessValues {
        /// The label's key.
        key: String,
        /// `Exists` or `DoesNotExist`.
        operator: String,
    },
    /// Another word than the four; the API server refuses it.
    #[error("`{operator}` on `{key}` is none of In, NotIn, Exists, DoesNotExist")]
    Operator {
        /// The label's key.
        key: String,
        /// As written.
        operator: String,
    },
    /// No label can have this key.
    #[error("`{0}` is no valid label key")]
    Key(String),
    /// No label can have this value.
    #[error("`{value}` is no valid value for the label `{key}`")]
    Value {
        /// The label's key.
        key: String,
        /// As written.
        value: String,
    },
}

impl LabelSelector {
    /// Compile what `matchLabels` and `matchExpressions` say.
    pub fn compile(
        match_labels: &BTreeMap<String, String>,
        match_expressions: &[Requirement],
    ) -> Result<LabelSelector, SelectorError> {
        let mut selector = Selector::default();
        for (key, value) in match_labels {
            check_key(key)?;
            check_value(key, value)?;
            selector.extend(Expression::Equal(key.clone(), value.clone()));
        }
        for requirement in match_expressions {
            selector.extend(requirement.compile()?);
        }
        Ok(LabelSelector(selector))
    }

    /// Whether it selects an object with these labels.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.matches(labels)
    }

    /// Whether it selects everything.
    pub fn selects_all(&self) -> bool {
        self.0.selects_all()
    }
}

impl Requirement {
    fn compile(&self) -> Result<Expression, SelectorError> {
        let (key, operator) = (self.key.clone(), self.operator.clone());
        check_key(&key)?;
        let values: BTreeSet<String> = self.values.iter().cloned().collect();
        let expression = match (operator.as_str(), values.is_empty()) {
            ("In" | "NotIn", true) => return Err(SelectorError::NoValues { key, operator }),
            ("Exists" | "DoesNotExist", false) => return Err(SelectorError::NeedlessValues { key, operator }),
            ("In", false) => Expression::In(key, values),
            ("NotIn", false) => Expression::NotIn(key, values),
            ("Exists", true) => Expression::Exists(key),
            ("DoesNotExist", true) => Expression::DoesNotExist(key),
            _ => return Err(SelectorError::Operator { key, operator }),
        };
        self.values.iter().try_for_each(|value| check_value(&self.key, value))?;
        Ok(expression)
    }
}

/// The labels that selectors see of a Service: its own, and name and namespace over them.
pub fn service_labels(namespace: &str, name: &str, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut labels = own.clone();
    labels.insert(SERVICE_NAME.to_owned(), name.to_owned());
    labels.insert(SERVICE_NAMESPACE.to_owned(), namespace.to_owned());
    labels
}

/// A label key of Kubernetes: a name of at most 63 characters, behind an optional DNS subdomain and a slash.
fn check_key(key: &str) -> Result<(), SelectorError> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let domain = |prefix: &str| {
        let part = |part: &str| bounded(part, lower, |b| lower(b) || b == b'-');
        prefix.len() <= 253 && prefix.split('.').all(part)
    };
    if !name.is_empty() && is_label_text(name) && prefix.is_none_or(domain) {
        Ok(())
    } else {
        Err(SelectorError::Key(key.to_owned()))
    }
}

fn check_value(key: &str, value: &str) -> Result<(), SelectorError> {
    if value.is_empty() || is_label_text(value) {
        Ok(())
    } else {
        Err(SelectorError::Value { key: key.to_owned(), value: value.to_owned() })
    }
}

/// At most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
fn is_label_text(text: &str) -> bool {
    text.len() <= 63
        && bounded(text, |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn bounded(text: &str, end: impl Fn(u8) -> bool, inside: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|&b| end(b)) && bytes.last().is_some_and(|&b| end(b)) && bytes.iter().all(|&b| inside(b))
}

/// As `kubectl --selector` would take it; the two labels that Cilium adds are shortened to `name` and `namespace`.
impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.selects_all() {
            return f.pad("all Services");
        }
        f.pad(&self.0.to_string().replace("io.kubernetes.service.", ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn requirement(key: &str, operator: &str, values: &[&str]) -> Requirement {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        Requirement { key: key.into(), operator: operator.into(), values }
    }

    fn compile(pairs: &[(&str, &str)], requirements: &[Requirement]) -> Result<LabelSelector, SelectorError> {
        LabelSelector::compile(&labels(pairs), requirements)
    }

    #[test]
    fn a_spoofed_namespace_label_does_not_help() {
        let tenant_one = compile(&[(SERVICE_NAMESPACE, "tenant-one")], &[]);
        let spoofed = service_labels("tenant-two", "web", &labels(&[(SERVICE_NAMESPACE, "tenant-one")]));
        let honest = service_labels("tenant-one", "web", &labels(&[]));
        assert!(tenant_one.as_ref().is_ok_and(|s| s.matches(&honest)));
        assert!(tenant_one.as_ref().is_ok_and(|s| !s.matches(&spoofed)));
        assert_eq!(tenant_one.map(|s| s.to_string()).as_deref(), Ok("namespace=tenant-one"));
    }

    #[test]
    fn expressions() {
        let in_two = compile(&[], &[requirement("color", "In", &["red", "blue"])]);
        let not_in = compile(&[], &[requirement("color", "NotIn", &["red"])]);
        let absent = compile(&[], &[requirement("color", "DoesNotExist", &[])]);
        for (color, expected) in
            [(Some("red"), [true, false, false]), (Some("green"), [false, true, false]), (None, [false, true, true])]
        {
            let own = color.map(|c| labels(&[("color", c)])).unwrap_or_default();
            let answers = [&in_two, &not_in, &absent].map(|s| s.as_ref().is_ok_and(|s| s.matches(&own)));
            assert_eq!(answers, expected, "{color:?}");
        }
        assert!(compile(&[], &[]).is_ok_and(|s| s.selects_all() && s.matches(&labels(&[]))));
    }

    #[test]
    fn what_cannot_be_compiled() {
        let error = |r: Requirement| compile(&[], &[r]).err().map(|e| e.to_string()).unwrap_or_default();
        assert_eq!(error(requirement("a", "In", &[])), "`In` on `a` has no values");
        assert_eq!(error(requirement("a", "NotIn", &[])), "`NotIn` on `a` has no values");
        assert_eq!(error(requirement("a", "Exists", &["x"])), "`Exists` on `a` must not have values");
        assert_eq!(error(requirement("a", "Gt", &["1"])), "`Gt` on `a` is none of In, NotIn, Exists, DoesNotExist");
        assert_eq!(error(requirement("a b", "Exists", &[])), "`a b` is no valid label key");
        assert_eq!(error(requirement("Up.io/a", "Exists", &[])), "`Up.io/a` is no valid label key");
        assert_eq!(error(requirement("a", "In", &["-x"])), "`-x` is no valid value for the label `a`");
        assert!(compile(&[], &[requirement("a", "In", &[""])]).is_ok(), "an empty value is a value");
        assert!(compile(&[("example.org/role", "gate_way.1")], &[]).is_ok());
    }
}
