//! Upgrades and rollbacks with both Helms, while users go on.

use std::fs;
use std::thread;

use super::changes::{CALM, Changes};
use super::lab::{Lab, lease};
use super::report;
use crate::harness::assets::repository;
use crate::harness::helm::earlier_chart;
use crate::harness::install::NAME;

/// By the command of the operator's page.
#[test]
fn an_upgrade_and_its_rollback_are_not_noticed() {
    let page = fs::read_to_string(repository().join("docs/operations.md")).unwrap();
    let (_, section) = page.split_once("\n## Upgrade\n").unwrap();
    let line = section.lines().find_map(|line| line.strip_prefix("    helm ")).unwrap();
    let line = line.replace("manifests/chart", "CHART");
    let lab = lease();
    lab.install(4, &earlier_chart(false), &[]);
    run(&lab, 4, "upgrade from 0.0.9", &line.split(' ').collect::<Vec<_>>());
    run(&lab, 4, "its rollback", &["rollback", NAME, "1"]);
}

/// What Helm 3 does without the entry is a part of this. Helm 4 needs the flag that docs/operations.md names.
#[test]
fn an_upgrade_that_drops_an_entry_is_not_noticed() {
    for (major, flags) in [(3, &[][..]), (4, &["--server-side=false"])] {
        let lab = lease();
        lab.install(major, &earlier_chart(true), &[]);
        run(&lab, major, "upgrade from 0.0.9 that drops an entry", &[&["upgrade", NAME, "CHART"], flags].concat());
        run(&lab, major, "its rollback", &[&["rollback", NAME, "1"], flags].concat());
    }
}

fn run(lab: &Lab, major: u8, what: &str, words: &[&str]) {
    let changes = Changes::start(&lab.plane.api);
    thread::sleep(CALM);
    let args = ["--namespace", NAME, "--wait", "--timeout", "5m"];
    lab.helm(major).command(words.iter().chain(&args)).ok();
    thread::sleep(CALM);
    let tally = changes.end();
    report::add(&format!("{what} (Helm {major})"), &tally);
    assert!(tally.faults.is_empty(), "{tally:?}");
    lab.restarts(0);
}
