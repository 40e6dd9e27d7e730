//! A pool in an apiVersion that the cluster's Cilium will not serve much longer.
//!
//! ## What it does
//!
//! Compares the apiVersion of each pool with what the cluster's Cilium marks as deprecated: `cilium.io/v2alpha1` from
//! 1.19 on.
//!
//! ## Why is this bad?
//!
//! It works today, also with 1.20.2. The release that takes it away refuses the manifest, and Flux with it everything
//! that is applied together with it.
//!
//! ## Example
//!
//! ```yaml
//! # the config: cilium: {version: "1.19"}
//! apiVersion: cilium.io/v2alpha1
//! kind: CiliumLoadBalancerIPPool
//! ```
//!
//! ## What to do
//!
//! Write `cilium.io/v2`, which 1.18 and later serve; the fields are the same.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP112",
    name: "pool-api-version-deprecated",
    category: Category::Correctness,
    severity: Severity::Info,
    source: include_str!("pool_api_version_deprecated.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.version_known {
        return;
    }
    for pool in &view.pools {
        let written = pool.object.item.resource.api_version.as_str();
        if !view.profile.pool_deprecated.contains(&written) || pool.object.altered.is_some() {
            continue;
        }
        let Some(text) = pool.object.text_at(&["apiVersion"]) else { continue };
        let wanted = view.profile.pool_api_version;
        let message = format!(
            "pool {} is written as {written}, which Cilium {} still serves and marks as deprecated",
            pool.label(),
            view.profile.version
        );
        let found = Found::on(pool.object).field(pool.object, "apiVersion", &text).proposed(wanted);
        findings.add(view, found.message(message).help(format!("write apiVersion: {wanted}")));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, pool, rule};
    use super::*;

    fn case(version: &str) -> String {
        format!("{CONFIG}  cilium: {{version: \"{version}\"}}\n---\n{}", pool("[{start: 10.0.0.1}]").replace("/v2\n", "/v2alpha1\n"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("1.18"));
        rule(&RULE).passes(&case("1.20").replace("v2alpha1", "v2"));
        // Which version it is nobody says.
        rule(&RULE).passes(&pool("[{start: 10.0.0.1}]").replace("/v2\n", "/v2alpha1\n"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("1.19")).at("cilium.io/v2alpha1").proposes("cilium.io/v2").times(1);
        rule(&RULE).fails(&case("1.20")).times(1);
    }
}
