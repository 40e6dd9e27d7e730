//! An object that lbpools generated is not what it would generate now.
//!
//! ## What it does
//!
//! Holds each object with the mark of this config (`lbpools.dev/generated-by`) against what `lbpools render` would
//! write. Nothing is changed for that: `check`, `plan` and `verify` judge the object as it is, for that is what Flux
//! applies.
//!
//! ## Why is this bad?
//!
//! Somebody changed the generated file by hand, or the config without rendering anew. The cluster gets what the file
//! says, not what the config says, and the next `render` takes the edit away.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! metadata:
//!   name: services
//!   annotations: {lbpools.dev/generated-by: lb-pools}
//! spec:
//!   blocks:
//!   - cidr: 10.25.11.0/24       # the config says something else
//! ```
//!
//! ## What to do
//!
//! Run `lbpools render` (`--diff` shows what it changes), and make edits in the config. An object that shall be edited
//! by hand from now on loses the mark, and its entry in the config.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::plan::OutdatedObject;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP431",
    name: "generated-object-outdated",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("generated_object_outdated.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    // The same for every cluster: it is about the files.
    let Some(view) = views.first() else { return };
    for outdated in &view.asked.outdated {
        let here = |view: &&ClusterView<'_, '_>| {
            view.live && view.cluster.objects.iter().any(|object| object.place_of_name() == outdated.at)
        };
        let found = found(outdated);
        // Only what is in force moves addresses.
        let in_force = outdated.fields.is_empty() || outdated.fields.iter().any(|field| !field.starts_with("metadata"));
        let most = match (views.iter().find(here), in_force) {
            (None, _) => Severity::Info,
            (Some(_), false) => Severity::Warning,
            (Some(_), true) => Severity::Error,
        };
        findings.add_everywhere(found.at_most(most));
    }
}

fn found(outdated: &OutdatedObject) -> Found {
    let (kind, name) = (&outdated.resource.kind, &outdated.resource.name);
    let message = match outdated.fields.as_slice() {
        [] => format!("the config does not ask for {kind} {name} any more, and it is still there"),
        [one] => format!("{one} of {kind} {name} is not what the config asks for"),
        several => format!("{} of {kind} {name} are not what the config asks for", several.join(", ")),
    };
    Found::of(outdated.resource.clone())
        .place(Some(outdated.at.clone()))
        .key("metadata.name")
        .message(message)
        .help("it is judged as it is, for a cluster gets that; run lbpools render, and make edits in the config")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::report::{Outcome, Report, Severity};
    use crate::{Options, Role, Source, report};

    const CONFIG: &str = "apiVersion: lbpools.dev/v1alpha1
kind: LoadBalancerPools
metadata: {name: p}
spec:
  cilium: {version: \"1.18\"}
  pools:
  - {name: gw, blocks: [{cidr: 10.0.0.1/32}], owner: us}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, ports: [{port: 80}]}
";

    /// What is written into a file, and what that becomes.
    fn judged(pool: &str, suppositions: &[&str]) -> Report {
        let text = format!("{CONFIG}---\n{pool}");
        let suppose = |text: &&str| Source { path: String::new(), role: Role::WhatIf, text: text.as_bytes().to_vec() };
        let mut sources = vec![Source::file("all.yaml", text)];
        sources.extend(suppositions.iter().map(suppose));
        report(&sources, Options::default())
    }

    fn found(report: &Report) -> Vec<(Severity, &str)> {
        let own = report.findings.iter().filter(|finding| finding.code == RULE.code);
        own.map(|finding| (finding.severity, finding.message.as_str())).collect()
    }

    fn pool(annotations: &str, block: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: gw\n  annotations: \
             {{lbpools.dev/generated-by: p{annotations}}}\nspec:\n  blocks:\n  - cidr: {block}\n"
        )
    }

    fn address(report: &Report) -> Option<&str> {
        match &report.clusters[0].requests[0].outcomes[..] {
            [Outcome::Address { address, .. }] => Some(address),
            _ => None,
        }
    }

    #[test]
    fn pass() {
        let report = judged(&pool(", lbpools.dev/owner: us, note: mine", "10.0.0.1/32"), &[]);
        assert_eq!(found(&report), []);
        // What is not there is as it will be.
        let report = judged("", &[]);
        assert_eq!((found(&report), address(&report)), (vec![], Some("10.0.0.1")));
    }

    #[test]
    fn fail() {
        let edited = pool(", lbpools.dev/owner: us", "10.0.0.7/32");
        let report = judged(&edited, &[]);
        let expected = "spec.blocks of CiliumLoadBalancerIPPool gw is not what the config asks for";
        assert_eq!(found(&report), [(Severity::Error, expected)]);
        assert_eq!(address(&report), Some("10.0.0.7"), "a cluster gets what is in the file");
        let rendered = judged(&edited, &["rendered"]);
        assert_eq!((found(&rendered), address(&rendered)), (vec![], Some("10.0.0.1")));
        let more = edited.replace("spec:\n", "spec:\n  disabled: true\n");
        let expected = "spec.blocks, spec.disabled of CiliumLoadBalancerIPPool gw are not what the config asks for";
        assert_eq!(found(&judged(&more, &[])), [(Severity::Error, expected)]);
    }

    #[test]
    fn who_owns_it_moves_no_address() {
        let report = judged(&pool(", lbpools.dev/owner: them", "10.0.0.1/32"), &[]);
        let expected = "metadata.annotations of CiliumLoadBalancerIPPool gw is not what the config asks for";
        assert_eq!(found(&report), [(Severity::Warning, expected)]);
    }

    #[test]
    fn one_that_nobody_asks_for() {
        let ours = pool(", lbpools.dev/owner: us", "10.0.0.1/32");
        let report = judged(&format!("{ours}---\n{}", ours.replace("name: gw", "name: old").replace("0.1/", "0.2/")), &[]);
        let expected = "the config does not ask for CiliumLoadBalancerIPPool old any more, and it is still there";
        assert_eq!(found(&report), [(Severity::Error, expected)]);
        assert_eq!(report.clusters[0].pools.len(), 2);
    }
}
