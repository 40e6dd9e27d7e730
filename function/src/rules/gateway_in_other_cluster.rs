//! The address of a Gateway belongs to another cluster.
//!
//! ## What it does
//!
//! Holds each address that a Gateway asks for, or that the config gives it, against the planned ranges and the pools
//! of all other clusters, where the own cluster does not own it.
//!
//! ## Why is this bad?
//!
//! Each cluster alone looks healthy. On one segment both can announce the address, and whoever answers first gets
//! the traffic of the other; without a pool for it the Gateway has no address at all.
//!
//! ## Example
//!
//! ```yaml
//! # the plan: infra has 10.25.11.100-119, apps has 10.25.11.120-139; settings of infra:
//! data:
//!   CILIUM_GATEWAY_LB_IP: 10.25.11.130
//! ```
//!
//! ## What to do
//!
//! Take an address of the own cluster, or change the plan for both clusters.

use std::net::IpAddr;

use super::finding::Findings;
use super::gateway_addresses::{GatewayAddress, gateway_addresses};
use super::{Check, Rule};
use crate::cilium::Range;
use crate::cilium::address::number;
use crate::cluster::ClusterView;
use crate::cluster::serving::PoolIndex;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP303",
    name: "gateway-in-other-cluster",
    category: Category::Plan,
    severity: Severity::Error,
    source: include_str!("gateway_in_other_cluster.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for view in views.iter().filter(|view| view.live) {
        for gateway in gateway_addresses(view) {
            let Some(other) = owner(views, view, gateway.address) else { continue };
            findings.add(view, found(view, other, &gateway));
        }
    }
}

fn found(view: &ClusterView<'_, '_>, other: &ClusterView<'_, '_>, gateway: &GatewayAddress<'_, '_, '_>)
-> super::finding::Found {
    let address = gateway.address;
    let theirs = &other.cluster.name;
    let because = match other.plan.ranges.iter().find(|range| range.contains(address)) {
        Some(range) => format!("the plan gives {range} to cluster {theirs}"),
        None => format!("a pool of cluster {theirs} holds it"),
    };
    let own = view.plan.ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let help = if own.is_empty() {
        format!("take an address of cluster {}", view.cluster.name)
    } else {
        format!("take an address of cluster {}: {own}", view.cluster.name)
    };
    let message = format!("{} asks for {address}, an address of another cluster: {because}", gateway.label());
    let mut found = gateway.found(view).message(message).help(help);
    if let Some(value) = gateway.proposal(view, &PoolIndex::of(view), at_same_place(view, other, address)) {
        found = found.proposed(value);
    }
    found
}

/// The other cluster that owns an address which this one does not own.
pub fn owner<'v, 'a, 't>(
    views: &'v [ClusterView<'a, 't>],
    view: &ClusterView<'a, 't>,
    address: IpAddr,
) -> Option<&'v ClusterView<'a, 't>> {
    let holds = |view: &ClusterView<'_, '_>| {
        view.pools.iter().flat_map(|pool| pool.ranges()).any(|(_, block)| block.range.contains(address))
    };
    let own = if view.plan.ranges.is_empty() { holds(view) } else { view.plan.ranges.contains(address) };
    if own {
        return None;
    }
    let others = || views.iter().filter(|other| other.live && !std::ptr::eq(*other, view));
    others()
        .find(|other| other.plan.ranges.contains(address))
        // What the other cluster's plan does not cover is no more its own than this one's.
        .or_else(|| others().find(|other| other.plan.ranges.is_empty() && holds(other)))
}

/// The address at the same place of the own ranges, when they are as large as the other's.
fn at_same_place(view: &ClusterView<'_, '_>, other: &ClusterView<'_, '_>, address: IpAddr) -> Option<IpAddr> {
    let (at, theirs) = other.plan.ranges.iter().enumerate().find(|(_, range)| range.contains(address))?;
    let own: &Range = view.plan.ranges.iter().nth(at)?;
    let offset = number(address).checked_sub(number(theirs.first()))?;
    (own.count() == theirs.count()).then(|| own.nth(offset)).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::cases::{evaluated, rule};
    use super::super::gateway_address_in_no_pool;
    use super::*;

    fn fleet(infra: &str, services: &str) -> String {
        let settings = |name: &str, gateway: &str| {
            format!(
                "#> clusters/{name}/settings.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  \
                 name: cluster-settings\n  namespace: flux-system\ndata:\n  GATEWAY: {gateway}\n\
                 #> clusters/{name}/cilium.yaml\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                 metadata:\n  name: cilium\n  namespace: flux-system\nspec:\n  path: ./cilium\n  postBuild:\n    \
                 substituteFrom: [{{kind: ConfigMap, name: cluster-settings}}]\n"
            )
        };
        let (first, second) = (settings("infra", infra), settings("apps", "10.25.11.121"));
        format!(
            "{first}{second}#> cilium/pools.yaml\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\n\
             metadata:\n  name: gateway\nspec:\n  blocks: [{{cidr: '${{GATEWAY}}/32'}}]\n---\n\
             apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: services\nspec:\n  \
             blocks: {services}\n#> cilium/gateway.yaml\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: public\n  \
             namespace: network\nspec:\n  gatewayClassName: cilium\n  addresses: [{{value: '${{GATEWAY}}'}}]\n\
             #> lbpools.yaml\napiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata:\n  name: p\nspec:\n  \
             clusters:\n  - {{name: infra, entrypoint: clusters/infra, ranges: 10.25.11.100-10.25.11.119}}\n  \
             - {{name: apps, entrypoint: clusters/apps, ranges: 10.25.11.120-10.25.11.139}}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&fleet("10.25.11.110", "[]"));
        // Nobody's address: another rule.
        rule(&RULE).passes(&fleet("10.25.11.140", "[]"));
    }

    #[test]
    fn fail() {
        let text = fleet("10.25.11.130", "[]");
        rule(&RULE).fails(&text).read_at("'${GATEWAY}'").says("cluster apps").proposes("10.25.11.110").times(1);
        rule(&gateway_address_in_no_pool::RULE).passes(&text);
        let report = evaluated(&text).report;
        let finding = report.findings.iter().find(|f| f.code == RULE.code).expect("found");
        assert_eq!((finding.cluster.as_deref(), finding.current.as_deref()), (Some("infra"), Some("10.25.11.130")));
        let edit = finding.chain.last().and_then(|link| link.at.as_ref()).expect("a place to edit");
        assert_eq!((edit.source.as_str(), edit.line), ("clusters/infra/settings.yaml", 7));
    }

    /// The same place would lie in the other pool: the first address that lies in none.
    #[test]
    fn what_another_pool_holds_is_not_proposed() {
        let text = fleet("10.25.11.130", "[{start: 10.25.11.101, stop: 10.25.11.119}]");
        rule(&RULE).fails(&text).proposes("10.25.11.100");
    }
}
