//! The bounds of edits that nobody thought of, held against what is played.

use super::*;
use crate::cilium::allocation::{Created, Event, Keys, Search, Simulation};
use crate::cilium::prediction::orders::permutations;
use crate::cilium::selector::LabelSelector;
use crate::cilium::service::Port;
use crate::cilium::{Block, CiliumVersion, Family};
use std::collections::BTreeMap;

pub(in crate::cilium) const VERSIONS: [&str; 8] = ["1.15", "1.16", "1.17", "1.18.1", "1.18", "1.19.2", "1.19", "1.20"];

pub(in crate::cilium) type Manifests = (Vec<Pool>, Vec<Service>);

pub(in crate::cilium) fn profile(version: &str) -> Profile {
    Profile::of(CiliumVersion::parse(version).unwrap_or_else(|e| panic!("{e}")))
}

/// Numbers by chance, the same for one seed.
pub(in crate::cilium) struct Draw(u64);

impl Draw {
    pub(in crate::cilium) fn of(seed: u64) -> Draw {
        Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(in crate::cilium) fn below(&mut self, of: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % of as u64).unwrap_or(0)
    }

    pub(in crate::cilium) fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub(in crate::cilium) fn among<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    pub(in crate::cilium) fn block(&mut self) -> Result<Block, crate::cilium::block::BlockError> {
        if self.one_in(24) {
            return Block::parse(Some("none"), None, None);
        }
        if self.one_in(8) {
            return Block::parse(Some(self.among(&["fd00::/127", "fd00::2/127", "fd00::/126"])), None, None);
        }
        let prefix = 29 + self.below(3);
        let size = 1 << (32 - prefix);
        let cidr = format!("10.0.{}.{}/{prefix}", self.below(2), self.below(4) * 4 / size * size);
        Block::parse(Some(&cidr), None, None)
    }

    pub(in crate::cilium) fn pool(&mut self, name: &str) -> Pool {
        let mut pool = Pool::new(name, (0..=self.below(3)).map(|_| self.block()).collect());
        pool.created = self.among(&[None, Some(1), Some(2)]);
        pool.disabled = self.one_in(8);
        pool.allow_first_last = self.among(&[None, None, Some(false)]);
        if self.one_in(4) {
            let labels = BTreeMap::from([("team".to_owned(), self.among(&["x", "y"]).to_owned())]);
            pool.selector = Some(LabelSelector::compile(&labels, &[]));
        }
        if self.one_in(24) {
            let labels = BTreeMap::from([("team".to_owned(), "no label".to_owned())]);
            pool.selector = Some(LabelSelector::compile(&labels, &[]));
        }
        pool
    }

    pub(in crate::cilium) fn service(&mut self, name: &str) -> Service {
        let mut service = Service {
            key: ServiceKey::new(self.among(&["n", "n", "n", "m"]), name),
            service_type: self.among(&["LoadBalancer"; 12].map(str::to_owned)),
            ports: vec![Port { number: self.among(&[80, 81]), protocol: "TCP".into() }],
            ..Service::default()
        };
        if self.one_in(16) {
            service.service_type = "ClusterIP".into();
        }
        if self.one_in(16) {
            service.class = Some("example.com/other".into());
        }
        if self.one_in(3) {
            service.load_balancer_ip = format!("10.0.{}.{}", self.below(2), self.below(8));
        }
        if self.one_in(3) {
            service.labels.insert("team".into(), self.among(&["x", "y"]).into());
        }
        if self.one_in(8) {
            service.family_policy = Some("PreferDualStack".into());
        }
        let mut note = |key: &str, value: &str| {
            service.annotations.insert(format!("io.cilium/{key}"), value.into());
            service.annotations.insert(format!("lbipam.cilium.io/{key}"), value.into());
        };
        if self.one_in(4) {
            note("lb-ipam-sharing-key", "k");
            note("sharing-key", "k");
            if self.one_in(4) {
                note("sharing-cross-namespace", "*");
            }
        }
        if self.one_in(12) {
            note("ips", "10.0.0.1,10.0.0.2");
        }
        if self.one_in(8) {
            service.families = vec!["IPv6".into()];
        }
        service.with_server_defaults(&[Family::V4, Family::V6])
    }

