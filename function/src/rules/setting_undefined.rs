//! A setting that nothing sets.
//!
//! ## What it does
//!
//! Looks at every `${NAME}` without a default in pools, Services, Gateways and announcements that a cluster applies,
//! and in the Gateway addresses of the config, and finds the names that this cluster does not set.
//!
//! ## Why is this bad?
//!
//! Flux 2.9 and newer fails the whole Kustomization: nothing of it is applied. Older Flux puts nothing in its place: a
//! block loses its end, a pin becomes any address.
//!
//! ## Example
//!
//! ```yaml
//! # cluster-settings has CILIUM_LB_POOL_START and CILIUM_LB_POOL_END
//! blocks:
//! - start: ${CILIUM_LB_POOL_START}
//!   stop: ${CILIUM_LB_POOL_STOP}
//! ```
//!
//! ## What to do
//!
//! Use the name that the settings use, add the key to the settings of the cluster, or write a default:
//! `${NAME:-value}`.

use std::collections::BTreeSet;

use super::finding::{Findings, Found};
use super::gateway_addresses::{on_planned, planned_text};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::config::closest::closest;
use crate::flux::mentions::{Mention, mentions};
use crate::flux::object::Object;
use crate::flux::variables::Variables;
use crate::krm::item::Item;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP401",
    name: "setting-undefined",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("setting_undefined.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    for view in views.iter().filter(|view| view.live) {
        // What the network plan has a value for is proposed by `setting-missing`, once and not per field.
        let mut said: BTreeSet<String> = view.asked.settings.iter().map(|needed| needed.key.clone()).collect();
        let proposed = said.clone();
        // A patch may put something else there.
        for object in view.cluster.objects.iter().filter(|o| decides_about_addresses(o.item) && o.altered.is_none()) {
            let mentions = mentions(object);
            for mention in &mentions {
                let names: BTreeSet<&String> = mention.text.undefined.iter().collect();
                for name in names.into_iter().filter(|name| !proposed.contains(*name)) {
                    let used: BTreeSet<&str> =
                        mentions.iter().flat_map(|m| &m.text.variables).map(String::as_str).collect();
                    findings.add(view, in_object(views, view, object, mention, name, &used));
                    said.insert(name.clone());
                }
            }
        }
        for gateway in &view.plan.gateways {
            let text = planned_text(gateway, &view.cluster.settings);
            let settings = &view.cluster.settings;
            for name in text.undefined.iter().filter(|name| said.insert((*name).clone())) {
                let message = format!("the config gives a Gateway the address {}, and nothing sets {name}", text.written);
                let found = on_planned(view, &text).message(message).help(help(settings, name, &BTreeSet::new()));
                findings.add(view, with_siblings(found, views, view, name));
            }
        }
    }
}

/// Whether an object is of a kind that decides who gets which address.
pub fn decides_about_addresses(item: &Item<'_>) -> bool {
    item.group() == "cilium.io" || item.is("", "Service") || item.is("gateway.networking.k8s.io", "Gateway")
}

fn in_object(
    views: &[ClusterView<'_, '_>],
    view: &ClusterView<'_, '_>,
    object: &Object<'_, '_>,
    mention: &Mention,
    name: &str,
    used: &BTreeSet<&str>,
) -> Found {
    let what = match &object.kustomization {
        Some(kustomization) => format!("all of Kustomization {kustomization}"),
        None => "the whole Kustomization".into(),
    };
    let outcome = match view.cluster.dialect {
        None => format!("Flux 2.9 and newer refuses {what}, older Flux puts nothing in its place"),
        Some(dialect) if dialect.strict => format!("its Flux refuses {what}"),
        Some(_) => "its Flux puts nothing in its place".to_owned(),
    };
    let message = format!("nothing sets {name} in this cluster: {outcome}");
    let found = Found::on(object)
        .field(object, mention.path.clone(), &mention.text)
        .current(mention.text.written.clone())
        .message(message)
        .help(help(&object.variables, name, used));
    let found = with_siblings(found, views, view, name);
    match view.cluster.settings_object {
        Some((document, item)) => {
            let data = item.tree().get("data").map_or(item.span.start, |data| data.span.start);
            found.link(format!("setting {name} belongs here"), Some(document.place(item, &(data..data))))
        }
        None => found,
    }
}

/// The closest known name, before all one that the object does not use anyway.
fn help(variables: &Variables, name: &str, used: &BTreeSet<&str>) -> String {
    let known: Vec<&str> = variables.by_name.keys().map(String::as_str).collect();
    let unused: Vec<&str> = known.iter().copied().filter(|name| !used.contains(name)).collect();
    match closest(name, &unused).or_else(|| closest(name, &known)) {
        Some(meant) => format!("did you mean {meant}? Otherwise add {name} to the settings of this cluster"),
        None => format!("add {name} to the settings of this cluster, or write a default: ${{{name}:-value}}"),
    }
}

