//! An announcement that announces nothing, whatever Services there are.
//!
//! ## What it does
//!
//! Finds a CiliumL2AnnouncementPolicy with neither `loadBalancerIPs` nor `externalIPs`, and policies and advertisements
//! with a selector that Cilium cannot compile. (A BGP advertisement without a selector is LBP501's.)
//!
//! ## Why is this bad?
//!
//! Both switches of an L2 policy are off unless they are written. The policy is accepted, selects Services, and answers
//! for no address; LB-IPAM gives addresses all the same.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumL2AnnouncementPolicy
//! spec:
//!   interfaces: [eth0]     # and no loadBalancerIPs: true
//! ```
//!
//! ## What to do
//!
//! Say `loadBalancerIPs: true`.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::announcement::Means;
use crate::cluster::selectors::selector;
use crate::flux::fact::Fact;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP503",
    name: "announcement-does-nothing",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("announcement_does_nothing.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for advertisement in &view.advertisements {
        let object = advertisement.object;
        if object.altered.is_some() {
            continue;
        }
        let tree = object.tree();
        let name = &object.resource().name;
        if advertisement.means == Means::L2 {
            let off = |key: &str| match object.text_at(&["spec", key]) {
                None => true,
                Some(text) => text.known() == Some("false"),
            };
            if off("loadBalancerIPs") && off("externalIPs") {
                let message = format!("L2 policy {name} announces neither load balancer addresses nor external ones: it does nothing");
                findings.add(view, Found::on(object).message(message).help("say loadBalancerIPs: true"));
            }
        }
        let nodes = tree.at(&["spec", "nodeSelector"]);
        let of_nodes = selector(object, nodes);
        let selectors = advertisement.announces.iter().map(|each| (&each.selector, &each.path, &each.span));
        let mut broken: Vec<(String, String, std::ops::Range<usize>)> = selectors
            .filter_map(|(selector, path, span)| match selector {
                Fact::Known(Some(Err(error))) => Some((error.to_string(), path.clone(), span.clone())),
                _ => None,
            })
            .collect();
        if let (Fact::Known(Some(Err(error))), Some(node)) = (&of_nodes, nodes) {
            broken.push((error.to_string(), "spec.nodeSelector".into(), node.span.clone()));
        }
        for (error, path, span) in broken {
            let message = format!("{} {name} announces nothing: {error}", object.resource().kind);
            let found = Found::on(object).span(object, path, &span).message(message);
            findings.add(view, found.help("correct the selector"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(spec: &str) -> String {
        format!("apiVersion: cilium.io/v2alpha1\nkind: CiliumL2AnnouncementPolicy\nmetadata:\n  name: l2\nspec: {spec}\n")
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("{loadBalancerIPs: true}"));
        rule(&RULE).passes(&case("{externalIPs: true}"));
        rule(&RULE).passes(&case("{loadBalancerIPs: '${ELSEWHERE}'}"));
        rule(&RULE).passes(&case("{loadBalancerIPs: true, serviceSelector: {}, nodeSelector: {matchLabels: {a: b}}}"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("{interfaces: [eth0]}")).at("l2").says("does nothing").times(1);
        rule(&RULE).fails(&case("{loadBalancerIPs: false}")).times(1);
        let bad = "{loadBalancerIPs: true, nodeSelector: {matchExpressions: [{key: a, operator: In}]}}";
        rule(&RULE).fails(&case(bad)).at("{matchExpressions: [{key: a, operator: In}]}").says("no values").times(1);
        let services = "{loadBalancerIPs: true, serviceSelector: {matchExpressions: [{key: a, operator: In}]}}";
        rule(&RULE).fails(&case(services)).says("no values").times(1);
    }
}
