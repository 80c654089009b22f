//! From release 0.1.0 in `harvester-system`, which was installed with kustomize, to the chart in a namespace of its own.

use std::fs;

use super::changes::{CALM, Changes};
use super::lab::lease;
use super::report;
use crate::harness::assets::repository;
use crate::harness::install::NAME;

/// The commands of the page's section, the emergency's first.
fn commands(page: &str) -> Vec<&str> {
    let section = |heading: &str| {
        let (_, section) = page.split_once(heading).expect("the section is there");
        section.split("\n#").next().expect("a section").lines().filter_map(|line| line.strip_prefix("    kubectl "))
    };
    section("\n## In an emergency\n").take(1).chain(section("\n### Moving out of harvester-system\n")).collect()
}

/// There is a moment without protection, and none in which a change is refused by nobody.
#[test]
fn release_0_1_0_moves_out_of_harvester_system() {
    let lab = lease();
    let release = repository().join("tests/e2e/node/release-0.1.0.yaml");
    lab.kubectl(&["apply", "-f", &release.display().to_string()]);
    lab.rolled_out("harvester-system");
    lab.guarded();

    let page = fs::read_to_string(repository().join("docs/operations.md")).unwrap();
    let changes = Changes::start(&lab.plane.api);
    std::thread::sleep(CALM);
    for command in commands(&page) {
        lab.plane.shell(&format!("kubectl {command}")).ok();
    }
    let args = ["install", NAME, "CHART", "--namespace", NAME, "--create-namespace"];
    lab.helm(4).command(args).ok();
    lab.guarded();
    let tally = changes.end();
    report::add("moving release 0.1.0 out of `harvester-system`", &tally);
    assert!(tally.faults.keys().all(|reason| reason.starts_with("webhook: ")), "{tally:?}");
    let left = lab.kubectl(&[
        "-n",
        "harvester-system",
        "get",
        "all,secret,role",
        "-l",
        &format!("app.kubernetes.io/name={NAME}"),
        "-o",
        "name",
    ]);
    assert_eq!(left.lines().filter(|line| !line.starts_with("pod/")).count(), 0, "{left}");
}
