//! A key that Flux does not take for the name of a variable.
//!
//! ## What it does
//!
//! Looks at every key that a Kustomization substitutes: of the ConfigMaps and Secrets under `substituteFrom`, and of
//! `substitute`. A name begins with a letter or `_` and goes on with letters, digits and `_`, all of them ASCII.
//!
//! ## Why is this bad?
//!
//! One such key fails the whole Kustomization, whether anything reads it or not (`var name is invalid`).
//!
//! ## Example
//!
//! ```yaml
//! kind: ConfigMap
//! metadata: {name: cluster-settings}
//! data:
//!   lb-pool-start: 10.25.11.101
//! ```
//!
//! ## What to do
//!
//! Rename the key, or move it into a ConfigMap that is not substituted from.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::flux::variables::is_name;
use crate::report::{Category, Severity};

use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP425",
    name: "variable-name-invalid",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("variable_name_invalid.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let mut said = BTreeSet::new();
    for kustomization in &view.cluster.wiring.kustomizations {
        for (name, variable) in kustomization.variables.by_name.iter().filter(|(name, _)| !is_name(name)) {
            if !said.insert((name, &variable.holder)) {
                continue;
            }
            let who = &kustomization.name;
            let at = variable.at.clone().or_else(|| kustomization.place_of(&["postBuild"]));
            let found = Found::on(&kustomization.object)
                .place(at)
                .key(name.clone())
                .message(format!("{name} in {} is no name for a variable: Flux applies nothing of Kustomization {who}", variable.holder))
                .help("rename the key: a letter or _ first, then letters, digits and _");
            findings.add(view, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    fn case(key: &str) -> String {
        wired(&format!("  {key}: x\n#> clusters/one/ks.yaml\nKS a ./a\n#> a/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("_key9"));
        // Nobody substitutes from it.
        rule(&RULE).passes(&case("a-b").replace("substituteFrom: [{kind: ConfigMap, name: cluster-settings}]", ""));
    }

    #[test]
    fn fail() {
        for key in ["a-b", "9a", "config.yaml", "ümlaut"] {
            rule(&RULE).fails(&case(key)).at("x").says("no name for a variable").times(1);
        }
    }
}
