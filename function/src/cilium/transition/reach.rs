//! What a Service may newly get while the edits arrive.

use super::Told;
use super::around::{Around, pool_differs, request, shares};
use super::group::Pair;
use crate::cilium::pool::Pool;
use crate::cilium::prediction::{Outcome, Serving, Wish};
use crate::cilium::profile::{Profile, ReservedWithKey};
use crate::cilium::range::Range;
use crate::cilium::ranges::Ranges;

/// What a Service may newly get.
pub(super) struct Gain {
    pub addresses: Ranges,
    /// It gets something for every wish.
    pub certain: bool,
}

impl Gain {
    /// While the edits arrive, in any order. A Service may be served by a pool as it was and as it is, for what it
    /// wanted and for what it wants; and when all has arrived it keeps of that what it still wants and what a pool
    /// that selects it still holds.
    pub(super) fn now(before: &Told<'_>, after: &Told<'_>, pair: Pair, around: &Around) -> Gain {
        let Some(request) = request(after, pair.1) else {
            return Gain { addresses: Ranges::new(), certain: false };
        };
        let shares = shares(before, after, pair);
        let (mut served, mut left) = (Ranges::new(), Ranges::new());
        for &(old, new) in &around.pools {
            let forms = [old.map(|at| (before, at)), new.map(|at| (after, at))];
            let selected =
                || forms.into_iter().flatten().any(|(told, at)| selects(before, after, pair, &told.side.pools[at]));
            if !shares && !selected() {
                continue;
            }
            for (told, at) in forms.into_iter().flatten() {
                let may = match told.requests.serving[at] {
                    Serving::Always | Serving::Undecided => true,
                    // It serves while the other pool is not there.
                    Serving::Conflicting => around.pools_differ || around.broken,
                    Serving::Unusable => true,
                    Serving::Disabled => false,
                };
                let (pool, profile) = (&told.side.pools[at], told.side.profile);
                if may {
                    served = served.union(&handed_out(pool, profile, shares || around.ends_differ));
                }
            }
            left = left.union(&new.map(|new| remains(after, pair, new)).unwrap_or_default());
        }
        let found = if shares || around.broken { served } else { served.intersection(&left) };
        let mut addresses = Ranges::new();
        for wish in &request.wishes {
            addresses = addresses.union(&match wish {
                Wish::This(address) => found.intersection(&Range::single(*address).into()),
                Wish::Any(family) if shares => found.of(*family),
                Wish::Any(family) => found.of(*family).subtract(&around.firm),
            });
        }
        Gain { certain: certain(before, after, pair, around), addresses }
    }

    /// From the pools of these manifests alone, as after a restart.
    /// Where a block or a selector is `broken`, a pool that overlaps may serve too.
    pub(super) fn settled(after: &Told<'_>, service: usize, broken: bool) -> Gain {
        let (Ok(request), Ok(wishes)) = (&after.requests.each[service], &after.predictions[service].wishes) else {
            return Gain { addresses: Ranges::new(), certain: false };
        };
        let mut found = Ranges::new();
        for pool in 0..after.side.pools.len() {
            let selects = request.selected_by.contains(&pool) || request.sharing.key.is_some();
            let selects = selects || (broken && request.broken.contains(&pool));
            let stopped = broken && after.requests.serving[pool] != Serving::Disabled;
            if selects && (stopped || after.requests.may_serve(pool)) {
                let (pool, profile) = (&after.side.pools[pool], after.side.profile);
                found = found.union(&handed_out(pool, profile, request.sharing.key.is_some()));
            }
        }
        let mut addresses = Ranges::new();
        for wish in &request.wishes {
            addresses = addresses.union(&match wish {
                Wish::This(address) => found.intersection(&Range::single(*address).into()),
                Wish::Any(family) => found.of(*family),
            });
        }
        Gain { certain: wishes.iter().all(|(_, outcome)| served(outcome)), addresses }
    }
}

/// Whether the pool may take the Service for one of its own, before or after.
fn selects(before: &Told<'_>, after: &Told<'_>, pair: Pair, pool: &Pool) -> bool {
    let sides = [pair.0.map(|at| &before.side.services[at]), pair.1.map(|at| &after.side.services[at])];
    sides.into_iter().flatten().any(|service| pool.selects(&service.selectable_labels()) != Ok(false))
}

/// What a pool hands out when it serves. What it keeps back, a Service with a sharing key can ask for (up to 1.19).
fn handed_out(pool: &Pool, profile: &Profile, kept_back_too: bool) -> Ranges {
    // A pool that cannot be read goes on with the blocks that it had.
    if pool.first_error().is_some() {
        return pool.ranges();
    }
    let kept_back = kept_back_too && profile.reserved_with_key == ReservedWithKey::HandedOut;
    // Each block by itself: what one keeps back, another may hold too.
    let mut all = Ranges::new();
    for block in pool.usable_blocks(profile) {
        let ends = block.reserved(pool.allow_first_last, profile).filter(|_| !kept_back);
        let ends: Ranges = ends.into_iter().flatten().map(Range::single).collect();
        all = all.union(&Ranges::from(block.range).subtract(&ends));
    }
    all
}

/// What it may keep of this pool in the end.
fn remains(after: &Told<'_>, pair: Pair, pool: usize) -> Ranges {
    let pool = &after.side.pools[pool];
    let labels = pair.1.map(|at| after.side.services[at].selectable_labels()).unwrap_or_default();
    match pool.selects(&labels) {
        Ok(false) => Ranges::new(),
        _ => pool.usable_blocks(after.side.profile).map(|block| block.range).collect(),
    }
}

fn served(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Address { .. } => true,
        Outcome::OneOf { or_pending, .. } => or_pending.is_empty(),
        _ => false,
    }
}

/// Whether it is served in the end, whatever the order.
fn certain(before: &Told<'_>, after: &Told<'_>, pair: Pair, around: &Around) -> bool {
    let Some(new) = pair.1 else { return false };
    let Ok(wishes) = &after.predictions[new].wishes else { return false };
    let always = |&(old, _): &Pair| old.is_none_or(|old| before.requests.serving[old] == Serving::Always);
    let mut differing = around.pools.iter().filter(|&&pool| pool_differs(before, after, pool));
    let disturbed = around.rough
        || around.sharers_differ
        || (shares(before, after, pair) && around.pools_differ)
        || !differing.all(always);
    let free = |wish: &Wish| match wish {
        // Manifests alone may promise a pin that somebody has got hold of before.
        Wish::This(address) => !around.may_be_taken(*address, pair),
        Wish::Any(_) => true,
    };
    !disturbed && !wishes.is_empty() && wishes.iter().all(|(wish, outcome)| served(outcome) && free(wish))
}
