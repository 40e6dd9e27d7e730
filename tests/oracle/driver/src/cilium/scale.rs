//! How long very many Services take: the real controller and the simulation, by turns, on the same events.
//!
//! What is counted is the time inside each event, on both sides: nothing that is read or written between them. Both
//! must come to the same end.

use std::time::{Duration, Instant};

use anyhow::Context;
use lbpools_benches::crowd::Crowd;
use lbpools_function::cilium::allocation::{Event, FirstComes, Simulation};
use lbpools_function::cilium::service::Port;
use lbpools_function::cilium::{CiliumVersion, Pool, Profile, Range, Service};

use super::program::Program;
use super::scenario::{
    BlockSpec, Options, PoolBody, PoolSpec, PortSpec, Scenario, Seen, SelectorSpec, ServiceBody, ServiceSpec, Step,
};

/// What was measured of one side: one entry a round.
#[derive(Default)]
struct Times {
    created: Vec<Duration>,
    restarted: Vec<Duration>,
}

/// Measure, show, and say whether both sides came to the same end.
pub(crate) fn measure(
    program: &mut Program,
    services: usize,
    version: CiliumVersion,
    rounds: usize,
) -> anyhow::Result<bool> {
    let mut scenario = scenario(&Crowd::of(services));
    let events: Vec<Event> = scenario.events.iter().map(Step::event).collect();
    let restart = Step::Restart { pools: Vec::new(), services: Vec::new() };
    scenario.events.push(restart.clone());
    let profile = Profile::of(version);
    let (mut theirs, mut ours, mut same) = (Times::default(), Times::default(), true);
    for _ in 0..rounds {
        let (created, mut simulation) = play(scenario.simulation(version), events.clone());
        ours.created.push(created);
        let ours_before = Seen::of(simulation.state(), &profile);
        let before = Instant::now();
        simulation.apply(restart.event(), &mut FirstComes);
        ours.restarted.push(before.elapsed());
        drop(simulation);
        let [created, restarted] =
            [&ours.created, &ours.restarted].map(|all| all.last().map_or(0.0, Duration::as_secs_f64));
        eprintln!("lbpools: created in {created:.3} s, restarted in {restarted:.3} s; now Cilium {version}");
        let outcome = program.ask(&scenario)?;
        let (restarted, created) = outcome.nanoseconds.split_last().context("the real program told no times")?;
        theirs.created.push(created.iter().copied().map(Duration::from_nanos).sum());
        theirs.restarted.push(Duration::from_nanos(*restarted));
        // A restart may have those who share find another address, so what is compared is the state before it.
        let seen = outcome.steps.first().context("the real program told no state")?.clone();
        same &= seen.comparable(&profile) == ours_before;
    }
    let pools = events.len() - services;
    let end = if same { "the same end" } else { "DIFFERENT ENDS" };
    println!("{version:<8} {services} Services on {pools} pools, {rounds} rounds: {end}");
    show("created one by one", &theirs.created, &ours.created);
    show("operator restarted", &theirs.restarted, &ours.restarted);
    Ok(same)
}

fn play(mut simulation: Simulation, events: Vec<Event>) -> (Duration, Simulation) {
    let before = Instant::now();
    events.into_iter().for_each(|event| simulation.apply(event, &mut FirstComes));
    (before.elapsed(), simulation)
}

fn show(what: &str, theirs: &[Duration], ours: &[Duration]) {
    let (theirs, ours) = (Spread::of(theirs), Spread::of(ours));
    let ratio = theirs.median / ours.median;
    println!("  {what}: Cilium {}, lbpools {}, {ratio:.0} times as long", theirs.text(), ours.text());
}

/// The median in seconds, and how far from it the others are.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(times: &[Duration]) -> Spread {
        let mut seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
        seconds.sort_by(f64::total_cmp);
        let at = |place: usize| seconds.get(place).copied().unwrap_or_default();
        Spread { median: at(seconds.len() / 2), least: at(0), most: at(seconds.len().saturating_sub(1)) }
    }

    fn text(&self) -> String {
        format!("{:.3} s ({:.3}–{:.3})", self.median, self.least, self.most)
    }
}

fn scenario(crowd: &Crowd) -> Scenario {
    let pools = crowd.pools.iter().map(|pool| Step::Pool(pool_spec(pool)));
    let services = crowd.services.iter().map(|service| Step::Service(service_spec(service)));
    let options =
        Options { v4: true, v6: false, classes: Vec::new(), default_ipam: true, proto_diff: true, feedback: false };
    Scenario { options, events: pools.chain(services).collect(), times: 0, measured: true }
}

fn pool_spec(pool: &Pool) -> PoolSpec {
    let block = |range: &Range| BlockSpec {
        start: range.first().to_string(),
        stop: range.last().to_string(),
        ..BlockSpec::default()
    };
    let required = pool.selector.as_ref().and_then(|selector| selector.as_ref().ok()?.required_values());
    let selector = required.map(|(key, values)| SelectorSpec {
        match_labels: values.into_iter().map(|value| (key.clone(), value)).collect(),
        ..SelectorSpec::default()
    });
    let blocks = pool.ranges().iter().map(block).collect();
    let spec = PoolBody { blocks, service_selector: selector, ..PoolBody::default() };
    PoolSpec { name: pool.name.clone(), created: pool.created.unwrap_or_default(), spec }
}

fn service_spec(service: &Service) -> ServiceSpec {
    let port = |port: &Port| PortSpec { port: port.number, protocol: port.protocol.clone() };
    ServiceSpec {
        namespace: service.key.namespace.clone(),
        name: service.key.name.clone(),
        labels: service.labels.clone(),
        annotations: service.annotations.clone(),
        spec: ServiceBody {
            service_type: service.service_type.clone(),
            load_balancer_ip: service.load_balancer_ip.clone(),
            external_traffic_policy: service.external_traffic_policy.clone(),
            ports: service.ports.iter().map(port).collect(),
            ..ServiceBody::default()
        },
        ingress: None,
    }
}
