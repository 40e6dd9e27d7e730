//! Histories by chance, on every version: none of them ends in what no history can explain, and what is planted does.

use super::*;
use crate::cilium::ServiceKey;
use crate::cilium::allocation::{Chance, Condition, Event, PoolStatus, Simulation, State};
use crate::cilium::transition::drawn::{Draw, VERSIONS, profile, written};

impl Chance for Draw {
    fn choose(&mut self, of: usize) -> usize {
        self.below(of)
    }
}

/// What there is in a cluster: as it was written, and what came of it.
struct Course {
    pools: BTreeMap<String, Pool>,
    services: BTreeMap<ServiceKey, Service>,
    state: State,
    events: usize,
    /// A pool was broken since the operator started.
    broken: bool,
}

impl Course {
    /// So many things happen in a cluster.
    fn of(draw: &mut Draw, version: &str, length: usize) -> Course {
        Course::played(draw, version, length).0
    }

    /// The same, with the cluster in which they happened.
    fn played(draw: &mut Draw, version: &str, length: usize) -> (Course, Simulation) {
        let mut simulation = Simulation::new(profile(version), ClusterFlags::default(), true);
        let mut course = Course {
            pools: BTreeMap::new(),
            services: BTreeMap::new(),
            state: State::default(),
            events: 0,
            broken: false,
        };
        while course.events < length && course.state.panic.is_none() {
            let event = course.next(draw);
            simulation.apply(event, draw);
            course.state = simulation.state();
            course.events += 1;
            course.broken |= course.pools.values().any(is_broken);
        }
        (course, simulation)
    }

    fn next(&mut self, draw: &mut Draw) -> Event {
        match draw.below(12) {
            0..=2 => {
                let name = draw.among(&["p", "q", "r"]);
                let mut pool = draw.pool(name);
                // Two of one second are as good as two of which it is not known.
                pool.created = self.pools.get(name).map_or(Some(self.events as i64 / 2), |known| known.created);
                self.pools.insert(name.to_owned(), pool.clone());
                Event::Pool(pool)
            }
            3 => {
                let name = draw.among(&["p", "q", "r"]);
                self.pools.remove(name);
                Event::DeletePool(name.to_owned())
            }
            4..=7 => {
                let name = draw.among(&["a", "b", "c", "d", "e"]);
                let service = draw.service(name);
                self.services.insert(service.key.clone(), service.clone());
                Event::Service(service)
            }
            8 => match self.services.keys().next().cloned() {
                Some(key) => {
                    self.services.remove(&key);
                    Event::DeleteService(key)
                }
                None => Event::RedeliverPool("p".into()),
            },
            9 => Event::RedeliverPool(draw.among(&["p", "q", "r"]).to_owned()),
            _ => {
                self.broken = false;
                let (mut pools, mut services): (Vec<_>, Vec<_>) =
                    (self.pools.keys().cloned().collect(), self.services.keys().cloned().collect());
                for at in (1..pools.len()).rev() {
                    pools.swap(at, draw.below(at + 1));
                }
                for at in (1..services.len()).rev() {
                    services.swap(at, draw.below(at + 1));
                }
                Event::Restart { pools, services }
            }
        }
    }

    /// As somebody sees it who reads objects.
    fn shown(&self) -> Shown {
        // Its generation, or the total that the operator counted, tells that it has not looked at a pool as it is.
        let looked = |name: &String, status: &PoolStatus| {
            let total = self.pools[name].blocks.iter().flatten().map(|block| block.range.count()).sum::<Count>();
            status.counts.is_none_or(|(counted, _)| counted == total)
        };
        let status = |name: &String| self.state.pools.get(name).filter(|status| looked(name, status));
        let mark = |name: &String| match status(name).and_then(|status| status.conflict) {
            None => Mark::Unseen,
            Some(false) => Mark::Fine,
            Some(true) => Mark::Conflicting,
        };
        let with_status = |(key, service): (&ServiceKey, &Service)| {
            let status = self.state.services.get(key).cloned().unwrap_or_default();
            (
                Service { ingress: status.ingress, ..service.clone() },
                matches!(status.condition, Some(Condition::Pending(_))),
            )
        };
        let (services, waits) = self.services.iter().map(with_status).unzip();
        Shown {
            pools: self.pools.values().cloned().collect(),
            marks: self.pools.keys().map(mark).collect(),
            services,
            waits,
        }
    }
}

