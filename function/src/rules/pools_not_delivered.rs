//! A cluster needs pools, and nothing leads it to the file they are in.
//!
//! ## What it does
//!
//! Looks at clusters with an entry point that have no pools at all, or not those that lbpools made for all clusters, while
//! the input holds them: in a file that another cluster applies, or that nobody does. Says so when the cluster has a plan,
//! or Services and Gateways that ask for addresses.
//!
//! ## Why is this bad?
//!
//! The manifests look complete, and the cluster hands out no address: every Service of type LoadBalancer stays pending.
//!
//! ## Example
//!
//! ```yaml
//! # networking/cilium/kustomization.yaml, beside the directory ipam/ with pools.yaml in it
//! resources:
//! - bgp
//! ```
//!
//! ## What to do
//!
//! List the file or its directory in the kustomization above it, or give the cluster a Kustomization whose path holds it,
//! with `postBuild.substituteFrom` the cluster's settings.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::flux::files::directory_of;
use crate::flux::object::Object;
use crate::flux::settings::below;
use crate::krm::annotations;
use crate::report::{Category, Place, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP407",
    name: "pools-not-delivered",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("pools_not_delivered.rs"),
    check: Check::Fleet(check),
};

fn check(views: &[ClusterView<'_, '_>], findings: &mut Findings<'_>) {
    // The files with pools that are no cluster's own.
    let mut files: BTreeMap<&str, Vec<&Object<'_, '_>>> = BTreeMap::new();
    let entrypoints: Vec<&str> = views.iter().filter_map(|view| view.cluster.entrypoint.as_deref()).collect();
    for pool in views.iter().flat_map(|view| &view.pools) {
        let path = pool.object.document.text.path;
        if !path.is_empty() && !entrypoints.iter().any(|entrypoint| below(path, entrypoint)) {
            files.entry(path).or_default().push(pool.object);
        }
    }
    for view in views.iter().filter(|view| view.live) {
        let Some(entrypoint) = view.cluster.entrypoint.as_deref() else { continue };
        if view.plan.pools.is_empty() && view.requests.is_empty() {
            continue;
        }
        let applied: BTreeSet<&str> = view.pools.iter().map(|pool| pool.object.document.text.path).collect();
        for (path, pools) in files.iter().filter(|(path, _)| !applied.contains(*path)) {
            let made = pools.iter().any(|pool| {
                let generated = pool.item.annotation(annotations::GENERATED_BY).is_some();
                generated && pool.document.text.text.get(pool.item.span.clone()).is_some_and(|text| text.contains("${"))
            });
            if !(view.pools.is_empty() || made && !view.plan.pools.is_empty()) {
                continue;
            }
            if let Some(why) = &view.cluster.wiring.open {
                findings.not_checked(view, format!("whether the pools of {path} reach the cluster"), why.clone(), None);
                continue;
            }
            let name = &view.cluster.name;
            let first = pools.first().map(|pool| pool.place_of_name());
            let found = Found::of(pools[0].item.resource.clone()).place(here(view, entrypoint, path).or(first.clone()));
            findings.add(
                view,
                found
                    .message(format!("cluster {name} needs the pools of {path}, and nothing leads it there"))
                    .help(format!("list {} in the kustomization above it, or add a Kustomization with that path", directory_of(path)))
                    .link("the pools", first),
            );
        }
    }
}

/// Where to add the way: the list of the nearest kustomization above, or the path of a Kustomization that leads
/// elsewhere below, or the entry point's own list.
fn here(view: &ClusterView<'_, '_>, entrypoint: &str, path: &str) -> Option<Place> {
    let wiring = &view.cluster.wiring;
    let list = |directory: &str| {
        let (document, item) = wiring.built.get(directory)?;
        let entry = item.tree().entry("resources")?;
        Some(document.place(item, &entry.key.span))
    };
    let mut above = directory_of(path);
    loop {
        if let Some(place) = list(above) {
            return Some(place);
        }
        if above.is_empty() {
            break;
        }
        above = directory_of(above);
    }
    list(entrypoint)
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    const ASKS: &str = "#> apps/service.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: a}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n";
    use super::super::cases::POOL_FILE;

    #[test]
    fn pass() {
        rule(&RULE).passes(&wired(&format!("#> clusters/one/ks.yaml\nKS apps ./apps\nKS pools ./pools\n{ASKS}{POOL_FILE}")));
        // Nobody asks for an address.
        rule(&RULE).passes(&wired(&format!("#> clusters/one/ks.yaml\nKS other ./other\n#> other/a.yaml\napiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: a}}\n{POOL_FILE}")));
        // Something outside may lead there.
        rule(&RULE).passes(&wired(&format!("#> clusters/one/ks.yaml\nKS apps ./apps\nKS more ./more\n#> more/kustomization.yaml\nresources: ['https://example.org/x']\n{ASKS}{POOL_FILE}")));
    }

    #[test]
    fn fail() {
        let text = wired(&format!(
            "#> clusters/one/ks.yaml\nKS apps ./apps\nKS net ./net\n#> net/kustomization.yaml\nresources:\n- ns.yaml\n\
             #> net/ns.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: net}}\n{ASKS}{}",
            POOL_FILE.replace("#> pools/", "#> net/ipam/")
        ));
        rule(&RULE).fails(&text).at("resources").says("needs the pools of net/ipam/pool.yaml").times(1);
        rule(&RULE).fails(&wired(&format!("#> clusters/one/ks.yaml\nKS apps ./apps\n{ASKS}{POOL_FILE}"))).at("pool").times(1);
    }
}
