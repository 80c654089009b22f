//! The webhook over TLS beside a floor, in one run on one machine.
//!
//! The floor is what no webhook with the same libraries can undercut: hyper, axum and tokio-rustls with our own
//! TLS settings, which reads the request and answers a fixed review. Both run on core 0, the client on core 1;
//! runs of the two alternate, so that a noisy neighbour hits both. What counts is the ratio.
//!
//! `make bench-load` runs it. `--seconds N` and `--repeat N` change how long it takes.

mod client;
mod floor;
mod process;
mod requests;
mod statistics;

use std::time::Duration;

use anyhow::{Context as _, Result};

use self::process::{Certificate, Server};
use self::requests::Case;
use self::statistics::{Run, compare, heading};

const CONNECTIONS: [usize; 3] = [1, 16, 128];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, directory] = arguments.as_slice()
        && first == "--floor"
    {
        return floor::serve(directory.as_ref());
    }
    let number = |flag: &str, default: u32| -> Result<u32> {
        let Some(at) = arguments.iter().position(|argument| argument == flag) else { return Ok(default) };
        let value = arguments.get(at + 1).with_context(|| format!("{flag} takes a number"))?;
        value.parse().with_context(|| format!("{flag} takes a number, not {value:?}"))
    };
    let (seconds, repeat) = (number("--seconds", 2)?, number("--repeat", 5)?);
    let pinned = process::pin_self();

    let certificate = Certificate::make()?;
    let ours = Server::ours(&certificate)?;
    let floor = Server::floor(&certificate)?;
    println!(
        "{} s per run, {repeat} runs of each server, alternating; {}",
        seconds,
        if pinned { "servers on core 0, client on core 1" } else { "not pinned to cores: taskset is missing" }
    );
    for case in Case::all() {
        println!("\n{}: {} bytes to {}", case.name, case.body.len(), case.path);
        case.check(&ours, &certificate)?;
        println!("{}", heading());
        for connections in CONNECTIONS {
            let run = |server: &Server, seconds| -> Result<Run> {
                client::load(server, &certificate, &case, connections, Duration::from_secs(u64::from(seconds)))
            };
            let (mut of_ours, mut of_floor) = (Vec::new(), Vec::new());
            run(&ours, 1)?;
            run(&floor, 1)?;
            for _ in 0..repeat {
                of_ours.push(run(&ours, seconds)?);
                of_floor.push(run(&floor, seconds)?);
            }
            print!("{}", compare(connections, &of_ours, &of_floor));
        }
    }
    println!("\nresident: ours {:.1} MiB, floor {:.1} MiB", ours.resident_mib()?, floor.resident_mib()?);
    Ok(())
}
