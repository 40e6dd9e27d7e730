//! A BGP advertisement of Services that advertises nothing.
//!
//! ## What it does
//!
//! Looks at the entries of type `Service` of every CiliumBGPAdvertisement: each needs a `selector`, and `service` with
//! the kinds of addresses.
//!
//! ## Why is this bad?
//!
//! A missing selector selects nothing, unlike in a pool or an L2 policy. The Service gets its address, its condition
//! says so, and no router ever hears of it (#33076, #35121). Without `service.addresses` nothing is advertised
//! either; from 1.18 on the API server refuses the object.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumBGPAdvertisement
//! spec:
//!   advertisements:
//!   - advertisementType: Service
//!     service: {addresses: [LoadBalancerIP]}      # and no selector
//! ```
//!
//! ## What to do
//!
//! Write `selector: {}` to advertise every Service, or one that selects yours.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::flux::fact::Fact;
use crate::krm::node::Node;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP501",
    name: "bgp-advertisement-without-selector",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("bgp_advertisement_without_selector.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    // 1.15 ships the kind and reads nothing of it.
    if view.version_known && !view.profile.bgp_is_read {
        return;
    }
    for advertisement in &view.advertisements {
        let object = advertisement.object;
        // A patch may add what is missing.
        if object.altered.is_some() {
            continue;
        }
        let entries = object.tree().at(&["spec", "advertisements"]).map(Node::items).unwrap_or_default();
        let announced = advertisement.announces.iter().filter(|announced| !announced.missing_selects_all);
        for (announced, entry) in announced.zip(entries) {
            if !announced.load_balancer {
                continue;
            }
            let found = Found::on(object).span(object, &announced.path, &announced.span);
            if matches!(announced.selector, Fact::Known(None)) {
                let message = "the advertisement has no selector, so it advertises nothing: Services get addresses \
                               that no router hears of";
                let help = "write selector: {} to advertise every Service, or one that selects yours";
                findings.add(view, found.message(message).help(help));
            } else if entry.at(&["service", "addresses"]).map(Node::items).unwrap_or_default().is_empty() {
                let message = "the advertisement is of type Service and names no kind of address, so it advertises \
                               nothing";
                findings.add(view, found.message(message).help("write service: {addresses: [LoadBalancerIP]}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(entry: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumBGPAdvertisement\nmetadata:\n  name: all\nspec:\n  \
             advertisements: [{entry}]\n"
        )
    }

    #[test]
    fn pass() {
        for entry in [
            "{advertisementType: Service, service: {addresses: [LoadBalancerIP]}, selector: {}}",
            "{advertisementType: Service, service: {addresses: [LoadBalancerIP]}, selector: {matchLabels: {a: b}}}",
            "{advertisementType: Service, service: {addresses: [ClusterIP]}}",
            "{advertisementType: PodCIDR}",
        ] {
            rule(&RULE).passes(&case(entry));
        }
    }

    #[test]
    fn fail() {
        const BARE: &str = "{advertisementType: Service, service: {addresses: [LoadBalancerIP]}}";
        rule(&RULE).fails(&case(BARE)).at(BARE).says("no selector").times(1);
        let two = format!("{{advertisementType: PodCIDR}}, {BARE}");
        rule(&RULE).fails(&case(&two)).at(BARE).times(1);
        rule(&RULE).fails(&case("{advertisementType: Service, selector: {}}")).says("no kind of address").times(1);
    }
}
