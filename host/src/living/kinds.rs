//! What is read of a cluster, and nothing else: one row a kind.
//!
//! There is no row for Secrets, and there must never be one: a right to list them is a right to their values, so none
//! is asked for (`docs/verify-clusterrole.yaml`).

/// A kind of which every object is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// As in a manifest.
    pub kind: &'static str,
    /// As in a path of the API.
    pub plural: &'static str,
    /// Empty for the core group.
    pub group: &'static str,
    /// What may be asked for, the best first.
    pub versions: &'static [&'static str],
}

impl Kind {
    /// Every Kubernetes serves it, in one version: nothing to find out.
    pub(super) fn built_in(&self) -> bool {
        matches!(self.group, "" | "apps" | "networking.k8s.io")
    }

    /// `apiVersion` of its objects.
    pub(super) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// Where its objects lie, in every namespace or in one.
    pub(super) fn path(&self, version: &str, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", self.group) };
        match namespace {
            None => format!("{root}/{version}/{}", self.plural),
            Some(namespace) => format!("{root}/{version}/namespaces/{namespace}/{}", self.plural),
        }
    }
}

const CILIUM: &str = "cilium.io";
const GATEWAY: &str = "gateway.networking.k8s.io";
const SOURCE: &str = "source.toolkit.fluxcd.io";

/// Cilium serves these in v2 from 1.18, in v2alpha1 before (`function/src/cilium/profile.rs`).
const SETTLED: &[&str] = &["v2", "v2alpha1"];
/// And these never in another.
const ALPHA: &[&str] = &["v2alpha1"];
/// Gateway API: v1 from its release 1.0.
const GATEWAYS: &[&str] = &["v1", "v1beta1"];
/// Flux: v1 from 2.0 (Kustomization, `GitRepository`) and 2.6 (`OCIRepository`).
const FLUX: &[&str] = &["v1", "v1beta2"];
const V1: &[&str] = &["v1"];

/// Everything that is listed, in the order in which it is read: what decides about addresses comes first, for a
/// cluster lives on while it is read.
pub(super) const LISTED: &[Kind] = &[
    Kind { kind: "CiliumLoadBalancerIPPool", plural: "ciliumloadbalancerippools", group: CILIUM, versions: SETTLED },
    Kind { kind: "Service", plural: "services", group: "", versions: V1 },
    Kind { kind: "Gateway", plural: "gateways", group: GATEWAY, versions: GATEWAYS },
    Kind { kind: "GatewayClass", plural: "gatewayclasses", group: GATEWAY, versions: GATEWAYS },
    Kind { kind: "CiliumGatewayClassConfig", plural: "ciliumgatewayclassconfigs", group: CILIUM, versions: ALPHA },
    Kind { kind: "Ingress", plural: "ingresses", group: "networking.k8s.io", versions: V1 },
    Kind { kind: "IngressClass", plural: "ingressclasses", group: "networking.k8s.io", versions: V1 },
    Kind { kind: "CiliumL2AnnouncementPolicy", plural: "ciliuml2announcementpolicies", group: CILIUM, versions: ALPHA },
    Kind { kind: "CiliumBGPClusterConfig", plural: "ciliumbgpclusterconfigs", group: CILIUM, versions: SETTLED },
    Kind { kind: "CiliumBGPPeerConfig", plural: "ciliumbgppeerconfigs", group: CILIUM, versions: SETTLED },
    Kind { kind: "CiliumBGPAdvertisement", plural: "ciliumbgpadvertisements", group: CILIUM, versions: SETTLED },
    Kind {
        kind: "CiliumBGPNodeConfigOverride",
        plural: "ciliumbgpnodeconfigoverrides",
        group: CILIUM,
        versions: SETTLED,
    },
    Kind { kind: "CiliumBGPPeeringPolicy", plural: "ciliumbgppeeringpolicies", group: CILIUM, versions: ALPHA },
    Kind { kind: "Node", plural: "nodes", group: "", versions: V1 },
    Kind { kind: "Kustomization", plural: "kustomizations", group: "kustomize.toolkit.fluxcd.io", versions: FLUX },
    Kind { kind: "GitRepository", plural: "gitrepositories", group: SOURCE, versions: FLUX },
    Kind { kind: "OCIRepository", plural: "ocirepositories", group: SOURCE, versions: FLUX },
];

/// Cilium's operator, whose image tells the version. Found by a label that Cilium's chart gives it.
pub(super) const DEPLOYMENT: Kind = Kind { kind: "Deployment", plural: "deployments", group: "apps", versions: V1 };
/// The label (`install/kubernetes/cilium/templates/cilium-operator/deployment.yaml`, 1.15 to 1.20).
pub(super) const OPERATOR_LABEL: &str = "io.cilium/app=operator";
/// Where Cilium usually lives.
pub(super) const CILIUM_NAMESPACE: &str = "kube-system";
/// Cilium's settings, beside its operator.
pub(super) const CILIUM_CONFIG: &str = "cilium-config";

/// Read one by one, by name: a right to list them all would be a right to everybody's settings.
pub(super) const CONFIG_MAP: Kind = Kind { kind: "ConfigMap", plural: "configmaps", group: "", versions: V1 };
/// The settings when no Kustomization of the cluster tells others: Flux's habit, and the story's.
pub(super) const SETTINGS: (&str, &str) = ("flux-system", "cluster-settings");

/// What the smoke test makes and removes.
pub(super) const SERVICE: Kind = Kind { kind: "Service", plural: "services", group: "", versions: V1 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_ever_asked_for() {
        let read = LISTED.iter().chain([&DEPLOYMENT, &CONFIG_MAP, &SERVICE]);
        assert!(read.clone().all(|kind| !kind.plural.contains("secret")));
        assert!(LISTED.iter().all(|kind| kind.kind != CONFIG_MAP.kind), "ConfigMaps are read by name");
    }

    #[test]
    fn paths_of_the_api() {
        assert_eq!(SERVICE.path("v1", None), "/api/v1/services");
        assert_eq!(DEPLOYMENT.path("v1", Some("media")), "/apis/apps/v1/namespaces/media/deployments");
        assert_eq!(LISTED[0].api_version("v2"), "cilium.io/v2");
        assert_eq!(SERVICE.api_version("v1"), "v1");
    }
}
