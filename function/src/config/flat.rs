//! The config as flat keys of a `v1` ConfigMap, as `kpt fn eval -- key=value` and a Kptfile's `configMap` send it.
//!
//! A small set of keys for one cluster and a few pools; who needs more writes a `LoadBalancerPools` object. Lists
//! have commas between. No data at all is no config: kpt sends an empty ConfigMap called `function-input` then.
//!
//! | key | stands for |
//! |---|---|
//! | `name` | the name of the config, by which a later run knows what this one generated |
//! | `cilium-version`, `bgp-control-plane`, `l2-announcements`, `ipv4`, `ipv6` | `spec.cilium` |
//! | `settings-name`, `settings-namespace`, `settings-cluster-key` | `spec.settings` |
//! | `cluster`, `entrypoint`, `ranges`, `network`, `reserved` | the one cluster of `spec.clusters` |
//! | `pool-NAME-blocks` | blocks of the pool NAME: `10.0.0.0/28`, `10.0.0.1-10.0.0.9`, `10.0.0.1`, `${A}-${B}` |
//! | `pool-NAME-remainder`, `-selector` (`key=value`), `-allow-first-last-ips`, `-disabled`, `-owner`, `-purpose`, `-headroom` | the rest of that pool |
//! | `gateway-NAME` | the Gateway's address that must come from the pool NAME |
//! | `advertise` (`bgp`, `l2`, `none`), `l2-interfaces` | `spec.advertise` |
//! | `smoke-test`, `smoke-test-namespace`, `smoke-test-address` | `spec.smokeTest` |
//! | `values`, `path` | `spec.output` |
//! | `severity-RULE` | `spec.severity` |

use std::collections::BTreeMap;

use serde::Deserialize;

use super::check::{ConfigProblem, problems};
use super::closest::unknown_name;
use super::{Bgp, Cluster, Gateway, L2, LoadBalancerPools, Pool, SmokeTest, Texts, Values};

mod value;

/// What kpt calls the ConfigMap that it makes of `key=value` arguments.
pub const FUNCTION_INPUT: &str = "function-input";

/// The part of a ConfigMap that is read; the rest of it is Kubernetes' own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ConfigMap {
    /// Its metadata.
    #[serde(default)]
    pub metadata: ConfigMapMetadata,
    /// The keys.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
}

/// The part of a ConfigMap's metadata that is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ConfigMapMetadata {
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// Keys that stand for themselves.
const KEYS: &[&str] = &[
    "name",
    "cilium-version",
    "bgp-control-plane",
    "l2-announcements",
    "ipv4",
    "ipv6",
    "settings-name",
    "settings-namespace",
    "settings-cluster-key",
    "cluster",
    "entrypoint",
    "ranges",
    "network",
    "reserved",
    "advertise",
    "l2-interfaces",
    "smoke-test",
    "smoke-test-namespace",
    "smoke-test-address",
    "values",
    "path",
];

/// Ends of `pool-NAME-…`.
const OF_A_POOL: &[&str] =
    &["blocks", "remainder", "selector", "allow-first-last-ips", "disabled", "owner", "purpose", "headroom"];

impl ConfigMap {
    /// The config that it stands for, judged like any other.
    ///
    /// # Errors
    ///
    /// Everything that makes no sense, with paths such as `data.pool-gateway-blocks`. `rules` are those of
    /// [`problems`].
    pub fn config(&self, rules: &[&str]) -> Result<LoadBalancerPools, Vec<ConfigProblem>> {
        let mut reader = Reader::default();
        if !matches!(self.metadata.name.as_str(), "" | FUNCTION_INPUT) {
            reader.config.metadata.name.clone_from(&self.metadata.name);
            reader.stands_for("metadata.name", "metadata.name");
        }
        for (key, text) in &self.data {
            if let Err((message, help)) = reader.read(key, text.trim()) {
                reader.wrong.push(ConfigProblem { path: place(key), message, help });
            }
        }
        let Reader { config, origins, wrong: mut all } = reader;
        if all.is_empty() {
            all.extend(problems(&config, rules).into_iter().map(|problem| located(problem, &origins)));
        }
        if all.is_empty() { Ok(config) } else { Err(all) }
    }
}

