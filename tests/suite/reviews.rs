//! Reports of `review`, and what clients would show.

use roxmltree::Document;
use serde_json::Value;

use crate::support::{Dir, Run};

const SETTING: &str = "apiVersion: harvesterhci.io/v1beta1\nkind: Setting\nmetadata: {name: vm-migration-network}\n";

fn dir() -> Dir {
    let dir = Dir::with_cases("");
    dir.write(
        "git/good.yaml",
        &format!(
            "{SETTING}value: '{{\"clusterNetwork\":\"vm-migration\",\"vlan\":100,\"range\":\"192.168.1.0/24\"}}'\n"
        ),
    );
    dir.write(
        "git/other-form.yaml",
        &format!("{SETTING}value: '{{\"vlan\":100,\"clusterNetwork\":\"mgmt\",\"range\":\"192.168.1.0/24\"}}'\n"),
    );
    dir.write(
        "git/bad.yaml",
        &format!(
            "# Two objects.\n---\n{SETTING}value: \"{{\\\"clusterNetwork\\\":\\\"vm-migration\\\",\\\"vlan\\\":4095,\\\"range\\\":\\\"192.168.1.1/24\\\"}}\"\n---\n\
             apiVersion: v1\nkind: List\nitems:\n- kind: Setting\n  apiVersion: harvesterhci.io/v1beta1\n  metadata: {{name: vm-migration-network}}\n  \
             value: |\n    {{\n      \"clusterNetwork\": \"vm-migration\",\n      \"vlan\": 100,\n      \"range\": \"192.168.1.0/24\",\n      \
             \"exclude\": [\"192.168.1.1/32\", \"x\"]\n    }}\n"
        ),
    );
    dir.write("git/deletion.json", include_str!("../suites/reviews/collection-delete.json"));
    dir.write("git/broken.yaml", "a: 1 # vm-migration-network\nb: [\n");
    dir
}

fn review(dir: &Dir, arguments: &[&str]) -> Run {
    dir.run(&[&["review", "--cluster", "cluster.yaml", "git"], arguments].concat())
}

