//! An object of the cluster is not what the repository says.
//!
//! ## What it does
//!
//! Compares every field that a manifest writes, with the cluster's values filled in, with the object in the living
//! cluster: pools, Services of type LoadBalancer, Gateways, Flux's Kustomizations, L2 policies, BGP objects, settings.
//! What the API server or a controller filled in besides is no difference; nor is what Flux is told to leave alone.
//!
//! ## Why is this bad?
//!
//! Somebody edited it by hand, or what the repository says has not arrived. The prediction speaks of other pools and
//! Services than there are, and the next reconciliation may move addresses.
//!
//! ## Example
//!
//! ```text
//! CiliumLoadBalancerIPPool services: spec.blocks[0].stop is 10.25.11.118, and the repository says 10.25.11.119
//! ```
//!
//! ## What to do
//!
//! Reconcile, or take the edit into the repository. `lbpools plan --dump` tells what applying the repository moves.

use super::finding::{Findings, Found};
use super::living::delivery;
use super::{Check, Rule};
use crate::report::{Category, Severity};
use crate::verification::{Kept, Verified};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP704",
    name: "living-object-edited",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_object_edited.rs"),
    check: Check::Living(check),
};

/// As many fields of one object as are told.
const MOST: usize = 4;

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    for held in &verified.objects {
        let Kept::There(edits) = &held.kept else { continue };
        let kind = &held.object.item.resource.kind;
        for edit in edits.iter().take(MOST) {
            let more = edits.len().saturating_sub(MOST);
            let more = if more > 0 { format!(" ({more} more fields differ)") } else { String::new() };
            let found = Found::on(held.object)
                .span(held.object, edit.path.clone(), &edit.span)
                .current(edit.living.clone())
                .message(format!(
                    "{kind} {} of the cluster: {} is {}, and the repository says {}{more}",
                    held.name, edit.path, edit.living, edit.written
                ))
                .help(delivery(verified, held.object));
            findings.add(verified.view, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&living(""));
        // What somebody else filled in.
        rule(&RULE).passes(&living("").replace("{blocks: [{start", "{disabled: false, blocks: [{start"));
    }

    #[test]
    fn fail() {
        let text = living("").replace("stop: 10.0.0.9}", "stop: 10.0.0.8}");
        let failed = rule(&RULE).fails(&text).at("10.0.0.9");
        failed.says("spec.blocks[0].stop is 10.0.0.8, and the repository says 10.0.0.9").times(1);
        let disabled = living("").replace("kind: CiliumLoadBalancerIPPool\nmetadata:\n  name: pool\nspec:\n", "kind: CiliumLoadBalancerIPPool\nmetadata:\n  name: pool\nspec:\n  disabled: true\n");
        rule(&RULE).fails(&disabled).says("spec.disabled is nothing, and the repository says true");
        let pinned = living("").replace(
            "metadata: {name: web, namespace: web}\nspec:\n",
            "metadata: {name: web, namespace: web, annotations: {lbipam.cilium.io/ips: 10.0.0.3}}\nspec:\n",
        );
        rule(&RULE).fails(&pinned).says("metadata.annotations[lbipam.cilium.io/ips] is 10.0.0.3, and the repository says nothing");
    }
}
