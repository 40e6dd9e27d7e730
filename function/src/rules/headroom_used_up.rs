//! A pool without the free addresses that the plan wants in it.
//!
//! ## What it does
//!
//! Counts the addresses of each pool that has `headroom` in the config, and the requests that are certain to draw
//! from it: pinned addresses, and Services and Gateways that ask for none and are selected by this pool alone. Services
//! with one sharing key count once, since they may end up on one address. Where the answer hangs on requests that
//! are not certain, it is not checked.
//!
//! ## Why is this bad?
//!
//! When the last address is gone the next Service stays pending. Headroom is what the plan keeps so that this is
//! seen before it happens.
//!
//! ## Example
//!
//! ```yaml
//! pools:
//! - name: services
//!   blocks: [{start: 10.25.11.116, stop: 10.25.11.119}]      # four addresses, four Services
//!   headroom: 25%
//! ```
//!
//! ## What to do
//!
//! Widen the pool, let Services share an address, or lower the headroom.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::request::families;
use crate::cilium::sharing::Sharing;
use crate::cilium::{Count, Family, Ranges, Service};
use crate::cluster::ClusterView;
use crate::cluster::plan::Headroom;
use crate::cluster::pools::PoolView;
use crate::flux::fact::Fact;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP205",
    name: "headroom-used-up",
    category: Category::Plan,
    severity: Severity::Error,
    source: include_str!("headroom_used_up.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for planned in &view.plan.pools {
        let Some(headroom) = planned.headroom else { continue };
        let Some(pool) = view.pools.iter().find(|pool| pool.name.known() == Some(&planned.name)) else { continue };
        if pool.disabled.known() == Some(&true) {
            continue;
        }
        let what = || format!("whether pool {} keeps its headroom", planned.name);
        if let Some(why) = pool.uncertain() {
            findings.not_checked(view, what(), why, Some(pool.object.place_of_name()));
            continue;
        }
        let addresses = pool.model().assignable(&view.profile);
        let total = addresses.count();
        // A pool without any address has worse findings.
        if total.is_zero() {
            continue;
        }
        let demand = demand(view, pool, &addresses);
        let wanted = headroom.of(total);
        let (used, most) = (Count::from(demand.certain), Count::from(demand.certain + demand.possible));
        if total < used + wanted {
            findings.add(view, found(pool, headroom, total, used));
        } else if total < most + wanted {
            let because = format!(
                "{used} of its {total} addresses are certain to be used, and {} more may be: {}",
                demand.possible,
                demand.because.unwrap_or_default()
            );
            findings.not_checked(view, what(), because, Some(pool.object.place_of_name()));
        }
    }
}

fn found(pool: &PoolView<'_, '_>, headroom: Headroom, total: Count, used: Count) -> Found {
    let wanted = headroom.of(total);
    let share = match headroom {
        Headroom::Percent(percent) => format!("{wanted} ({percent}%)"),
        Headroom::Count(_) => wanted.to_string(),
    };
    let verdict = match used > total {
        true => format!("{} more than there are", used - total),
        false => format!("{} left", total - used),
    };
    Found::on(pool.object)
        .message(format!(
            "pool {} has {total} addresses, of which the plan keeps {share} free for growth, and known requests use \
             {used}: {verdict}",
            pool.label()
        ))
        .help("widen the pool, let Services share an address, or lower its headroom in the config")
}

/// How many addresses of a pool requests use.
#[derive(Debug, Default)]
struct Demand {
    certain: usize,
    possible: usize,
    because: Option<String>,
}

