//! The simulation of LB-IPAM and the prediction from manifests, with very many Services on a thousand pools.
//! `cargo bench -p lbpools-benches --bench lb_ipam`.

use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lbpools_benches::crowd::Crowd;
use lbpools_function::cilium::allocation::{Event, FirstComes, Simulation};
use lbpools_function::cilium::prediction::{Question, predict};
use lbpools_function::cilium::{CiliumVersion, ClusterFlags, Profile};

fn events(crowd: &Crowd) -> Vec<Event> {
    let pools = crowd.pools.iter().cloned().map(Event::Pool);
    pools.chain(crowd.services.iter().cloned().map(Event::Service)).collect()
}

fn many_services(criterion: &mut Criterion) {
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

criterion_group!(benches, many_services);
criterion_main!(benches);
