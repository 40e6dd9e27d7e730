//! A CiliumLoadBalancerIPPool: its blocks, what it reserves, with what it overlaps.

use super::address::Family;
use super::block::{Block, BlockError};
use super::count::Count;
use super::profile::{BadBlock, Profile};
use super::range::Range;
use super::ranges::Ranges;
use super::selector::{LabelSelector, SelectorError};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A pool as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// `metadata.name`
    pub name: String,
    /// `metadata.creationTimestamp` in seconds, where it is known. Of two pools that overlap the younger one is
    /// switched off; in one second, or unknown, it is either.
    pub created: Option<i64>,
    /// `spec.blocks` (on 1.15 with `spec.cidrs` before them), each parsed or with the reason why it does not.
    pub blocks: Vec<Result<Block, BlockError>>,
    /// `spec.serviceSelector`; `None` selects all.
    pub selector: Option<Result<LabelSelector, SelectorError>>,
    /// `spec.disabled`
    pub disabled: bool,
    /// `spec.allowFirstLastIPs`
    pub allow_first_last: Option<bool>,
}

/// The counts that Cilium writes into a pool's conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// `cilium.io/IPsTotal`: the sizes of all ranges, added up.
    pub total: Count,
    /// First and last addresses that are never handed out; Cilium counts them as used.
    pub reserved: Count,
}

/// Two blocks that have addresses in common. A pool may overlap itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Overlap {
    /// Index of the pool that comes first.
    pub pool: usize,
    /// Index of its block.
    pub block: usize,
    /// Index of the other pool, or the same.
    pub other_pool: usize,
    /// Index of its block.
    pub other_block: usize,
    /// What they have in common.
    pub common: Range,
}

impl Pool {
    /// A pool of these blocks, enabled, selecting all.
    pub fn new(name: impl Into<String>, blocks: Vec<Result<Block, BlockError>>) -> Pool {
        Pool { name: name.into(), created: None, blocks, selector: None, disabled: false, allow_first_last: None }
    }

    /// The first block that does not parse.
    pub fn first_error(&self) -> Option<(usize, BlockError)> {
        self.blocks.iter().enumerate().find_map(|(i, block)| block.as_ref().err().map(|error| (i, *error)))
    }

    /// The blocks that the operator uses: all, or where one does not parse those before it (up to 1.19) or none.
    pub fn usable_blocks(&self, profile: &Profile) -> impl Iterator<Item = &Block> {
        let most = match (self.first_error(), profile.bad_block) {
            (Some(_), BadBlock::DropsPool) => 0,
            (Some((at, _)), BadBlock::KeepsEarlierBlocks) => at,
            (None, _) => self.blocks.len(),
        };
        self.blocks.iter().take(most).flatten()
    }

    /// Every address of the blocks that parse.
    pub fn ranges(&self) -> Ranges {
        self.blocks.iter().flatten().map(|block| block.range).collect()
    }

    /// First and last addresses that are never handed out.
    pub fn reserved(&self, profile: &Profile) -> BTreeSet<IpAddr> {
        self.usable_blocks(profile)
            .filter_map(|block| block.reserved(self.allow_first_last, profile))
            .flatten()
            .collect()
    }

    /// The addresses that it can hand out when it is enabled and in no conflict.
    pub fn assignable(&self, profile: &Profile) -> Ranges {
        let served: Ranges = self.usable_blocks(profile).map(|block| block.range).collect();
        served.subtract(&self.reserved(profile).into_iter().map(Range::single).collect())
    }

    /// The counts of it at rest. A block given twice counts twice, as in Cilium.
    pub fn counts(&self, profile: &Profile) -> Counts {
        self.usable_blocks(profile).fold(Counts::default(), |counts, block| Counts {
            total: counts.total + block.range.count(),
            reserved: match block.reserved(self.allow_first_last, profile) {
                Some(ends) => counts.reserved + Count::from(ends.len()),
                None => counts.reserved,
            },
        })
    }

    /// Whether it has addresses of the family.
    pub fn has_family(&self, family: Family, profile: &Profile) -> bool {
        self.usable_blocks(profile).any(|block| block.family() == family)
    }