/// What `review` finds, as `file:line:column rule field`.
fn findings(report: &Value) -> Vec<String> {
    let results = report["results"].as_array().unwrap().iter();
    let causes = results.flat_map(|result| result["causes"].as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    causes.map(|it| ["file", "line", "column", "rule", "field"].map(|key| text(&it[key])).join(" ")).collect()
}

#[test]
fn causes_are_where_the_field_is() {
    let dir = dir();
    let run = review(&dir, &["--report", "json"]);
    assert_eq!(run.code, 2, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        findings(&report),
        [
            "git/bad.yaml 6 46 vlan-range value.vlan",
            "git/bad.yaml 6 60 range-not-ipv4-network value.range",
            "git/bad.yaml 19 37 exclude-invalid value.exclude[1]",
        ]
    );
    let bad = dir.read("git/bad.yaml");
    for (line, column, text) in [(6, 46, r#"\"vlan\":4095"#), (6, 60, r#"\"range\""#), (19, 37, "\"x\"")] {
        let line: String = bad.lines().nth(line - 1).unwrap().chars().skip(column - 1).collect();
        assert!(line.starts_with(text), "{line}");
    }
    let results = report["results"].as_array().unwrap();
    let fared: Vec<_> =
        results.iter().map(|it| [&it["file"], &it["status"]].map(|it| it.as_str().unwrap()).join(" ")).collect();
    assert_eq!(
        fared,
        [
            "git/bad.yaml failed",
            "git/bad.yaml failed",
            "git/broken.yaml error",
            "git/deletion.json failed",
            "git/good.yaml passed",
            "git/other-form.yaml passed",
        ]
    );
    assert_eq!((&results[2]["line"], &results[2]["column"]), (&2.into(), &4.into()));
    let names: Vec<_> = results.iter().take(2).map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["CREATE vm-migration-network", "CREATE vm-migration-network, document 2, items[0]"]);
    assert!(results[3]["refusal"].as_str().unwrap().starts_with("the Setting vm-migration-network is never deleted"));
    let kinds: Vec<_> =
        results[5]["warnings"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["mgmt", "not-canonical"]);
}

#[test]
fn reports_agree_with_the_exit_code() {
    let dir = dir();
    let junit = |arguments: &[&str]| {
        let run = review(&dir, arguments);
        let document = Document::parse(&run.out).unwrap();
        let count = |name| document.root_element().attribute(name).unwrap().parse::<usize>().unwrap();
        (run.code, count("tests"), count("failures"), count("errors"))
    };
    assert_eq!(junit(&["--report", "junit"]), (2, 6, 3, 1));
    assert_eq!(junit(&["--report", "junit", "--warnings-as-errors"]), (2, 6, 4, 1));
    let only = |file: &str, arguments: &[&str]| {
        let run = dir.run(&[&["review", "--cluster", "cluster.yaml", file, "--report", "sarif"], arguments].concat());
        let sarif: Value = serde_json::from_str(&run.out).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        (
            run.code,
            results.iter().map(|it| format!("{} {}", it["level"], it["ruleId"]).replace('"', "")).collect::<Vec<_>>(),
        )
    };
    assert_eq!(only("git/good.yaml", &[]), (0, vec![]));
    assert_eq!(only("git/other-form.yaml", &[]), (0, vec!["warning mgmt".into(), "warning not-canonical".into()]));
    assert_eq!(
        only("git/other-form.yaml", &["--warnings-as-errors"]),
        (1, vec!["error mgmt".into(), "error not-canonical".into()])
    );
    assert_eq!(only("git/deletion.json", &[]), (1, vec!["error refused".into()]));
    assert_eq!(only("git/broken.yaml", &[]), (2, vec!["error could-not-be-judged".into()]));
    assert_eq!(only("cluster.yaml", &[]), (2, vec!["error could-not-be-judged".into()]));
    assert_eq!(only("cluster.yaml", &["--allow-none"]), (0, vec![]));
}

#[test]
fn a_report_has_standard_output_for_itself() {
    let dir = dir();
    let run = review(&dir, &["--report", "github"]);
    assert!(run.out.lines().all(|line| line.starts_with("::")), "{}", run.out);
    assert!(
        run.err.contains("\ngit/good.yaml:1: allowed, CREATE\n") || run.err.contains("git/good.yaml:1: allowed"),
        "{}",
        run.err
    );
    for arguments in [["--report", "json", "--output", "json"], ["--report", "json", "-o", "ui"]] {
        let run = review(&dir, &arguments);
        assert_eq!(
            (run.code, &*run.out, &*run.err),
            (
                2,
                "",
                "error: a --report on standard output leaves no room for --output; give it a file: --report FORMAT=FILE\n"
            )
        );
    }
    let run = review(&dir, &["--report", "json=report.json", "--output", "json"]);
    assert_eq!(run.out.lines().count(), 6);
    serde_json::from_str::<Value>(&dir.read("report.json")).unwrap();
}

#[test]
fn previews_are_what_clients_show() {
    let dir = dir();
    let show = |client: &str, file: &str| {
        let run = dir.run(&["review", "--cluster", "cluster.yaml", "-o", client, file]);
        assert!(run.err.contains(" judged"), "{}", run.err);
        run.out
    };
    let mut all = String::new();
    for file in ["git/bad.yaml", "git/deletion.json", "git/good.yaml", "git/other-form.yaml"] {
        for client in ["kubectl", "kubectl-many", "ui"] {
            all.extend([file, " as ", client, ":\n", &show(client, file), "\n"]);
        }
    }
    // What the registration leaves alone is not answered, whatever the webhook would say of it.
    dir.write("same.yaml", &format!("{SETTING}value: ''\n"));
    assert_eq!(show("kubectl", "same.yaml"), "");
    insta::assert_snapshot!(all);
}
