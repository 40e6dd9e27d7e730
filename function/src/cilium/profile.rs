//! What differs between Cilium versions, in one table.
//!
//! Each cell was read in the sources of 1.15.19, 1.16.19, 1.17.16, 1.18.11, 1.19.7 and 1.20.2, and those on the
//! behaviour of LB-IPAM were seen with the real controller running. Where a change came with a patch release, its
//! changelog names it; the pull request is cited at the cell.

use super::version::{CiliumVersion, NEWEST};

/// `cilium.io/v2alpha1`
pub const V2ALPHA1: &str = "cilium.io/v2alpha1";
/// `cilium.io/v2`
pub const V2: &str = "cilium.io/v2";

/// What a pool that does not say `allowFirstLastIPs` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsetFirstLast {
    /// As `No`: 1.15.
    Reserved,
    /// As `Yes`: 1.16 and later (#28591, PR #33151).
    Usable,
}

/// The key of an annotation, and the older spelling that is read where the key is absent. Presence of the key, even
/// with an empty value, hides the older spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnnotationKey {
    /// Looked at first.
    pub primary: &'static str,
    /// Looked at if the first is absent.
    pub alias: Option<&'static str>,
}

/// When two Services on one address are said to use the same port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortRule {
    /// The number alone decides: TCP 53 and UDP 53 clash.
    Number,
    /// Number and protocol decide (PR #34691).
    NumberAndProtocol,
}

/// Which of several pools that match a Service serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolOrder {
    /// One list of ranges in the order in which the operator met them; the first with room serves. After a restart
    /// of the operator that order is random.
    Arrival,
    /// The pools in a random order at every allocation (#45602).
    Random,
}

/// What becomes of a pool with a block that does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadBlock {
    /// The blocks before it serve, it and the later ones do not, and nothing reports it.
    KeepsEarlierBlocks,
    /// The pool is not there at all; if it is the only one, LB-IPAM does nothing.
    DropsPool,
}

/// How services are treated when the operator starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Startup {
    /// One by one in the order of their events: a new one may take the address of an old one (#43131, #39033).
    OneByOne,
    /// All are loaded, then the satisfied ones are served, then the others (PRs #41147, #41122).
    SatisfiedFirst,
    /// All keep what they have, then those that lack something are served (#45543).
    ImportThenAllocate,
}

/// What becomes of a Service that asks for a reserved first or last address and has a sharing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservedWithKey {
    /// It gets the address.
    HandedOut,
    /// The operator ends in a nil dereference, and again at each start while the Service exists. PR #48804, which
    /// denies the request (#48779), is in no release that was read.
    Panics,
}

