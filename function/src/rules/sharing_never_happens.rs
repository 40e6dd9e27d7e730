//! A Service with a sharing key that can share with none of those that have the same key.
//!
//! ## What it does
//!
//! Holds the Services with one sharing key against each other by Cilium's rules: namespaces that permit each other, no
//! port in common, the same `externalTrafficPolicy`, and with `Local` the same pods. A Service that fits none of the
//! others is found. (Two that ask for the same address are LBP306's.)
//!
//! ## Why is this bad?
//!
//! Cilium says nothing: the Service gets an address of its own, and its condition says that all is well. In a pool of
//! one address it stays pending with `out_of_ips`, which names the wrong reason.
//!
//! ## Example
//!
//! ```yaml
//! metadata: {name: dns-tcp, namespace: dns, annotations: {lbipam.cilium.io/sharing-key: dns}}
//! spec: {type: LoadBalancer, externalTrafficPolicy: Cluster, ports: [{port: 53, protocol: TCP}]}
//! ---
//! metadata: {name: dns-udp, namespace: dns, annotations: {lbipam.cilium.io/sharing-key: dns}}
//! spec: {type: LoadBalancer, externalTrafficPolicy: Local, ports: [{port: 53, protocol: UDP}]}
//! ```
//!
//! ## What to do
//!
//! What the message says would make them fit, or take the key away.

use super::finding::{Findings, Found};
use super::pin_requested_twice::help;
use super::sharing_groups::{Sharer, sharing_groups};
use super::{Check, Rule};
use crate::cilium::sharing::{Incompatible, port_rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP313",
    name: "sharing-never-happens",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("sharing_never_happens.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live {
        return;
    }
    let ports = port_rule(&view.flags, &view.profile);
    for (key, group) in sharing_groups(view) {
        let alone: Vec<(usize, usize, Incompatible)> = (0..group.len())
            .filter_map(|me| {
                let mut first = None;
                for (at, other) in group.iter().enumerate() {
                    let mine = &group[me];
                    if at == me || mine.apart(other) {
                        continue;
                    }
                    // What LBP306 says of them is enough.
                    if mine.asks_with(other) {
                        return None;
                    }
                    match mine.sharing.compatible(&other.sharing, ports) {
                        Ok(()) => return None,
                        Err(why) => drop(first.get_or_insert((me, at, why))),
                    }
                }
                first
            })
            .collect();
        // Where nobody fits anybody one of them may keep its place.
        let nobody = alone.len() == group.len();
        for (me, other, why) in alone.into_iter().skip(usize::from(nobody)) {
            findings.add(view, found(&key, &group[me], &group[other], why));
        }
    }
}

fn found(key: &str, sharer: &Sharer<'_, '_, '_>, other: &Sharer<'_, '_, '_>, why: Incompatible) -> Found {
    let message = format!(
        "{} has the sharing key {key} and shares with nobody: not with {}, because of {why}; it gets an address of its own \
         without a word",
        sharer.request.label(),
        other.request.label()
    );
    let blanks = [sharer, other].iter().any(|each| each.sharing.namespaces.iter().any(|name| name.trim() != name));
    let help = match why {
        Incompatible::Namespace if blanks => {
            "write lbipam.cilium.io/sharing-cross-namespace without blanks: Cilium does not trim the names".to_owned()
        }
        why => help(Some(why)).replace(", or ask for another address", ", or take the key away"),
    };
    Found::on(sharer.request.object)
        .link(format!("{} has the same key", other.request.label()), Some(other.request.object.place_of_name()))
        .message(message)
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn service(name: &str, annotations: &str, spec: &str) -> String {
        let (namespace, name) = name.split_once('/').unwrap_or(("home", name));
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  \
             annotations: {{lbipam.cilium.io/sharing-key: k{annotations}}}\nspec: {{type: LoadBalancer, {spec}}}\n---\n"
        )
    }

    const HTTP: &str = "ports: [{port: 80}]";
    const HTTPS: &str = "ports: [{port: 443}]";

    #[test]
    fn pass() {
        rule(&RULE).passes(&(service("a", "", HTTP) + &service("b", "", HTTPS)));
        // Two addresses for one key, as Cilium's own test has it: {a, b} and {c, d}.
        let four = service("a", "", HTTP) + &service("b", "", HTTPS) + &service("c", "", HTTP) + &service("d", "", HTTPS);
        rule(&RULE).passes(&four);
        rule(&RULE).passes(&service("a", "", HTTP));
        let apart = service("a", ", lbipam.cilium.io/ips: 10.0.0.5", HTTP) + &service("b", ", lbipam.cilium.io/ips: 10.0.0.6", HTTP);
        rule(&RULE).passes(&apart);
        let udp = "ports: [{port: 80, protocol: UDP}]";
        rule(&RULE).passes(&(service("a", "", HTTP) + &service("b", "", udp)));
        let local = "externalTrafficPolicy: Local, selector: {app: web}";
        rule(&RULE).passes(&(service("a", "", &format!("{local}, {HTTP}")) + &service("b", "", &format!("{local}, {HTTPS}"))));
    }

    #[test]
    fn fail() {
        let port = service("a", "", HTTP) + &service("b", "", HTTP);
        rule(&RULE).fails(&port).at("b").says("same port and protocol").times(1);
        let policy = service("a", "", HTTP) + &service("b", "", &format!("{HTTPS}, externalTrafficPolicy: Local"));
        rule(&RULE).fails(&policy).at("b").says("different ExternalTrafficPolicy").times(1);
        // One side permits is not enough; and Cilium does not trim the list.
        let across = "lbipam.cilium.io/sharing-cross-namespace";
        let one_sided = service("x/a", &format!(", {across}: y"), HTTP) + &service("y/b", "", HTTPS);
        rule(&RULE).fails(&one_sided).says("not permitted namespace").times(1);
        let blanks = service("x/a", &format!(", {across}: 'z, y'"), HTTP) + &service("y/b", &format!(", {across}: x"), HTTPS);
        let failed = rule(&RULE).fails(&blanks).times(1);
        assert!(failed.findings[0].help.contains("without blanks"), "{:#?}", failed.findings);
        let odd = service("a", "", HTTP) + &service("b", "", HTTPS) + &service("c", "", &format!("{HTTP}, externalTrafficPolicy: Local"));
        rule(&RULE).fails(&odd).at("c").times(1);
    }

    #[test]
    fn protocols_count_from_1_17_7() {
        let udp = service("a", "", HTTP) + &service("b", "", "ports: [{port: 80, protocol: UDP}]");
        let version = |version: &str| format!("{CONFIG}  cilium: {{version: \"{version}\"}}\n---\n{udp}");
        rule(&RULE).fails(&version("1.16")).says("same port;").times(1);
        rule(&RULE).fails(&version("1.17.6")).times(1);
        rule(&RULE).passes(&version("1.17.7"));
    }
}
