//! A pool stays in the cluster when its manifest goes away.
//!
//! ## What it does
//!
//! Looks at pools that a Flux Kustomization with `prune: false` applies, or that carry the mark
//! `kustomize.toolkit.fluxcd.io/prune: disabled`, and at Kustomizations with `deletionPolicy: Orphan`, whose pools stay
//! when the Kustomization itself is taken away.
//!
//! ## Why is this bad?
//!
//! A pool that is renamed or taken out of the repository goes on serving. Its successor with the same addresses conflicts
//! with it, and Cilium then switches one of the two off. On the other hand nothing that is deleted by mistake takes
//! addresses away: keep it where that is what you want.
//!
//! ## Example
//!
//! ```yaml
//! metadata:
//!   name: services
//!   annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}
//! ```
//!
//! ## What to do
//!
//! When you rename or remove such a pool, delete the old one by hand, before the new one comes.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP421",
    name: "pool-not-pruned",
    category: Category::Wiring,
    severity: Severity::Info,
    source: include_str!("pool_not_pruned.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for pool in view.pools.iter().filter(|_| view.live) {
        let object = pool.object;
        let Some(name) = object.kustomization.as_deref() else { continue };
        let marked = ["annotations", "labels"].iter().find_map(|kind| {
            let text = object.text_at(&["metadata", kind, "kustomize.toolkit.fluxcd.io/prune"])?;
            (text.known() == Some("disabled")).then_some(text)
        });
        let kustomization = view.cluster.wiring.kustomization(name);
        let message = format!("pool {} stays in the cluster when its manifest is renamed or removed", pool.label());
        let help = "delete the old pool by hand before another one takes its addresses";
        let found = match (marked, kustomization.and_then(|k| Some((k, k.field(&["prune"])?)))) {
            (Some(text), _) => Found::on(object).field(object, "metadata.annotations", &text),
            (None, Some((kustomization, text))) if text.known() == Some("false") => {
                Found::on(object).field(&kustomization.object, "spec.prune", &text).link("the pool", Some(object.place_of_name()))
            }
            (None, Some((kustomization, _))) => match kustomization.field(&["deletionPolicy"]) {
                Some(text) if text.known() == Some("Orphan") => {
                    let message = format!("pool {} stays in the cluster when Kustomization {name} is removed", pool.label());
                    let found = Found::on(object).field(&kustomization.object, "spec.deletionPolicy", &text);
                    let found = found.link("the pool", Some(object.place_of_name()));
                    findings.add(view, found.message(message).help(help));
                    continue;
                }
                _ => continue,
            },
            _ => continue,
        };
        findings.add(view, found.message(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    use super::super::cases::POOL_FILE;

    fn case(prune: &str, pool: &str) -> String {
        let text = wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools\n{pool}"));
        let (head, tail) = text.rsplit_once("prune: true").expect("the Kustomization");
        format!("{head}prune: {prune}{tail}")
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("true", POOL_FILE));
        rule(&RULE).passes(&case("true, deletionPolicy: Delete", POOL_FILE));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("false", POOL_FILE)).at("false").says("pool pool stays").times(1);
        let marked = POOL_FILE.replace("name: pool\n", "name: pool\n  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}\n");
        rule(&RULE).fails(&case("true", &marked)).at("disabled").times(1);
        let orphan = rule(&RULE).fails(&case("true, deletionPolicy: Orphan", POOL_FILE)).at("Orphan").times(1);
        orphan.says("stays in the cluster when Kustomization flux-system/pools is removed");
    }
}
