//! A cluster gets the default of an expression where its sibling has a setting.
//!
//! ## What it does
//!
//! Looks at pools, Services, Gateways and announcements with `${KEY:-default}` in a cluster whose settings have no `KEY`,
//! while those of another cluster have.
//!
//! ## Why is this bad?
//!
//! A default is often a placeholder. The key was forgotten in one cluster, and Flux puts the placeholder in without a word.
//!
//! ## Example
//!
//! ```yaml
//! blocks:
//! - start: ${CILIUM_LB_POOL_START:-192.0.2.1}
//! ```
//!
//! ## What to do
//!
//! Add the key to the cluster's settings, with the default's value where that is what you want.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use super::setting_undefined::decides_about_addresses;
use crate::flux::mentions::mentions;
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP418",
    name: "default-instead-of-setting",
    category: Category::Wiring,
    severity: Severity::Warning,
    source: include_str!("default_instead_of_setting.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for view in views.iter().filter(|view| view.live) {
        let mut said = BTreeSet::new();
        let objects = view.cluster.objects.iter().filter(|object| decides_about_addresses(object.item));
        for object in objects.filter(|object| object.altered.is_none() && object.variables.open.is_none()) {
            for mention in mentions(object).iter().filter(|_| object.substitutes()) {
                for name in &mention.text.variables {
                    let set = object.variables.by_name.contains_key(name) || mention.text.undefined.contains(name);
                    let sibling = views.iter().filter(|other| other.live && !std::ptr::eq(*other, view)).find_map(|other| {
                        Some((&other.cluster.name, other.cluster.settings.by_name.get(name)?))
                    });
                    let Some((other, variable)) = sibling.filter(|_| !set && said.insert(name.clone())) else { continue };
                    let value = mention.text.known().unwrap_or_default();
                    let found = Found::on(object)
                        .field(object, mention.path.clone(), &mention.text)
                        .message(format!("cluster {} has no {name} and gets {value:?} by default, while cluster {other} sets it", view.cluster.name));
                    let found = found.link(format!("cluster {other} sets {name}"), variable.at.clone());
                    findings.add(view, found.help(format!("add {name} to the settings of cluster {}", view.cluster.name)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    fn case(start: &str, stop: &str) -> String {
        let pool = format!("#> pools/pool.yaml\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {{name: p}}\nspec:\n  blocks: [{{start: '{start}', stop: '{stop}'}}]\n");
        let other = "#> clusters/two/cluster-settings.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cluster-settings, namespace: flux-system}\ndata: {CLUSTER: two, START: 10.0.1.1, STOP: 10.0.1.9}\n#> clusters/two/ks.yaml\nKS pools ./pools\n";
        wired(&format!("{other}#> clusters/one/ks.yaml\nKS pools ./pools\n{pool}"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("${START:-10.0.0.1}", "10.0.0.9"));
        rule(&RULE).passes(&case("${START}", "${NOBODY:-10.0.0.9}"));
        // Without a default it is simply undefined.
        rule(&RULE).passes(&case("${START}", "${STOP}"));
    }

    #[test]
    fn fail() {
        let found = rule(&RULE).fails(&case("${START}", "${STOP:-10.0.0.9}")).at("'${STOP:-10.0.0.9}'").says("10.0.0.9").times(1);
        assert_eq!(found.findings[0].cluster.as_deref(), Some("one"));
    }
}
