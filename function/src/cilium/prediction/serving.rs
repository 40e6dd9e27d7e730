//! Which pools serve, given their overlaps.

use crate::cilium::pool::{Pool, overlaps};
use crate::cilium::profile::Profile;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a pool hands out addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Serving {
    /// Whatever the order in which pools arrive.
    Always,
    /// It overlaps others, and which of them is switched off depends on when they are created or arrive.
    Undecided,
    /// It is switched off for an overlap with itself, or with an older pool that always serves.
    Conflicting,
    /// It says `disabled`.
    Disabled,
    /// A block does not parse and nothing of it is used.
    Unusable,
}

/// Whether each pool serves, as far as it can be told (facts of `settleConflicts`).
///
/// A pool that is older than all that it overlaps is never marked, and every younger one that meets it is. What
/// depends on a pool that is itself in doubt, or on pools of which it is not known which is older, is in doubt.
pub fn serving(pools: &[Pool], profile: &Profile) -> Vec<Serving> {
    let dropped = |pool: &Pool| pool.usable_blocks(profile).next().is_none() && !pool.blocks.is_empty();
    let mut opponents: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut internal = BTreeSet::new();
    for overlap in overlaps(pools) {
        let (one, two) = (overlap.pool, overlap.other_pool);
        let used = |pool: usize, block: usize| used_block(&pools[pool], block, profile);
        if !used(one, overlap.block) || !used(two, overlap.other_block) {
            continue;
        }
        if one == two {
            internal.insert(one);
        } else {
            opponents.entry(one).or_default().insert(two);
            opponents.entry(two).or_default().insert(one);
        }
    }
    let mut decided: Vec<Option<Serving>> = pools
        .iter()
        .enumerate()
        .map(|(at, pool)| {
            if dropped(pool) {
                Some(Serving::Unusable)
            } else if internal.contains(&at) {
                Some(Serving::Conflicting)
            } else if !opponents.contains_key(&at) {
                Some(Serving::Always)
            } else {
                None
            }
        })
        .collect();
    // Oldest first, so that what older pools come to is known.
    let mut open: Vec<usize> = (0..pools.len()).filter(|&at| decided[at].is_none()).collect();
    open.sort_by_key(|&at| pools[at].created);
    for at in open {
        let older = |other: &usize| match (pools[*other].created, pools[at].created) {
            (Some(theirs), Some(ours)) if theirs != ours => theirs < ours,
            // Not known: perhaps.
            _ => true,
        };
        let surely_older =
            |other: &usize| matches!((pools[*other].created, pools[at].created), (Some(t), Some(o)) if t < o);
        let met = &opponents[&at];
        decided[at] = Some(if met.iter().any(|o| surely_older(o) && decided[*o] == Some(Serving::Always)) {
            Serving::Conflicting
        } else if met.iter().any(older) {
            Serving::Undecided
        } else {
            Serving::Always
        });
    }
    let all = decided.into_iter().zip(pools);
    all.map(|(serving, pool)| match serving {
        _ if pool.disabled => Serving::Disabled,
        Some(serving) => serving,
        None => Serving::Undecided,
    })
    .collect()
}

fn used_block(pool: &Pool, block: usize, profile: &Profile) -> bool {
    let used = pool.usable_blocks(profile).count();
    // Usable blocks are those before the first that does not parse.
    block < used
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cilium::{Block, CiliumVersion};

    fn pool(created: Option<i64>, cidrs: &[&str]) -> Pool {
        Pool { created, ..Pool::new("p", cidrs.iter().map(|c| Block::parse(Some(c), None, None)).collect()) }
    }

    fn of(pools: &[Pool]) -> Vec<Serving> {
        let version = CiliumVersion::parse("1.18").unwrap_or_else(|e| panic!("{e}"));
        serving(pools, &Profile::of(version))
    }

    #[test]
    fn the_younger_of_two_is_switched_off() {
        use Serving::*;
        let (wide, narrow) = (["10.0.0.0/8"], ["10.0.10.0/24"]);
        assert_eq!(of(&[pool(Some(1), &wide), pool(Some(2), &narrow)]), [Always, Conflicting]);
        assert_eq!(of(&[pool(Some(2), &wide), pool(Some(1), &narrow)]), [Conflicting, Always]);
        assert_eq!(of(&[pool(Some(1), &wide), pool(Some(1), &narrow)]), [Undecided, Undecided]);
        assert_eq!(of(&[pool(None, &wide), pool(None, &narrow)]), [Undecided, Undecided]);
        let disabled = Pool { disabled: true, ..pool(Some(1), &wide) };
        assert_eq!(of(&[disabled, pool(Some(2), &narrow)]), [Disabled, Conflicting], "a disabled pool counts as well");
        assert_eq!(of(&[pool(None, &["10.0.0.0/24", "10.0.0.4/32"])]), [Conflicting]);
    }

    #[test]
    fn in_a_chain_the_last_depends_on_who_arrived_first() {
        use Serving::*;
        let chain = [
            pool(Some(1), &["10.0.0.0/28"]),
            pool(Some(2), &["10.0.0.8/29", "10.0.1.8/29"]),
            pool(Some(3), &["10.0.1.0/28"]),
        ];
        assert_eq!(of(&chain), [Always, Conflicting, Undecided]);
    }
}
