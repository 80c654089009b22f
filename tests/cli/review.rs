//! `review`: what it takes, what it says to programs, and how it ends.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::binary::{COULD_NOT_TELL, OK, READY, REFUSED, Ran, command, directory, fixture, run, run_with, setting};

const SAMPLE: &str = "docs/sample/cluster.yaml";
/// Canonical, and sound in the sample cluster.
const SOUND: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;

fn review(paths: &[&str]) -> Ran {
    run(&[&["review", "-o", "json", "--cluster", SAMPLE], paths].concat())
}

fn verdicts(ran: &Ran) -> Vec<String> {
    ran.json().iter().map(|record| record["verdict"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn programs_read_records_and_answers() {
    let inputs = [
        "docs/sample/documented.yaml",
        "tests/cli/inputs/value.yaml",
        "tests/cli/inputs/malformed.yaml",
        "tests/cli/inputs/broken.json",
        "tests/fixtures/reviews/delete-enabled.json",
    ];
    for (format, name) in [("json", "records"), ("review", "answers")] {
        let ran = run(&[&["review", "-o", format, "--cluster", SAMPLE], &inputs[..]].concat());
        assert_eq!(ran.code, COULD_NOT_TELL);
        // An answer has no room for what is wrong with the file alone, and a record does.
        let lint = "warning: docs/sample/documented.yaml:6: value is not canonical: GitOps tools would see drift, and \
            server-side apply a conflict; run: migration-network-webhook canonicalize --write docs/sample/documented.yaml\n";
        assert_eq!(
            ran.stderr.strip_prefix(if format == "review" { lint } else { "" }).unwrap(),
            "error: \"tests/cli/inputs/broken.json\" is not valid JSON: EOF while parsing an object at line 1 column 36\n\
             5 judged: 1 allowed, 2 refused, 2 malformed; 2 warnings; 1 path could not be read\n"
        );
        insta::assert_snapshot!(name, ran.stdout);
    }
}

/// The last line counts what was said, whoever it was shown as.
#[test]
fn what_is_counted_was_said() {
    let reformatted = ["review", "docs/sample/reformatted.yaml", "--cluster", SAMPLE];
    for format in [&[][..], &["-o", "kubectl"], &["-o", "kubectl-many"], &["-o", "ui"], &["-o", "review"]] {
        let ran = run(&[&reformatted, format].concat());
        assert_eq!(ran.code, OK, "{ran:?}");
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.ends_with("1 judged: 1 allowed; 2 warnings\n"), "{said}");
        for warning in ["value restored: same meaning, other bytes", "reformatted.yaml:7: value is not what is stored"]
        {
            assert_eq!(said.matches(warning).count(), 1, "{format:?}: {said}");
        }
    }
}

/// A capture's choice counts until another is made; none at all is one, too.
#[test]
fn no_rule_warns_where_that_is_said() {
    let reserved = setting(r#"'{"clusterNetwork":"vm-migration","vlan":100,"range":"10.52.0.0/24"}'"#);
    let policy = "apiVersion: migration-network-webhook/v1\nkind: Policy\nreservedRanges: [10.52.0.0/16]\n\
        warnRules: [range-reserved]\n";
    let files = directory(&[("setting.yaml", &reserved), ("cluster/policy.yaml", policy)]);
    let (manifest, captured) = (files.path().join("setting.yaml"), files.path().join("cluster"));
    let arguments = ["review", manifest.to_str().unwrap(), "--cluster", READY, "--cluster", captured.to_str().unwrap()];
    assert_eq!(run(&arguments).code, OK);
    for none in [&["--warn-rule="][..], &["--warn-rule", ""], &["--warn-rule=vlan-exclusive"]] {
        assert_eq!(run(&[&arguments, none].concat()).code, REFUSED, "{none:?}");
    }
    for (variable, code) in [("", OK), ("vlan-exclusive", REFUSED), ("range-reserved", OK)] {
        assert_eq!(command(&arguments).env("MNW_WARN_RULE", variable).output().unwrap().status.code(), Some(code));
    }
}

#[test]
fn whatever_form_a_request_has_the_verdict_is_one() {
    let whole: Value = serde_json::from_str(&fixture("reviews/vlan-4095.json")).unwrap();
    let yaml = serde_saphyr::to_string(&whole).unwrap();
    let mut nameless = whole["request"].clone();
    nameless.as_object_mut().unwrap().remove("uid");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [whole["request"]["object"]]});
    let manifest = serde_saphyr::to_string(&whole["request"]["object"]).unwrap();
    let files = directory(&[
        ("1.json", &whole.to_string()),
        ("2.yaml", &yaml),
        ("3.yaml", &whole.to_string()),
        ("4.json", &whole["request"].to_string()),
        ("5.yaml", &serde_saphyr::to_string(&nameless).unwrap()),
        ("6.json", &list.to_string()),
        ("7.yaml", &manifest),
        ("8.yaml", &format!("\u{feff}# a comment\r\n---\r\n{}", manifest.replace('\n', "\r\n"))),
        ("9.yml", &format!("---\n---\n{manifest}...\n---\n{yaml}")),
    ]);
    let ran = run(&["review", "-o", "json", "--cluster", READY, files.path().to_str().unwrap()]);
    assert_eq!(ran.code, REFUSED, "{ran:?}");
    let records = ran.json();
    let forms: Vec<_> = records.iter().map(|record| record["form"].as_str().unwrap()).collect();
    let manifests = ["manifest", "manifest", "manifest", "manifest"];
    assert_eq!(forms, [&["review", "review", "review", "request", "request"], &manifests[..], &["review"]].concat());
    for record in records {
        assert_eq!(record["rules"], json!(["vlan-range"]), "{record}");
        assert_eq!(record["causes"][0]["field"], "value.vlan");
    }
}

#[test]
fn a_value_that_yaml_reads_as_no_string_is_refused_by_rule() {
    for (value, kind) in [
        ("100", "a number"),
        ("true", "a boolean"),
        ("0x1F", "a number"),
        ("{\"clusterNetwork\": \"mgmt\"}", "an object"),
        ("[]", "an array"),
        ("\n  clusterNetwork: mgmt", "an object"),
    ] {
        let ran = run_with(&["review", "-", "-o", "json", "--cluster", READY], &setting(value));
        let record = &ran.json()[0];
        assert_eq!((ran.code, &record["input"], &record["rules"]), (REFUSED, &json!("-"), &json!(["value-syntax"])));
        let cause = &record["causes"][0];
        assert_eq!(cause["field"], "value");
        let message =
            format!("Invalid value: {kind}: must be a string that holds JSON; in YAML, put it in single quotes");
        assert_eq!(cause["message"], message);
    }
    for (value, stored) in [("null", ""), ("", ""), ("~", ""), ("''", ""), ("' '", "")] {
        let ran = run_with(&["review", "-", "-o", "json", "--cluster", READY], &setting(value));
        assert_eq!((ran.code, &ran.json()[0]["value"]), (OK, &json!(stored)), "{value}");
    }
}

#[test]
fn the_old_side_is_named_or_the_cluster_s_or_none() {
    let cluster = directory(&[
        ("cluster.yaml", &fixture("clusters/vmim-running.yaml")),
        ("stored.yaml", &setting(&format!("'{SOUND}'"))),
    ]);
    let files = directory(&[
        ("same.yaml", &setting(&format!("' {SOUND}'"))),
        ("other.yaml", &setting(&format!("'{}'", SOUND.replace("100", "101")))),
    ]);
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let judge = |extra: &[&str]| {
        let cluster = cluster.path().to_str().unwrap();
        let ran = run(&[&["review", "-o", "json", "--cluster", cluster, &path("same.yaml")], extra].concat());
        let record = ran.json().remove(0);
        (ran.code, record["operation"].clone(), record["old"].clone(), record["mutation"].clone())
    };
    // A migration is running: only what means the same as the old side goes through.
    assert_eq!(judge(&[]), (OK, json!("UPDATE"), json!("cluster"), json!("restored")));
    assert_eq!(judge(&["--old", &path("other.yaml")]), (REFUSED, json!("UPDATE"), json!("file"), Value::Null));
    assert_eq!(judge(&["--old", &path("same.yaml")]), (OK, json!("UPDATE"), json!("file"), json!("kept")));
    let ran = run(&["review", "-o", "json", "--cluster", READY, &path("same.yaml")]);
    let record = &ran.json()[0];
    assert_eq!(
        (&record["operation"], &record["old"], &record["mutation"]),
        (&json!("CREATE"), &Value::Null, &json!("rewritten"))
    );

    let from_git = run_with(
        &["review", &path("same.yaml"), "--old", "-", "--cluster", cluster.path().to_str().unwrap()],
        &setting("''"),
    );
    assert!(from_git.stdout.contains(": refused, UPDATE of the Setting in --old\n"), "{from_git:?}");
}

#[test]
fn a_repository_is_judged_for_its_one_setting() {
    let repository = directory(&[
        ("apps/chart.yaml", "apiVersion: v2\nname: chart\n"),
        ("apps/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: vm-migration-network}\n"),
        ("longhorn/settings.yaml", &setting("bad").replace("harvesterhci.io", "longhorn.io")),
        ("rancher/settings.yml", &setting("bad").replace("harvesterhci.io/v1beta1", "management.cattle.io/v3")),
        (
            "harvester/settings.yaml",
            &format!("{}---\n{}", setting("bad").replace("vm-migration", "storage"), setting("''")),
        ),
        ("harvester/kustomization.yaml", "resources:\n- settings.yaml\n"),
        ("README.md", "no manifest"),
        (".github/workflows/ci.yaml", "on: push\n"),
    ]);
    let ran = run(&["review", "--cluster", SAMPLE, repository.path().to_str().unwrap()]);
    assert_eq!(ran.code, OK, "{ran:?}");
    let summary = ran.stdout.lines().last().unwrap();
    assert_eq!(
        summary,
        "1 judged: 1 allowed; passed over: 1 Deployment.apps, 1 Setting.harvesterhci.io, 1 Setting.longhorn.io, \
         1 Setting.management.cattle.io, 3 that are no Kubernetes objects; counted as applied: storage-network"
    );

    fs::remove_file(repository.path().join("harvester/settings.yaml")).unwrap();
    let path = repository.path().to_str().unwrap();
    for (arguments, code) in [(vec![path], COULD_NOT_TELL), (vec![path, "--allow-none"], OK)] {
        let ran = run(&[&["review", "--cluster", SAMPLE], &arguments[..]].concat());
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stdout.starts_with("0 judged; passed over: "), "{ran:?}");
    }
    let nothing = "error: there is nothing to judge; ";
    for (arguments, stdin) in [(["-"], ""), (["-"], "# only a comment\n---\n"), (["tests/cli/inputs/empty.yaml"], "")] {
        let ran = run_with(&[&["review", "--cluster", SAMPLE], &arguments[..]].concat(), stdin);
        assert_eq!(ran.code, COULD_NOT_TELL);
        assert!(ran.stderr.starts_with(nothing), "{ran:?}");
    }
}

