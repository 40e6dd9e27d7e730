//! A Service with `externalTrafficPolicy: Local` that is announced in L2.
//!
//! ## What it does
//!
//! Looks for Services with that policy which an L2 policy covers, in clusters before 1.20.2. (Where no node answers at
//! all, LBP511 says so.)
//!
//! ## Why is this bad?
//!
//! Any node may answer for the address, also one without a pod of the Service. With `Local` that node hands the traffic
//! to nobody: packets are lost until the lease moves by chance to a node with a pod (#27800, #32148). From 1.20.2 on only
//! nodes with a pod take part.
//!
//! ## Example
//!
//! ```yaml
//! # the config: cilium: {version: "1.18"}; an L2 policy for all Services
//! spec: {type: LoadBalancer, externalTrafficPolicy: Local}
//! ```
//!
//! ## What to do
//!
//! Use `externalTrafficPolicy: Cluster`, or announce the Service by BGP.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::announcement::Means;
use crate::cluster::coverage::Announcers;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP510",
    name: "l2-with-local-traffic",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("l2_with_local_traffic.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let l2 = view.advertisements.iter().any(|advertisement| advertisement.means == Means::L2);
    if !view.live || !l2 || !view.version_known || view.profile.l2_local_needs_backend {
        return;
    }
    let announcers = Announcers::of(view);
    for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
        let local = request.service.known().is_some_and(|service| service.external_traffic_policy == "Local");
        if !local {
            continue;
        }
        let coverage = announcers.all(request);
        let Some(policy) = coverage.by.iter().find(|by| by.means == Means::L2) else { continue };
        let message = format!(
            "{} has externalTrafficPolicy Local and is announced in L2: the node that answers may have no pod of it, and \
             drops its traffic",
            request.label()
        );
        let mut found = Found::on(request.object);
        if let Some(text) = request.object.text_at(&["spec", "externalTrafficPolicy"]) {
            found = found.field(request.object, "spec.externalTrafficPolicy", &text);
        }
        let at = Some(policy.object.place_of_name());
        found = found.link(format!("L2 policy {}", policy.object.resource().name), at);
        findings.add(view, found.message(message).help("use externalTrafficPolicy Cluster, or announce it by BGP"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn case(version: &str, policy: &str) -> String {
        format!(
            "{CONFIG}  cilium: {{version: \"{version}\"}}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n\
             spec: {{type: LoadBalancer, externalTrafficPolicy: {policy}}}\n---\napiVersion: cilium.io/v2alpha1\n\
             kind: CiliumL2AnnouncementPolicy\nmetadata: {{name: lan}}\nspec: {{loadBalancerIPs: true}}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("1.18", "Cluster"));
        rule(&RULE).passes(&case("1.20.2", "Local"));
        rule(&RULE).passes(&case("1.18", "Local").replace("loadBalancerIPs", "externalIPs"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("1.18", "Local")).at("Local").says("no pod").times(1);
        rule(&RULE).fails(&case("1.20.1", "Local")).times(1);
    }
}