    /// Whether it selects a Service with these labels ([`super::service::Service::selectable_labels`]). The error
    /// is what makes the operator fail on such a Service.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> Result<bool, &SelectorError> {
        match &self.selector {
            None => Ok(true),
            Some(Ok(selector)) => Ok(selector.matches(labels)),
            Some(Err(error)) => Err(error),
        }
    }
}

/// All overlaps inside and between pools. Selectors and `disabled` make no difference to Cilium, so neither here.
///
/// Sorted by pool and block; costs n log n and one step for each overlap.
pub fn overlaps(pools: &[Pool]) -> Vec<Overlap> {
    let mut all: Vec<(Range, usize, usize)> = pools
        .iter()
        .enumerate()
        .flat_map(|(p, pool)| {
            pool.blocks.iter().enumerate().filter_map(move |(b, block)| block.as_ref().ok().map(|ok| (ok.range, p, b)))
        })
        .collect();
    all.sort_unstable();
    let mut found = Vec::new();
    let mut open: Vec<(Range, usize, usize)> = Vec::new();
    for current in all {
        open.retain(|(range, ..)| range.family() == current.0.family() && range.last() >= current.0.first());
        found.extend(open.iter().filter_map(|earlier| {
            let common = earlier.0.intersection(&current.0)?;
            let mut pair = [(earlier.1, earlier.2), (current.1, current.2)];
            pair.sort_unstable();
            let [(pool, block), (other_pool, other_block)] = pair;
            Some(Overlap { pool, block, other_pool, other_block, common })
        }));
        open.push(current);
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cilium::version::CiliumVersion;

    fn pool(name: &str, cidrs: &[&str]) -> Pool {
        Pool::new(name, cidrs.iter().map(|cidr| Block::parse(Some(cidr), None, None)).collect())
    }

    fn profile(text: &str) -> Profile {
        Profile::of(CiliumVersion::parse(text).unwrap_or_else(|e| panic!("{e}")))
    }

    #[test]
    fn counts_and_reserved_ends() {
        let services = Pool { allow_first_last: Some(false), ..pool("services", &["10.0.0.0/24", "10.0.1.0/31"]) };
        let counts = services.counts(&profile("1.18"));
        assert_eq!((counts.total, counts.reserved), (Count::from(258_u128), Count::from(2_u128)));
        assert_eq!(services.assignable(&profile("1.18")).to_string(), "10.0.0.1-10.0.0.254, 10.0.1.0-10.0.1.1");
        let wide = pool("wide", &["2004::/64"]);
        assert_eq!(wide.counts(&profile("1.18")).total.to_string(), "18446744073709551616");
    }

    #[test]
    fn a_bad_block_takes_the_later_ones_or_all_with_it() {
        let broken = pool("broken", &["10.0.0.0/24", "10.0.1.0", "10.0.2.0/24"]);
        assert_eq!(broken.assignable(&profile("1.19")).to_string(), "10.0.0.0-10.0.0.255");
        assert!(broken.assignable(&profile("1.20")).is_empty());
        assert_eq!(broken.first_error().map(|(at, _)| at), Some(1));
    }

    #[test]
    fn overlaps_inside_and_between() {
        let pools = [
            pool("a", &["10.0.10.0/24", "10.0.10.64/28"]),
            pool("b", &["10.0.11.0/24", "::/0"]),
            Pool { disabled: true, ..pool("c", &["10.0.0.0/8"]) },
        ];
        let found: Vec<_> = overlaps(&pools)
            .iter()
            .map(|o| (o.pool, o.block, o.other_pool, o.other_block, o.common.to_string()))
            .collect();
        assert_eq!(
            found,
            [
                (0, 0, 0, 1, "10.0.10.64-10.0.10.79".to_owned()),
                (0, 0, 2, 0, "10.0.10.0-10.0.10.255".to_owned()),
                (0, 1, 2, 0, "10.0.10.64-10.0.10.79".to_owned()),
                (1, 0, 2, 0, "10.0.11.0-10.0.11.255".to_owned()),
            ]
        );
        assert!(overlaps(&[pool("a", &["10.0.0.0/25"]), pool("b", &["10.0.0.128/25"])]).is_empty(), "neighbours");
    }
}
