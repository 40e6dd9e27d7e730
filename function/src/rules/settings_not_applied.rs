//! The cluster's settings stand in its directory, and nothing applies them.
//!
//! ## What it does
//!
//! Looks whether the settings ConfigMap that Kustomizations substitute from is among what the cluster applies, where it
//! stands below the cluster's entry point.
//!
//! ## Why is this bad?
//!
//! In the cluster it is missing, or keeps the values it had: what the file says never arrives.
//!
//! ## Example
//!
//! ```yaml
//! # clusters/infra/kustomization.yaml, beside cluster-settings.yaml
//! resources:
//! - infrastructure.yaml
//! ```
//!
//! ## What to do
//!
//! List the file in the kustomization of its directory.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use crate::flux::files::directory_of;
use crate::flux::settings::below;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP426",
    name: "settings-not-applied",
    category: Category::Wiring,
    severity: Severity::Warning,
    source: include_str!("settings_not_applied.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let (Some(entrypoint), Some((document, item))) = (view.cluster.entrypoint.as_deref(), view.cluster.settings_object)
    else {
        return;
    };
    let path = document.text.path;
    let applied = view.cluster.objects.iter().any(|object| std::ptr::eq(object.item, item));
    let wiring = &view.cluster.wiring;
    let wanted = wiring.kustomizations.iter().any(|kustomization| {
        kustomization.references().iter().any(|reference| {
            reference.kind == "ConfigMap" && reference.name.known() == Some(&item.resource.name)
        })
    });
    if applied || !wanted || !below(path, entrypoint) {
        return;
    }
    let name = &view.cluster.name;
    let list = wiring.built.get(directory_of(path)).and_then(|(document, item)| {
        let entry = item.tree().entry("resources")?;
        Some(document.place(item, &entry.key.span))
    });
    let own = document.place(item, &item.tree().at(&["metadata", "name"]).map_or(item.span.clone(), |node| node.span.clone()));
    let found = Found::of(item.resource.clone())
        .place(list.or(Some(own.clone())))
        .message(format!("cluster {name} takes its settings from {path}, and nothing applies that file"))
        .help(format!("list {} in the kustomization of its directory", path.rsplit('/').next().unwrap_or(path)))
        .link("the settings", Some(own));
    findings.add(view, found);
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    use super::super::cases::POOL_FILE;

    fn case(resources: &str) -> String {
        wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools\n#> clusters/one/kustomization.yaml\nresources: {resources}\n{POOL_FILE}"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("[flux-system, ks.yaml, cluster-settings.yaml]"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("[flux-system, ks.yaml]")).at("resources").says("nothing applies that file").times(1);
    }
}