/// Where other clusters set it.
fn with_siblings(mut found: Found, views: &[ClusterView<'_, '_>], view: &ClusterView<'_, '_>, name: &str) -> Found {
    for other in views.iter().filter(|other| other.live && !std::ptr::eq(*other, view)) {
        if let Some(variable) = other.cluster.settings.by_name.get(name) {
            found = found.link(format!("cluster {} sets {name}", other.cluster.name), variable.at.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::cases::{evaluated, pool, rule};
    use super::*;

    fn settings(keys: &str) -> String {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cluster-settings\n  namespace: flux-system\n\
             data: {{{keys}}}\n---\n"
        )
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&(settings("A: 10.0.0.1") + &pool("[{start: '${A}'}]")));
        rule(&RULE).passes(&(settings("A: 10.0.0.1") + &pool("[{start: '${B:-10.0.0.2}'}]")));
        rule(&RULE).passes(&(settings("A: 10.0.0.1") + &pool("[{start: '$${B}'}]")));
        // The settings are not in the input.
        rule(&RULE).passes(&pool("[{start: '${A}'}]"));
    }

    #[test]
    fn fail() {
        let text = settings("CILIUM_LB_POOL_START: 10.0.0.1, CILIUM_LB_POOL_END: 10.0.0.9") + &pool("[{start: '${CILIUM_LB_POOL_START}', stop: '${CILIUM_LB_POOL_STOP}'}]");
        let found = rule(&RULE).fails(&text).at("'${CILIUM_LB_POOL_STOP}'").says("CILIUM_LB_POOL_STOP").times(1);
        assert!(found.findings[0].help.contains("did you mean CILIUM_LB_POOL_END?"), "{}", found.findings[0].help);
        assert_eq!(found.findings[0].field.as_deref(), Some("spec.blocks[0].stop"));
        let service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations: {lbipam.cilium.io/ips: '${X},${X}'}\n";
        rule(&RULE).fails(&(settings("A: b") + service)).at("'${X},${X}'").times(1);
    }

    #[test]
    fn the_version_of_flux_decides_what_becomes_of_it() {
        let text = |flux: &str| {
            let cluster = format!("#> c/s.yaml\n{}#> c/ks.yaml\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: \
                Kustomization\nmetadata: {{name: k, namespace: flux-system}}\nspec: {{path: ./p, postBuild: \
                {{substituteFrom: [{{kind: ConfigMap, name: cluster-settings}}]}}}}\n#> p/p.yaml\n", settings("A: b"));
            let config = format!("#> lbpools.yaml\napiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata: \
                {{name: p}}\nspec:\n  clusters: [{{name: c, entrypoint: c{flux}}}]\n");
            cluster + &pool("[{start: 10.0.0.1, stop: '${B}'}]") + &config
        };
        rule(&RULE).fails(&text("")).says("Flux 2.9 and newer refuses").times(1);
        rule(&RULE).fails(&text(", flux: {version: '2.8'}")).says("its Flux puts nothing in its place").times(1);
        rule(&RULE).fails(&text(", flux: {version: '2.9'}")).says("its Flux refuses").times(1);
        let gate = ", flux: {version: '2.9', strictPostBuildSubstitutions: false}";
        rule(&RULE).fails(&text(gate)).says("its Flux puts nothing in its place").times(1);
    }

    #[test]
    fn the_config_and_a_sibling() {
        let cluster = |name: &str, keys: &str| {
            format!(
                "#> {name}/settings.yaml\n{}#> {name}/ks.yaml\napiVersion: kustomize.toolkit.fluxcd.io/v1\n\
                 kind: Kustomization\nmetadata: {{name: k, namespace: flux-system}}\nspec: {{path: ./{name}}}\n",
                settings(keys)
            )
        };
        let config = "#> lbpools.yaml\napiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata: {name: p}\nspec:\n  \
                      clusters: [{name: a, entrypoint: a}, {name: b, entrypoint: b}]\n  \
                      pools: [{name: g, blocks: [{cidr: 10.0.0.0/24}]}]\n  gateways: [{address: '${GW}', pool: g}]\n";
        let text = cluster("a", "GW: 10.0.0.1") + &cluster("b", "OTHER: x") + config;
        rule(&RULE).fails(&text).says("nothing sets GW").times(1);
        let report = evaluated(&text).report;
        let finding = report.findings.iter().find(|f| f.code == RULE.code).expect("found");
        assert_eq!(finding.cluster.as_deref(), Some("b"));
        assert!(finding.chain.iter().any(|link| link.what == "cluster a sets GW" && link.at.is_some()));
    }
}
