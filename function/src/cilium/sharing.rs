//! When two Services may hold one address together.
//!
//! `isCompatible` in Cilium's `operator/pkg/lbipam`: five rules, checked in this order; the first that fails is the
//! reason shown in the Service's condition (from 1.17 on; 1.15 and 1.16 show the same reason for all).

use super::profile::{PortRule, Profile};
use super::request::{ClusterFlags, annotation};
use super::service::{Port, Service};
use std::collections::BTreeMap;

/// What decides about sharing, of one Service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sharing {
    /// The namespace of the Service.
    pub namespace: String,
    /// The sharing key. Without one a Service shares nothing.
    pub key: Option<String>,
    /// The namespaces that it shares with, `*` for all. Not trimmed by any release up to 1.20: `"a, b"` holds ` b`
    /// (#48868).
    pub namespaces: Vec<String>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// `spec.externalTrafficPolicy`
    pub external_traffic_policy: String,
    /// `spec.selector`
    pub pod_selector: BTreeMap<String, String>,
}

/// Why two Services cannot share; the text is Cilium's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Incompatible {
    /// The keys differ, or the holder has none.
    #[error("different sharing key")]
    Key,
    /// The namespaces differ, and not both sides permit the other (#35460: one side is not enough).
    #[error("different and not permitted namespace")]
    Namespace,
    /// A port number in common, where the protocol does not count.
    #[error("same port")]
    Port,
    /// A port number and protocol in common.
    #[error("same port and protocol")]
    PortAndProtocol,
    /// externalTrafficPolicy differs. Unset differs from `Cluster`, but the API server fills it in.
    #[error("different ExternalTrafficPolicy")]
    TrafficPolicy,
    /// externalTrafficPolicy Local, and the pods are not known to be the same ones. A Service without a selector,
    /// such as every Service of a Gateway, can never share then.
    #[error("compatible ExternalTrafficPolicy local but selecting different set of pods")]
    Pods,
}

