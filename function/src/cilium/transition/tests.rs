use super::*;
use crate::cilium::{Block, CiliumVersion};

fn profile(version: &str) -> Profile {
    Profile::of(CiliumVersion::parse(version).unwrap_or_else(|e| panic!("{e}")))
}

fn pool(name: &str, blocks: &[&str]) -> Pool {
    Pool::new(name, blocks.iter().map(|cidr| Block::parse(Some(cidr), None, None)).collect())
}

fn service(name: &str, pin: &str) -> Service {
    let service = Service {
        key: ServiceKey::new("n", name),
        service_type: "LoadBalancer".into(),
        load_balancer_ip: pin.into(),
        ..Service::default()
    };
    service.with_server_defaults(&[crate::cilium::Family::V4])
}

fn change(version: &str, before: (&[Pool], &[Service]), after: (&[Pool], &[Service])) -> Transition {
    let (profile, flags) = (profile(version), ClusterFlags::default());
    let side = |(pools, services)| Side { pools, services, profile: &profile, flags: &flags };
    transition(side(before), side(after))
}

fn told(transition: &Transition) -> Vec<String> {
    let line = |fate: &Fate| {
        let held = |holding: &Holding| match (holding.addresses.is_empty(), holding.or_none) {
            (true, _) => "-".to_owned(),
            (false, true) => format!("{}?", holding.addresses),
            (false, false) => holding.addresses.to_string(),
        };
        let (before, now, restarted) = (held(&fate.before), held(&fate.now), held(&fate.restarted));
        format!("{} {before} > {now} > {restarted} {:?} {:?}", fate.key.name, fate.at_once, fate.at_restart)
    };
    transition.fates.iter().map(line).collect()
}

#[test]
fn nothing_changes_nothing() {
    let (pools, services) = ([pool("p", &["10.0.0.0/29"])], [service("a", ""), service("b", "10.0.0.3")]);
    assert_eq!(change("1.18", (&pools, &services), (&pools, &services)), Transition::default());
}

#[test]
fn a_pin_moves_and_the_others_stay() {
    let pools = [pool("p", &["10.0.0.0/29"])];
    let before = [service("a", "10.0.0.1"), service("b", "10.0.0.3")];
    let after = [service("a", "10.0.0.2"), service("b", "10.0.0.3")];
    assert_eq!(
        told(&change("1.18", (&pools, &before), (&pools, &after))),
        ["a 10.0.0.1 > 10.0.0.2 > 10.0.0.2 {Moves} {}", "b 10.0.0.3 > 10.0.0.3 > 10.0.0.3 {Keeps} {}",]
    );
}

#[test]
fn a_disabled_pool_is_felt_at_the_restart() {
    let pools = [pool("p", &["10.0.0.0/29"])];
    let disabled = [Pool { disabled: true, ..pools[0].clone() }];
    let services = [service("a", "10.0.0.1")];
    let changed = change("1.18", (&pools, &services), (&disabled, &services));
    assert_eq!(told(&changed), ["a 10.0.0.1 > 10.0.0.1 > - {Keeps} {Loses}"]);
    assert_eq!(changed.fates[0].restart_obstacle, Some(Obstacle::Disabled("p".into())));
}

#[test]
fn a_block_given_twice_is_felt_at_the_restart() {
    let services = [service("a", "10.0.0.1")];
    let twice = [pool("p", &["10.0.0.0/29", "10.0.0.0/29"])];
    for version in ["1.15", "1.18", "1.20"] {
        let changed = change(version, (&[pool("p", &["10.0.0.0/29"])], &services), (&twice, &services));
        assert_eq!(told(&changed), ["a 10.0.0.1 > 10.0.0.1 > - {Keeps} {Loses}"], "{version}");
        assert_eq!(changed.fates[0].restart_obstacle, Some(Obstacle::Conflicting("p".into())));
    }
}

