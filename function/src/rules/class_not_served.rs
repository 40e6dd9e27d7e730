//! A Service whose load balancer class belongs to a feature that is switched off.
//!
//! ## What it does
//!
//! Looks at Services with the class `io.cilium/bgp-control-plane` or `io.cilium/l2-announcer` in clusters of which the
//! config says that this feature is off.
//!
//! ## Why is this bad?
//!
//! LB-IPAM serves these classes only while the feature is on. Otherwise it ignores the Service without a word: no
//! address, no condition, no event.
//!
//! ## Example
//!
//! ```yaml
//! # the config: cilium: {l2Announcements: false}
//! spec:
//!   type: LoadBalancer
//!   loadBalancerClass: io.cilium/l2-announcer
//! ```
//!
//! ## What to do
//!
//! Take the class out or name the other one, or switch the feature on and say so in the config.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::request::NotResponsible;
use crate::cluster::ClusterView;
use crate::cluster::requests::Asker;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP311",
    name: "class-not-served",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("class_not_served.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for request in view.requests.iter().filter(|request| request.asker == Asker::Service) {
        let (feature, key) = match request.responsible {
            Err(NotResponsible::BgpSwitchedOff) => ("the BGP control plane", "bgpControlPlane"),
            Err(NotResponsible::L2SwitchedOff) => ("L2 announcements", "l2Announcements"),
            _ => continue,
        };
        let Some(class) = request.object.text_at(&["spec", "loadBalancerClass"]) else { continue };
        let message = format!(
            "{} has the class of {feature}, which this cluster has switched off: Cilium ignores it without a word",
            request.label()
        );
        let found = Found::on(request.object).field(request.object, "spec.loadBalancerClass", &class);
        let help = format!("take the class out, or switch the feature on and say {key}: true in the config");
        findings.add(view, found.message(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(cilium: &str, class: &str) -> String {
        format!(
            "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata:\n  name: p\nspec:\n  \
             cilium: {{{cilium}}}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n  namespace: home\n\
             spec: {{type: LoadBalancer, loadBalancerClass: {class}}}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("bgpControlPlane: true", "io.cilium/bgp-control-plane"));
        rule(&RULE).passes(&case("l2Announcements: false", "io.cilium/bgp-control-plane"));
        rule(&RULE).passes(&case("l2Announcements: false", "example.org/other"));
        // The config does not say.
        rule(&RULE).passes(&case("", "io.cilium/l2-announcer"));
    }

    #[test]
    fn fail() {
        let bgp = case("bgpControlPlane: false", "io.cilium/bgp-control-plane");
        rule(&RULE).fails(&bgp).at("io.cilium/bgp-control-plane").says("BGP").times(1);
        rule(&RULE).fails(&case("l2Announcements: false", "io.cilium/l2-announcer")).says("L2").times(1);
    }
}
