//! Whole repositories: what in them is judged, and what is not.

use std::fs;
use std::os::unix::fs::symlink;

use crate::binary::{COULD_NOT_TELL, OK, READY, REFUSED, Ran, directory, run, run_with, setting};

const SOUND: &str = r#"'{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}'"#;

fn summary(ran: &Ran) -> &str {
    ran.stdout.lines().last().unwrap_or_default()
}

/// Standard error, but for what is said of the cluster.
fn notes(ran: &Ran) -> Vec<&str> {
    ran.stderr.lines().filter(|line| !line.starts_with("warning: --cluster: ")).collect()
}

fn review(path: &std::path::Path, more: &[&str]) -> Ran {
    run(&[&["review", path.to_str().unwrap(), "--cluster", READY], more].concat())
}

#[test]
fn what_is_none_of_ours_is_passed_over_and_what_names_the_setting_is_not() {
    let template = "{{- if .Values.on }}\nkind: Setting\nmetadata: {name: vm-migration-network}\n{{- end }}\n";
    let files = directory(&[
        (".github/ci.yaml", "on: [push]\n"),
        (".gitignore", "/vendor/\n"),
        ("chart/templates/setting.yaml", template),
        ("settings/setting.yaml", &setting(SOUND)),
        ("tsconfig.json", "{\n  // none of ours\n}\n"),
        ("vendor/setting.yaml", &setting("'{}'")),
    ]);
    fs::write(files.path().join("latin1.yaml"), b"key: caf\xe9\n").unwrap();
    let ran = review(files.path(), &[]);
    assert_eq!(ran.code, COULD_NOT_TELL);
    let error = format!("error: {:?} is not valid YAML: ", files.path().join("chart/templates/setting.yaml"));
    assert!(notes(&ran)[0].starts_with(&error), "{}", ran.stderr);

    let ran = review(files.path(), &["--exclude", "chart/**"]);
    assert_eq!((ran.code, notes(&ran)), (OK, vec![]));
    assert_eq!(
        summary(&ran),
        "1 judged: 1 allowed; passed over: 1 that is no Kubernetes object; left out: 2 paths by --exclude or .gitignore; \
         2 files can't be read and don't contain \"vm-migration-network\""
    );

    let ran = review(files.path(), &["--exclude", "chart/**", "-v"]);
    let named: Vec<_> = notes(&ran).iter().map(|line| line.replace(files.path().to_str().unwrap(), "")).collect();
    assert_eq!(
        named,
        [
            "left out, by --exclude or .gitignore: \"/chart/templates\"",
            "left out, by --exclude or .gitignore: \"/vendor\"",
            "passed over, can't be read and doesn't contain \"vm-migration-network\": \"/latin1.yaml\"",
            "passed over, can't be read and doesn't contain \"vm-migration-network\": \"/tsconfig.json\"",
        ]
    );
}

#[test]
fn another_encoding_is_no_way_past() {
    let wide = |bytes: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
        format!("{mark}{}", setting(SOUND)).encode_utf16().flat_map(bytes).collect()
    };
    let files = directory(&[]);
    let path = files.path().join("a.yaml");
    for bytes in [wide(u16::to_le_bytes, "\u{feff}"), wide(u16::to_be_bytes, "\u{feff}")] {
        fs::write(&path, &bytes).unwrap();
        assert_eq!(summary(&review(&path, &[])), "1 judged: 1 allowed");
        let before = fs::read(&path).unwrap();
        let odd = setting(SOUND).replace("\"vlan\":100", " \"vlan\": 100");
        let little = bytes[0] == 0xff;
        let encode = if little { u16::to_le_bytes } else { u16::to_be_bytes };
        fs::write(&path, format!("\u{feff}{odd}").encode_utf16().flat_map(encode).collect::<Vec<u8>>()).unwrap();
        assert_eq!(run(&["canonicalize", "--write", path.to_str().unwrap()]).code, OK);
        assert_eq!(fs::read(&path).unwrap(), before, "rewritten as it was encoded");
    }
    for bytes in [wide(u16::to_le_bytes, ""), wide(u16::to_be_bytes, "")] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(review(&path, &[]).code, COULD_NOT_TELL);
    }
}

