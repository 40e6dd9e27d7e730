//! A cluster applies the directory of another cluster.
//!
//! ## What it does
//!
//! Looks at Flux Kustomizations whose `path` is, or lies in, the directory that another cluster starts from.
//!
//! ## Why is this bad?
//!
//! The path was copied with the file. The cluster gets the other one's pools and settings, and announces the same
//! addresses as that one.
//!
//! ## Example
//!
//! ```yaml
//! # clusters/apps/pools.yaml
//! spec:
//!   path: ./clusters/infra/pools
//! ```
//!
//! ## What to do
//!
//! Point the path at the cluster's own directory, or move what both share out of the clusters' directories.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use crate::flux::settings::below;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP408",
    name: "foreign-directory-applied",
    category: Category::Wiring,
    severity: Severity::Warning,
    source: include_str!("foreign_directory_applied.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let Some(own) = view.cluster.entrypoint.as_deref() else { return };
    let wiring = &view.cluster.wiring;
    let within = |path: &str, directory: &str| path == directory || below(path, directory);
    let foreign: Vec<&String> = wiring.foreign.iter().filter(|f| !within(own, f) && !within(f, own)).collect();
    for kustomization in &wiring.kustomizations {
        let Some(directory) = kustomization.directory() else { continue };
        let Some(other) = foreign.iter().find(|other| within(directory, other)) else { continue };
        let Some(path) = kustomization.field(&["path"]) else { continue };
        let (name, cluster) = (&kustomization.name, &view.cluster.name);
        let found = Found::on(&kustomization.object)
            .field(&kustomization.object, "spec.path", &path)
            .message(format!(
                "Kustomization {name} of cluster {cluster} applies {directory}, which belongs to the cluster that starts from {other}"
            ))
            .help(format!("point it below {own}, or move what both clusters share elsewhere"));
        findings.add(view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    fn two(path: &str) -> String {
        let other = "#> clusters/two/cluster-settings.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cluster-settings, namespace: flux-system}\ndata: {CLUSTER: two}\n#> clusters/two/ks.yaml\nKS own ./clusters/two/pools\n#> clusters/two/pools/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n#> shared/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
        wired(&format!("{other}#> clusters/one/ks.yaml\nKS pools {path}\n"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&two("./shared"));
        rule(&RULE).passes(&two("./clusters/one/flux-system"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&two("./clusters/two/pools")).at("./clusters/two/pools").says("belongs to").times(1);
        rule(&RULE).fails(&two("./clusters/two")).at("./clusters/two");
    }
}
