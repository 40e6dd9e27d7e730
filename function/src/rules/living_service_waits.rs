//! A Service of the cluster waits for an address.
//!
//! ## What it does
//!
//! Looks in the living cluster for Services that LB-IPAM serves and that lack an address, and tells the operator's
//! reason beside what lbpools makes of it: which pools select the Service, which of them are in force, and what they
//! have left.
//!
//! ## Why is this bad?
//!
//! Nobody reaches it. Kubernetes shows `<pending>`, and the operator's reason stands in a condition that few look at.
//!
//! ## Example
//!
//! ```text
//! NAME       TYPE           EXTERNAL-IP
//! registry   LoadBalancer   <pending>
//! ```
//!
//! ## What to do
//!
//! What the finding proposes: enlarge a pool, take the pin back that holds the address, or mend what switched the pool
//! off.

use super::finding::Findings;
use super::living::{few, on_service};
use super::{Check, Rule};
use crate::cilium::history::{Account, Mark, addresses};
use crate::cilium::prediction::Wish;
use crate::cilium::ServiceKey;
use crate::report::{Category, Severity};
use crate::verification::{Verified, account};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP701",
    name: "living-service-waits",
    category: Category::Living,
    severity: Severity::Error,
    source: include_str!("living_service_waits.rs"),
    check: Check::Living(check),
};

fn check(verified: &Verified<'_, '_, '_>, findings: &mut Findings<'_>) {
    let observed = verified.living.observed;
    // What contradicts the prediction, and another controller's status, have rules of their own.
    let named = |key: &ServiceKey| observed.services.get(key).is_some_and(|living| !living.hostnames.is_empty());
    let each = verified.living.services.iter().zip(&verified.living.accounts);
    let waiting = each.filter(|(service, accounts)| accounts.contradiction().is_none() && !named(&service.key));
    let waiting = waiting.filter_map(|(service, accounts)| Some((service, accounts.lacked.first()?)));
    for ((service, (wish, why)), more) in few(waiting) {
        let condition = observed.services.get(&service.key).and_then(|living| living.condition.as_ref());
        let said = match condition.filter(|condition| condition.status == "False") {
            Some(condition) if condition.message.is_empty() => format!("the operator says {}", condition.reason),
            Some(condition) => format!("the operator says {} ({})", condition.reason, condition.message),
            None => account(verified, why),
        };
        let waits = match wish {
            Wish::This(address) => format!("waits for {address}"),
            Wish::Any(family) => format!("waits for an {family} address"),
        };
        let found = on_service(verified, &service.key);
        let found = found
            .message(format!("Service {} {waits}: {said}{more}", service.key))
            .help(proposal(verified, &service.key, *wish, why));
        findings.add(verified.view, found);
    }
}

/// What to do, by the pools as they are.
fn proposal(verified: &Verified<'_, '_, '_>, key: &ServiceKey, wish: Wish, why: &Account) -> String {
    let living = &verified.living;
    if let Account::Open(_) = why {
        return "look at the operator: its log says where it stops".into();
    }
    if living.pools.is_empty() {
        return "the cluster has no pool: apply those of the repository".into();
    }
    let labels = living.place(key).map(|at| living.services[at].selectable_labels()).unwrap_or_default();
    let selecting = || (0..living.pools.len()).filter(|&at| living.pools[at].selects(&labels) == Ok(true));
    let name = |at: usize| living.pools[at].name.as_str();
    let out_of_force = |at: usize| {
        if living.pools[at].disabled {
            Some("is disabled")
        } else if living.marks[at] == Mark::Conflicting {
            Some("is switched off for a conflict")
        } else {
            None
        }
    };
    match wish {
        Wish::This(address) => {
            let holding = (0..living.pools.len()).find(|&at| living.pools[at].ranges().contains(address));
            let holder = living.services.iter().find(|other| {
                other.key != *key && addresses(other).any(|held| held == address)
            });
            match (holding, holder) {
                (None, _) => format!("no pool holds {address}: give it one, or ask for an address of a pool"),
                (_, Some(holder)) => format!("Service {} has {address}: only one of them can, unless they share", holder.key),
                (Some(at), None) => match out_of_force(at) {
                    Some(why) => format!("pool {} holds {address} and {why}", name(at)),
                    None if living.pools[at].selects(&labels) != Ok(true) => {
                        format!("pool {} holds {address} and does not select it: widen its selector", name(at))
                    }
                    None => format!("pool {} keeps {address} back as the first or last of a block", name(at)),
                },
            }
        }
        Wish::Any(family) => {
            let off = selecting().find_map(|at| Some((at, out_of_force(at)?)));
            let with_family: Vec<&str> = selecting()
                .filter(|&at| out_of_force(at).is_none() && living.pools[at].has_family(family, &living.profile))
                .map(name)
                .collect();
            match (with_family.as_slice(), off) {
                ([], Some((at, why))) => format!("pool {} selects it and {why}", name(at)),
                ([], None) => format!("no pool with {family} addresses selects it: add one, or a label that one asks for"),
                (pools, _) => {
                    let wait = living.accounts.iter().filter(|other| !other.lacked.is_empty()).count();
                    let wait = if wait == 1 { "1 Service waits".to_owned() } else { format!("{wait} Services wait") };
                    format!("pool {} is used up, and {wait}: enlarge it", pools.join(", "))
                }
            }
        }
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
        let small = living("").replace("10.0.0.9", "10.0.0.1").replace("message: '9'", "message: '1'");
        let pending = small.replace("[{ip: 10.0.0.1}]", "[]").replace(
            "{type: cilium.io/IPAMRequestSatisfied, status: 'True', reason: satisfied}",
            "{type: cilium.io/IPAMRequestSatisfied, status: 'False', reason: out_of_ips, message: all ran out}",
        );
        // The pool is taken by somebody else.
        let taken = format!("{pending}---\n{}", super::super::cases::living_service("other", "10.0.0.1"));
        rule(&RULE).fails(&taken).says("waits for an IPv4 address: the operator says out_of_ips (all ran out)").times(1);
    }
}
