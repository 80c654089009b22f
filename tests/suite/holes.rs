//! The ways in which policy tests pass without proving anything: each is closed.

use serde_json::Value;

use crate::support::{Dir, differences};

/// A value that is refused for its VLAN and its range.
const BAD: &str = r#"{"clusterNetwork":"vm-migration","vlan":4095,"range":"192.168.1.1/24"}"#;
/// A value that is accepted as it is.
const GOOD: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;

/// What is different when a case with this input and expectation is run.
fn failure(input: &str, expect: &str) -> Vec<String> {
    let (code, report) = Dir::with_cases(&format!("- name: the case\n  {input}\n  {expect}\n")).report();
    assert_eq!(code, 1, "{report}");
    differences(&report)
}

fn holds(input: &str, expect: &str) {
    let (code, report) = Dir::with_cases(&format!("- name: the case\n  {input}\n  {expect}\n")).report();
    assert_eq!(code, 0, "{report}");
}

fn value(value: &str) -> String {
    format!("value: '{value}'")
}

#[test]
fn a_refusal_that_nobody_expects_is_no_success() {
    assert_eq!(
        failure(&value(BAD), "expect: allowed"),
        [
            "expected allowed, seen refused with code 422",
            "unexpected cause: vlan-range at value.vlan: Invalid value: 4095: must be between 0 and 4094 (2 to 4094 are tagged, \
             0 and 1 untagged)",
            "unexpected cause: range-not-ipv4-network at value.range: Invalid value: \"192.168.1.1/24\": has host bits set; did \
             you mean 192.168.1.0/24?",
        ]
    );
    assert_eq!(failure(&value(GOOD), "expect: {verdict: refused, code: 422}")[0], "expected refused, seen allowed");
}

#[test]
fn nothing_to_run_is_no_success() {
    let empty = Dir::new();
    let run = empty.run(&["test"]);
    assert_eq!(
        (run.code, &*run.out),
        (
            2,
            "ERROR  .:1:1: suites: there is no *.suite.yaml here, so nothing was run\n0 cases in 0 suites: 0 hold, 0 failed, 1 error\n"
        )
    );
    empty.write("manifests/setting.yaml", "kind: Setting\n");
    empty.write("x.suite.txt", "cluster: []\n");
    assert_eq!(empty.run(&["test"]).out, run.out);
    assert_eq!(empty.run(&["test", "gone"]).code, 2);

    // One of two paths is right, the other is not.
    let cases = Dir::with_cases(&format!("- name: the case\n  {}\n  expect: allowed\n", value(GOOD)));
    cases.write("others/notes.txt", "");
    let run = cases.run(&["test", "x.suite.yaml", "others"]);
    assert_eq!((run.code, run.out.lines().last().unwrap()), (2, "1 case in 1 suite: 1 hold, 0 failed, 1 error"));
}

#[test]
fn a_suite_named_twice_counts_once() {
    let dir = Dir::with_cases(&format!("- name: the case\n  {}\n  expect: allowed\n", value(GOOD)));
    let once = dir.run(&["test", "-v", "--coverage", "x.suite.yaml"]);
    assert_eq!(once.code, 0, "{}", once.out);
    for paths in [&["x.suite.yaml", "x.suite.yaml"][..], &["x.suite.yaml", "."], &["x.suite.yaml", "./x.suite.yaml"]] {
        assert_eq!(dir.run(&[&["test", "-v", "--coverage"], paths].concat()), once, "{paths:?}");
    }
}

#[test]
fn a_suite_without_cases_is_no_success() {
    for cases in ["[]", "", "~"] {
        let dir = Dir::new();
        dir.write("x.suite.yaml", &format!("cluster: []\ncases: {cases}\n"));
        let run = dir.run(&["test"]);
        assert_eq!(run.code, 2, "{}", run.out);
    }
}

