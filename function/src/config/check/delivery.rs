//! Announcements, the smoke test, where it is all written, and severities.

use super::{Findings, key, names, pools, varies};
use crate::cilium::{CiliumVersion, Profile};
use crate::config::closest::unknown_name;
use crate::config::output::CLUSTER;
use crate::config::{Advertise, Bgp, Cilium, Communities, LoadBalancerPools, SmokeTest, Values};

pub(super) fn check(found: &mut Findings, config: &LoadBalancerPools, rules: &[&str]) {
    if let Some(advertise) = &config.spec.advertise {
        self::advertise(found, advertise, &targets(config));
    }
    if let Some(test) = &config.spec.smoke_test {
        smoke_test(found, test);
    }
    let test_path = config.spec.smoke_test.as_ref().and_then(|test| test.path.as_deref());
    let paths = [("spec.smokeTest.path", test_path), ("spec.output.path", config.spec.output.path.as_deref())];
    for (path, written) in paths {
        let Some(written) = written else { continue };
        names::manifest(found, path, written);
        if config.spec.output.values == Values::Variables && written.contains(CLUSTER) {
            found.add(
                path,
                "with `values: Variables` there is one manifest for all clusters",
                format!("take {CLUSTER} out of the path, or write `values: Literal` for one manifest for each cluster"),
            );
        }
    }
    for rule in config.spec.severity.keys() {
        if !rules.is_empty() && !rules.contains(&rule.as_str()) {
            let (message, help) = unknown_name("rule", rule, rules);
            found.add(key("spec.severity", rule), message, help);
        }
    }
}

/// What each cluster runs; without a plan, what all do.
fn targets(config: &LoadBalancerPools) -> Vec<Cilium> {
    match config.spec.clusters.as_slice() {
        [] => vec![config.cilium_of(None)],
        clusters => clusters.iter().map(|cluster| config.cilium_of(Some(cluster))).collect(),
    }
}

fn advertise(found: &mut Findings, advertise: &Advertise, targets: &[Cilium]) {
    if advertise.none && (advertise.bgp.is_some() || advertise.l2.is_some()) {
        found.add(
            "spec.advertise.none",
            "it says to generate nothing beside what it says to generate",
            "take `none` out, or `bgp` and `l2`",
        );
    }
    let off = |switch: fn(&Cilium) -> Option<bool>| targets.iter().all(|cilium| switch(cilium) == Some(false));
    if let Some(bgp) = &advertise.bgp {
        if off(|cilium| cilium.bgp_control_plane) {
            found.add(
                "spec.advertise.bgp",
                "the BGP control plane is off in every cluster, so nothing would read the advertisement",
                "write `bgpControlPlane: true` under `spec.cilium` if it is on, else choose `l2`",
            );
        }
        self::bgp(found, bgp, targets);
    }
    if let Some(l2) = &advertise.l2 {
        let path = "spec.advertise.l2";
        if off(|cilium| cilium.l2_announcements) {
            found.add(
                path,
                "L2 announcements are off in every cluster, so nothing would read the policy",
                "write `l2Announcements: true` under `spec.cilium` if they are on, else choose `bgp`",
            );
        }
        if !l2.load_balancer_ips && !l2.external_ips {
            found.add(path, "the policy would announce nothing", "let `loadBalancerIPs` or `externalIPs` be true");
        }
        if let Some(name) = &l2.name {
            names::object(found, &format!("{path}.name"), name);
        }
        for (at, interface) in l2.interfaces.iter().enumerate() {
            if interface.is_empty() {
                found.add(
                    format!("{path}.interfaces[{at}]"),
                    "an empty expression matches every interface",
                    "write the interface, such as ^eth0$, or leave `interfaces` out for all of them",
                );
            }
        }
        for (field, selector) in [("nodeSelector", &l2.node_selector), ("serviceSelector", &l2.service_selector)] {
            if let Some(selector) = selector {
                pools::selector(found, &format!("{path}.{field}"), selector);
            }
        }
    }
}