    pub(in crate::cilium) fn side(&mut self) -> Manifests {
        let pools = 1 + usize::from(self.one_in(3));
        let services = self.below(4);
        let pools = ["p", "q"].into_iter().take(pools).map(|name| self.pool(name)).collect();
        (pools, ["a", "b", "c"].into_iter().take(services).map(|name| self.service(name)).collect())
    }

    /// Something else, or the same with a few changes.
    pub(in crate::cilium) fn edit(&mut self, side: &Manifests) -> Manifests {
        let created = |pools: &[Pool], name: &str| Some(pools.iter().find(|pool| pool.name == name)?.created);
        // Nobody can change when a pool was created.
        let same = |mut edited: Manifests| {
            for pool in &mut edited.0 {
                pool.created = created(&side.0, &pool.name).unwrap_or(pool.created);
            }
            edited
        };
        if self.one_in(4) {
            return same(self.side());
        }
        let (mut pools, mut services) = side.clone();
        for _ in 0..=self.below(2) {
            match self.below(6) {
                0 => {
                    let name = self.among(&["p", "q"]);
                    pools.retain(|pool| pool.name != name);
                    pools.push(self.pool(name));
                }
                1 if pools.len() > 1 => drop(pools.remove(0)),
                1 | 2 => {
                    let block = self.block();
                    let at = self.below(pools.len());
                    let blocks = &mut pools[at].blocks;
                    if self.one_in(2) {
                        blocks.push(block);
                    } else {
                        let at = self.below(blocks.len());
                        blocks[at] = block;
                    }
                }
                3 if !services.is_empty() => drop(services.remove(0)),
                _ => {
                    let name = self.among(&["a", "b", "c", "d"]);
                    services.retain(|service| service.key.name != name);
                    services.push(self.service(name));
                }
            }
        }
        same((pools, services))
    }
}

/// What a comparison came to.
#[derive(Default)]
struct Held {
    groups: usize,
    fates: usize,
    /// The bounds say no more than what is played.
    sharp: usize,
    /// What the bounds leave out.
    missed: Vec<String>,
}

/// Holds the bounds of an edit against what is played, where that can be done.
fn hold(version: &str, before: &Manifests, after: &Manifests, held: &mut Held) {
    let (profile, flags) = (profile(version), ClusterFlags::default());
    let side = |(pools, services)| Side { pools, services, profile: &profile, flags: &flags };
    let old = Told::of(side((&before.0, &before.1)));
    let new = Told::of(side((&after.0, &after.1)));
    for group in group::changed(&old, &new) {
        if group.services.is_empty() {
            continue;
        }
        let Some(exact) = played::play(&old, &new, &group, &mut 2_000) else { continue };
        held.groups += 1;
        for (exact, bound) in exact.fates.iter().zip(bounds::fates(&old, &new, &group)) {
            held.fates += 1;
            held.sharp += usize::from((&exact.at_once, &exact.now) == (&bound.at_once, &bound.now));
            let mut missed = Vec::new();
            let holdings = [
                ("before", &exact.before, &bound.before),
                ("now", &exact.now, &bound.now),
                ("restarted", &exact.restarted, &bound.restarted),
            ];
            for (when, exact, bound) in holdings {
                let addresses = exact.addresses.subtract(&bound.addresses);
                if !addresses.is_empty() {
                    missed.push(format!("{when} {addresses}"));
                }
                if exact.or_none && !bound.or_none {
                    missed.push(format!("{when} none"));
                }
            }
            missed.extend(exact.at_once.difference(&bound.at_once).map(|step| format!("at once {step:?}")));
            // At a restart it is no news that one keeps what it has.
            let still = |step: &&Step| bound.at_restart.is_empty() && matches!(step, Step::Keeps | Step::Without);
            let news = exact.at_restart.difference(&bound.at_restart).filter(|step| !still(step));
            missed.extend(news.map(|step| format!("at restart {step:?}")));
            if !missed.is_empty() {
                let fates = vec![exact.clone(), bound.clone()];
                let told = tests::told(&Transition { fates, ..Transition::default() });
                let [one, two] = [before, after].map(written);
                held.missed.push(format!("{missed:?}\n  {version}\n{one}  ->\n{two}  {}\n  {}", told[0], told[1]));
            }
        }
    }
}