/// The path of a key; keys of a ConfigMap may hold dots.
fn place(key: &str) -> String {
    if key.contains('.') { format!("data[\"{key}\"]") } else { format!("data.{key}") }
}

/// The problem at the key that stands for the field, or for the nearest part that a key stands for.
fn located(problem: ConfigProblem, origins: &[(String, String)]) -> ConfigProblem {
    let holds = |outer: &str| {
        problem.path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let inner = origins.iter().filter(|(field, _)| holds(field)).max_by_key(|(field, _)| field.len());
    let near = inner.or_else(|| origins.iter().find(|(field, _)| field.starts_with(&problem.path)));
    let path = near.map_or_else(|| "data".to_owned(), |(_, path)| path.clone());
    ConfigProblem { path, ..problem }
}

#[derive(Default)]
struct Reader {
    config: LoadBalancerPools,
    /// Which place of the ConfigMap each field comes from.
    origins: Vec<(String, String)>,
    wrong: Vec<ConfigProblem>,
}

/// What is wrong, and what to do.
type Wrong = (String, String);

impl Reader {
    fn stands_for(&mut self, field: impl Into<String>, path: impl Into<String>) {
        self.origins.push((field.into(), path.into()));
    }

    fn read(&mut self, key: &str, text: &str) -> Result<(), Wrong> {
        let spec = &mut self.config.spec;
        let owned = || text.to_owned();
        let field = match key {
            "name" => {
                self.config.metadata.name = owned();
                "metadata.name"
            }
            "cilium-version" => {
                spec.cilium.version = Some(owned());
                "spec.cilium.version"
            }
            "bgp-control-plane" => {
                spec.cilium.bgp_control_plane = Some(value::switch(text)?);
                "spec.cilium.bgpControlPlane"
            }
            "l2-announcements" => {
                spec.cilium.l2_announcements = Some(value::switch(text)?);
                "spec.cilium.l2Announcements"
            }
            "ipv4" => {
                spec.cilium.ipv4 = Some(value::switch(text)?);
                "spec.cilium.ipv4"
            }
            "ipv6" => {
                spec.cilium.ipv6 = Some(value::switch(text)?);
                "spec.cilium.ipv6"
            }
            "settings-name" => {
                spec.settings.name = Some(owned());
                "spec.settings.name"
            }
            "settings-namespace" => {
                spec.settings.namespace = Some(owned());
                "spec.settings.namespace"
            }
            "settings-cluster-key" => {
                spec.settings.cluster_key = Some(owned());
                "spec.settings.clusterKey"
            }
            "cluster" => {
                self.cluster().name = owned();
                "spec.clusters[0].name"
            }
            "entrypoint" => {
                self.cluster().entrypoint = Some(owned());
                "spec.clusters[0].entrypoint"
            }
            "ranges" => {
                self.cluster().ranges = value::list(text).into_iter().collect();
                "spec.clusters[0].ranges"
            }
            "network" => {
                self.cluster().network = value::list(text).into_iter().collect();
                "spec.clusters[0].network"
            }
            "reserved" => {
                let texts: Texts = value::list(text).into_iter().collect();
                self.cluster().reserved.insert("reserved".to_owned(), texts);
                "spec.clusters[0].reserved.reserved"
            }
            "advertise" => {
                let advertise = spec.advertise.get_or_insert_default();
                for word in value::list(text) {
                    match word {
                        "bgp" => advertise.bgp = Some(Bgp::default()),
                        "l2" => _ = advertise.l2.get_or_insert_with(L2::default),
                        "none" => advertise.none = true,
                        _ => return Err(value::no_word(word, &["bgp", "l2", "none"])),
                    }
                }
                "spec.advertise"
            }
            "l2-interfaces" => {
                let l2 = spec.advertise.get_or_insert_default().l2.get_or_insert_with(L2::default);
                l2.interfaces = value::list(text).into_iter().map(str::to_owned).collect();
                "spec.advertise.l2.interfaces"
            }
            "smoke-test" => {
                // The other keys of the smoke test come behind this one, in order, and ask for it by themselves.
                spec.smoke_test = value::switch(text)?.then(SmokeTest::default);
                "spec.smokeTest"
            }
            "smoke-test-namespace" => {
                spec.smoke_test.get_or_insert_default().namespace = Some(owned());
                "spec.smokeTest.namespace"
            }
            "smoke-test-address" => {
                spec.smoke_test.get_or_insert_default().address = Some(owned());
                "spec.smokeTest.address"
            }
            "values" => {
                spec.output.values = match text {
                    "Variables" => Values::Variables,
                    "Literal" => Values::Literal,
                    _ => return Err(value::no_word(text, &["Variables", "Literal"])),
                };
                "spec.output.values"
            }
            "path" => {
                spec.output.path = Some(owned());
                "spec.output.path"
            }
            _ => return self.read_family(key, text),
        };
        self.stands_for(field, place(key));
        Ok(())
    }

    /// Keys that have a name within them.
    fn read_family(&mut self, key: &str, text: &str) -> Result<(), Wrong> {
        if let Some(rest) = key.strip_prefix("pool-") {
            let end = OF_A_POOL.iter().find_map(|end| Some((rest.strip_suffix(end)?.strip_suffix('-')?, *end)));
            let Some((name, end)) = end.filter(|(name, _)| !name.is_empty()) else {
                let ends: Vec<String> = OF_A_POOL.iter().map(|end| format!("-{end}")).collect();
                return Err((format!("unknown key `{key}`"), format!("keys of a pool end in {}", ends.join(", "))));
            };
            return self.read_pool(key, name, end, text);
        }
        if let Some(pool) = key.strip_prefix("gateway-").filter(|pool| !pool.is_empty()) {
            let field = format!("spec.gateways[{}]", self.config.spec.gateways.len());
            self.config.spec.gateways.push(Gateway {
                address: text.to_owned(),
                pool: pool.to_owned(),
                ..Gateway::default()
            });
            self.stands_for(field, place(key));
            return Ok(());
        }
        if let Some(rule) = key.strip_prefix("severity-").filter(|rule| !rule.is_empty()) {
            self.config.spec.severity.insert(rule.to_owned(), value::severity(text)?);
            self.stands_for(format!("spec.severity.{rule}"), place(key));
            return Ok(());
        }
        Err(unknown_name("key", key, KEYS))
    }

    fn read_pool(&mut self, key: &str, name: &str, end: &str, text: &str) -> Result<(), Wrong> {
        let pools = &mut self.config.spec.pools;
        let at = pools.iter().position(|pool| pool.name == name).unwrap_or_else(|| {
            pools.push(Pool { name: name.to_owned(), ..Pool::default() });
            pools.len() - 1
        });
        let Some(pool) = pools.get_mut(at) else { return Ok(()) };
        let field = match end {
            "blocks" => {
                pool.blocks = value::list(text).into_iter().map(value::block).collect();
                "blocks"
            }
            "remainder" => {
                pool.remainder = value::switch(text)?;
                "remainder"
            }
            "selector" => {
                pool.service_selector = Some(value::selector(text)?);
                "serviceSelector"
            }
            "allow-first-last-ips" => {
                pool.allow_first_last_ips = Some(value::first_last(text)?);
                "allowFirstLastIPs"
            }
            "disabled" => {
                pool.disabled = value::switch(text)?;
                "disabled"
            }
            "owner" => {
                pool.owner = Some(text.to_owned());
                "owner"
            }
            "purpose" => {
                pool.purpose = Some(text.to_owned());
                "purpose"
            }
            _ => {
                let headroom = text.parse().map_err(|error: &str| (error.to_owned(), "write 25% or 5".to_owned()))?;
                pool.headroom = Some(headroom);
                "headroom"
            }
        };
        self.stands_for(format!("spec.pools[{at}].{field}"), place(key));
        Ok(())
    }

    /// The one cluster, made when the first key speaks of it.
    fn cluster(&mut self) -> &mut Cluster {
        let clusters = &mut self.config.spec.clusters;
        if clusters.is_empty() {
            clusters.push(Cluster { name: "cluster".to_owned(), ..Cluster::default() });
        }
        &mut clusters[0]
    }
}

#[cfg(test)]
mod tests;
