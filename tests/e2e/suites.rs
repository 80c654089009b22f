//! A suite for a cluster of one's own, as docs/cli.md shows it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::Cluster;
use crate::harness::assets;
use crate::harness::command_line::run;
use crate::harness::process::scratch;
use crate::harness::world::{CANONICAL, healthy, ours};

/// The suite on that page.
fn shown() -> String {
    let page = fs::read_to_string(assets::repository().join("docs/cli.md")).unwrap();
    let (_, suite) = page.split_once("```yaml\n# mine.suite.yaml\n").unwrap();
    suite.split_once("```\n").unwrap().0.to_owned()
}

#[test]
fn what_kustomize_builds_is_judged_by_a_capture() {
    let cluster = Cluster::lease();
    cluster.apply_all(&healthy());
    let directory = scratch("gitops");
    let kubeconfig = cluster.servers.kubeconfig(crate::harness::control_plane::ADMIN);
    assert_eq!(run(&kubeconfig, &directory, &["capture", "cluster"]).code, 0);

    let setting = |group: &str, name: &str, value: &str| {
        format!("apiVersion: {group}\nkind: Setting\nmetadata: {{name: {name}}}\nvalue: '{value}'\n")
    };
    for (name, text) in [
        ("kustomization.yaml", "resources: [base.yaml, others.yaml]\npatches: [{path: production.yaml}]\n".to_owned()),
        ("base.yaml", setting("harvesterhci.io/v1beta1", "vm-migration-network", CANONICAL)),
        (
            "production.yaml",
            setting("harvesterhci.io/v1beta1", "vm-migration-network", &CANONICAL.replace("100,", "4095,")),
        ),
        (
            "others.yaml",
            [
                setting("harvesterhci.io/v1beta1", "storage-network", ""),
                setting("longhorn.io/v1beta2", "vm-migration-network", "no JSON"),
                setting("management.cattle.io/v3", "vm-migration-network", "no JSON"),
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside}\n".to_owned(),
            ]
            .join("---\n"),
        ),
    ] {
        fs::write(directory.join(name), text).unwrap();
    }
    let built = cluster.kubectl(["kustomize".as_ref(), directory.as_os_str()]).ok();
    let (built_file, report) = (directory.join("built"), directory.join("report.json"));
    fs::write(&built_file, &built).unwrap();
    let mut review = Command::new(assets::webhook());
    review.env_clear().current_dir(&directory).args(["review", "--cluster", "cluster", "-", "--report"]);
    review.arg(format!("json={}", report.display())).stdin(fs::File::open(&built_file).unwrap());
    let output = review.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    let summary = "1 judged: 1 refused; passed over: 1 ConfigMap, 1 Setting.harvesterhci.io, 1 Setting.longhorn.io, 1 \
                   Setting.management.cattle.io; counted as applied: storage-network\n";
    assert!(stdout.ends_with(summary), "{stdout}");

    // The place is the one in what was piped in.
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let cause = &report["results"][0]["causes"][0];
    let line = built.lines().position(|line| line.contains("4095")).unwrap() + 1;
    let column = built.lines().nth(line - 1).unwrap().find("\"vlan\"").unwrap() + 1;
    assert_eq!((&cause["rule"], &cause["field"]), (&"vlan-range".into(), &"value.vlan".into()), "{report}");
    assert_eq!((&cause["line"], &cause["column"]), (&line.into(), &column.into()), "{report}");
}

#[test]
fn the_page_leads_from_a_live_cluster_to_a_suite_that_holds() {
    let cluster = Cluster::lease();
    cluster.apply_all(&healthy());
    cluster.store(&ours(CANONICAL));
    let directory = scratch("suite");
    let kubeconfig = cluster.servers.kubeconfig(crate::harness::control_plane::ADMIN);
    let user = |args: &[&str]| run(&kubeconfig, &directory, args);

    let captured = user(&["capture", "cluster"]);
    assert_eq!((captured.code, &*captured.stderr), (0, ""), "{captured}");
    fs::write(directory.join("mine.suite.yaml"), shown()).unwrap();
    // From here on the cluster is not asked: there is none under this name.
    let offline = |args: &[&str]| run(Path::new("gone"), &directory, args);

    let first = offline(&["test", "mine.suite.yaml"]);
    let block = "  expect:\n    verdict: refused\n    causes:\n    - rule: range-reserved\n      field: value.range\n";
    let line = shown().lines().position(|line| line == "- name: the outcome is not known yet");
    let place = format!("{}:9", line.unwrap() + 1);
    let failure = format!(
        "FAILED mine.suite.yaml:{place}: the outcome is not known yet\n  {place}: there is no expect, and a \
         case without one can't fail; seen refused with code 422\n  this would have held:\n{block}\n7 cases in 1 suite: 6 hold, 1 \
         failed\n"
    );
    assert_eq!((first.code, first.stdout, &*first.stderr), (1, failure, ""));

    fs::write(directory.join("mine.suite.yaml"), shown() + block).unwrap();
    let reports = ["--report", "junit=suites.xml", "--report", "json=suites.json", "--min-coverage", "40"];
    let second = offline(&[&["test"][..], &reports].concat());
    assert_eq!(second.code, 0, "{second}");
    assert!(second.stdout.ends_with("\n7 cases in 1 suite: 7 hold, 0 failed\n"), "{second}");
    let json: Value = serde_json::from_slice(&fs::read(directory.join("suites.json")).unwrap()).unwrap();
    let verdicts: Vec<&str> =
        json["results"].as_array().unwrap().iter().map(|result| result["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["allowed", "refused", "refused", "refused", "refused", "notSent", "refused"]);
    let junit = fs::read_to_string(directory.join("suites.xml")).unwrap();
    assert!(junit.contains(r#"tests="7" skipped="0" failures="0" errors="0""#), "{junit}");

    // What it names is there: a node that leaves the cluster is noticed at the next capture.
    let gone = "/apis/network.harvesterhci.io/v1beta1/vlanstatuses/vm-migration-node-1";
    cluster.api.delete(gone).unwrap();
    let again = user(&["capture", "--force", "cluster"]);
    assert_eq!(again.code, 0, "{again}");
    let third = offline(&["test"]);
    assert_eq!(third.code, 2, "{third}");
    let missing = "the cluster has no vlanstatuses.network.harvesterhci.io \"vm-migration-node-1\" to leave out\n";
    assert!(third.stdout.contains(missing), "{third}");
}
