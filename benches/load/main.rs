//! The webhook over TLS beside a bare server, in one run on one machine.
//!
//! The bare server is hyper, axum and tokio-rustls with our own TLS settings: it reads the request and answers a fixed
//! review, the very bytes that ours answered. Servers run on core 0, the client on core 1; the runs of all alternate, so that
//! a noisy neighbour hits each. What counts is the processor time of a request, and its ratio to the bare server's.
//!
//! `make bench-load` runs it. `--seconds N` and `--repeat N` change how long it takes, `--before BINARY` adds an older
//! build of the webhook. `make bench-start` runs the same program with `--start`: how long a start takes, and what an idle
//! server holds.

#![expect(unreachable_pub, reason = "a program exports nothing: pub is what a module offers to the others")]

mod bare;
mod client;
mod load;
mod process;
mod requests;
mod start;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use self::load::{HEADING, Run, median};
use self::process::{Certificate, Server, WEBHOOK, on_core_0};
use self::requests::Case;

const CONNECTIONS: [usize; 2] = [1, 16];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, directory, answer] = arguments.as_slice()
        && first == "--bare"
    {
        return bare::serve(directory.as_ref(), answer.as_ref());
    }
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1)
    };
    let number = |flag: &str, default: u32| -> Result<u32> {
        let parse = |value: &String| value.parse().with_context(|| format!("{flag} takes a number, not {value:?}"));
        value(flag).map_or(Ok(default), parse)
    };
    let (seconds, repeat) = (number("--seconds", 2)?, number("--repeat", 5)?);
    let certificate = Certificate::make()?;
    if arguments.iter().any(|argument| argument == "--start") {
        return start::report(&certificate);
    }
    let pinned = process::pin_self();
    let cluster = process::sample_cluster();
    let mut webhooks = vec![("webhook", WEBHOOK)];
    webhooks.extend(value("--before").map(|path| ("before", path.as_str())));
    let start = |(name, binary): &(&'static str, &str)| {
        let (server, _) = Server::ours(on_core_0(Path::new(binary)), &certificate, "--cluster", &cluster)?;
        anyhow::Ok((*name, server))
    };
    let mut servers = webhooks.iter().map(start).collect::<Result<Vec<_>>>()?;
    println!(
        "medians of {repeat} runs of {seconds} s, alternating; {}",
        if pinned { "servers on core 0, client on core 1" } else { "not pinned to cores: taskset is missing" }
    );
    println!("{HEADING}");
    for case in Case::all() {
        let answer = case.answer_of(&servers[0].1, &certificate)?;
        servers.push(("bare", Server::bare(&certificate, &answer)?));
        for connections in CONNECTIONS {
            let mut runs: Vec<Vec<Run>> = servers.iter().map(|_| Vec::new()).collect();
            for round in 0..=repeat {
                for ((_, server), runs) in servers.iter().zip(&mut runs) {
                    let duration = Duration::from_secs(u64::from(if round == 0 { 1 } else { seconds }));
                    let run = load::run(server, &certificate, &case.request(), connections, duration)?;
                    // The first warms up.
                    runs.extend((round > 0).then_some(run));
                }
            }
            let bare = median(runs.last().map_or(&[], Vec::as_slice), |run| run.cpu_per_request);
            for ((name, _), runs) in servers.iter().zip(&runs) {
                println!("{:<24} {connections:>3}  {name:<8} {}", case.name, load::line(runs, bare));
            }
        }
        servers.pop();
    }
    let [now, peak] = servers[0].1.resident_mib()?;
    println!("\nresident: {now:.1} MiB, at its peak {peak:.1} MiB");
    Ok(())
}
