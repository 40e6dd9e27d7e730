//! A settings key that the config's pools need and a cluster does not have.
//!
//! ## What it does
//!
//! Looks for every `${KEY}` of the config's pools and Gateways in each cluster's settings. Where the network plan
//! gives the key a value (the first free address of the cluster's ranges for a single address, the ends of what is
//! left for `start` and `stop`, the pieces of a `remainder` pool), it is proposed.
//!
//! ## Why is this bad?
//!
//! Flux puts nothing, or fails, where a variable is not set: the pool does not parse, and no Service of that
//! cluster gets an address from it.
//!
//! ## Example
//!
//! ```yaml
//! # the config says cidr: "${CILIUM_GATEWAY_LB_IP}/32"
//! data:
//!   CLUSTER: apps          # and no CILIUM_GATEWAY_LB_IP
//! ```
//!
//! ## What to do
//!
//! Add the key with the proposed value; `lbpools render --fix` does it.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP404",
    name: "setting-missing",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("setting_missing.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for needed in &view.asked.settings {
        let found = match view.cluster.settings_object {
            Some((document, item)) => {
                let span = item.tree().get("data").map_or(item.span.start..item.span.start, |data| data.span.clone());
                let at = document.place(item, &(span.start..span.start));
                Found::of(item.resource.clone()).place(Some(at))
            }
            None => Found::nowhere(),
        };
        let key = &needed.key;
        findings.add(
            view,
            found
                .key(format!("data.{key}"))
                .proposed(&needed.value)
                .message(format!("the settings have no {key}, which pool {} is made of", needed.pool))
                .help(format!("add {key}: {} to the settings; lbpools render --fix does it", needed.value)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    const CASE: &str = "apiVersion: lbpools.dev/v1alpha1
kind: LoadBalancerPools
metadata: {name: p}
spec:
  clusters:
  - {name: a, ranges: [10.0.0.10-10.0.0.19]}
  pools:
  - {name: gw, blocks: [{cidr: \"${GW}/32\"}]}
  - {name: rest, blocks: [{start: \"${FROM}\", stop: \"${TO}\"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-settings, namespace: flux-system}
data:
  CLUSTER: a
";

    #[test]
    fn pass() {
        rule(&RULE).passes(&format!("{CASE}  GW: 10.0.0.10\n  FROM: 10.0.0.11\n  TO: 10.0.0.19\n"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(CASE).times(3).proposes("10.0.0.10");
        rule(&RULE).fails(&format!("{CASE}  FROM: 10.0.0.11\n  TO: 10.0.0.19\n")).times(1).proposes("10.0.0.10");
    }
}
