//! More requests than the one pool that can serve them has addresses.
//!
//! ## What it does
//!
//! Counts, family for family, the requests that can be served by one pool alone: Services and Gateways that ask for no
//! address and are selected by no other enabled pool, and requested addresses that lie in it. Those that share a key
//! count once, or not at all where they may join an address of another pool. Pools that have a `headroom` in the config
//! are left to LBP205.
//!
//! ## Why is this bad?
//!
//! The Services that come last get no address and wait with reason `out_of_ips`. Which ones they are is decided by the
//! order in which they come, and by chance when the operator starts again.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! spec:
//!   allowFirstLastIPs: "No"
//!   blocks: [{cidr: 10.25.11.112/30}]       # two addresses for three Services
//! ```
//!
//! ## What to do
//!
//! Widen the pool, add another one that selects some of the Services, or let Services share an address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::address::Family;
use crate::cilium::request::families;
use crate::cilium::sharing::Sharing;
use crate::cilium::{Count, Ranges};
use crate::cluster::ClusterView;
use crate::cluster::serving::{PoolIndex, Serving};
use crate::flux::fact::Fact;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP327",
    name: "pool-too-small",
    category: Category::Correctness,
    severity: Severity::Error,
    source: include_str!("pool_too_small.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live {
        return;
    }
    let index = PoolIndex::of(view);
    let compiles = |serving: &Serving<'_, '_, '_>| matches!(serving.pool.selector, Fact::Known(None | Some(Ok(_))));
    if index.incomplete.is_some() || !index.pools.iter().all(compiles) {
        return;
    }
    let needs = Needs::of(view, &index);
    for (at, serving) in index.pools.iter().enumerate().filter(|(_, serving)| is_enabled(serving)) {
        let planned = view.plan.pools.iter().find(|planned| serving.pool.name.known() == Some(&planned.name));
        if planned.is_some_and(|planned| planned.headroom.is_some()) {
            continue;
        }
        for family in [Family::V4, Family::V6] {
            let addresses = serving.assignable.of(family);
            let (there, needed) = (addresses.count(), needs.at_least(at, family, &addresses));
            if there.is_zero() || needed <= there {
                continue;
            }
            let message = format!(
                "pool {} has {there} {family} addresses to give, and {needed} requests can get theirs nowhere else: at \
                 least {} will stay without one (out_of_ips)",
                serving.pool.label(),
                needed - there
            );
            let help = "widen the pool, add another that selects some of the Services, or let Services share an address";
            findings.add(view, Found::on(serving.pool.object).message(message).help(help));
        }
    }
}

fn is_enabled(serving: &Serving<'_, '_, '_>) -> bool {
    serving.pool.disabled.known() == Some(&false)
}

/// Where those who share a key can get an address.
#[derive(Debug, Default)]
struct Sharers {
    /// The pools that are the only one for some of them.
    only: BTreeSet<usize>,
    /// Some of them ask for an address, or have a choice.
    elsewhere: bool,
}

/// What is asked of each pool.
#[derive(Debug, Default)]
struct Needs {
    /// Services without a key whom only this pool can serve.
    alone: BTreeMap<(usize, Family), usize>,
    /// Sharing keys of which somebody can only have an address of this pool: one for all who have the key.
    shared: BTreeMap<(usize, Family), usize>,
    /// Addresses that are asked for by somebody whom the only pool that holds them selects.
    pinned: BTreeSet<IpAddr>,
}

