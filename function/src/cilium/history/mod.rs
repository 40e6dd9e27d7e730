//! Whether what a cluster shows can have come about.
//!
//! Manifests predict what a cluster comes to from nothing. A living one has a past: pools that were smaller or in
//! another order, Services that are gone, an operator that restarted. Most of what differs from a prediction is its
//! doing. So an address is only called inexplicable ([`Account::Never`]) when it breaks a rule that LB-IPAM keeps at
//! every event, whatever happened before, and when nothing is there that keeps the operator from following its rules.
//! One thing leaves no trace: a pool that was broken once, since the operator started, and is gone or mended. It stopped
//! the operator in the middle of events, and what it left undone then stays so until the operator starts anew.
//!
//! The rules are those of taking back (`stripInvalidAllocations`), of taking over from a status, and of the retry of
//! all who wait after every event.

mod arrival;
#[cfg(test)]
mod drawn;

use super::address::{Family, parse_address};
use super::count::Count;
use super::pool::Pool;
use super::prediction::candidates::{Request, Requests};
use super::prediction::{Question, Wish};
use super::profile::Profile;
use super::range::Range;
use super::ranges::Ranges;
use super::request::{ClusterFlags, NotResponsible};
use super::service::Service;
use super::sharing::port_rule;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub use arrival::{Arrival, arrival};

/// What a cluster shows.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its pools.
    pub pools: &'a [Pool],
    /// Of each pool, what the operator says of it.
    pub marks: &'a [Mark],
    /// Its Services with their status ([`Service::ingress`]).
    pub services: &'a [Service],
    /// Of each Service, whether the operator says in its condition that something is lacking.
    pub waits: &'a [bool],
    /// What Cilium of this version does.
    pub profile: &'a Profile,
    /// The cluster's settings.
    pub flags: &'a ClusterFlags,
}

/// What the operator says of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing yet of the pool as it is now.
    Unseen,
    /// It is in force, unless it is disabled.
    Fine,
    /// It is switched off, for it overlaps another or itself.
    Conflicting,
}

/// How an address, or the lack of one, is accounted for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// By pools and Services as they are.
    Stands,
    /// Only by what was before.
    Past(Past),
    /// By no history that LB-IPAM can have.
    Never(Contradiction),
    /// It cannot be told.
    Open(Open),
}

/// What must have been before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Past {
    /// It was given while this pool was in force; a restart of the operator takes it.
    PoolInForce(usize),
    /// It was given while this pool did not keep back its first and last addresses.
    EndHandedOut(usize),
    /// It was shared with a Service of the same key, whose pool or place is gone.
    Shared,
    /// It was freed under its holder, when the pool kept back its ends and freed them again.
    EndFreed(usize),
    /// It was given before the cluster had no pool any more, or by another controller.
    NoPool,
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contradiction {
    /// It asks for other addresses.
    NotAsked,
    /// It asks for no address of this family.
    Family,
    /// No pool holds it.
    InNoPool,
    /// The pool that holds it does not select the Service.
    NotSelected(usize),
    /// Another Service has it, with which it cannot be shared.
    Twice(usize),
    /// It waits, and the pool has a free address for it.
    Free(usize),
}

/// Why nothing can be told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Open {
    /// The operator stops at this pool in the middle of events: a block or a selector of it is broken.
    Broken(usize),
    /// The operator has not looked at this pool as it is now.
    Unseen(usize),
    /// The operator has said nothing of this Service.
    Unsaid,
    /// LB-IPAM does not serve the Service.
    NotServed(NotResponsible),
}

/// The account of one Service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accounts {
    /// Each address of its status, with the pool that holds it.
    pub held: Vec<(IpAddr, Option<usize>, Account)>,
    /// Each wish that is not met.
    pub lacked: Vec<(Wish, Account)>,
}

impl Accounts {
    /// The first rule that is broken.
    pub fn contradiction(&self) -> Option<(Option<IpAddr>, &Contradiction)> {
        let held = self.held.iter().map(|(address, _, account)| (Some(*address), account));
        let lacked = self.lacked.iter().map(|(wish, account)| match wish {
            Wish::This(address) => (Some(*address), account),
            Wish::Any(_) => (None, account),
        });
        held.chain(lacked).find_map(|(address, account)| match account {
            Account::Never(why) => Some((address, why)),
            _ => None,
        })
    }
}

/// Account for every Service, in their order. Costs n log n.
pub fn account(seen: Seen<'_>) -> Vec<Accounts> {
    let question = Question { pools: seen.pools, services: seen.services, profile: seen.profile, flags: seen.flags };
    let requests = Requests::of(question);
    let (held, blocks) = (Held::of(&seen), Blocks::of(&seen));
    let book = Book { broken: broken(&seen, &requests), free: free(&seen, &held, &blocks), blocks, held, seen };
    requests.each.iter().enumerate().map(|(at, request)| book.of(at, request.as_ref())).collect()
}

