use super::*;
use crate::cilium::service::Port;
use crate::cilium::{Block, CiliumVersion, ClusterFlags, Pool, Profile, Service, ServiceKey};

fn service(name: &str, pin: &str, key: &str, port: i32) -> Service {
    let mut service = Service {
        key: ServiceKey::new("n", name),
        service_type: "LoadBalancer".into(),
        load_balancer_ip: pin.into(),
        ports: vec![Port { number: port, protocol: "TCP".into() }],
        external_traffic_policy: "Cluster".into(),
        ..Service::default()
    };
    if !key.is_empty() {
        service.annotations.insert("io.cilium/lb-ipam-sharing-key".into(), key.into());
    }
    service
}

fn pool(cidr: &str, allow_first_last: Option<bool>) -> Pool {
    Pool { allow_first_last, ..Pool::new("p", vec![Block::parse(Some(cidr), None, None)]) }
}

fn played(version: &str, events: Vec<Event>) -> Simulation {
    let profile = Profile::of(CiliumVersion::parse(version).unwrap_or_else(|e| panic!("{e}")));
    let mut simulation = Simulation::new(profile, ClusterFlags::default(), true);
    events.into_iter().for_each(|event| simulation.apply(event, &mut FirstComes));
    simulation
}

fn addresses(simulation: &Simulation) -> Vec<(String, String)> {
    let services = simulation.state().services.into_iter();
    services.map(|(key, status)| (key.name, status.ingress.join(" "))).collect()
}

/// The worked example that all six versions were seen to answer like this.
#[test]
fn five_services_on_a_pool_of_sixteen() {
    let services = || {
        [
            service("a", "192.0.2.245", "", 80),
            service("b", "", "", 80),
            service("c", "", "k", 80),
            service("d", "", "k", 81),
            service("e", "", "k", 80),
        ]
    };
    for version in ["1.15", "1.16", "1.17", "1.18", "1.19", "1.20"] {
        let mut events = vec![Event::Pool(pool("192.0.2.240/28", Some(false)))];
        events.extend(services().map(Event::Service));
        let simulation = played(version, events);
        let got: Vec<String> = addresses(&simulation).into_iter().map(|(_, address)| address).collect();
        assert_eq!(got, ["192.0.2.245", "192.0.2.241", "192.0.2.242", "192.0.2.242", "192.0.2.243"], "{version}");
        let counts = simulation.state().pools["p"].counts.map(|(total, free)| (total.to_string(), free.to_string()));
        assert_eq!(counts, Some(("16".into(), "10".into())), "{version}");
    }
    let mut swapped = vec![Event::Pool(pool("192.0.2.240/28", Some(false))), Event::Service(service("b", "", "", 80))];
    swapped.push(Event::Service(service("a", "192.0.2.241", "", 80)));
    let state = played("1.18", swapped).state();
    let taken = Reason::AlreadyAllocated([192, 0, 2, 241].into());
    assert_eq!(state.services[&ServiceKey::new("n", "a")].condition, Some(Condition::Pending(taken)));
}

#[test]
fn what_ends_the_operator_of_1_20() {
    let reserved =
        vec![Event::Pool(pool("10.0.0.0/29", Some(false))), Event::Service(service("a", "10.0.0.0", "k", 80))];
    assert!(played("1.20", reserved.clone()).state().panic.is_some());
    assert_eq!(addresses(&played("1.19", reserved)), [("a".to_owned(), "10.0.0.0".to_owned())]);
    let toggled = vec![
        Event::Pool(pool("10.0.0.0/29", Some(true))),
        Event::Service(service("a", "", "", 80)),
        Event::Pool(pool("10.0.0.0/29", Some(false))),
        Event::Pool(pool("10.0.0.0/29", Some(true))),
        Event::Service(service("b", "", "", 80)),
    ];
    assert!(played("1.20", toggled.clone()).state().panic.is_some());
    let twice = addresses(&played("1.18", toggled));
    assert_eq!(twice[0].1, twice[1].1, "one address for two Services, no sharing key anywhere");
}

#[test]
fn the_last_pool_takes_everything_with_it() {
    let mut events = vec![Event::Service(service("a", "", "", 80))];
    let asleep = played("1.18", events.clone());
    assert!(asleep.state().asleep && asleep.state().services[&ServiceKey::new("n", "a")].condition.is_none());
    events.push(Event::Pool(pool("10.0.0.0/29", None)));
    assert_eq!(addresses(&played("1.18", events.clone()))[0].1, "10.0.0.0");
    events.push(Event::DeletePool("p".into()));
    let gone = played("1.18", events);
    assert_eq!(addresses(&gone)[0].1, "");
    assert!(gone.state().asleep);
}