fn bgp(found: &mut Findings, bgp: &Bgp, targets: &[Cilium]) {
    let path = "spec.advertise.bgp";
    let unread = targets
        .iter()
        .filter_map(|cilium| CiliumVersion::parse(cilium.version.as_deref()?).ok())
        .find(|version| !Profile::of(*version).bgp_is_read);
    if let Some(version) = unread {
        found.add(
            path,
            format!("Cilium {version} has CiliumBGPAdvertisement but nothing that reads it"),
            "advertise with a CiliumBGPPeeringPolicy there, or bring the cluster to 1.16",
        );
    }
    if let Some(name) = &bgp.name {
        names::object(found, &format!("{path}.name"), name);
    }
    if let Some(selector) = &bgp.selector {
        pools::selector(found, &format!("{path}.selector"), selector);
    }
    if let Some(communities) = &bgp.communities {
        self::communities(found, &format!("{path}.communities"), communities);
    }
    if bgp.local_preference.is_some_and(|preference| u32::try_from(preference).is_err()) {
        found.add(
            format!("{path}.localPreference"),
            "LOCAL_PREF is a number of 32 bits (RFC 4271)",
            "write 0 to 4294967295",
        );
    }
}

/// The patterns of Cilium's schema, the same in all versions.
fn communities(found: &mut Findings, path: &str, communities: &Communities) {
    let number = |text: &str, most: u64| {
        let canonical = text == "0" || !text.starts_with('0');
        let digits = !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
        canonical && digits && text.parse::<u64>().is_ok_and(|number| number <= most)
    };
    let (short, long) = (u64::from(u16::MAX), u64::from(u32::MAX));
    for (at, text) in communities.standard.iter().enumerate().filter(|(_, text)| !varies(text)) {
        let parts: Vec<&str> = text.split(':').collect();
        let valid = match parts.as_slice() {
            [one] => number(one, long),
            [one, two] => number(one, short) && number(two, short),
            _ => false,
        };
        if !valid {
            found.add(
                format!("{path}.standard[{at}]"),
                format!("`{text}` is no standard community"),
                "write a number up to 4294967295, or two up to 65535 such as \"64512:100\"",
            );
        }
    }
    for (at, text) in communities.large.iter().enumerate().filter(|(_, text)| !varies(text)) {
        let parts: Vec<&str> = text.split(':').collect();
        if parts.len() != 3 || !parts.iter().all(|part| number(part, long)) {
            found.add(
                format!("{path}.large[{at}]"),
                format!("`{text}` is no large community"),
                "write three numbers up to 4294967295 such as \"64512:100:50\"",
            );
        }
    }
}

