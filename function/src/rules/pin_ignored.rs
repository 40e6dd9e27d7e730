//! A requested address that Cilium does not hear.
//!
//! ## What it does
//!
//! Reads what a Service asks for as Cilium does, and finds what it drops: an entry with a prefix length, a host name,
//! an octet with a leading zero, a setting that turned out empty; an older annotation hidden by the newer one; an
//! annotation that the cluster's version does not read; and `spec.addresses` of a Gateway before Cilium 1.17.
//!
//! ## Why is this bad?
//!
//! The operator writes a line into its log and nothing else. If no valid entry is left the Service gets **any**
//! address, and its condition says that all is well.
//!
//! ## Example
//!
//! ```yaml
//! metadata:
//!   annotations:
//!     lbipam.cilium.io/ips: 10.25.11.105/32
//! ```
//!
//! ## What to do
//!
//! Write plain addresses, separated by commas, in the one annotation that the cluster's version reads.

use super::finding::{Findings, Found};
use super::gateway_addresses::setting_of;
use super::{Check, Rule};
use crate::cilium::address::{AddressError, parse_address};
use crate::cilium::request::IgnoredEntry;
use crate::cluster::ClusterView;
use crate::cluster::requests::{Asker, Request};
use crate::flux::object::Text;
use crate::krm::node::Node;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP307",
    name: "pin-ignored",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pin_ignored.rs"),
    check: Check::Cluster(check),
};

/// The annotation that is read from 1.16 on.
const NEWER: &str = "lbipam.cilium.io/ips";

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
        if request.asker == Asker::Gateway {
            addresses_of_an_old_gateway(view, request, findings);
        } else {
            entries(view, request, findings);
        }
        hidden(view, request, findings);
        unread(view, request, findings);
    }
}

/// What the Service gets in place of what it asked for.
fn instead(request: &Request<'_, '_>) -> &'static str {
    if request.requested.addresses.is_empty() {
        "and gives it any address"
    } else {
        "and gives it only the others it asks for"
    }
}

fn entries(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, findings: &mut Findings<'_>) {
    let object = request.object;
    let none_left = request.requested.addresses.is_empty();
    let mut only_blanks = none_left;
    for ignored in &request.requested.ignored {
        // A comma too many takes nothing away, and an expression that stays is another rule's business.
        if ignored.error == AddressError::Empty || ignored.text.contains("${") {
            continue;
        }
        only_blanks = false;
        let Some((path, text)) = request.written_at(&ignored.origin) else { continue };
        let message = format!(
            "{} asks for {:?}: {}; Cilium drops it without a word {}",
            request.label(),
            ignored.text,
            ignored.error,
            instead(request)
        );
        let mut found = Found::on(object).field(object, path.clone(), text).message(message).help(help(ignored));
        if let Some(value) = without_mask(ignored, text) {
            found = found.proposed(value);
        }
        findings.add(view, found);
    }
    // Written with something in mind, and nothing is left of it.
    let empty = |text: &Text| !text.written.trim().is_empty() && text.known().is_some_and(|v| v.replace(',', "").trim().is_empty());
    if only_blanks && let Some((path, text)) = request.written.iter().find(|(_, text)| empty(text)) {
        let message =
            format!("{} asks for an address that turns out empty, so Cilium gives it any address", request.label());
        let found = Found::on(object).field(object, path.clone(), text).message(message);
        findings.add(view, found.help("give the setting an address, or take the annotation out"));
    }
}

fn help(ignored: &IgnoredEntry) -> String {
    match ignored.error {
        AddressError::Mask => "write the address without the prefix length".into(),
        AddressError::LeadingZero => "write the octets without leading zeros".into(),
        AddressError::NotAnAddress => "write an address; LB-IPAM does not look names up".into(),
        _ => "write a plain address such as 10.25.11.105".into(),
    }
}

