//! A requested address that the next restart of the operator takes away.
//!
//! ## What it does
//!
//! Looks for Services that ask for an address of a pool which overlaps another pool or itself.
//!
//! ## Why is this bad?
//!
//! Cilium puts one of the overlapping pools out of force as a whole. Who has an address of it keeps it, and everything
//! looks healthy, until the operator restarts: an upgrade of Cilium, a drained node. Then the address is taken away and
//! cannot be had again (`no_pool`, or `pool_selector_mismatch` where the other pool holds it).
//!
//! ## Example
//!
//! ```yaml
//! # pools 10.25.11.100/28 and 10.25.11.104/30 in one cluster
//! metadata: {name: postgres, annotations: {lbipam.cilium.io/ips: 10.25.11.110}}
//! ```
//!
//! ## What to do
//!
//! Let the pools have nothing in common (LBP105, LBP106 say where they meet).

use super::finding::{Findings, Found};
use super::gateway_addresses::written;
use super::{Check, Rule};
use crate::cilium::Pool;
use crate::cilium::prediction::{Serving as Force, serving};
use crate::cluster::ClusterView;
use crate::cluster::pools::PoolView;
use crate::cluster::serving::{Held, PoolIndex, Serving};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP324",
    name: "address-lost-at-restart",
    category: Category::Correctness,
    severity: Severity::Warning,
    source: include_str!("address_lost_at_restart.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live || view.requests.iter().all(|request| request.requested.addresses.is_empty()) {
        return;
    }
    let models: Vec<Pool> = view.pools.iter().map(PoolView::model).collect();
    let forces = serving(&models, &view.profile);
    if !forces.iter().any(|force| matches!(force, Force::Undecided | Force::Conflicting)) {
        return;
    }
    let index = PoolIndex::of(view);
    let force = |held: &Serving<'_, '_, '_>| {
        let at = view.pools.iter().position(|pool| std::ptr::eq(pool, held.pool));
        at.and_then(|at| forces.get(at).copied())
    };
    for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
        for asked in request.requested.addresses.iter().filter(|asked| asked.zone.is_none()) {
            // What is refused anyway is another rule's.
            if !matches!(index.held(asked.address, request.service.known()), Held::Served(_)) {
                continue;
            }
            let holding: Vec<&Serving<'_, '_, '_>> = index.holding(asked.address).collect();
            let lost = holding.iter().all(|held| matches!(force(held), Some(Force::Undecided | Force::Conflicting)));
            let (Some(pool), true) = (holding.first(), lost) else { continue };
            let Some((path, text)) = written(request, asked) else { continue };
            let surely = holding.iter().all(|held| force(held) == Some(Force::Conflicting));
            let message = format!(
                "{} asks for {} of pool {}, which {} out of force for an overlap: who has the address loses it when the \
                 operator restarts",
                request.label(),
                asked.address,
                pool.pool.label(),
                if surely { "is" } else { "may be" }
            );
            let found = Found::on(request.object)
                .field(request.object, path.clone(), text)
                .link(format!("pool {}", pool.pool.label()), Some(pool.pool.object.place_of_name()));
            findings.add(view, found.message(message).help("let the pools have no address in common"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool_named, rule};
    use super::*;

    fn service(address: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: postgres\n  annotations: {{lbipam.cilium.io/ips: {address}}}\n\
             spec: {{type: LoadBalancer}}\n---\n"
        )
    }

    fn pools(other: &str) -> String {
        format!("{}---\n{}---\n", pool_named("one", "[{cidr: 10.0.0.0/28}]"), pool_named("two", other))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&(pools("[{cidr: 10.0.0.16/28}]") + &service("10.0.0.3")));
        let third = pools("[{cidr: 10.0.0.8/29}]") + &pool_named("three", "[{cidr: 10.0.1.0/24}]") + "---\n";
        rule(&RULE).passes(&(third + &service("10.0.1.3")));
    }

    #[test]
    fn fail() {
        let overlapping = pools("[{cidr: 10.0.0.8/29}]");
        rule(&RULE).fails(&(overlapping + &service("10.0.0.3"))).at("10.0.0.3").says("may be out of force").times(1);
        let itself = pool_named("one", "[{cidr: 10.0.0.0/28}, {start: 10.0.0.3}]") + "---\n" + &service("10.0.0.3");
        rule(&RULE).fails(&itself).says("is out of force").times(1);
    }
}
