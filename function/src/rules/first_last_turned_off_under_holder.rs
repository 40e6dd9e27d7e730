//! A pool that begins to keep back an address which a Service has.
//!
//! ## What it does
//!
//! Compares with the revision before (`--from`). Where a pool's `allowFirstLastIPs` is turned to `No`, looks for Services
//! that have the first or last address of one of its blocks.
//!
//! ## Why is this bad?
//!
//! Nothing happens at first: the Service keeps the address. When the operator next restarts, the Service loses it: a
//! pinned one stays pending (`already_allocated`), another one moves. And who notices and turns the field back before that
//! makes it worse: 1.15 to 1.19 then give the same address to the next Service too, and the operator of 1.20.2 ends. No
//! release is known to be free of it.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! spec:
//!   allowFirstLastIPs: "No"             # was "Yes"
//!   blocks: [{cidr: 10.25.11.112/29}]
//! ---
//! kind: Service
//! metadata:
//!   annotations: {lbipam.cilium.io/ips: 10.25.11.112}     # the first one
//! ```
//!
//! ## What to do
//!
//! Move the Service to another address first, in a change of its own; or leave the field as it is.

use super::ends::turned;
use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::Range;
use crate::cluster::ClusterView;
use crate::report::{Category, Outcome, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP602",
    name: "first-last-turned-off-under-holder",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("first_last_turned_off_under_holder.rs"),
    check: Check::Change(check),
};

fn check(before: &ClusterView<'_, '_>, after: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for turned in turned(before, after).into_iter().filter(|turned| turned.kept) {
        let name = turned.pool.label();
        for end in &turned.ends {
            let mut open = false;
            for (request, outcomes) in before.requests.iter().zip(before.outcomes()) {
                let key = request.service.known().map(|service| &service.key);
                let stays = after.requests.iter().any(|now| now.service.known().map(|service| &service.key) == key);
                if !stays {
                    continue;
                }
                let has = outcomes.iter().any(|outcome| match outcome {
                    Outcome::Address { address, .. } => *address == end.to_string(),
                    _ => false,
                });
                if has {
                    let message = format!(
                        "pool {name} begins to keep {end} back, which {} has: it loses it when the operator next \
                         restarts, and turning allowFirstLastIPs back before gives the address to two Services (1.15 to \
                         1.19) or ends the operator (1.20.2); no release is known to be free of this",
                        request.label()
                    );
                    let found = match turned.field() {
                        Some(text) => {
                            Found::on(turned.pool.object).field(turned.pool.object, "spec.allowFirstLastIPs", &text)
                        }
                        None => Found::on(turned.pool.object).key("spec.allowFirstLastIPs"),
                    };
                    let found = found
                        .link(request.label(), Some(request.object.place_of_name()))
                        .message(message)
                        .help("move the Service to another address first, in a change of its own");
                    findings.add(after, found);
                }
                open |= outcomes.iter().any(|outcome| match outcome {
                    Outcome::OneOf { ranges, .. } => {
                        ranges.iter().filter_map(|text| Range::parse(text).ok()).any(|range| range.contains(*end))
                    }
                    _ => false,
                });
            }
            if open {
                let what = format!("whether a Service has {end}, which pool {name} keeps back from now on");
                let because = "which address each Service has depends on the order in which they came";
                findings.not_checked(after, what, because, Some(turned.pool.object.place_of_name()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pinned, pool_file, rule};
    use super::*;

    #[test]
    fn pass() {
        let same = pool_file("<", "No") + &pool_file(">", "No") + &pinned("<>", "10.0.0.8", "");
        rule(&RULE).passes(&same);
        let inside = pool_file("<", "Yes") + &pool_file(">", "No") + &pinned("<>", "10.0.0.9", "");
        rule(&RULE).passes(&inside);
        let moved = pool_file("<", "Yes") + &pool_file(">", "No") + &pinned("<", "10.0.0.8", "");
        rule(&RULE).passes(&moved);
        rule(&RULE).passes(&(pool_file(">", "No") + &pinned(">", "10.0.0.8", "")));
    }

    #[test]
    fn fail() {
        let held = pool_file("<", "Yes") + &pool_file(">", "No") + &pinned("<>", "10.0.0.8", "");
        rule(&RULE).fails(&held).at("'No'").says("keep 10.0.0.8 back").says("no release").times(1);
    }
}
