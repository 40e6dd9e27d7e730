//! A request that ends the operator: a reserved first or last address, asked for with a sharing key.
//!
//! ## What it does
//!
//! Looks for Services that have a sharing key and ask for the first or last address of a block which
//! `allowFirstLastIPs` keeps back.
//!
//! ## Why is this bad?
//!
//! The operator of Cilium 1.20 follows a nil pointer over it and ends; it ends again at every start as long as the
//! Service exists. No Service of the cluster gets an address meanwhile, and everything else that the operator does stops
//! too. Seen with 1.20.2. The fix (cilium/cilium#48804) is in no release that is known to lbpools. 1.15 to 1.19 hand the
//! address out.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! spec:
//!   allowFirstLastIPs: "No"
//!   blocks: [{cidr: 10.25.11.112/29}]
//! ---
//! kind: Service
//! metadata:
//!   annotations:
//!     lbipam.cilium.io/ips: 10.25.11.112             # the first one
//!     lbipam.cilium.io/sharing-key: web
//! ```
//!
//! ## What to do
//!
//! Ask for an address in between, take the sharing key away, or let the pool say `allowFirstLastIPs: "Yes"`.

use super::finding::{Findings, Found};
use super::gateway_addresses::written;
use super::{Check, Rule};
use crate::cilium::profile::ReservedWithKey;
use crate::cilium::sharing::Sharing;
use crate::cluster::ClusterView;
use crate::cluster::serving::{Held, PoolIndex};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP601",
    name: "reserved-end-with-sharing-key",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("reserved_end_with_sharing_key.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live || !view.version_known || view.profile.reserved_with_key != ReservedWithKey::Panics {
        return;
    }
    let index = PoolIndex::of(view);
    for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
        let Some(service) = request.service.known() else { continue };
        if Sharing::of(service, &view.profile).key.is_none() {
            continue;
        }
        for asked in request.requested.addresses.iter().filter(|asked| asked.zone.is_none()) {
            let Held::Reserved(serving) = index.held(asked.address, Some(service)) else { continue };
            let Some((path, text)) = written(request, asked) else { continue };
            let (pool, address) = (serving.pool.label(), asked.address);
            let message = format!(
                "{} asks for {address} with a sharing key, and pool {pool} keeps that address back: the operator of \
                 Cilium {} ends over it, again at each start; no release is known to be free of this",
                request.label(),
                view.profile.version
            );
            let found = Found::on(request.object)
                .field(request.object, path.clone(), text)
                .link(format!("pool {pool}"), Some(serving.pool.object.place_of_name()))
                .message(message)
                .help("ask for an address in between, take the sharing key away, or say allowFirstLastIPs: \"Yes\"");
            findings.add(view, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    /// The scenario of `tests/oracle/cilium/cases/lbp601-reserved-end-with-key.json`.
    fn case(version: &str, address: &str, key: &str, ends: &str) -> String {
        format!(
            "{CONFIG}  cilium: {{version: '{version}'}}\n---\n\
             apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: web\nspec:\n  \
             allowFirstLastIPs: '{ends}'\n  blocks: [{{cidr: 10.0.0.8/29}}]\n---\n\
             apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: n\n  annotations:\n    \
             lbipam.cilium.io/ips: {address}\n    lbipam.cilium.io/sharing-key: '{key}'\nspec: {{type: LoadBalancer}}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("1.20", "10.0.0.9", "web", "No"));
        rule(&RULE).passes(&case("1.20", "10.0.0.8", "", "No"));
        rule(&RULE).passes(&case("1.20", "10.0.0.8", "web", "Yes"));
        rule(&RULE).passes(&case("1.19", "10.0.0.8", "web", "No"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("1.20", "10.0.0.8", "web", "No")).at("10.0.0.8").says("ends over it").times(1);
        rule(&RULE).fails(&case("1.20", "10.0.0.15", "web", "No")).says("no release").times(1);
    }

    /// Neither is it `already_allocated`: up to 1.19 it is handed out.
    #[test]
    fn it_is_no_refusal() {
        for version in ["1.18", "1.20"] {
            rule(&super::super::pin_not_selected::RULE).passes(&case(version, "10.0.0.8", "web", "No"));
        }
        rule(&super::super::pin_not_selected::RULE).fails(&case("1.20", "10.0.0.8", "", "No")).says("already_allocated");
    }
}
