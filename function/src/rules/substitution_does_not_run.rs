//! An object uses settings, and the Flux Kustomization that applies it fills none in.
//!
//! ## What it does
//!
//! Looks at pools, Services, Gateways and announcements that mention a `${NAME}` of the cluster's settings and are
//! applied by a Flux Kustomization without `postBuild`, or whose `postBuild` holds no variable.
//!
//! ## Why is this bad?
//!
//! The text reaches the cluster as it stands: a block is called `${CILIUM_LB_POOL_START}`, which is no address.
//! Variables are not inherited: each Kustomization names its own sources.
//!
//! ## Example
//!
//! ```yaml
//! kind: Kustomization
//! metadata: {name: cilium, namespace: flux-system}
//! spec:
//!   path: ./kubernetes/infrastructure/networking/cilium     # and no postBuild
//! ```
//!
//! ## What to do
//!
//! Add `postBuild.substituteFrom` with the settings ConfigMap to the Kustomization.

use std::collections::BTreeSet;

use super::finding::{Findings, Found};
use super::setting_undefined::decides_about_addresses;
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::flux::mentions::{mentions, names};
use crate::flux::object::Object;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP403",
    name: "substitution-does-not-run",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("substitution_does_not_run.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live {
        return;
    }
    let settings = &view.cluster.settings;
    // One mistake a Kustomization, however many objects it applies.
    let mut said: BTreeSet<&str> = BTreeSet::new();
    for object in view.cluster.objects.iter().filter(|o| decides_about_addresses(o.item) && o.altered.is_none()) {
        let Some(kustomization) = object.kustomization.as_deref() else { continue };
        if object.variables.runs || said.contains(kustomization) {
            continue;
        }
        let known = |text: &str| names(text, object).into_iter().find(|name| settings.by_name.contains_key(name));
        let Some((mention, name)) = mentions(object).into_iter().find_map(|m| known(&m.text.written).map(|n| (m, n)))
        else {
            continue;
        };
        said.insert(kustomization);
        let applied_by = flux_kustomization(view, kustomization);
        let message = format!(
            "Kustomization {kustomization} fills in no settings, so the cluster gets {:?} as it stands",
            mention.text.written
        );
        let holder = settings.by_name.get(&name).map_or_else(String::new, |variable| variable.holder.clone());
        let found = Found::on(object)
            .field(object, mention.path.clone(), &mention.text)
            .message(message)
            .help(format!("add postBuild.substituteFrom with the {holder} to Kustomization {kustomization}"))
            .link(
                format!("Kustomization {kustomization} applies it"),
                applied_by.map(|kustomization| kustomization.place_of_name()),
            );
        findings.add(view, found);
    }
}

fn flux_kustomization<'v, 'a, 't>(view: &'v ClusterView<'a, 't>, name: &str) -> Option<&'v Object<'a, 't>> {
    view.objects("kustomize.toolkit.fluxcd.io", "Kustomization").find(|object| {
        let namespace = object.namespace();
        format!("{}/{}", namespace.known().map_or("", String::as_str), object.resource().name) == name
    })
}

#[cfg(test)]
mod tests {
    use super::super::cases::{evaluated, rule};
    use super::*;

    fn case(kustomization: &str, block: &str) -> String {
        format!(
            "#> cluster/settings.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cluster-settings\n  \
             namespace: flux-system\ndata: {{START: 10.0.0.1}}\n#> cluster/cilium.yaml\n\
             apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: cilium\n  \
             namespace: flux-system\nspec: {{path: ./pools{kustomization}}}\n#> pools/pools.yaml\n\
             apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: a\nspec:\n  \
             blocks: [{{start: '{block}'}}]\n---\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\n\
             metadata:\n  name: b\nspec:\n  blocks: [{{start: '{block}'}}]\n"
        )
    }

    #[test]
    fn pass() {
        let from = ", postBuild: {substituteFrom: [{kind: ConfigMap, name: cluster-settings}]}";
        rule(&RULE).passes(&case(from, "${START}"));
        rule(&RULE).passes(&case("", "10.0.0.1"));
        // No setting of this cluster: nobody meant it for Flux.
        rule(&RULE).passes(&case("", "${OTHER}"));
    }

    #[test]
    fn fail() {
        let text = case("", "${START}");
        rule(&RULE).fails(&text).at("'${START}'").says("Kustomization flux-system/cilium").times(1);
        let report = evaluated(&text).report;
        let finding = report.findings.iter().find(|f| f.code == RULE.code).expect("found");
        let link = finding.chain.last().and_then(|link| link.at.as_ref()).expect("the Kustomization");
        assert_eq!(link.source, "cluster/cilium.yaml");
        rule(&RULE).fails(&case(", postBuild: {substitute: {}}", "${START}"));
    }
}