/// What is found by playing must lie in what the rules of keeping say.
#[test]
fn the_bounds_hold_what_is_played() {
    let pools = |blocks: &[&str]| vec![pool("p", blocks)];
    let mut other = pool("q", &["10.0.1.0/30"]);
    other.created = Some(2);
    let variants: Vec<(Vec<Pool>, Vec<Service>)> = vec![
        (pools(&["10.0.0.0/30"]), vec![service("a", ""), service("b", "10.0.0.1")]),
        (pools(&["10.0.0.0/29"]), vec![service("a", ""), service("b", "10.0.0.1")]),
        (pools(&["10.0.0.0/31"]), vec![service("a", ""), service("b", "10.0.0.2"), service("c", "")]),
        (vec![pool("p", &["10.0.0.0/30"]), other.clone()], vec![service("a", ""), service("b", "10.0.1.1")]),
        (vec![Pool { disabled: true, ..pool("p", &["10.0.0.0/30"]) }, other], vec![service("a", "")]),
        (vec![Pool { allow_first_last: Some(false), ..pool("p", &["10.0.0.0/30"]) }], vec![service("a", "10.0.0.0")]),
        (pools(&["10.0.0.0/30", "10.0.0.0/30"]), vec![service("a", "10.0.0.2"), service("b", "")]),
    ];
    let mut played = 0;
    for version in ["1.18", "1.20"] {
        let (profile, flags) = (profile(version), ClusterFlags::default());
        for (one, before) in &variants {
            for (two, after) in &variants {
                let old = Told::of(Side { pools: one, services: before, profile: &profile, flags: &flags });
                let new = Told::of(Side { pools: two, services: after, profile: &profile, flags: &flags });
                for group in group::changed(&old, &new) {
                    let Some(exact) = played::play(&old, &new, &group, &mut 600) else { continue };
                    played += 1;
                    for (exact, bound) in exact.fates.iter().zip(bounds::fates(&old, &new, &group)) {
                        let names = |services: &[Service]| {
                            services.iter().map(|s| format!("{}={}", s.key, s.load_balancer_ip)).collect::<Vec<_>>()
                        };
                        let blocks = |pools: &[Pool]| {
                            let block = |pool: &Pool| format!("{} {} {:?}", pool.name, pool.ranges(), pool.disabled);
                            pools.iter().map(block).collect::<Vec<_>>()
                        };
                        let case = format!(
                            "{version} {:?} {:?}\n{:?} {:?}\n{:?}",
                            blocks(one),
                            names(before),
                            blocks(two),
                            names(after),
                            told(&Transition { fates: vec![exact.clone(), bound.clone()], ..Transition::default() }),
                        );
                        for (exact, bound) in [(&exact.before, &bound.before), (&exact.now, &bound.now)] {
                            assert!(exact.addresses.subtract(&bound.addresses).is_empty(), "{case}");
                            assert!(bound.or_none || !exact.or_none, "{case}");
                        }
                        let missed: Vec<_> = exact.at_once.difference(&bound.at_once).collect();
                        assert!(missed.is_empty(), "{missed:?} {case}");
                    }
                }
            }
        }
    }
    assert!(played > 40, "{played} groups were played");
}

/// More Services than are played through: the new one may come before the pool's edit, and is then served once more.
#[test]
fn nobody_is_left_with_an_address_that_no_pool_has() {
    let (old, new) = ([pool("p", &["10.0.0.0/29"])], [pool("p", &["10.0.0.4/30", "10.0.0.8/30"])]);
    let some: Vec<_> = ["a", "b", "c", "d"].map(|name| service(name, "")).into();
    let more: Vec<_> = ["a", "b", "c", "d", "e"].map(|name| service(name, "")).into();
    for version in ["1.18", "1.20"] {
        let changed = change(version, (&old, &some), (&new, &more));
        let left = new[0].ranges();
        for fate in &changed.fates {
            assert!(!fate.exact && fate.now.addresses.subtract(&left).is_empty(), "{version} {:?}", told(&changed));
        }
    }
}
