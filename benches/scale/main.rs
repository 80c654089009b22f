//! The webhook beside a real API server: an empty cluster, then one with a thousand nodes and a hundred thousand
//! migrations that have ended, then the same while a thousand events arrive each second.
//!
//! `make bench-scale` runs it. Nothing is pinned: etcd, the API server, the webhook and this program share the cores, so
//! that memory and processor time say more than the latencies do.

#![expect(unreachable_pub, reason = "a program exports nothing: pub is what a module offers to the others")]

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

#[path = "../load/client.rs"]
mod client;
mod etcd;
mod events;
mod fill;
mod harness;
#[path = "../load/process.rs"]
#[expect(dead_code, reason = "the load harness pins its servers and has a bare one")]
mod process;
#[path = "../load/requests.rs"]
#[expect(dead_code, reason = "the load harness has more cases")]
mod requests;
mod watched;

use self::events::Events;
use self::harness::cluster::Cluster;
use self::harness::control_plane::ADMIN;
use self::harness::world;
use self::process::{Certificate, Server, WEBHOOK};
use self::watched::{Watched, millis};

const NODES: usize = 1_000;
const MIGRATIONS: usize = 100_000;
/// How long decisions are measured.
const MEASURED: Duration = Duration::from_secs(15);

fn main() -> Result<()> {
    let cluster = Cluster::fresh(&[]);
    let certificate = Certificate::make()?;
    let kubeconfig = cluster.servers.kubeconfig(ADMIN);
    let start = || -> Result<Watched> {
        let started = Instant::now();
        let (server, ops) = Server::ours(Command::new(WEBHOOK), &certificate, "--kubeconfig", &kubeconfig)?;
        let watched = Watched::new(server, ops, &certificate);
        watched.until_ready(started)?;
        Ok(watched)
    };

    cluster.apply_all(&world::healthy());
    println!("three nodes, no migration");
    let empty = start()?;
    empty.resident("after listing")?;
    empty.decisions("no events", MEASURED)?;
    drop(empty);

    let started = Instant::now();
    let facts = etcd::Etcd::new(cluster.servers.etcd_port);
    fill::nodes(&cluster.api, NODES);
    fill::vlan_statuses(&facts, NODES)?;
    fill::migrations(&facts, MIGRATIONS)?;
    println!("\n{NODES} nodes and VlanStatuses, {MIGRATIONS} ended migrations, stored in {:.0?}", started.elapsed());
    drop(start()?);
    println!("  again, now that the API server has read it all:");
    let full = start()?;
    full.resident("after listing")?;
    full.decisions("no events", MEASURED)?;
    let before = full.events()?;
    let (events, begun) = (Events::start(&facts)?, Instant::now());
    full.decisions("1,000 events a second", MEASURED)?;
    let (sent, arrived) = (events.stop()?, full.events()? - before);
    println!("  {sent} events in {}, {arrived} of them arrived by now", millis(begun.elapsed()));
    full.resident("after the events")?;
    ensure!(arrived * 10 >= sent * 9, "the webhook does not keep up");
    Ok(())
}
