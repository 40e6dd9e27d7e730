//! What the clusters run, and where their values stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a cluster runs: Cilium's version and those of its settings that decide who gets an address. The names
/// are those of Cilium's Helm values; what is left out has Cilium's own default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Cilium {
    /// Cilium's version, in quotes: 1.15 to 1.20, with or without a patch level. It picks the apiVersion of the
    /// generated objects and the behaviour that addresses are predicted with. Left out: objects are written as
    /// cilium.io/v2alpha1, which every known version serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^v?1\.[0-9]+"), example = "1.18")]
    pub version: Option<String>,
    /// Whether the BGP control plane is on (Helm: bgpControlPlane.enabled). Cilium's default: off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bgp_control_plane: Option<bool>,
    /// Whether L2 announcements are on (Helm: l2announcements.enabled). Cilium's default: off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l2_announcements: Option<bool>,
    /// Whether IPv4 is on (Helm: ipv4.enabled). Cilium's default: on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<bool>,
    /// Whether IPv6 is on (Helm: ipv6.enabled). Cilium's default: off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<bool>,
    /// Who gives addresses to Services without a loadBalancerClass (Helm: defaultLBServiceIPAM, from 1.17).
    /// Cilium's default: lbipam.
    #[serde(rename = "defaultLBServiceIPAM", skip_serializing_if = "Option::is_none")]
    pub default_lb_service_ipam: Option<DefaultIpam>,
}

/// Who gives addresses to Services without a loadBalancerClass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum DefaultIpam {
    /// LB-IPAM, out of its pools.
    Lbipam,
    /// Node IPAM: the addresses of nodes.
    Nodeipam,
    /// Nobody.
    None,
}

impl Cilium {
    /// These values, and those of `base` where there is none.
    pub fn over(&self, base: &Cilium) -> Cilium {
        Cilium {
            version: self.version.clone().or_else(|| base.version.clone()),
            bgp_control_plane: self.bgp_control_plane.or(base.bgp_control_plane),
            l2_announcements: self.l2_announcements.or(base.l2_announcements),
            ipv4: self.ipv4.or(base.ipv4),
            ipv6: self.ipv6.or(base.ipv6),
            default_lb_service_ipam: self.default_lb_service_ipam.or(base.default_lb_service_ipam),
        }
    }
}

/// Which Flux delivers to a cluster, as far as it decides what becomes of an expression.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Flux {
    /// Flux's version, in quotes: 2.0 or newer, with or without a patch level. Up to 2.8 a variable that nothing sets
    /// is empty; from 2.9 on it fails its Kustomization. Left out: judged as 2.9, and said where that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^v?2\.[0-9]+"), example = "2.9")]
    pub version: Option<String>,
    /// The feature gate StrictPostBuildSubstitutions of its kustomize-controller, where that was set: whether a
    /// variable that nothing sets fails its Kustomization. Left out: as the version comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_post_build_substitutions: Option<bool>,
}

impl Flux {
    /// These values, and those of `base` where there is none.
    pub fn over(&self, base: &Flux) -> Flux {
        Flux {
            version: self.version.clone().or_else(|| base.version.clone()),
            strict_post_build_substitutions: self
                .strict_post_build_substitutions
                .or(base.strict_post_build_substitutions),
        }
    }
}

/// Where the values of a cluster come from: the ConfigMap that its Flux Kustomizations substitute from. Where a
/// Kustomization is in the input its own `substituteFrom` is followed, and this is only needed without one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Name of the ConfigMap. Default: cluster-settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Namespace of the ConfigMap. Default: flux-system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The key whose value is the cluster's name: it tells several clusters apart where nothing else does.
    /// Default: CLUSTER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_key: Option<String>,
}

impl Settings {
    /// Name of the ConfigMap.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("cluster-settings")
    }

    /// Namespace of the ConfigMap.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("flux-system")
    }

    /// The key whose value is the cluster's name.
    pub fn cluster_key(&self) -> &str {
        self.cluster_key.as_deref().unwrap_or("CLUSTER")
    }

    /// These values, and those of `base` where there is none.
    pub fn over(&self, base: &Settings) -> Settings {
        Settings {
            name: self.name.clone().or_else(|| base.name.clone()),
            namespace: self.namespace.clone().or_else(|| base.namespace.clone()),
            cluster_key: self.cluster_key.clone().or_else(|| base.cluster_key.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_says_only_what_differs() {
        let all = Cilium { version: Some("1.18".into()), bgp_control_plane: Some(true), ..Cilium::default() };
        let own = Cilium { bgp_control_plane: Some(false), ipv6: Some(true), ..Cilium::default() };
        let seen = own.over(&all);
        assert_eq!(seen.version.as_deref(), Some("1.18"));
        assert_eq!((seen.bgp_control_plane, seen.ipv6, seen.ipv4), (Some(false), Some(true), None));
    }

    #[test]
    fn settings_have_defaults() {
        let settings = Settings::default();
        assert_eq!(
            (settings.namespace(), settings.name(), settings.cluster_key()),
            ("flux-system", "cluster-settings", "CLUSTER")
        );
    }
}
