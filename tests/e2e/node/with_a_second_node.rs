//! What takes two nodes. Last of all: the second one stays.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use super::changes::{CALM, Changes};
use super::lab::{Lab, ROLLOUT, installed};
use super::report;
use crate::harness::install::NAME;
use crate::harness::wait::eventually;

/// Where the replicas are.
fn places(lab: &Lab) -> BTreeSet<String> {
    lab.pods().iter().filter_map(|pod| pod["spec"]["nodeName"].as_str().map(str::to_owned)).collect()
}

fn both() -> BTreeSet<String> {
    ["node-1", "node-2"].map(String::from).into()
}

#[test]
fn a_drain_of_one_of_two_and_a_restart_are_not_noticed() {
    let mut lab = installed(2);
    assert_eq!(places(&lab), both());
    let changes = Changes::start(&lab.plane.api);
    thread::sleep(CALM);
    lab.kubectl(&["drain", "node-2", "--ignore-daemonsets", "--timeout=240s"]);
    lab.rolled_out(NAME);
    assert_eq!(places(&lab), ["node-1".to_owned()].into());
    let tally = changes.end();
    report::add("`kubectl drain` of one of two nodes", &tally);
    assert!(tally.faults.is_empty(), "{tally:?}");

    lab.kubectl(&["uncordon", "node-2"]);
    let changes = Changes::start(&lab.plane.api);
    lab.kubectl(&["-n", NAME, "rollout", "restart", &format!("deployment/{NAME}")]);
    lab.rolled_out(NAME);
    thread::sleep(CALM);
    let tally = changes.end();
    report::add("`kubectl rollout restart` over two nodes", &tally);
    assert_eq!(places(&lab), both());
    assert!(tally.faults.is_empty(), "{tally:?}");
    lab.keep();
}

/// Until Kubernetes itself notices, the API server is sent to replicas that are not there, and sometimes waits in vain.
#[test]
fn a_node_that_dies_costs_some_changes_until_it_is_noticed() {
    let lab = installed(2);
    assert_eq!(places(&lab), both());
    let changes = Changes::start(&lab.plane.api);
    thread::sleep(CALM);
    lab.connect(false);
    eventually("it is noticed", ROLLOUT, || match lab.ready("node-2") {
        Ok(()) => Err("it is ready"),
        Err(_) => Ok(()),
    });
    // What was under way when its replicas left the Service may still take its ten seconds.
    thread::sleep(Duration::from_secs(15));
    let noticed = changes.end();
    report::add("one of two nodes dies", &noticed);
    let changes = Changes::start(&lab.plane.api);
    thread::sleep(Duration::from_secs(10));
    let after = changes.end();
    lab.connect(true);
    report::add("the same, once Kubernetes has noticed", &after);
    assert!(noticed.faults.keys().all(|reason| reason.starts_with("webhook: ")), "{noticed:?}");
    assert!(after.faults.is_empty(), "{after:?}");
}
