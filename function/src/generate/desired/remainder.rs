//! What the other pools leave of a cluster's ranges.
//!
//! Cilium keeps no reservation for addresses that somebody will pin: a Service that comes first may take the
//! Gateway's. The only safe place for a dedicated address is outside of every pool that others draw from, so the
//! pool for everybody else is carved around the dedicated ones.

use super::ClusterValues;
use super::pool::PoolBlock;
use super::settings::{ProposedSetting, block, of_pieces};
use crate::cilium::{self, Range, Ranges};
use crate::config::{Cluster, ConfigProblem, LoadBalancerPools, Pool};
use crate::flux::fact::Fact;

/// The remainder pool's blocks, for one set of objects.
pub(super) struct Remainder {
    /// Its blocks, or the cluster whose part is not known, and why.
    pub(super) blocks: Result<Vec<PoolBlock>, (String, String)>,
    /// The settings that the blocks speak of.
    pub(super) settings: Vec<ProposedSetting>,
    /// Clusters whose ranges do not suffice.
    pub(super) problems: Vec<ConfigProblem>,
}

/// The remainder of one cluster, as numbers. `None` where no pool takes it.
pub(super) fn for_one(config: &LoadBalancerPools, cluster: &ClusterValues<'_>) -> Option<Remainder> {
    let (at, pool) = taker(config)?;
    let pieces = match pieces(config, pool, cluster.name, cluster.plan, cluster.resolve) {
        Ok(pieces) => pieces,
        Err(because) => return Some(Remainder::unknown(cluster.name, because)),
    };
    let mut remainder = Remainder { blocks: Ok(Vec::new()), settings: Vec::new(), problems: Vec::new() };
    if pieces.is_empty() {
        remainder.problems.push(nothing_left(at, pool, cluster.name, 1));
    }
    let numbers = |piece: &Range| PoolBlock::between(piece.first().to_string(), piece.last().to_string());
    remainder.blocks = Ok(pieces.iter().map(numbers).collect());
    Some(remainder)
}

/// The remainder of all clusters of the plan, as settings. `None` where no pool takes it.
///
/// One manifest must fit every cluster, so it has as many blocks as the cluster with the most pieces, and a
/// cluster with fewer has its last piece split: blocks that touch serve the same addresses as one block. (A block
/// whose setting is empty would break the pool.) A cluster that is not in this run counts as well; its part is
/// known only where the other pools' blocks are numbers.
pub(super) fn for_all(config: &LoadBalancerPools, clusters: &[ClusterValues<'_>]) -> Option<Remainder> {
    let (at, pool) = taker(config)?;
    let mut known: Vec<(&str, Vec<Range>)> = Vec::new();
    for plan in &config.spec.clusters {
        let part = match clusters.iter().find(|cluster| cluster.name == plan.name) {
            Some(cluster) => pieces(config, pool, cluster.name, Some(plan), cluster.resolve),
            None => pieces(config, pool, &plan.name, Some(plan), &only_numbers),
        };
        match part {
            Ok(pieces) => known.push((&plan.name, pieces)),
            Err(because) => return Some(Remainder::unknown(&plan.name, because)),
        }
    }
    let count = known.iter().map(|(_, pieces)| pieces.len()).max().unwrap_or(0).max(1);
    let mut remainder = Remainder { blocks: Ok(Vec::new()), settings: Vec::new(), problems: Vec::new() };
    for (cluster, pieces) in known {
        match levelled(pieces, count) {
            Some(pieces) => remainder.settings.extend(of_pieces(pool, cluster, &pieces)),
            None => remainder.problems.push(nothing_left(at, pool, cluster, count)),
        }
    }
    remainder.blocks = Ok((1..=count).map(|piece| block(pool, piece)).collect());
    Some(remainder)
}

impl Remainder {
    fn unknown(cluster: &str, because: String) -> Self {
        Self { blocks: Err((cluster.to_owned(), because)), settings: Vec::new(), problems: Vec::new() }
    }
}

fn taker(config: &LoadBalancerPools) -> Option<(usize, &Pool)> {
    config.spec.pools.iter().enumerate().find(|(_, pool)| pool.remainder)
}

fn only_numbers(text: &str) -> Fact<String> {
    match text.contains("${") {
        true => Fact::Unknown("its settings are not in this run".to_owned()),
        false => Fact::Known(text.to_owned()),
    }
}

/// The cluster's ranges less the other pools' blocks (also those of a disabled pool: overlaps count all the same)
/// and less what is reserved.
fn pieces(
    config: &LoadBalancerPools,
    taker: &Pool,
    cluster: &str,
    plan: Option<&Cluster>,
    resolve: &dyn Fn(&str) -> Fact<String>,
) -> Result<Vec<Range>, String> {
    let Some(plan) = plan else { return Err(format!("the network plan has no ranges of `{cluster}`")) };
    let mut taken: Vec<Range> = plan.kept_free().map(|(_, range)| range).collect();
    for pool in config.spec.pools.iter().filter(|pool| pool.name != taker.name) {
        for block in &pool.blocks {
            taken.push(
                held(block, resolve).map_err(|because| format!("a block of the pool `{}`: {because}", pool.name))?,
            );
        }
    }
    Ok(plan.owned().subtract(&taken.into_iter().collect::<Ranges>()).iter().copied().collect())
}

fn held(block: &crate::config::Block, resolve: &dyn Fn(&str) -> Fact<String>) -> Result<Range, String> {
    let text = |field: &Option<String>| -> Result<Option<String>, String> {
        match field.as_deref().map(resolve) {
            None => Ok(None),
            Some(Fact::Known(value)) => Ok(Some(value)),
            Some(Fact::Unknown(because)) => Err(because),
        }
    };
    let (cidr, start, stop) = (text(&block.cidr)?, text(&block.start)?, text(&block.stop)?);
    cilium::Block::parse(cidr.as_deref(), start.as_deref(), stop.as_deref())
        .map(|block| block.range)
        .map_err(|error| error.to_string())
}

/// As many pieces as asked for, by splitting the last address off the last piece that has more than one. `None`
/// where there are too few addresses.
fn levelled(mut pieces: Vec<Range>, count: usize) -> Option<Vec<Range>> {
    while pieces.len() < count {
        let at = pieces.iter().rposition(|piece| !piece.is_single())?;
        let last = Range::single(pieces[at].last());
        let rest = pieces[at].subtract(&last);
        pieces.splice(at..=at, rest.into_iter().chain([last]));
    }
    Some(pieces)
}

fn nothing_left(at: usize, pool: &Pool, cluster: &str, blocks: usize) -> ConfigProblem {
    let message = match blocks {
        1 => format!("the other pools and the reserved addresses leave nothing of the ranges of `{cluster}`"),
        _ => format!(
            "the pool `{}` needs {blocks} blocks, as another cluster does, and `{cluster}` has fewer addresses left",
            pool.name
        ),
    };
    ConfigProblem {
        path: format!("spec.pools[{at}].remainder"),
        message,
        help: format!("give `{cluster}` more addresses under `ranges`, or the other pools fewer"),
    }
}
