//! A Gateway of the cluster has no address, or is not programmed.
//!
//! ## What it does
//!
//! Reads `status.addresses` and the conditions Accepted and Programmed of the Gateways of the repository in the living
//! cluster, where Cilium serves them, and compares the addresses with those of the Service that Cilium made.
//!
//! ## Why is this bad?
//!
//! Nothing reaches what stands behind the Gateway. Cilium 1.16 and 1.17 say Programmed although there is no address.
//!
//! ## Example
//!
//! ```text
//! Programmed  False  AddressNotUsable  requested address 10.25.11.100 is not in the Service's status
//! ```
//!
//! ## What to do
//!
//! What the reason says. An address that the Gateway asks for must be in a pool that selects its Service.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::ServiceKey;
use crate::cluster::requests::Asker;
use crate::report::{Category, Severity};
use crate::verification::Verified;
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP710",
    name: "living-gateway-not-ready",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_gateway_not_ready.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let observed = verified.living.observed;
    for request in verified.view.requests.iter().filter(|request| request.asker == Asker::Gateway) {
        let (Some(namespace), Some(name)) = (request.object.namespace().known().cloned(), request.object.name().known().cloned())
        else {
            continue;
        };
        let key = ServiceKey::new(namespace, name);
        let Some(living) = observed.gateways.get(&key) else { continue };
        let service = request.service.known().and_then(|service| observed.services.get(&service.key));
        let of_service: BTreeSet<&String> = service.into_iter().flat_map(|living| &living.service.ingress).collect();
        let addresses: BTreeSet<&String> = living.addresses.iter().collect();
        let wrong = ["Accepted", "Programmed"].into_iter().find_map(|of| {
            let condition = living.conditions.get(of).filter(|condition| !condition.is_true())?;
            Some(format!("{of} is {}: {} {}", condition.status, condition.reason, condition.message))
        });
        let message = match (wrong, service) {
            (Some(wrong), _) => format!("Gateway {key} of the cluster: {}", wrong.trim_end()),
            (None, _) if addresses.is_empty() => format!("Gateway {key} of the cluster has no address"),
            (None, Some(living)) if addresses != of_service => {
                let of = |addresses: &BTreeSet<&String>| {
                    addresses.iter().map(|address| address.as_str()).collect::<Vec<_>>().join(", ")
                };
                let of_service = if of_service.is_empty() { "nothing".into() } else { of(&of_service) };
                let service = &living.service.key;
                format!("Gateway {key} of the cluster shows {}, and its Service {service} has {of_service}", of(&addresses))
            }
            _ => continue,
        };
        let help = match service.and_then(|living| living.condition.as_ref()).filter(|one| one.status == "False") {
            Some(condition) => format!("its Service waits: {}: {}", condition.reason, condition.message),
            None => "see what the reason says, and whether its Service has an address".into(),
        };
        findings.add(verified.view, Found::on(request.object).message(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, rule};
    use super::*;

    fn case(status: &str) -> String {
        let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: public, namespace: web}\n\
                       spec: {gatewayClassName: cilium, listeners: [{name: http, protocol: HTTP, port: 80}]}\n";
        let service = super::super::cases::living_service("cilium-gateway-public", "10.0.0.2");
        format!("{}---\n{gateway}status: {status}\n---\n{service}", living(&format!("#> web/gateway.yaml\n{gateway}")))
    }

    const GOOD: &str = "{addresses: [{value: 10.0.0.2}], conditions: [{type: Programmed, status: 'True', reason: Programmed}]}";

    #[test]
    fn pass() {
        rule(&RULE).passes(&case(GOOD));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("{}")).at("public").says("Gateway web/public of the cluster has no address").times(1);
        let refused = case(&GOOD.replace("status: 'True', reason: Programmed", "status: 'False', reason: AddressNotUsable, message: in use"));
        rule(&RULE).fails(&refused).says("Programmed is False: AddressNotUsable in use");
        rule(&RULE).fails(&case(&GOOD.replace("10.0.0.2", "10.0.0.3"))).says("shows 10.0.0.3, and its Service web/cilium-gateway-public has 10.0.0.2");
    }
}
