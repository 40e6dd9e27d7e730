//! The simulation of LB-IPAM and the prediction from manifests, with very many Services on a thousand pools.
//! `cargo bench -p lbpools-benches --bench lb_ipam`.
//!
//! What is measured is the time that a processor worked on it, not the time that went by: it is the same on a machine
//! that does nothing else, and stays near it on one that does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lbpools_benches::crowd::Crowd;
use lbpools_function::cilium::allocation::{Event, FirstComes, Simulation};
use lbpools_function::cilium::prediction::{Question, predict};
use lbpools_function::cilium::{CiliumVersion, ClusterFlags, Profile};

/// The time that this thread was on a processor. The kernel tells it to some milliseconds.
struct ProcessorTime;

impl ProcessorTime {
    /// Where the kernel does not tell it, the time that goes by.
    fn now() -> Duration {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
        nanoseconds
            .map_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), Duration::from_nanos)
    }
}

impl Measurement for ProcessorTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        ProcessorTime::now()
    }

    fn end(&self, start: Duration) -> Duration {
        ProcessorTime::now().saturating_sub(start)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn events(crowd: &Crowd) -> Vec<Event> {
    let pools = crowd.pools.iter().cloned().map(Event::Pool);
    pools.chain(crowd.services.iter().cloned().map(Event::Service)).collect()
}

fn many_services(criterion: &mut Criterion<ProcessorTime>) {
    let Ok(version) = CiliumVersion::parse("1.18") else { return };
    let (profile, flags) = (Profile::of(version), ClusterFlags::default());
    let played = |events: Vec<Event>| {
        let mut simulation = Simulation::new(profile.clone(), flags.clone(), false);
        events.into_iter().for_each(|event| simulation.apply(event, &mut FirstComes));
        simulation
    };
    let restarted = |mut simulation: Simulation| {
        simulation.apply(Event::Restart { pools: vec![], services: vec![] }, &mut FirstComes);
        simulation
    };
    let mut group = criterion.benchmark_group("1000 pools");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    for services in [10_000, 100_000] {
        group.throughput(Throughput::Elements(services as u64));
        for (name, crowd) in [("room for all", Crowd::of(services)), ("crowded", Crowd::of(services).crowded())] {
            let id = |what: &str| BenchmarkId::new(format!("{what}, {name}"), services);
            let events = events(&crowd);
            group.bench_function(id("created one by one"), |bencher| {
                bencher.iter_batched(|| events.clone(), played, BatchSize::PerIteration);
            });
            let simulation = played(events.clone());
            group.bench_function(id("operator restarted"), |bencher| {
                bencher.iter_batched(|| simulation.clone(), restarted, BatchSize::PerIteration);
            });
            let question =
                Question { pools: &crowd.pools, services: &crowd.services, profile: &profile, flags: &flags };
            group.bench_function(id("predicted"), |bencher| bencher.iter(|| predict(question)));
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(ProcessorTime);
    targets = many_services
}
criterion_main!(benches);
