//! Whom a set of objects is for: what they read, and what they must be written for.

use std::cell::RefCell;

use super::ClusterValues;
use crate::cilium::profile::{Profile, V2ALPHA1};
use crate::cilium::version::CiliumVersion;
use crate::config::{Cilium, LoadBalancerPools};
use crate::flux::fact::Fact;

/// The annotation that every known version reads as a request for addresses: the only one in 1.15, an alias of
/// `lbipam.cilium.io/ips` from 1.16 to 1.20.
const ADDRESSES_IN_EVERY_VERSION: &str = "io.cilium/lb-ipam-ips";

/// Reads the texts of the config for one object, and remembers the first that is not known.
pub(super) struct Reader<'a> {
    cluster: Option<&'a ClusterValues<'a>>,
    unknown: RefCell<Option<String>>,
}

impl<'a> Reader<'a> {
    /// With the values of a cluster, or with `${...}` in place.
    pub(super) fn of(cluster: Option<&'a ClusterValues<'a>>) -> Self {
        Self { cluster, unknown: RefCell::new(None) }
    }

    /// The text to write. Where the value is not known it is the text as written, and the object must not be used.
    pub(super) fn text(&self, written: &str) -> String {
        match self.cluster.map(|cluster| (cluster.resolve)(written)) {
            None => written.to_owned(),
            Some(Fact::Known(value)) => value,
            Some(Fact::Unknown(because)) => {
                self.unknown.borrow_mut().get_or_insert(because);
                written.to_owned()
            }
        }
    }

    /// The cluster and the reason, when something that was read is not known.
    pub(super) fn unknown(&self) -> Option<(String, String)> {
        let because = self.unknown.borrow().clone()?;
        Some((self.cluster.map_or_else(String::new, |cluster| cluster.name.to_owned()), because))
    }
}

/// What objects must be written for so that the oldest of their clusters reads them. A newer one reads what an
/// older one does: the kinds have the same fields in both apiVersions, and v2alpha1 is served from 1.15 to 1.20.
pub(super) struct Served {
    /// apiVersion of CiliumLoadBalancerIPPool: `cilium.io/v2` is served from 1.18.
    pub(super) pool: &'static str,
    /// apiVersion of CiliumBGPAdvertisement: `cilium.io/v2` is served from 1.18.
    pub(super) bgp: &'static str,
    /// The annotation by which a Service asks for addresses.
    pub(super) addresses: &'static str,
}

impl Served {
    /// By one cluster, or by all of the config. A version that nobody named is any of the known ones.
    pub(super) fn by(config: &LoadBalancerPools, cluster: Option<&ClusterValues<'_>>) -> Self {
        let targets: Vec<Cilium> = match cluster {
            Some(cluster) => vec![config.cilium_of(cluster.plan)],
            None if config.spec.clusters.is_empty() => vec![config.cilium_of(None)],
            None => config.spec.clusters.iter().map(|cluster| config.cilium_of(Some(cluster))).collect(),
        };
        let versions: Option<Vec<CiliumVersion>> = targets
            .iter()
            .map(|cilium| cilium.version.as_deref().and_then(|version| CiliumVersion::parse(version).ok()))
            .collect();
        match versions.and_then(|versions| versions.into_iter().min()).map(Profile::of) {
            Some(oldest) => Self {
                pool: oldest.pool_api_version,
                bgp: oldest.bgp_api_version,
                addresses: oldest.addresses_key.primary,
            },
            None => Self { pool: V2ALPHA1, bgp: V2ALPHA1, addresses: ADDRESSES_IN_EVERY_VERSION },
        }
    }
}
