//! What happens to a cluster of one node, while users go on.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::changes::{CALLERS, CALM, Changes};
use super::lab::{Lab, ROLLOUT, installed};
use super::report;
use crate::harness::install::NAME;
use crate::harness::wait::eventually;

#[test]
fn a_rolling_restart_is_not_noticed() {
    let mut lab = installed(1);
    let changes = Changes::start(&lab.plane.api);
    thread::sleep(CALM);
    lab.kubectl(&["-n", NAME, "rollout", "restart", &format!("deployment/{NAME}")]);
    lab.rolled_out(NAME);
    thread::sleep(CALM);
    let tally = changes.end();
    report::add("`kubectl rollout restart`", &tally);
    assert!(tally.faults.is_empty(), "{tally:?}");
    lab.keep();
}

/// The budget holds two of the three replicas, so the drain does not end; the third has nowhere to go until `uncordon`.
#[test]
fn a_drain_of_the_only_node_leaves_two_replicas() {
    let mut lab = installed(1);
    let changes = Changes::start(&lab.plane.api);
    thread::sleep(CALM);
    let drained = lab.plane.kubectl(["drain", "node-1", "--ignore-daemonsets", "--timeout=10s"]).run();
    assert_eq!(drained.code, 1, "{drained}");
    assert!(drained.stderr.contains("Cannot evict pod as it would violate the pod's disruption budget."), "{drained}");
    eventually("the third is gone", ROLLOUT, || match lab.ready_pods() {
        2 => Ok(()),
        count => Err(count),
    });
    lab.kubectl(&["uncordon", "node-1"]);
    lab.rolled_out(NAME);
    thread::sleep(CALM);
    let tally = changes.end();
    report::add("`kubectl drain` of the only node for 10 s, then `uncordon`", &tally);
    assert!(tally.faults.is_empty(), "{tally:?}");
    lab.keep();
}

/// Nobody but the API server is missed, and not a moment longer than it is away.
#[test]
fn a_restart_of_the_api_server_is_survived() {
    let mut lab = installed(1);
    let changes = Changes::start(&lab.plane.api);
    thread::sleep(CALM);
    lab.plane.servers.stop_apiserver();
    lab.plane.servers.start_apiserver();
    lab.guarded();
    thread::sleep(CALM);
    let tally = changes.end();
    report::add("the API server is restarted", &tally);
    blameless(&tally.faults, &lab);
    lab.keep();
}

/// For 30 s nothing can be read or stored. Watches go on as if nothing had been.
#[test]
fn an_etcd_that_stops_for_a_while_is_survived() {
    let mut lab = installed(1);
    let changes = Changes::start(&lab.plane.api);
    thread::sleep(CALM);
    lab.plane.servers.etcd.signal("STOP");
    thread::sleep(Duration::from_secs(30));
    lab.plane.servers.etcd.signal("CONT");
    lab.guarded();
    thread::sleep(CALM);
    let tally = changes.end();
    report::add("etcd is stopped for 30 s", &tally);
    blameless(&tally.faults, &lab);
    lab.keep();
}

/// Last, as it leaves a restart behind. Its connections are reset: what was on its way is refused, and the next one is answered by another replica.
#[test]
fn the_kubelet_starts_a_killed_replica_again() {
    let lab = installed(1);
    let changes = Changes::start(&lab.plane.api);
    thread::sleep(CALM);
    let pod = &lab.pods()[0];
    let id = pod["status"]["containerStatuses"][0]["containerID"].as_str().unwrap();
    let id = id.strip_prefix("containerd://").unwrap();
    lab.machines[0].run(&["ctr", "-n", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", id]);
    eventually("the kubelet starts it again", ROLLOUT, || {
        let counts: Vec<_> =
            lab.pods().iter().map(|pod| pod["status"]["containerStatuses"][0]["restartCount"].clone()).collect();
        if counts.contains(&json!(1)) && lab.ready_pods() == 3 { Ok(()) } else { Err(counts) }
    });
    thread::sleep(CALM);
    let tally = changes.end();
    report::add("SIGKILL of one replica", &tally);
    lab.restarts(1);
    // Requests that were on their way to it, at most one of each caller.
    assert!(tally.faults.values().sum::<usize>() <= CALLERS as usize, "{tally:?}");
}

/// The faults are all the API server's own, and all replicas are as they were.
fn blameless(faults: &std::collections::BTreeMap<String, usize>, lab: &Lab) {
    assert!(faults.keys().all(|reason| reason.starts_with("API server: ")), "{faults:?}");
    lab.rolled_out(NAME);
    assert_eq!(lab.ready_pods(), 3);
    lab.restarts(0);
}