fn is_broken(pool: &Pool) -> bool {
    pool.first_error().is_some() || matches!(pool.selector, Some(Err(_)))
}

struct Shown {
    pools: Vec<Pool>,
    marks: Vec<Mark>,
    services: Vec<Service>,
    waits: Vec<bool>,
}

impl Shown {
    fn seen<'s>(&'s self, profile: &'s Profile, flags: &'s ClusterFlags) -> Seen<'s> {
        Seen { pools: &self.pools, marks: &self.marks, services: &self.services, waits: &self.waits, profile, flags }
    }
}

/// What the accounts of many histories came to.
#[derive(Default)]
struct Came {
    stands: usize,
    past: usize,
    open: usize,
    never: Vec<String>,
}

fn by_chance(seeds: std::ops::Range<u64>) -> Came {
    let (mut came, flags) = (Came::default(), ClusterFlags::default());
    for seed in seeds {
        let mut draw = Draw::of(seed + 1);
        let version = VERSIONS[usize::try_from(seed).unwrap_or(0) % VERSIONS.len()];
        let length = 3 + draw.below(14);
        let course = Course::of(&mut draw, version, length);
        // What a pool leaves behind that was broken once and is not any more, nobody can see.
        let unseen = course.broken && !course.pools.values().any(is_broken);
        if course.state.panic.is_some() || unseen {
            continue;
        }
        let (shown, profile) = (course.shown(), profile(version));
        let seen = shown.seen(&profile, &flags);
        for (service, accounts) in shown.services.iter().zip(account(seen)) {
            let all = accounts.held.iter().map(|(_, _, account)| account);
            for account in all.chain(accounts.lacked.iter().map(|(_, account)| account)) {
                match account {
                    Account::Stands => came.stands += 1,
                    Account::Past(_) => came.past += 1,
                    Account::Open(_) => came.open += 1,
                    Account::Never(why) => came.never.push(format!(
                        "seed {seed} {version}: {} {why:?} {:?}\n{}{:?}",
                        service.key,
                        service.ingress,
                        written(&(shown.pools.clone(), shown.services.clone())),
                        course.state
                    )),
                }
            }
        }
        for (pool, wrong) in shown.pools.iter().zip(marks(seen)) {
            if wrong {
                came.never.push(format!(
                    "seed {seed} {version}: mark of {}\n{}{:?}",
                    pool.name,
                    written(&(shown.pools.clone(), shown.services.clone())),
                    course.state.pools
                ));
            }
        }
    }
    came
}

#[test]
fn no_history_is_inexplicable() {
    let came = by_chance(0..4_000);
    let some = came.never.iter().take(6).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(came.never.is_empty(), "{} of them:\n{some}", came.never.len());
    // What it says most often is not that it cannot be told.
    assert!(came.stands > 5_000 && came.past > 100, "{} stand, {} past, {} open", came.stands, came.past, came.open);
}

/// The same at length: `cargo test -p lbpools-function --lib no_history_is_inexplicable_at_length -- --ignored`.
#[test]
#[ignore = "takes minutes"]
fn no_history_is_inexplicable_at_length() {
    let came = by_chance(4_000..404_000);
    let some = came.never.iter().take(6).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(came.never.is_empty(), "{} of them:\n{some}", came.never.len());
}