/// What Cilium of one version does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The version asked for.
    pub version: CiliumVersion,
    /// The minor version whose facts these are: that of `version`, or the newest known.
    pub facts_of: u16,

    /// apiVersions in which CiliumLoadBalancerIPPool is served. v2 from 1.18 (PR #39090); v2alpha1 is deprecated
    /// from 1.19 and still served by 1.20.2.
    pub pool_api_versions: &'static [&'static str],
    /// The one to write.
    pub pool_api_version: &'static str,
    /// Served but marked deprecated.
    pub pool_deprecated: &'static [&'static str],
    /// Fields of `spec` that the pool's schema has. `cidrs` is gone from 1.16 (#28590).
    pub pool_fields: &'static [&'static str],
    /// Whether the pool's schema asks for `spec` (from 1.17).
    pub pool_requires_spec: bool,
    /// apiVersions of CiliumL2AnnouncementPolicy: v2alpha1 in every version.
    pub l2_api_versions: &'static [&'static str],
    /// apiVersions of CiliumBGPClusterConfig, PeerConfig, Advertisement and NodeConfigOverride: v2 from 1.18
    /// (PR #37765), where v2alpha1 is deprecated.
    pub bgp_api_versions: &'static [&'static str],
    /// The one to write.
    pub bgp_api_version: &'static str,
    /// Whether anything reads those kinds: 1.15 ships them and reads only CiliumBGPPeeringPolicy.
    pub bgp_is_read: bool,
    /// Whether CiliumBGPPeeringPolicy exists (removed in 1.19, #42278). Up to 1.18 one that selects a node switches
    /// the newer kinds off there.
    pub bgp_peering_policy: bool,

    /// Requested addresses. `lbipam.cilium.io/…` from 1.16 (PR #30169).
    pub addresses_key: AnnotationKey,
    /// The key under which Services share an address.
    pub sharing_key: AnnotationKey,
    /// Namespaces with which a Service shares; none in 1.15.
    pub cross_namespace_key: Option<AnnotationKey>,

    /// What unset `allowFirstLastIPs` means.
    pub unset_first_last: UnsetFirstLast,
    /// When ports clash. Number and protocol from 1.17.7 (PRs #34691, #40643) and in all of 1.18.
    pub ports: PortRule,
    /// Whether `bpf-lb-proto-diff: false` makes it [`PortRule::Number`] again: 1.17 and 1.18; gone in 1.19 (#40505).
    pub proto_diff_flag: bool,
    /// Reason in the condition when a requested address is held by a Service that it cannot be shared with.
    pub incompatible_reason: &'static str,
    /// Which of several matching pools serves.
    pub pool_order: PoolOrder,
    /// What a block that does not parse does.
    pub bad_block: BadBlock,
    /// Whether a pool event with an unchanged spec is ignored (from 1.18), so that the retry of a failed one
    /// succeeds without having done anything; 1.20 does not know the failed pool and fails again.
    pub same_spec_ignored: bool,
    /// How services are treated when the operator starts. 1.18.2: PRs #41147, #41122.
    pub startup: Startup,
    /// Whether a shared address is kept over a restart by all who share it (PR #46262: 1.19.7 and 1.20).
    pub imports_shared: bool,
    /// What a reserved first or last address asked for with a sharing key does.
    pub reserved_with_key: ReservedWithKey,
    /// Whether the operator ends when a pool of several blocks is deleted (PR #40013: no longer from 1.15.19, 1.16.12,
    /// 1.17.6 and in all of 1.18). It starts again without the pool, so the simulation does not end there.
    pub pool_delete_ends_operator: bool,
    /// Whether the size of a gap that crosses a multiple of 2^64 is computed 2^64 too large (before 1.20).
    pub gap_size_without_borrow: bool,

    /// Whether `enable-lb-ipam` and `default-lb-service-ipam` exist (from 1.17); before, LB-IPAM is always on and
    /// serves Services without a class.
    pub default_ipam_flag: bool,
    /// Whether `spec.addresses` of a Gateway is passed on to its Service (from 1.17; #30123).
    pub gateway_addresses: bool,
    /// Whether the Service of a Gateway has the label `gateway.networking.k8s.io/gateway-name` (from 1.16).
    pub gateway_name_label: bool,
    /// Whether the Service of a Gateway says families and policy (from 1.18).
    pub gateway_families: bool,
    /// Whether the GatewayClass's CiliumGatewayClassConfig decides about the Service of a Gateway (from 1.18).
    pub gateway_class_config: bool,
    /// Whether a GatewayClass with parameters that Cilium cannot use is refused, its Gateways with it (from 1.19).
    pub gateway_class_strict: bool,
    /// Whether `spec.infrastructure.parametersRef` makes Cilium refuse a Gateway (from 1.20; ignored before).
    pub gateway_parameters_refused: bool,
    /// `spec.type` of the Service of a Gateway where the Gateway runs on the host's network: ClusterIP, and NodePort from
    /// 1.19.6. `None` in 1.15, which has no such mode.
    pub gateway_host_network: Option<&'static str>,
    /// Whether a Gateway may listen for TCP and UDP (from 1.20); its Service then leads to the pods themselves.
    pub gateway_streams: bool,
    /// Whether the chart's `gatewayAPI.externalTrafficPolicy` exists (from 1.16).
    pub gateway_traffic_policy: bool,
    /// Whether the Service of a dedicated Ingress prefers two families, and takes class and traffic policy from
    /// annotations (from 1.16).
    pub ingress_says_more: bool,
    /// Whether the name of a dedicated Ingress's Service is shortened (from 1.20); before, a long one is refused by the
    /// API server.
    pub ingress_name_shortened: bool,
    /// Prefixes of the annotations and labels that a dedicated Ingress passes on to its Service, by Helm's default.
    pub ingress_prefixes: &'static [&'static str],
    /// Whether IPv6 addresses are answered for in L2 announcements (from 1.19, PR #39648).
    pub l2_ipv6: bool,
    /// Whether only a node with a live backend announces a Service with externalTrafficPolicy Local in L2 (from
    /// 1.20.2, PR #46399). The Service of a Gateway has no such node (#48799).
    pub l2_local_needs_backend: bool,
    /// Whether a Gateway or Ingress Service with externalTrafficPolicy Local is advertised in BGP (from 1.19,
    /// PR #42386).
    pub bgp_local_gateway: bool,
}

const NEW_ADDRESSES: AnnotationKey =
    AnnotationKey { primary: "lbipam.cilium.io/ips", alias: Some("io.cilium/lb-ipam-ips") };
const NEW_SHARING: AnnotationKey =
    AnnotationKey { primary: "lbipam.cilium.io/sharing-key", alias: Some("io.cilium/lb-ipam-sharing-key") };
const NEW_CROSS_NAMESPACE: AnnotationKey = AnnotationKey {
    primary: "lbipam.cilium.io/sharing-cross-namespace",
    alias: Some("io.cilium/lb-ipam-sharing-cross-namespace"),
};

