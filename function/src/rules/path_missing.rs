//! The path of a Flux Kustomization is not in the repository.
//!
//! ## What it does
//!
//! Looks for the directory of `spec.path` among the files read, for Kustomizations whose source is this repository: the
//! source that the cluster's entry point comes from, or one that other Kustomizations find directories of this input in.
//!
//! ## Why is this bad?
//!
//! Flux reports `kustomization path not found` and applies nothing of it; what was applied before stays as it was.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   path: ./kubernetes/infrastructure/networking/cillium
//! ```
//!
//! ## What to do
//!
//! Correct the path. It begins at the root of the source. When the directory is there and hidden from lbpools, take it out
//! of `.krmignore`.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use crate::flux::kustomization::Leads;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP413",
    name: "path-missing",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("path_missing.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let kustomizations = &view.cluster.wiring.kustomizations;
    for kustomization in kustomizations {
        let Leads::Nowhere { directory, ours } = &kustomization.leads else { continue };
        let source = kustomization.source();
        let found_in_it = || {
            source.is_some()
                && kustomizations.iter().any(|other| {
                    other.source() == source && other.directory().is_some_and(|directory| !directory.is_empty())
                })
        };
        if !(*ours || found_in_it()) {
            continue;
        }
        let Some(path) = kustomization.field(&["path"]) else { continue };
        let found = Found::on(&kustomization.object)
            .field(&kustomization.object, "spec.path", &path)
            .message(format!("Kustomization {} applies {directory}, which is not there: Flux applies nothing of it", kustomization.name))
            .help("correct the path; it begins at the root of the repository");
        findings.add(view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    fn case(path: &str) -> String {
        wired(&format!("#> clusters/one/ks.yaml\nKS a {path}\n#> a/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("./a"));
        rule(&RULE).passes(&case("./.hidden"));
        // Another repository, and an artifact.
        let elsewhere = case("./b").replace("name: flux-system}, postBuild", "name: other}, postBuild");
        rule(&RULE).passes(&elsewhere);
        rule(&RULE).passes(&case("./b").replace("{kind: GitRepository, name: flux-system}, postBuild", "{kind: OCIRepository, name: x}, postBuild"));
        // A directory of which nothing could be read.
        rule(&RULE).passes(&(case("./charts") + "#> charts/templates/a.yaml\na: {{ .b }}\n  c: [\n"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("./b")).at("./b").says("applies nothing").times(1);
        // The bootstrap's own Kustomization is not in the input: others find their directories in the same source.
        let two = wired("#> clusters/one/ks.yaml\nKS a ./a\nKS b ./b\n#> a/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n");
        let (_, settings) = two.split_once("#> clusters/one/cluster").expect("the settings");
        rule(&RULE).fails(&format!("#> clusters/one/cluster{settings}")).at("./b").times(1);
    }
}
