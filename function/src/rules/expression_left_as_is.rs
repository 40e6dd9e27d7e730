//! A `${…}` stands where Flux never substitutes.
//!
//! ## What it does
//!
//! Looks for names of the cluster's settings in places that keep their text: in the cluster's Flux Kustomizations when
//! whoever applies them fills nothing in (a Kustomization's variables are for what it applies, never for itself), in objects
//! that the bootstrap applies, in objects with the mark `kustomize.toolkit.fluxcd.io/substitute: disabled`, and in the
//! values of settings, which are put in as they are and not read again.
//!
//! ## Why is this bad?
//!
//! The cluster gets the expression itself: a path, name or address called `${CLUSTER}`.
//!
//! ## Example
//!
//! ```yaml
//! kind: Kustomization
//! metadata: {name: pools, namespace: flux-system}
//! spec:
//!   path: ./clusters/${CLUSTER}/pools
//!   postBuild: {substituteFrom: [{kind: ConfigMap, name: cluster-settings}]}
//! ```
//!
//! ## What to do
//!
//! Write the value, or let the Kustomization that applies the object substitute; take the mark away; write settings out.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use super::setting_undefined::decides_about_addresses;
use crate::flux::mentions::{mentions, names};
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP420",
    name: "expression-left-as-is",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("expression_left_as_is.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live || view.cluster.entrypoint.is_none() {
        return;
    }
    let settings = &view.cluster.settings;
    for object in view.cluster.objects.iter().filter(|object| object.altered.is_none() && !object.substitutes()) {
        let flux = object.item.is("kustomize.toolkit.fluxcd.io", "Kustomization");
        // Of a Kustomization that fills nothing in there is a rule of its own.
        let own_rule = object.kustomization.is_some() && !object.variables.runs;
        if !(flux || decides_about_addresses(object.item) && !own_rule) {
            continue;
        }
        for mention in mentions(object) {
            // A patch ends up in what the Kustomization applies, and there it is substituted.
            if flux && mention.path.starts_with("spec.patches") {
                continue;
            }
            let own: Vec<String> = names(&mention.text.written, object);
            let Some(name) = own.iter().find(|name| settings.by_name.contains_key(*name)) else { continue };
            let why = match (&object.kustomization, object.variables.runs) {
                (_, true) => "it is marked as not to be substituted".to_owned(),
                (Some(applier), false) => format!("Kustomization {applier}, which applies it, fills nothing in"),
                (None, false) => "the bootstrap applies it, which fills nothing in".to_owned(),
            };
            let found = Found::on(object)
                .expression(object, mention.path.clone(), &mention.text)
                .current(mention.text.written.clone())
                .message(format!("{name} is not put in here: {why}"))
                .help("write the value, or let whoever applies it substitute");
            findings.add(view, found);
        }
    }
    let mut said = BTreeSet::new();
    for object in view.cluster.objects.iter().filter(|o| decides_about_addresses(o.item) && o.substitutes()) {
        for mention in mentions(object) {
            for name in &mention.text.variables {
                let Some(variable) = object.variables.by_name.get(name) else { continue };
                let Some(value) = variable.value.known().filter(|value| value.contains("${")) else { continue };
                if said.insert((name.clone(), variable.holder.clone())) {
                    let found = Found::on(object)
                        .place(variable.at.clone())
                        .key(name.clone())
                        .current(value.clone())
                        .message(format!("the value of {name} holds an expression, and Flux puts values in as they are"))
                        .help("write the value out")
                        .link("where it is put in", Some(object.place(&mention.text.span)));
                    findings.add(view, found);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    use super::super::cases::POOL_FILE;

    fn case(path: &str, more: &str) -> String {
        wired(&format!("{more}#> clusters/one/ks.yaml\nKS pools {path}\n{POOL_FILE}"))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("./pools", ""));
        // Its parent substitutes.
        let parent = "#> clusters/one/ks.yaml\nKS parent ./parent\n#> parent/ks.yaml\nKS pools './${CLUSTER}'\n#> one/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
        rule(&RULE).passes(&wired(parent));
        // Nobody's setting.
        rule(&RULE).passes(&case("'./${SHELL}'", ""));
        // A patch is text for what it applies.
        rule(&RULE).passes(&wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools patches: [{{patch: 'a: ${{CLUSTER}}', target: {{kind: Deployment}}}}]\n{POOL_FILE}")));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("'./${CLUSTER}'", "")).at("'./${CLUSTER}'").says("fills nothing in").times(1);
        let marked = case("./pools", "").replace("name: pool\n", "name: pool\n  annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n");
        rule(&RULE).fails(&marked).at("${START}").says("marked").times(1);
        rule(&RULE).fails(&case("./pools", "").replace("START: 10.0.0.1", "START: 10.0.${CLUSTER}.1")).at("10.0.${CLUSTER}.1").says("as they are").times(1);
        // The bootstrap applies a pool of the entry point: its own Kustomization has no variables.
        let own = "#> clusters/one/pool.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: a, annotations: {lbipam.cilium.io/ips: '${START}'}}\n";
        let text = case("./pools", own);
        let bare = text.replace("kind: Kustomization\nmetadata: {name: flux-system,", "kind: Other\nmetadata: {name: flux-system,");
        rule(&RULE).fails(&bare).says("the bootstrap").times(1);
    }
}