fn demand(view: &ClusterView<'_, '_>, pool: &PoolView<'_, '_>, addresses: &Ranges) -> Demand {
    let mut demand = Demand::default();
    let mut pinned: BTreeSet<IpAddr> = BTreeSet::new();
    let mut shared: BTreeSet<(Family, String)> = BTreeSet::new();
    let mut shared_by_pin: BTreeSet<String> = BTreeSet::new();
    for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
        let service = match &request.service {
            Fact::Known(service) => service,
            Fact::Unknown(why) => {
                demand.possible += 1;
                demand.because.get_or_insert_with(|| format!("{}: {why}", request.label()));
                continue;
            }
        };
        if pool.model_selects(service) != Some(true) {
            continue;
        }
        let key = Sharing::of(service, &view.profile).key;
        if !request.requested.addresses.is_empty() {
            pinned.extend(request.requested.addresses.iter().map(|a| a.address).filter(|a| addresses.contains(*a)));
            shared_by_pin.extend(key);
            continue;
        }
        let wanted = families(service, &view.flags);
        for family in wanted.iter().filter(|family| !addresses.of(*family).is_empty()) {
            let rival = view.pools.iter().find(|other| {
                !std::ptr::eq(*other, pool)
                    && other.disabled.known() != Some(&true)
                    && other.model_selects(service) != Some(false)
                    && other.blocks.iter().any(|b| b.block().is_none_or(|block| block.family() == family))
            });
            match (rival, &key) {
                (Some(rival), _) => {
                    demand.possible += 1;
                    let why = || format!("{} may also be served by pool {}", request.label(), rival.label());
                    demand.because.get_or_insert_with(why);
                }
                (None, Some(key)) => {
                    if !shared.insert((family, key.clone())) {
                        demand.possible += 1;
                        let why = || format!("{} may or may not share its address", request.label());
                        demand.because.get_or_insert_with(why);
                    }
                }
                (None, None) => demand.certain += 1,
            }
        }
    }
    let alone = shared.iter().filter(|(_, key)| !shared_by_pin.contains(key)).count();
    demand.possible += shared.len() - alone;
    demand.certain += pinned.len() + alone;
    demand
}

impl PoolView<'_, '_> {
    /// Whether it selects a Service; `None` when that is not known or the selector does not compile.
    fn model_selects(&self, service: &Service) -> Option<bool> {
        match &self.selector {
            Fact::Known(None) => Some(true),
            Fact::Known(Some(Ok(selector))) => Some(selector.matches(&service.selectable_labels())),
            Fact::Known(Some(Err(_))) | Fact::Unknown(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, evaluated, pool_named, rule};
    use super::*;

    fn service(name: &str, annotation: &str) -> String {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: home\n  annotations: \
             {{{annotation}}}\nspec:\n  type: LoadBalancer\n  ports: [{{port: 80}}]\n"
        )
    }

    /// A pool `services` of four addresses with this headroom, and what else there is.
    fn case(headroom: &str, more: &[String]) -> String {
        let blocks = "[{start: 10.0.0.1, stop: 10.0.0.4}]";
        let pool = pool_named("services", blocks);
        let config = format!("{CONFIG}  pools: [{{name: services, blocks: {blocks}, headroom: {headroom}}}]\n");
        format!("{config}---\n{pool}{}", more.concat())
    }

    #[test]
    fn pass() {
        let three = ["a", "b", "c"].map(|name| service(name, ""));
        rule(&RULE).passes(&case("25%", &three));
        rule(&RULE).passes(&case("1", &three));
        let pins = ["a", "b"].map(|name| service(name, "lbipam.cilium.io/ips: 10.0.0.2"));
        rule(&RULE).passes(&case("3", &pins));
        let elsewhere = service("a", "lbipam.cilium.io/ips: 10.9.9.9");
        rule(&RULE).passes(&case("4", &[elsewhere]));
    }

    #[test]
    fn not_certain() {
        let shared = ["a", "b"].map(|name| service(name, "lbipam.cilium.io/sharing-key: k"));
        let other = ["---\n".to_owned() + &pool_named("other", "[{cidr: 10.1.0.0/24}]"), service("a", "")];
        for (headroom, more, why) in [("3", &shared, "may or may not share"), ("4", &other, "served by pool other")] {
            let case = case(headroom, more);
            rule(&RULE).passes(&case);
            let notes = evaluated(&case).report.not_checked;
            assert!(notes.iter().any(|note| note.because.contains(why)), "{notes:#?}");
        }
    }

    #[test]
    fn fail() {
        let four = ["a", "b", "c", "d"].map(|name| service(name, ""));
        let failed = rule(&RULE).fails(&case("25%", &four)).at("services").times(1);
        failed.says("has 4 addresses").says("1 (25%) free").says("use 4: 0 left");
        let five = ["a", "b", "c", "d", "e"].map(|name| service(name, ""));
        rule(&RULE).fails(&case("0%", &five)).says("1 more than there are");
        rule(&RULE).fails(&case("4", &[service("a", "lbipam.cilium.io/ips: 10.0.0.2")])).says("3 left");
    }
}
