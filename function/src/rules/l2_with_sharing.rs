//! Services that share an address, announced in L2.
//!
//! ## What it does
//!
//! Looks for Services with one sharing key that can share an address and that an L2 policy covers.
//!
//! ## Why is this bad?
//!
//! Cilium elects a node for each Service, not for each address. Two nodes may answer for the shared one, and clients
//! reach now this, now that one (#48419, #44222). Cilium does not support the combination.
//!
//! ## Example
//!
//! ```yaml
//! # an L2 policy for all Services
//! metadata: {name: dns-tcp, annotations: {lbipam.cilium.io/sharing-key: dns}}
//! ---
//! metadata: {name: dns-udp, annotations: {lbipam.cilium.io/sharing-key: dns}}
//! ```
//!
//! ## What to do
//!
//! Put all ports into one Service, give each its own address, or announce them by BGP.

use super::finding::{Findings, Found};
use super::sharing_groups::sharing_groups;
use super::{Check, Rule};
use crate::cilium::sharing::port_rule;
use crate::cluster::ClusterView;
use crate::cluster::announcement::Means;
use crate::cluster::coverage::Announcers;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP509",
    name: "l2-with-sharing",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("l2_with_sharing.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live || !view.advertisements.iter().any(|advertisement| advertisement.means == Means::L2) {
        return;
    }
    let announcers = Announcers::of(view);
    let ports = port_rule(&view.flags, &view.profile);
    for (key, group) in sharing_groups(view) {
        let in_l2 = |at: usize| announcers.all(group[at].request).by.iter().any(|by| by.means == Means::L2);
        let pair = (1..group.len()).find_map(|at| {
            let fits = |other: &usize| {
                !group[at].apart(&group[*other]) && group[at].sharing.compatible(&group[*other].sharing, ports).is_ok()
            };
            (0..at).find(fits).filter(|other| in_l2(at) && in_l2(*other)).map(|other| (other, at))
        });
        // One finding for a key tells all that there is to tell.
        let Some((first, second)) = pair.map(|(one, two)| (&group[one], &group[two])) else { continue };
        let message = format!(
            "{} and {} share an address by the key {key} and are announced in L2: two nodes may answer for it",
            first.request.label(),
            second.request.label()
        );
        let found = Found::on(second.request.object)
            .link(format!("{} has the same key", first.request.label()), Some(first.request.object.place_of_name()));
        let help = "put the ports into one Service, give each its own address, or announce them by BGP";
        findings.add(view, found.message(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn service(name: &str, port: u16) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: dns\n  \
             annotations: {{lbipam.cilium.io/sharing-key: dns}}\nspec: {{type: LoadBalancer, ports: [{{port: {port}}}]}}\n---\n"
        )
    }

    fn policy(selector: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2alpha1\nkind: CiliumL2AnnouncementPolicy\nmetadata: {{name: lan}}\n\
             spec: {{loadBalancerIPs: true, serviceSelector: {selector}}}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&(service("tcp", 53) + &service("tls", 853)));
        rule(&RULE).passes(&(service("tcp", 53) + &service("tls", 853) + &policy("{matchLabels: {a: b}}")));
        // They do not share.
        rule(&RULE).passes(&(service("one", 53) + &service("two", 53) + &policy("{}")));
    }

    #[test]
    fn fail() {
        let case = service("tcp", 53) + &service("tls", 853) + &service("https", 443) + &policy("{}");
        rule(&RULE).fails(&case).at("tls").says("two nodes").times(1);
    }
}
