//! Reports, read back by readers that did not write them.

use std::collections::HashSet;

use roxmltree::{Document, Node};
use serde_json::Value;

use crate::support::Dir;

/// One case that holds, one that does not, one that can't be run, and text that tries to be more than text.
fn mixed() -> Dir {
    let dir = Dir::with_cases(
        "- name: holds
  operation: DELETE
  expect: {verdict: refused, code: 405}
- name: '100%, a<b>&c: \"quoted\" ::error::x'
  value: '{\"clusterNetwork\":\"vm-migration\",\"vlan\":4095,\"range\":\"192.168.1.1/24\",\"exclude\":[\"a\\nb%,:\"]}'
  expect: allowed
- name: can not be run
  value: ''
  without: [{kind: Node, name: node-9}]
  expect: notSent
",
    );
    dir.write("b/broken.suite.yaml", "cluster: [\n");
    dir
}

fn attributes<'a>(node: Node<'a, '_>, names: [&str; 4]) -> [&'a str; 4] {
    names.map(|name| node.attribute(name).unwrap_or_default())
}

#[test]
fn junit_is_read_back_with_the_counts_right() {
    let dir = mixed();
    let run = dir.run(&["test", "--report", "junit"]);
    assert_eq!(run.code, 2);
    let document = Document::parse(&run.out).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    assert_eq!(attributes(root, ["tests", "failures", "errors", "skipped"]), ["4", "1", "2", "0"]);
    let suites: Vec<_> = root.children().filter(Node::is_element).collect();
    let counts: Vec<_> =
        suites.iter().map(|suite| attributes(*suite, ["name", "tests", "failures", "errors"])).collect();
    assert_eq!(counts, [["b/broken.suite.yaml", "1", "0", "1"], ["x.suite.yaml", "3", "1", "1"]]);

    let cases: Vec<_> = suites[1].children().filter(|node| node.has_tag_name("testcase")).collect();
    let named: Vec<_> = cases.iter().map(|case| attributes(*case, ["name", "classname", "file", "line"])).collect();
    assert_eq!(named[0], ["holds", "x.suite.yaml", "x.suite.yaml", "4"]);
    assert_eq!(named[1], ["100%, a<b>&c: \"quoted\" \\u003a:error\\u003a:x", "x.suite.yaml", "x.suite.yaml", "7"]);
    assert!(!cases[0].has_children());
    let failure = cases[1].children().find(|node| node.has_tag_name("failure")).unwrap();
    assert_eq!(failure.attribute("type"), Some("expectation-not-met"));
    assert_eq!(failure.attribute("message"), Some("expected allowed, seen refused with code 422 (and 3 more)"));
    let text = failure.text().unwrap();
    assert!(text.starts_with("x.suite.yaml:9:11: expected allowed, seen refused with code 422\n"), "{text}");
    assert!(text.contains("\nthis would have held:\n  expect:\n    verdict: refused\n"), "{text}");
    let error = cases[2].children().find(|node| node.has_tag_name("error")).unwrap();
    assert_eq!(error.attribute("message"), Some("the cluster has no nodes \"node-9\" to leave out"));
}

