//! The pool that holds a Gateway's address does not give it to the Gateway.
//!
//! ## What it does
//!
//! Looks at the pools that hold the address of a Gateway. At least one must be enabled, select the Service that
//! Cilium makes of the Gateway, and hand out that very address; and where the config names the pool that the address
//! must come from, it must be that one.
//!
//! ## Why is this bad?
//!
//! A selector sees the Service `cilium-gateway-NAME`, not the Gateway: labels of the Gateway are not copied to it.
//! The Service then stays pending with reason `pool_selector_mismatch`; `no_pool` when the pool is disabled,
//! `already_allocated` when the address is the first or last of a block and `allowFirstLastIPs` keeps it back.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! spec:
//!   blocks: [{cidr: 10.25.11.100/32}]
//!   serviceSelector:
//!     matchLabels: {lb-pool: gateway}     # a label of the Gateway
//! ```
//!
//! ## What to do
//!
//! Select what the Service has: `io.kubernetes.service.namespace`, `io.kubernetes.service.name`, or a label that the
//! Gateway sets under `spec.infrastructure.labels`.

use super::finding::{Findings, Found};
use super::gateway_addresses::{GatewayAddress, gateway_addresses};
use super::{Check, Rule};
use crate::cilium::sharing::Sharing;
use crate::cluster::ClusterView;
use crate::cluster::pools::PoolView;
use crate::cluster::serving::{Held, PoolIndex, Serving};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP304",
    name: "gateway-pool-cannot-serve",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("gateway_pool_cannot_serve.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live {
        return;
    }
    let index = PoolIndex::of(view);
    for gateway in gateway_addresses(view) {
        if let Some(found) = refused(view, &index, &gateway).or_else(|| from_another(view, &index, &gateway)) {
            findings.add(view, found);
        }
    }
}

fn refused(view: &ClusterView<'_, '_>, index: &PoolIndex<'_, '_, '_>, gateway: &GatewayAddress<'_, '_, '_>)
-> Option<Found> {
    let service = gateway.request.as_ref().and_then(|(request, _)| request.service.known());
    let address = gateway.address;
    let (serving, why, help) = match index.held(address, service) {
        Held::Disabled(serving) => (serving, "is disabled (no_pool)".to_owned(), "enable the pool".to_owned()),
        // With a sharing key it is handed out, or ends the operator: LBP601.
        Held::Reserved(_) if service.is_some_and(|s| Sharing::of(s, &view.profile).key.is_some()) => return None,
        Held::Reserved(serving) => (
            serving,
            "never gives the first and the last address of this block (already_allocated)".to_owned(),
            "say allowFirstLastIPs: \"Yes\", or take an address in between".to_owned(),
        ),
        Held::NotSelected(serving) => (
            serving,
            format!(
                "does not select its Service {} (pool_selector_mismatch){}",
                service.map(|service| service.key.to_string()).unwrap_or_default(),
                if selects_the_gateway_itself(serving, gateway) {
                    ": the labels that it selects stand on the Gateway, and Cilium does not copy them"
                } else {
                    ""
                }
            ),
            selectable(gateway),
        ),
        Held::Served(_) | Held::Nowhere | Held::Unknown => return None,
    };
    let message = format!("{} asks for {address}, but pool {} {why}", gateway.label(), serving.pool.label());
    Some(finding(view, gateway, serving.pool, message, help))
}

fn finding(
    view: &ClusterView<'_, '_>,
    gateway: &GatewayAddress<'_, '_, '_>,
    pool: &PoolView<'_, '_>,
    message: String,
    help: String,
) -> Found {
    let at = Some(pool.object.place_of_name());
    gateway.found(view).message(message).help(help).link(format!("pool {}", pool.label()), at)
}

fn selectable(gateway: &GatewayAddress<'_, '_, '_>) -> String {
    match gateway.request.as_ref().and_then(|(request, _)| request.service.known()) {
        Some(service) => format!(
            "let the pool select io.kubernetes.service.namespace: {}, or a label that the Gateway sets under \
             spec.infrastructure.labels",
            service.key.namespace
        ),
        None => "let the pool select the Service of the Gateway".into(),
    }
}

