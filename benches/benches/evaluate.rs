//! The function alone, in one process: for whoever makes it faster. `cargo bench -p lbpools-benches`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lbpools_benches::corpus;
use lbpools_function::{Options, Source, evaluate};

fn one_megabyte(criterion: &mut Criterion) {
    let list = corpus::list(1_000_000);
    let mut group = criterion.benchmark_group("1 MB");
    group.throughput(Throughput::Bytes(list.len() as u64)).sample_size(20);
    let sources = [Source::stdin(list.as_bytes())];
    group.bench_function("evaluate", |bencher| bencher.iter(|| evaluate(&sources, Options::default())));
    group.bench_function("tree parse", |bencher| {
        bencher.iter(|| serde_yaml::from_str::<serde_yaml::Value>(&list).map(|tree| tree.is_mapping()));
    });
    group.finish();
}

criterion_group!(benches, one_megabyte);
criterion_main!(benches);