#[test]
fn sarif_has_what_it_must_and_points_at_the_field() {
    let dir = mixed();
    let run = dir.run(&["test", "--report", "sarif"]);
    let sarif: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&sarif["version"], sarif["runs"].as_array().unwrap().len()), (&Value::from("2.1.0"), 1));
    let analysis = &sarif["runs"][0];
    assert_eq!(analysis["columnKind"], "unicodeCodePoints");
    assert_eq!(analysis["invocations"][0]["executionSuccessful"], false);
    let driver = &analysis["tool"]["driver"];
    assert_eq!(driver["name"], "migration-network-webhook");
    let rules = driver["rules"].as_array().unwrap();
    let ids: HashSet<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len());
    for rule in rules {
        for text in [&rule["shortDescription"]["text"], &rule["help"]["text"]] {
            assert!(text.as_str().unwrap().len() > 20, "{rule}");
        }
    }
    let explained = Dir::new().run(&["explain", "vlan-range"]).out;
    let help = rules.iter().find(|rule| rule["id"] == "vlan-range").unwrap()["help"]["text"].as_str().unwrap();
    assert_eq!(help.split_whitespace().collect::<Vec<_>>(), explained.split_whitespace().collect::<Vec<_>>());

    let results = analysis["results"].as_array().unwrap();
    assert_eq!(results.len(), 6);
    let mut fingerprints = HashSet::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(result["level"], "error");
        assert!(fingerprints.insert(result["partialFingerprints"]["problem/v1"].as_str().unwrap()));
    }
    let vlan = &results[2];
    assert_eq!(
        vlan["message"]["text"],
        "100%, a<b>&c: \"quoted\" \\u003a:error\\u003a:x: unexpected cause: vlan-range at value.vlan: Invalid value: 4095: must be between 0 \
         and 4094 (2 to 4094 are tagged, 0 and 1 untagged)"
    );
    let place = &vlan["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "x.suite.yaml");
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&8.into(), &44.into()));
    let line = dir.read("x.suite.yaml").lines().nth(7).unwrap().to_owned();
    assert!(line.chars().skip(43).collect::<String>().starts_with("\"vlan\":4095"), "{line}");
}