fn smoke_test(found: &mut Findings, test: &SmokeTest) {
    let path = "spec.smokeTest";
    names::label(found, &format!("{path}.name"), test.name(), true);
    names::label(found, &format!("{path}.namespace"), test.namespace(), false);
    if test.image().trim().is_empty() {
        found.add(format!("{path}.image"), "the image is empty", "leave the field out for the default image");
    }
    // Cilium drops what it cannot read from a request without a word, and then gives any free address.
    let Some(address) = test.address.as_deref().filter(|address| !varies(address)) else { return };
    for one in address.split(',').map(str::trim) {
        if crate::cilium::address::parse_address(one).is_err() {
            found.add(
                format!("{path}.address"),
                format!("`{one}` is no address, and Cilium would give any free one instead"),
                "write an address without a prefix length, several with commas between, or a setting",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, only};

    #[test]
    fn what_is_announced_can_be() {
        assert_eq!(found(r#"{"advertise": {"bgp": {}, "l2": {}}}"#), []);
        assert_eq!(found(r#"{"advertise": {"none": true}}"#), []);
        assert_eq!(only(r#"{"advertise": {"none": true, "bgp": {}}}"#).0, "spec.advertise.none");
        assert_eq!(only(r#"{"cilium": {"bgpControlPlane": false}, "advertise": {"bgp": {}}}"#).0, "spec.advertise.bgp");
        assert_eq!(only(r#"{"cilium": {"l2Announcements": false}, "advertise": {"l2": {}}}"#).0, "spec.advertise.l2");
        assert_eq!(
            found(
                r#"{"cilium": {"l2Announcements": false}, "advertise": {"l2": {}},
                    "clusters": [{"name": "a"}, {"name": "b", "cilium": {"l2Announcements": true}}]}"#
            ),
            []
        );
        assert_eq!(only(r#"{"advertise": {"l2": {"loadBalancerIPs": false}}}"#).0, "spec.advertise.l2");
        assert_eq!(only(r#"{"advertise": {"l2": {"interfaces": ["eth0", ""]}}}"#).0, "spec.advertise.l2.interfaces[1]");
    }

    #[test]
    fn bgp_is_read_by_the_version() {
        let (path, message) = only(r#"{"cilium": {"version": "1.15"}, "advertise": {"bgp": {}}}"#);
        assert_eq!(path, "spec.advertise.bgp");
        assert!(message.starts_with("Cilium 1.15 has CiliumBGPAdvertisement"), "{message}");
    }

    #[test]
    fn communities_follow_cilium_s_patterns() {
        let with = |rest: &str| format!(r#"{{"advertise": {{"bgp": {{"communities": {rest}}}}}}}"#);
        let right = r#"{"standard": ["0", "4294967295", "64512:100"], "large": ["64512:100:50"],
                        "wellKnown": ["no-export"]}"#;
        assert_eq!(found(&with(right)), []);
        for wrong in ["65536:1", "4294967296", "01", "a", "", "1:2:3", "1:"] {
            let path = only(&with(&format!(r#"{{"standard": ["{wrong}"]}}"#))).0;
            assert_eq!(path, "spec.advertise.bgp.communities.standard[0]", "{wrong}");
        }
        for wrong in ["1:2", "1:2:4294967296", "1:2:03"] {
            let path = only(&with(&format!(r#"{{"large": ["{wrong}"]}}"#))).0;
            assert_eq!(path, "spec.advertise.bgp.communities.large[0]", "{wrong}");
        }
        let preference = r#"{"advertise": {"bgp": {"localPreference": 4294967296}}}"#;
        assert_eq!(only(preference).0, "spec.advertise.bgp.localPreference");
    }

    #[test]
    fn the_smoke_test_asks_for_addresses() {
        assert_eq!(found(r#"{"smokeTest": {}}"#), []);
        assert_eq!(found(r#"{"smokeTest": {"address": "10.0.0.1, fd00::1"}}"#), []);
        assert_eq!(found(r#"{"smokeTest": {"address": "${ECHO}"}}"#), []);
        assert_eq!(only(r#"{"smokeTest": {"address": "10.0.0.1/32"}}"#).0, "spec.smokeTest.address");
        assert_eq!(only(r#"{"smokeTest": {"name": "1echo"}}"#).0, "spec.smokeTest.name");
        assert_eq!(only(r#"{"smokeTest": {"namespace": "Test"}}"#).0, "spec.smokeTest.namespace");
    }

    #[test]
    fn paths_name_a_cluster_only_where_there_is_one_file_for_each() {
        assert_eq!(only(r#"{"output": {"path": "{cluster}/pools.yaml"}}"#).0, "spec.output.path");
        assert_eq!(found(r#"{"output": {"values": "Literal", "path": "{cluster}/pools.yaml"}}"#), []);
        assert_eq!(only(r#"{"smokeTest": {"path": "/tmp/x.yaml"}}"#).0, "spec.smokeTest.path");
    }

    #[test]
    fn severities_name_rules() {
        assert_eq!(found(r#"{"severity": {"unpinned-service": "info", "LBP001": "off"}}"#), []);
        let all = found(r#"{"severity": {"unpinned-services": "off"}}"#);
        assert_eq!(
            (all[0].0.as_str(), all[0].1.as_str(), all[0].2.as_str()),
            ("spec.severity.unpinned-services", "unknown rule `unpinned-services`", "did you mean `unpinned-service`?")
        );
    }
}