/// What no operator does, done to the end of a history.
#[test]
fn what_is_planted_is_inexplicable() {
    let flags = ClusterFlags::default();
    let mut planted: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..3_000_u64 {
        let mut draw = Draw::of(seed + 1);
        let version = VERSIONS[usize::try_from(seed).unwrap_or(0) % VERSIONS.len()];
        let course = Course::of(&mut draw, version, 10);
        let (mut shown, profile) = (course.shown(), profile(version));
        let before = account(shown.seen(&profile, &flags));
        let plain = |at: usize| {
            let stands = before[at].held.iter().all(|(_, _, account)| *account == Account::Stands);
            let key = crate::cilium::sharing::Sharing::of(&shown.services[at], &profile).key;
            stands && before[at].held.len() == 1 && before[at].lacked.is_empty() && key.is_none()
        };
        let Some(at) = (0..shown.services.len()).find(|&at| plain(at)) else { continue };
        let has = before[at].held[0].0;
        let pinned = !crate::cilium::request::requested(&shown.services[at], &profile).addresses.is_empty();
        let service = &mut shown.services[at];
        let (what, expected): (_, fn(&Contradiction) -> bool) = match draw.below(4) {
            0 => {
                service.ingress = vec!["192.0.2.7".into()];
                let expected: fn(&Contradiction) -> bool = if pinned {
                    |why| *why == Contradiction::NotAsked
                } else {
                    |why| matches!(why, Contradiction::InNoPool | Contradiction::Family)
                };
                (if pinned { "not what it asks for" } else { "in no pool" }, expected)
            }
            1 => {
                service.ingress.clear();
                shown.waits[at] = true;
                ("waits beside a free address", |why| matches!(why, Contradiction::Free(_)))
            }
            2 if pinned => {
                service.load_balancer_ip = "192.0.2.8".into();
                for key in ["io.cilium/lb-ipam-ips", "lbipam.cilium.io/ips"] {
                    service.annotations.remove(key);
                }
                ("asks for another", |why| *why == Contradiction::NotAsked)
            }
            2 => {
                service.families = vec![if has.is_ipv4() { "IPv6".into() } else { "IPv4".into() }];
                service.family_policy = Some("SingleStack".into());
                ("another family", |why| *why == Contradiction::Family)
            }
            _ => {
                let ends = shown
                    .pools
                    .iter()
                    .flat_map(|pool| pool.usable_blocks(&profile))
                    .any(|block| block.reserved(Some(false), &profile).is_some_and(|ends| ends.contains(&has)));
                let several = shown.pools.iter().filter(|pool| pool.ranges().contains(has)).count() > 1;
                if ends || several {
                    continue;
                }
                let mut twin = service.clone();
                twin.key.name = "twin".into();
                shown.services.push(twin);
                shown.waits.push(false);
                ("twice", |why| matches!(why, Contradiction::Twice(_)))
            }
        };
        let after = account(shown.seen(&profile, &flags));
        let found = after[at].contradiction();
        assert!(found.is_some_and(|(_, why)| expected(why)), "seed {seed} {version}: {what}: {:?}", after[at]);
        *planted.entry(what).or_default() += 1;
    }
    assert!(planted.len() == 6 && planted.values().all(|count| *count > 20), "{planted:?}");
}

/// Whatever has happened before, who comes now gets what is foretold.
#[test]
fn who_comes_gets_what_is_foretold() {
    let (mut certain, mut open, flags) = (0, 0, ClusterFlags::default());
    for seed in 0..4_000_u64 {
        let mut draw = Draw::of(seed + 7_000_000);
        let version = VERSIONS[usize::try_from(seed).unwrap_or(0) % VERSIONS.len()];
        let (course, mut simulation) = Course::played(&mut draw, version, 12);
        if course.state.panic.is_some() || course.state.stuck {
            continue;
        }
        let (shown, profile) = (course.shown(), profile(version));
        let new = draw.service("new");
        let Arrival::Wishes(wishes) = arrival(shown.seen(&profile, &flags), &new) else {
            open += 1;
            continue;
        };
        let key = new.key.clone();
        simulation.apply(Event::Service(new), &mut draw);
        let got: BTreeSet<IpAddr> = simulation.service(&key).unwrap_or_default().held.into_iter().collect();
        let told = || {
            format!(
                "seed {seed} {version}: {wishes:?}\n{}{got:?}",
                written(&(shown.pools.clone(), shown.services.clone()))
            )
        };
        for (wish, outcome) in &wishes {
            use crate::cilium::prediction::Outcome;
            let of_wish: BTreeSet<IpAddr> = got
                .iter()
                .copied()
                .filter(|address| match wish {
                    Wish::This(wanted) => address == wanted,
                    Wish::Any(family) => Family::of(*address) == *family,
                })
                .collect();
            match outcome {
                Outcome::Address { address, .. } => {
                    assert_eq!(of_wish, BTreeSet::from([*address]), "{}", told());
                    certain += 1;
                }
                Outcome::OneOf { addresses, .. } => {
                    assert!(of_wish.len() == 1 && of_wish.iter().all(|one| addresses.contains(*one)), "{}", told());
                }
                _ => assert!(of_wish.is_empty(), "{}", told()),
            }
        }
    }
    assert!(certain > 200 && open < 3_000, "{certain} certain, {open} open");
}
