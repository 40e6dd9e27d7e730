//! A pool goes away while a Service that stays has an address of it.
//!
//! ## What it does
//!
//! Compares with the revision before (`--from`). Looks for pools whose manifest is gone and which the cluster then
//! deletes: the Kustomization prunes, or is gone itself and its `deletionPolicy` lets go of what it made. Names the
//! Services that had an address of such a pool, want just what they wanted before, and have another address
//! afterwards, or none.
//!
//! ## Why is this bad?
//!
//! The operator takes the addresses away at once and gives others where another pool serves the Service. Whoever knows
//! the old address, in DNS or in a firewall, does not find the Service any more. A Kustomization that is taken away, or
//! a directory that is moved, is enough.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool        # this manifest is removed, the Service web/shop stays
//! spec:
//!   blocks: [{cidr: 10.25.11.112/29}]
//! ```
//!
//! ## What to do
//!
//! Give the Services addresses of another pool first, in a change of their own. Or mark the pool with
//! `kustomize.toolkit.fluxcd.io/prune: disabled` before its manifest moves.

use std::collections::BTreeMap;

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::Range;
use crate::cluster::ClusterView;
use crate::cluster::difference::difference;
use crate::cluster::pools::PoolView;
use crate::cluster::pruned::{knows_its_pools, pruned_pools};
use crate::cluster::requests::Request;
use crate::cluster::supposed::Supposed;
use crate::report::{AddressChange, Category, HeldReport, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP607",
    name: "pool-removed-under-holder",
    category: Category::Correctness,
    severity: Severity::Warning,
    source: include_str!("pool_removed_under_holder.rs"),
    check: Check::Change(check),
};

/// Services that a sentence names before it only counts.
const MOST: usize = 5;

fn check(before: &ClusterView<'_, '_>, after: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !before.live || !after.live {
        return;
    }
    let gone: Vec<_> = pruned_pools(before, after).collect();
    if gone.is_empty() {
        return;
    }
    // It may only have moved to where this run did not look.
    if !knows_its_pools(after) {
        for pool in gone {
            let what = format!("whether pool {}, which is gone from what was read, is deleted", pool.label());
            findings.not_checked(after, what, "not everything that the cluster applies is known", None);
        }
        return;
    }
    let changes = difference(Some(before), Some(after), &Supposed::default()).addresses;
    let wanting = wanting_the_same(before, after);
    let taken = changes.iter().filter(|change| change.takes_away());
    let taken: Vec<_> = taken.filter_map(|change| Some((change, *wanting.get(&key_of(change))?))).collect();
    for pool in gone {
        let mut holders = Vec::new();
        let mut found = Found::of(pool.object.resource());
        for (change, request) in &taken {
            let Some(all) = had_of(&change.before, pool) else { continue };
            found = found.link(request.label(), Some(request.object.place_of_name()));
            holders.push(sentence(change, &request.label(), all));
        }
        if holders.is_empty() {
            continue;
        }
        let more = holders.len().saturating_sub(MOST);
        holders.truncate(MOST);
        let more = if more == 0 { String::new() } else { format!("; and {more} more") };
        let message = format!("pool {} is deleted: {}{more}", pool.label(), holders.join("; "));
        let help = "give them addresses of another pool first, in a change of their own, or keep the pool";
        findings.add(after, found.message(message).help(help));
    }
}

/// The requests that stand in both revisions, by `namespace/name` of their Services, where nothing that decides about
/// the address differs: else the move is one that somebody asked for.
fn wanting_the_same<'v, 'a, 't>(
    before: &ClusterView<'a, 't>,
    after: &'v ClusterView<'a, 't>,
) -> BTreeMap<String, &'v Request<'a, 't>> {
    // Of two under one name the first counts.
    let was = before.requests.iter().rev().filter_map(|request| request.service.known());
    let was: BTreeMap<_, _> = was.map(|service| (&service.key, service)).collect();
    let now = after.requests.iter().rev().filter_map(|request| Some((request.service.known()?, request)));
    let now: BTreeMap<_, _> = now.map(|(service, request)| (&service.key, (service, request))).collect();
    let same = now.into_iter().filter(|(key, (service, _))| was.get(key) == Some(service));
    same.map(|(key, (_, request))| (key.to_string(), request)).collect()
}

/// The Service of a change, as `namespace/name`.
fn key_of(change: &AddressChange) -> String {
    let own = || format!("{}/{}", change.resource.namespace.as_deref().unwrap_or_default(), change.resource.name);
    change.service.clone().unwrap_or_else(own)
}

/// Whether all, or else some, of what it had lies in the pool; none where nothing does.
fn had_of(held: &HeldReport, pool: &PoolView<'_, '_>) -> Option<bool> {
    let ranges: Vec<Range> = held.ranges.iter().filter_map(|text| Range::parse(text).ok()).collect();
    let inside = |range: &Range| pool.ranges().any(|(_, block)| block.range.covers(range));
    let touches = |range: &Range| pool.ranges().any(|(_, block)| block.range.intersects(range));
    ranges.iter().any(touches).then(|| held.more == 0 && !held.or_none && ranges.iter().all(inside))
}