#[test]
fn a_mark_begins_a_file_or_a_document_that_ends_another() {
    let (mark, one) = ("\u{feff}", setting(SOUND));
    let other = "apiVersion: v1\nkind: ConfigMap\n";
    for (text, judged) in [
        (format!("{mark}{one}"), true),
        (format!("{mark}{other}---\n{mark}{one}"), true),
        (format!("{other}--- # next\r\n{mark}{one}"), true),
        (format!("---\n---\n{mark}{one}"), true),
        (format!("---\n{mark}{one}"), false),
        (format!("{other}{mark}---\n{one}"), false),
        (format!("{other}---\n# comment\n{mark}{one}"), false),
    ] {
        let ran = run_with(&["review", "-", "--cluster", READY], &text);
        assert_eq!(ran.code, if judged { OK } else { COULD_NOT_TELL }, "{text:?}: {ran:?}");
        if !judged {
            assert!(
                notes(&ran)[0].starts_with("error: standard input is not valid YAML: "),
                "{text:?}: {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn a_capture_of_another_cluster_is_no_submission() {
    let captured = format!("# Captured by migration-network-webhook 0.1.0\n---\n{}", setting("'{}'"));
    let files = directory(&[("ci/prod.yaml", &captured), ("setting.yaml", &setting(SOUND))]);
    let ran = review(files.path(), &[]);
    assert_eq!((ran.code, summary(&ran)), (OK, "1 judged: 1 allowed; left out: 1 file of a capture"));
    let path = files.path().join("ci/prod.yaml");
    assert_eq!(notes(&ran), [format!("note: {path:?} is from a capture, so it is not reviewed")]);
}

#[test]
fn a_misplaced_value_is_warned_of() {
    let stored = directory(&[("old.yaml", &setting(SOUND))]);
    let old = stored.path().join("old.yaml");
    let review = |manifest: &str| {
        run_with(&["review", "-", "--cluster", READY, "--old", old.to_str().unwrap(), "--warnings-as-errors"], manifest)
    };
    let warnings = |ran: &Ran| -> Vec<String> {
        let lines = ran.stdout.lines().filter_map(|line| line.strip_prefix("    warning: "));
        lines.map(ToOwned::to_owned).collect()
    };
    let disables = "the manifest has no value, so it disables the migration network that is stored";
    for (manifest, line, key) in [
        (setting(SOUND).replace("value: ", "spec:\n  value: "), 5, "spec"),
        (setting(SOUND).replace("value: ", "Value: "), 5, "Value"),
    ] {
        let ran = review(&manifest);
        assert_eq!(ran.code, REFUSED, "{ran:?}");
        assert_eq!(
            warnings(&ran),
            [
                format!(
                    "-:{line}: \"{key}\" is no key of a Setting: the API server drops or refuses it; did you mean value?"
                ),
                format!("-:1: {disables}")
            ]
        );
    }
    assert_eq!(review(&setting("''")).code, OK, "this one means it");
}

#[test]
fn the_installer_s_file_and_a_bare_value_are_judged() {
    let bad = r#"{"vlan":100,"clusterNetwork":"mgmt","range":"10.52.8.0/24"}"#;
    let config = format!("scheme_version: 1\nsystem_settings:\n  vm-migration-network: '{bad}'\n");
    let ran = run_with(&["review", "-", "--cluster", READY], &config);
    assert_eq!(ran.code, REFUSED);
    assert!(ran.stdout.contains("    value.range: Invalid value: \"10.52.8.0/24\": "), "{}", ran.stdout);
    let ran = run(&["review", "--value", bad, "--cluster", READY]);
    assert_eq!(ran.code, REFUSED);
    assert!(ran.stdout.starts_with("--value:1: refused, "), "{}", ran.stdout);

    let sound = SOUND.trim_matches('\'');
    let value = format!(" {sound}");
    let ran = run(&["review", "--value", &value, "--cluster", READY, "--report", "github"]);
    let warning = "value rewritten in canonical form; for Git: migration-network-webhook canonicalize FILE";
    assert_eq!(ran.stdout, format!("::warning title=rewritten::{warning}\n"), "no file is to be mended");
    let files = directory(&[("config.yaml", &format!("systemSettings:\n  vm-migration-network: ' {sound}' # ours\n"))]);
    let path = files.path().join("config.yaml");
    assert_eq!(run(&["canonicalize", path.to_str().unwrap()]).stdout, sound);
    assert_eq!(run(&["canonicalize", "--write", path.to_str().unwrap()]).code, OK);
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        format!("systemSettings:\n  vm-migration-network: '{sound}' # ours\n")
    );
}

#[test]
fn a_missing_separator_is_hinted_at() {
    let twice = format!("{}{}", setting(SOUND), setting(SOUND));
    let ran = run_with(&["review", "-", "--cluster", READY], &twice);
    assert_eq!(ran.code, COULD_NOT_TELL);
    let error = notes(&ran)[0];
    assert!(error.ends_with("; a line with --- may be missing above it, between two documents"), "{error}");
}

#[test]
fn a_thousand_directories_deep_are_named_and_can_be_left_out() {
    let files = directory(&[("a.yaml", &setting(SOUND))]);
    let mut deep = files.path().join("d");
    for _ in 0..40 {
        deep.extend(["d"; 25]);
    }
    fs::create_dir_all(&deep).unwrap();
    symlink("..", files.path().join("d/up")).unwrap();
    let ran = review(files.path(), &[]);
    assert_eq!(ran.code, COULD_NOT_TELL);
    assert!(
        ran.stderr.ends_with("lies more than 64 directories deep, and is not read; leave it out with --exclude\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(review(files.path(), &["--exclude", "d"]).code, OK);
}