impl Needs {
    fn of(view: &ClusterView<'_, '_>, index: &PoolIndex<'_, '_, '_>) -> Needs {
        let mut needs = Needs::default();
        let mut sharers: BTreeMap<(Family, String), Sharers> = BTreeMap::new();
        // Somebody of whom it is not known what key it has may be there to join for all.
        let mut unknown = false;
        for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
            let Some(service) = request.service.known() else {
                unknown = true;
                continue;
            };
            let key = Sharing::of(service, &view.profile).key;
            let labels = service.selectable_labels();
            if !request.requested.addresses.is_empty() {
                for asked in &request.requested.addresses {
                    let mut holding = index.holding(asked.address);
                    let held = holding.next().filter(|_| holding.next().is_none());
                    if held.is_some_and(|held| held.selects(&labels) == Some(true)) {
                        needs.pinned.insert(asked.address);
                    }
                }
                if let Some(key) = key {
                    for family in [Family::V4, Family::V6] {
                        sharers.entry((family, key.clone())).or_default().elsewhere = true;
                    }
                }
                continue;
            }
            let selecting: Vec<usize> = index.selecting(&labels).filter(|&at| is_enabled(&index.pools[at])).collect();
            for family in families(service, &view.flags).iter() {
                let has = |at: &&usize| !index.pools[**at].assignable.of(family).is_empty();
                let mut serving = selecting.iter().filter(has);
                let only = serving.next().filter(|_| serving.next().is_none()).copied();
                match (&key, only) {
                    (None, Some(pool)) => *needs.alone.entry((pool, family)).or_default() += 1,
                    (None, None) => {}
                    (Some(key), only) => {
                        let sharers = sharers.entry((family, key.clone())).or_default();
                        sharers.only.extend(only);
                        sharers.elsewhere |= only.is_none();
                    }
                }
            }
        }
        for ((family, _), sharers) in sharers.into_iter().filter(|_| !unknown) {
            // Not of those who may join an address that is not of this pool, or that is asked for.
            if let (Some(pool), 1, false) = (sharers.only.first(), sharers.only.len(), sharers.elsewhere) {
                *needs.shared.entry((*pool, family)).or_default() += 1;
            }
        }
        needs
    }

    /// How many of these addresses are needed at the least.
    fn at_least(&self, pool: usize, family: Family, addresses: &Ranges) -> Count {
        let alone = self.alone.get(&(pool, family)).copied().unwrap_or_default();
        let pinned = addresses.iter().map(|range| self.pinned.range(range.first()..=range.last()).count()).sum::<usize>();
        let shared = self.shared.get(&(pool, family)).copied().unwrap_or_default();
        Count::from(alone + pinned + shared)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, pool_named, rule};
    use super::*;

    fn service(name: &str, annotations: &str, spec: &str) -> String {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: home\n  annotations: \
             {{{annotations}}}\nspec: {{type: LoadBalancer, ports: [{{port: 80}}]{spec}}}\n"
        )
    }

    /// Two addresses, and what else there is.
    fn case(more: &[String]) -> String {
        pool_named("services", "[{start: 10.0.0.1, stop: 10.0.0.2}]") + &more.concat()
    }

    fn keyed(name: &str, key: &str) -> String {
        service(name, &format!("lbipam.cilium.io/sharing-key: {key}"), "")
    }

    #[test]
    fn pass() {
        let [a, b, c] = ["a", "b", "c"].map(|name| service(name, "", ""));
        rule(&RULE).passes(&case(&[a.clone(), b.clone()]));
        // They may share one address.
        rule(&RULE).passes(&case(&[a.clone(), keyed("k", "one"), keyed("l", "one")]));
        // One who asks for an address takes it from the others or they from it: there are two for two.
        rule(&RULE).passes(&case(&[a.clone(), service("p", "lbipam.cilium.io/ips: 10.0.0.2", "")]));
        // Another pool has room.
        let other = "---\n".to_owned() + &pool_named("other", "[{cidr: 10.1.0.0/24}]");
        rule(&RULE).passes(&case(&[a.clone(), b.clone(), c.clone(), other]));
        // Who has the key may join whom another pool serves.
        let elsewhere = "---\n".to_owned()
            + &pool_named("red", "[{cidr: 10.1.0.0/24}]").replace("spec:\n", "spec:\n  serviceSelector: {matchLabels: {color: red}}\n");
        let red = keyed("r", "one").replace("  name: r\n", "  name: r\n  labels: {color: red}\n");
        rule(&RULE).passes(&case(&[a.clone(), b.clone(), keyed("k", "one"), elsewhere, red]));
        // Another pool of which not all is known.
        let unknown = "---\n".to_owned() + &pool_named("unknown", "[{cidr: '${ELSEWHERE}'}]");
        rule(&RULE).passes(&case(&[a.clone(), b.clone(), c.clone(), unknown]));
        // Not LB-IPAM's.
        rule(&RULE).passes(&case(&[a.clone(), b.clone(), service("n", "", "").replace("LoadBalancer", "NodePort")]));
        // The pool has a headroom in the config: LBP205.
        let blocks = "[{start: 10.0.0.1, stop: 10.0.0.2}]";
        let config = format!("{CONFIG}  pools: [{{name: services, blocks: {blocks}, headroom: 0%}}]\n---\n");
        rule(&RULE).passes(&(config + &case(&[a, b, c])));
    }

    #[test]
    fn fail() {
        let [a, b, c] = ["a", "b", "c"].map(|name| service(name, "", ""));
        let failed = rule(&RULE).fails(&case(&[a.clone(), b.clone(), c])).at("services").times(1);
        failed.says("has 2 IPv4 addresses").says("3 requests").says("at least 1 will stay");
        rule(&RULE).fails(&case(&[a.clone(), b.clone(), keyed("k", "one"), keyed("l", "one")])).says("3 requests");
        let pinned = service("p", "lbipam.cilium.io/ips: 10.0.0.2", "");
        rule(&RULE).fails(&case(&[a.clone(), b, pinned])).says("3 requests");
        let six = [1, 2, 3].map(|n| service(&format!("v{n}"), "", ", ipFamilies: [IPv6]"));
        let both = pool_named("services", "[{cidr: 10.0.0.0/24}, {cidr: 'fd00::/127'}]") + &six.concat();
        rule(&RULE).fails(&both).says("has 2 IPv6 addresses").times(1);
    }
}
