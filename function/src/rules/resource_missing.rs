//! A kustomization file names a file or directory that is not there.
//!
//! ## What it does
//!
//! Looks for every entry of `resources`, `bases` and `components` in the kustomization files on the way from a cluster's
//! entry point.
//!
//! ## Why is this bad?
//!
//! kustomize refuses to build, so nothing at all of the Flux Kustomization is applied.
//!
//! ## Example
//!
//! ```yaml
//! resources:
//! - ipam/pool.yaml       # the file is called pools.yaml
//! ```
//!
//! ## What to do
//!
//! Correct the entry. When the file is there and hidden from lbpools, take it out of `.krmignore`.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::flux::walk::MissingEntry;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP416",
    name: "resource-missing",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("resource_missing.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for missing in view.cluster.wiring.missing.iter().filter(|missing| is_told(missing)) {
        let who = match &missing.kustomization {
            Some(name) => format!("Flux applies nothing of Kustomization {name}"),
            None => "kustomize refuses to build it".into(),
        };
        let found = Found::nowhere()
            .place(missing.at.clone())
            .key("resources")
            .current(missing.path.clone())
            .message(format!("{} is not there: {who}", missing.path))
            .help("correct the entry, or take it away");
        findings.add(view, found);
    }
}

/// Whether it is certainly not there: other files are not read, and hidden ones neither.
pub(super) fn is_told(missing: &MissingEntry) -> bool {
    let last = missing.path.rsplit('/').next().unwrap_or_default();
    let manifest = last.ends_with(".yaml") || last.ends_with(".yml") || last.ends_with(".json") || !last.contains('.');
    manifest && !missing.path.split('/').any(|part| part.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    fn case(entry: &str) -> String {
        wired(&format!("#> clusters/one/ks.yaml\nKS a ./a\n#> a/kustomization.yaml\nresources:\n- b.yaml\n- {entry}\n#> a/b.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n#> c/d.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: c}}\n"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("../c"));
        rule(&RULE).passes(&case("https://example.org/x.yaml"));
        rule(&RULE).passes(&case("notes.txt"));
        // It is there and is no YAML.
        rule(&RULE).passes(&(case("t.yaml") + "#> a/t.yaml\na: {{ .b }}\n  c: [\n"));
        // Nobody applies it.
        rule(&RULE).passes(&case("x.yaml").replace("KS a ./a", "KS a ./c").replace("path: ./a", "path: ./c"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("x.yaml")).at("x.yaml").says("nothing of Kustomization flux-system/a").times(1);
        rule(&RULE).fails(&case("../d")).at("../d").times(1);
    }
}