impl Profile {
    /// The facts of a version.
    pub fn of(version: CiliumVersion) -> Profile {
        let minor = version.minor().min(NEWEST);
        let from = |first: u16| minor >= first;
        Profile {
            version,
            facts_of: minor,
            pool_api_versions: if from(18) { &[V2, V2ALPHA1] } else { &[V2ALPHA1] },
            pool_api_version: if from(18) { V2 } else { V2ALPHA1 },
            pool_deprecated: if from(19) { &[V2ALPHA1] } else { &[] },
            pool_fields: if from(16) {
                &["blocks", "allowFirstLastIPs", "disabled", "serviceSelector"]
            } else {
                &["blocks", "cidrs", "allowFirstLastIPs", "disabled", "serviceSelector"]
            },
            pool_requires_spec: from(17),
            l2_api_versions: &[V2ALPHA1],
            bgp_api_versions: if from(18) { &[V2, V2ALPHA1] } else { &[V2ALPHA1] },
            bgp_api_version: if from(18) { V2 } else { V2ALPHA1 },
            bgp_is_read: from(16),
            bgp_peering_policy: !from(19),
            addresses_key: if from(16) {
                NEW_ADDRESSES
            } else {
                AnnotationKey { primary: "io.cilium/lb-ipam-ips", alias: None }
            },
            sharing_key: if from(16) {
                NEW_SHARING
            } else {
                AnnotationKey { primary: "io.cilium/lb-ipam-sharing-key", alias: None }
            },
            cross_namespace_key: from(16).then_some(NEW_CROSS_NAMESPACE),
            unset_first_last: if from(16) { UnsetFirstLast::Usable } else { UnsetFirstLast::Reserved },
            ports: if version.has(17, 7) { PortRule::NumberAndProtocol } else { PortRule::Number },
            proto_diff_flag: minor == 17 || minor == 18,
            incompatible_reason: if from(17) {
                "already_allocated_incompatible_service"
            } else {
                "already_allocated_different_sharing_key"
            },
            pool_order: if from(20) { PoolOrder::Random } else { PoolOrder::Arrival },
            bad_block: if from(20) { BadBlock::DropsPool } else { BadBlock::KeepsEarlierBlocks },
            same_spec_ignored: from(18),
            startup: if from(20) {
                Startup::ImportThenAllocate
            } else if version.has(18, 2) {
                Startup::SatisfiedFirst
            } else {
                Startup::OneByOne
            },
            imports_shared: version.has(19, 7),
            reserved_with_key: if from(20) { ReservedWithKey::Panics } else { ReservedWithKey::HandedOut },
            pool_delete_ends_operator: match minor {
                15 => !version.has(15, 19),
                16 => !version.has(16, 12),
                _ => !version.has(17, 6),
            },
            gap_size_without_borrow: !from(20),
            default_ipam_flag: from(17),
            gateway_addresses: from(17),
            gateway_name_label: from(16),
            gateway_families: from(18),
            gateway_class_config: from(18),
            gateway_class_strict: from(19),
            gateway_parameters_refused: from(20),
            gateway_host_network: if version.has(19, 6) {
                Some("NodePort")
            } else if from(16) {
                Some("ClusterIP")
            } else {
                None
            },
            gateway_streams: from(20),
            gateway_traffic_policy: from(16),
            ingress_says_more: from(16),
            ingress_name_shortened: from(20),
            ingress_prefixes: if from(16) {
                &[
                    "lbipam.cilium.io",
                    "nodeipam.cilium.io",
                    "service.beta.kubernetes.io",
                    "service.kubernetes.io",
                    "cloud.google.com",
                ]
            } else {
                &["service.beta.kubernetes.io", "service.kubernetes.io", "cloud.google.com"]
            },
            l2_ipv6: from(19),
            l2_local_needs_backend: version.has(20, 2),
            bgp_local_gateway: from(19),
        }
    }

    /// The facts of every minor version known, oldest first.
    pub fn all() -> Vec<Profile> {
        (super::version::OLDEST..=NEWEST)
            .filter_map(|minor| CiliumVersion::parse(&format!("1.{minor}")).ok())
            .map(Profile::of)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Profile {
        Profile::of(CiliumVersion::parse(text).unwrap_or_else(|e| panic!("{e}")))
    }

    #[test]
    fn each_change_at_its_version() {
        assert_eq!(Profile::all().len(), 6);
        assert_eq!(of("1.17").pool_api_version, V2ALPHA1);
        assert_eq!(of("1.18").pool_api_version, V2);
        assert!(of("1.20.2").pool_api_versions.contains(&V2ALPHA1), "still served");
        assert!(of("1.15").pool_fields.contains(&"cidrs") && !of("1.16").pool_fields.contains(&"cidrs"));
        assert_eq!(of("1.15").addresses_key.primary, "io.cilium/lb-ipam-ips");
        assert_eq!(of("1.16").addresses_key.alias, Some("io.cilium/lb-ipam-ips"));
        assert_eq!((of("1.17.6").ports, of("1.17.7").ports), (PortRule::Number, PortRule::NumberAndProtocol));
        assert_eq!((of("1.18.1").startup, of("1.18.2").startup), (Startup::OneByOne, Startup::SatisfiedFirst));
        assert!(!of("1.18").imports_shared && of("1.19").imports_shared && !of("1.19.6").imports_shared);
        assert!(!of("1.20.1").l2_local_needs_backend && of("1.20").l2_local_needs_backend);
    }

    #[test]
    fn a_version_newer_than_any_known_has_the_newest_facts() {
        let profile = of("1.23.4");
        assert!(profile.version.is_beyond_known());
        assert_eq!(Profile { version: of("1.20").version, ..profile }, of("1.20"));
    }
}