/// The whole value without the prefix length, where that is surely what was meant: the length names one address, or
/// the address is not the first of its net.
fn without_mask(ignored: &IgnoredEntry, text: &Text) -> Option<String> {
    if ignored.error != AddressError::Mask || !(text.variables.is_empty() || setting_of(text).is_some()) {
        return None;
    }
    let prefix = crate::cilium::address::parse_prefix(&ignored.text).ok()?;
    let net = crate::cilium::Range::of_prefix(prefix);
    if !net.is_single() && net.first() == prefix.address {
        return None;
    }
    let address = ignored.text.split_once('/')?.0;
    Some(text.known()?.replacen(&ignored.text, address, 1))
}

/// The older annotation asks for something that the newer one, which hides it, does not.
fn hidden(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, findings: &mut Findings<'_>) {
    let Some(alias) = request.requested.hidden_alias else { return };
    let Some((path, text)) = request.written.iter().find(|(path, _)| path.ends_with(&format!("[{alias}]"))) else {
        return;
    };
    let heard = |address| request.requested.addresses.iter().any(|asked| asked.address == address);
    let lost: Vec<&str> = entries_of(text).filter(|entry| parse_address(entry).is_ok_and(|a| !heard(a.address))).collect();
    if lost.is_empty() {
        return;
    }
    let message = format!(
        "{} asks for {} in {alias}, which Cilium does not read because {NEWER} is there too",
        request.label(),
        lost.join(", ")
    );
    let found = Found::on(request.object).field(request.object, path.clone(), text).message(message);
    findings.add(view, found.help(format!("write all addresses into {NEWER}, separated by commas")));
}

fn entries_of(text: &Text) -> impl Iterator<Item = &str> {
    text.known().unwrap_or_default().split(',').map(str::trim)
}

/// The newer annotation on a cluster whose Cilium only knows the older one.
fn unread(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, findings: &mut Findings<'_>) {
    let read = view.profile.addresses_key.primary;
    if !view.version_known || read == NEWER {
        return;
    }
    let path: &[&str] = match request.asker {
        Asker::Service => &["metadata", "annotations", NEWER],
        Asker::Gateway => &["spec", "infrastructure", "annotations", NEWER],
        _ => return,
    };
    let Some(text) = request.object.text_at(path) else { return };
    let heard = |address| request.requested.addresses.iter().any(|asked| asked.address == address);
    if entries_of(&text).all(|entry| parse_address(entry).map_or(true, |a| heard(a.address))) {
        return;
    }
    let message = format!(
        "{} asks for an address in {NEWER}, which Cilium {} does not read {}",
        request.label(),
        view.profile.version,
        instead(request)
    );
    let field = format!("{}[{NEWER}]", path[..path.len() - 1].join("."));
    let found = Found::on(request.object).field(request.object, field, &text).message(message);
    findings.add(view, found.help(format!("use {read} until the cluster runs Cilium 1.16")));
}

