//! A key of the settings that nothing reads, almost of the name of one that is read and not set.
//!
//! ## What it does
//!
//! Holds the keys that nothing reads against the names that the cluster's objects read and nothing sets.
//!
//! ## Why is this bad?
//!
//! The value never arrives: Flux refuses the Kustomization, or puts nothing or a default in its place.
//!
//! ## Example
//!
//! ```yaml
//! data:
//!   CILIUM_GATWAY_LB_IP: 10.25.11.100     # the manifests read CILIUM_GATEWAY_LB_IP
//! ```
//!
//! ## What to do
//!
//! Correct the key.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use crate::config::closest::closest;
use crate::flux::mentions::mentions;
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP419",
    name: "setting-misspelt",
    category: Category::Wiring,
    severity: Severity::Warning,
    source: include_str!("setting_misspelt.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let Some((_, item)) = view.cluster.settings_object else { return };
    for key in &view.cluster.wiring.unread {
        let Some(variable) = view.cluster.settings.by_name.get(key) else { continue };
        let Some(name) = meant(view, key) else { continue };
        let found = Found::of(item.resource.clone())
            .place(variable.at.clone())
            .key(format!("data.{key}"))
            .message(format!("nothing reads {key}; the manifests of cluster {} read {name}, which nothing sets", view.cluster.name))
            .help(format!("write {name} for {key}"));
        findings.add(view, found);
    }
}

/// The name that a key was probably meant to be: one that the cluster's objects read and that nothing sets.
pub fn meant(view: &ClusterView<'_, '_>, key: &str) -> Option<String> {
    let mut unset: BTreeSet<String> = BTreeSet::new();
    for object in view.cluster.objects.iter().filter(|object| object.substitutes()) {
        for mention in mentions(object) {
            let names = mention.text.variables.into_iter().chain(mention.text.undefined);
            unset.extend(names.filter(|name| !object.variables.by_name.contains_key(name)));
        }
    }
    let names: Vec<&str> = unset.iter().map(String::as_str).collect();
    closest(key, &names).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    use super::super::cases::POOL_FILE;

    fn case(key: &str) -> String {
        let pool = POOL_FILE.replace("10.0.0.9", "${CILIUM_POOL_END:-10.0.0.9}");
        wired(&format!("  {key}: 10.0.0.8\n#> clusters/one/ks.yaml\nKS pools ./pools\n{pool}"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("CILIUM_POOL_END"));
        rule(&RULE).passes(&case("SOMETHING"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("CILIUM_POLL_END")).at("10.0.0.8").says("read CILIUM_POOL_END").times(1);
    }
}
