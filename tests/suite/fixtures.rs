//! The project's own suites.

use std::path::Path;
use std::process::Command;

use crate::support::{Dir, Run};

fn run(arguments: &[&str]) -> Run {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_migration-network-webhook"));
    command.args(arguments).arg(root.join("tests/suites"));
    Dir::new().wait(&mut command)
}

#[test]
fn every_case_holds_and_together_they_reach_everything() {
    let Run { code, out, err } = run(&["test", "--min-coverage", "100"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.starts_with("coverage 100 % (39 of 39), and must be 100 %\n"), "{out}");
    assert!(out.ends_with(" hold, 0 failed\n"), "{out}");
}

#[test]
fn coverage_counts_cases_by_what_they_reach() {
    let Run { code, out, .. } = run(&["test", "--coverage", "--run", "mgmt.suite.yaml"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(out);
}
