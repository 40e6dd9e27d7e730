//! What a change is said to do to addresses that nobody knows for certain.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use lbpools_function::report::Difference;
use lbpools_function::{Options, Role, Source, evaluate};

fn pool(block: &str) -> String {
    format!(
        "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {{name: all}}\nspec: {{blocks: [{block}]}}\n"
    )
}

fn service(name: &str, pins: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  annotations: {{lbipam.cilium.io/ips: \
         \"{pins}\"}}\nspec: {{type: LoadBalancer, ports: [{{port: 80}}]}}\n"
    )
}

fn difference(before: &str, after: &str) -> Difference {
    let source = |role, text: &str| Source { path: "all.yaml".into(), role, text: text.as_bytes().to_vec() };
    let sources = [source(Role::Subject, after), source(Role::Baseline, before)];
    let report = evaluate(&sources, Options::default()).report;
    assert_eq!(report.failure, None);
    report.difference.unwrap()
}

/// Name, what happens, whether for certain, before and after: a line each.
fn told(before: &str, after: &str) -> Vec<String> {
    let difference = difference(before, after);
    let held = |held: &lbpools_function::report::HeldReport| {
        let none = if held.or_none { " or none" } else { "" };
        format!("{}{none}", held.ranges.join(","))
    };
    let changes = difference.clusters.iter().flat_map(|cluster| &cluster.addresses);
    let line = |change: &lbpools_function::report::AddressChange| {
        let perhaps = if change.certain { "" } else { " perhaps" };
        let (name, fate) = (&change.resource.name, change.change);
        format!("{name} {fate:?}{perhaps} {:?}: {} > {}", change.moment, held(&change.before), held(&change.after))
    };
    changes.map(line).collect()
}

#[test]
fn who_perhaps_had_an_address_has_one_for_certain() {
    let services = [service("a", ""), service("b", ""), service("c", "")].concat();
    let [two, four] = ["{start: 10.0.0.1, stop: 10.0.0.2}", "{start: 10.0.0.1, stop: 10.0.0.4}"].map(pool);
    let lines = told(&(two + &services), &(four + &services));
    let of = |name: &str| format!("{name} Settled AtOnce: 10.0.0.1-10.0.0.2 or none > 10.0.0.1-10.0.0.3");
    assert_eq!(lines, ["a", "b", "c"].map(of));
}

#[test]
fn who_asked_for_the_address_of_another_asks_for_none() {
    let pool = pool("{start: 10.0.0.1, stop: 10.0.0.9}");
    let before = format!("{pool}{}{}", service("a", "10.0.0.5"), service("b", "10.0.0.5"));
    let after = format!("{pool}{}{}", service("a", "10.0.0.5"), service("b", ""));
    let lines = told(&before, &after);
    assert!(lines.iter().any(|line| line.starts_with("b Settled AtOnce: 10.0.0.5 or none > ")), "{lines:?}");
}

#[test]
fn one_address_more_for_two_that_wait() {
    let services = [service("a", ""), service("b", ""), service("c", "")].concat();
    let [one, two] = ["{cidr: 10.0.0.1/32}", "{start: 10.0.0.1, stop: 10.0.0.2}"].map(pool);
    let lines = told(&(one + &services), &(two + &services));
    let of = |name: &str| format!("{name} Gained perhaps AtOnce: 10.0.0.1 or none > 10.0.0.1-10.0.0.2 or none");
    assert_eq!(lines, ["a", "b", "c"].map(of));
}

/// More than are played through.
#[test]
fn a_pool_that_grows_for_many() {
    let services: String = ["a", "b", "c", "d", "e", "f"].map(|name| service(name, "")).concat();
    let pool = |last| pool(&format!("{{start: 10.0.0.1, stop: 10.0.0.{last}}}"));
    let lines = told(&(pool(2) + &services), &(pool(9) + &services));
    assert_eq!(lines.len(), 6);
    let settled = |line: &String| line.contains(" Settled AtOnce: 10.0.0.1-10.0.0.2 or none > ");
    assert!(lines.iter().all(settled), "{lines:?}");
    let lines = told(&(pool(2) + &services), &(pool(4) + &services));
    assert_eq!(lines.len(), 6);
    let perhaps = |line: &String| line.contains(" Gained perhaps AtOnce: 10.0.0.1-10.0.0.2 or none > ");
    assert!(lines.iter().all(perhaps), "{lines:?}");
}

/// More than are played through: nobody is said to gain what a newcomer cannot free.
#[test]
fn a_newcomer_gives_nothing_to_those_who_wait() {
    let services: String = ["a", "b", "c", "d", "e", "f"].map(|name| service(name, "")).concat();
    let pool = pool("{start: 10.0.0.1, stop: 10.0.0.2}");
    let before = format!("{pool}{services}");
    let after = format!("{before}{}", service("g", ""));
    let lines = told(&before, &after);
    assert!(lines.iter().all(|line| line.starts_with("g ")), "{lines:?}");
}

/// What the API server refuses did not arrive, and what came with it neither: nobody can see that in two trees.
#[test]
fn a_class_that_changes_back_says_what_is_not_known() {
    let pool = pool("{start: 10.0.0.1, stop: 10.0.0.9}");
    let class = |class: &str| service("a", "").replace("spec: {", &format!("spec: {{{class}"));
    let (none, other) = (class(""), class("loadBalancerClass: example.com/other, "));
    let difference = difference(&(pool.clone() + &none), &(pool + &other));
    let unknown: Vec<&String> = difference.clusters.iter().flat_map(|cluster| &cluster.unknown).collect();
    assert_eq!(
        unknown,
        ["whether the class of Service default/a was ever what is compared with: the API server refuses this change, \
             and if it refused the last one too, the cluster is still as it was before that"]
    );
}
