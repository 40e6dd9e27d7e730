//! The Cilium of the cluster is not the one that the config speaks of.
//!
//! ## What it does
//!
//! Compares the version in the image of Cilium's operator (or agent), and the ConfigMap `cilium-config`, with what the
//! config says under `cilium`: version, IPv4 and IPv6, the BGP control plane, L2 announcements, who serves Services without
//! a class.
//!
//! ## Why is this bad?
//!
//! `lbpools check` predicts with other rules than the cluster has. Here, beside the living cluster, its own rules count.
//!
//! ## Example
//!
//! ```text
//! the config says Cilium 1.18, and the cluster runs 1.17.6
//! ```
//!
//! ## What to do
//!
//! Put the config right, or finish the upgrade. An edit of the ConfigMap counts from the operator's next restart on.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::CiliumVersion;
use crate::report::{Category, Severity};
use crate::verification::{Verified, living};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP716",
    name: "living-cilium-otherwise",
    category: Category::Living,
    severity: Severity::Warning,
    source: include_str!("living_cilium_otherwise.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let stated = verified.stated;
    let observed = verified.living.observed;
    let mut differs = |what: &str, said: String, is: String| {
        let found = Found::nowhere()
            .current(is.clone())
            .message(format!("the config says {what} {said}, and the cluster has {is}"))
            .help("put the config right, or finish the change of the cluster");
        findings.add(verified.view, found);
    };
    if let (true, Some(is)) = (stated.version_known, living::version(observed)) {
        let said = stated.profile.version;
        let same = said.minor() == is.minor() && said.patch().is_none_or(|patch| is.patch() == Some(patch));
        if !same {
            differs("Cilium", said.to_string(), CiliumVersion::to_string(&is));
        }
    }
    if living::config(observed).is_none() {
        return;
    }
    let is = &verified.living.flags;
    let said = &verified.said;
    let switches = [
        ("ipv4", said.ipv4, is.ipv4),
        ("ipv6", said.ipv6, is.ipv6),
        ("bgpControlPlane", said.bgp_control_plane, is.bgp_control_plane),
        ("l2Announcements", said.l2_announcements, is.l2_announcements),
    ];
    for (what, said, is) in switches {
        if let Some(said) = said.filter(|said| *said != is) {
            differs(what, said.to_string(), is.to_string());
        }
    }
    if let Some(said) = said.default_ipam.as_ref().filter(|said| **said != is.default_ipam) {
        differs("defaultLBServiceIPAM", said.clone(), is.default_ipam.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, rule};
    use super::*;

    fn case(version: &str, config: &str) -> String {
        let image = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: cilium-operator, namespace: kube-system}}\n\
             spec: {{template: {{spec: {{containers: [{{image: 'quay.io/cilium/operator-generic:{version}@sha256:0'}}]}}}}}}\n"
        );
        let map = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: cilium-config, namespace: kube-system}}\ndata: {config}\n");
        format!("{}---\n{image}---\n{map}", living(""))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("v1.18.3", "{enable-ipv4: 'true'}"));
        rule(&RULE).passes(&case("latest", "{}"));
        // Nothing is said of it.
        rule(&RULE).passes(&case("v1.18.3", "{enable-bgp-control-plane: 'true'}"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("v1.17.6", "{}")).says("the config says Cilium 1.18, and the cluster has 1.17.6").times(1);
        let said = case("v1.18.3", "{}").replace("{version: '1.18'}", "{version: '1.18', bgpControlPlane: true}");
        rule(&RULE).fails(&said).says("the config says bgpControlPlane true, and the cluster has false").times(1);
    }
}
