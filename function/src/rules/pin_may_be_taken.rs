//! A requested address lies in a pool that others draw from.
//!
//! ## What it does
//!
//! Looks whether the pool that serves a requested address also serves a Service that asks for none.
//!
//! ## Why is this bad?
//!
//! LB-IPAM keeps no place free for whoever asks. While the Service with the request is not there, being deployed
//! later or deleted for a moment, any other Service may get its address; it then stays pending until that one goes.
//!
//! ## Example
//!
//! ```yaml
//! # one pool, 10.25.11.105 - 10.25.11.119, for everybody
//! metadata: {name: postgres, annotations: {lbipam.cilium.io/ips: 10.25.11.105}}
//! ---
//! metadata: {name: registry}     # any address
//! ```
//!
//! ## What to do
//!
//! Give addresses that matter a pool of their own, with a selector that only their Services match.

use std::collections::BTreeMap;

use super::finding::{Findings, Found};
use super::gateway_addresses::written;
use super::{Check, Rule};
use crate::cilium::{Family, Service};
use crate::cilium::request::families;
use crate::cluster::ClusterView;
use crate::cluster::requests::Request;
use crate::cluster::serving::{Held, PoolIndex, Serving};
use crate::report::{Category, Outcome, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP309",
    name: "pin-may-be-taken",
    category: Category::Suspicious,
    severity: Severity::Info,
    source: include_str!("pin_may_be_taken.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live {
        return;
    }
    let index = PoolIndex::of(view);
    let generic: Vec<(&Request<'_, '_>, &Service)> = view
        .requests
        .iter()
        .filter(|request| request.responsible.is_ok() && request.requested.addresses.is_empty())
        .filter_map(|request| Some((request, request.service.known()?)))
        .collect();
    // Who draws from a pool is the same for all that ask for one of its addresses.
    let mut drawing: BTreeMap<(String, Family), Option<&Request<'_, '_>>> = BTreeMap::new();
    for (request, outcomes) in view.requests.iter().zip(view.outcomes()).filter(|(r, _)| r.responsible.is_ok()) {
        let Some(service) = request.service.known() else { continue };
        for (asked, outcome) in request.requested.addresses.iter().zip(outcomes) {
            // In whatever order things come, this one gets its address.
            if asked.zone.is_some() || matches!(outcome, Outcome::Address { .. }) {
                continue;
            }
            let Held::Served(serving) = index.held(asked.address, Some(service)) else { continue };
            let family = Family::of(asked.address);
            let other = *drawing
                .entry((serving.pool.label(), family))
                .or_insert_with(|| generic.iter().find(|other| draws(view, serving, family, other.1)).map(|o| o.0));
            let (Some(other), Some((path, text))) = (other, written(request, asked)) else { continue };
            let message = format!(
                "{} asks for {} of pool {}, and so may {}, which asks for none: LB-IPAM keeps no place free",
                request.label(),
                asked.address,
                serving.pool.label(),
                other.label()
            );
            let found = Found::on(request.object)
                .field(request.object, path.clone(), text)
                .link(format!("{} draws from the same pool", other.label()), Some(other.object.place_of_name()));
            let help = "give the address a pool of its own, with a selector that only this Service matches";
            findings.add(view, found.message(message).help(help));
        }
    }
}

fn draws(view: &ClusterView<'_, '_>, serving: &Serving<'_, '_, '_>, family: Family, service: &Service) -> bool {
    families(service, &view.flags).has(family)
        && (serving.selects_all() || serving.selects(&service.selectable_labels()) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(pool: &str, other: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: all\nspec: {pool}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata:\n  name: postgres\n  namespace: data\n  \
             annotations: {{lbipam.cilium.io/ips: 10.0.0.8}}\nspec: {{type: LoadBalancer}}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata:\n  name: registry\n  namespace: data\nspec: {other}\n"
        )
    }

    const ALL: &str = "{blocks: [{start: 10.0.0.8, stop: 10.0.0.20}]}";

    #[test]
    fn pass() {
        rule(&RULE).passes(&case(ALL, "{type: ClusterIP}"));
        // One Service takes the first address of the block, never the ninth.
        rule(&RULE).passes(&case("{blocks: [{cidr: 10.0.0.0/24}]}", "{type: LoadBalancer}"));
        rule(&RULE).passes(&case(ALL, "{type: LoadBalancer, ipFamilies: [IPv6]}"));
        rule(&RULE).passes(&case(ALL, "{type: LoadBalancer, loadBalancerIP: 10.0.0.9}"));
        let own = "{blocks: [{cidr: 10.0.0.0/24}], serviceSelector: {matchLabels: {io.kubernetes.service.name: postgres}}}";
        rule(&RULE).passes(&case(own, "{type: LoadBalancer}"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case(ALL, "{type: LoadBalancer}")).at("10.0.0.8").says("Service data/registry").times(1);
    }
}
