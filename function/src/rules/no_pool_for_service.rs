//! A Service that asks for any address, and no pool serves it.
//!
//! ## What it does
//!
//! Looks for an enabled pool that selects each Service of type LoadBalancer which asks for no particular address, for
//! each family that it wants.
//!
//! ## Why is this bad?
//!
//! The Service stays pending with reason `no_pool`. With two families it gets the one address and misses the other,
//! and its condition is False all the same.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! spec:
//!   blocks: [{cidr: 10.25.11.112/29}]
//!   serviceSelector: {matchLabels: {lb-pool: internal}}    # the only pool
//! ---
//! kind: Service
//! metadata: {name: registry}                                # without that label
//! spec: {type: LoadBalancer}
//! ```
//!
//! ## What to do
//!
//! Give the Service a label that a pool selects, or a pool that selects it.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::Family;
use crate::cilium::request::families;
use crate::cluster::ClusterView;
use crate::cluster::serving::PoolIndex;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP310",
    name: "no-pool-for-service",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("no_pool_for_service.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live {
        return;
    }
    let index = PoolIndex::of(view);
    if index.incomplete.is_some() {
        return;
    }
    // Most pools select everybody; then there is nothing to look up.
    let open = |family: Family| {
        index.pools.iter().any(|serving| {
            serving.selects_all()
                && serving.pool.disabled.known() == Some(&false)
                && !serving.assignable.of(family).is_empty()
        })
    };
    let open = [Family::V4, Family::V6].map(|family| (family, open(family)));
    for request in &view.requests {
        // What it asked for and was not heard is a finding of its own.
        let asks = !request.requested.addresses.is_empty() || !request.requested.ignored.is_empty();
        if request.responsible.is_err() || asks {
            continue;
        }
        let Some(service) = request.service.known() else { continue };
        let wanted = families(service, &view.flags);
        if open.iter().all(|(family, open)| *open || !wanted.has(*family)) {
            continue;
        }
        let labels = service.selectable_labels();
        let unserved: Vec<String> = wanted
            .iter()
            .filter(|family| index.serves(*family, &labels) == Some(false))
            .map(|family| family.to_string())
            .collect();
        if unserved.is_empty() {
            continue;
        }
        let families = unserved.join(" and ");
        let message = format!(
            "no enabled pool with {families} addresses selects {}: it will stay without one (no_pool)",
            request.label()
        );
        let help = "give it a label that a pool selects, or add a pool that selects it";
        findings.add(view, Found::on(request.object).message(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool, rule};
    use super::*;

    fn case(pool: &str, spec: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: internal\nspec: {pool}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata:\n  name: registry\n  namespace: home\n  \
             labels: {{tier: internal}}\nspec: {spec}\n"
        )
    }

    fn selecting(labels: &str) -> String {
        format!("{{blocks: [{{cidr: 10.0.0.0/24}}], serviceSelector: {{matchLabels: {{{labels}}}}}}}")
    }

    #[test]
    fn pass() {
        const ANY: &str = "{type: LoadBalancer}";
        rule(&RULE).passes(&case("{blocks: [{cidr: 10.0.0.0/24}]}", ANY));
        rule(&RULE).passes(&case(&selecting("tier: internal"), ANY));
        rule(&RULE).passes(&case(&selecting("tier: '${ELSEWHERE}'"), ANY));
        rule(&RULE).passes(&case(&selecting("tier: other"), "{type: ClusterIP}"));
        rule(&RULE).passes(&case(&selecting("tier: other"), "{type: LoadBalancer, loadBalancerIP: 10.0.0.1}"));
        // Another pool, of which not all is known.
        let unknown = case(&selecting("tier: other"), ANY) + "---\n" + &pool("[{cidr: '${ELSEWHERE}'}]");
        rule(&RULE).passes(&unknown);
        // No pools in the input: they stand elsewhere.
        rule(&RULE).passes("apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec: {type: LoadBalancer}\n");
    }

    #[test]
    fn fail() {
        const ANY: &str = "{type: LoadBalancer}";
        rule(&RULE).fails(&case(&selecting("tier: other"), ANY)).at("registry").says("IPv4").times(1);
        rule(&RULE).fails(&case("{blocks: [{cidr: 10.0.0.0/24}], disabled: true}", ANY)).times(1);
        let v6 = "{type: LoadBalancer, ipFamilies: [IPv6]}";
        rule(&RULE).fails(&case("{blocks: [{cidr: 10.0.0.0/24}]}", v6)).says("IPv6").times(1);
    }
}
