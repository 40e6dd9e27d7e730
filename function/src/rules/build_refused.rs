//! kustomize refuses to build what a cluster applies.
//!
//! ## What it does
//!
//! Speaks with `--build` only: then the real kustomize is asked about each directory that only it knows the outcome of.
//! Where it finds fault with the tree, its own words are the finding. Silent where the directory takes something from
//! outside the repository, which kustomize perhaps could not fetch; that is said to be not checked.
//! Silent too where an entry names what is not there: that is LBP416.
//!
//! ## Why is this bad?
//!
//! Flux builds with the same code. Nothing at all of the Kustomization is applied, until somebody looks why.
//!
//! ## Example
//!
//! ```yaml
//! patches:
//! - target: {kind: Service}
//!   patch: |-
//!     - {op: remove, path: /spec/absent}      # there is no such field
//! ```
//!
//! ## What to do
//!
//! Correct what kustomize complains of. A kustomize much older or newer than the one in Flux may see it otherwise:
//! `--build=PATH` names another.

use super::finding::{Findings, Found};
use super::{Check, Rule, resource_missing};
use crate::cluster::ClusterView;
use crate::flux::build::named;
use crate::flux::walk::MissingEntry;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP430",
    name: "build-refused",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("build_refused.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for build in &view.cluster.wiring.builds {
        let Some(words) = &build.refused else { continue };
        let of_build = |missing: &&MissingEntry| missing.kustomization.as_deref() == build.made_for();
        if view.cluster.wiring.missing.iter().filter(of_build).any(resource_missing::is_told) {
            // LBP416 says it, with the place.
            continue;
        }
        let fails = match build.made_for() {
            Some(name) => format!("Flux applies nothing of Kustomization {name}"),
            None => "nothing of it is applied".into(),
        };
        let found = Found::nowhere()
            .place(build.at.clone())
            .message(format!("{} cannot be built, so {fails}: {words}", named(&build.directory)))
            .help("correct what kustomize complains of");
        findings.add(view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{evaluated, rule, wired};
    use super::*;

    /// A directory with a patch, this resource besides, and what was said of the build.
    fn case(resource: &str, unbuilt: &str) -> String {
        wired(&format!(
            "#> clusters/one/ks.yaml\nKS a ./a\n#> a/kustomization.yaml\nresources:\n- b.yaml\n{resource}patches:\n- path: \
             p.yaml\n#> a/p.yaml\napiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{ports: []}}\n#> a/b.yaml\n\
             apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: a}}\nspec: {{type: LoadBalancer}}\n{unbuilt}"
        ))
    }

    const WORDS: &str = "#? clusters/one:flux-system/a\nrefused: `kustomize build` says: Error: no such field\n";

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("", ""));
        // No answer is no fault.
        rule(&RULE).passes(&case("", &WORDS.replace("refused: ", "")));
        rule(&RULE).passes(&case("- c.yaml\n", WORDS));
        // It may be the network.
        let outside = case("- https://example.org/base\n", WORDS);
        rule(&RULE).passes(&outside);
        let notes = evaluated(&outside).report.not_checked;
        assert!(notes.iter().any(|note| note.because.contains("no such field")), "{notes:#?}");
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&case("", WORDS)).times(1);
        failed.says("a cannot be built").says("Kustomization flux-system/a").says("Error: no such field");
    }
}
