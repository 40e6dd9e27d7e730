//! A Service whose address families do not come out as written.
//!
//! ## What it does
//!
//! Looks at Services that say something about address families: one that wants two families and pins an address of one
//! only, and one that pins an address of a family it does not list.
//!
//! ## Why is this bad?
//!
//! A pin switches off every other allocation, so the second family gets no address at all. A pinned address of a family
//! that the Service does not have is given all the same, and nothing listens on it.
//!
//! ## Example
//!
//! ```yaml
//! metadata: {annotations: {lbipam.cilium.io/ips: 10.25.11.105}}
//! spec:
//!   type: LoadBalancer
//!   ipFamilyPolicy: PreferDualStack      # and no IPv6 address
//! ```
//!
//! ## What to do
//!
//! Pin one address of each family, or pin none.

use super::finding::{Findings, Found};
use super::gateway_addresses::written;
use super::{Check, Rule};
use crate::cilium::Family;
use crate::cluster::ClusterView;
use crate::cluster::requests::{Asker, Request};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP319",
    name: "family-not-as-meant",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("family_not_as_meant.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for request in view.requests.iter().filter(|r| r.asker == Asker::Service && r.responsible.is_ok()) {
        let Some(service) = request.service.known() else { continue };
        // What is not written is filled in by the API server, by what the cluster has.
        let policy = request.object.text_at(&["spec", "ipFamilyPolicy"]);
        let listed = request.object.tree().at(&["spec", "ipFamilies"]).is_some_and(|node| !node.items().is_empty());
        let asked = &request.requested.addresses;
        let has = |family| asked.iter().any(|asked| Family::of(asked.address) == family);
        let wants_two = policy.as_ref().is_some_and(|p| matches!(p.known(), Some("PreferDualStack" | "RequireDualStack")));
        if let (true, Some(policy), true, true) = (wants_two, &policy, view.flags.ipv4, view.flags.ipv6)
            && let Some(missing) = one_of_two(has(Family::V4), has(Family::V6))
        {
            let message = format!(
                "{} wants two families and asks for addresses of one only: it gets no {missing} address",
                request.label()
            );
            let found = Found::on(request.object).field(request.object, "spec.ipFamilyPolicy", policy);
            findings.add(view, found.message(message).help(format!("ask for an {missing} address too, or for none")));
        }
        if listed {
            foreign(view, request, &service.families, findings);
        }
    }
}

fn one_of_two(v4: bool, v6: bool) -> Option<Family> {
    match (v4, v6) {
        (true, false) => Some(Family::V6),
        (false, true) => Some(Family::V4),
        _ => None,
    }
}

/// Pins of a family that is not in the list.
fn foreign(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, listed: &[String], findings: &mut Findings<'_>) {
    for asked in &request.requested.addresses {
        let family = Family::of(asked.address).to_string();
        if listed.contains(&family) {
            continue;
        }
        let Some((path, text)) = written(request, asked) else { continue };
        let message = format!(
            "{} asks for {}, an {family} address, and its ipFamilies are {}: it gets the address, and nothing listens on it",
            request.label(),
            asked.address,
            listed.join(", ")
        );
        let found = Found::on(request.object).field(request.object, path.clone(), text).message(message);
        findings.add(view, found.help(format!("ask for an {} address, or list {family}", listed.join(" or "))));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn case(pins: &str, spec: &str) -> String {
        format!(
            "{CONFIG}  cilium: {{ipv6: true}}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n  \
             annotations: {{lbipam.cilium.io/ips: '{pins}'}}\nspec: {{type: LoadBalancer{spec}}}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("10.0.0.5", ""));
        rule(&RULE).passes(&case("10.0.0.5,fd00::5", ", ipFamilyPolicy: PreferDualStack"));
        rule(&RULE).passes(&case("", ", ipFamilyPolicy: PreferDualStack"));
        rule(&RULE).passes(&case("10.0.0.5", ", ipFamilyPolicy: PreferDualStack").replace("ipv6: true", "ipv6: false"));
        rule(&RULE).passes(&case("fd00::5", ""));
        rule(&RULE).passes(&case("fd00::5", ", ipFamilies: [IPv6]"));
    }

    #[test]
    fn fail() {
        let one = case("10.0.0.5", ", ipFamilyPolicy: PreferDualStack");
        rule(&RULE).fails(&one).at("PreferDualStack").says("no IPv6 address").times(1);
        rule(&RULE).fails(&case("fd00::5", ", ipFamilies: [IPv4]")).at("'fd00::5'").says("nothing listens").times(1);
    }
}
