//! What a Service asks of LB-IPAM: whether it asks at all, for which addresses, for which families.

use super::address::{self, AddressError, Family};
use super::profile::{AnnotationKey, Profile};
use super::service::Service;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The settings of a cluster that LB-IPAM looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterFlags {
    /// `enable-ipv4` (Helm `ipv4.enabled`)
    pub ipv4: bool,
    /// `enable-ipv6` (Helm `ipv6.enabled`)
    pub ipv6: bool,
    /// `enable-lb-ipam` (Helm `enableLBIPAM`), read from 1.17
    pub lb_ipam: bool,
    /// `default-lb-service-ipam` (Helm `defaultLBServiceIPAM`), read from 1.17: who serves Services without a class
    pub default_ipam: String,
    /// `enable-bgp-control-plane` (Helm `bgpControlPlane.enabled`)
    pub bgp_control_plane: bool,
    /// `enable-l2-announcements` (Helm `l2announcements.enabled`)
    pub l2_announcements: bool,
    /// `bpf-lb-proto-diff` (Helm `loadBalancer.protocolDifferentiation.enabled`), read in 1.17 and 1.18
    pub proto_diff: bool,
}

/// Helm's defaults.
impl Default for ClusterFlags {
    fn default() -> ClusterFlags {
        ClusterFlags {
            ipv4: true,
            ipv6: false,
            lb_ipam: true,
            default_ipam: "lbipam".to_owned(),
            bgp_control_plane: false,
            l2_announcements: false,
            proto_diff: true,
        }
    }
}

/// The class of Services that the BGP control plane announces.
pub const BGP_CLASS: &str = "io.cilium/bgp-control-plane";
/// The class of Services that L2 announcements announce.
pub const L2_CLASS: &str = "io.cilium/l2-announcer";

/// Whether LB-IPAM serves a Service. Where it does not, it says nothing at all: no address, no condition (#26939).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NotResponsible {
    /// LB-IPAM is switched off.
    #[error("LB-IPAM is switched off (`enable-lb-ipam: false`)")]
    SwitchedOff,
    /// `spec.type` is not LoadBalancer.
    #[error("its type is not LoadBalancer")]
    NotLoadBalancer,
    /// It has no class, and somebody else serves those.
    #[error("it has no class, and `default-lb-service-ipam` is not `lbipam`")]
    OtherDefault,
    /// Its class is the BGP control plane's, which is switched off.
    #[error("its class is io.cilium/bgp-control-plane, and the BGP control plane is switched off")]
    BgpSwitchedOff,
    /// Its class is that of L2 announcements, which are switched off.
    #[error("its class is io.cilium/l2-announcer, and L2 announcements are switched off")]
    L2SwitchedOff,
    /// Its class is another controller's.
    #[error("its class is none that LB-IPAM serves")]
    ForeignClass,
    /// It is no Service itself, and Cilium makes none of it.
    #[error("Cilium makes no Service of it")]
    NoService,
}

/// Whether LB-IPAM serves the Service (`isResponsibleForSVC`), and if not, why.
pub fn responsible(service: &Service, flags: &ClusterFlags, profile: &Profile) -> Result<(), NotResponsible> {
    if profile.default_ipam_flag && !flags.lb_ipam {
        return Err(NotResponsible::SwitchedOff);
    }
    if service.service_type != "LoadBalancer" {
        return Err(NotResponsible::NotLoadBalancer);
    }
    match service.class.as_deref() {
        // Any other text than the two known ones, a typing error too, means that nobody serves them.
        None if profile.default_ipam_flag && flags.default_ipam != "lbipam" => Err(NotResponsible::OtherDefault),
        None => Ok(()),
        Some(BGP_CLASS) if flags.bgp_control_plane => Ok(()),
        Some(BGP_CLASS) => Err(NotResponsible::BgpSwitchedOff),
        Some(L2_CLASS) if flags.l2_announcements => Ok(()),
        Some(L2_CLASS) => Err(NotResponsible::L2SwitchedOff),
        Some(_) => Err(NotResponsible::ForeignClass),
    }
}

/// The families of which a Service without requested addresses wants one address each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Families {
    /// An IPv4 address.
    pub v4: bool,
    /// An IPv6 address.
    pub v6: bool,
}

impl Families {
    /// Whether this family is among them.
    pub fn has(self, family: Family) -> bool {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }

    /// In the order in which Cilium tries them.
    pub fn iter(self) -> impl Iterator<Item = Family> {
        [Family::V4, Family::V6].into_iter().filter(move |&f| self.has(f))
    }
}

