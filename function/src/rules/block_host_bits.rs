//! A `cidr` whose address has bits set behind the prefix length.
//!
//! ## What it does
//!
//! Compares the address of each `cidr` with the network that it means.
//!
//! ## Why is this bad?
//!
//! Cilium drops those bits without a word: `192.168.40.200/28` is 192.168.40.192 to 192.168.40.207, not sixteen
//! addresses from .200 on. The pool hands out addresses that nobody meant and lacks those that somebody did.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   blocks:
//!   - cidr: 192.168.40.200/28
//! ```
//!
//! ## What to do
//!
//! Write the network (`192.168.40.192/28`) if that is what is meant; if the pool should begin at the address, write
//! `start` and `stop`. The network is proposed where the plan holds it and does not hold the other.

use super::finding::{Findings, Found};
use super::proposal::written_for;
use super::{Check, Rule};
use crate::cilium::address::{Family, number, parse_prefix};
use crate::cilium::{Block, Range};
use crate::cluster::ClusterView;
use crate::flux::object::Text;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP104",
    name: "block-host-bits",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("block_host_bits.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for pool in &view.pools {
        for (block_view, block) in pool.ranges().filter(|(_, block)| block.host_bits) {
            let Some(text) = &block_view.cidr else { continue };
            let found = Found::on(pool.object).field(pool.object, format!("{}.cidr", block_view.path), text);
            findings.add(view, described(view, block, text, found));
        }
    }
}

fn described(view: &ClusterView<'_, '_>, block: &Block, text: &Text, found: Found) -> Found {
    let written = text.known().unwrap_or(&text.written);
    let (first, last) = (block.range.first(), block.range.last());
    let found = found.message(format!("{written} means {first} to {last}: Cilium drops the bits behind the prefix length"));
    let Ok(prefix) = parse_prefix(written) else { return found.help("write the network address") };
    let network = format!("{first}/{}", prefix.length);
    let help = format!("write {network} for those addresses");
    let Some(from_there) = as_many_from(prefix.address, block) else {
        return found.help(help);
    };
    let found = found.help(format!("{help}, or start: {} and stop: {}", from_there.first(), from_there.last()));
    let planned = &view.plan.ranges;
    let certain = planned.covers(&block.range) && !planned.covers(&from_there);
    match certain.then(|| written_for(text, &network)).flatten() {
        Some(value) => found.proposed(value),
        None => found,
    }
}

/// As many addresses as the block has, from this one on.
fn as_many_from(address: std::net::IpAddr, block: &Block) -> Option<Range> {
    let distance = number(block.range.last()).checked_sub(number(block.range.first()))?;
    let last = Family::of(address).address(number(address).checked_add(distance)?)?;
    Range::new(address, last).ok()
}

#[cfg(test)]
mod tests {
    use super::super::cases::{planned, pool, rule};
    use super::*;

    #[test]
    fn pass() {
        rule(&RULE).passes(&pool("[{cidr: 192.168.40.192/28}, {cidr: 10.0.0.1/32}, {cidr: \"fd00::/64\"}]"));
        rule(&RULE).passes(&pool("[{start: 10.0.0.1, stop: 10.0.0.9}]"));
    }

    #[test]
    fn fail() {
        let failed = rule(&RULE).fails(&pool("[{cidr: 192.168.40.200/28}]")).at("192.168.40.200/28").times(1);
        let failed = failed.says("means 192.168.40.192 to 192.168.40.207");
        assert!(failed.findings[0].help.contains("start: 192.168.40.200 and stop: 192.168.40.215"));
        assert_eq!(failed.findings[0].proposed, None, "nobody knows which was meant");
        rule(&RULE).fails(&pool("[{cidr: 255.255.255.255/24}]")).says("255.255.255.0 to 255.255.255.255");
        rule(&RULE).fails(&pool("[{cidr: \"fd00::5/64\"}]")).says("fd00:: to fd00::ffff:ffff:ffff:ffff");
    }

    #[test]
    fn the_plan_tells_which_was_meant() {
        // .112/29 is .112 to .119; from .118 on it would leave the range.
        let case = planned("cidr: ${START}/29", "10.25.11.118", "10.25.11.119");
        rule(&RULE).fails(&case).proposes("10.25.11.112");
    }
}
