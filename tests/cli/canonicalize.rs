//! `canonicalize`: what it takes, and what it leaves alone.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use migration_network_webhook::setting::hash;

use crate::binary::{COULD_NOT_TELL, OK, REFUSED, command, directory, fixture, run, run_with, setting};

const CANONICAL: &str =
    r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.100/32"]}"#;
const DOCUMENTED: &str =
    r#"{"vlan":100,"clusterNetwork":"vm-migration","range":"192.168.1.0/24", "exclude":["192.168.1.100/32"]}"#;
const OFF: &str = "note: an empty value disables the migration network\n";

/// The device that hands out terminals is one itself, on which nobody ever types.
#[test]
fn who_is_waited_for_is_told_so() {
    let terminal = || fs::File::options().read(true).write(true).open("/dev/ptmx").unwrap();
    for arguments in [&["canonicalize"][..], &["canonicalize", "-"]] {
        let mut child = command(arguments).stdin(terminal()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "reading a value or manifests from standard input; end it with Ctrl-D\n");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn a_value_is_taken_from_wherever_it_is() {
    let files = directory(&[
        ("value", &format!("{DOCUMENTED}\n")),
        ("setting.yaml", &setting(&format!("'{DOCUMENTED}'"))),
        (
            "setting.json",
            &format!(
                r#"{{"kind":"SettingList","apiVersion":"harvesterhci.io/v1","items":[{{"metadata":{{"name":"vm-migration-network"}},"value":{}}}]}}"#,
                serde_json::Value::from(DOCUMENTED)
            ),
        ),
    ]);
    for name in ["value", "setting.yaml", "setting.json"] {
        let path = files.path().join(name);
        let ran = run(&["canonicalize", path.to_str().unwrap()]);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (OK, CANONICAL, ""), "{name}");
        let piped = run_with(&["canonicalize", "-"], &fs::read_to_string(&path).unwrap());
        assert_eq!((piped.code, piped.stdout.as_str()), (OK, CANONICAL), "{name}");
    }
    assert_eq!(run(&["canonicalize", DOCUMENTED]).stdout, CANONICAL);
    assert_eq!(run_with(&["canonicalize"], &format!(" {DOCUMENTED}")).stdout, CANONICAL);
    for blank in ["", " ", "\n\t"] {
        let ran = run(&["canonicalize", blank]);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (OK, "", OFF));
        let piped = run_with(&["canonicalize"], blank);
        let off = OFF.replace("note: ", "note: standard input: ");
        assert_eq!((piped.code, piped.stdout, piped.stderr), (OK, String::new(), off));
    }
    // In a manifest it is meant.
    let off = run_with(&["canonicalize", "-"], &setting("''"));
    assert_eq!((off.code, off.stdout.as_str(), off.stderr.as_str()), (OK, "", ""));
    assert_eq!(run(&["canonicalize", "--hash", DOCUMENTED]).stdout, format!("{}\n", hash(CANONICAL)));
    assert_eq!(run(&["canonicalize", "--hash", ""]).stdout, "da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
}

#[test]
fn the_stored_values_of_the_documented_cases_are_canonical_already() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(&fixture("cases.json")).unwrap();
    let rewritten = cases.iter().filter(|case| case["id"].as_str().unwrap().starts_with("canon-"));
    let stored: Vec<_> = rewritten.filter_map(|case| case["expect_value"].as_str()).collect();
    assert!(stored.len() >= 10, "{}", stored.len());
    let ran = run(&[&["canonicalize", "--check"], &stored[..]].concat());
    assert_eq!((ran.code, ran.stdout), (OK, String::new()));
}

