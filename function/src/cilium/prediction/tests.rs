use super::*;
use crate::cilium::allocation::{Chance, Condition, Event, Simulation};
use crate::cilium::selector::Requirement;
use crate::cilium::service::Port;
use crate::cilium::{Block, CiliumVersion, LabelSelector, Range};
use std::collections::BTreeMap;

fn profile(text: &str) -> Profile {
    Profile::of(CiliumVersion::parse(text).unwrap_or_else(|e| panic!("{e}")))
}

fn pool(name: &str, blocks: &[&str]) -> Pool {
    let read = |text: &&str| match text.split_once('-') {
        Some((start, stop)) => Block::parse(None, Some(start), Some(stop)),
        None => Block::parse(Some(text), None, None),
    };
    Pool::new(name, blocks.iter().map(read).collect())
}

fn selecting(pool: Pool, color: &str) -> Pool {
    let labels = BTreeMap::from([("color".to_owned(), color.to_owned())]);
    Pool { selector: Some(LabelSelector::compile(&labels, &[])), ..pool }
}

fn service(name: &str, pin: &str) -> Service {
    Service {
        key: ServiceKey::new("a", name),
        service_type: "LoadBalancer".into(),
        load_balancer_ip: pin.into(),
        ports: vec![Port { number: 80, protocol: "TCP".into() }],
        external_traffic_policy: "Cluster".into(),
        ..Service::default()
    }
}

fn told(pools: &[Pool], services: &[Service], version: &str) -> Vec<String> {
    let (profile, flags) = (profile(version), ClusterFlags::default());
    let predicted = predict(Question { pools, services, profile: &profile, flags: &flags });
    let text = |outcome: &Outcome| match outcome {
        Outcome::Address { address, pool } => format!("{address} from {}", pools[*pool].name),
        Outcome::OneOf { addresses, or_pending, .. } if or_pending.is_empty() => format!("one of {addresses}"),
        Outcome::OneOf { addresses, or_pending, .. } => {
            let words: Vec<_> = or_pending.iter().map(|reason| reason.word(&profile)).collect();
            format!("one of {addresses} or {}", words.join(", "))
        }
        Outcome::Pending(reason) => reason.word(&profile).to_owned(),
        Outcome::Fails { pool } => format!("fails over {}", pools[*pool].name),
        Outcome::EndsOperator { pool } => format!("ends the operator over {}", pools[*pool].name),
    };
    predicted
        .iter()
        .map(|p| match &p.wishes {
            Ok(wishes) => wishes.iter().map(|(_, outcome)| text(outcome)).collect::<Vec<_>>().join("; "),
            Err(why) => why.to_string(),
        })
        .collect()
}

#[test]
fn a_dedicated_address_is_certain_and_a_shared_range_is_not() {
    let pools =
        [pool("services", &["10.25.11.101-10.25.11.119"]), selecting(pool("gateway", &["10.25.11.100/32"]), "gw")];
    let gateway = Service { labels: [("color".into(), "gw".into())].into(), ..service("gw", "10.25.11.100") };
    assert_eq!(
        told(&pools, &[gateway.clone(), service("web", ""), service("db", "10.25.11.112")], "1.18"),
        ["10.25.11.100 from gateway", "one of 10.25.11.101, 10.25.11.113", "10.25.11.112 from services"],
        "after .112 is taken the gap behind it is the smaller one"
    );
    assert_eq!(
        told(&pools, &[gateway, service("web", ""), service("db", "10.25.11.101")], "1.18")[1..],
        ["one of 10.25.11.101-10.25.11.102", "one of 10.25.11.101 or already_allocated"],
        "nothing keeps .101 free for the one that asks for it"
    );
}

#[test]
fn why_there_is_no_address() {
    let pools = [
        Pool { allow_first_last: Some(false), ..pool("p", &["10.0.0.0/29"]) },
        selecting(pool("red", &["10.0.1.0/29"]), "red"),
        Pool { disabled: true, ..pool("off", &["10.0.2.0/29"]) },
    ];
    let key = |service: Service| Service {
        annotations: [("lbipam.cilium.io/sharing-key".into(), "k".into())].into(),
        ..service
    };
    let services = [
        service("outside", "192.0.2.1"),
        service("unselected", "10.0.1.1"),
        service("reserved", "10.0.0.7"),
        service("off", "10.0.2.1"),
        Service { families: vec!["IPv6".into()], ..service("v6", "") },
        Service { class: Some("other".into()), ..service("foreign", "") },
        key(service("reserved-key", "10.0.0.0")),
    ];
    let mut expected = vec![
        "no_pool",
        "pool_selector_mismatch",
        "already_allocated",
        "no_pool",
        "no_pool",
        "its class is none that LB-IPAM serves",
        "10.0.0.0 from p",
    ];
    assert_eq!(told(&pools, &services, "1.19"), expected);
    expected[6] = "ends the operator over p";
    assert_eq!(told(&pools, &services, "1.20"), expected);
}

