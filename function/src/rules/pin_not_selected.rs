//! The pool that holds a requested address does not give it to the Service.
//!
//! ## What it does
//!
//! Looks at the pools that hold an address which a Service asks for. At least one must be enabled, select the Service,
//! and hand out that very address.
//!
//! ## Why is this bad?
//!
//! The Service stays pending: with reason `pool_selector_mismatch` when the selector misses it, `no_pool` when the
//! pool is disabled, `already_allocated` when the address is the first or last of a block and `allowFirstLastIPs`
//! keeps it back.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! spec:
//!   blocks: [{cidr: 10.25.11.112/29}]
//!   serviceSelector: {matchLabels: {lb-pool: internal}}
//! ---
//! kind: Service
//! metadata:
//!   annotations: {lbipam.cilium.io/ips: 10.25.11.113}     # and no such label
//! ```
//!
//! ## What to do
//!
//! Give the Service the labels that the pool selects, or ask for an address of a pool that selects it.

use super::finding::{Findings, Found};
use super::gateway_addresses::written;
use super::{Check, Rule};
use crate::cilium::sharing::Sharing;
use crate::cluster::ClusterView;
use crate::cluster::requests::Asker;
use crate::cluster::serving::{Held, PoolIndex, Serving};
use crate::flux::fact::Fact;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP308",
    name: "pin-not-selected",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pin_not_selected.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live {
        return;
    }
    let index = PoolIndex::of(view);
    for request in view.requests.iter().filter(|r| r.asker != Asker::Gateway && r.responsible.is_ok()) {
        let Some(service) = request.service.known() else { continue };
        for asked in request.requested.addresses.iter().filter(|asked| asked.zone.is_none()) {
            let (serving, why, help) = match index.held(asked.address, Some(service)) {
                Held::NotSelected(serving) => {
                    (serving, "does not select it (pool_selector_mismatch)", selected(serving))
                }
                Held::Disabled(serving) => (serving, "is disabled (no_pool)", "enable the pool".into()),
                // With a sharing key it is handed out, or ends the operator: LBP601.
                Held::Reserved(_) if Sharing::of(service, &view.profile).key.is_some() => continue,
                Held::Reserved(serving) => (
                    serving,
                    "never gives the first and the last address of this block (already_allocated)",
                    "say allowFirstLastIPs: \"Yes\", or ask for an address in between".into(),
                ),
                Held::Served(_) | Held::Nowhere | Held::Unknown => continue,
            };
            let Some((path, text)) = written(request, asked) else { continue };
            let (pool, address) = (serving.pool.label(), asked.address);
            let message = format!("{} asks for {address}, but pool {pool} {why}", request.label());
            let found = Found::on(request.object)
                .field(request.object, path.clone(), text)
                .link(format!("pool {pool}"), Some(serving.pool.object.place_of_name()));
            findings.add(view, found.message(message).help(help));
        }
    }
}

fn selected(serving: &Serving<'_, '_, '_>) -> String {
    match &serving.pool.selector {
        Fact::Known(Some(Ok(selector))) => {
            format!("the pool selects {selector}: give the Service these labels, or ask for another address")
        }
        _ => "ask for an address of a pool that selects the Service".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(pool: &str, labels: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: internal\nspec: {pool}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n  namespace: home\n  labels: {{{labels}}}\n  \
             annotations: {{lbipam.cilium.io/ips: 10.0.0.8}}\nspec: {{type: LoadBalancer}}\n"
        )
    }

    const SELECTING: &str = "{blocks: [{cidr: 10.0.0.8/29}], serviceSelector: {matchLabels: {tier: internal}}}";

    #[test]
    fn pass() {
        rule(&RULE).passes(&case(SELECTING, "tier: internal"));
        rule(&RULE).passes(&case("{blocks: [{cidr: 10.0.0.8/29}]}", ""));
        rule(&RULE).passes(&case("{blocks: [{start: 10.0.0.8}], allowFirstLastIPs: 'No'}", ""));
        rule(&RULE).passes(&case("{blocks: [{cidr: 10.0.0.8/29}], disabled: '${ELSEWHERE}'}", ""));
        rule(&RULE).passes(&case(SELECTING, "tier: '${ELSEWHERE}'"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case(SELECTING, "")).at("10.0.0.8").says("pool_selector_mismatch").times(1);
        rule(&RULE).fails(&case("{blocks: [{cidr: 10.0.0.8/29}], disabled: true}", "")).says("disabled").times(1);
        let ends = case("{blocks: [{cidr: 10.0.0.8/29}], allowFirstLastIPs: 'No'}", "");
        rule(&RULE).fails(&ends).says("first and the last").times(1);
    }
}