#[test]
fn check_shows_what_write_changes_and_nothing_else_is() {
    let others = "# first\n---\napiVersion: v1\nkind: ConfigMap\ndata:\n  value: '{ }'\n";
    let before =
        format!("{others}---\n{}# last", setting(&format!("\"{}\"   # ours", DOCUMENTED.replace('"', "\\\""))));
    let after = format!("{others}---\n{}# last", setting(&format!("\"{}\"   # ours", CANONICAL.replace('"', "\\\""))));
    let files = directory(&[("a.yaml", &before)]);
    let path = files.path().join("a.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let name = path.to_str().unwrap();

    let check = run(&["canonicalize", "--check", name]);
    assert_eq!(check.code, REFUSED);
    assert_eq!(
        check.stdout,
        format!(
            "\"{name}\" line 8: value is not canonical; it is (-) and should be (+):\n-{DOCUMENTED}\n+{CANONICAL}\n"
        )
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), before);

    let write = run(&["canonicalize", "--write", name]);
    assert_eq!((write.code, write.stdout.as_str()), (OK, ""));
    assert_eq!(write.stderr, format!("\"{name}\" line 8: value rewritten: {CANONICAL}\n"));
    assert_eq!(fs::read_to_string(&path).unwrap(), after);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    for again in ["--check", "--write"] {
        let ran = run(&["canonicalize", again, name]);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (OK, "", ""));
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), after);
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let bad = format!("{}---\n{}", setting(&format!("'{DOCUMENTED}'")), setting("'{\"vlan\":1}'"));
    let shared = format!("x: &x '{DOCUMENTED}'\n{}", setting("*x"));
    let good = setting(&format!("'{DOCUMENTED}'"));
    let files =
        directory(&[("bad.yaml", &bad), ("good.yaml", &good), ("none.yaml", "kind: x\n"), ("shared.yaml", &shared)]);
    let paths = ["bad.yaml", "good.yaml", "none.yaml", "shared.yaml"].map(|name| files.path().join(name));
    let [bad_path, good_path, none_path, shared_path] = paths.each_ref().map(|path| path.to_str().unwrap());

    let ran = run(&["canonicalize", "--write", bad_path, good_path, none_path, shared_path]);
    assert_eq!(ran.code, COULD_NOT_TELL);
    assert_eq!(fs::read_to_string(bad_path).unwrap(), bad);
    assert_eq!(fs::read_to_string(good_path).unwrap(), good.replace(DOCUMENTED, CANONICAL));
    assert_eq!(fs::read_to_string(shared_path).unwrap(), shared);
    let errors: Vec<_> = ran.stderr.lines().map(|line| line.replace(files.path().to_str().unwrap(), "")).collect();
    assert_eq!(errors.len(), 5, "{errors:#?}");
    assert!(
        errors[0].starts_with("error: \"/bad.yaml\" line 7: value.clusterNetwork: Required value: "),
        "{errors:#?}"
    );
    assert!(errors[1].starts_with("error: \"/bad.yaml\" line 7: value.range: Required value: "), "{errors:#?}");
    assert_eq!(errors[2], format!("\"/good.yaml\" line 1: value rewritten: {CANONICAL}"));
    assert_eq!(
        errors[3],
        "error: \"/none.yaml\" holds neither a value nor a manifest of the Setting vm-migration-network (harvesterhci.io)"
    );
    assert_eq!(
        errors[4],
        "error: \"/shared.yaml\" line 1: its value can't be rewritten in place: it is no string of its own; edit it by hand"
    );

    let passes = run(&["canonicalize", "--write", "--allow-none", none_path]);
    assert_eq!((passes.code, passes.stderr.as_str()), (OK, ""));
}