#[test]
fn two_services_for_one_address() {
    let pools = [pool("p", &["10.0.0.0/29"])];
    let sharing = |name: &str, port: i32| Service {
        annotations: [("lbipam.cilium.io/sharing-key".into(), "k".into())].into(),
        ports: vec![Port { number: port, protocol: "TCP".into() }],
        ..service(name, "10.0.0.3")
    };
    assert_eq!(
        told(&pools, &[service("a", "10.0.0.3"), service("b", "10.0.0.3")], "1.18"),
        ["one of 10.0.0.3 or already_allocated", "one of 10.0.0.3 or already_allocated"]
    );
    assert_eq!(told(&pools, &[sharing("a", 80), sharing("b", 81)], "1.18"), ["10.0.0.3 from p", "10.0.0.3 from p"]);
    assert_eq!(
        told(&pools, &[sharing("a", 80), sharing("b", 80)], "1.18"),
        ["one of 10.0.0.3 or already_allocated_incompatible_service"; 2]
    );
}

#[test]
fn more_services_than_addresses() {
    let pools = [pool("p", &["10.0.0.0/31"])];
    let many: Vec<Service> = (0..3).map(|n| service(&format!("s{n}"), "")).collect();
    assert_eq!(told(&pools, &many, "1.18"), ["one of 10.0.0.0-10.0.0.1 or out_of_ips"; 3]);
    let crowd: Vec<Service> = (0..30).map(|n| service(&format!("s{n}"), "")).collect();
    assert_eq!(told(&pools, &crowd, "1.18"), ["one of 10.0.0.0-10.0.0.1 or out_of_ips"; 30], "by the bounds");
}

#[test]
fn a_selector_that_cannot_be_compiled() {
    let requirement = Requirement { key: "color".into(), operator: "In".into(), values: vec![] };
    let broken = LabelSelector::compile(&BTreeMap::new(), &[requirement]);
    let pools = [Pool { selector: Some(broken), ..pool("p", &["10.0.0.0/29"]) }];
    assert_eq!(told(&pools, &[service("a", ""), service("b", "10.0.0.3")], "1.18"), ["fails over p", "fails over p"]);
}

/// Deterministic choices for the worlds below.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

impl Chance for Dice {
    fn choose(&mut self, of: usize) -> usize {
        self.below(of)
    }
}

fn world(dice: &mut Dice) -> (Vec<Pool>, Vec<Service>) {
    let color = |dice: &mut Dice| ["red", "blue"][dice.below(2)].to_owned();
    let pools = (0..1 + dice.below(3))
        .map(|n| {
            let blocks: Vec<String> = (0..1 + dice.below(2))
                .map(|b| match dice.below(3) {
                    0 => format!("10.{n}.{b}.0/29"),
                    1 => format!("10.{n}.{b}.0/31"),
                    _ => format!("10.{n}.{b}.2-10.{n}.{b}.5"),
                })
                .collect();
            let texts: Vec<&str> = blocks.iter().map(String::as_str).collect();
            let plain = pool(["p", "q", "r"][n], &texts);
            let allow_first_last = [None, Some(false)][dice.below(2)];
            let pool = Pool { allow_first_last, ..plain };
            if dice.below(2) == 0 { selecting(pool, &color(dice)) } else { pool }
        })
        .collect();
    let services = (0..1 + dice.below(6))
        .map(|n| {
            let pin = match dice.below(2) {
                0 => format!("10.{}.{}.{}", dice.below(3), dice.below(2), dice.below(8)),
                _ => String::new(),
            };
            let mut one = service(&format!("s{n}"), &pin);
            if dice.below(2) == 0 {
                one.labels.insert("color".into(), color(dice));
            }
            if dice.below(3) == 0 {
                one.annotations.insert("lbipam.cilium.io/sharing-key".into(), "k".into());
            }
            one.ports[0].number += i32::try_from(dice.below(3)).unwrap_or_default();
            one
        })
        .collect();
    (pools, services)
}

