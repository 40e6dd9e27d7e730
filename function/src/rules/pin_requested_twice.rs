//! Two ask for the same address and cannot share it.
//!
//! ## What it does
//!
//! Compares everybody in a cluster who asks for the same address, Services and Gateways, by Cilium's five rules of
//! sharing: one key, namespaces that permit each other, no port in common, the same `externalTrafficPolicy`, and with
//! `Local` the same pods.
//!
//! ## Why is this bad?
//!
//! Whichever Cilium sees first gets the address; the other stays pending, today or after the next restart of the
//! operator.
//!
//! ## Example
//!
//! ```yaml
//! metadata: {name: mqtt, annotations: {lbipam.cilium.io/ips: 10.25.11.105}}
//! ---
//! metadata: {name: dashboard, annotations: {lbipam.cilium.io/ips: 10.25.11.105}}
//! ```
//!
//! ## What to do
//!
//! Give one of them another address, or both the same `lbipam.cilium.io/sharing-key` when their ports differ.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::finding::{Findings, Found};
use super::gateway_addresses::written;
use super::{Check, Rule};
use crate::cilium::Service;
use crate::cilium::request::RequestedAddress;
use crate::cilium::sharing::{Incompatible, Sharing, port_rule};
use crate::cluster::ClusterView;
use crate::cluster::requests::Request;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP306",
    name: "pin-requested-twice",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pin_requested_twice.rs"),
    check: Check::Cluster(check),
};

/// Somebody who asks for an address.
type Asking<'v, 'a, 't> = (&'v Request<'a, 't>, &'v Service, &'v RequestedAddress);

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let mut by_address: BTreeMap<IpAddr, Vec<Asking<'_, '_, '_>>> = BTreeMap::new();
    for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
        let Some(service) = request.service.known() else { continue };
        for asked in request.requested.addresses.iter().filter(|asked| asked.zone.is_none()) {
            let asking = by_address.entry(asked.address).or_default();
            // Asking twice, and being written twice, does no harm.
            if asking.last().is_none_or(|(_, last, _)| last.key != service.key) {
                asking.push((request, service, asked));
            }
        }
    }
    for (address, asking) in by_address.iter().filter(|(_, asking)| asking.len() > 1) {
        judge(view, *address, asking, findings);
    }
}

/// The first to come holds the address; who cannot join all holders does not get it.
fn judge(view: &ClusterView<'_, '_>, address: IpAddr, asking: &[Asking<'_, '_, '_>], findings: &mut Findings<'_>) {
    let ports = port_rule(&view.flags, &view.profile);
    let mut holders: Vec<(&Request<'_, '_>, Sharing)> = Vec::new();
    for (request, service, asked) in asking {
        let sharing = Sharing::of(service, &view.profile);
        let refused = holders.iter().find_map(|(holder, held)| {
            let why = match sharing.key {
                // Without a key nothing is compared at all.
                None => Some(None),
                Some(_) => sharing.compatible(held, ports).err().map(Some),
            };
            why.map(|why| (*holder, why))
        });
        let Some((holder, why)) = refused else {
            holders.push((*request, sharing));
            continue;
        };
        let Some((path, text)) = written(request, asked) else { continue };
        let because = match why {
            None => "it has no sharing key (already_allocated)".to_owned(),
            Some(reason) => format!("they cannot share it: {reason} ({})", view.profile.incompatible_reason),
        };
        let message = format!(
            "{} asks for {address}, and so does {}; {because}, so whoever comes second stays without it",
            request.label(),
            holder.label()
        );
        let found = Found::on(request.object)
            .field(request.object, path.clone(), text)
            .link(format!("{} asks for it too", holder.label()), Some(holder.object.place_of_name()));
        findings.add(view, found.message(message).help(help(why)));
    }
}

/// What would make two Services fit.
pub(super) fn help(why: Option<Incompatible>) -> &'static str {
    match why {
        None | Some(Incompatible::Key) => {
            "ask for another address, or give both the same lbipam.cilium.io/sharing-key if their ports differ"
        }
        Some(Incompatible::Namespace) => {
            "let each list the other's namespace in lbipam.cilium.io/sharing-cross-namespace, or ask for another address"
        }
        Some(Incompatible::Port | Incompatible::PortAndProtocol) => "use different ports, or ask for another address",
        Some(Incompatible::TrafficPolicy) => {
            "give both the same externalTrafficPolicy, or ask for another address"
        }
        Some(Incompatible::Pods) => {
            "use externalTrafficPolicy Cluster, select the same pods, or ask for another address"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn service(name: &str, port: u16, annotations: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: home\n  \
             annotations: {{{annotations}}}\nspec:\n  type: LoadBalancer\n  ports: [{{port: {port}}}]\n---\n"
        )
    }

    const PIN: &str = "lbipam.cilium.io/ips: 10.0.0.20";
    const SHARED: &str = "lbipam.cilium.io/ips: 10.0.0.20, lbipam.cilium.io/sharing-key: k";

    #[test]
    fn pass() {
        rule(&RULE).passes(&(service("a", 80, SHARED) + &service("b", 443, SHARED)));
        rule(&RULE).passes(&(service("a", 80, PIN) + &service("b", 443, "lbipam.cilium.io/ips: 10.0.0.21")));
        rule(&RULE).passes(&service("a", 80, "lbipam.cilium.io/ips: '10.0.0.20,10.0.0.21,10.0.0.20'"));
        rule(&RULE).passes(&(service("a", 80, PIN) + &service("b", 443, "lbipam.cilium.io/ips: '${ELSEWHERE}'")));
    }

    #[test]
    fn fail() {
        let two = service("a", 80, PIN) + &service("b", 443, PIN);
        rule(&RULE).fails(&two).at("10.0.0.20").says("Service home/b").says("no sharing key").times(1);
        let one_key = service("a", 80, PIN) + &service("b", 443, SHARED);
        rule(&RULE).fails(&one_key).says("different sharing key").times(1);
        let port = service("a", 80, SHARED) + &service("b", 80, SHARED) + &service("c", 443, SHARED);
        rule(&RULE).fails(&port).says("same port and protocol").times(1);
    }

    #[test]
    fn a_gateway_and_a_service() {
        let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: public\n  \
                       namespace: home\nspec:\n  gatewayClassName: cilium\n  addresses: [{value: 10.0.0.20}]\n";
        rule(&RULE).fails(&(service("a", 80, PIN) + gateway)).says("Gateway home/public").times(1);
    }
}
