//! What a suite may not say, told with its place and what is accepted.

use crate::support::Dir;

/// What is said of a suite, after its path.
fn complaint(suite: &str) -> String {
    let dir = Dir::with_cases("");
    dir.write("x.suite.yaml", suite);
    let run = dir.run(&["test"]);
    assert_eq!(run.code, 2, "{suite}{}", run.out);
    let line = run.out.lines().next().unwrap();
    line.strip_prefix("ERROR  x.suite.yaml:").unwrap_or_else(|| panic!("{line}")).to_owned()
}

/// What is said of a case, given its keys: where, from the first line of its keys, and what.
fn of_case(keys: &str) -> String {
    let complaint = complaint(&format!("cluster: [cluster.yaml]\ncases:\n- name: the case\n{keys}\n"));
    let (line, rest) = complaint.split_once(':').unwrap();
    let rest = rest.split_once(": suite: ").or_else(|| rest.split_once(": the case: ")).unwrap();
    format!("{}:{}: {}", line.parse::<usize>().unwrap() - 3, rest.0, rest.1)
}

#[test]
fn unknown_keys_are_told_with_the_nearest_known_one() {
    for (suite, words) in [
        ("clusters: []\ncases: []", "1:1: suite: unknown key \"clusters\"; did you mean cluster?"),
        ("cluster: []\ncases:\n- nmae: x\n", "3:3: suite: unknown key \"nmae\"; did you mean name?"),
        (
            "cluster: []\ncases:\n- name: x\n  zzz: x\n",
            "4:3: suite: unknown key \"zzz\"; the keys here are name, value, old, setting, oldSetting, review, operation, with, \
             without, expect",
        ),
        (
            "cluster: []\ncases:\n- name: x\n  oldsetting: x\n",
            "4:3: suite: unknown key \"oldsetting\"; did you mean oldSetting?",
        ),
        (
            "cluster: []\ncases:\n- name: x\n  expect:\n    verdct: x\n",
            "5:5: suite: unknown key \"verdct\"; did you mean verdict?",
        ),
        (
            "cluster: []\ncases:\n- name: x\n  expect:\n    verdict: refused\n    causes:\n    - {rule: vlan-range, feild: b}\n",
            "7:26: suite: unknown key \"feild\"; did you mean field?",
        ),
        (
            "cluster: []\npolicy: {warnrules: []}\ncases: []",
            "2:10: suite: unknown key \"warnrules\"; did you mean warnRules?",
        ),
        (
            "cluster: []\ncases:\n- name: x\n  without:\n  - {kind: Node, nam: x}\n",
            "5:18: suite: unknown key \"nam\"; did you mean name?",
        ),
    ] {
        assert_eq!(complaint(suite), words);
    }
}

