//! Pools of which an edit turns `allowFirstLastIPs`.

use std::net::IpAddr;

use crate::cilium::{Block, Profile};
use crate::cluster::ClusterView;
use crate::cluster::pools::PoolView;
use crate::flux::object::Text;

/// A pool whose first and last addresses an edit keeps back, or no longer does.
pub struct Turned<'v, 'a, 't> {
    /// The pool as it was.
    pub before: &'v PoolView<'a, 't>,
    /// The pool as it is now.
    pub pool: &'v PoolView<'a, 't>,
    /// The ends of the blocks that stay.
    pub ends: Vec<IpAddr>,
    /// They are kept back now and were not before; else the other way round.
    pub kept: bool,
}

impl Turned<'_, '_, '_> {
    /// The field, when it is written.
    pub fn field(&self) -> Option<Text> {
        self.pool.object.text_at(&["spec", "allowFirstLastIPs"])
    }
}

/// The pools that are turned, as far as both sides are known.
pub fn turned<'v, 'a, 't>(before: &'v ClusterView<'a, 't>, after: &'v ClusterView<'a, 't>) -> Vec<Turned<'v, 'a, 't>> {
    let pair = |pool: &'v PoolView<'a, 't>| {
        let name = pool.name.known()?;
        let old = before.pools.iter().find(|old| old.name.known() == Some(name))?;
        let (was, is) = (*old.allow_first_last.known()?, *pool.allow_first_last.known()?);
        let ends = |block: &Block, said, profile: &Profile| block.reserved(said, profile);
        let mut turned = Turned { before: old, pool, ends: Vec::new(), kept: false };
        for (_, block) in pool.ranges() {
            if !old.ranges().any(|(_, one)| one.range == block.range) {
                continue;
            }
            match (ends(block, was, &before.profile), ends(block, is, &after.profile)) {
                (None, Some(kept)) => {
                    turned.kept = true;
                    turned.ends.extend(kept);
                }
                (Some(freed), None) => turned.ends.extend(freed),
                _ => {}
            }
        }
        (!turned.ends.is_empty()).then_some(turned)
    };
    after.pools.iter().filter_map(pair).collect()
}