pub(in crate::cilium) fn written((pools, services): &Manifests) -> String {
    let mut text = String::new();
    for pool in pools {
        let blocks: Vec<_> =
            pool.blocks.iter().map(|b| b.as_ref().map_or("broken".into(), |b| b.range.to_string())).collect();
        text += &format!("    {} {blocks:?}", pool.name);
        text += &pool.created.map(|at| format!(" created {at}")).unwrap_or_default();
        text += if pool.disabled { " disabled" } else { "" };
        text += &pool.allow_first_last.map(|at| format!(" ends {at}")).unwrap_or_default();
        let selector = pool.selector.as_ref().map(|s| s.as_ref().map_or("broken".into(), ToString::to_string));
        text += &selector.map(|at| format!(" for {at}")).unwrap_or_default();
        text += "\n";
    }
    for one in services {
        let pins = one.annotations.get("lbipam.cilium.io/ips").unwrap_or(&one.load_balancer_ip);
        let key = if one.annotations.contains_key("lbipam.cilium.io/sharing-key") { " shares" } else { "" };
        let cross = if one.annotations.contains_key("lbipam.cilium.io/sharing-cross-namespace") { " *" } else { "" };
        let class = one.class.as_deref().unwrap_or_default();
        text += &format!(
            "    {} {pins}{key}{cross} {} {:?} {:?} {} {class}\n",
            one.key,
            one.ports.first().map_or(0, |port| port.number),
            one.families,
            one.labels,
            one.service_type
        );
    }
    text
}

fn by_chance(seeds: std::ops::Range<u64>) -> Held {
    let mut held = Held::default();
    for seed in seeds {
        let mut draw = Draw::of(seed + 1);
        let before = draw.side();
        let after = draw.edit(&before);
        let count = held.missed.len();
        hold(VERSIONS[usize::try_from(seed).unwrap_or(0) % VERSIONS.len()], &before, &after, &mut held);
        for missed in &mut held.missed[count..] {
            *missed = format!("seed {seed}: {missed}");
        }
    }
    held
}

#[test]
fn the_bounds_hold_what_is_played_by_chance() {
    let held = by_chance(0..160);
    assert!(held.missed.is_empty(), "{} of {}: {}", held.missed.len(), held.fates, held.missed[0]);
    assert!(held.groups > 100, "{} groups were played", held.groups);
}

/// The same at length: `cargo test -p lbpools-function --lib by_chance_at_length -- --ignored`.
///
/// It fails: of 32,316 fates the bounds leave something out of 15. Four of them are sharers of 1.20 whose pool is gone
/// and who have its address after the restart too; three have a broken block or selector and a sharing key; most of the
/// others ask for several addresses of which no pool has all, and differ at the restart only.
#[test]
#[ignore = "takes minutes"]
fn the_bounds_hold_what_is_played_by_chance_at_length() {
    let held = by_chance(160..20_160);
    assert!(held.groups > 10_000, "{} groups were played", held.groups);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for missed in &held.missed {
        let kind = missed.lines().next().and_then(|line| line.split_once("[\"")).map_or("", |(_, kind)| kind);
        *kinds.entry(kind.split([' ', '"']).take(2).collect::<Vec<_>>().join(" ")).or_default() += 1;
    }
    assert!(
        held.missed.is_empty(),
        "{} of {} in {} groups, {} sharp: {kinds:?}\n{}",
        held.missed.len(),
        held.fates,
        held.groups,
        held.sharp,
        held.missed[..held.missed.len().min(12)].join("\n")
    );
}

