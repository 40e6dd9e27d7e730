//! A Service that joins another one with several addresses, and gets only the first.
//!
//! ## What it does
//!
//! Looks for a Service with a sharing key and no requested address beside one with the same key that asks for several
//! addresses of one family.
//!
//! ## Why is this bad?
//!
//! Who joins gets one address of each family, the first of the other's. It does not take over the whole set (#41947),
//! and its condition says that all is well.
//!
//! ## Example
//!
//! ```yaml
//! metadata:
//!   name: web
//!   annotations: {lbipam.cilium.io/ips: "10.25.11.105,10.25.11.106", lbipam.cilium.io/sharing-key: edge}
//! ---
//! metadata: {name: quic, annotations: {lbipam.cilium.io/sharing-key: edge}}     # gets 10.25.11.105
//! ```
//!
//! ## What to do
//!
//! Write the same list of addresses on both.

use super::finding::{Findings, Found};
use super::sharing_groups::sharing_groups;
use super::{Check, Rule};
use crate::cilium::Family;
use crate::cilium::request::families;
use crate::cilium::sharing::port_rule;
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP314",
    name: "shares-one-of-several",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("shares_one_of_several.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live {
        return;
    }
    let ports = port_rule(&view.flags, &view.profile);
    for group in sharing_groups(view).values() {
        for sharer in group.iter().filter(|sharer| !sharer.is_pinned() && sharer.request.requested.ignored.is_empty()) {
            let wanted = families(sharer.service, &view.flags);
            let several = group.iter().find_map(|other| {
                let of = |family| {
                    let asked = other.request.requested.addresses.iter();
                    asked.filter(|asked| Family::of(asked.address) == family).count()
                };
                let family = wanted.iter().find(|family| of(*family) > 1)?;
                sharer.sharing.compatible(&other.sharing, ports).ok().map(|()| (other, of(family)))
            });
            let Some((other, count)) = several else { continue };
            let message = format!(
                "{} shares by its key with {}, which asks for {count} addresses, and will get only one of them",
                sharer.request.label(),
                other.request.label()
            );
            let found = Found::on(sharer.request.object)
                .link(format!("{} asks for several", other.request.label()), Some(other.request.object.place_of_name()));
            findings.add(view, found.message(message).help("write the same list of addresses on both"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn service(name: &str, port: u16, ips: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: home\n  \
             annotations: {{lbipam.cilium.io/sharing-key: k{ips}}}\nspec: {{type: LoadBalancer, ports: [{{port: {port}}}]}}\n---\n"
        )
    }

    const TWO: &str = ", lbipam.cilium.io/ips: '10.0.0.5,10.0.0.6'";

    #[test]
    fn pass() {
        rule(&RULE).passes(&(service("a", 80, TWO) + &service("b", 443, TWO)));
        rule(&RULE).passes(&(service("a", 80, ", lbipam.cilium.io/ips: 10.0.0.5") + &service("b", 443, "")));
        rule(&RULE).passes(&(service("a", 80, ", lbipam.cilium.io/ips: '10.0.0.5,fd00::5'") + &service("b", 443, "")));
        rule(&RULE).passes(&(service("a", 80, TWO) + &service("b", 80, "")));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&(service("a", 80, TWO) + &service("b", 443, ""))).at("b").says("only one of them").times(1);
    }
}
