//! The examples with one mistake about addresses, settings or announcements are refused, and the fleet is not.

#![allow(clippy::disallowed_methods)] // the examples are files, and a test may read them

mod tree;

use std::path::{Path, PathBuf};

use lbpools_function::report::{Finding, Severity};
use lbpools_function::{Options, Source, evaluate};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// What the rules about requests, settings and announcements find.
fn findings(sources: &[Source], options: Options) -> Vec<Finding> {
    let report = evaluate(sources, options).report;
    assert_eq!(report.failure, None);
    let ours = |finding: &Finding| ["LBP3", "LBP4", "LBP5"].iter().any(|group| finding.code.starts_with(group));
    report.findings.into_iter().filter(ours).collect()
}

fn errors(sources: &[Source], options: Options) -> Vec<(String, Option<String>)> {
    let findings = findings(sources, options);
    let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| (finding.code, finding.at.map(|place| place.source))).collect()
}

#[test]
fn each_mistake_is_one_error() {
    for (example, code, file) in [
        ("gateway-outside-pools", "LBP302", "gateway.yaml"),
        // Where to edit: the setting.
        ("bad-octet", "LBP303", "kubernetes/clusters/infra/cluster-settings.yaml"),
        ("gateway-selector-misses", "LBP304", "gateway.yaml"),
        ("pin-outside-pools", "LBP305", "service.yaml"),
        ("pin-twice-without-sharing", "LBP306", "services.yaml"),
        ("pin-with-mask", "LBP307", "service.yaml"),
        ("setting-undefined", "LBP401", "network/pools.yaml"),
        ("bgp-advertisement-without-selector", "LBP501", "advertisement.yaml"),
        ("annotation-misspelt", "LBP317", "service.yaml"),
        ("bgp-advertisement-unheard", "LBP508", "bgp.yaml"),
        ("gateway-annotation-on-metadata", "LBP320", "gateway.yaml"),
        ("gateway-local-in-l2", "LBP511", "gateway.yaml"),
        ("helm-values-outside-pools", "LBP305", "release.yaml"),
        ("ingress-older-annotation", "LBP322", "ingress.yaml"),
        ("l2-policy-does-nothing", "LBP503", "policy.yaml"),
    ] {
        let errors = errors(&tree::sources(&examples().join("broken").join(example)), Options::default());
        assert_eq!(errors, [(code.to_owned(), Some(file.to_owned()))], "{example}");
    }
}

/// What works, and hardly as it was meant, is one warning.
#[test]
fn each_surprise_is_one_finding() {
    for (example, code, severity) in
        [("pool-choice-ambiguous", "LBP312", Severity::Warning), ("sharing-key-same-port", "LBP313", Severity::Info)]
    {
        let findings = findings(&tree::sources(&examples().join("broken").join(example)), Options::default());
        let found: Vec<(&str, Severity)> = findings.iter().map(|f| (f.code.as_str(), f.severity)).collect();
        assert_eq!(found, [(code, severity)], "{example}");
    }
}

/// The other examples have mistakes of other kinds, and these rules keep out of it.
#[test]
fn mistakes_of_other_kinds_are_left_to_others() {
    for example in [
        "api-version-not-served",
        "block-host-bits",
        "block-mixed-families",
        "block-reversed",
        "block-unparsable",
        "cidrs-field-removed",
        "clusters-overlap-one-segment",
        "headroom-used-up",
        "pool-over-nodes",
        "pool-over-router",
        "pools-overlap-disabled",
        "pools-overlap-same-cluster",
    ] {
        let errors = errors(&tree::sources(&examples().join("broken").join(example)), Options::default());
        assert_eq!(errors, [], "{example}");
    }
}

/// The fleet, with its pools, and one text replaced by another.
fn fleet(from: &str, to: &str) -> Vec<Source> {
    let mut sources = tree::sources(&examples().join("fleet"));
    let mut replaced = from.is_empty();
    for source in &mut sources {
        let text = String::from_utf8(source.text.clone()).expect("UTF-8");
        if !from.is_empty() && text.contains(from) {
            source.text = text.replace(from, to).into_bytes();
            replaced = true;
        }
    }
    assert!(replaced, "nothing says {from:?}");
    sources
}

#[test]
fn the_fleet_is_clean() {
    let findings = findings(&fleet("", ""), Options::default());
    let codes: Vec<(&str, Severity)> = findings.iter().map(|f| (f.code.as_str(), f.severity)).collect();
    // The pinned postgres shares its pool with one Service that cannot get in its way.
    assert_eq!(codes, [], "{findings:#?}");
}

#[test]
fn one_octet_of_one_setting() {
    let findings = findings(
        &fleet("CILIUM_GATEWAY_LB_IP: 10.25.11.100", "CILIUM_GATEWAY_LB_IP: 10.25.11.130"),
        Options::default(),
    );
    let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let [finding] = errors.as_slice() else { panic!("{errors:#?}") };
    assert_eq!((finding.code.as_str(), finding.cluster.as_deref()), ("LBP303", Some("infra")));
    assert!(finding.message.contains("10.25.11.120-10.25.11.139 to cluster apps"), "{}", finding.message);
    // The first of the cluster's addresses that the pool of Services does not hold.
    assert_eq!(finding.proposed.as_deref(), Some("10.25.11.100"));
    let setting = finding.chain.last().expect("a chain");
    assert!(setting.what.starts_with("setting CILIUM_GATEWAY_LB_IP = 10.25.11.130"), "{}", setting.what);
    let at = setting.at.as_ref().expect("where it is set");
    assert_eq!(at.source, "kubernetes/clusters/infra/cluster-settings.yaml");
}
