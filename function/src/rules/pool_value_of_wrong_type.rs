//! A value in a pool of a type that its field does not take.
//!
//! ## What it does
//!
//! Holds the values under `spec` of a pool against the schema: lists, maps, texts, true and false, and the words
//! `Yes` and `No` of `allowFirstLastIPs`. An unquoted `Yes` is a boolean to kubectl; where Flux applies the pool,
//! kustomize has quoted it before, and it is let through.
//!
//! ## Why is this bad?
//!
//! The API server refuses the whole object, and with Flux everything else of that Kustomization stays back with it.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   allowFirstLastIPs: no              # a boolean
//!   blocks:
//!   - cidr: {cidr: 10.25.11.96/28}     # a map
//! ```
//!
//! ## What to do
//!
//! Write the value as the schema has it: `allowFirstLastIPs: "No"`, `cidr: 10.25.11.96/28`.

use super::finding::{Findings, Found};
use super::pool_schema::{What, departures};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP109",
    name: "pool-value-of-wrong-type",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pool_value_of_wrong_type.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for pool in &view.pools {
        for departure in departures(view, pool) {
            let What::Value { wanted, found, meant } = departure.what else { continue };
            let finding = Found::on(pool.object)
                .span(pool.object, &departure.path, &departure.span)
                .message(format!("{} must be {wanted}, and is {found}: the API server refuses the pool", departure.path))
                .help(match &meant {
                    Some(meant) => format!("write {meant}, with quotes if the schema wants a text"),
                    None => format!("write {wanted}"),
                });
            findings.add(view, match meant {
                Some(meant) => finding.proposed(meant),
                None => finding,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{planned, pool, rule};
    use super::*;

    #[test]
    fn pass() {
        for value in ["\"Yes\"", "'No'"] {
            rule(&RULE).passes(&pool(&format!("[]\n  allowFirstLastIPs: {value}")));
        }
        rule(&RULE).passes(&pool("\n  disabled: true\n  serviceSelector: {}"));
        rule(&RULE).passes(&pool("[{cidr: 10.0.0.0/24, start: null}]\n  serviceSelector: {matchLabels: {a: \"true\"}}"));
        // Through Flux, kustomize makes it a quoted text.
        rule(&RULE).passes(&planned("start: 10.25.11.100", "a", "b").replace("  blocks:", "  allowFirstLastIPs: No\n  blocks:"));
    }

    #[test]
    fn fail() {
        for (value, meant) in [("No", "No"), ("yes", "Yes"), ("true", "Yes"), ("\"no\"", "No")] {
            let case = pool(&format!("[]\n  allowFirstLastIPs: {value}"));
            rule(&RULE).fails(&case).at(value).proposes(meant).times(1);
        }
        rule(&RULE).fails(&pool("[{cidr: {cidr: 10.0.0.0/24}}]")).at("{cidr: 10.0.0.0/24}").says("spec.blocks[0].cidr");
        rule(&RULE).fails(&pool("[10.0.0.0/24]")).at("10.0.0.0/24").says("must be a map");
        rule(&RULE).fails(&pool("{cidr: 10.0.0.0/24}")).says("must be a list");
        rule(&RULE).fails(&pool("[{start: 10.5}]")).at("10.5").says("a number");
        rule(&RULE).fails(&pool("[]\n  disabled: \"true\"")).proposes("true");
        rule(&RULE).fails(&pool("[]\n  serviceSelector: {matchLabels: {a: true}}")).at("true");
        rule(&RULE).fails(&pool("[]\n  serviceSelector: gateway")).at("gateway");
    }
}
