//! The address of a Gateway lies in no pool of its cluster, or outside the addresses planned for it.
//!
//! ## What it does
//!
//! Looks for each address that a Gateway asks for, or that the config gives it, among the pools of the same cluster
//! and, where the config has a plan, among the cluster's `ranges`.
//!
//! ## Why is this bad?
//!
//! LB-IPAM gives only what a pool holds. The Service of the Gateway stays pending with reason `no_pool`, the Gateway
//! with `AddressNotAssigned`, and nothing behind it can be reached. A pool that is made of the very same setting
//! holds the address whatever it is; then only the plan can tell that it is wrong.
//!
//! ## Example
//!
//! ```yaml
//! # the only pool: 10.25.11.100 - 10.25.11.119
//! spec:
//!   addresses:
//!   - value: 10.25.11.99
//! ```
//!
//! ## What to do
//!
//! Ask for an address of a pool of this cluster, or add a block that holds this one.

use super::finding::Findings;
use super::gateway_addresses::gateway_addresses;
use super::gateway_in_other_cluster::owner;
use super::{Check, Rule};
use crate::cilium::Family;
use crate::cluster::ClusterView;
use crate::cluster::serving::PoolIndex;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP302",
    name: "gateway-address-in-no-pool",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("gateway_address_in_no_pool.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for view in views.iter().filter(|view| view.live) {
        let index = PoolIndex::of(view);
        for gateway in gateway_addresses(view) {
            let address = gateway.address;
            let planned = view.plan.ranges.of(Family::of(address));
            let unplanned = !planned.is_empty() && !planned.contains(address);
            let in_no_pool = index.holding(address).next().is_none() && index.incomplete.is_none();
            // Another cluster's address is a finding of its own.
            if !(unplanned || in_no_pool) || owner(views, view, address).is_some() {
                continue;
            }
            let ranges = planned.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let message = if in_no_pool {
                format!(
                    "{} asks for {address}, which lies in no pool of this cluster: it will stay without an address \
                     (no_pool)",
                    gateway.label()
                )
            } else {
                format!(
                    "{} asks for {address}, which lies outside the addresses planned for this cluster, {ranges}",
                    gateway.label()
                )
            };
            let help = if planned.is_empty() {
                "ask for an address that a pool of this cluster holds, or add a block for this one".to_owned()
            } else {
                format!("ask for an address from {ranges} that a pool holds")
            };
            let mut found = gateway.found(view).message(message).help(help);
            if let Some(value) = gateway.proposal(view, &index, None) {
                found = found.proposed(value);
            }
            findings.add(view, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{evaluated, pool_named, rule};
    use super::*;

    const CONFIG: &str = "apiVersion: lbpools.dev/v1alpha1
kind: LoadBalancerPools
metadata:
  name: p
spec:
  clusters:
  - name: infra
    ranges: [10.25.11.100-10.25.11.119]
  gateways:
  - {address: \"${GATEWAY}\", pool: gateway}
  pools:
  - {name: gateway, blocks: [{cidr: \"${GATEWAY}/32\"}]}
---
";

    fn settings(gateway: &str) -> String {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cluster-settings\n  namespace: flux-system\n\
             data:\n  CLUSTER: infra\n  GATEWAY: {gateway}\n---\n"
        )
    }

    fn gateway(address: &str) -> String {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: public\n  namespace: network\n\
             spec:\n  gatewayClassName: cilium\n  addresses: [{{value: {address}}}]\n---\n"
        )
    }

    #[test]
    fn pass() {
        let pools = pool_named("a", "[{cidr: 10.0.0.0/24}]");
        rule(&RULE).passes(&(gateway("10.0.0.9") + &pools));
        // No pool in the input: they may stand elsewhere.
        rule(&RULE).passes(&gateway("10.0.0.9"));
        // A pool of which not all is known may hold it.
        rule(&RULE).passes(&(gateway("10.1.0.9") + &pools + "---\n" + &pool_named("b", "[{cidr: '${ELSEWHERE}'}]")));
        let fits = CONFIG.to_owned() + &settings("10.25.11.100") + &pool_named("gateway", "[{cidr: '${GATEWAY}/32'}]");
        rule(&RULE).passes(&fits);
    }

    #[test]
    fn fail() {
        let pools = pool_named("a", "[{start: 10.0.0.10, stop: 10.0.0.30}]");
        rule(&RULE).fails(&(gateway("10.0.0.9") + &pools)).at("10.0.0.9").says("in no pool").times(1);
    }

    #[test]
    fn outside_the_plan_in_a_pool_of_the_same_setting() {
        let text = CONFIG.to_owned()
            + &settings("10.25.11.99")
            + &pool_named("gateway", "[{cidr: '${GATEWAY}/32'}]")
            + "---\n"
            + &pool_named("services", "[{start: 10.25.11.100, stop: 10.25.11.109}]");
        // The first planned address that no other pool holds.
        rule(&RULE).fails(&text).at("10.25.11.99").says("outside").proposes("10.25.11.110").times(1);
        let report = evaluated(&text).report;
        let finding = report.findings.iter().find(|f| f.code == RULE.code).expect("found");
        assert_eq!(finding.cluster.as_deref(), Some("infra"));
        assert_eq!(finding.field.as_deref(), Some("data.GATEWAY"));
        assert!(finding.chain.iter().any(|link| link.what.contains("setting GATEWAY = 10.25.11.99")));
    }
}
