//! A key of the settings that nothing reads.
//!
//! ## What it does
//!
//! Looks for every key of each cluster's settings in all texts of the input, as `${KEY}` or as a word. Silent where a
//! reader may be outside of it: a remote base, another source, a generator of files that are not read, a program or
//! chart that is handed the whole ConfigMap.
//!
//! ## Why is this bad?
//!
//! It does no harm, and somebody will change it one day and wonder why nothing happens.
//!
//! ## Example
//!
//! ```yaml
//! data:
//!   CILIUM_OLD_POOL: 10.25.11.64/27      # the pool went away
//! ```
//!
//! ## What to do
//!
//! Take the key away, or use it.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use super::setting_misspelt::meant;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP417",
    name: "setting-unused",
    category: Category::Wiring,
    severity: Severity::Info,
    source: include_str!("setting_unused.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let Some((_, item)) = view.cluster.settings_object else { return };
    let settings = &view.cluster.settings;
    for key in view.cluster.wiring.unread.iter().filter(|key| meant(view, key).is_none()) {
        let Some(variable) = settings.by_name.get(key) else { continue };
        let found = Found::of(item.resource.clone())
            .place(variable.at.clone())
            .key(format!("data.{key}"))
            .message(format!("nothing reads {key}"))
            .help("take it away, or use it");
        findings.add(view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    use super::super::cases::POOL_FILE;

    fn case(more: &str) -> String {
        wired(&format!("  UNUSED: x\n#> clusters/one/ks.yaml\nKS pools ./pools\n{POOL_FILE}{more}"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("#> other/a.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: '${UNUSED}'}\n"));
        // Somebody reads it some other way.
        rule(&RULE).passes(&case("#> other/a.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {key: UNUSED}\n"));
        rule(&RULE).passes(&case("#> pools/kustomization.yaml\nresources: [pool.yaml, 'https://example.org/x']\n"));
        rule(&RULE).passes(&case("#> other/kustomization.yaml\nconfigMapGenerator: [{name: a, files: [a.conf]}]\n"));
        rule(&RULE).passes(&case("#> other/a.yaml\nkind: Pod\nspec: {envFrom: [{configMapRef: {name: cluster-settings}}]}\n"));
    }

    #[test]
    fn fail() {
        let found = rule(&RULE).fails(&case("")).at("x").says("nothing reads UNUSED").times(1);
        assert_eq!(found.findings[0].severity, Severity::Info);
    }
}
