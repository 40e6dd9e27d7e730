//! Something stands on a Gateway that only its Service could use.
//!
//! ## What it does
//!
//! Looks for annotations of LB-IPAM in the `metadata` of a Gateway, and for pools that select a Gateway without a
//! requested address by labels that stand there.
//!
//! ## Why is this bad?
//!
//! Cilium copies nothing of a Gateway's `metadata` to the Service that it makes. LB-IPAM only sees that Service: it hears
//! no request, and the Gateway gets its address from another pool or from none (#42994, #36792).
//!
//! ## Example
//!
//! ```yaml
//! kind: Gateway
//! metadata:
//!   annotations: {lbipam.cilium.io/ips: 10.25.11.100}
//! ```
//!
//! ## What to do
//!
//! Write labels and annotations under `spec.infrastructure`, or ask for the address in `spec.addresses` (from 1.17).

use super::asked_annotations::{entries, exists};
use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::requests::{Asker, Request};
use crate::cluster::serving::PoolIndex;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP320",
    name: "gateway-metadata-not-copied",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("gateway_metadata_not_copied.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let gateways: Vec<&Request<'_, '_>> =
        view.requests.iter().filter(|r| r.asker == Asker::Gateway && r.responsible.is_ok()).collect();
    if gateways.is_empty() {
        return;
    }
    let index = PoolIndex::of(view);
    for request in gateways {
        annotations(view, request, findings);
        if view.live {
            labels(view, request, &index, findings);
        }
    }
}

fn annotations(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, findings: &mut Findings<'_>) {
    let object = request.object;
    for (key, value) in entries(object, &["metadata", "annotations"]) {
        let Some(written) = key.known().filter(|key| exists(key)) else { continue };
        // Said again where it counts.
        let counts = object.text_at(&["spec", "infrastructure", "annotations", written]);
        let heard = value.known().is_some_and(|value| {
            !request.requested.addresses.is_empty()
                && value.split(',').all(|entry| request.requested.addresses.iter().any(|a| a.address.to_string() == entry.trim()))
        });
        if heard || counts.is_some_and(|text| text.known() == value.known()) {
            continue;
        }
        let message = format!("{} says {written} in its metadata, which Cilium does not copy to its Service", request.label());
        let found = Found::on(object).field(object, format!("metadata.annotations[{written}]"), &value).message(message);
        findings.add(view, found.help("write it under spec.infrastructure.annotations"));
    }
}

/// A pool that would select the Service if it had the Gateway's labels. With a pin LBP304 tells.
fn labels(
    view: &ClusterView<'_, '_>,
    request: &Request<'_, '_>,
    index: &PoolIndex<'_, '_, '_>,
    findings: &mut Findings<'_>,
) {
    let (Some(service), Some(own)) = (request.service.known(), request.object.labels().known().cloned()) else { return };
    if !request.requested.addresses.is_empty() || own.is_empty() {
        return;
    }
    let seen = service.selectable_labels();
    let mut copied = own;
    copied.extend(seen.clone());
    for serving in &index.pools {
        if serving.selects(&seen) != Some(false) || serving.selects(&copied) != Some(true) {
            continue;
        }
        let message = format!(
            "pool {} selects labels of {} that Cilium does not copy to its Service, so the pool does not serve it",
            serving.pool.label(),
            request.label()
        );
        let found = Found::on(request.object)
            .link(format!("pool {}", serving.pool.label()), Some(serving.pool.object.place_of_name()));
        findings.add(view, found.message(message).help("write these labels under spec.infrastructure.labels"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(metadata: &str, spec: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {{name: edge}}\nspec: {{blocks: [{{cidr: \
             10.0.0.8/29}}], serviceSelector: {{matchLabels: {{tier: edge}}}}}}\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: public\n  {metadata}\n\
             spec: {{gatewayClassName: cilium{spec}}}\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("labels: {team: web}", ""));
        rule(&RULE).passes(&case("labels: {tier: edge}", ", infrastructure: {labels: {tier: edge}}"));
        rule(&RULE).passes(&case("annotations: {lbipam.cilium.io/ips: 10.0.0.9}", ", addresses: [{value: 10.0.0.9}]"));
        // Another controller's Gateway.
        let envoy = case("annotations: {lbipam.cilium.io/ips: 10.0.0.9}", "").replace("gatewayClassName: cilium", "gatewayClassName: envoy");
        rule(&RULE).passes(&envoy);
    }

    #[test]
    fn fail() {
        let pinned = case("annotations: {lbipam.cilium.io/ips: 10.0.0.9}", "");
        rule(&RULE).fails(&pinned).at("10.0.0.9").says("does not copy").times(1);
        rule(&RULE).fails(&case("labels: {tier: edge}", "")).at("public").says("pool edge").times(1);
    }
}
