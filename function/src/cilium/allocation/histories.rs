//! Random histories, after each event of which the short cuts are held against the long way round.

use super::controller::{Controller, RangeId, Stop};
use super::{Chance, Event, Simulation};
use crate::cilium::address::Family;
use crate::cilium::selector::Requirement;
use crate::cilium::service::Port;
use crate::cilium::{Block, CiliumVersion, ClusterFlags, LabelSelector, Pool, Profile, Service, ServiceKey};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Deterministic choices.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn pool(&mut self, name: &str) -> Pool {
        const BLOCKS: [&str; 9] = [
            "10.0.0.0/30",
            "10.0.0.4/30",
            "10.0.0.8/31",
            "10.0.0.10/32",
            "10.0.1.0/29",
            "10.0.0.0/28",
            "fd00::/126",
            "fd00::4/127",
            "10.0.0.0",
        ];
        // The last one does not parse.
        let blocks = (0..1 + self.below(3)).map(|_| {
            let most = if self.one_in(12) { BLOCKS.len() } else { BLOCKS.len() - 1 };
            Block::parse(Some(BLOCKS[self.below(most)]), None, None)
        });
        let mut pool = Pool::new(name, blocks.collect());
        pool.created = Some(i64::try_from(self.below(3)).unwrap());
        pool.allow_first_last = self.of(&[None, None, Some(true), Some(false)]);
        pool.disabled = self.one_in(8);
        pool.selector = match self.below(12) {
            0..5 => None,
            11 => Some(LabelSelector::compile(&BTreeMap::new(), &[requirement("In", &[])])),
            10 => Some(LabelSelector::compile(&BTreeMap::new(), &[requirement("NotIn", &["red"])])),
            9 => Some(LabelSelector::compile(&BTreeMap::new(), &[requirement("In", &["red", "blue"])])),
            _ => {
                Some(LabelSelector::compile(&[("color".to_owned(), self.of(&["red", "blue"]).to_owned())].into(), &[]))
            }
        };
        pool
    }

    fn service(&mut self, key: ServiceKey) -> Service {
        const PINS: [&str; 6] = ["10.0.0.0", "10.0.0.3", "10.0.0.10", "10.0.1.1", "fd00::1", "192.0.2.1"];
        let mut service = Service {
            key,
            service_type: if self.one_in(15) { "ClusterIP".into() } else { "LoadBalancer".into() },
            external_traffic_policy: self.of(&["Cluster", "Cluster", "Cluster", "Local"]).into(),
            ports: vec![Port { number: 80 + i32::try_from(self.below(3)).unwrap(), protocol: "TCP".into() }],
            ..Service::default()
        };
        match self.below(4) {
            0 => service.family_policy = Some("RequireDualStack".into()),
            1 => service.families = vec!["IPv6".into()],
            _ => {}
        }
        if self.one_in(2) {
            service.labels.insert("color".into(), self.of(&["red", "blue"]).into());
        }
        if self.one_in(3) {
            let pins: Vec<&str> = (0..1 + self.below(2)).map(|_| self.of(&PINS)).collect();
            service.annotations.insert("io.cilium/lb-ipam-ips".into(), pins.join(","));
        }
        if self.one_in(3) {
            service.annotations.insert("io.cilium/lb-ipam-sharing-key".into(), self.of(&["k", "l"]).into());
        }
        if self.one_in(6) {
            service.ingress = vec![self.of(&PINS).into()];
        }
        service
    }

    fn event(&mut self) -> Event {
        let pool = self.of(&["p", "q", "r"]).to_owned();
        let service = ServiceKey::new("n", self.of(&["a", "b", "c", "d", "e", "f", "g", "h"]));
        match self.below(24) {
            0..5 => Event::Pool(self.pool(&pool)),
            5 => Event::DeletePool(pool),
            6 => Event::RedeliverPool(pool),
            7..10 => Event::DeleteService(service),
            10 => Event::RedeliverService(service),
            11 => Event::Restart { pools: vec![pool], services: vec![service] },
            12 => Event::ServiceWithStatus(self.service(service)),
            _ => Event::Service(self.service(service)),
        }
    }
}

fn requirement(operator: &str, values: &[&str]) -> Requirement {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Requirement { key: "color".into(), operator: operator.into(), values }
}

impl Chance for Dice {
    fn choose(&mut self, of: usize) -> usize {
        self.below(of)
    }
}

/// What may not be asked.
struct NoChance;

impl Chance for NoChance {
    fn choose(&mut self, of: usize) -> usize {
        panic!("one of {of} was to be chosen")
    }
}

