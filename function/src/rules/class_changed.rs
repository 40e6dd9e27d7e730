//! A change of a Service's `loadBalancerClass`, which the API server refuses.
//!
//! ## What it does
//!
//! Compares with the revision before (`--from`). Finds Services that are of type LoadBalancer before and after and whose
//! `spec.loadBalancerClass` is set, changed or taken away. Silent where Flux makes the object anew (`force`), or leaves it
//! alone.
//!
//! ## Why is this bad?
//!
//! The API server answers "may not change once set". With Flux that is not all: it tries every object of a Kustomization
//! before it applies the first, so nothing of that Kustomization arrives any more, and nothing of those that wait for it.
//! Every Service keeps what it has, and so does a pool.
//!
//! ## Example
//!
//! ```yaml
//! kind: Service
//! spec:
//!   type: LoadBalancer
//!   loadBalancerClass: io.cilium/bgp-control-plane     # had none
//! ```
//!
//! ## What to do
//!
//! Leave the class as it is. If it must change, delete the Service in a change of its own, or give it the annotation
//! `kustomize.toolkit.fluxcd.io/force: enabled`, by which Flux deletes it and makes it anew. Either way it gives its
//! address back: pin it.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::cluster::refused::{held_back, refused};
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP606",
    name: "class-changed",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("class_changed.rs"),
    check: Check::Change(check),
};

fn check(before: &ClusterView<'_, '_>, after: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let refused = refused(before, after);
    let back = held_back(&refused, after);
    for one in &refused {
        let what = match one.classes() {
            [None, Some(now)] => format!("give {} the class {now}", one.after.label()),
            [Some(was), None] => format!("take the class {was} from {}", one.after.label()),
            [was, now] => format!(
                "change the class of {} from {} to {}",
                one.after.label(),
                was.unwrap_or_default(),
                now.unwrap_or_default()
            ),
        };
        let fails = match one.kustomization() {
            None => String::new(),
            Some(name) => {
                let waiting: Vec<&str> = back.iter().filter(|other| *other != name).map(|other| &**other).collect();
                let waiting = match waiting.as_slice() {
                    [] => String::new(),
                    some => format!(", nor of {}", some.join(", ")),
                };
                format!("; Kustomization {name} fails over it, and nothing of it is applied{waiting}")
            }
        };
        let object = one.after.object;
        let field = "spec.loadBalancerClass";
        let found = match object.text_at(&["spec", "loadBalancerClass"]) {
            Some(text) => Found::on(object).field(object, field, &text),
            None => Found::on(object).key(field),
        };
        let found = found
            .message(format!("the API server does not {what}: it may not change while the type is LoadBalancer{fails}"))
            .help("leave the class as it is, or delete the Service in a change of its own first");
        findings.add(after, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{evaluated, rule, wired};
    use super::*;

    /// A Service with more in its metadata and this in its `spec`, before and after, delivered by `KS web`.
    fn case(meta: &str, [before, after]: [&str; 2], more: &str) -> String {
        let files = |spec: &str| {
            wired(&format!(
                "#> clusters/one/ks.yaml\nKS web ./web {more}\nKS late ./late dependsOn: [{{name: web}}]\n#> web/a.yaml\n\
                 apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: n{meta}}}\nspec: {{{spec}}}\n\
                 #> late/b.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: late}}\n"
            ))
        };
        files(before).replace("#> ", "#< ") + &files(after)
    }

    const NONE: &str = "type: LoadBalancer";
    const BGP: &str = "type: LoadBalancer, loadBalancerClass: io.cilium/bgp-control-plane";

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("", [NONE, NONE], ""));
        rule(&RULE).passes(&case("", [BGP, BGP], ""));
        // A class comes and goes with the type.
        rule(&RULE).passes(&case("", ["type: ClusterIP", BGP], ""));
        rule(&RULE).passes(&case("", [BGP, "type: ClusterIP"], ""));
        // Made anew, or left alone.
        rule(&RULE).passes(&case("", [NONE, BGP], "force: true"));
        for mark in ["force: Enabled", "reconcile: disabled", "ssa: IfNotPresent"] {
            let mark = format!(", annotations: {{kustomize.toolkit.fluxcd.io/{mark}}}");
            rule(&RULE).passes(&case(&mark, [NONE, BGP], ""));
        }
    }

    /// Who gains or loses an address, by the difference that is told.
    fn told(case: &str) -> Vec<String> {
        let difference = evaluated(case).report.difference.expect("there is a baseline");
        let changes = difference.clusters.into_iter().flat_map(|cluster| cluster.addresses);
        changes.map(|change| format!("{:?} {}", change.change, change.resource.name)).collect()
    }

    #[test]
    fn what_is_delivered_with_it_stays_as_it_was() {
        let service = |name: &str| {
            format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: n}}\nspec: {{type: LoadBalancer}}\n")
        };
        let side = |spec: &str, web: &str, late: &str| {
            let one = case("", [spec, spec], "").split("#> ").skip(1).map(|file| format!("#> {file}")).collect::<String>();
            let pool = "#> clusters/one/pool.yaml\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {name: p}\nspec: {blocks: [{cidr: 10.0.0.0/28}]}\n";
            one.replace("#> late/b.yaml\n", &format!("{web}#> late/b.yaml\n")) + late + pool
        };
        let other = service("other");
        let change = |spec: &str| side(NONE, "", "").replace("#> ", "#< ") + &side(spec, &other, &other.replace("other", "later"));
        // Without the change of class both new ones come; with it neither does, and `a` loses nothing.
        assert_eq!(told(&change(NONE)), ["Gained later", "Gained other"]);
        assert_eq!(told(&change("type: LoadBalancer, loadBalancerClass: example.com/x")), Vec::<String>::new());
    }

    #[test]
    fn fail() {
        let fails = |before, after| rule(&RULE).fails(&case("", [before, after], "")).times(1);
        fails(NONE, BGP)
            .at("io.cilium/bgp-control-plane")
            .says("give Service n/a the class io.cilium/bgp-control-plane")
            .says("Kustomization flux-system/web fails over it, and nothing of it is applied, nor of flux-system/late");
        fails(BGP, NONE).says("take the class io.cilium/bgp-control-plane from Service n/a");
        fails(BGP, "type: LoadBalancer, loadBalancerClass: example.com/x").says("to example.com/x");
    }
}