/// Whether the selector fits the labels that stand on the Gateway itself.
fn selects_the_gateway_itself(serving: &Serving<'_, '_, '_>, gateway: &GatewayAddress<'_, '_, '_>) -> bool {
    let Some((request, _)) = &gateway.request else { return false };
    let (Some(service), Some(own)) = (request.service.known(), request.object.labels().known().cloned()) else {
        return false;
    };
    let mut labels = own;
    labels.extend(service.selectable_labels());
    serving.selects(&labels) == Some(true)
}

/// The config says which pool the address comes from, and it comes from another.
fn from_another(view: &ClusterView<'_, '_>, index: &PoolIndex<'_, '_, '_>, gateway: &GatewayAddress<'_, '_, '_>)
-> Option<Found> {
    let wanted = gateway.planned?.pool.as_deref()?;
    // A pool that is not there is missed elsewhere.
    if index.incomplete.is_some() || !index.pools.iter().any(|serving| serving.pool.label() == wanted) {
        return None;
    }
    let holding: Vec<&Serving<'_, '_, '_>> = index.holding(gateway.address).collect();
    let pool = holding.first()?.pool;
    if holding.iter().any(|serving| serving.pool.label() == wanted) {
        return None;
    }
    let message = format!(
        "{} asks for {}, which comes from pool {} and not from pool {wanted}, as the config says",
        gateway.label(),
        gateway.address,
        pool.label()
    );
    Some(finding(view, gateway, pool, message, format!("take an address of pool {wanted}")))
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(pool: &str, gateway: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: gateway\nspec: {pool}\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: public\n  namespace: network\n  \
             labels: {{lb-pool: gateway}}\nspec:\n  gatewayClassName: cilium\n  addresses: [{{value: 10.0.0.8}}]\n  \
             {gateway}\n"
        )
    }

    fn selecting(labels: &str) -> String {
        format!("{{blocks: [{{cidr: 10.0.0.8/32}}], serviceSelector: {{matchLabels: {{{labels}}}}}}}")
    }

    #[test]
    fn pass() {
        for labels in [
            "io.kubernetes.service.namespace: network",
            "io.kubernetes.service.name: cilium-gateway-public",
            "io.cilium.gateway/owning-gateway: public",
            "lb-pool: '${ELSEWHERE}'",
        ] {
            rule(&RULE).passes(&case(&selecting(labels), ""));
        }
        rule(&RULE).passes(&case(&selecting("lb-pool: gateway"), "infrastructure: {labels: {lb-pool: gateway}}"));
        rule(&RULE).passes(&case("{blocks: [{cidr: 10.0.0.8/31}], allowFirstLastIPs: 'No'}", ""));
    }

    #[test]
    fn fail() {
        let case = |pool: &str| case(pool, "");
        let missed = case(&selecting("lb-pool: gateway"));
        rule(&RULE).fails(&missed).at("10.0.0.8").says("does not copy").says("pool_selector_mismatch").times(1);
        rule(&RULE).fails(&case("{blocks: [{cidr: 10.0.0.0/24}], disabled: true}")).says("disabled").times(1);
        rule(&RULE).fails(&case("{blocks: [{cidr: 10.0.0.8/30}], allowFirstLastIPs: 'No'}")).says("first").times(1);
    }

    #[test]
    fn another_pool_than_the_config_says() {
        let config = "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata:\n  name: p\nspec:\n  \
             pools:\n  - {name: door, blocks: [{cidr: 10.0.1.0/24}]}\n  - {name: gateway, blocks: [{cidr: 10.0.0.0/24}]}\n  \
             gateways: [{address: 10.0.0.8, pool: door}]\n---\n";
        let door = super::super::cases::pool_named("door", "[{cidr: 10.0.1.0/24}]");
        let text = format!("{config}{door}---\n{}", case("{blocks: [{cidr: 10.0.0.0/24}]}", ""));
        rule(&RULE).fails(&text).says("not from pool door").times(1);
        rule(&RULE).passes(&text.replace("pool: door}]", "pool: gateway}]"));
    }
}
