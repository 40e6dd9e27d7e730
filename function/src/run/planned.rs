//! The config as the lower rooms need it: what clusters are told apart by, and each one's plan.

use super::configured::Config;
use crate::cilium::{CiliumVersion, ClusterFlags, Profile, Range};
use crate::cluster::plan::{Headroom, Plan, PlannedGateway, PlannedPool, ReservedRange};
use crate::config::{self, DefaultIpam};
use crate::flux::clusters::{ClusterName, Telling};
use crate::flux::expression::Dialect;
use crate::flux::version::FluxVersion;
use crate::verification::Said;

/// What clusters are told apart by.
pub(super) fn telling(config: &Config) -> Telling {
    let spec = &config.pools.spec;
    let clusters = spec
        .clusters
        .iter()
        .map(|cluster| {
            let settings = config.pools.settings_of(Some(cluster));
            ClusterName {
                name: cluster.name.clone(),
                entrypoint: cluster.entrypoint.clone(),
                settings_name: settings.name().to_owned(),
                settings_namespace: settings.namespace().to_owned(),
                dialect: dialect(&config.pools.flux_of(Some(cluster))),
            }
        })
        .collect();
    Telling {
        clusters,
        settings_name: spec.settings.name().to_owned(),
        settings_namespace: spec.settings.namespace().to_owned(),
        cluster_key: spec.settings.cluster_key().to_owned(),
        dialect: dialect(&spec.flux),
    }
}

/// How the Flux that the config names reads expressions; none where it names none.
fn dialect(flux: &config::Flux) -> Option<Dialect> {
    let said = flux.version.as_deref().and_then(FluxVersion::parse).map(FluxVersion::dialect);
    match flux.strict_post_build_substitutions {
        Some(strict) => Some(Dialect { strict, ..said.unwrap_or(Dialect::FLUX_2_9) }),
        None => said,
    }
}

/// The config's entry for a cluster of this name.
pub(super) fn planned<'c>(config: &'c Config, name: &str) -> Option<&'c config::Cluster> {
    config.pools.spec.clusters.iter().find(|cluster| cluster.name == name)
}

/// The plan of one cluster.
pub(super) fn plan(config: &Config, name: &str) -> Plan {
    let spec = &config.pools.spec;
    let cluster = planned(config, name);
    let pools = spec
        .pools
        .iter()
        .map(|pool| PlannedPool {
            name: pool.name.clone(),
            headroom: pool.headroom.map(|headroom| match headroom {
                config::Headroom::Percent(percent) => Headroom::Percent(percent),
                config::Headroom::Count(count) => Headroom::Count(count),
            }),
        })
        .collect();
    let gateways = spec
        .gateways
        .iter()
        .map(|gateway| PlannedGateway {
            address: gateway.address.clone(),
            pool: Some(gateway.pool.clone()),
            name: gateway.name.clone(),
            namespace: gateway.namespace.clone(),
        })
        .collect();
    let Some(cluster) = cluster else { return Plan { pools, gateways, ..Plan::default() } };
    Plan {
        ranges: cluster.owned(),
        network: cluster.segment(),
        reserved: cluster
            .kept_free()
            .map(|(purpose, range): (&str, Range)| ReservedRange { purpose: purpose.to_owned(), range })
            .collect(),
        pools,
        gateways,
        source: format!("spec.clusters[name={name}].ranges"),
    }
}

/// The version whose behaviour is assumed when the config names none; rules that hang on it then stay silent.
const ASSUMED: &str = "1.18";

/// How a cluster's Cilium behaves, and whether the config says so.
pub(super) fn profile(config: &Config, name: &str) -> (Profile, bool) {
    let cilium = config.pools.cilium_of(planned(config, name));
    let said = cilium.version.as_deref().and_then(|text| CiliumVersion::parse(text).ok());
    let known = said.is_some();
    match said.or_else(|| CiliumVersion::parse(ASSUMED).ok()) {
        Some(version) => (Profile::of(version), known),
        None => (Profile::all().swap_remove(0), false),
    }
}

/// How a cluster's Cilium is configured.
pub(super) fn flags(config: &Config, name: &str) -> ClusterFlags {
    let cilium = config.pools.cilium_of(planned(config, name));
    let base = ClusterFlags::default();
    ClusterFlags {
        ipv4: cilium.ipv4.unwrap_or(base.ipv4),
        ipv6: cilium.ipv6.unwrap_or(base.ipv6),
        default_ipam: cilium.default_lb_service_ipam.map_or_else(|| base.default_ipam.clone(), ipam),
        // Unless the config says otherwise nobody who uses these classes has them switched off.
        bgp_control_plane: cilium.bgp_control_plane.unwrap_or(true),
        l2_announcements: cilium.l2_announcements.unwrap_or(true),
        ..base
    }
}

/// What the config says of a cluster's Cilium, and nothing of what it leaves out.
pub(super) fn said(config: &Config, name: &str) -> Said {
    let cilium = config.pools.cilium_of(planned(config, name));
    Said {
        ipv4: cilium.ipv4,
        ipv6: cilium.ipv6,
        bgp_control_plane: cilium.bgp_control_plane,
        l2_announcements: cilium.l2_announcements,
        default_ipam: cilium.default_lb_service_ipam.map(ipam),
    }
}

/// As Cilium's ConfigMap writes it.
fn ipam(ipam: DefaultIpam) -> String {
    match ipam {
        DefaultIpam::Lbipam => "lbipam",
        DefaultIpam::Nodeipam => "nodeipam",
        DefaultIpam::None => "none",
    }
    .to_owned()
}
