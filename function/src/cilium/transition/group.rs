//! What hangs together with a difference.

use super::Told;
use crate::cilium::pool::overlaps;
use crate::cilium::service::ServiceKey;
use std::collections::BTreeMap;

/// One thing by name: its index before, and after.
pub(super) type Pair = (Option<usize>, Option<usize>);

/// Pools and Services that have to do with each other, before or after, and of which at least one differs.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub pools: Vec<Pair>,
    pub services: Vec<Pair>,
}

/// The groups in which something differs. Another operator is a difference for all.
pub(super) fn changed(before: &Told<'_>, after: &Told<'_>) -> Vec<Group> {
    let pools = paired(before.side.pools.iter().map(|pool| &pool.name), after.side.pools.iter().map(|pool| &pool.name));
    let services: BTreeMap<&ServiceKey, Pair> =
        paired(before.side.services.iter().map(|one| &one.key), after.side.services.iter().map(|one| &one.key));
    let pool_at: BTreeMap<&String, usize> = pools.keys().copied().zip(0..).collect();
    let service_at: BTreeMap<&ServiceKey, usize> = services.keys().copied().zip(pools.len()..).collect();
    let mut sets = Sets((0..pools.len() + services.len()).collect());
    for told in [before, after] {
        let node = |pool: usize| pool_at[&told.side.pools[pool].name];
        for overlap in overlaps(told.side.pools) {
            sets.join(node(overlap.pool), node(overlap.other_pool));
        }
        for (at, request) in told.requests.served() {
            let own = service_at[&told.side.services[at].key];
            for &pool in request.selected_by.iter().chain(request.broken.iter()) {
                sets.join(own, node(pool));
            }
        }
        for sharers in told.requests.keys.values().chain(told.requests.pinned.values()) {
            for pair in sharers.windows(2) {
                let key = |at: usize| service_at[&told.side.services[at].key];
                sets.join(key(pair[0]), key(pair[1]));
            }
        }
    }
    // A key may be used by other Services before than after.
    let mut of_key: BTreeMap<&String, usize> = BTreeMap::new();
    for told in [before, after] {
        for (key, sharers) in &told.requests.keys {
            for &at in sharers {
                let own = service_at[&told.side.services[at].key];
                let first = *of_key.entry(key).or_insert(own);
                sets.join(first, own);
            }
        }
    }
    let everywhere = !before.side.same_operator(&after.side);
    let mut groups: BTreeMap<usize, (Group, bool)> = BTreeMap::new();
    for (name, &pair) in &pools {
        let differs = match pair {
            (Some(old), Some(new)) => before.side.pools[old] != after.side.pools[new],
            _ => true,
        };
        let (group, changed) = groups.entry(sets.root(pool_at[name])).or_default();
        group.pools.push(pair);
        *changed |= differs;
    }
    for (key, &pair) in &services {
        let (group, changed) = groups.entry(sets.root(service_at[key])).or_default();
        group.services.push(pair);
        *changed |= differs(before, after, pair);
    }
    let wanted =
        |(group, changed): (Group, bool)| ((changed || everywhere) && !group.services.is_empty()).then_some(group);
    groups.into_values().filter_map(wanted).collect()
}

/// Whether a Service is new, gone or another than before.
pub(super) fn differs(before: &Told<'_>, after: &Told<'_>, pair: Pair) -> bool {
    match pair {
        (Some(old), Some(new)) => before.side.services[old] != after.side.services[new],
        _ => true,
    }
}

/// Things by name. Of two with one name the last counts, as for the API server.
fn paired<'a, K: Ord + 'a>(
    before: impl Iterator<Item = &'a K>,
    after: impl Iterator<Item = &'a K>,
) -> BTreeMap<&'a K, Pair> {
    let mut pairs: BTreeMap<&K, Pair> = BTreeMap::new();
    before.enumerate().for_each(|(at, name)| pairs.entry(name).or_default().0 = Some(at));
    after.enumerate().for_each(|(at, name)| pairs.entry(name).or_default().1 = Some(at));
    pairs
}

/// Disjoint sets of small numbers.
struct Sets(Vec<usize>);

impl Sets {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, one: usize, two: usize) {
        let (one, two) = (self.root(one), self.root(two));
        self.0[one] = two;
    }
}

/// Indices of one side.
pub(super) fn befores(pairs: &[Pair]) -> Vec<usize> {
    pairs.iter().filter_map(|pair| pair.0).collect()
}

/// Indices of the other side.
pub(super) fn afters(pairs: &[Pair]) -> Vec<usize> {
    pairs.iter().filter_map(|pair| pair.1).collect()
}
