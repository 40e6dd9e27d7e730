//! An annotation that looks like one of LB-IPAM's and is none.
//!
//! ## What it does
//!
//! Looks at annotations whose key speaks of LB-IPAM on Services, under `spec.infrastructure` of Gateways and on
//! Ingresses, and holds them against the keys that Cilium has.
//!
//! ## Why is this bad?
//!
//! Nobody reads it, and nobody says so: the Service gets any address, or does not share.
//!
//! ## Example
//!
//! ```yaml
//! metadata:
//!   annotations:
//!     lbipam.cilium.io/ip: 10.25.11.105     # ips
//! ```
//!
//! ## What to do
//!
//! Write the key as Cilium spells it. There is none that chooses a pool: a pool chooses its Services, by their labels.

use super::asked_annotations::{KEYS, entries, exists};
use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::config::closest::closest;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP317",
    name: "annotation-unknown",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("annotation_unknown.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    // A newer version may have keys that are not known here.
    if view.profile.version.is_beyond_known() {
        return;
    }
    for object in &view.cluster.objects {
        let path: &[&str] = if object.item.is("", "Service") || object.item.is("networking.k8s.io", "Ingress") {
            &["metadata", "annotations"]
        } else if object.item.is("gateway.networking.k8s.io", "Gateway") {
            &["spec", "infrastructure", "annotations"]
        } else {
            continue;
        };
        for (key, value) in entries(object, path) {
            let Some(written) = key.known().filter(|key| !exists(key)) else { continue };
            let message = format!("Cilium has no annotation {written}: what {} asks for with it is not read", object.resource().name);
            let field = format!("{}[{written}]", path.join("."));
            let found = Found::on(object).field(object, field, &value).span(object, format!("{}[{written}]", path.join(".")), &key.span);
            findings.add(view, found.message(message).help(help(written)));
        }
    }
}

fn help(key: &str) -> String {
    let name = key.rsplit('/').next().unwrap_or_default();
    if name.contains("pool") {
        return "give the Service a label that the pool's serviceSelector selects: no annotation chooses a pool".into();
    }
    let all: Vec<&str> = KEYS.iter().flatten().copied().collect();
    // What stands behind the slash tells more than the domain, which is misspelt most often.
    let by_name = KEYS.iter().flatten().find(|known| known.rsplit('/').next() == Some(name)).copied();
    let of_names = || {
        let names: Vec<&str> = KEYS.iter().map(|[newer, _]| newer.rsplit('/').next().unwrap_or_default()).collect();
        let meant = closest(name, &names)?;
        KEYS.iter().flatten().find(|known| known.ends_with(&format!("/{meant}"))).copied()
    };
    match by_name.or_else(|| closest(key, &all)).or_else(of_names) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("Cilium reads {}", KEYS[..3].iter().map(|[newer, _]| *newer).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn case(annotation: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n  annotations: {{{annotation}: 10.0.0.5}}\n\
             spec: {{type: LoadBalancer}}\n"
        )
    }

    #[test]
    fn pass() {
        for key in ["lbipam.cilium.io/ips", "io.cilium/lb-ipam-sharing-key", "metallb.io/address-pool", "example.org/ip"] {
            rule(&RULE).passes(&case(key));
        }
        rule(&RULE).passes(&case("lbipam.cilium.io/sharing-permit-different-pods"));
    }

    #[test]
    fn fail() {
        for (key, meant) in [
            ("lbipam.cilium.io/ip", "lbipam.cilium.io/ips"),
            ("lbipam.cilium.io/IPs", "lbipam.cilium.io/ips"),
            ("io.cilium/lb-ipam-ip", "io.cilium/lb-ipam-ips"),
            ("io.cilium.lbipam/ips", "lbipam.cilium.io/ips"),
            ("cilium.io/lb-ipam-ips", "io.cilium/lb-ipam-ips"),
            ("lb-ipam.cilium.io/ips", "lbipam.cilium.io/ips"),
            ("lbipam.cilium.io/share-key", "lbipam.cilium.io/sharing-key"),
        ] {
            let failed = rule(&RULE).fails(&case(key)).at(key).times(1);
            assert_eq!(failed.findings[0].help, format!("did you mean {meant}?"), "{key}");
        }
        let pool = rule(&RULE).fails(&case("lbipam.cilium.io/pool"));
        assert!(pool.findings[0].help.contains("no annotation chooses a pool"));
    }
}
