//! The target clusters, their settings and the network plan.

use std::collections::BTreeMap;

use super::{Findings, key, names};
use crate::cilium::range::{Range, RangeError};
use crate::cilium::version::CiliumVersion;
use crate::config::{Cilium, Cluster, Flux, LoadBalancerPools, Settings};
use crate::flux::version::FluxVersion;

pub(super) fn check(found: &mut Findings, config: &LoadBalancerPools) {
    cilium(found, "spec.cilium", &config.spec.cilium);
    flux(found, "spec.flux", &config.spec.flux);
    settings(found, "spec.settings", &config.spec.settings);
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut entrypoints: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, one) in config.spec.clusters.iter().enumerate() {
        let path = format!("spec.clusters[{at}]");
        cluster(found, &path, one);
        if let Some(first) = names.insert(&one.name, at) {
            names.insert(&one.name, first);
            found.add(
                format!("{path}.name"),
                format!("spec.clusters[{first}] is called `{}` already", one.name),
                "give each cluster a name of its own",
            );
        }
        let Some(entrypoint) = one.entrypoint.as_deref().map(|path| path.trim_end_matches('/')) else { continue };
        if let Some(first) = entrypoints.insert(entrypoint, at) {
            entrypoints.insert(entrypoint, first);
            found.add(
                format!("{path}.entrypoint"),
                format!("spec.clusters[{first}] starts from `{entrypoint}` already, so the two would be one cluster"),
                "give each cluster the directory that its own Flux starts from",
            );
        }
    }
}

fn cilium(found: &mut Findings, path: &str, cilium: &Cilium) {
    if let Some(Err(error)) = cilium.version.as_deref().map(CiliumVersion::parse) {
        found.add(
            format!("{path}.version"),
            error.to_string(),
            "write the version that the clusters run, in quotes, such as \"1.18\"",
        );
    }
    if cilium.ipv4 == Some(false) && cilium.ipv6 == Some(false) {
        found.add(
            path,
            "with IPv4 and IPv6 both off no Service can have an address",
            "switch one of them on, or leave both out for Cilium's defaults",
        );
    }
}

fn flux(found: &mut Findings, path: &str, flux: &Flux) {
    if let Some(version) = flux.version.as_deref().filter(|version| FluxVersion::parse(version).is_none()) {
        found.add(
            format!("{path}.version"),
            format!("`{version}` is no version of Flux 2"),
            "write the version that the clusters run, in quotes, such as \"2.9\"",
        );
    }
}

fn settings(found: &mut Findings, path: &str, settings: &Settings) {
    if let Some(name) = &settings.name {
        names::object(found, &format!("{path}.name"), name);
    }
    if let Some(namespace) = &settings.namespace {
        names::label(found, &format!("{path}.namespace"), namespace, false);
    }
    if let Some(cluster_key) = &settings.cluster_key {
        names::setting(found, &format!("{path}.clusterKey"), cluster_key);
    }
}

fn cluster(found: &mut Findings, path: &str, cluster: &Cluster) {
    if cluster.name.trim().is_empty() || cluster.name.contains('/') {
        found.add(
            format!("{path}.name"),
            format!("`{}` cannot be the name of a cluster", cluster.name),
            "write the name that its settings hold under the cluster key, without `/`",
        );
    }
    if let Some(entrypoint) = &cluster.entrypoint {
        names::inside(found, &format!("{path}.entrypoint"), entrypoint);
    }
    ranges(found, &format!("{path}.ranges"), &cluster.ranges);
    ranges(found, &format!("{path}.network"), &cluster.network);
    for (what, texts) in &cluster.reserved {
        ranges(found, &key(&format!("{path}.reserved"), what), texts);
    }
    if let Some(own) = &cluster.cilium {
        self::cilium(found, &format!("{path}.cilium"), own);
    }
    if let Some(own) = &cluster.flux {
        flux(found, &format!("{path}.flux"), own);
    }
    if let Some(own) = &cluster.settings {
        self::settings(found, &format!("{path}.settings"), own);
    }
}