#[test]
fn fingerprints_survive_lines_that_move() {
    let fingerprints = |dir: &Dir| {
        let sarif: Value = serde_json::from_str(&dir.run(&["test", "--report", "sarif"]).out).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        results.iter().map(|it| it["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    let dir = mixed();
    let before = fingerprints(&dir);
    dir.write("x.suite.yaml", &format!("# A line more.\n{}", dir.read("x.suite.yaml")));
    assert_eq!(fingerprints(&dir), before);
}

#[test]
fn github_s_commands_are_escaped_and_errors_come_first() {
    let run = mixed().run(&["test", "--report", "github"]);
    insta::assert_snapshot!(run.out);
    assert!(run.err.ends_with("3 cases in 1 suite: 1 hold, 1 failed, 2 errors\n"), "{}", run.err);
}

#[test]
fn github_is_told_when_it_hides_annotations() {
    let cases: Vec<_> =
        (0..12).map(|index| format!("- name: case {index}\n  value: ''\n  expect: allowed\n")).collect();
    let run = Dir::with_cases(&cases.concat()).run(&["test", "--report", "github"]);
    let lines: Vec<_> = run.out.lines().collect();
    assert_eq!(lines.len(), 13);
    assert_eq!(lines[12], "::notice::2 more than GitHub shows as annotations; all are in the log of this step");
}

#[test]
fn a_step_has_its_summary() {
    let dir = mixed();
    dir.write("summary.md", "before\n");
    let environment = [("GITHUB_STEP_SUMMARY", "summary.md")];
    let run = dir.run_with(&["test", "--coverage", "--run", "%", "--report", "github"], &environment);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(dir.read("summary.md"));
}

#[test]
fn a_summary_that_can_not_be_written_is_a_warning() {
    let dir = Dir::with_cases("- name: deletion\n  operation: DELETE\n  expect: {verdict: refused, code: 405}\n");
    let run = dir.run_with(&["test", "--report", "github"], &[("GITHUB_STEP_SUMMARY", "gone/summary.md")]);
    assert_eq!((run.code, &*run.out), (0, ""));
    assert_eq!(
        run.err,
        "1 case in 1 suite: 1 hold, 0 failed\nwarning: $GITHUB_STEP_SUMMARY: No such file or directory (os error 2)\n"
    );
}

/// XML 1.0 has no character for these, not even escaped.
#[test]
fn what_xml_can_not_hold_is_escaped() {
    let dir = Dir::with_cases(
        "- name: \"a \\uFFFF\"\n  value: \"\\uFFFE\"\n  expect: {verdict: allowed, stored: \"\\uFFFE\"}\n",
    );
    for format in ["junit", "sarif", "github", "json"] {
        let run = dir.run(&["test", "--report", format]);
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(!run.out.contains(['\u{fffe}', '\u{ffff}']), "{}", run.out);
    }
    let xml = dir.run(&["test", "--report", "junit"]).out;
    let document = Document::parse(&xml).unwrap();
    let case = document.descendants().find(|node| node.has_tag_name("testcase")).unwrap();
    assert_eq!(case.attribute("name"), Some("a \\uffff"));
}

#[test]
fn files_are_named_from_the_root_of_the_repository() {
    let dir = mixed();
    let root = dir.path("").canonicalize().unwrap();
    let below = root.join("b");
    let script = "cd b && exec \"$0\" test --report github";
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_migration-network-webhook")]).env_clear();
    let run = dir.wait(command.env("GITHUB_WORKSPACE", &root));
    assert!(run.out.starts_with("::error file=b/broken.suite.yaml,line=1,"), "{}", run.out);
    let run = dir.wait(command.env("GITHUB_WORKSPACE", below.join("elsewhere")));
    assert!(run.out.starts_with("::error file=broken.suite.yaml,line=1,"), "{}", run.out);
}

#[test]
fn several_reports_are_one_document_each() {
    let dir = mixed();
    let reports = ["--report", "junit=r/x.xml", "--report", "sarif=r/x.sarif", "--report", "github=r/x.txt"];
    dir.write("r/x.xml", "old");
    let run = dir.run(&[&["test", "--coverage", "--report", "json"], &reports[..]].concat());
    assert_eq!(run.code, 2);
    let json: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["summary"].to_string(), r#"{"errors":2,"failed":1,"passed":1}"#);
    assert_eq!(json["coverage"]["points"], 39);
    assert_eq!(json["results"][1]["name"], "holds");
    Document::parse(&dir.read("r/x.xml")).unwrap();
    serde_json::from_str::<Value>(&dir.read("r/x.sarif")).unwrap();
    assert!(dir.read("r/x.txt").starts_with("::error "));
    assert!(run.err.contains("FAILED x.suite.yaml:7:9: "), "{}", run.err);
}

#[test]
fn exit_codes_are_the_same_in_every_format() {
    let one = |case: &str| Dir::with_cases(&format!("- name: the case\n  value: ''\n  {case}\n"));
    for (dir, code) in [(one("expect: notSent"), 0), (one("expect: allowed"), 1), (mixed(), 2)] {
        assert_eq!(dir.run(&["test"]).code, code);
        for format in ["junit", "sarif", "github", "json"] {
            assert_eq!(dir.run(&["test", "--report", format]).code, code, "{format}");
        }
    }
}

#[test]
fn reports_that_can_not_be_written_are_known_before_anything_runs() {
    let dir = mixed();
    for (reports, words) in [
        (
            &["junit", "json"][..],
            "error: --report junit and --report json both go to standard output; give each a file of its own\n",
        ),
        (
            &["junit=x", "json=x"],
            "error: --report junit=x and --report json=x both go to \"x\"; give each a file of its own\n",
        ),
        (&["junit=gone/x.xml"], "error: --report junit=gone/x.xml: No such file or directory (os error 2)\n"),
    ] {
        let arguments: Vec<&str> = reports.iter().flat_map(|report| ["--report", report]).collect();
        let run = dir.run(&[&["test"], &arguments[..]].concat());
        assert_eq!((run.code, &*run.out, &*run.err), (2, "", words));
    }
    let run = dir.run(&["test", "--report", "tap"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("there is no report tap; there are junit, sarif, github, json"), "{}", run.err);
}

#[test]
fn what_people_read() {
    insta::assert_snapshot!(mixed().run(&["test", "--verbose"]).out);
}
