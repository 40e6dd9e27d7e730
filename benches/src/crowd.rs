//! Very many Services on a thousand pools: what the simulation of LB-IPAM is measured on.
//!
//! Each pool selects the Services of one team. Nothing in it is left to chance and all fits, so that Cilium's own
//! controller comes to the same end and can be measured on it. [`Crowd::crowded`] takes the room away: then very many
//! Services wait, and each event makes the operator try all of them again.

use lbpools_function::cilium::service::Port;
use lbpools_function::cilium::{Block, LabelSelector, Pool, Service, ServiceKey};

/// How many pools there are.
pub const POOLS: usize = 1_000;

/// Pools and Services in the order in which they come.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// A /24 for each team.
    pub pools: Vec<Pool>,
    /// Spread over all teams; every seventh asks for an address, every tenth has a sharing key.
    pub services: Vec<Service>,
}

impl Crowd {
    /// So many Services.
    pub fn of(services: usize) -> Crowd {
        let pools = (0..POOLS).map(|team| {
            let cidr = format!("10.{}.{}.0/24", team / 250, team % 250);
            let selector = LabelSelector::compile(&[("team".to_owned(), team_name(team))].into(), &[]);
            let block = Block::parse(Some(&cidr), None, None);
            Pool { selector: Some(selector), created: Some(1), ..Pool::new(format!("pool-{team:03}"), vec![block]) }
        });
        // Those that ask for an address come first, so that none of the others is there before them.
        let asks = |number: &usize| (number / POOLS).is_multiple_of(7);
        let (asking, others): (Vec<usize>, Vec<usize>) = (0..services).partition(asks);
        Crowd { pools: pools.collect(), services: asking.into_iter().chain(others).map(service).collect() }
    }

    /// The same with pools of four addresses, three in four of which are for everybody.
    #[must_use]
    pub fn crowded(mut self) -> Crowd {
        for (team, pool) in self.pools.iter_mut().enumerate() {
            pool.blocks = vec![Block::parse(Some(&format!("10.{}.{}.0/30", team / 250, team % 250)), None, None)];
            if team % 4 != 0 {
                pool.selector = None;
            }
        }
        self
    }
}

fn team_name(team: usize) -> String {
    format!("team-{team:03}")
}

fn service(number: usize) -> Service {
    let (team, place) = (number % POOLS, number / POOLS);
    let mut service = Service {
        key: ServiceKey::new(team_name(team), format!("service-{place:03}")),
        labels: [("team".to_owned(), team_name(team))].into(),
        service_type: "LoadBalancer".into(),
        external_traffic_policy: "Cluster".into(),
        ports: vec![Port { number: 1 + i32::try_from(place).unwrap_or(0), protocol: "TCP".into() }],
        ..Service::default()
    };
    if place % 7 == 0 {
        // From the end, so that what is left in between stays one gap.
        service.load_balancer_ip = format!("10.{}.{}.{}", team / 250, team % 250, 255 - place / 7);
    } else if place % 10 == 1 {
        service.annotations.insert("lbipam.cilium.io/sharing-key".into(), format!("key-{team:03}"));
    }
    service
}

#[cfg(test)]
mod tests {
    use super::*;
    use lbpools_function::cilium::allocation::{Condition, Event, FirstComes, Simulation};
    use lbpools_function::cilium::{CiliumVersion, ClusterFlags, Profile};

    fn played(crowd: Crowd) -> Simulation {
        let profile = Profile::of(CiliumVersion::parse("1.18").unwrap());
        let mut simulation = Simulation::new(profile, ClusterFlags::default(), false);
        crowd.pools.into_iter().for_each(|pool| simulation.apply(Event::Pool(pool), &mut FirstComes));
        crowd.services.into_iter().for_each(|service| simulation.apply(Event::Service(service), &mut FirstComes));
        simulation
    }

    #[test]
    fn all_get_an_address_unless_it_is_crowded() {
        let waiting = |crowd: Crowd| {
            let state = played(crowd).state();
            state.services.values().filter(|service| service.condition != Some(Condition::Satisfied)).count()
        };
        assert_eq!(waiting(Crowd::of(20_000)), 0);
        assert!(waiting(Crowd::of(20_000).crowded()) > 10_000);
    }
}
