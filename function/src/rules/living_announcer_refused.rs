//! Cilium says that an object which announces addresses cannot work.
//!
//! ## What it does
//!
//! Reads the conditions of L2 policies and BGP objects in the living cluster: a selector or an interface pattern that
//! cannot be read, a cluster config that matches no node or names a peer config that is not there, two that want the same
//! node, a secret that is missing.
//!
//! ## Why is this bad?
//!
//! Services have addresses, and nothing tells the network where they are.
//!
//! ## Example
//!
//! ```text
//! cilium.io/MissingPeerConfigs  True  MissingPeerConfigs  Referenced CiliumBGPPeerConfig(s) are missing: top-of-rack
//! ```
//!
//! ## What to do
//!
//! What the condition says.

use super::finding::{Findings, Found};
use super::living::on_stranger;
use super::{Check, Rule};
use crate::cilium::ServiceKey;
use crate::report::{Category, Severity};
use crate::verification::Verified;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP718",
    name: "living-announcer-refused",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_announcer_refused.rs"),
    check: Check::Living(check),
};

/// Conditions that are True when something is wrong.
const WRONG: [&str; 7] = [
    "cilium.io/ConflictingClusterConfig",
    "cilium.io/MissingAuthSecret",
    "cilium.io/MissingPeerConfigs",
    "cilium.io/NoMatchingNode",
    "io.cilium/bad-interface-regex",
    "io.cilium/bad-node-selector",
    "io.cilium/bad-service-selector",
];

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    for ((kind, name), living) in &verified.living.observed.announcements {
        for of in WRONG {
            let Some(condition) = living.conditions.get(of).filter(|condition| condition.is_true()) else { continue };
            let ours = verified.objects.iter().find(|held| held.object.item.resource.kind == *kind && held.name == *name);
            let found = match ours {
                Some(held) => Found::on(held.object),
                None => on_stranger("cilium.io/v2", kind, &ServiceKey::new("", name.as_str())),
            };
            let (_, short) = of.split_once('/').unwrap_or(("", of));
            let said = if condition.message.is_empty() { &condition.reason } else { &condition.message };
            let found = found
                .message(format!("{kind} {name} of the cluster cannot work: {short}: {said}"))
                .help("mend what the condition says; nothing is announced by it meanwhile");
            findings.add(verified.view, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, rule};
    use super::*;

    fn case(status: &str) -> String {
        let policy = format!(
            "apiVersion: cilium.io/v2alpha1\nkind: CiliumL2AnnouncementPolicy\nmetadata: {{name: l2}}\nspec: {{loadBalancerIPs: true}}\n\
             status: {{conditions: [{{type: io.cilium/bad-interface-regex, status: '{status}', reason: error, message: eth(}}]}}\n"
        );
        format!("{}---\n{policy}", living(""))
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&case("False"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("True")).says("CiliumL2AnnouncementPolicy l2 of the cluster cannot work: bad-interface-regex: eth(").times(1);
    }
}
