//! An object of the config's would have the name of one that lbpools did not make.
//!
//! ## What it does
//!
//! Looks for an object of the same kind and name that does not carry the mark of this config
//! (`lbpools.dev/generated-by`).
//!
//! ## Why is this bad?
//!
//! Two objects of one name are one to a cluster. lbpools never touches what it did not make, so the object that
//! the config asks for is not written.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! metadata:
//!   name: gateway         # written by hand, and the config has a pool of this name
//! ```
//!
//! ## What to do
//!
//! Rename one of them, or hand the object over: add the annotation `lbpools.dev/generated-by` with the config's
//! name.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP406",
    name: "name-taken",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("name_taken.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    // The same for every cluster: it is about the files.
    let Some(view) = views.first() else { return };
    for taken in &view.asked.taken {
        let (kind, name) = (&taken.resource.kind, &taken.resource.name);
        findings.add_everywhere(
            Found::of(taken.resource.clone())
                .place(Some(taken.at.clone()))
                .key("metadata.name")
                .current(name)
                .message(format!("the config asks for a {kind} {name}, and this one was not made by lbpools"))
                .help("rename one of them, or hand this one over with the annotation lbpools.dev/generated-by"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool_named, rule};
    use super::*;

    const CONFIG: &str = "---
apiVersion: lbpools.dev/v1alpha1
kind: LoadBalancerPools
metadata: {name: p}
spec:
  pools:
  - {name: gw, blocks: [{cidr: 10.0.0.1/32}]}
";

    #[test]
    fn pass() {
        rule(&RULE).passes(&format!("{}{CONFIG}", pool_named("other", "[]")));
        let ours = pool_named("gw", "[{cidr: 10.0.0.1/32}]").replace("name: gw", "name: gw\n  annotations: {lbpools.dev/generated-by: p}");
        rule(&RULE).passes(&format!("{ours}{CONFIG}"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&format!("{}{CONFIG}", pool_named("gw", "[]"))).at("gw").times(1);
    }
}