#[test]
fn what_the_cluster_is_read_from_is_not_judged() {
    let repository = directory(&[
        ("cluster/all.yaml", &fixture("clusters/ready.yaml")),
        ("cluster/stored.yaml", &setting(&format!("' {SOUND}'"))),
        ("old.yaml", &setting("''")),
        ("setting.yaml", &setting(&format!("'{SOUND}'"))),
    ]);
    let path = |name: &str| repository.path().join(name).to_str().unwrap().to_owned();
    let (all, cluster, old, stored) = (path(""), path("cluster"), path("old.yaml"), path("cluster/stored.yaml"));
    let ran = run(&["review", &all, "--cluster", &cluster, "--old", &old, "--warnings-as-errors"]);
    assert_eq!(ran.code, OK, "{ran:?}");
    assert!(ran.stdout.ends_with("\n1 judged: 1 allowed; left out: 3 files of --cluster or --old\n"), "{ran:?}");
    let named = run(&["review", &stored, "--cluster", &cluster]);
    assert!(named.stdout.ends_with("\n1 judged: 1 allowed\n"), "a file that is named is judged: {named:?}");
}

#[test]
fn bytes_that_are_not_canonical_are_a_warning_with_a_place() {
    let stream = |value: &str| format!("# kustomize\n{}---\nkind: x\n", setting(value));
    let judge = |value: &str, arguments: &[&str]| {
        run_with(&[&["review", "-", "--cluster", SAMPLE], arguments].concat(), &stream(value))
    };
    let warning = "    warning: -:6: value is not canonical: GitOps tools would see drift, and server-side apply a conflict; \
                   run: migration-network-webhook canonicalize -\n";
    let spaced = format!("'{}'", SOUND.replace(':', ": "));
    let ran = judge(&spaced, &[]);
    assert_eq!(ran.code, OK);
    assert!(ran.stdout.contains(warning), "{ran:?}");
    assert_eq!(judge(&spaced, &["--warnings-as-errors"]).code, REFUSED);

    let canonical = judge(&format!("'{SOUND}'"), &["--warnings-as-errors"]);
    assert_eq!(canonical.code, OK, "{canonical:?}");
    assert!(!canonical.stdout.contains("warning"), "{canonical:?}");
}