fn ranges(found: &mut Findings, path: &str, texts: &[String]) {
    for (at, text) in texts.iter().enumerate() {
        let Err(error) = Range::parse(text) else { continue };
        // A single text stands at the field itself, and then there is no [0] to point at. Whether it did is not
        // known here any more; the field is the place that is always there.
        let path = if texts.len() == 1 { path.to_owned() } else { format!("{path}[{at}]") };
        let help = match error {
            _ if super::varies(text) => "the network plan holds addresses, not settings: write the number".to_owned(),
            RangeError::HostBits(meant) => format!("write {meant} if that is meant, else the prefix it should be"),
            _ => "write 10.25.11.100-10.25.11.119, 10.25.11.0/24 or a single address".to_owned(),
        };
        found.add(path, format!("`{text}` is no range of addresses: {error}"), help);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, only};

    #[test]
    fn the_story_s_plan_is_fine() {
        let plan = r#"{"cilium": {"version": "1.18"}, "clusters": [
            {"name": "infra", "entrypoint": "kubernetes/clusters/infra", "ranges": ["10.25.11.100-10.25.11.119"],
             "network": "10.25.11.0/24",
             "reserved": {"router": "10.25.11.1", "nodes": ["10.25.11.11-10.25.11.13"], "podCIDR": "10.244.0.0/16"}},
            {"name": "apps", "entrypoint": "kubernetes/clusters/apps", "ranges": "10.25.11.120-10.25.11.139",
             "network": ["10.25.11.0/24", "fd00:25:11::/64"], "cilium": {"version": "1.17.4"}}]}"#;
        assert_eq!(found(plan), []);
    }

    #[test]
    fn clusters_are_told_apart() {
        let (path, message) = only(r#"{"clusters": [{"name": "a"}, {"name": "b"}, {"name": "a"}]}"#);
        assert_eq!(
            (path.as_str(), message.as_str()),
            ("spec.clusters[2].name", "spec.clusters[0] is called `a` already")
        );
        let (path, _) = only(
            r#"{"clusters": [{"name": "a", "entrypoint": "clusters/x"}, {"name": "b", "entrypoint": "clusters/x/"}]}"#,
        );
        assert_eq!(path, "spec.clusters[1].entrypoint");
        assert_eq!(only(r#"{"clusters": [{"name": ""}]}"#).0, "spec.clusters[0].name");
        assert_eq!(only(r#"{"clusters": [{"name": "a", "entrypoint": "../x"}]}"#).0, "spec.clusters[0].entrypoint");
    }

    #[test]
    fn versions_are_known_ones() {
        assert_eq!(only(r#"{"cilium": {"version": "1.14"}}"#).0, "spec.cilium.version");
        assert_eq!(only(r#"{"cilium": {"version": "latest"}}"#).0, "spec.cilium.version");
        let own = r#"{"clusters": [{"name": "a", "cilium": {"version": "18"}}]}"#;
        assert_eq!(only(own).0, "spec.clusters[0].cilium.version");
        assert_eq!(found(r#"{"cilium": {"version": "v1.20.2"}}"#), []);
    }

    #[test]
    fn ranges_are_ranges() {
        let with = |ranges: &str| format!(r#"{{"clusters": [{{"name": "a", "ranges": {ranges}}}]}}"#);
        assert_eq!(only(&with(r#"["10.0.0.1", "10.0.0.9-10.0.0.1"]"#)).0, "spec.clusters[0].ranges[1]");
        assert_eq!(only(&with(r#""10.0.0.256""#)).0, "spec.clusters[0].ranges");
        let all = found(&with(r#""10.0.0.12/24""#));
        assert_eq!(all[0].2, "write 10.0.0.0-10.0.0.255 if that is meant, else the prefix it should be");
        assert!(found(&with(r#""${A}""#))[0].2.contains("write the number"));
        let reserved = r#"{"clusters": [{"name": "a", "reserved": {"the router": "10.0.0"}}]}"#;
        assert_eq!(only(reserved).0, "spec.clusters[0].reserved[\"the router\"]");
    }

    #[test]
    fn settings_can_exist() {
        assert_eq!(only(r#"{"settings": {"name": "Cluster_Settings"}}"#).0, "spec.settings.name");
        assert_eq!(only(r#"{"settings": {"namespace": "flux.system"}}"#).0, "spec.settings.namespace");
        assert_eq!(only(r#"{"settings": {"clusterKey": "cluster-name"}}"#).0, "spec.settings.clusterKey");
    }

    #[test]
    fn an_address_family_is_on() {
        assert_eq!(only(r#"{"cilium": {"ipv4": false, "ipv6": false}}"#).0, "spec.cilium");
        assert_eq!(found(r#"{"cilium": {"ipv4": false}}"#), []);
    }
}
