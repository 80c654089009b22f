//! Faults survived: the Setting is changed through a real API server while replicas, their certificates, their clocks, the API
//! server, etcd and what lies between them fail, and while hostile clients come beside.
//!
//! `make soak TIME=180 SEED=7` runs it; it ends by itself. One fault at a time, in an order that the seed decides. What must
//! hold all the time is in [`report`](soak::report), and the table for docs/testing.md is written to `target/tmp/soak.md`.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests assert by panicking, and so does what they stand on"
)]
#![expect(unreachable_pub, reason = "a test binary exports nothing: pub is what a module offers to the others")]

#[expect(dead_code, reason = "the tests on nodes use all of it")]
#[path = "node/changes.rs"]
mod changes;
#[expect(dead_code, unused_imports, reason = "the other tests use all of it")]
mod harness;
mod soak {
    pub mod faults;
    pub mod hostile;
    pub mod link;
    pub mod random;
    pub mod report;
    pub mod restores;
    pub mod service;
    pub mod stand;
}

use std::process::ExitCode;
use std::time::Duration;

use self::soak::random::Random;
use self::soak::report::Report;
use self::soak::stand::{Certificates, Stand};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |flag: &str| -> Option<u64> {
        let at = arguments.iter().position(|argument| argument == flag)?;
        Some(arguments.get(at + 1)?.parse().unwrap_or_else(|_| panic!("{flag} takes a number")))
    };
    let time = Duration::from_secs(number("--seconds").unwrap_or(180));
    let seed = number("--seed").unwrap_or_else(Random::any_seed);
    println!("soak: {} s, --seed {seed}", time.as_secs());
    let mut random = Random::new(seed);
    let mut report = Report::default();
    for certificates in [Certificates::OwnCa, Certificates::Mounted] {
        Stand::build(certificates).endure(time / 2, &mut random, &mut report);
    }
    report.end()
}