/// What is set aside would gain nothing and change nothing.
fn nothing_is_set_aside_too_long(controller: &Controller, at: &str) -> usize {
    let quiet = controller.waiting.quiet();
    for &view in &quiet {
        let mut tried = controller.clone();
        assert!(tried.unsatisfied.contains(&view), "{at}: one is set aside that lacks nothing");
        assert!(!tried.could_gain(view), "{at}: {} could gain", tried.views[view].key);
        assert_eq!(tried.satisfy(view, &mut NoChance), Ok(false), "{at}: {}", tried.views[view].key);
        let (before, after) = (&controller.views[view], &tried.views[view]);
        assert_eq!(
            (before.condition, &before.ingress, before.held.len()),
            (after.condition, &after.ingress, after.held.len()),
            "{at}: {}",
            before.key
        );
    }
    for &view in controller.unsatisfied.iter() {
        let stirred = controller.waiting.stirred().any(|one| one == view);
        assert!(stirred != quiet.contains(&view), "{at}: {} is forgotten", controller.views[view].key);
    }
    quiet.len()
}

/// The ranges that can give an address of the family, asking each: what a walk over all of them comes to.
fn by_asking_each(controller: &Controller, view: usize, family: Family) -> (Vec<Result<RangeId, Stop>>, bool) {
    let (mut candidates, mut serves, mut pools) = (Vec::new(), false, Vec::new());
    for range in controller.order() {
        let entry = &controller.ranges[range];
        if !entry.serves() || entry.range.family() != family {
            continue;
        }
        let candidate = match controller.selects(range, view) {
            Ok(Some(true)) => {
                serves = true;
                if entry.gaps.is_full() {
                    continue;
                }
                Ok(range)
            }
            Ok(_) => continue,
            Err(stop) => Err(stop),
        };
        let known = if controller.has_clusters() { pools.contains(&entry.pool) } else { !candidates.is_empty() };
        if !known {
            pools.push(entry.pool.clone());
            candidates.push(candidate);
        }
    }
    (candidates, serves)
}

fn the_short_way_is_the_long_one(controller: &Controller, at: &str) {
    for &view in controller.by_key.values() {
        for family in [Family::V4, Family::V6] {
            let (candidates, serves) = by_asking_each(controller, view, family);
            let rooms = controller.room.of(&controller.views[view].labels, family);
            let choices = if controller.has_clusters() { rooms.choices() } else { rooms.choices().min(1) };
            let found: Vec<_> = (0..choices).filter_map(|chosen| rooms.choice(chosen)).collect();
            let expected: Vec<_> = candidates.into_iter().map(|one| one.map_err(|_| ())).collect();
            assert_eq!(found, expected, "{at}: {} {family}", controller.views[view].key);
            assert!(rooms.any_serves == serves || !expected.is_empty(), "{at}: {}", controller.views[view].key);
        }
    }
    let order = controller.order();
    for address in ["10.0.0.3", "10.0.0.10", "10.0.1.1", "fd00::5"] {
        let address: IpAddr = address.parse().unwrap();
        let contains = |range: &RangeId| controller.ranges[*range].range.contains(address);
        let serving = |range: &RangeId| controller.ranges[*range].serves();
        let expected: Vec<RangeId> = order.iter().copied().filter(contains).filter(serving).collect();
        assert_eq!(controller.serving_at(address), expected, "{at}: {address}");
    }
    let mut met: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for (place, &one) in order.iter().enumerate() {
        for &other in &order[place + 1..] {
            let (one, other) = (&controller.ranges[one], &controller.ranges[other]);
            if one.range.intersects(&other.range) {
                let mut note = |one: &str, other: &str| {
                    *met.entry(one.to_owned()).or_default().entry(other.to_owned()).or_default() += 1;
                };
                note(&one.pool, &other.pool);
                if one.pool != other.pool {
                    note(&other.pool, &one.pool);
                }
            }
        }
    }
    assert_eq!(controller.overlaps.met, met, "{at}");
}

#[test]
fn short_cuts_change_nothing() {
    let flags = ClusterFlags { ipv6: true, ..ClusterFlags::default() };
    let mut set_aside = 0;
    for (version, seed) in [("1.15.19", 1), ("1.17.16", 2), ("1.18.11", 3), ("1.19.7", 4), ("1.20.2", 5)] {
        let profile = Profile::of(CiliumVersion::parse(version).unwrap_or_else(|e| panic!("{e}")));
        let mut dice = Dice(seed);
        for history in 0..150 {
            let mut simulation = Simulation::new(profile.clone(), flags.clone(), dice.one_in(3));
            for step in 0..40 {
                let event = dice.event();
                let at = format!("{version} history {history} step {step} {event:?}");
                simulation.apply(event, &mut dice);
                if simulation.panic.is_some() {
                    break;
                }
                set_aside += nothing_is_set_aside_too_long(&simulation.controller, &at);
                the_short_way_is_the_long_one(&simulation.controller, &at);
            }
        }
    }
    assert!(set_aside > 10_000, "only {set_aside} were ever set aside");
}
