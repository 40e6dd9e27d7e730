//! A text that becomes a number, true or false when Flux fills a setting in.
//!
//! ## What it does
//!
//! Looks at fields that take texts only (labels, annotations, selectors, the data of ConfigMaps, the addresses of pools
//! and Services) and reads what Flux makes of them as Flux does: without the quotes of the manifest, which are gone
//! before the value is put in.
//!
//! ## Why is this bad?
//!
//! The API server refuses the object, and with Flux everything else of that Kustomization stays back with it. The
//! quotes in the manifest do not help: `"${TEAM}"` with the value `0123` is the number 83, and `no` is false.
//!
//! ## Example
//!
//! ```yaml
//! # cluster-settings has FIRST_LAST: "No"
//! spec:
//!   allowFirstLastIPs: "${FIRST_LAST}"     # false, and not the word
//! ```
//!
//! ## What to do
//!
//! Put quotes into the value of the setting itself: `FIRST_LAST: '"No"'`. Or write a text beside the expression that
//! makes all of it one.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::flux::mentions::mentions;
use crate::flux::retype::Retyped;
use crate::krm::item::Item;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP429",
    name: "value-changes-type",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("value_changes_type.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    // Without a Kustomization it may be kustomize or somebody's hand that fills in, and neither reads again.
    let objects = view.cluster.objects.iter().filter(|object| view.live && object.kustomization.is_some());
    for object in objects.filter(|object| object.altered.is_none() && object.item.is_read()) {
        for mention in mentions(object).iter().filter(|mention| takes_text(object.item, &mention.path)) {
            let became = match object.retyped(&mention.text.written) {
                Some(Retyped::Bool(is)) => is.to_string(),
                Some(Retyped::Number(number)) => format!("the number {number}"),
                Some(Retyped::Collection) => "a list or a map".to_owned(),
                _ => continue,
            };
            let who = object.kustomization.as_deref().unwrap_or_default();
            let found = Found::on(object)
                .expression(object, mention.path.clone(), &mention.text)
                .message(format!(
                    "{} becomes {became} when Flux fills it in, and takes a text only: the API server refuses the object, \
                     and Flux applies nothing of Kustomization {who}",
                    mention.path
                ))
                .help("put quotes into the value of the setting itself, such as '\"0123\"'; those of the manifest are gone by then");
            findings.add(view, found);
        }
    }
}

/// Whether a field takes texts and nothing else.
fn takes_text(item: &Item<'_>, path: &str) -> bool {
    let below = |map: &str| path.strip_prefix(map).is_some_and(|rest| rest.starts_with(['.', '[']));
    let last = path.rsplit('.').next().unwrap_or_default();
    below("metadata.labels")
        || below("metadata.annotations")
        || path.split_once(".matchLabels").is_some_and(|(_, rest)| rest.starts_with(['.', '[']))
        || (item.is("", "ConfigMap") && below("data"))
        || (item.is("", "Service")
            && (below("spec.selector") || matches!(path, "spec.loadBalancerIP" | "spec.loadBalancerClass")))
        || (item.is("cilium.io", "CiliumLoadBalancerIPPool")
            && below("spec")
            && matches!(last, "allowFirstLastIPs" | "cidr" | "start" | "stop"))
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    fn case(value: &str, field: &str) -> String {
        wired(&format!(
            "  V: {value}\n#> clusters/one/ks.yaml\nKS pools ./pools\n#> pools/pool.yaml\napiVersion: cilium.io/v2\n\
             kind: CiliumLoadBalancerIPPool\nmetadata:\n  name: pool\n{field}\n"
        ))
    }

    #[test]
    fn pass() {
        let label = "  labels: {team: \"${V}\"}\nspec: {blocks: []}";
        for value in ["net", "10.0.0.1", "\"'0123'\"", "'\"no\"'", "\"\"", "'~'"] {
            rule(&RULE).passes(&case(value, label));
        }
        rule(&RULE).passes(&case("\"42\"", "  labels: {team: \"${V} teams\"}\nspec: {blocks: []}"));
        // Nothing is filled in.
        rule(&RULE).passes(&case("\"42\"", "  labels: {team: \"$V\"}\nspec: {blocks: []}"));
        // This field takes a boolean.
        rule(&RULE).passes(&case("\"true\"", "spec: {disabled: \"${V}\", blocks: []}"));
    }

    #[test]
    fn fail() {
        let label = "  labels: {team: \"${V}\"}\nspec: {blocks: []}";
        rule(&RULE).fails(&case("\"0123\"", label)).at("\"${V}\"").says("becomes the number 83").times(1);
        rule(&RULE).fails(&case("\"no\"", label)).says("metadata.labels.team becomes false").times(1);
        rule(&RULE).fails(&case("'[a]'", label)).says("a list or a map");
        let ends = "spec: {allowFirstLastIPs: \"${V}\", blocks: []}";
        rule(&RULE).fails(&case("\"Yes\"", ends)).says("spec.allowFirstLastIPs becomes true").times(1);
        let selector = "spec: {serviceSelector: {matchLabels: {a/b: \"${V}\"}}, blocks: []}";
        rule(&RULE).fails(&case("\"1.10\"", selector)).says("becomes the number 1.1").times(1);
    }
}