#[test]
fn a_pattern_that_matches_nothing_is_no_success() {
    let dir = Dir::with_cases(&format!("- name: the case\n  {}\n  expect: allowed\n", value(GOOD)));
    let run = dir.run(&["test", "--run", "the cases"]);
    assert_eq!(
        (run.code, &*run.out),
        (
            2,
            "ERROR  .:1:1: --run: no case matches --run the cases, so nothing was run\n0 cases in 1 suite: 0 hold, 0 failed, 1 error\n"
        )
    );
    for pattern in ["^the case$", "c.se", "x\\.suite"] {
        assert_eq!(dir.run(&["test", "--run", pattern]).code, 0, "{pattern}");
    }
    let run = dir.run(&["test", "--run", "a(b"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("\"a(b\" is no regular expression that can be used"), "{}", run.err);
}

#[test]
fn a_case_without_an_expectation_fails() {
    assert_eq!(failure(&value(GOOD), ""), ["there is no expect, and a case without one can't fail; seen allowed"]);
}

#[test]
fn a_refusal_without_a_reason_fails() {
    let words = "expected refused, but not why: one that is refused for another reason would hold as well; seen refused with \
                 code 422";
    for expect in ["expect: refused", "expect: {verdict: refused, code: 422}"] {
        assert_eq!(failure(&value(BAD), expect), [words]);
    }
    assert_eq!(failure(&value(BAD), "expect: {verdict: refused, causes: []}")[0], words);
}

#[test]
fn a_request_that_is_never_sent_proves_nothing() {
    let unchanged = "expected allowed, seen notSent: neither value nor default changes to something that is judged";
    assert_eq!(failure(&format!("{}\n  old: '{GOOD}'", value(GOOD)), "expect: allowed"), [unchanged]);
    assert_eq!(failure("value: ''", "expect: allowed"), [unchanged]);
    let other = "setting: {apiVersion: harvesterhci.io/v1beta1, kind: Setting, metadata: {name: other}, value: 'x'}";
    assert_eq!(
        failure(other, "expect: {verdict: refused, code: 422}"),
        ["expected refused, seen notSent: it is not about the Setting vm-migration-network of harvesterhci.io"]
    );
    assert_eq!(failure(&value(GOOD), "expect: notSent"), ["expected notSent, seen allowed"]);
    holds("value: ''", "expect: notSent");
}

#[test]
fn an_update_has_two_sides() {
    let disabled = format!("value: ''\n  old: '{GOOD}'");
    holds(&disabled, "expect: {verdict: allowed, stored: ''}");
    let reformatted = GOOD.replace(':', ": ");
    holds(
        &format!("value: '{reformatted}'\n  old: '{GOOD}'"),
        &format!("expect: {{verdict: allowed, stored: '{GOOD}'}}"),
    );
    assert_eq!(
        failure(
            &format!("value: '{reformatted}'\n  old: '{GOOD}'"),
            &format!("expect: {{verdict: allowed, stored: '{reformatted}'}}")
        ),
        [format!("expected stored {reformatted}, seen {GOOD}")]
    );
}

#[test]
fn causes_are_compared_exactly() {
    let expect = |causes: &str| format!("expect: {{verdict: refused, causes: {causes}}}");
    let vlan = "{rule: vlan-range, field: value.vlan}";
    let range = "{rule: range-not-ipv4-network, field: value.range}";
    holds(&value(BAD), &expect(&format!("[{range}, {vlan}]")));
    holds(&value(BAD), &expect(&format!("{{including: [{range}]}}")));
    assert!(
        failure(&value(BAD), &expect(&format!("[{vlan}]")))[0].starts_with("unexpected cause: range-not-ipv4-network")
    );
    assert_eq!(
        failure(&value(BAD), &expect(&format!("[{vlan}, {vlan}, {range}]"))),
        ["missing cause: vlan-range at value.vlan"]
    );
    for (cause, words) in [
        ("{rule: vlan-range, field: value}", "missing cause: vlan-range at value"),
        ("{rule: vlan-exclusive, field: value.vlan}", "missing cause: vlan-exclusive at value.vlan"),
        (
            "{rule: vlan-range, field: value.vlan, reason: FieldValueForbidden}",
            "missing cause: vlan-range at value.vlan, reason FieldValueForbidden",
        ),
        (
            "{rule: vlan-range, field: value.vlan, message: '^4095'}",
            "missing cause: vlan-range at value.vlan, message /^4095/",
        ),
    ] {
        assert_eq!(failure(&value(BAD), &expect(&format!("{{including: [{cause}]}}"))), [words]);
    }
    // The first expectation matches either overlap, the second only the first of them: both find one.
    let overlaps = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.0/28","192.168.1.1/32","192.168.1.0/29"]}"#;
    holds(
        &value(overlaps),
        &expect(
            "[{rule: exclude-invalid, field: 'value.exclude[1]'}, {rule: exclude-invalid, field: 'value.exclude[2]', message: overlaps}]",
        ),
    );
}

#[test]
fn a_pattern_that_every_message_meets_is_none() {
    for pattern in ["", "x*", "(?:vlan)?", "^", ".*"] {
        let cases = format!(
            "- name: the case\n  {}\n  expect: {{verdict: refused, causes: {{including: [{{rule: vlan-range, field: \
             value.vlan, message: '{pattern}'}}]}}}}\n",
            value(BAD)
        );
        let run = Dir::with_cases(&cases).run(&["test"]);
        let what = format!(": suite: \"{pattern}\" matches even nothing, so it is found in any text\n");
        assert!(run.code == 2 && run.out.contains(&what), "{}", run.out);
    }
}

#[test]
fn objects_that_are_not_there_make_no_difference_to_rely_on() {
    let with = format!("- name: the case\n  {}\n  with: [none]\n  expect: allowed\n", value(GOOD));
    let dir = Dir::with_cases(&with);
    // As `capture` writes a kind of which there is nothing.
    dir.write("none/nodes.yaml", "# nodes: 0\n");
    let run = dir.run(&["test"]);
    let error = "ERROR  x.suite.yaml:6:10: suite: \"none\" holds no object, so it changes nothing\n";
    assert!(run.code == 2 && run.out.starts_with(error), "{}", run.out);
}

#[test]
fn warnings_and_code_are_compared() {
    let mgmt = r#"{"clusterNetwork":"mgmt","vlan":100,"range":"192.168.1.0/24"}"#;
    holds(&value(mgmt), "expect: {verdict: allowed, code: 200, warnings: [{kind: mgmt, message: control plane}]}");
    assert_eq!(
        failure(&value(mgmt), "expect: {verdict: allowed, warnings: []}"),
        [
            "unexpected warning: mgmt: value.clusterNetwork: migration traffic on mgmt shares the control plane's network"
        ]
    );
    assert_eq!(
        failure(&value(mgmt), "expect: {verdict: allowed, warnings: {including: [{kind: rewritten}]}}"),
        ["missing warning: rewritten"]
    );
    assert_eq!(
        failure("operation: DELETE", "expect: {verdict: refused, code: 422}")[0].split(':').next().unwrap(),
        "expected code 422, seen refused with code 405"
    );
}

#[test]
fn a_rule_that_only_warns_warns_here_too() {
    let reserved = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.52.0.0/24"}"#;
    let expect = "expect: {verdict: allowed, warnings: [{kind: range-reserved}]}";
    let dir = Dir::with_cases(&format!("- name: the case\n  {}\n  {expect}\n", value(reserved)));
    assert_eq!(dir.run(&["test"]).code, 1);
    assert_eq!(dir.run(&["test", "--warn-rule", "range-reserved"]).code, 0);
    assert_eq!(dir.run_with(&["test"], &[("MNW_WARN_RULE", "range-reserved")]).code, 0);
}

#[test]
fn what_would_have_held_holds_once_it_is_pasted() {
    let inputs = [
        value(GOOD),
        value(BAD),
        format!("value: '{}'\n  old: '{GOOD}'", GOOD.replace(':', ": ")),
        "value: ''".into(),
        "operation: DELETE".into(),
        "value: \" \\n\"\n  old: \"it's \\u0007 not ::error:: JSON\"".into(),
        r#"value: '{"clusterNetwork":"mgmt","vlan":100,"range":"192.168.1.0/30"}'"#.into(),
        "value: x\n  without:\n  - {kind: Node}".into(),
        format!("value: '{GOOD}'\n  without:\n  - {{kind: Node}}"),
        format!(r#"value: '{{"exclude":[{}]}}'"#, vec!["1"; 60].join(",")),
    ];
    for indent in ["", "  "] {
        let cases = |blocks: &dyn Fn(usize) -> String| {
            let case = |(index, input): (usize, &String)| {
                let input = input.replace('\n', &format!("\n{indent}"));
                format!("{indent}- name: case {index}\n{indent}  {input}\n{}", blocks(index))
            };
            inputs.iter().enumerate().map(case).collect::<String>()
        };
        let (code, report) = Dir::with_cases(&cases(&|_| String::new())).report();
        assert_eq!(code, 1);
        let results = report["results"].as_array().unwrap();
        let blocks = |index: usize| results[index]["wouldHold"].as_str().unwrap().to_owned();
        let (code, report) = Dir::with_cases(&cases(&blocks)).report();
        assert_eq!(code, 0, "{report}");
    }
}

#[test]
fn coverage_below_the_least_fails_and_says_what_is_missing() {
    let dir = Dir::with_cases(&format!("- name: the case\n  {}\n  expect: allowed\n", value(GOOD)));
    let run = dir.run(&["test", "--min-coverage", "42"]);
    assert_eq!(run.code, 1, "{}", run.out);
    insta::assert_snapshot!(run.out);
    let percent: Value = serde_json::from_str(&dir.run(&["test", "--coverage", "--report", "json"]).out).unwrap();
    assert_eq!(percent["coverage"]["percent"], 41);
    assert_eq!(dir.run(&["test", "--min-coverage", "41"]).code, 0);
    let conflict = dir.run(&["test", "--min-coverage", "41", "--run", "case"]);
    assert_eq!(conflict.code, 2);
    for wrong in ["0", "101", "x"] {
        assert_eq!(dir.run(&["test", "--min-coverage", wrong]).code, 2);
    }
}

#[test]
fn a_case_that_fails_reaches_nothing() {
    let dir =
        Dir::with_cases(&format!("- name: the case\n  {}\n  expect: {{verdict: allowed, stored: x}}\n", value(GOOD)));
    let run = dir.run(&["test", "--coverage"]);
    assert!(run.out.contains("coverage 0 % (0 of 39)\n"), "{}", run.out);
}