/// The families that a Service asks for (`serviceIPFamilyRequest`, the same in all versions).
///
/// Single-stack takes the first entry of the list even if the cluster has that family disabled; PreferDualStack
/// takes those of the list that are enabled, which may be none; RequireDualStack ignores the list.
pub fn families(service: &Service, flags: &ClusterFlags) -> Families {
    let listed = |family: &str| service.families.iter().any(|f| f == family);
    match (service.family_policy.as_deref(), service.families.first()) {
        (Some("PreferDualStack"), Some(_)) => {
            Families { v4: flags.ipv4 && listed("IPv4"), v6: flags.ipv6 && listed("IPv6") }
        }
        (Some("PreferDualStack" | "RequireDualStack"), _) => Families { v4: flags.ipv4, v6: flags.ipv6 },
        (None | Some("SingleStack"), Some(first)) => Families { v4: first == "IPv4", v6: first != "IPv4" },
        (None | Some("SingleStack"), None) => Families { v4: flags.ipv4, v6: !flags.ipv4 && flags.ipv6 },
        // The API server knows no other policy; the operator asks for nothing then.
        (Some(_), _) => Families::default(),
    }
}

/// Where a requested address is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// `spec.loadBalancerIP`
    Spec,
    /// The annotation with this key.
    Annotation(&'static str),
}

/// An address that a Service asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedAddress {
    /// The address, without a zone.
    pub address: IpAddr,
    /// A zone, which only a pool block with the same zone can serve.
    pub zone: Option<String>,
    /// Where it is written.
    pub origin: Origin,
}

/// An entry that the operator drops with a line in its log and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredEntry {
    /// As written, trimmed.
    pub text: String,
    /// Why.
    pub error: AddressError,
    /// Where it is written.
    pub origin: Origin,
}

/// The addresses that a Service asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requested {
    /// In the order in which the operator tries them: `spec.loadBalancerIP` first, then the annotation.
    /// **If none is left the Service gets any address**, as if it had asked for nothing.
    pub addresses: Vec<RequestedAddress>,
    /// What it asks for and is not heard.
    pub ignored: Vec<IgnoredEntry>,
    /// The older spelling is there too, and hidden by the newer one.
    pub hidden_alias: Option<&'static str>,
    /// Both `spec.loadBalancerIP` and the annotation ask for something: all of it is wanted.
    pub both: bool,
}

/// The addresses that a Service asks for (`getSVCRequestedIPs`, the same in all versions but for the keys).
pub fn requested(service: &Service, profile: &Profile) -> Requested {
    let mut requested = Requested::default();
    if !service.load_balancer_ip.is_empty() {
        requested.read(&service.load_balancer_ip, Origin::Spec);
    }
    if let Some((value, key)) = annotation(&service.annotations, profile.addresses_key) {
        if key == profile.addresses_key.primary {
            requested.hidden_alias =
                profile.addresses_key.alias.filter(|alias| service.annotations.contains_key(*alias));
        }
        if !value.is_empty() {
            requested.both = !service.load_balancer_ip.is_empty();
            for entry in value.split(',') {
                requested.read(entry.trim(), Origin::Annotation(key));
            }
        }
    }
    requested.addresses.dedup_by(|a, b| a.address == b.address && a.zone == b.zone);
    requested
}

impl Requested {
    fn read(&mut self, text: &str, origin: Origin) {
        match address::parse_address(text) {
            Ok(written) => self.addresses.push(RequestedAddress {
                address: written.address,
                zone: written.zone.map(str::to_owned),
                origin,
            }),
            Err(error) => self.ignored.push(IgnoredEntry { text: text.to_owned(), error, origin }),
        }
    }
}

