//! A Service that asks for any address, and more than one pool may serve it.
//!
//! ## What it does
//!
//! Looks for Services without a requested address that several enabled pools with free addresses of one family select.
//! One finding speaks for all Services with the same choice. Where the pools have the same selector it is worth knowing
//! at most: then whoever wrote them probably does not mind.
//!
//! ## Why is this bad?
//!
//! Nothing in a pool says that it goes first: not its name, not how narrow its selector is. Up to 1.19 the pool that the
//! operator met first serves until it is full, and a restart of the operator shuffles the order; from 1.20 on every
//! single allocation draws the pool at random. A dedicated pool beside one for everybody is dedicated to nobody.
//!
//! ## Example
//!
//! ```yaml
//! kind: CiliumLoadBalancerIPPool
//! metadata: {name: internal}
//! spec:
//!   blocks: [{cidr: 10.25.11.112/29}]
//!   serviceSelector: {matchLabels: {lb-pool: internal}}
//! ---
//! kind: CiliumLoadBalancerIPPool
//! metadata: {name: services}
//! spec:
//!   blocks: [{start: 10.25.11.101, stop: 10.25.11.111}]     # selects everybody, also those with the label
//! ```
//!
//! ## What to do
//!
//! Take the Services of the one out of the other: `matchExpressions: [{key: lb-pool, operator: DoesNotExist}]`.

use std::collections::BTreeMap;

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::Family;
use crate::cilium::profile::PoolOrder;
use crate::cilium::request::families;
use crate::cluster::ClusterView;
use crate::cluster::requests::Request;
use crate::cluster::serving::{PoolIndex, Serving};
use crate::flux::fact::Fact;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP312",
    name: "pool-choice-ambiguous",
    category: Category::Suspicious,
    severity: Severity::Warning,
    source: include_str!("pool_choice_ambiguous.rs"),
    check: Check::Cluster(check),
};

/// Pools by their place in the view, and the family that is asked of them.
type Choice = (Vec<usize>, Family);

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live || view.pools.len() < 2 {
        return;
    }
    let index = PoolIndex::of(view);
    let mut choices: BTreeMap<Choice, (&Request<'_, '_>, usize)> = BTreeMap::new();
    for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
        let asks = !request.requested.addresses.is_empty() || !request.requested.ignored.is_empty();
        let Some(service) = request.service.known().filter(|_| !asks) else { continue };
        let labels = service.selectable_labels();
        let selecting: Vec<usize> = index.selecting(&labels).collect();
        if selecting.len() < 2 {
            continue;
        }
        for family in families(service, &view.flags).iter() {
            let serves = |at: &usize| {
                let serving = &index.pools[*at];
                serving.pool.disabled.known() == Some(&false) && !serving.assignable.of(family).is_empty()
            };
            let pools: Vec<usize> = selecting.iter().copied().filter(serves).collect();
            if pools.len() > 1 {
                choices.entry((pools, family)).and_modify(|(_, more)| *more += 1).or_insert((request, 0));
            }
        }
    }
    for ((pools, family), (request, more)) in choices {
        let pools: Vec<&Serving<'_, '_, '_>> = pools.iter().map(|at| &index.pools[*at]).collect();
        // An overlap is an error of its own, and leaves one of them out of force.
        let meet = |a: &Serving<'_, '_, '_>, b: &Serving<'_, '_, '_>| !a.assignable.intersection(&b.assignable).is_empty();
        if pools.iter().enumerate().any(|(n, one)| pools[n + 1..].iter().any(|other| meet(one, other))) {
            continue;
        }
        findings.add(view, found(view, &pools, family, request, more));
    }
}

fn found(
    view: &ClusterView<'_, '_>,
    pools: &[&Serving<'_, '_, '_>],
    family: Family,
    request: &Request<'_, '_>,
    more: usize,
) -> Found {
    let names: Vec<String> = pools.iter().map(|serving| serving.pool.label()).collect();
    let others = match more {
        0 => String::new(),
        1 => " (and one other)".to_owned(),
        more => format!(" (and {more} others)"),
    };
    let order = match view.profile.pool_order {
        PoolOrder::Random if view.version_known => "which one is drawn at random each time",
        PoolOrder::Arrival if view.version_known => "the one that the operator met first serves, until it restarts",
        _ => "nothing says which one",
    };
    let message =
        format!("{}{others} may get its {family} address from pool {}: {order}", request.label(), names.join(" or "));
    let mut found = Found::on(request.object).message(message);
    for serving in pools {
        found = found.link(format!("pool {}", serving.pool.label()), Some(serving.pool.object.place_of_name()));
    }
    if pools.windows(2).all(|pair| selector(pair[0]) == selector(pair[1])) {
        found = found.at_most(Severity::Info);
    }
    found.help("let the selector of each pool leave out the Services of the others")
}

fn selector(serving: &Serving<'_, '_, '_>) -> Option<String> {
    match &serving.pool.selector {
        Fact::Known(Some(Ok(selector))) if !selector.selects_all() => Some(selector.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn pool(name: &str, cidr: &str, selector: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2alpha1\nkind: CiliumLoadBalancerIPPool\nmetadata: {{name: {name}}}\n\
             spec: {{blocks: [{{cidr: {cidr}}}], serviceSelector: {selector}}}\n---\n"
        )
    }

    fn service(name: &str, spec: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  labels: {{tier: internal}}\n\
             spec: {{type: LoadBalancer{spec}}}\n---\n"
        )
    }

    const DEDICATED: &str = "{matchLabels: {tier: internal}}";

    #[test]
    fn pass() {
        let two = pool("internal", "10.0.0.8/29", DEDICATED)
            + &pool("services", "10.0.1.0/24", "{matchExpressions: [{key: tier, operator: DoesNotExist}]}");
        rule(&RULE).passes(&(two + &service("mqtt", "")));
        let open = pool("internal", "10.0.0.8/29", DEDICATED) + &pool("services", "10.0.1.0/24", "{}");
        rule(&RULE).passes(&(open.clone() + &service("mqtt", ", loadBalancerIP: 10.0.0.9")));
        rule(&RULE).passes(&(open + &service("mqtt", ", ipFamilies: [IPv6]")));
        let families = pool("four", "10.0.0.8/29", "{}") + &pool("six", "fd00::/112", "{}");
        rule(&RULE).passes(&(families + &service("mqtt", "")));
        let unknown = pool("internal", "10.0.0.8/29", "{matchLabels: {tier: '${ELSEWHERE}'}}");
        rule(&RULE).passes(&(unknown + &pool("services", "10.0.1.0/24", "{}") + &service("mqtt", "")));
    }

    #[test]
    fn fail() {
        let open = pool("internal", "10.0.0.8/29", DEDICATED) + &pool("services", "10.0.1.0/24", "{}");
        let case = open.clone() + &service("mqtt", "") + &service("web", "");
        let failed = rule(&RULE).fails(&case).at("mqtt").says("internal or services").says("one other").times(1);
        assert_eq!(failed.findings[0].severity, Severity::Warning);
        let version = |version: &str| format!("{CONFIG}  cilium: {{version: \"{version}\"}}\n---\n{case}");
        rule(&RULE).fails(&version("1.19")).says("until it restarts");
        rule(&RULE).fails(&version("1.20")).says("at random");
    }

    #[test]
    fn pools_with_one_selector_are_worth_knowing() {
        let two = pool("one", "10.0.0.8/29", "{}") + &pool("two", "10.0.1.0/24", "{}") + &service("mqtt", "");
        assert_eq!(rule(&RULE).fails(&two).findings[0].severity, Severity::Info);
    }
}
