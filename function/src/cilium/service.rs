//! A Service as LB-IPAM sees it.

use super::address::Family;
use super::selector::service_labels;
use std::collections::BTreeMap;
use std::fmt;

/// Namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ServiceKey {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl ServiceKey {
    /// The Service of this name.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> ServiceKey {
        ServiceKey { namespace: namespace.into(), name: name.into() }
    }
}

/// `namespace/name`
impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.namespace, self.name))
    }
}

/// A port that a Service listens on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// `port`
    pub number: i32,
    /// `protocol`; the API server writes `TCP` where none is given.
    pub protocol: String,
}

/// The fields of a Service that decide about its address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// Namespace and name.
    pub key: ServiceKey,
    /// `metadata.labels`
    pub labels: BTreeMap<String, String>,
    /// `metadata.annotations`
    pub annotations: BTreeMap<String, String>,
    /// `spec.type`; empty means ClusterIP.
    pub service_type: String,
    /// `spec.loadBalancerClass`
    pub class: Option<String>,
    /// `spec.loadBalancerIP`
    pub load_balancer_ip: String,
    /// `spec.ipFamilyPolicy`
    pub family_policy: Option<String>,
    /// `spec.ipFamilies`
    pub families: Vec<String>,
    /// `spec.externalTrafficPolicy`
    pub external_traffic_policy: String,
    /// `spec.ports`
    pub ports: Vec<Port>,
    /// `spec.selector`
    pub pod_selector: BTreeMap<String, String>,
    /// The addresses that `status.loadBalancer.ingress` holds, as written, in order.
    pub ingress: Vec<String>,
}

impl Service {
    /// The labels that selectors see: its own, name and namespace.
    pub fn selectable_labels(&self) -> BTreeMap<String, String> {
        service_labels(&self.key.namespace, &self.key.name, &self.labels)
    }

    /// What the API server fills in when it stores a manifest: protocol TCP, traffic policy Cluster, policy and
    /// families by the cluster's enabled families, primary first. LB-IPAM only ever sees the stored form.
    pub fn with_server_defaults(mut self, enabled: &[Family]) -> Service {
        for port in self.ports.iter_mut().filter(|port| port.protocol.is_empty()) {
            "TCP".clone_into(&mut port.protocol);
        }
        if matches!(self.service_type.as_str(), "LoadBalancer" | "NodePort") && self.external_traffic_policy.is_empty()
        {
            "Cluster".clone_into(&mut self.external_traffic_policy);
        }
        let wanted = match self.family_policy.get_or_insert_with(|| {
            // A list of two families without a policy asks for both.
            if self.families.len() == 2 { "RequireDualStack".to_owned() } else { "SingleStack".to_owned() }
        }) {
            policy if policy == "SingleStack" => 1,
            _ => 2,
        };
        for family in enabled {
            let name = family.to_string();
            if self.families.len() < wanted && !self.families.contains(&name) {
                self.families.push(name);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form() {
        let service = Service {
            service_type: "LoadBalancer".into(),
            ports: vec![Port { number: 80, protocol: String::new() }],
            ..Service::default()
        };
        let stored = service.clone().with_server_defaults(&[Family::V6, Family::V4]);
        assert_eq!(stored.families, ["IPv6"]);
        assert_eq!(stored.family_policy.as_deref(), Some("SingleStack"));
        assert_eq!((stored.external_traffic_policy.as_str(), stored.ports[0].protocol.as_str()), ("Cluster", "TCP"));
        let dual = Service { family_policy: Some("PreferDualStack".into()), ..service };
        assert_eq!(dual.clone().with_server_defaults(&[Family::V4, Family::V6]).families, ["IPv4", "IPv6"]);
        assert_eq!(dual.with_server_defaults(&[Family::V4]).families, ["IPv4"]);
    }
}
