//! How many addresses of a pool are said to be taken and left.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use lbpools_function::report::{Between, PoolReport};
use lbpools_function::{Options, Role, Source, evaluate};

fn service(name: &str, annotations: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  annotations: {{{annotations}}}\nspec: {{type: \
         LoadBalancer, ports: [{{port: 80}}]}}\n"
    )
}

fn pin(address: &str) -> String {
    format!("lbipam.cilium.io/ips: \"{address}\"")
}

/// The first pool of a cluster with a pool of these blocks and these Services: used and free.
fn counted(blocks: &str, services: &[String]) -> [String; 2] {
    let text = format!(
        "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {{name: all}}\nspec: {{blocks: \
         [{blocks}]}}\n{}",
        services.concat()
    );
    let source = Source { path: "all.yaml".into(), role: Role::Subject, text: text.into_bytes() };
    let report = evaluate(&[source], Options::default()).report;
    let pool: &PoolReport = &report.clusters[0].pools[0];
    let told = |exact: &Option<String>, between: &Option<Between>| match (exact, between) {
        (Some(exact), None) => exact.clone(),
        (None, Some(between)) => format!("{} to {}", between.at_least, between.at_most),
        other => format!("{other:?}"),
    };
    [told(&pool.used, &pool.used_between), told(&pool.free, &pool.free_between)]
}

const TWO: &str = "{start: 10.0.0.1, stop: 10.0.0.2}";

#[test]
fn never_more_than_there_are() {
    let three = ["a", "b", "c"].map(|name| service(name, ""));
    assert_eq!(counted(TWO, &three), ["2", "0"]);
    assert_eq!(counted(TWO, &three[..1]), ["1", "1"]);
    let many: Vec<String> = (0..40).map(|n| service(&format!("s{n}"), "")).collect();
    assert_eq!(counted("{start: 10.0.0.1, stop: 10.0.0.30}", &many), ["30", "0"]);
}

#[test]
fn who_asks_for_an_address_and_who_takes_it_first_take_one() {
    let one = "{cidr: 10.0.0.1/32}";
    assert_eq!(counted(one, &[service("a", &pin("10.0.0.1")), service("b", &pin("10.0.0.1"))]), ["1", "0"]);
    assert_eq!(counted(one, &[service("a", &pin("10.0.0.1")), service("b", "")]), ["1", "0"]);
}

#[test]
fn what_hangs_on_the_order_is_between_two_numbers() {
    // b may take the address that a asks for; then a waits, and the other address is nobody's.
    assert_eq!(counted(TWO, &[service("a", &pin("10.0.0.1")), service("b", "")]), ["1 to 2", "0 to 1"]);
    // They may share one, or not.
    let key = "lbipam.cilium.io/sharing-key: k";
    let [used, free] = counted(TWO, &[service("a", key), service("b", ""), service("c", key)]);
    assert_eq!([used.as_str(), free.as_str()], ["1 to 2", "0 to 1"]);
    let [used, free] = counted("{start: 10.0.0.1, stop: 10.0.0.9}", &[service("a", key), service("b", key)]);
    assert_eq!([used.as_str(), free.as_str()], ["1 to 2", "7 to 8"]);
    let [used, _] =
        counted("{start: 10.0.0.1, stop: 10.0.0.9}", &[service("a", key), service("b", ""), service("c", key)]);
    assert_eq!(used, "2 to 3");
}

#[test]
fn families_are_counted_apart() {
    let both = "{cidr: 10.0.0.1/32}, {cidr: 'fd00::/126'}";
    // All three want IPv4, of which there is one; the other family is of no use to them.
    let three = ["a", "b", "c"].map(|name| service(name, ""));
    assert_eq!(counted(both, &three), ["1", "4"]);
}