#[test]
fn what_is_stored_is_what_git_must_hold() {
    let stored = setting(&format!("'{DOCUMENTED}'"));
    let files = directory(&[
        ("canonical.yaml", &setting(&format!("'{CANONICAL}'"))),
        ("cluster/settings.yaml", &stored),
        ("same.yaml", &stored),
        ("old", DOCUMENTED),
        ("bad.yaml", &setting("'{}'")),
    ]);
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let (same, canonical, cluster) = (path("same.yaml"), path("canonical.yaml"), path("cluster"));
    for old in [["--old", DOCUMENTED], ["--old", &path("old")], ["--old", &same], ["--cluster", &cluster]] {
        assert_eq!(run(&[&["canonicalize", "--check", &same], &old[..]].concat()).code, OK);
        assert_eq!(run(&[&["canonicalize", &canonical], &old[..]].concat()).stdout, DOCUMENTED);
        let ran = run(&[&["canonicalize", "--check", &canonical], &old[..]].concat());
        let text = format!(
            "\"{canonical}\" line 1: value is not what is stored; it is (-) and should be (+):\n-{CANONICAL}\n+{DOCUMENTED}\n"
        );
        assert_eq!((ran.code, ran.stdout), (REFUSED, text));
    }
    // What changes something is stored in its canonical form, and what is blank as nothing.
    let other = DOCUMENTED.replace("100,", "101,");
    let ran = run(&["canonicalize", &other, "--old", DOCUMENTED]);
    assert_eq!(ran.stdout, CANONICAL.replace("100,", "101,"));
    assert_eq!(run(&["canonicalize", " ", "--old", DOCUMENTED]).stdout, "");
    assert_eq!(run(&["canonicalize", &path("bad.yaml"), "--old", DOCUMENTED]).code, COULD_NOT_TELL);
    assert_eq!(run(&["canonicalize", "{}", "--old", "{}"]).stdout, "{}", "stored before the webhook came");

    assert_eq!(run(&["canonicalize", "--write", &canonical, "--old", &same]).code, OK);
    assert_eq!(fs::read_to_string(&canonical).unwrap(), stored);
}

#[test]
fn a_check_of_nothing_fails() {
    let files = directory(&[("empty", "")]);
    let empty = files.path().join("empty");
    for (arguments, name) in [(&["--check", ""][..], "the text"), (&["--check", " "], "the text"), (&["--check"], "")] {
        let name = if name.is_empty() { "standard input" } else { name };
        let ran = run(&[&["canonicalize"], arguments].concat());
        let error = format!(
            "error: {name} holds neither a value nor a manifest of the Setting vm-migration-network (harvesterhci.io)\n"
        );
        assert_eq!((ran.code, ran.stderr), (COULD_NOT_TELL, error), "{arguments:?}");
        assert_eq!(run(&[&["canonicalize", "--allow-none"], arguments].concat()).code, OK, "{arguments:?}");
    }
    assert_eq!(run(&["canonicalize", "--check", empty.to_str().unwrap()]).code, COULD_NOT_TELL);
    let closed = command(&["canonicalize", "--check"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(closed.status.code(), Some(COULD_NOT_TELL));
    assert_eq!(run_with(&["canonicalize", "--check", "-"], &setting("''")).code, OK, "here it is meant");
}

#[test]
fn a_directory_is_searched_for_manifests() {
    let manifest = setting(&format!("'{DOCUMENTED}'"));
    let captured = format!("# Captured by migration-network-webhook 0.1.0\n---\n{manifest}");
    let files = directory(&[
        ("a/setting.yaml", &manifest),
        ("a/tsconfig.json", "{ // none of ours\n}"),
        ("a/values.yaml", "{}"),
        ("ci/captured.yaml", &captured),
        ("none/x.yaml", "kind: x\n"),
    ]);
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let all = files.path().to_str().unwrap();
    assert_eq!(run(&["canonicalize", "--check", all]).code, REFUSED);
    assert_eq!(run(&["canonicalize", "--check", "--exclude", "a", all, "--allow-none"]).code, OK);
    let ran = run(&["canonicalize", "--write", all]);
    assert_eq!(ran.stderr, format!("\"{}\" line 1: value rewritten: {CANONICAL}\n", path("a/setting.yaml")));
    assert_eq!(fs::read_to_string(path("ci/captured.yaml")).unwrap(), captured);
    let none = run(&["canonicalize", "--check", &path("none")]);
    let error = "holds neither a value nor a manifest of the Setting vm-migration-network (harvesterhci.io)";
    assert_eq!((none.code, none.stderr), (COULD_NOT_TELL, format!("error: \"{}\" {error}\n", path("none"))));
}
