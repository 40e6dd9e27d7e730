//! Two controllers give addresses to the same Services.
//!
//! ## What it does
//!
//! Looks for clusters that apply pools of Cilium and pools of MetalLB, and Services without a load balancer class.
//!
//! ## Why is this bad?
//!
//! Both serve Services without a class and both write their status. Neither knows of the other: the address changes back
//! and forth, or the Service keeps the one that was written last. It often starts with the first pool, since LB-IPAM does
//! nothing before.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! ---
//! apiVersion: metallb.io/v1beta1
//! kind: IPAddressPool
//! ```
//!
//! ## What to do
//!
//! Take one of them out, or say `defaultLBServiceIPAM: none` for Cilium (from 1.17) and give Cilium's Services a class.
//! Where MetalLB is told to serve a class of its own, accept the finding.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::requests::Asker;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP326",
    name: "two-controllers",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("two_controllers.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let Some(pool) = view.pools.first().filter(|_| view.live) else { return };
    let Some(other) = view.objects("metallb.io", "IPAddressPool").next() else { return };
    let both = |service: &crate::cilium::Service| service.class.is_none();
    let Some(request) = view.requests.iter().find(|request| {
        request.asker == Asker::Service && request.responsible.is_ok() && request.service.known().is_some_and(both)
    }) else {
        return;
    };
    let message = format!(
        "LB-IPAM and MetalLB both have pools here, and both serve {}, which has no class: each overwrites the other's address",
        request.label()
    );
    let found = Found::on(pool.object)
        .link(format!("IPAddressPool {}", other.resource().name), Some(other.place_of_name()))
        .link(request.label(), Some(request.object.place_of_name()));
    findings.add(view, found.message(message).help("take one of them out, or say which serves Services without a class"));
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool, rule};
    use super::*;

    fn case(class: &str) -> String {
        format!(
            "{}---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {{name: lan}}\nspec: {{addresses: \
             [10.0.1.0/24]}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: mqtt}}\nspec: {{type: LoadBalancer{class}}}\n",
            pool("[{cidr: 10.0.0.0/24}]")
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case(", loadBalancerClass: metallb"));
        rule(&RULE).passes(&case(", loadBalancerClass: io.cilium/l2-announcer"));
        rule(&RULE).passes(&case("").replace("IPAddressPool", "BGPPeer"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("")).at("pool").says("MetalLB").times(1);
    }
}
