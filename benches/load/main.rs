//! The webhook over TLS beside a floor, in one run on one machine.
//!
//! The floor is what no webhook with the same libraries can undercut: hyper, axum and tokio-rustls with our own
//! TLS settings, which reads the request and answers a fixed review, the very bytes that ours answered. Both run on
//! core 0, the client on core 1; runs of the two alternate, so that a noisy neighbour hits both. What counts is the
//! ratio.
//!
//! `make bench-load` runs it. `--seconds N` and `--repeat N` change how long it takes. `make bench-start` runs the same
//! program with `--start`: how long a start takes, and what an idle server holds.

#![expect(unreachable_pub, reason = "a program exports nothing: pub is what a module offers to the others")]

mod busy;
mod client;
mod floor;
mod process;
mod requests;
mod start;
mod statistics;

use std::time::Duration;

use anyhow::{Context as _, Result};

use self::process::{Certificate, Server, WEBHOOK, on_core_0};
use self::requests::Case;
use self::statistics::{Run, compare, heading};

const CONNECTIONS: [usize; 3] = [1, 16, 128];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, directory, answer] = arguments.as_slice()
        && first == "--floor"
    {
        return floor::serve(directory.as_ref(), answer.as_ref());
    }
    let number = |flag: &str, default: u32| -> Result<u32> {
        let Some(at) = arguments.iter().position(|argument| argument == flag) else { return Ok(default) };
        let value = arguments.get(at + 1).with_context(|| format!("{flag} takes a number"))?;
        value.parse().with_context(|| format!("{flag} takes a number, not {value:?}"))
    };
    let (seconds, repeat) = (number("--seconds", 2)?, number("--repeat", 5)?);
    let certificate = Certificate::make()?;
    if arguments.iter().any(|argument| argument == "--start") {
        return start::report(&certificate);
    }
    let pinned = process::pin_self();
    let cluster = process::sample_cluster();
    let (ours, _) = Server::ours(on_core_0(WEBHOOK), &certificate, "--cluster", &cluster)?;
    println!(
        "{} s per run, {repeat} runs of each server, alternating; {}",
        seconds,
        if pinned { "servers on core 0, client on core 1" } else { "not pinned to cores: taskset is missing" }
    );
    for case in Case::all() {
        let answer = case.answer_of(&ours, &certificate)?;
        let floor = Server::floor(&certificate, &answer)?;
        println!("\n{}: {} bytes to {}, {} bytes back", case.name, case.body.len(), case.path, answer.len());
        println!("{}", heading());
        for connections in CONNECTIONS {
            let run = |server: &Server, seconds| -> Result<Run> {
                let duration = Duration::from_secs(u64::from(seconds));
                busy::load(server, &certificate, &case.request(), &answer, connections, duration)
            };
            let mut runs = (vec![], vec![]);
            run(&ours, 1)?;
            run(&floor, 1)?;
            for _ in 0..repeat {
                runs.0.push(run(&ours, seconds)?);
                runs.1.push(run(&floor, seconds)?);
            }
            print!("{}", compare(connections, &runs.0, &runs.1));
        }
    }
    let [now, peak] = ours.resident_mib()?;
    println!("\nresident: {now:.1} MiB, at its peak {peak:.1} MiB");
    Ok(())
}
