//! A pool that frees an address which a Service has.
//!
//! ## What it does
//!
//! Compares with the revision before (`--from`). Where a pool stops keeping back the first and last address of its blocks,
//! looks for Services that have one of them all the same, which 1.15 to 1.19 give to who asks for it with a sharing key.
//!
//! ## Why is this bad?
//!
//! The operator frees both ends without looking who has them. The next Service that asks for nothing may get the very
//! address, with or without a sharing key, and two Services answer on it until a restart moves one of them. No release from
//! 1.15 to 1.19 is known to be free of it; with 1.20 the operator has ended over the request before.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! spec:
//!   allowFirstLastIPs: "Yes"            # was "No"
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
//! Move the Service to another address first, in a change of its own, and turn the field in the next one.

use super::ends::turned;
use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::profile::ReservedWithKey;
use crate::cilium::sharing::Sharing;
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP604",
    name: "first-last-turned-on-under-holder",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("first_last_turned_on_under_holder.rs"),
    check: Check::Change(check),
};

fn check(before: &ClusterView<'_, '_>, after: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let known = before.version_known && after.version_known;
    if !known || before.profile.reserved_with_key != ReservedWithKey::HandedOut {
        return;
    }
    for turned in turned(before, after).into_iter().filter(|turned| !turned.kept) {
        let name = turned.pool.label();
        for request in &before.requests {
            let Some(service) = request.service.known().filter(|_| request.responsible.is_ok()) else { continue };
            let shares = Sharing::of(service, &before.profile).key.is_some();
            let selected = turned.before.model().selects(&service.selectable_labels()) == Ok(true);
            let has = |end: &&std::net::IpAddr| request.requested.addresses.iter().any(|asked| asked.address == **end);
            for end in turned.ends.iter().filter(has).filter(|_| shares && selected) {
                let message = format!(
                    "pool {name} frees {end} while {} has it by its sharing key: the next Service may be given the same \
                     address; no release from 1.15 to 1.19 is known to be free of this",
                    request.label()
                );
                let found = match turned.field() {
                    Some(text) => {
                        Found::on(turned.pool.object).field(turned.pool.object, "spec.allowFirstLastIPs", &text)
                    }
                    None => Found::on(turned.pool.object).key("spec.allowFirstLastIPs"),
                };
                let found = found
                    .link(request.label(), Some(request.object.place_of_name()))
                    .message(message)
                    .help("move the Service to another address first, in a change of its own");
                findings.add(after, found);
            }
        }
        // Who asks for an end without a key may have had it since the field was turned off under it.
        for request in before.requests.iter().filter(|request| request.responsible.is_ok()) {
            let Some(service) = request.service.known() else { continue };
            let keyless = Sharing::of(service, &before.profile).key.is_none();
            let asks = |end: &std::net::IpAddr| request.requested.addresses.iter().any(|asked| asked.address == *end);
            for end in turned.ends.iter().filter(|end| keyless && asks(end)) {
                let what = format!("whether pool {name} frees {end} under {}", request.label());
                let because = "two revisions do not tell whether it got the address while the pool gave it out before";
                findings.not_checked(after, what, because, Some(turned.pool.object.place_of_name()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, pinned, pool_file, rule};
    use super::*;

    /// The scenario of `tests/oracle/cilium/cases/lbp604-end-freed-under-a-sharer.json`.
    fn case(version: &str, address: &str, key: &str) -> String {
        let config = format!("{CONFIG}  cilium: {{version: '{version}'}}\n");
        let pools = pool_file("<", "No") + &pool_file(">", "Yes") + &pinned("<>", address, key);
        format!("{pools}#> lbpools.yaml\n{config}#< lbpools.yaml\n{config}")
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("1.18", "10.0.0.9", "web"));
        rule(&RULE).passes(&case("1.18", "10.0.0.8", ""));
        rule(&RULE).passes(&case("1.20", "10.0.0.8", "web"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("1.18", "10.0.0.8", "web")).at("'Yes'").says("frees 10.0.0.8").times(1);
    }
}
