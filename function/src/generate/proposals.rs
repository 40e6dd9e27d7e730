//! Settings keys that the config needs and a cluster does not have, with the values its network plan gives them.
//!
//! Only what follows from the plan is proposed: a single address (`${V}/32`, a Gateway's address) gets the first
//! address of the cluster's ranges that nothing else holds, a `start` and `stop` get the ends of the largest piece
//! that is left then. Keys are served in the order in which the config names them.

use super::desired::settings::ProposedSetting;
use super::resolve;
use crate::cilium::{Block, Range, Ranges};
use crate::config::{LoadBalancerPools, Pool};
use crate::flux::clusters::Cluster;
use crate::flux::fact::Fact;

/// The keys that are missing in a cluster's settings. `remainder` are those of a remainder pool.
pub fn missing(
    config: &LoadBalancerPools,
    cluster: &Cluster<'_, '_>,
    remainder: &[ProposedSetting],
) -> Vec<ProposedSetting> {
    let settings = &cluster.settings;
    if settings.open.is_some() {
        // A source outside the input may set them.
        return Vec::new();
    }
    let absent = |key: &str| !settings.by_name.contains_key(key);
    let mut found: Vec<ProposedSetting> = Vec::new();
    if let Some(plan) = config.spec.clusters.iter().find(|planned| planned.name == cluster.name) {
        let reserved: Ranges = plan.kept_free().map(|(_, range)| range).collect();
        let mut free = plan.owned().subtract(&reserved).subtract(&held(config, cluster));
        for (pool, key) in single_addresses(config) {
            if absent(key)
                && !found.iter().any(|known| known.key == key)
                && let Some(address) = free.first()
            {
                free = free.subtract(&Ranges::from_iter([Range::single(address)]));
                found.push(proposed(cluster, pool, key, address.to_string()));
            }
        }
        for pool in &config.spec.pools {
            for block in &pool.blocks {
                let ends = (block.start.as_deref().and_then(variable), block.stop.as_deref().and_then(variable));
                let (Some(start), Some(stop)) = ends else { continue };
                let Some(largest) = free.iter().max_by_key(|range| range.count()).copied() else { continue };
                if absent(start) && absent(stop) {
                    free = free.subtract(&Ranges::from_iter([largest]));
                    found.push(proposed(cluster, &pool.name, start, largest.first().to_string()));
                    found.push(proposed(cluster, &pool.name, stop, largest.last().to_string()));
                }
            }
        }
    }
    let carved = remainder.iter().filter(|setting| setting.cluster == cluster.name && absent(&setting.key));
    found.extend(carved.cloned());
    found
}

fn proposed(cluster: &Cluster<'_, '_>, pool: &str, key: &str, value: String) -> ProposedSetting {
    ProposedSetting { cluster: cluster.name.clone(), pool: pool.to_owned(), key: key.to_owned(), value }
}

/// What the config's pools hold already, as far as it is known.
fn held(config: &LoadBalancerPools, cluster: &Cluster<'_, '_>) -> Ranges {
    let of_block = |block: &crate::config::Block| {
        let value = |text: &Option<String>| match text.as_deref().map(|text| resolve(&cluster.settings, text)) {
            None => Some(None),
            Some(Fact::Known(text)) => Some(Some(text)),
            Some(Fact::Unknown(_)) => None,
        };
        let (cidr, start, stop) = (value(&block.cidr)?, value(&block.start)?, value(&block.stop)?);
        Block::parse(cidr.as_deref(), start.as_deref(), stop.as_deref()).ok().map(|block| block.range)
    };
    config.spec.pools.iter().flat_map(|pool: &Pool| pool.blocks.iter().filter_map(of_block)).collect()
}

/// Keys that stand for one address, with the pool that they are for.
fn single_addresses(config: &LoadBalancerPools) -> Vec<(&str, &str)> {
    let spec = &config.spec;
    let gateways = spec.gateways.iter().filter_map(|g| Some((g.pool.as_str(), variable(&g.address)?)));
    let blocks = spec.pools.iter().flat_map(|pool| {
        pool.blocks.iter().filter_map(|block| {
            let single = match (&block.cidr, &block.start, &block.stop) {
                (Some(cidr), _, _) => cidr.strip_suffix("/32").or_else(|| cidr.strip_suffix("/128"))?,
                (None, Some(start), None) => start,
                _ => return None,
            };
            Some((pool.name.as_str(), variable(single)?))
        })
    });
    gateways.chain(blocks).collect()
}

/// The name in a text that is exactly `${NAME}`.
fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then_some(name)
}
