//! A pool in an apiVersion that the cluster's Cilium does not serve.
//!
//! ## What it does
//!
//! Holds the apiVersion of each pool against those that the configured Cilium version serves: `cilium.io/v2alpha1`
//! in 1.15 to 1.20, `cilium.io/v2` from 1.18 on. Silent when the config names no version.
//!
//! ## Why is this bad?
//!
//! The API server knows no such kind, so the apply fails, and with Flux everything else of that Kustomization stays
//! back with it.
//!
//! ## Example
//!
//! ```yaml
//! apiVersion: cilium.io/v2          # Cilium 1.17
//! kind: CiliumLoadBalancerIPPool
//! ```
//!
//! ## What to do
//!
//! Write an apiVersion that is served. `cilium.io/v2alpha1` works in every version from 1.15 to 1.20, and is marked
//! deprecated from 1.19 on.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP107",
    name: "pool-api-version-not-served",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pool_api_version_not_served.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.version_known {
        return;
    }
    let served = view.profile.pool_api_versions;
    for pool in &view.pools {
        let Some(text) = pool.object.text_at(&["apiVersion"]) else { continue };
        let Some(version) = text.known().filter(|version| !served.contains(version)) else { continue };
        let found = Found::on(pool.object)
            .field(pool.object, "apiVersion", &text)
            .proposed(view.profile.pool_api_version)
            .message(format!(
                "Cilium {} does not serve CiliumLoadBalancerIPPool as {version}, only as {}: the apply fails",
                view.profile.version,
                served.join(" and ")
            ))
            .help(format!("write apiVersion: {}", view.profile.pool_api_version));
        findings.add(view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, pool, rule};
    use super::*;

    fn on(version: &str, api_version: &str) -> String {
        let pool = pool("[{cidr: 10.0.0.0/24}]").replace("cilium.io/v2\n", &format!("{api_version}\n"));
        format!("{CONFIG}  cilium: {{version: \"{version}\"}}\n---\n{pool}")
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&pool("[{cidr: 10.0.0.0/24}]"));
        for (version, api_version) in [("1.17", "cilium.io/v2alpha1"), ("1.18", "cilium.io/v2"), ("1.20", "cilium.io/v2alpha1")]
        {
            rule(&RULE).passes(&on(version, api_version));
        }
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&on("1.17", "cilium.io/v2"));
        failed.at("cilium.io/v2").proposes("cilium.io/v2alpha1").says("Cilium 1.17 does not serve").times(1);
        rule(&RULE).fails(&on("1.18", "cilium.io/v1")).proposes("cilium.io/v2");
    }
}
