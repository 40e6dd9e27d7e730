//! A Service of the cluster has an address that it loses when the operator restarts.
//!
//! ## What it does
//!
//! Looks in the living cluster for Services whose address is in a pool that is disabled or in conflict: it was given while
//! the pool was in force, and an operator that starts anew does not take it over.
//!
//! ## Why is this bad?
//!
//! Nothing shows it. The address goes with the next upgrade of Cilium, or when the operator's node is drained.
//!
//! ## Example
//!
//! ```text
//! Service media/plex has 10.25.11.107 of pool services, which is disabled
//! ```
//!
//! ## What to do
//!
//! Enable the pool again or end the conflict; or move the Service at a time that suits.

use super::finding::Findings;
use super::living::{few, on_service};
use super::{Check, Rule};
use crate::cilium::history::{Account, Accounts, Past};
use crate::report::{Category, Severity};
use crate::verification::{Verified, past};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP715",
    name: "living-address-ends-at-restart",
    category: Category::Living,
    severity: Severity::Warning,
    source: include_str!("living_address_ends_at_restart.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let lost = |accounts: &'_ Accounts| {
        accounts.held.iter().find_map(|(address, _, account)| match account {
            Account::Past(why @ Past::PoolInForce(_)) => Some((*address, why.clone())),
            _ => None,
        })
    };
    let each = verified.living.services.iter().zip(&verified.living.accounts);
    for ((service, (address, why)), more) in few(each.filter_map(|(service, accounts)| Some((service, lost(accounts)?)))) {
        let found = on_service(verified, &service.key)
            .current(address.to_string())
            .message(format!("Service {} has {address}: {}{more}", service.key, past(verified, &why)))
            .help("enable the pool or end the conflict, or move the Service at a time that suits");
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
        let text = living("").replace("spec: {blocks: [{start", "spec: {disabled: true, blocks: [{start");
        rule(&RULE).fails(&text).at("web").says("before pool pool is disabled, and loses it when the operator restarts").times(1);
    }
}
