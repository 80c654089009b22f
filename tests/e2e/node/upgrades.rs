//! Upgrades and rollbacks with both Helms, while users go on.

use std::thread;
use std::time::Duration;

use super::changes::Changes;
use super::lab::lease;
use super::report;
use crate::harness::helm::{MAJORS, earlier_chart};
use crate::harness::install::NAME;

#[test]
fn an_upgrade_and_its_rollback_are_not_noticed() {
    upgrade(false, "upgrade from 0.0.9", &[]);
}

/// Helm 4 needs the flag that docs/operations.md names.
#[test]
fn an_upgrade_that_drops_an_entry_is_not_noticed() {
    upgrade(true, "upgrade that drops an entry", &["--server-side=false"]);
}

fn upgrade(entry: bool, what: &str, for_helm_4: &[&str]) {
    for major in MAJORS {
        let lab = lease();
        lab.install(major, &earlier_chart(entry), &[]);
        let flags = if major == 4 { for_helm_4 } else { &[] };
        for (what, words) in [
            (what.to_owned(), ["upgrade", NAME, "CHART"]),
            (format!("rollback of the {what}"), ["rollback", NAME, "1"]),
        ] {
            let changes = Changes::start(&lab.plane.api);
            thread::sleep(Duration::from_secs(2));
            let args = ["--namespace", NAME, "--wait", "--timeout", "5m"];
            lab.helm(major).command(words.iter().chain(&args).chain(flags)).ok();
            thread::sleep(Duration::from_secs(2));
            let tally = changes.end();
            report::add(&format!("{what} (Helm {major})"), &tally);
            assert!(tally.faults.is_empty(), "{tally:?}");
            lab.restarts(0);
        }
    }
}