/// A value that was stored before the webhook came stays as it is until the next real change, and so must Git's.
#[test]
fn git_must_hold_the_bytes_that_are_stored() {
    let stored = SOUND.replace(':', ": ");
    let files = directory(&[
        ("my cluster/all.yaml", &fixture("clusters/ready.yaml")),
        ("my cluster/setting.yaml", &setting(&format!("'{stored}'"))),
        ("as-stored.yaml", &setting(&format!("'{stored}'"))),
        ("canonical.yaml", &setting(&format!("'{SOUND}'"))),
    ]);
    let judge = |arguments: &[&str]| {
        let ran = command(&[&["review", "--cluster", "my cluster"], arguments].concat());
        let output = { ran }.current_dir(files.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, out) = judge(&["as-stored.yaml", "--warnings-as-errors"]);
    assert_eq!(code, Some(OK), "{out}");
    assert!(out.ends_with("\n1 judged: 1 allowed\n"), "{out}");

    let (code, out) = judge(&["canonical.yaml", "-o", "json"]);
    assert_eq!(code, Some(OK), "{out}");
    let record: Value = serde_json::from_str(&out).unwrap();
    let lint = format!(
        "value is not what is stored, though it means the same: Git and the cluster differ. Until the next real change Git \
         must hold {stored}; run: migration-network-webhook canonicalize --write --cluster 'my cluster' canonical.yaml"
    );
    assert_eq!((&record["mutation"], &record["lint"]), (&json!("restored"), &json!([lint])));
    assert_eq!(judge(&["canonical.yaml", "--warnings-as-errors"]).0, Some(REFUSED));
    let (_, out) = judge(&["canonical.yaml", "--old", "as-stored.yaml"]);
    assert!(
        out.contains("; run: migration-network-webhook canonicalize --write --old as-stored.yaml canonical.yaml\n"),
        "{out}"
    );
    let (_, report) = judge(&["canonical.yaml", "--report", "json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["results"][0]["warnings"][0]["kind"], "restored");
    assert_eq!(report["results"][0]["warnings"].as_array().unwrap().len(), 1);
}

/// What is applied together is judged together, whatever the cluster has.
#[test]
fn other_networks_in_the_input_count_as_applied() {
    let storage = |range: &str| {
        let value = SOUND.replace("100", "200").replace("192.168.1.0/24", range);
        setting(&format!("'{value}'")).replace("name: vm-migration-network", "name: storage-network")
    };
    let ours = setting(&format!("'{SOUND}'"));
    let judge = |input: &str| {
        let ran = run_with(&["review", "-", "--cluster", READY], input);
        (ran.code, ran.stdout.lines().last().unwrap().to_owned())
    };
    let applied = "passed over: 1 Setting.harvesterhci.io; counted as applied: storage-network";
    assert_eq!(
        judge(&format!("{}---\n{ours}", storage("192.168.9.0/24"))),
        (OK, format!("1 judged: 1 allowed; {applied}"))
    );
    let colliding = format!("{ours}---\n{}", storage("192.168.1.0/25"));
    assert_eq!(judge(&colliding), (REFUSED, format!("1 judged: 1 refused; {applied}")));
    // The last one stays, as with `kubectl apply`.
    let moved = format!("{colliding}---\n{}", storage("192.168.9.0/24"));
    assert_eq!(judge(&moved), (OK, format!("1 judged: 1 allowed; {}", applied.replace("1 Setting", "2 Setting"))));
    let unreadable = format!("{ours}---\n{}", storage("no range"));
    assert_eq!(judge(&unreadable).0, REFUSED);
}

#[test]
fn what_can_t_be_read_is_named_and_the_rest_is_judged() {
    let files = directory(&[
        ("a.yaml", &setting(&format!("'{SOUND}'"))),
        ("b.yaml", "kind: Setting # vm-migration-network\nvalue: [\n"),
        ("c.yaml", &setting("'{}'")),
        ("template.yaml", "{{- if .Values.network }}\n"),
        ("tsconfig.json", "{ // why\n}\n"),
    ]);
    fs::write(files.path().join("d.yaml"), b"vm-migration-network: \xff").unwrap();
    fs::write(files.path().join("latin-1.yaml"), b"name: \xe9").unwrap();
    let utf16: Vec<u8> = "name: vm-migration-network".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(files.path().join("utf-16.yaml"), [&b"\xff\xfe"[..], &utf16, &[0]].concat()).unwrap();
    let ran = review(&[files.path().to_str().unwrap(), "no-such-file.yaml"]);
    assert_eq!(ran.code, COULD_NOT_TELL);
    assert_eq!(verdicts(&ran), ["allowed", "malformed", "refused", "malformed", "malformed", "malformed"]);
    let errors: Vec<_> = ran.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert!(errors[0].contains("b.yaml\" is not valid YAML: "), "{errors:?}");
    assert!(errors[1].ends_with("d.yaml\" is not UTF-8 text; YAML or JSON manifests are"), "{errors:?}");
    assert!(errors[3].starts_with("error: there is nothing at \"no-such-file.yaml\"; "), "{errors:?}");
    let passed_over = "; 3 files can't be read and don't contain \"vm-migration-network\"\n";
    assert!(ran.stderr.ends_with(passed_over), "{ran:?}");
    let verbose = review(&[files.path().to_str().unwrap(), "--verbose"]).stderr;
    for name in ["latin-1.yaml", "template.yaml", "tsconfig.json"] {
        let told = verbose.lines().find(|line| line.starts_with("passed over, can't be read") && line.contains(name));
        assert!(told.is_some(), "{name}: {verbose}");
    }
    let named = files.path().join("template.yaml");
    assert_eq!(review(&[named.to_str().unwrap()]).code, COULD_NOT_TELL, "a file that is named is no accident");
    let answers = run(&["review", "-o", "review", "--cluster", SAMPLE, files.path().to_str().unwrap()]).json();
    let allowed: Vec<_> = answers.iter().map(|answer| answer["response"]["allowed"].as_bool().unwrap()).collect();
    assert_eq!(allowed, [true, false, false, false, false]);
}

#[test]
fn missing_facts_matter_only_where_they_are_asked_for() {
    let manifest = |value: &str| {
        let ran =
            run_with(&["review", "-", "-o", "json", "--cluster", "tests/cli/inputs/nodeless.yaml"], &setting(value));
        let record = ran.json().remove(0);
        (ran.code, record["verdict"].clone(), record["code"].clone(), record["missing"].clone())
    };
    let sound = r#"'{"clusterNetwork":"mgmt","vlan":100,"range":"192.168.1.0/24"}'"#;
    assert_eq!(
        manifest(sound),
        (COULD_NOT_TELL, json!("unavailable"), json!(503), json!(["nodes (no Node in the view)"]))
    );
    assert_eq!(manifest("''"), (OK, json!("allowed"), json!(200), json!([])));
    assert_eq!(manifest("'{}'"), (REFUSED, json!("refused"), json!(422), json!([])));

    let broken =
        directory(&[("cluster.yaml", "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nspec: {podCIDRs: 7}\n")]);
    let ran =
        run_with(&["review", "-", "--cluster", broken.path().to_str().unwrap()], &setting(&sound.replace("mgmt", "m")));
    assert_eq!(ran.code, REFUSED, "what is certain is said: {ran:?}");
}

#[test]
fn rules_and_ranges_are_the_operator_s_choice() {
    let judge = |arguments: &[&str]| {
        let reserved = setting(r#"'{"clusterNetwork":"vm-migration","vlan":100,"range":"10.42.0.0/24"}'"#);
        let ran = run_with(&[&["review", "-", "-o", "json", "--cluster", SAMPLE], arguments].concat(), &reserved);
        let record = ran.json().remove(0);
        (ran.code, record["rules"].clone(), record["warningKinds"].clone())
    };
    assert_eq!(judge(&[]), (REFUSED, json!(["range-reserved"]), json!([])));
    assert_eq!(judge(&["--warn-rule", "range-reserved"]), (OK, json!([]), json!(["range-reserved"])));
    assert_eq!(judge(&["--reserved-range", "10.44.0.0/16"]), (OK, json!([]), json!([])));
    let ran = run(&["review", "-", "--cluster", SAMPLE, "--warn-rule", "vlan-range"]);
    assert_eq!(ran.code, COULD_NOT_TELL);
    assert!(ran.stderr.contains("vlan-range always refuses: "), "{ran:?}");
}

#[test]
fn a_flag_that_is_gone_names_what_replaces_it() {
    let ran = run(&["review", "-", "--cluster", SAMPLE, "--as", "kubectl"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (COULD_NOT_TELL, ""));
    assert_eq!(
        ran.stderr.lines().next(),
        Some(
            "error: invalid value 'kubectl' for '--as <CLIENT>': this flag is gone; use -o kubectl, -o kubectl-many or -o ui"
        )
    );
}

#[test]
fn usage_errors_are_could_not_tell() {
    for arguments in [
        &["review"][..],
        &["review", "-"],
        &["review", "--cluster", SAMPLE],
        &["review", "-", "--cluster", SAMPLE, "-o", "xml"],
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (COULD_NOT_TELL, ""), "{arguments:?}");
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
    }
}

#[test]
fn a_reader_that_leaves_early_changes_no_exit_code() {
    let mut documents = setting(&format!("'{SOUND}'"));
    for _ in 0..2000 {
        documents += "---\n";
        documents += &setting("'{}'");
    }
    let files = directory(&[("many.yaml", &documents)]);
    let mut child = command(&["review", "--cluster", SAMPLE, files.path().to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains(": allowed, "), "{first}");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(REFUSED), "{ended:?}");
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}

#[test]
fn there_is_no_colour_in_a_pipe_unless_it_is_asked_for() {
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = command(&[&["review", "--cluster", SAMPLE, "docs/sample"], arguments].concat());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        assert_eq!(output.status.code(), Some(REFUSED));
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    for name in ["CLICOLOR_FORCE", "FORCE_COLOR"] {
        assert!(coloured(&[], &[(name, "1")]), "{name}");
        assert!(!coloured(&[], &[(name, "0")]), "{name}");
        assert!(!coloured(&[], &[(name, "1"), ("NO_COLOR", "1")]), "{name}");
        assert!(!coloured(&["--color=never"], &[(name, "1")]), "{name}");
    }
}

/// What could not be written was not done.
#[test]
fn a_full_disk_is_an_error() {
    for arguments in [
        &["explain"][..],
        &["explain", "vlan-range"],
        &["schema", "suite"],
        &["--help"],
        &["serve", "--help"],
        &["--version"],
        &["test", "tests/suites"],
        &["test", "tests/suites", "--report", "json"],
        &["review", "--cluster", SAMPLE, SAMPLE, "--allow-none"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(COULD_NOT_TELL), "{arguments:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("No space left on device"), "{arguments:?}");
    }
}

#[test]
fn standard_input_is_no_file_to_annotate() {
    let ran = run_with(&["review", "-", "--cluster", READY, "--report", "github"], &setting("'{}'"));
    assert_eq!(ran.code, REFUSED);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(lines.len() == 3 && lines.iter().all(|line| line.starts_with("::error title=value-syntax::")), "{ran:?}");
}