/// The value of an annotation and the key it was found under: the newer spelling if it is there at all, even empty.
pub fn annotation(annotations: &BTreeMap<String, String>, key: AnnotationKey) -> Option<(&str, &'static str)> {
    [Some(key.primary), key.alias]
        .into_iter()
        .flatten()
        .find_map(|key| annotations.get(key).map(|value| (value.as_str(), key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cilium::version::CiliumVersion;

    const KEY: &str = "lbipam.cilium.io/ips";
    const ALIAS: &str = "io.cilium/lb-ipam-ips";

    fn profile(text: &str) -> Profile {
        Profile::of(CiliumVersion::parse(text).unwrap_or_else(|e| panic!("{e}")))
    }

    fn balancer(class: Option<&str>) -> Service {
        Service { service_type: "LoadBalancer".into(), class: class.map(str::to_owned), ..Service::default() }
    }

    fn asking(spec: &str, annotations: &[(&str, &str)]) -> Service {
        let annotations = annotations.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Service { load_balancer_ip: spec.into(), annotations, ..balancer(None) }
    }

    fn addresses(requested: &Requested) -> Vec<String> {
        requested.addresses.iter().map(|a| a.address.to_string()).collect()
    }

    #[test]
    fn who_serves_which_class() {
        let (off, old, new) = (ClusterFlags::default(), profile("1.16"), profile("1.18"));
        let on = ClusterFlags { bgp_control_plane: true, l2_announcements: true, ..off.clone() };
        assert_eq!(responsible(&Service::default(), &on, &new), Err(NotResponsible::NotLoadBalancer));
        assert_eq!(responsible(&balancer(None), &off, &new), Ok(()));
        assert_eq!(responsible(&balancer(Some(BGP_CLASS)), &on, &new), Ok(()));
        assert_eq!(responsible(&balancer(Some(BGP_CLASS)), &off, &new), Err(NotResponsible::BgpSwitchedOff));
        assert_eq!(responsible(&balancer(Some(L2_CLASS)), &off, &new), Err(NotResponsible::L2SwitchedOff));
        assert_eq!(responsible(&balancer(Some("io.cilium/node")), &on, &new), Err(NotResponsible::ForeignClass));
        let nodeipam = ClusterFlags { default_ipam: "nodeipam".into(), ..on };
        assert_eq!(responsible(&balancer(None), &nodeipam, &new), Err(NotResponsible::OtherDefault));
        assert_eq!(responsible(&balancer(Some(BGP_CLASS)), &nodeipam, &new), Ok(()));
        assert_eq!(responsible(&balancer(None), &nodeipam, &old), Ok(()), "1.16 has no such flag");
    }

    /// The rows of Cilium's own test of families.
    #[test]
    fn family_requests() {
        for (policy, list, v4, v6, expected) in [
            (None, &[][..], true, false, "4"),
            (None, &[], false, true, "6"),
            (None, &[], true, true, "4"),
            (None, &["IPv6"], true, false, "6"),
            (None, &["IPv4"], false, true, "4"),
            (None, &["IPv4", "IPv6"], false, false, "4"),
            (None, &["IPv6", "IPv4"], true, true, "6"),
            (Some("SingleStack"), &[], true, true, "4"),
            (Some("PreferDualStack"), &[], true, true, "46"),
            (Some("PreferDualStack"), &["IPv4"], false, true, ""),
            (Some("RequireDualStack"), &["IPv4"], false, true, "6"),
        ] {
            let service = Service {
                family_policy: policy.map(str::to_owned),
                families: list.iter().map(|f| (*f).to_owned()).collect(),
                ..balancer(None)
            };
            let wanted = families(&service, &ClusterFlags { ipv4: v4, ipv6: v6, ..ClusterFlags::default() });
            let text: String = wanted.iter().map(|f| if f == Family::V4 { '4' } else { '6' }).collect();
            assert_eq!(text, expected, "{policy:?} {list:?} {v4} {v6}");
        }
    }

    #[test]
    fn spec_first_then_the_annotation() {
        let both = requested(&asking("10.0.0.21", &[(KEY, " 10.0.0.22 ,10.0.0.23")]), &profile("1.18"));
        assert_eq!(addresses(&both), ["10.0.0.21", "10.0.0.22", "10.0.0.23"]);
        assert!(both.both && both.ignored.is_empty());
        let twice = requested(&asking("10.0.0.21", &[(KEY, "10.0.0.21,10.0.0.22,10.0.0.21")]), &profile("1.18"));
        assert_eq!(addresses(&twice), ["10.0.0.21", "10.0.0.22", "10.0.0.21"], "only neighbours are joined");
    }

    #[test]
    fn what_is_silently_ignored() {
        let service = asking("", &[(KEY, "10.0.0.5/32,gw.example.org,10.0.0.05,,fd00::5%eth0")]);
        let asked = requested(&service, &profile("1.18"));
        let errors: Vec<_> = asked.ignored.iter().map(|i| (i.text.as_str(), i.error)).collect();
        assert_eq!(
            errors,
            [
                ("10.0.0.5/32", AddressError::Mask),
                ("gw.example.org", AddressError::NotAnAddress),
                ("10.0.0.05", AddressError::LeadingZero),
                ("", AddressError::Empty),
            ]
        );
        assert_eq!(asked.addresses.len(), 1);
        assert_eq!(asked.addresses[0].zone.as_deref(), Some("eth0"));
    }

    #[test]
    fn spellings_by_version() {
        let service = asking("", &[(KEY, ""), (ALIAS, "10.0.0.5")]);
        let new = requested(&service, &profile("1.16"));
        assert!(new.addresses.is_empty() && new.hidden_alias == Some(ALIAS), "an empty value hides the alias too");
        let old = requested(&service, &profile("1.15"));
        assert_eq!((addresses(&old), old.hidden_alias), (vec!["10.0.0.5".to_owned()], None));
        let alias_only = requested(&asking("", &[(ALIAS, "10.0.0.5")]), &profile("1.20"));
        assert_eq!(alias_only.addresses[0].origin, Origin::Annotation(ALIAS));
        assert!(requested(&asking("", &[(KEY, "10.0.0.5")]), &profile("1.15")).addresses.is_empty());
    }
}
