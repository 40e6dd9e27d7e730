//! Each broken example has one mistake, and the rule for it says so; the fleet has none.

// The function reads no file; its tests do.
#![allow(clippy::disallowed_methods)]

mod tree;

use std::collections::BTreeSet;
use std::path::Path;

use lbpools_function::report::{Finding, Severity};
use lbpools_function::{Options, evaluate};

/// The codes of the rules about blocks, pools and the network plan.
fn is_about_pools(finding: &Finding) -> bool {
    ["LBP1", "LBP2"].iter().any(|series| finding.code.starts_with(series))
}

/// The errors about pools in an example.
fn errors(example: &str) -> Vec<Finding> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example);
    let report = evaluate(&tree::sources(&root), Options::default()).report;
    assert_eq!(report.failure, None, "{example}");
    let errors = report.findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.filter(is_about_pools).collect()
}

fn gives(example: &str, code: &str) -> Finding {
    let errors = errors(example);
    let codes: BTreeSet<&str> = errors.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, BTreeSet::from([code]), "{example}: one mistake, one rule\n{errors:#?}");
    assert_eq!(errors.len(), 1, "{example}: one mistake, one finding\n{errors:#?}");
    errors.into_iter().next().expect("one finding")
}

#[test]
fn each_broken_example_gives_its_error() {
    for (example, code) in [
        ("broken/block-unparsable", "LBP101"),
        ("broken/block-reversed", "LBP102"),
        ("broken/block-mixed-families", "LBP103"),
        ("broken/block-host-bits", "LBP104"),
        ("broken/pools-overlap-same-cluster", "LBP106"),
        ("broken/pools-overlap-disabled", "LBP106"),
        ("broken/api-version-not-served", "LBP107"),
        ("broken/cidrs-field-removed", "LBP108"),
        ("broken/clusters-overlap-one-segment", "LBP201"),
        ("broken/pool-over-router", "LBP204"),
        ("broken/pool-over-nodes", "LBP204"),
        ("broken/headroom-used-up", "LBP205"),
    ] {
        gives(example, code);
    }
}

#[test]
fn a_broken_octet_names_the_setting_and_what_to_write() {
    let finding = gives("broken/bad-octet", "LBP201");
    assert_eq!(finding.cluster.as_deref(), Some("infra"));
    assert_eq!(finding.proposed.as_deref(), Some("10.25.11.100"));
    let link = finding.chain.last().expect("the setting");
    assert_eq!(link.what, "setting CILIUM_GATEWAY_LB_IP = 10.25.11.130 in ConfigMap flux-system/cluster-settings");
    let place = link.at.as_ref().expect("where it is set");
    assert_eq!((place.source.as_str(), place.line), ("kubernetes/clusters/infra/cluster-settings.yaml", 8));
    assert!(finding.message.contains("gives to cluster apps"), "{}", finding.message);
}

#[test]
fn examples_without_a_mistake_in_their_pools_are_clean() {
    for example in [
        "fleet",
        "kpt",
        "broken/setting-undefined",
        "broken/gateway-outside-pools",
        "broken/gateway-selector-misses",
        "broken/pin-outside-pools",
        "broken/pin-with-mask",
        "broken/pin-twice-without-sharing",
        "broken/bgp-advertisement-without-selector",
    ] {
        let errors = errors(example);
        assert!(errors.is_empty(), "{example}: {errors:#?}");
    }
}
