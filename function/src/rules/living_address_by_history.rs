//! A Service has another address than was predicted, by the order or the past of its cluster.
//!
//! ## What it does
//!
//! Tells where an address of the living cluster is not the predicted one although the pools and Services are as the
//! repository says. Manifests tell what a cluster comes to from nothing; which Service came first, and what was there before
//! and is gone, they do not tell.
//!
//! ## Why is this bad?
//!
//! It is not wrong. The address is one that Cilium may give, and it stays as long as its pool and Service do. In a cluster
//! that is made anew from the repository it is another one.
//!
//! ## Example
//!
//! ```text
//! Service media/plex has 10.25.11.107, and 10.25.11.101 was predicted
//! ```
//!
//! ## What to do
//!
//! Pin the address where somebody relies on it.

use super::finding::{Findings, Found};
use super::living::few;
use super::{Check, Rule};
use crate::report::{Category, Severity, Standing};
use crate::verification::Verified;

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP714",
    name: "living-address-by-history",
    category: Category::Living,
    severity: Severity::Info,
    source: include_str!("living_address_by_history.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let each = verified.requests.iter().zip(&verified.view.requests);
    let other = each.filter(|(stand, _)| stand.standing == Standing::Order && !stand.actual.is_empty());
    for ((stand, request), more) in few(other) {
        let has: Vec<&str> = stand.actual.iter().map(|held| held.address.as_str()).collect();
        let found = Found::on(request.object)
            .current(has.join(", "))
            .message(format!("{} has {}, which was not predicted: {}{more}", request.label(), has.join(", "), stand.because))
            .help("pin it where somebody relies on it");
        findings.add(verified.view, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{living, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&living(""));
    }

    #[test]
    fn fail() {
        let text = living("").replace("{ip: 10.0.0.1}", "{ip: 10.0.0.4}");
        rule(&RULE).fails(&text).at("web").says("Service web/web has 10.0.0.4, which was not predicted").times(1);
    }
}