/// Whether the mark of a pool breaks a rule: one that is switched off overlaps something, and of two that overlap one
/// is switched off. Silent where a block is broken or something has not been looked at.
pub fn marks(seen: Seen<'_>) -> Vec<bool> {
    let overlaps = super::pool::overlaps(seen.pools);
    let overlapping: BTreeSet<usize> = overlaps.iter().flat_map(|one| [one.pool, one.other_pool]).collect();
    let mut wrong: Vec<bool> = (0..seen.pools.len())
        .map(|pool| seen.marks[pool] == Mark::Conflicting && !overlapping.contains(&pool))
        .collect();
    for overlap in overlaps.iter().filter(|one| one.pool != one.other_pool) {
        if [overlap.pool, overlap.other_pool].into_iter().all(|pool| seen.marks[pool] == Mark::Fine) {
            wrong[overlap.pool] = true;
        }
    }
    let broken = |pool: &Pool| pool.first_error().is_some() || matches!(pool.selector, Some(Err(_)));
    let open = seen.marks.contains(&Mark::Unseen) || seen.pools.iter().any(broken);
    if open { vec![false; seen.pools.len()] } else { wrong }
}

/// The addresses of a status.
pub fn addresses(service: &Service) -> impl Iterator<Item = IpAddr> {
    service.ingress.iter().filter_map(|text| parse_address(text).ok()).map(|written| written.address)
}

/// Why the operator may not follow its rules.
fn broken(seen: &Seen<'_>, requests: &Requests) -> Option<Open> {
    let block = seen.pools.iter().position(|pool| pool.first_error().is_some());
    let selector = requests.served().find_map(|(_, request)| request.broken.first().copied());
    let unseen = || seen.marks.iter().position(|mark| *mark == Mark::Unseen);
    block.or(selector).map(Open::Broken).or_else(|| unseen().map(Open::Unseen))
}

/// Who has which address.
struct Held {
    by_address: BTreeMap<IpAddr, Vec<usize>>,
}

impl Held {
    fn of(seen: &Seen<'_>) -> Held {
        let mut by_address: BTreeMap<IpAddr, Vec<usize>> = BTreeMap::new();
        for (at, service) in seen.services.iter().enumerate() {
            for address in addresses(service) {
                by_address.entry(address).or_default().push(at);
            }
        }
        Held { by_address }
    }
}

/// What each pool has free, by family, when it is in force.
fn free(seen: &Seen<'_>, held: &Held, blocks: &Blocks) -> Vec<BTreeMap<Family, Ranges>> {
    let mut taken: Vec<Vec<Range>> = vec![Vec::new(); seen.pools.len()];
    for &address in held.by_address.keys() {
        blocks.holding(address).into_iter().for_each(|pool| taken[pool].push(Range::single(address)));
    }
    let of = |(pool, taken): (&Pool, Vec<Range>)| {
        let free = pool.assignable(seen.profile).subtract(&taken.into_iter().collect());
        [Family::V4, Family::V6].into_iter().map(|family| (family, free.of(family))).collect()
    };
    seen.pools.iter().zip(taken).map(of).collect()
}

/// Every block with its pool, by first address.
struct Blocks {
    blocks: Vec<(Range, usize)>,
    /// How far any block up to here reaches.
    furthest: Vec<IpAddr>,
}

impl Blocks {
    fn of(seen: &Seen<'_>) -> Blocks {
        let mut blocks: Vec<(Range, usize)> = Vec::new();
        for (at, pool) in seen.pools.iter().enumerate() {
            blocks.extend(pool.usable_blocks(seen.profile).map(|block| (block.range, at)));
        }
        blocks.sort_unstable();
        let mut furthest: Vec<IpAddr> = Vec::with_capacity(blocks.len());
        for (range, _) in &blocks {
            furthest.push(furthest.last().map_or(range.last(), |far| range.last().max(*far)));
        }
        Blocks { blocks, furthest }
    }

    fn holding(&self, address: IpAddr) -> Vec<usize> {
        let until = self.blocks.partition_point(|(range, _)| range.first() <= address);
        let back = (0..until).rev().take_while(|&at| self.furthest[at] >= address);
        let mut pools: Vec<usize> =
            back.filter(|&at| self.blocks[at].0.contains(address)).map(|at| self.blocks[at].1).collect();
        pools.sort_unstable();
        pools.dedup();
        pools
    }
}

struct Book<'a> {
    seen: Seen<'a>,
    broken: Option<Open>,
    held: Held,
    free: Vec<BTreeMap<Family, Ranges>>,
    blocks: Blocks,
}