fn sentence(change: &AddressChange, who: &str, all: bool) -> String {
    let perhaps = if change.certain && all { "" } else { "perhaps " };
    // A range is what it has one address of.
    let one_of = if change.before.ranges.iter().any(|range| range.contains('-')) { "one of " } else { "" };
    let was = format!("{one_of}{}", change.before.ranges.join(", "));
    match change.after.ranges.as_slice() {
        [] => format!("{who} {perhaps}loses {was}"),
        now => {
            let or_none = if change.after.or_none { " or none" } else { "" };
            format!("{who} {perhaps}loses {was} and gets {}{or_none}", now.join(" or "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{evaluated, pinned, pool_named, rule, wired};
    use super::*;

    const BLOCK: &str = "[{cidr: 10.0.0.8/29}]";

    /// Two pools of `KS pools`, of which `web` is in the second revision only with `stays`; a Service with this
    /// annotation and, in the second revision, that one.
    fn case(ks: [&str; 2], stays: bool, [was, is]: [&str; 2], mark: &str) -> String {
        let files = |ks: &str, pool: bool, ips: &str| {
            let web = pool_named("web", BLOCK).replace("name: web\n", &format!("name: web\n{mark}"));
            let web = if pool { format!("#> pools/web.yaml\n{web}") } else { String::new() };
            let other = pool_named("other", "[{cidr: 10.0.1.8/29}]");
            wired(&format!(
                "#> clusters/one/ks.yaml\n{ks}\nKS apps ./apps\n{web}#> pools/other.yaml\n{other}#> apps/a.yaml\napiVersion: \
                 v1\nkind: Service\nmetadata: {{name: a, namespace: n, annotations: {{lbipam.cilium.io/ips: '{ips}'}}}}\n\
                 spec: {{type: LoadBalancer}}\n"
            ))
        };
        files(ks[0], true, was).replace("#> ", "#< ") + &files(ks[1], stays, is)
    }

    const PRUNES: &str = "KS pools ./pools";
    const IN: &str = "10.0.0.9";

    #[test]
    fn pass() {
        rule(&RULE).passes(&case([PRUNES; 2], true, [IN; 2], ""));
        // It has another address, by its own wish, in the same change.
        rule(&RULE).passes(&case([PRUNES; 2], false, [IN, "10.0.1.9"], ""));
        rule(&RULE).passes(&case([PRUNES; 2], false, ["10.0.1.9"; 2], ""));
        rule(&RULE).passes(&case([PRUNES; 2], false, [IN; 2], "  annotations: {kustomize.toolkit.fluxcd.io/prune: Disabled}\n"));
        rule(&RULE).passes(&case([PRUNES; 2], false, [IN; 2], "  labels: {kustomize.toolkit.fluxcd.io/ssa: Ignore}\n"));
        for more in ["prune: false", "suspend: true"] {
            let keeps = format!("{PRUNES} {more}").replace("prune: false", "wait: true");
            let keeps = case([&keeps; 2], false, [IN; 2], "");
            let keeps = if more.starts_with("prune") {
                keeps.replace("interval: 1h, prune: true, path: ./pools", "interval: 1h, prune: false, path: ./pools")
            } else {
                keeps
            };
            rule(&RULE).passes(&keeps);
        }
        // The Kustomization goes, and leaves what it made.
        for policy in ["deletionPolicy: Orphan", "suspend: true"] {
            rule(&RULE).passes(&case([&format!("{PRUNES} {policy}"), ""], false, [IN; 2], ""));
        }
    }

    #[test]
    fn fail() {
        let lost = rule(&RULE).fails(&case([PRUNES; 2], false, [IN; 2], ""));
        lost.says("pool web is deleted").says("n/a").says("loses 10.0.0.9").times(1);
        for policy in ["", "deletionPolicy: Delete", "deletionPolicy: MirrorPrune", "deletionPolicy: WaitForTermination"] {
            let gone = case([&format!("{PRUNES} {policy}"), ""], false, [IN; 2], "");
            rule(&RULE).fails(&gone).says("pool web").times(1);
        }
        // No Flux at all.
        let alone = |side: &str| format!("#{side} other.yaml\n{}", pool_named("other", "[{cidr: 10.0.1.8/29}]"));
        let web = format!("#< web.yaml\n{}", pool_named("web", BLOCK));
        let generic = pinned("<>", "x", "").replace("    lbipam.cilium.io/ips: x\n", "    a: b\n");
        let moved = alone(">") + &web + &generic;
        rule(&RULE).fails(&moved).says("loses 10.0.0.8 and gets 10.0.1.8").times(1);
    }

    #[test]
    fn what_was_not_read_may_hold_it() {
        let case = case([PRUNES; 2], false, [IN; 2], "");
        let (before, after) = case.split_once("#> ").expect("two revisions");
        let outside = "- https://example.org/base\n";
        let after = format!("#> {after}#> pools/kustomization.yaml\nresources:\n- other.yaml\n{outside}");
        let text = format!("{before}{after}");
        rule(&RULE).passes(&text);
        let notes = evaluated(&text).report.not_checked;
        assert!(notes.iter().any(|note| note.what.contains("whether pool web")), "{notes:#?}");
    }
}
