//! A field of a pool that the cluster's Cilium does not have.
//!
//! ## What it does
//!
//! Holds every key under `spec` of a pool against the schema. `spec.cidrs` is known to Cilium 1.15 only; when the
//! config names no version it is let through.
//!
//! ## Why is this bad?
//!
//! The API server drops what it does not know; only a strict client is told. A pool whose `blocks` are misspelled
//! has no addresses, and one whose selector says `labels` instead of `matchLabels` serves every Service.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   cidrs:                   # gone since Cilium 1.16
//!   - cidr: 10.25.11.96/28
//! ```
//!
//! ## What to do
//!
//! Write the field that is meant. `cidrs` becomes `blocks`, with the same entries.

use super::finding::{Findings, Found};
use super::pool_schema::{Departure, What, departures};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::config::closest;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP108",
    name: "pool-field-not-served",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pool_field_not_served.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for pool in &view.pools {
        for departure in departures(view, pool) {
            let found = Found::on(pool.object).span(pool.object, &departure.path, &departure.span);
            if let Some(found) = described(view, &departure, found) {
                findings.add(view, found);
            }
        }
    }
}

fn described(view: &ClusterView<'_, '_>, departure: &Departure, found: Found) -> Option<Found> {
    let What::UnknownField { key, known, written, editable } = &departure.what else { return None };
    let gone = departure.path == "spec.cidrs";
    let meant = if gone { Some("blocks") } else { closest::closest(key, known) };
    let effect = if departure.path.starts_with("spec.serviceSelector.") && written.is_empty() {
        ", and the empty selector that is left selects every Service"
    } else {
        ""
    };
    let cilium = match view.version_known {
        true => format!("Cilium {}", view.profile.version),
        false => "Cilium".into(),
    };
    let message =
        format!("{cilium} has no field {}: the API server drops it, and only a strict client is told{effect}", departure.path);
    let help = match meant {
        Some(name) if gone && written.contains(&name) => "move its entries to blocks".to_owned(),
        Some(name) if gone => format!("call it {name}; the entries stay as they are"),
        Some(name) => format!("did you mean {name}?"),
        None => format!("known here: {}", known.join(", ")),
    };
    // A name is only certain when nothing but its spelling is wrong.
    let certain = meant.filter(|name| *editable && !written.contains(name) && (gone || name.eq_ignore_ascii_case(key)));
    let found = found.current(key.as_str()).message(message).help(help);
    Some(match certain {
        Some(name) => found.proposed(name),
        None => found,
    })
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, pool, rule};
    use super::*;

    fn on(version: &str, pool: &str) -> String {
        format!("{CONFIG}  cilium: {{version: \"{version}\"}}\n---\n{pool}")
    }

    #[test]
    fn pass() {
        rule(&RULE).passes(&pool("[{cidr: 10.0.0.0/24}]\n  disabled: true\n  allowFirstLastIPs: \"No\""));
        let selector = "serviceSelector: {matchLabels: {any: thing}, matchExpressions: [{key: a, operator: Exists}]}";
        rule(&RULE).passes(&pool(&format!("[{{start: 10.0.0.1}}]\n  {selector}")));
        let cidrs = pool("[{cidr: 10.0.0.0/24}]").replace("blocks", "cidrs");
        rule(&RULE).passes(&cidrs);
        rule(&RULE).passes(&on("1.15", &cidrs));
    }

    #[test]
    fn fail() {
        let cidrs = pool("[{cidr: 10.0.0.0/24}]").replace("blocks", "cidrs");
        rule(&RULE).fails(&on("1.16", &cidrs)).at("cidrs").proposes("blocks").says("Cilium 1.16 has no field spec.cidrs");
        let failed = rule(&RULE).fails(&on("1.16", &pool("[]\n  cidrs: []")));
        assert_eq!(failed.findings[0].proposed, None, "blocks are there already");
        let failed = rule(&RULE).fails(&pool("[{cdir: 10.0.0.0/24}]")).at("cdir").times(1);
        assert_eq!(failed.findings[0].help, "did you mean cidr?");
        rule(&RULE).fails(&pool("[]\n  allowFirstLastIps: \"No\"")).proposes("allowFirstLastIPs");
        let selector = pool("[]\n  serviceSelector: {selector: {a: b}}");
        rule(&RULE).fails(&selector).at("selector").says("selects every Service");
        rule(&RULE).fails(&pool("[]\n  serviceSelector: {matchLabels: {}, labels: {}}")).at("labels");
    }
}
