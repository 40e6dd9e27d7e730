//! What somebody supposes on top of the manifests: more Services, another size of a pool, another Cilium.

use super::ClusterView;
use crate::cilium::version::NEWEST;
use crate::cilium::{Block, CiliumVersion, Family, Pool, Service, ServiceKey};

/// As many Services as one supposition may add.
const MOST_SERVICES: usize = 10_000;

/// All suppositions of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supposed {
    services: Vec<MoreServices>,
    pools: Vec<Resized>,
    /// That the repository is applied to the living cluster which was read.
    pub applied: bool,
    /// The Cilium version to look at in place of the stated one.
    pub cilium: Option<CiliumVersion>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct MoreServices {
    count: usize,
    cluster: Option<String>,
    namespace: String,
    labels: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Resized {
    name: String,
    written: String,
    block: Block,
}

/// Why a supposition cannot be understood: a sentence, and what to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// What is wrong.
    pub message: String,
    /// How it is done.
    pub help: String,
}

impl Supposed {
    /// Whether it changes nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Read suppositions as they were typed.
    ///
    /// ```
    /// use lbpools_function::cluster::supposed::Supposed;
    /// assert!(Supposed::read(&["services=20,namespace=media,tier=public", "pool=a:192.0.2.0/28"]).is_ok());
    /// assert!(Supposed::read(&["pool=a:192.0.2.999"]).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// The first that is none.
    pub fn read(texts: &[&str]) -> Result<Supposed, NotUnderstood> {
        let mut supposed = Supposed::default();
        for text in texts {
            let unknown = |message: String| NotUnderstood {
                message: format!("`{text}` cannot be supposed: {message}"),
                help: "write services=NUMBER[,namespace=NAME][,cluster=NAME][,LABEL=VALUE…], pool=NAME:CIDR or \
                       pool=NAME:FIRST-LAST, or cilium=VERSION"
                    .into(),
            };
            // What generation would write is looked at in place of what is there, by whoever reads the manifests.
            if *text == "rendered" {
                continue;
            }
            if *text == "applied" {
                supposed.applied = true;
                continue;
            }
            let (what, rest) = text.split_once('=').ok_or_else(|| unknown("it has no `=`".into()))?;
            match what {
                "services" => supposed.services.push(more_services(rest).map_err(unknown)?),
                "pool" => supposed.pools.push(resized(rest).map_err(unknown)?),
                "cilium" => {
                    let version = CiliumVersion::parse(rest).map_err(|error| unknown(error.to_string()))?;
                    supposed.cilium = Some(version);
                }
                other => return Err(unknown(format!("`{other}` is none of services, pool, cilium"))),
            }
        }
        Ok(supposed)
    }

    /// In words.
    pub fn told(&self) -> Vec<String> {
        let services = self.services.iter().map(|more| {
            let labels: Vec<String> = more.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let labels = if labels.is_empty() { String::new() } else { format!(" with {}", labels.join(", ")) };
            let cluster = more.cluster.as_ref().map(|name| format!(" of cluster {name}")).unwrap_or_default();
            let plural = if more.count == 1 { "Service" } else { "Services" };
            format!("{} more {plural} in namespace {}{cluster}{labels}", more.count, more.namespace)
        });
        let pools = self.pools.iter().map(|pool| format!("pool {} holds {}", pool.name, pool.written));
        let cilium = self.cilium.iter().map(|version| match version.is_beyond_known() {
            true => format!("Cilium {version}, if it behaves as 1.{NEWEST}, the newest known here"),
            false => format!("Cilium {version}"),
        });
        services.chain(pools).chain(cilium).collect()
    }

    /// Pools that are supposed to be another size and that no cluster has.
    pub fn unknown_pools<'s>(&'s self, views: &[&ClusterView<'_, '_>]) -> Vec<&'s str> {
        let there = |name: &str| views.iter().any(|view| view.pools.iter().any(|pool| pool.label() == name));
        self.pools.iter().map(|pool| pool.name.as_str()).filter(|name| !there(name)).collect()
    }

    /// Clusters that are supposed to get more Services and that are not there.
    pub fn unknown_clusters<'s>(&'s self, views: &[&ClusterView<'_, '_>]) -> Vec<&'s str> {
        let there = |name: &str| views.iter().any(|view| view.cluster.name == name);
        self.services.iter().filter_map(|more| more.cluster.as_deref()).filter(|name| !there(name)).collect()
    }

    /// What a cluster has if it is so.
    pub fn apply(&self, view: &ClusterView<'_, '_>, pools: &mut [Pool], services: &mut Vec<Service>) {
        for resized in &self.pools {
            for pool in pools.iter_mut().filter(|pool| pool.name == resized.name) {
                pool.blocks = vec![Ok(resized.block.clone())];
            }
        }
        let enabled: Vec<Family> = [(Family::V4, view.flags.ipv4), (Family::V6, view.flags.ipv6)]
            .into_iter()
            .filter(|(_, enabled)| *enabled)
            .map(|(family, _)| family)
            .collect();
        let mut number = 0;
        for more in self.services.iter().filter(|more| more.cluster.as_ref().is_none_or(|n| *n == view.cluster.name)) {
            for _ in 0..more.count {
                number += 1;
                let service = Service {
                    key: ServiceKey::new(more.namespace.clone(), format!("what-if-{number}")),
                    labels: more.labels.iter().cloned().collect(),
                    service_type: "LoadBalancer".into(),
                    ..Service::default()
                };
                services.push(service.with_server_defaults(&enabled));
            }
        }
    }
}

fn more_services(text: &str) -> Result<MoreServices, String> {
    let mut parts = text.split(',');
    let number = parts.next().unwrap_or_default();
    let count: usize = number.parse().map_err(|_| format!("`{number}` is no number of Services"))?;
    if count > MOST_SERVICES {
        return Err(format!("more than {MOST_SERVICES} Services"));
    }
    let mut more = MoreServices { count, cluster: None, namespace: "default".into(), labels: Vec::new() };
    for part in parts {
        match part.split_once('=') {
            Some(("namespace", name)) => more.namespace = name.into(),
            Some(("cluster", name)) => more.cluster = Some(name.into()),
            Some((key, value)) => more.labels.push((key.into(), value.into())),
            None => return Err(format!("`{part}` is no LABEL=VALUE")),
        }
    }
    Ok(more)
}

fn resized(text: &str) -> Result<Resized, String> {
    let (name, written) = text.split_once(':').ok_or("a pool needs a size, as in pool=NAME:192.0.2.0/27")?;
    let block = match written.split_once('-') {
        Some((first, last)) => Block::parse(None, Some(first.trim()), Some(last.trim())),
        None if written.contains('/') => Block::parse(Some(written), None, None),
        None => Block::parse(None, Some(written), None),
    };
    let block = block.map_err(|error| format!("`{written}` is no block: {error}"))?;
    Ok(Resized { name: name.into(), written: written.into(), block })
}