#[test]
fn wrong_types_are_told_with_what_is_wanted() {
    for (suite, words) in [
        ("", "1:1: suite: there is nothing here; a suite has the keys cluster and cases"),
        ("- a", "1:1: suite: must be an object with keys and values"),
        ("cluster: x\ncases: []", "1:10: suite: must be a list"),
        ("cluster: []", "1:1: suite: the key cases is missing"),
        ("cases: []", "1:1: suite: the key cluster is missing"),
        ("cluster: []\ncases: []", "2:8: suite: there are no cases, and a suite without any can't fail"),
        (
            "cluster: []\ncases: []\n---\ncluster: []",
            "4:1: suite: a second document starts here; one file holds one suite",
        ),
        ("cluster: [", "1:10: suite: is not YAML that can be read: unclosed bracket '['"),
        ("cluster: []\ncluster: []\n", "2:1: suite: the key \"cluster\" stands twice"),
        ("cluster: [7]\ncases: []", "1:11: suite: is integer `7`, must be the path of a file or an object"),
        ("cluster: []\ncases:\n- value: x", "3:3: suite: the key name is missing"),
        ("cluster: []\ncases:\n- name: ''", "3:9: suite: a name has 1 to 200 characters, and no control characters"),
        (
            "cluster: []\ncases:\n- name: \"a\\e[1m\"",
            "3:9: suite: a name has 1 to 200 characters, and no control characters",
        ),
        (
            "cluster: []\ncases:\n- name: a\n  operation: DELETE\n- name: a\n  operation: DELETE",
            "5:9: suite: a case named \"a\" stands above already",
        ),
    ] {
        assert_eq!(complaint(suite), words);
    }
    for (keys, words) in [
        ("  value: {vlan: 1}", "1:10: must be a string"),
        ("  value: 100", "1:10: must be a string, and YAML takes 100 for something else; put it in quotes"),
        ("  value: true", "1:10: must be a string, and YAML takes true for something else; put it in quotes"),
        ("  value:", "1:8: must be a string, and nothing is no string; write '' for an empty one"),
        ("  value: x\n  old: ~", "2:8: must be a string, and nothing is no string; write '' for an empty one"),
        ("  operation: CRETE", "1:14: \"CRETE\" is not known here; did you mean CREATE?"),
        ("  operation: PATCH", "1:14: \"PATCH\" is not known here; it is one of CREATE, UPDATE, DELETE"),
        ("  value: ''\n  expect: alowed", "2:11: \"alowed\" is not known here; did you mean allowed?"),
        (
            "  expect: [allowed]",
            "1:3: is sequence, must be allowed, refused, notSent, or an object with the verdict and more",
        ),
        ("  expect: {verdict: refused, code: teapot}", "1:36: must be a whole number from 0 to 65535"),
        ("  expect: {causes: []}", "1:12: the key verdict is missing"),
        ("  without: [{kind: Nodes}]", "1:20: \"Nodes\" is not known here; did you mean Node?"),
    ] {
        assert_eq!(of_case(keys), words, "{keys}");
    }
}

#[test]
fn what_can_not_hold_or_says_nothing_is_told() {
    for (keys, words) in [
        ("  expect: allowed", "0:3: nothing is submitted: give value, setting or review, or say operation: DELETE"),
        (
            "  old: x\n  expect: allowed",
            "0:3: nothing is submitted: give value, setting or review, or say operation: DELETE",
        ),
        ("  value: x\n  operation: DELETE", "2:14: a DELETE submits nothing: leave value and setting out"),
        (
            "  value: x\n  old: z\n  operation: CREATE",
            "3:14: a CREATE finds nothing stored: leave old and oldSetting out",
        ),
        (
            "  value: x\n  operation: UPDATE",
            "0:9: an UPDATE needs a stored Setting: give old or oldSetting, or have the Setting vm-migration-network in the cluster",
        ),
        ("  value: x\n  setting: {}", "2:12: value and setting are two ways to say the same; keep one"),
        ("  review: x\n  value: z", "2:10: a review says it all: it goes with no other input"),
        (
            "  value: x\n  oldSetting: {kind: Setting}",
            "2:15: the stored object is no Setting vm-migration-network of harvesterhci.io",
        ),
        (
            "  setting: {metadata: 7}",
            "1:12: is no Setting that can be read: invalid type: integer `7`, expected an object",
        ),
        ("  value: x\n  expect: {verdict: allowed, causes: []}", "2:38: only a refusal has causes, so this can't hold"),
        (
            "  value: x\n  expect: {verdict: refused, stored: ''}",
            "2:38: only what is allowed is stored by way of the webhook, so this can't hold",
        ),
        (
            "  value: x\n  expect: {verdict: notSent, code: 200}",
            "2:36: a request that is not sent gets no answer, so this can't hold",
        ),
        (
            "  value: x\n  expect: {verdict: refused, causes: {including: []}}",
            "2:38: including nothing holds of every list",
        ),
        (
            "  value: x\n  expect: {verdict: refused, causes: [{rule: vlan-rang, field: v}]}",
            "2:46: no rule is named \"vlan-rang\"; did you mean vlan-range?",
        ),
        (
            "  value: x\n  expect: {verdict: refused, causes: [{rule: vlan-range, field: vlan}]}",
            "2:65: no cause has the field \"vlan\"; did you mean value.vlan?",
        ),
        (
            "  value: x\n  expect: {verdict: refused, causes: {including: [{rule: exclude-invalid, field: 'exclude[1]'}]}}",
            "2:82: no cause has the field \"exclude[1]\"; did you mean value.exclude[1]?",
        ),
        (
            "  value: x\n  expect: {verdict: refused, causes: [{rule: vlan-range, field: spec.value}]}",
            "2:65: no cause has the field \"spec.value\"; it is value or default, or in one of these, such as value.vlan",
        ),
        (
            "  value: x\n  expect: {verdict: allowed, warnings: [{kind: mgnt}]}",
            "2:48: no warning is of kind \"mgnt\"; did you mean mgmt?",
        ),
        (
            "  value: x\n  without: [{kind: Node, name: a, namespace: b}]",
            "2:46: only a VirtualMachineInstanceMigration with a name has a namespace",
        ),
        (
            "  value: x\n  without: [{kind: Node, name: node-9}]",
            "2:13: the cluster has no nodes \"node-9\" to leave out",
        ),
        (
            "  value: x\n  with: [{apiVersion: v1, kind: Pod, metadata: {name: p}}]",
            "2:10: no rule asks for kind \"Pod\" of \"v1\", so it changes nothing",
        ),
        (
            "  value: x\n  with: [{kind: Node}]",
            "2:10: \"x.suite.yaml\" line 5 has no apiVersion; each document is one Kubernetes object, or a List of them, with \
             apiVersion and kind",
        ),
    ] {
        assert_eq!(of_case(keys), words, "{keys}");
    }
    assert_eq!(
        complaint("cluster: []\npolicy: {warnRules: [vlan-range]}\ncases: []"),
        "2:22: suite: vlan-range always refuses"
    );
    assert_eq!(
        complaint("cluster: []\npolicy: {reservedRanges: [10.0.0.1/8]}\ncases: []"),
        "2:27: suite: \"10.0.0.1/8\" is no IPv4 network such as 10.42.0.0/16"
    );
    let pattern = of_case(
        "  value: x\n  expect: {verdict: refused, causes: [{rule: vlan-range, field: value.vlan, message: 'a['}]}",
    );
    assert!(pattern.starts_with("2:86: \"a[\" is no regular expression that can be used: "), "{pattern}");
}

