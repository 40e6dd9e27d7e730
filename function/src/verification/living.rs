//! The living cluster as LB-IPAM knows it, and how its state is accounted for.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::cilium::history::{Accounts, Mark, Seen, account, marks};
use crate::cilium::{CiliumVersion, ClusterFlags, Count, Pool, Profile, Service, ServiceKey};
use crate::observed::{CILIUM_CONFIG, LivingPool, Observed};
use crate::report::PoolCounts;

/// A living cluster with its accounts.
#[derive(Debug)]
pub struct Living<'o> {
    /// What was read of it.
    pub observed: &'o Observed,
    /// How its Cilium behaves.
    pub profile: Profile,
    /// Whether an image or the config says which version it is.
    pub version_known: bool,
    /// How its Cilium is configured.
    pub flags: ClusterFlags,
    /// Its pools, by name.
    pub pools: Vec<Pool>,
    /// What the operator says of each pool.
    pub marks: Vec<Mark>,
    /// Whether that breaks a rule.
    pub wrong_marks: Vec<bool>,
    /// Its Services, by name.
    pub services: Vec<Service>,
    waits: Vec<bool>,
    /// How the state of each is accounted for.
    pub accounts: Vec<Accounts>,
    at: BTreeMap<ServiceKey, usize>,
}

impl<'o> Living<'o> {
    /// Account for a cluster; what it does not say of its Cilium is taken from the repository.
    pub fn of(observed: &'o Observed, (profile, version_known): (&Profile, bool), flags: &ClusterFlags) -> Living<'o> {
        let version = version(observed);
        let (profile, version_known) = match version {
            Some(version) => (Profile::of(version), true),
            None => (profile.clone(), version_known),
        };
        let flags = config(observed).map_or_else(|| flags.clone(), |config| configured(config, flags));
        let pools: Vec<Pool> = observed.pools.values().map(|pool| pool.pool.clone()).collect();
        let operators: Vec<Mark> = observed.pools.values().map(|pool| mark(pool, &profile)).collect();
        let services: Vec<Service> = observed.services.values().map(|service| service.service.clone()).collect();
        let waits: Vec<bool> = observed
            .services
            .values()
            .map(|service| service.condition.as_ref().is_some_and(|condition| condition.status == "False"))
            .collect();
        let seen = Seen {
            pools: &pools,
            marks: &operators,
            services: &services,
            waits: &waits,
            profile: &profile,
            flags: &flags,
        };
        let (accounts, wrong_marks) = (account(seen), marks(seen));
        let at = services.iter().enumerate().map(|(at, service)| (service.key.clone(), at)).collect();
        Living {
            observed,
            profile,
            version_known,
            flags,
            pools,
            marks: operators,
            wrong_marks,
            services,
            waits,
            accounts,
            at,
        }
    }

    /// What it shows.
    pub fn seen(&self) -> Seen<'_> {
        Seen {
            pools: &self.pools,
            marks: &self.marks,
            services: &self.services,
            waits: &self.waits,
            profile: &self.profile,
            flags: &self.flags,
        }
    }

    /// The place of a Service.
    pub fn place(&self, key: &ServiceKey) -> Option<usize> {
        self.at.get(key).copied()
    }

    /// How the state of a Service is accounted for.
    pub fn accounts(&self, key: &ServiceKey) -> Option<&Accounts> {
        self.accounts.get(self.place(key)?)
    }

    /// The counts of each pool by the addresses in the status of Services: what an operator comes to that starts now.
    pub fn counted(&self) -> Vec<PoolCounts> {
        let mut held: Vec<std::collections::BTreeSet<IpAddr>> = vec![Default::default(); self.pools.len()];
        for accounts in &self.accounts {
            for (address, pool, _) in &accounts.held {
                if let Some(held) = pool.and_then(|pool| held.get_mut(pool)) {
                    held.insert(*address);
                }
            }
        }
        let count = |(pool, held): (&Pool, std::collections::BTreeSet<IpAddr>)| {
            let counts = pool.counts(&self.profile);
            let reserved = pool.reserved(&self.profile);
            let more = held.iter().filter(|address| !reserved.contains(address)).count();
            let used = counts.reserved + Count::from(more);
            PoolCounts {
                total: counts.total.to_string(),
                available: (counts.total - used).to_string(),
                used: Some(used.to_string()),
            }
        };
        self.pools.iter().zip(held).map(count).collect()
    }
}

/// What the operator says of a pool.
fn mark(pool: &LivingPool, profile: &Profile) -> Mark {
    let total = pool.pool.counts(profile).total.to_string();
    let counted = pool.count("Total").is_none_or(|count| count == total);
    match (pool.is_seen() && counted, pool.conflict()) {
        (false, _) | (_, None) => Mark::Unseen,
        (true, Some(true)) => Mark::Conflicting,
        (true, Some(false)) => Mark::Fine,
    }
}

/// Cilium's ConfigMap.
pub fn config(observed: &Observed) -> Option<&BTreeMap<String, String>> {
    observed.config_maps.iter().find(|(key, _)| key.name == CILIUM_CONFIG).map(|(_, data)| data)
}

/// The version of the operator, or of the agent, by its image; none where two differ or a tag is none.
pub fn version(observed: &Observed) -> Option<CiliumVersion> {
    let tag = |image: &String| {
        let name = image.split('@').next().unwrap_or_default();
        CiliumVersion::parse(name.rsplit_once(':')?.1).ok()
    };
    let (operators, agents): (Vec<&String>, Vec<&String>) =
        observed.images.iter().partition(|image| image.contains("operator"));
    let images = if operators.is_empty() { agents } else { operators };
    let mut versions: Vec<CiliumVersion> = images.into_iter().map(tag).collect::<Option<_>>()?;
    versions.dedup();
    match versions.as_slice() {
        [version] => Some(*version),
        _ => None,
    }
}

/// The settings of the ConfigMap. Helm leaves out `enable-bgp-control-plane` and `enable-l2-announcements` where they
/// are off.
fn configured(config: &BTreeMap<String, String>, base: &ClusterFlags) -> ClusterFlags {
    let set = |key: &str| config.get(key).map(|value| value == "true");
    ClusterFlags {
        ipv4: set("enable-ipv4").unwrap_or(base.ipv4),
        ipv6: set("enable-ipv6").unwrap_or(base.ipv6),
        lb_ipam: set("enable-lb-ipam").unwrap_or(base.lb_ipam),
        default_ipam: config.get("default-lb-service-ipam").cloned().unwrap_or_else(|| base.default_ipam.clone()),
        bgp_control_plane: set("enable-bgp-control-plane").unwrap_or(false),
        l2_announcements: set("enable-l2-announcements").unwrap_or(false),
        proto_diff: set("bpf-lb-proto-diff").unwrap_or(base.proto_diff),
    }
}
