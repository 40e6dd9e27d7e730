//! A reserved address, asked for with a sharing key, ends the operator.
//!
//! ## What it does
//!
//! In clusters that run 1.20 looks for Services with a sharing key that ask for the first or last address of a block
//! which `allowFirstLastIPs: "No"` keeps back.
//!
//! ## Why is this bad?
//!
//! Cilium 1.20.2 holds the Service against the holder of the address, which a reserved address does not have: the
//! operator panics, and again at each start as long as the Service exists. No address of the cluster is given or taken
//! back meanwhile. 1.15 to 1.19 hand the address out. No release up to 1.20.2 is free of it; the fix is PR #48804.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! spec: {allowFirstLastIPs: "No", blocks: [{cidr: 10.25.11.112/29}]}
//! ---
//! metadata: {annotations: {lbipam.cilium.io/ips: 10.25.11.112, lbipam.cilium.io/sharing-key: dns}}
//! ```
//!
//! ## What to do
//!
//! Ask for an address in between, or let the pool give its ends away with `allowFirstLastIPs: "Yes"`.

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
    code: "LBP325",
    name: "reserved-address-ends-operator",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("reserved_address_ends_operator.rs"),
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
            let message = format!(
                "{} asks with a sharing key for {}, which pool {} keeps back: the operator of Cilium {} ends over it, again \
                 at each start",
                request.label(),
                asked.address,
                serving.pool.label(),
                view.profile.version
            );
            let found = Found::on(request.object)
                .field(request.object, path.clone(), text)
                .link(format!("pool {}", serving.pool.label()), Some(serving.pool.object.place_of_name()));
            let help = "ask for an address in between, or say allowFirstLastIPs: \"Yes\"";
            findings.add(view, found.message(message).help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn case(version: &str, key: &str, address: &str) -> String {
        format!(
            "{CONFIG}  cilium: {{version: \"{version}\"}}\n---\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\n\
             metadata: {{name: ends}}\nspec: {{blocks: [{{cidr: 10.0.0.8/29}}], allowFirstLastIPs: 'No'}}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata:\n  name: dns\n  \
             annotations: {{lbipam.cilium.io/ips: {address}{key}}}\nspec: {{type: LoadBalancer}}\n"
        )
    }

    const KEY: &str = ", lbipam.cilium.io/sharing-key: k";

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("1.19", KEY, "10.0.0.8"));
        rule(&RULE).passes(&case("1.20", KEY, "10.0.0.9"));
        rule(&RULE).passes(&case("1.20", "", "10.0.0.8"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("1.20", KEY, "10.0.0.8")).at("10.0.0.8").says("at each start").times(1);
        rule(&RULE).fails(&case("1.20.2", KEY, "10.0.0.15")).times(1);
    }

    /// Neither is it `already_allocated`: up to 1.19 it is handed out.
    #[test]
    fn it_is_no_refusal() {
        for version in ["1.18", "1.20"] {
            rule(&super::super::pin_not_selected::RULE).passes(&case(version, KEY, "10.0.0.8"));
        }
        rule(&super::super::pin_not_selected::RULE).fails(&case("1.20", "", "10.0.0.8")).says("already_allocated");
    }
}