#[test]
fn files_that_are_not_there_are_told_by_name() {
    let gone = |words: String| words.replace("(os error 2)", "").trim_end().to_owned();
    assert_eq!(
        gone(complaint("cluster: [gone.yaml]\ncases: []")),
        "1:11: suite: \"gone.yaml\" can't be read: No such file or directory"
    );
    for key in ["setting", "review", "with"] {
        let path = if key == "with" { "[gone.yaml]" } else { "gone.yaml" };
        let column = if key == "with" { 10 } else { 5 + key.len() };
        let input = if key == "with" { "\n  value: x" } else { "" };
        let words = of_case(&format!("  {key}: {path}{input}"));
        assert_eq!(gone(words), format!("1:{column}: \"gone.yaml\" can't be read: No such file or directory"));
    }

    let dir = Dir::with_cases("- name: two\n  setting: two.yaml\n");
    dir.write("two.yaml", "kind: Setting\n---\nkind: Setting\n");
    assert!(
        dir.run(&["test"])
            .out
            .contains("x.suite.yaml:5:12: suite: \"two.yaml\" must hold one Setting and nothing else\n")
    );
    let dir = Dir::with_cases("- name: no review\n  review: cluster.yaml\n");
    assert!(dir.run(&["test"]).out.contains("\"cluster.yaml\" must hold one AdmissionReview and nothing else\n"));
    let dir = Dir::with_cases("- name: no review\n  review: other.yaml\n");
    dir.write("other.yaml", "kind: Setting\n");
    let out = dir.run(&["test"]).out;
    assert!(
        out.contains("x.suite.yaml:5:11: suite: \"other.yaml\" is not an admission.k8s.io/v1 AdmissionReview"),
        "{out}"
    );
}

#[test]
fn a_suite_that_can_not_be_read_does_not_hide_the_others() {
    let dir = Dir::with_cases("- name: deletion\n  operation: DELETE\n  expect: {verdict: refused, code: 405}\n");
    dir.write("a/broken.suite.yaml", "cluster: [\n");
    let run = dir.run(&["test", "--verbose"]);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.out,
        "ERROR  a/broken.suite.yaml:1:10: suite: is not YAML that can be read: unclosed bracket '['\n\
         holds  x.suite.yaml:4:9: deletion\n\
         1 case in 1 suite: 1 hold, 0 failed, 1 error\n"
    );
}
