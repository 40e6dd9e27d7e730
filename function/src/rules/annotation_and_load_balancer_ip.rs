//! A Service asks for addresses in two places.
//!
//! ## What it does
//!
//! Looks for Services with `spec.loadBalancerIP` and the annotation of LB-IPAM, of which the field asks for an address
//! that the annotation does not.
//!
//! ## Why is this bad?
//!
//! Cilium does not choose: it gives the Service both, first that of the field. One that cannot be had leaves the
//! condition False while the other serves.
//!
//! ## Example
//!
//! ```yaml
//! metadata:
//!   annotations: {lbipam.cilium.io/ips: 10.25.11.106}
//! spec:
//!   type: LoadBalancer
//!   loadBalancerIP: 10.25.11.105
//! ```
//!
//! ## What to do
//!
//! Write all addresses into the annotation: Kubernetes has deprecated the field.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::request::Origin;
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP318",
    name: "annotation-and-load-balancer-ip",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("annotation_and_load_balancer_ip.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for request in view.requests.iter().filter(|request| request.responsible.is_ok() && request.requested.both) {
        let of_spec = |origin: &Origin| *origin == Origin::Spec;
        let (field, annotation): (Vec<_>, Vec<_>) =
            request.requested.addresses.iter().partition(|asked| of_spec(&asked.origin));
        let Some(asked) = field.first() else { continue };
        // Written twice does no harm; neighbours that are equal were joined already.
        if annotation.is_empty() || annotation.iter().any(|other| other.address == asked.address) {
            continue;
        }
        let Some((path, text)) = request.written_at(&Origin::Spec) else { continue };
        let others: Vec<String> = annotation.iter().map(|asked| asked.address.to_string()).collect();
        let message = format!(
            "{} asks for {} in the field and for {} in the annotation: Cilium gives it all of them",
            request.label(),
            asked.address,
            others.join(", ")
        );
        let found = Found::on(request.object).field(request.object, path.clone(), text).message(message);
        findings.add(view, found.help("write what is wanted into the annotation, and take loadBalancerIP out"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(field: &str, annotation: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n  annotations: {{lbipam.cilium.io/ips: '{annotation}'}}\n\
             spec: {{type: LoadBalancer, loadBalancerIP: '{field}'}}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("10.0.0.5", "10.0.0.5"));
        rule(&RULE).passes(&case("10.0.0.5", "10.0.0.6,10.0.0.5"));
        rule(&RULE).passes(&case("", "10.0.0.6"));
        rule(&RULE).passes(&case("10.0.0.5", ""));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("10.0.0.5", "10.0.0.6")).at("'10.0.0.5'").says("all of them").times(1);
    }
}