impl Book<'_> {
    fn of(&self, at: usize, request: Result<&Request, &NotResponsible>) -> Accounts {
        let mut accounts = Accounts::default();
        let has: BTreeSet<IpAddr> = addresses(&self.seen.services[at]).collect();
        let request = match request {
            Ok(request) => request,
            Err(why) => {
                let open = Account::Open(Open::NotServed(*why));
                accounts.held = has.into_iter().map(|address| (address, None, open.clone())).collect();
                return accounts;
            }
        };
        for &address in &has {
            let (pool, account) = self.holds(at, request, address);
            accounts.held.push((address, pool, account));
        }
        for wish in &request.wishes {
            let met = match wish {
                Wish::This(address) => has.contains(address),
                Wish::Any(family) => has.iter().any(|address| Family::of(*address) == *family),
            };
            if !met {
                accounts.lacked.push((*wish, self.lacks(at, request, *wish)));
            }
        }
        accounts
    }

    /// Whether a pool hands out anything.
    fn in_force(&self, pool: usize) -> bool {
        !self.seen.pools[pool].disabled && self.seen.marks[pool] != Mark::Conflicting
    }

    fn holds(&self, at: usize, request: &Request, address: IpAddr) -> (Option<usize>, Account) {
        let holding = self.blocks.holding(address);
        let selecting = || holding.iter().copied().filter(|pool| request.selected_by.contains(pool));
        let pool = selecting().find(|&pool| self.in_force(pool)).or_else(|| selecting().next());
        let shown = pool.or_else(|| holding.first().copied());
        let never = |why| (shown, Account::Never(why));
        if let Some(open) = &self.broken {
            return (shown, Account::Open(open.clone()));
        }
        if self.seen.pools.is_empty() {
            return (None, Account::Past(Past::NoPool));
        }
        let asked = request.wishes.iter().any(|wish| match wish {
            Wish::This(wanted) => *wanted == address,
            Wish::Any(family) => *family == Family::of(address),
        });
        if !asked {
            let pinned = request.wishes.iter().any(|wish| matches!(wish, Wish::This(_)));
            return never(if pinned { Contradiction::NotAsked } else { Contradiction::Family });
        }
        let has_key = request.sharing.key.is_some();
        let Some(pool) = pool else {
            return match (holding.first(), has_key) {
                // A joiner is not asked whether a pool selects it, and keeps an address that its pool has lost.
                (_, true) => (shown, Account::Past(Past::Shared)),
                (None, false) => never(Contradiction::InNoPool),
                (Some(&pool), false) => never(Contradiction::NotSelected(pool)),
            };
        };
        let model = &self.seen.pools[pool];
        let end = || {
            model.usable_blocks(self.seen.profile).any(|block| {
                let ends = block.reserved(Some(false), self.seen.profile);
                ends.is_some_and(|ends| ends.contains(&address))
            })
        };
        if let Some(other) = self.twice(at, request, address) {
            let off = holding.iter().copied().find(|&other| !self.in_force(other));
            return match off.filter(|_| holding.len() > 1) {
                // Each got it of another pool: of the one before the other came into force.
                Some(off) => (Some(pool), Account::Past(Past::PoolInForce(off))),
                None if end() => (Some(pool), Account::Past(Past::EndFreed(pool))),
                None => never(Contradiction::Twice(other)),
            };
        }
        if !self.in_force(pool) {
            return (Some(pool), Account::Past(Past::PoolInForce(pool)));
        }
        if model.reserved(self.seen.profile).contains(&address) && !has_key {
            return (Some(pool), Account::Past(Past::EndHandedOut(pool)));
        }
        (Some(pool), Account::Stands)
    }

    /// Another who has the address and cannot share it.
    fn twice(&self, at: usize, request: &Request, address: IpAddr) -> Option<usize> {
        let rules = port_rule(self.seen.flags, self.seen.profile);
        let others = self.held.by_address.get(&address).into_iter().flatten().copied().filter(|other| *other != at);
        others.into_iter().find(|&other| {
            let theirs = super::sharing::Sharing::of(&self.seen.services[other], self.seen.profile);
            request.sharing.key.is_none() || request.sharing.compatible(&theirs, rules).is_err()
        })
    }

    fn lacks(&self, at: usize, request: &Request, wish: Wish) -> Account {
        if let Some(open) = &self.broken {
            return Account::Open(open.clone());
        }
        if !self.seen.waits[at] {
            return Account::Open(Open::Unsaid);
        }
        let mut serving = request.selected_by.iter().copied().filter(|&pool| self.in_force(pool));
        let free = |pool: usize, family| self.free[pool].get(&family);
        let pool = match wish {
            Wish::This(address) => {
                serving.find(|&pool| free(pool, Family::of(address)).is_some_and(|free| free.contains(address)))
            }
            Wish::Any(family) => {
                serving.find(|&pool| free(pool, family).is_some_and(|free| free.count() != Count::ZERO))
            }
        };
        pool.map_or(Account::Stands, |pool| Account::Never(Contradiction::Free(pool)))
    }
}
