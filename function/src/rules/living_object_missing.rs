//! The cluster has not got an object that the repository applies.
//!
//! ## What it does
//!
//! Looks in the living cluster for every object of the repository that decides about addresses: pools, Services of type
//! LoadBalancer, Gateways, Ingresses, Flux's Kustomizations, L2 policies, BGP objects, settings. It speaks only of kinds
//! and namespaces that were read; what was not read is listed as not checked.
//!
//! ## Why is this bad?
//!
//! What the repository says is not what runs. Addresses come from pools that are not there, or are not asked for at all.
//!
//! ## Example
//!
//! ```text
//! the cluster has no CiliumLoadBalancerIPPool services
//! ```
//!
//! ## What to do
//!
//! See why its Kustomization does not bring it. An object that is deleted by hand comes back with the next
//! reconciliation.

use super::finding::{Findings, Found};
use super::living::delivery;
use super::{Check, Rule};
use crate::report::{Category, Severity};
use crate::verification::{Kept, Verified};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP703",
    name: "living-object-missing",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_object_missing.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    for held in &verified.objects {
        let kind = &held.object.item.resource.kind;
        let message = match held.kept {
            Kept::Missing => format!("the cluster has no {kind} {}", held.name),
            Kept::OtherType => format!("{kind} {} of the cluster is not of type LoadBalancer", held.name),
            Kept::There(_) | Kept::NotKnown(_) => continue,
        };
        findings.add(verified.view, Found::on(held.object).message(message).help(delivery(verified, held.object)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&living(""));
        // A single object is no proof that there is no other.
        let single = "#@ one.yaml\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {name: other}\n";
        let text = living("");
        let repository = text.split("#@ ").next().unwrap_or_default();
        rule(&RULE).passes(&format!("{repository}{single}"));
    }

    #[test]
    fn fail() {
        let text = living("");
        let (repository, _) = text.split_once("#@ ").unwrap_or_default();
        let none = "#@ pools.json\n{\"apiVersion\": \"cilium.io/v2\", \"kind\": \"CiliumLoadBalancerIPPoolList\", \"items\": []}\n";
        let failed = rule(&RULE).fails(&format!("{repository}{none}"));
        failed.at("pool").says("the cluster has no CiliumLoadBalancerIPPool pool").times(1);
    }
}