impl Sharing {
    /// What a Service says about sharing.
    pub fn of(service: &Service, profile: &Profile) -> Sharing {
        let value = |key| annotation(&service.annotations, key).map(|(value, _)| value).filter(|v| !v.is_empty());
        Sharing {
            namespace: service.key.namespace.clone(),
            key: value(profile.sharing_key).map(str::to_owned),
            namespaces: profile
                .cross_namespace_key
                .and_then(value)
                .map(|list| list.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
            ports: service.ports.clone(),
            external_traffic_policy: service.external_traffic_policy.clone(),
            pod_selector: service.pod_selector.clone(),
        }
    }

    /// Whether it may join the holder of an address. The rules are the same in both directions.
    pub fn compatible(&self, holder: &Sharing, ports: PortRule) -> Result<(), Incompatible> {
        if self.key != holder.key {
            return Err(Incompatible::Key);
        }
        if self.namespace != holder.namespace && !(self.permits(holder) && holder.permits(self)) {
            return Err(Incompatible::Namespace);
        }
        for one in &self.ports {
            for two in holder.ports.iter().filter(|two| two.number == one.number) {
                match ports {
                    PortRule::Number => return Err(Incompatible::Port),
                    PortRule::NumberAndProtocol if one.protocol == two.protocol => {
                        return Err(Incompatible::PortAndProtocol);
                    }
                    PortRule::NumberAndProtocol => {}
                }
            }
        }
        if self.external_traffic_policy != holder.external_traffic_policy {
            return Err(Incompatible::TrafficPolicy);
        }
        let same_pods = !self.pod_selector.is_empty() && self.pod_selector == holder.pod_selector;
        if self.external_traffic_policy == "Local" && !same_pods {
            return Err(Incompatible::Pods);
        }
        Ok(())
    }

    fn permits(&self, other: &Sharing) -> bool {
        self.namespaces.iter().any(|listed| *listed == other.namespace || listed == "*")
    }
}

/// When ports clash in this cluster.
pub fn port_rule(flags: &ClusterFlags, profile: &Profile) -> PortRule {
    if profile.proto_diff_flag && !flags.proto_diff { PortRule::Number } else { profile.ports }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cilium::service::ServiceKey;
    use crate::cilium::version::CiliumVersion;

    fn sharer(namespace: &str, port: i32, protocol: &str) -> Sharing {
        Sharing {
            namespace: namespace.into(),
            key: Some("k".into()),
            ports: vec![Port { number: port, protocol: protocol.into() }],
            external_traffic_policy: "Cluster".into(),
            ..Sharing::default()
        }
    }

    #[test]
    fn each_reason_in_both_directions() {
        let one = sharer("a", 80, "TCP");
        let local = |app: &str, port| Sharing {
            external_traffic_policy: "Local".into(),
            pod_selector: if app.is_empty() { BTreeMap::new() } else { [("app".into(), app.into())].into() },
            ..sharer("a", port, "TCP")
        };
        let across = |namespace: &str, list: &[&str]| Sharing {
            namespaces: list.iter().map(|n| (*n).to_owned()).collect(),
            ..sharer(namespace, if namespace == "a" { 80 } else { 81 }, "TCP")
        };
        for (one, two, expected) in [
            (one.clone(), sharer("a", 81, "TCP"), Ok(())),
            (one.clone(), sharer("a", 80, "UDP"), Ok(())),
            (one.clone(), Sharing { key: Some("other".into()), ..sharer("a", 81, "TCP") }, Err(Incompatible::Key)),
            (one.clone(), Sharing { key: None, ..sharer("a", 81, "TCP") }, Err(Incompatible::Key)),
            (one.clone(), sharer("b", 81, "TCP"), Err(Incompatible::Namespace)),
            (across("a", &["b"]), across("b", &["a"]), Ok(())),
            (across("a", &["b"]), across("b", &["*"]), Ok(())),
            (across("a", &["b"]), across("b", &[]), Err(Incompatible::Namespace)),
            (across("a", &["z", " b"]), across("b", &["*"]), Err(Incompatible::Namespace)),
            (one.clone(), sharer("a", 80, "TCP"), Err(Incompatible::PortAndProtocol)),
            (one.clone(), local("web", 81), Err(Incompatible::TrafficPolicy)),
            (local("web", 80), local("web", 81), Ok(())),
            (local("web", 80), local("api", 81), Err(Incompatible::Pods)),
            (local("web", 80), local("", 81), Err(Incompatible::Pods)),
            (local("", 80), local("", 81), Err(Incompatible::Pods)),
        ] {
            assert_eq!(one.compatible(&two, PortRule::NumberAndProtocol), expected, "{one:?} {two:?}");
            assert_eq!(two.compatible(&one, PortRule::NumberAndProtocol), expected, "{two:?} {one:?}");
        }
        assert_eq!(one.compatible(&sharer("a", 80, "UDP"), PortRule::Number), Err(Incompatible::Port));
    }

    #[test]
    fn what_each_version_reads() {
        let profile = |text: &str| Profile::of(CiliumVersion::parse(text).unwrap_or_else(|e| panic!("{e}")));
        let service = Service {
            key: ServiceKey::new("a", "web"),
            annotations: [
                ("lbipam.cilium.io/sharing-key".into(), String::new()),
                ("io.cilium/lb-ipam-sharing-key".into(), "k".into()),
                ("lbipam.cilium.io/sharing-cross-namespace".into(), "b, c".into()),
            ]
            .into(),
            ..Service::default()
        };
        let new = Sharing::of(&service, &profile("1.18"));
        assert_eq!((new.key, new.namespaces), (None, vec!["b".to_owned(), " c".to_owned()]));
        let old = Sharing::of(&service, &profile("1.15"));
        assert_eq!((old.key.as_deref(), old.namespaces.len()), (Some("k"), 0));
        let off = ClusterFlags { proto_diff: false, ..ClusterFlags::default() };
        assert_eq!(port_rule(&off, &profile("1.18")), PortRule::Number);
        assert_eq!(port_rule(&off, &profile("1.19")), PortRule::NumberAndProtocol);
        assert_eq!(port_rule(&ClusterFlags::default(), &profile("1.16")), PortRule::Number);
    }
}
