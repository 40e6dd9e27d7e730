//! A pool whose `serviceSelector` Cilium cannot compile.
//!
//! ## What it does
//!
//! Compiles the selector of each pool as Kubernetes does: `In` and `NotIn` need values, `Exists` and `DoesNotExist`
//! must have none, keys and values must be such as labels can have.
//!
//! ## Why is this bad?
//!
//! The API server takes most of these, and the pool looks healthy. Each event of a Service for which Cilium
//! evaluates the selector then fails: no address and no condition. Up to 1.19 this hits every Service that no
//! earlier pool can serve; from 1.20 on any Service, at random, pool for pool.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   serviceSelector:
//!     matchExpressions:
//!     - {key: exposure, operator: In, values: []}
//! ```
//!
//! ## What to do
//!
//! Give `In` and `NotIn` at least one value, and `Exists` and `DoesNotExist` none.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::profile::PoolOrder;
use crate::cilium::selector::SelectorError;
use crate::cluster::ClusterView;
use crate::cluster::pools::PoolView;
use crate::flux::fact::Fact;
use crate::krm::node::Node;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP110",
    name: "selector-does-not-compile",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("selector_does_not_compile.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for pool in &view.pools {
        let Fact::Known(Some(Err(error))) = &pool.selector else { continue };
        let hit = match (view.version_known, view.profile.pool_order) {
            (true, PoolOrder::Arrival) => "Services that no earlier pool can serve get no address",
            (true, PoolOrder::Random) => "any Service may get no address",
            (false, _) => "Services get no address",
        };
        let found = at(pool, error)
            .message(format!(
                "the selector of pool {} cannot be compiled: {error}; the pool looks healthy, but {hit}, and no \
                 condition says why",
                pool.label()
            ))
            .help(help(error));
        findings.add(view, found);
    }
}

fn help(error: &SelectorError) -> String {
    match error {
        SelectorError::NoValues { operator, .. } => format!("give {operator} at least one value, or take the line out"),
        SelectorError::NeedlessValues { operator, .. } => format!("take the values of {operator} out"),
        SelectorError::Operator { .. } => "write In, NotIn, Exists or DoesNotExist".into(),
        SelectorError::Key(_) => "write a label key, such as example.org/exposure".into(),
        SelectorError::Value { .. } => {
            "write a label value: at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends".into()
        }
    }
}

/// At the requirement that is wrong, where there is one of that key.
fn at(pool: &PoolView<'_, '_>, error: &SelectorError) -> Found {
    let found = Found::on(pool.object);
    let tree = pool.object.tree();
    let key = match error {
        SelectorError::NoValues { key, .. }
        | SelectorError::NeedlessValues { key, .. }
        | SelectorError::Operator { key, .. }
        | SelectorError::Value { key, .. }
        | SelectorError::Key(key) => key.as_str(),
    };
    if let Some(entry) = tree.at(&["spec", "serviceSelector", "matchLabels"]).and_then(|labels| labels.entry(key))
        && matches!(error, SelectorError::Key(_) | SelectorError::Value { .. })
    {
        return found.span(pool.object, format!("spec.serviceSelector.matchLabels[{key}]"), &entry.value.span);
    }
    let expressions = tree.at(&["spec", "serviceSelector", "matchExpressions"]).map(Node::items).unwrap_or_default();
    let operator = match error {
        SelectorError::NoValues { operator, .. }
        | SelectorError::NeedlessValues { operator, .. }
        | SelectorError::Operator { operator, .. } => Some(operator.as_str()),
        SelectorError::Key(_) | SelectorError::Value { .. } => None,
    };
    let is_it = |node: &Node<'_>| {
        node.text_at(&["key"]) == Some(key) && operator.is_none_or(|o| node.text_at(&["operator"]).unwrap_or_default() == o)
    };
    match (expressions.iter().position(is_it), tree.at(&["spec", "serviceSelector"])) {
        (Some(n), _) => {
            found.span(pool.object, format!("spec.serviceSelector.matchExpressions[{n}]"), &expressions[n].span)
        }
        (None, Some(selector)) => found.span(pool.object, "spec.serviceSelector", &selector.span),
        (None, None) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool, rule};
    use super::*;

    fn expressions(text: &str) -> String {
        pool(&format!("[]\n  serviceSelector: {{matchExpressions: [{text}]}}"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&pool("[]\n  serviceSelector: {}"));
        rule(&RULE).passes(&expressions("{key: a, operator: In, values: [b]}, {key: c, operator: Exists}"));
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&expressions("{key: b, operator: Exists}, {key: a, operator: In, values: []}"));
        failed.at("{key: a, operator: In, values: []}").says("`In` on `a` has no values").times(1);
        rule(&RULE).fails(&expressions("{key: a, operator: Exists, values: [b]}")).says("must not have values");
        rule(&RULE).fails(&expressions("{key: a, operator: in, values: [b]}"));
        rule(&RULE).fails(&pool("[]\n  serviceSelector: {matchLabels: {\"a b\": c}}")).at("c");
    }
}