/// Before 1.17 nothing reads `spec.addresses` of a Gateway (#30123).
fn addresses_of_an_old_gateway(view: &ClusterView<'_, '_>, request: &Request<'_, '_>, findings: &mut Findings<'_>) {
    if !view.version_known || view.profile.gateway_addresses {
        return;
    }
    let object = request.object;
    let addresses = object.tree().at(&["spec", "addresses"]).map(Node::items).unwrap_or_default();
    let heard = |address| request.requested.addresses.iter().any(|asked| asked.address == address);
    for (n, node) in addresses.iter().enumerate() {
        let Some(text) = node.get("value").and_then(|node| object.text(node)) else { continue };
        if text.known().is_none_or(|value| parse_address(value).map_or(true, |a| heard(a.address))) {
            continue;
        }
        let message = format!(
            "{} asks for an address in spec.addresses, which Cilium {} does not read {}",
            request.label(),
            view.profile.version,
            instead(request)
        );
        let found = Found::on(object).field(object, format!("spec.addresses[{n}].value"), &text).message(message);
        let key = view.profile.addresses_key.primary;
        findings.add(view, found.help(format!("ask for it with {key} under spec.infrastructure.annotations")));
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::rule;
    use super::*;

    fn service(annotations: &str, spec: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n  namespace: home\n  \
             annotations: {{{annotations}}}\nspec: {{type: LoadBalancer{spec}}}\n---\n"
        )
    }

    fn pinned(annotations: &str) -> String {
        service(annotations, "")
    }

    fn version(version: &str) -> String {
        format!(
            "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata:\n  name: p\nspec:\n  \
             cilium: {{version: \"{version}\"}}\n---\n"
        )
    }

    fn settings(value: &str) -> String {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cluster-settings\n  namespace: flux-system\n\
             data:\n  MQTT: {value}\n---\n"
        )
    }

    #[test]
    fn pass() {
        for annotations in [
            "lbipam.cilium.io/ips: '10.0.0.5, 10.0.0.6,'",
            "lbipam.cilium.io/ips: 'fd00::5'",
            "lbipam.cilium.io/ips: '${ELSEWHERE}'",
            "lbipam.cilium.io/ips: ''",
            "lbipam.cilium.io/ips: 10.0.0.5, io.cilium/lb-ipam-ips: 10.0.0.5",
            "io.cilium/lb-ipam-ips: 10.0.0.5",
        ] {
            rule(&RULE).passes(&pinned(annotations));
        }
        // Which version it is nobody says.
        rule(&RULE).passes(&pinned("lbipam.cilium.io/ips: 10.0.0.5"));
        rule(&RULE).passes(&(version("1.15") + &pinned("lbipam.cilium.io/ips: 10.0.0.5, io.cilium/lb-ipam-ips: 10.0.0.5")));
    }

    #[test]
    fn a_prefix_length() {
        let single = pinned("lbipam.cilium.io/ips: 10.0.0.5/32");
        rule(&RULE).fails(&single).at("10.0.0.5/32").says("any address").proposes("10.0.0.5").times(1);
        let listed = pinned("lbipam.cilium.io/ips: '10.0.0.4,10.0.0.5/24'");
        rule(&RULE).fails(&listed).says("only the others").proposes("10.0.0.4,10.0.0.5").times(1);
        // A net may have been meant.
        let net = rule(&RULE).fails(&pinned("lbipam.cilium.io/ips: 10.0.0.0/24"));
        assert_eq!(net.findings[0].proposed, None);
        let set = settings("10.0.0.5/32") + &pinned("lbipam.cilium.io/ips: '${MQTT}'");
        rule(&RULE).fails(&set).read_at("'${MQTT}'").proposes("10.0.0.5");
        let within = settings("10.0.0.5") + &pinned("lbipam.cilium.io/ips: '${MQTT}/32'");
        assert_eq!(rule(&RULE).fails(&within).findings[0].proposed, None, "setting or annotation: not certain");
    }

    #[test]
    fn other_ways_to_be_dropped() {
        for (value, says) in [
            ("gw.example.org", "no IP address"),
            ("10.0.0.05", "leading zero"),
            ("10.0.0.256", "above 255"),
            ("10.0.0", "fewer than four"),
        ] {
            let case = pinned(&format!("lbipam.cilium.io/ips: {value}"));
            rule(&RULE).fails(&case).at(value).says(says).times(1);
        }
        rule(&RULE).fails(&service("a: b", ", loadBalancerIP: 10.0.0.5/32")).at("10.0.0.5/32").proposes("10.0.0.5");
        let empty = settings("\"\"") + &pinned("lbipam.cilium.io/ips: '${MQTT}'");
        rule(&RULE).fails(&empty).read_at("'${MQTT}'").says("turns out empty").times(1);
    }

    #[test]
    fn annotations_that_nobody_reads() {
        let masked = pinned("lbipam.cilium.io/ips: 10.0.0.5, io.cilium/lb-ipam-ips: 10.0.0.6");
        rule(&RULE).fails(&masked).at("10.0.0.6").says("does not read").times(1);
        let old = version("1.15") + &pinned("lbipam.cilium.io/ips: 10.0.0.5");
        rule(&RULE).fails(&old).at("10.0.0.5").says("1.15").times(1);
        let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: public\n\
                       spec:\n  gatewayClassName: cilium\n  addresses: [{value: 10.0.0.5}]\n";
        rule(&RULE).fails(&(version("1.16") + gateway)).at("10.0.0.5").says("1.16").times(1);
        rule(&RULE).passes(&(version("1.17") + gateway));
    }
}