fn shuffle<T>(things: &mut [T], dice: &mut Dice) {
    for at in (1..things.len()).rev() {
        things.swap(at, dice.below(at + 1));
    }
}

fn allows(outcome: &Outcome, held: Option<IpAddr>, condition: Option<Condition>) -> bool {
    match (outcome, held, condition) {
        (Outcome::Address { address, .. }, Some(held), _) => *address == held,
        (Outcome::OneOf { addresses, .. }, Some(held), _) => addresses.contains(held),
        (Outcome::OneOf { or_pending, .. }, None, Some(Condition::Pending(reason))) => {
            // The holder met first decides the reason of an incompatibility, so any of that kind will do.
            let like = |other: &Reason| std::mem::discriminant(other) == std::mem::discriminant(&reason);
            or_pending.iter().any(like)
        }
        (Outcome::Pending(told), None, Some(Condition::Pending(reason))) => *told == reason,
        _ => false,
    }
}

/// Whatever order things arrive in, what comes out is among what was predicted; by the bounds alone as well.
#[test]
fn no_order_leaves_the_prediction() {
    let flags = ClusterFlags::default();
    for (version, seed) in [("1.16", 1), ("1.18", 2), ("1.20", 3)] {
        let profile = profile(version);
        let mut dice = Dice(seed);
        let mut certain = 0;
        for number in 0..100 {
            let (pools, services) = world(&mut dice);
            let question = Question { pools: &pools, services: &services, profile: &profile, flags: &flags };
            let requests = candidates::Requests::of(question);
            let bounds = reach::bounds(question, &requests);
            let predicted = predict(question);
            let exact: Vec<Vec<Outcome>> = predicted
                .iter()
                .map(|p| p.wishes.iter().flatten().map(|(_, outcome)| outcome.clone()).collect())
                .collect();
            certain += exact.iter().flatten().filter(|o| matches!(o, Outcome::Address { .. })).count();
            if exact.iter().flatten().any(|o| matches!(o, Outcome::EndsOperator { .. })) {
                continue;
            }
            for _ in 0..12 {
                let mut simulation = Simulation::new(profile.clone(), flags.clone(), dice.below(2) == 0);
                let (mut pool_order, mut order) = (pools.clone(), services.clone());
                shuffle(&mut pool_order, &mut dice);
                shuffle(&mut order, &mut dice);
                pool_order.into_iter().for_each(|pool| simulation.apply(Event::Pool(pool), &mut dice));
                order.into_iter().for_each(|service| simulation.apply(Event::Service(service), &mut dice));
                for (at, service) in services.iter().enumerate() {
                    let Some(status) = simulation.service(&service.key) else { panic!("no such Service") };
                    let held = status.held.first().copied();
                    for outcomes in [&bounds[at], &exact[at]] {
                        assert!(
                            allows(&outcomes[0], held, status.condition),
                            "{version} world {number}: {} holds {held:?} with {:?}, predicted {:?}\n{pools:#?}\n{services:#?}",
                            service.key,
                            status.condition,
                            outcomes[0]
                        );
                    }
                }
            }
        }
        assert!(certain > 30, "{version}: only {certain} certain answers");
    }
}

#[test]
fn a_hundred_thousand_services_on_a_thousand_pools() {
    let pools: Vec<Pool> = (0..1000)
        .map(|n| selecting(pool(&format!("p{n}"), &[&format!("10.{}.{}.0/24", n / 250, n % 250)]), &format!("c{n}")))
        .collect();
    let services: Vec<Service> = (0..100_000)
        .map(|n| {
            let pin =
                if n % 7 == 0 { format!("10.{}.{}.{}", n % 1000 / 250, n % 250, n / 1000) } else { String::new() };
            Service { labels: [("color".into(), format!("c{}", n % 1000))].into(), ..service(&format!("s{n}"), &pin) }
        })
        .collect();
    let (profile, flags) = (profile("1.18"), ClusterFlags::default());
    let predicted = predict(Question { pools: &pools, services: &services, profile: &profile, flags: &flags });
    assert_eq!(predicted.len(), 100_000);
    let open: Ranges = [Range::parse("10.0.1.0-10.0.1.99").unwrap_or_else(|e| panic!("{e}"))].into_iter().collect();
    let Ok(wishes) = &predicted[1].wishes else { panic!("not served") };
    let Outcome::OneOf { addresses, or_pending, .. } = &wishes[0].1 else { panic!("{:?}", wishes[0].1) };
    assert!(or_pending.is_empty() && open.intersects(addresses.iter().next().unwrap_or_else(|| panic!("none"))));
}
