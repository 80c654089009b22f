//! Wall time of the pure core, from a value to the whole answer: `cargo bench --bench time`.

#![expect(clippy::unwrap_used, reason = "an input that can't be made ends the run")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use migration_network_webhook::admission::{Phase, Policy, Review, answer, decide};
use migration_network_webhook::setting::ValidatedValue;
use migration_network_webhook::setting::{ParsedValue, go_json};

mod world;

/// Ranges, with the excludes that fit into each.
const VALUES: [(u8, usize); 7] = [(24, 0), (24, 10), (24, 100), (16, 0), (16, 10), (16, 1_000), (16, 10_000)];
const NODES: [u32; 4] = [3, 100, 1_000, 5_000];

fn label(prefix: u8, excludes: usize) -> String {
    format!("/{prefix} with {excludes} excludes")
}

fn values(c: &mut Criterion) {
    for (prefix, excludes) in VALUES {
        let (value, id) = (world::value(prefix, excludes, 100), label(prefix, excludes));
        let size = Throughput::Bytes(value.len() as u64);

        let mut group = c.benchmark_group("strict parse");
        group.throughput(size.clone()).bench_function(&id, |b| b.iter(|| ParsedValue::read(black_box(&value))));
        group.finish();

        let mut group = c.benchmark_group("lenient parse");
        group.throughput(size.clone()).bench_function(&id, |b| b.iter(|| go_json::network_config(black_box(&value))));
        group.finish();

        let draft = ParsedValue::read(&value);
        let mut group = c.benchmark_group("canonical form");
        group.throughput(size).bench_function(&id, |b| {
            let validated = |draft| ValidatedValue::new(black_box(draft)).canonical();
            b.iter_batched(|| draft.clone(), validated, BatchSize::SmallInput);
        });
        group.finish();
    }
}

fn decisions(c: &mut Criterion) {
    let policy = Policy::default();
    let three = world::cluster(3);
    let stored = world::value(24, 10, 101);
    let mut group = c.benchmark_group("decision");
    for (prefix, excludes) in VALUES {
        let body = world::review(&stored, &world::value(prefix, excludes, 100));
        let request = Review::read(&body).unwrap().request.unwrap();
        group.bench_function(label(prefix, excludes), |b| {
            b.iter(|| decide(Phase::Mutate, black_box(&request), &three, &policy));
        });
    }
    let body = world::review(&stored, &world::value(24, 10, 100));
    let request = Review::read(&body).unwrap().request.unwrap();
    for nodes in NODES {
        let facts = world::cluster(nodes);
        group.bench_function(format!("{nodes} nodes"), |b| {
            b.iter(|| decide(Phase::Mutate, black_box(&request), &facts, &policy));
        });
    }
    for (migrations, running) in [(0, 0), (100, 0), (100, 5), (100_000, 0), (100_000, 5)] {
        let facts = world::migrating(&three, migrations, running);
        group.bench_function(format!("{migrations} migrations of which {running} run"), |b| {
            b.iter(|| decide(Phase::Mutate, black_box(&request), &facts, &policy));
        });
    }
    group.finish();
}

fn answers(c: &mut Criterion) {
    let (policy, facts) = (Policy::default(), world::cluster(3));
    let canonical = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"172.16.0.0/24"}"#;
    let stored = world::value(24, 10, 101);
    let mut group = c.benchmark_group("answer");
    for (name, phase, old, new) in [
        ("allowed", Phase::Validate, stored.as_str(), canonical.to_owned()),
        ("mutated", Phase::Mutate, &stored, world::value(24, 10, 100)),
        ("restored", Phase::Mutate, &stored, stored.replace(", ", ",")),
        ("unchanged", Phase::Mutate, canonical, canonical.to_owned()),
        ("refused with five causes", Phase::Mutate, &stored, world::bad_value().to_owned()),
        ("/16 with 1000 excludes", Phase::Mutate, &stored, world::value(16, 1_000, 100)),
        ("/16 with 10000 excludes", Phase::Mutate, &stored, world::value(16, 10_000, 100)),
    ] {
        let body = world::review(old, &new);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(name, |b| b.iter(|| answer(phase, black_box(&body), &facts, &policy)));
    }
    group.finish();
}

criterion_group!(benches, values, decisions, answers);
criterion_main!(benches);
