//! An interface of an L2 policy that is written as a file name pattern.
//!
//! ## What it does
//!
//! Finds entries of `interfaces` that begin with `*`, `+` or `?`. They are regular expressions, where such a sign needs
//! something in front of it.
//!
//! ## Why is this bad?
//!
//! Cilium cannot compile the expression and sets the condition `io.cilium/bad-interface-regex`; the whole policy, or its
//! new version, is not applied.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumL2AnnouncementPolicy
//! spec: {loadBalancerIPs: true, interfaces: ["*"]}
//! ```
//!
//! ## What to do
//!
//! Leave `interfaces` out for all of them, or write an expression such as `^eth[0-9]+`.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::announcement::Means;
use crate::krm::node::Node;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP504",
    name: "l2-interface-is-no-pattern",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("l2_interface_is_no_pattern.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for policy in view.advertisements.iter().filter(|advertisement| advertisement.means == Means::L2) {
        let object = policy.object;
        let interfaces = object.tree().at(&["spec", "interfaces"]).map(Node::items).unwrap_or_default();
        for (n, node) in interfaces.iter().enumerate() {
            let Some(text) = object.text(node) else { continue };
            let Some(pattern) = text.known().filter(|pattern| pattern.starts_with(['*', '+', '?'])) else { continue };
            let message = format!(
                "interface {pattern:?} of L2 policy {} is no regular expression: Cilium does not apply the policy",
                object.resource().name
            );
            let found = Found::on(object).field(object, format!("spec.interfaces[{n}]"), &text).message(message);
            findings.add(view, found.help("leave interfaces out for all, or write an expression such as ^eth[0-9]+"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(interface: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2alpha1\nkind: CiliumL2AnnouncementPolicy\nmetadata: {{name: l2}}\n\
             spec: {{loadBalancerIPs: true, interfaces: [{interface}]}}\n"
        )
    }

    #[test]
    fn pass() {
        for interface in ["'^eth[0-9]+'", "eth*", "'${ELSEWHERE}'", "en.*"] {
            rule(&RULE).passes(&case(interface));
        }
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("eth0, '*'")).at("'*'").says("no regular expression").times(1);
        rule(&RULE).fails(&case("'*eth0'")).at("'*eth0'").times(1);
    }
}
