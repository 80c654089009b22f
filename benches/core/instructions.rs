//! Instructions and allocations of the pure core, which hold on noisy machines, and the gate on them:
//! `make gate`. It takes valgrind.
//!
//! Each limit of instructions stands a tenth above what was counted: another compiler, allocator or processor moves a count
//! by a few hundredths, a needless copy or a second pass by more. Allocations are the same everywhere. Who makes the core
//! faster lowers both.

#![expect(clippy::unwrap_used, reason = "an input that can't be made ends the run")]
#![expect(missing_docs, reason = "gungraun's macros make public items")]

use std::hint::black_box;

use gungraun::prelude::*;
use gungraun::{Callgrind, Dhat, DhatMetric, EventKind};
use migration_network_webhook::admission::{Answer, Decision, Phase, Policy, Request, Review, answer, decide};
use migration_network_webhook::setting::go_json::{self, NetworkConfig, Unreadable};
use migration_network_webhook::setting::rules::ValidatedValue;
use migration_network_webhook::setting::{Facts, ParsedValue};

mod world;

fn limits(instructions: u64, allocations: u64) -> LibraryBenchmarkConfig {
    LibraryBenchmarkConfig::default()
        .tool(Callgrind::default().hard_limits([(EventKind::Ir, instructions)]))
        .tool(Dhat::default().hard_limits([(DhatMetric::TotalBlocks, allocations)]))
        .clone()
}

/// What outlives the run is not counted when it goes.
fn kept<T>(it: T) -> &'static T {
    Box::leak(Box::new(it))
}

fn value(prefix: u8, excludes: usize) -> &'static str {
    world::value(prefix, excludes, 100).leak()
}

#[library_benchmark]
#[bench::bare(args = (24, 0), setup = value, config = limits(4_080, 0))]
#[bench::few(args = (24, 10), setup = value, config = limits(11_700, 3))]
#[bench::many(args = (16, 1_000), setup = value, config = limits(682_000, 9))]
#[bench::most(args = (16, 10_000), setup = value, config = limits(6_920_000, 13))]
fn strict_parse(value: &'static str) -> ParsedValue<'static> {
    ParsedValue::read(black_box(value))
}

#[library_benchmark]
#[bench::bare(args = (24, 0), setup = value, config = limits(5_640, 0))]
#[bench::few(args = (24, 10), setup = value, config = limits(13_900, 3))]
#[bench::many(args = (16, 1_000), setup = value, config = limits(754_000, 9))]
#[bench::most(args = (16, 10_000), setup = value, config = limits(11_400_000, 14))]
fn lenient_parse(value: &'static str) -> Result<NetworkConfig<'static>, Unreadable> {
    go_json::network_config(black_box(value))
}

fn draft(prefix: u8, excludes: usize) -> &'static ParsedValue<'static> {
    kept(ParsedValue::read(value(prefix, excludes)))
}

#[library_benchmark]
#[bench::bare(args = (24, 0), setup = draft, config = limits(2_910, 4))]
#[bench::few(args = (24, 10), setup = draft, config = limits(16_300, 10))]
#[bench::many(args = (16, 1_000), setup = draft, config = limits(1_130_000, 16))]
#[bench::most(args = (16, 10_000), setup = draft, config = limits(11_600_000, 20))]
fn canonical_form(draft: &'static ParsedValue<'static>) -> Option<String> {
    ValidatedValue::new(black_box(draft)).config().map(|config| config.canonical())
}

type RuleContext = (&'static Request<'static>, &'static Facts, &'static Policy);

fn inquiry(prefix: u8, excludes: usize, nodes: u32) -> RuleContext {
    let body = world::review(&world::value(24, 10, 101), &world::value(prefix, excludes, 100)).leak();
    let request = Review::read(body).unwrap().request.unwrap();
    (kept(request), kept(world::cluster(nodes)), kept(Policy::default()))
}

fn inquiry_while_migrating(migrations: usize, running: usize) -> RuleContext {
    let (request, facts, policy) = inquiry(24, 10, 3);
    (request, kept(world::migrating(facts, migrations, running)), policy)
}

#[library_benchmark]
#[bench::bare(args = (24, 0, 3), setup = inquiry, config = limits(29_700, 9))]
#[bench::few(args = (24, 10, 3), setup = inquiry, config = limits(55_200, 18))]
#[bench::wide(args = (16, 10, 3), setup = inquiry, config = limits(55_100, 18))]
#[bench::many(args = (16, 1_000, 3), setup = inquiry, config = limits(2_320_000, 30))]
#[bench::most(args = (16, 10_000, 3), setup = inquiry, config = limits(23_500_000, 38))]
#[bench::nodes_1000(args = (24, 10, 1_000), setup = inquiry, config = limits(444_000, 17))]
#[bench::nodes_5000(args = (16, 10, 5_000), setup = inquiry, config = limits(2_050_000, 18))]
#[bench::migrations_ended(args = (100_000, 0), setup = inquiry_while_migrating, config = limits(55_100, 18))]
#[bench::migrations_running(args = (100_000, 5), setup = inquiry_while_migrating, config = limits(60_600, 27))]
fn decision((request, facts, policy): RuleContext) -> Decision {
    decide(Phase::Mutate, black_box(request), facts, policy)
}

type Call = (Phase, &'static [u8], &'static Facts, &'static Policy);

const CANONICAL: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"172.16.0.0/24"}"#;

fn call(phase: Phase, new: &str) -> Call {
    let body = world::review(&world::value(24, 10, 101), new).leak();
    (phase, body, kept(world::cluster(3)), kept(Policy::default()))
}

fn allowed() -> Call {
    call(Phase::Validate, CANONICAL)
}

fn mutated() -> Call {
    call(Phase::Mutate, &world::value(24, 10, 100))
}

fn restored() -> Call {
    call(Phase::Mutate, &world::value(24, 10, 101).replace(", ", ","))
}

fn refused() -> Call {
    call(Phase::Mutate, world::bad_value())
}

#[library_benchmark]
#[bench::allowed(setup = allowed, config = limits(42_800, 9))]
#[bench::mutated(setup = mutated, config = limits(115_000, 28))]
#[bench::restored(setup = restored, config = limits(109_000, 22))]
#[bench::refused(setup = refused, config = limits(80_600, 26))]
fn whole_answer((phase, body, facts, policy): Call) -> Answer {
    answer(phase, black_box(body), facts, policy)
}

library_benchmark_group!(
    name = core,
    benchmarks = [strict_parse, lenient_parse, canonical_form, decision, whole_answer]
);

main!(library_benchmark_groups = core);
