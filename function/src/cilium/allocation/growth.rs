//! How the work grows: counted in looks at ranges, selectors and Services, which are the same on every machine.

use super::{Event, FirstComes, Simulation};
use crate::cilium::effort::counted;
use crate::cilium::prediction::{Question, predict};
use crate::cilium::service::Port;
use crate::cilium::{Block, CiliumVersion, ClusterFlags, LabelSelector, Pool, Profile, Service, ServiceKey};

const VERSIONS: [&str; 3] = ["1.17", "1.18", "1.20"];

fn profile(version: &str) -> Profile {
    Profile::of(CiliumVersion::parse(version).unwrap_or_else(|e| panic!("{e}")))
}

/// Pools of sixteen addresses, every other one for one team only, beside one that holds all of them and is off.
fn pools(number: usize) -> Vec<Pool> {
    let mut pools = vec![Pool { disabled: true, created: Some(9), ..Pool::new("wide", vec![block("10.0.0.0/8")]) }];
    for team in 0..number {
        let selector = (team % 2 == 0).then(|| LabelSelector::compile(&[team_of(team)].into(), &[]));
        let blocks = vec![block(&format!("10.{}.{}.0/28", team / 256, team % 256))];
        pools.push(Pool { selector, created: Some(1), ..Pool::new(format!("p{team}"), blocks) });
    }
    pools
}

fn block(cidr: &str) -> Result<Block, crate::cilium::BlockError> {
    Block::parse(Some(cidr), None, None)
}

fn team_of(team: usize) -> (String, String) {
    ("team".to_owned(), format!("t{team}"))
}

/// Services of so many teams: some ask for an address, some of those for the same one; the first few share one. (A
/// group that shares is compared pair by pair, so only its size must not grow.)
fn services(number: usize, teams: usize) -> Vec<Service> {
    let of = |at: usize| {
        let team = at % teams;
        let mut service = Service {
            key: ServiceKey::new("n", format!("s{at}")),
            labels: [team_of(team)].into(),
            service_type: "LoadBalancer".into(),
            external_traffic_policy: "Cluster".into(),
            ports: vec![Port { number: i32::try_from(at / teams).unwrap(), protocol: "TCP".into() }],
            ..Service::default()
        };
        match at / teams % 5 {
            0 => service.load_balancer_ip = format!("10.{}.{}.{}", team / 256, team % 256, at / teams % 3),
            1 if at / teams < 20 => {
                _ = service.annotations.insert("io.cilium/lb-ipam-sharing-key".into(), format!("k{team}"))
            }
            _ => {}
        }
        service
    };
    (0..number).map(of).collect()
}

/// Looks, and Services that wait at the end.
fn played(version: &str, pools: Vec<Pool>, services: Vec<Service>, pools_first: bool) -> (u64, usize) {
    let (pools, services) = (pools.into_iter().map(Event::Pool), services.into_iter().map(Event::Service));
    let events: Vec<Event> =
        if pools_first { pools.chain(services).collect() } else { services.chain(pools).collect() };
    let mut simulation = Simulation::new(profile(version), ClusterFlags::default(), true);
    let restart = Event::Restart { pools: vec![], services: vec![] };
    let ((), looks) =
        counted(|| events.into_iter().chain([restart]).for_each(|event| simulation.apply(event, &mut FirstComes)));
    let waiting = simulation.state().services.values().filter(|status| status.ingress.is_empty()).count();
    (looks, waiting)
}

/// Ten times the Services on ten times the pools are about ten times the work, whether they wait or not.
#[test]
fn ten_times_as_much_is_about_ten_times_the_work() {
    for version in VERSIONS {
        // Twelve Services for each sixteen addresses, and two hundred.
        for (each, crowded) in [(12, false), (200, true)] {
            let looks = |pools_first: bool, teams: usize| {
                let (looks, waiting) = played(version, pools(teams), services(each * teams, teams), pools_first);
                assert_eq!(waiting > each * teams / 2, crowded, "{version}: {waiting} wait");
                looks
            };
            let (few, many) = (looks(true, 4), looks(true, 40));
            assert!(many < 13 * few, "{version}, {each} for each pool: {few} looks became {many}");
        }
    }
}

/// On the same pools ten times the Services, most of which then wait, are about ten times the work.
#[test]
fn those_that_wait_are_not_tried_again_at_every_event() {
    for version in VERSIONS {
        let looks = |number: usize| played(version, pools(8), services(number, 8), true).0;
        let (few, many) = (looks(400), looks(4_000));
        assert!(many < 13 * few, "{version}: {few} looks became {many}");
    }
}

/// Ten times the pools for the same Services are not more work for each of them.
#[test]
fn a_service_is_not_held_against_every_pool() {
    for version in VERSIONS {
        let looks = |number: usize| {
            let all = played(version, pools(number), services(600, 30), true).0;
            all - played(version, pools(number), Vec::new(), true).0
        };
        let (few, many) = (looks(30), looks(300));
        assert!(many < 2 * few, "{version}: {few} looks became {many}");
    }
}

#[test]
fn a_prediction_grows_with_what_is_asked() {
    let flags = ClusterFlags::default();
    for version in VERSIONS {
        let profile = profile(version);
        let looks = |teams: usize| {
            let (pools, services) = (pools(teams), services(40 * teams, teams));
            let question = Question { pools: &pools, services: &services, profile: &profile, flags: &flags };
            let (predicted, looks) = counted(|| predict(question));
            assert_eq!(predicted.len(), services.len());
            looks
        };
        let (few, many) = (looks(20), looks(200));
        assert!(many < 13 * few, "{version}: {few} looks became {many}");
    }
}
