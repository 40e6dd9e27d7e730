//! A Service asks for an address that no pool of its cluster holds.
//!
//! ## What it does
//!
//! Looks for every address that a Service asks for, in `spec.loadBalancerIP` and in the annotations
//! `lbipam.cilium.io/ips` and `io.cilium/lb-ipam-ips`, among the pools of the same cluster.
//!
//! ## Why is this bad?
//!
//! LB-IPAM never falls back to another address: the Service stays pending with reason `no_pool`, although its pools
//! may have room.
//!
//! ## Example
//!
//! ```yaml
//! # the only pool: 10.25.11.100 - 10.25.11.119
//! metadata:
//!   annotations:
//!     lbipam.cilium.io/ips: 10.25.11.200
//! ```
//!
//! ## What to do
//!
//! Ask for an address that a pool holds, or add a block that holds this one.

use super::finding::{Findings, Found};
use super::gateway_addresses::written;
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::requests::Asker;
use crate::cluster::serving::{Held, PoolIndex};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP305",
    name: "pin-in-no-pool",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pin_in_no_pool.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live || view.requests.is_empty() {
        return;
    }
    let index = PoolIndex::of(view);
    if let Some(why) = &index.incomplete {
        findings.not_checked(view, "whether every requested address lies in a pool", why.clone(), None);
        return;
    }
    for request in view.requests.iter().filter(|r| r.asker != Asker::Gateway && r.responsible.is_ok()) {
        for asked in request.requested.addresses.iter().filter(|asked| asked.zone.is_none()) {
            if !matches!(index.held(asked.address, None), Held::Nowhere) {
                continue;
            }
            let Some((path, text)) = written(request, asked) else { continue };
            let message = format!(
                "{} asks for {}, which lies in no pool of this cluster: it will stay without that address (no_pool)",
                request.label(),
                asked.address
            );
            let found = Found::on(request.object).field(request.object, path.clone(), text).message(message);
            findings.add(view, found.help(held_addresses(&index)));
        }
    }
}

fn held_addresses(index: &PoolIndex<'_, '_, '_>) -> String {
    const MOST: usize = 3;
    let mut ranges: Vec<String> =
        index.pools.iter().flat_map(|serving| serving.assignable.iter()).map(ToString::to_string).collect();
    let more = ranges.len() > MOST;
    ranges.truncate(MOST);
    let rest = if more { " and others" } else { "" };
    format!("ask for an address of a pool ({}{rest}), or add a block that holds this one", ranges.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool, pool_named, rule};
    use super::*;

    fn service(fields: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n  namespace: home\n  {fields}\n---\n{}",
            pool("[{start: 10.0.0.10, stop: 10.0.0.30}]")
        )
    }

    fn pinned(annotation: &str) -> String {
        service(&format!("annotations: {{{annotation}}}\nspec: {{type: LoadBalancer}}"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&pinned("lbipam.cilium.io/ips: 10.0.0.10"));
        rule(&RULE).passes(&pinned("io.cilium/lb-ipam-ips: '10.0.0.10, 10.0.0.30'"));
        rule(&RULE).passes(&pinned("lbipam.cilium.io/ips: '${ELSEWHERE}'"));
        rule(&RULE).passes(&service("annotations: {lbipam.cilium.io/ips: 10.0.0.200}\nspec: {type: ClusterIP}"));
        let foreign = "annotations: {lbipam.cilium.io/ips: 10.0.0.200}\nspec: {type: LoadBalancer, loadBalancerClass: x}";
        rule(&RULE).passes(&service(foreign));
        // Another pool may hold it.
        let other = pool_named("other", "[{cidr: '${ELSEWHERE}'}]");
        rule(&RULE).passes(&format!("{}---\n{other}", pinned("lbipam.cilium.io/ips: 10.0.0.200")));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&pinned("lbipam.cilium.io/ips: 10.0.0.200")).at("10.0.0.200").says("no_pool").times(1);
        rule(&RULE).fails(&pinned("io.cilium/lb-ipam-ips: 10.0.0.9")).at("10.0.0.9").times(1);
        let list = pinned("lbipam.cilium.io/ips: '10.0.0.9,10.0.0.10,10.0.0.31'");
        rule(&RULE).fails(&list).at("'10.0.0.9,10.0.0.10,10.0.0.31'").says("10.0.0.9,").times(2);
        rule(&RULE).fails(&service("\nspec: {type: LoadBalancer, loadBalancerIP: 10.0.0.9}")).at("10.0.0.9").times(1);
    }
}