/// What is found by playing must lie in what the rules of keeping say.
#[test]
fn the_bounds_hold_what_is_played() {
    let pools = |blocks: &[&str]| vec![tests::pool("p", blocks)];
    let mut other = tests::pool("q", &["10.0.1.0/30"]);
    other.created = Some(2);
    let variants: Vec<(Vec<Pool>, Vec<Service>)> = vec![
        (pools(&["10.0.0.0/30"]), vec![tests::service("a", ""), tests::service("b", "10.0.0.1")]),
        (pools(&["10.0.0.0/29"]), vec![tests::service("a", ""), tests::service("b", "10.0.0.1")]),
        (
            pools(&["10.0.0.0/31"]),
            vec![tests::service("a", ""), tests::service("b", "10.0.0.2"), tests::service("c", "")],
        ),
        (
            vec![tests::pool("p", &["10.0.0.0/30"]), other.clone()],
            vec![tests::service("a", ""), tests::service("b", "10.0.1.1")],
        ),
        (vec![Pool { disabled: true, ..tests::pool("p", &["10.0.0.0/30"]) }, other], vec![tests::service("a", "")]),
        (
            vec![Pool { allow_first_last: Some(false), ..tests::pool("p", &["10.0.0.0/30"]) }],
            vec![tests::service("a", "10.0.0.0")],
        ),
        (pools(&["10.0.0.0/30", "10.0.0.0/30"]), vec![tests::service("a", "10.0.0.2"), tests::service("b", "")]),
    ];
    let mut held = Held::default();
    for version in ["1.18", "1.20"] {
        for before in &variants {
            for after in &variants {
                hold(version, before, after, &mut held);
            }
        }
    }
    assert!(held.missed.is_empty(), "{}", held.missed[0]);
    assert!(held.groups > 40, "{} groups were played", held.groups);
}

/// Plain permutations, each played from the beginning, end in the same states.
#[test]
fn by_levels_as_by_permutations() {
    let mut states = 0;
    for seed in 0..160 {
        let mut draw = Draw::of(seed + 1_000_000);
        let side = draw.side();
        let edited = draw.edit(&side);
        let profile = profile(VERSIONS[usize::try_from(seed).unwrap_or(0) % VERSIONS.len()]);
        let mut start = Simulation::new(profile, ClusterFlags::default(), true);
        for pool in side.0 {
            start.apply(Event::Pool(pool), &mut Search::default());
        }
        let mut events: Vec<Event> = side.1.into_iter().map(Event::Service).collect();
        events.extend(edited.0.into_iter().map(Event::Pool));
        events.extend(edited.1.into_iter().map(Event::Service));
        // Of each kind some.
        while events.len() > 4 {
            events.remove(draw.below(events.len()));
        }
        let mut keys = Keys::new(Created::Counts);
        let mut plain = BTreeSet::new();
        let mut runs = 0;
        for order in permutations(&(0..events.len()).collect::<Vec<_>>()) {
            let mut search = Search::default();
            while search.begin() && runs < 20_000 {
                runs += 1;
                let mut simulation = start.clone();
                order.iter().for_each(|&at| simulation.apply(events[at].clone(), &mut search));
                plain.insert(keys.of(&simulation));
            }
        }
        if runs == 20_000 {
            continue;
        }
        let mut left = usize::MAX;
        let by_levels = every::Every::new(Created::Counts, &mut left).order(vec![start], &events).unwrap_or_default();
        let by_levels: BTreeSet<_> = by_levels.iter().map(|simulation| keys.of(simulation)).collect();
        states += plain.len();
        assert!(plain == by_levels, "seed {seed}: {} states and {}", plain.len(), by_levels.len());
    }
    assert!(states > 500, "{states} states");
}
