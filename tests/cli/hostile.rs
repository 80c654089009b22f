//! Text of strangers in files, names and values: never raw on a terminal, and never without bounds.

use serde_json::{Value, json};

use crate::binary::{COULD_NOT_TELL, READY, REFUSED, Ran, directory, run, run_with, setting};

/// Moves the cursor, reorders the line, ends it, speaks to a CI system.
const HOSTILE: &str = "\u{1b}[2J\u{202e}\u{85}\u{7f}\n::error::x\r##[error]\u{2028}";

fn assert_harmless(ran: &Ran) {
    for stream in [&ran.stdout, &ran.stderr] {
        for line in stream.lines() {
            assert!(!line.trim_start().starts_with("::error"), "{line:?}");
        }
        let raw = stream
            .chars()
            .find(|char| char.is_control() && *char != '\n' || "\u{202e}\u{2028}\u{200b}\u{feff}".contains(*char));
        assert_eq!(raw, None, "{stream:?}");
    }
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let value = json!({"clusterNetwork": HOSTILE, "vlan": HOSTILE, "range": HOSTILE, "exclude": [HOSTILE], HOSTILE: 1});
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": HOSTILE, "operation": "CREATE", "userInfo": {"username": HOSTILE},
        "resource": {"group": "harvesterhci.io", "resource": "settings"},
        "object": {"metadata": {"name": "vm-migration-network"}, "value": value.to_string()}}});
    let mut malformed = review.clone();
    malformed["request"]["operation"] = HOSTILE.into();
    malformed["apiVersion"] = HOSTILE.into();
    let mut other = review.clone();
    other["request"]["resource"]["group"] = HOSTILE.into();
    let object = json!({"apiVersion": HOSTILE, "kind": HOSTILE, "metadata": {"name": HOSTILE}});
    let name = format!("{}.json", HOSTILE.replace('/', ""));
    let all = [&review, &malformed, &other, &object].map(ToString::to_string).join("\n");
    let yaml = format!("{}.yaml", "\u{202e}\n");
    let files = directory(&[
        (&name, &all),
        (&yaml, "{"),
        ("rewritten.yaml", &setting(&Value::from(format!(" {SOUND} \r\n\t")).to_string())),
    ]);
    for format in ["human", "json", "review"] {
        let ran = run(&["review", "-o", format, "--cluster", READY, files.path().to_str().unwrap()]);
        assert_eq!(ran.code, COULD_NOT_TELL);
        assert_harmless(&ran);
        if format == "json" {
            // What is escaped for the eye is whole for a program.
            assert!(ran.json().iter().any(|record| record["user"] == HOSTILE && record["uid"] == HOSTILE), "{ran:?}");
        }
    }
    let manifest = setting(&value.to_string().replace('\'', "''"));
    assert_harmless(&run_with(&["canonicalize"], &manifest));
    assert_harmless(&run_with(
        &["canonicalize", "--check"],
        &setting(&Value::from(format!("{SOUND}\u{85} ")).to_string()),
    ));
    assert_harmless(&run(&["canonicalize", HOSTILE]));
    assert_harmless(&run(&["canonicalize", &value.to_string()]));
    assert_harmless(&run(&["review", HOSTILE, "--cluster", HOSTILE]));
}

const SOUND: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;

#[test]
fn a_flood_of_problems_is_cut_and_counted() {
    let excludes = vec!["x"; 200_000].join("\",\"");
    let value =
        format!(r#"{{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["{excludes}"]}}"#);
    let manifest = setting(&format!("'{value}'"));
    let ran = run_with(&["review", "-", "--cluster", READY], &manifest);
    assert_eq!(ran.code, REFUSED);
    assert_eq!(ran.stdout.lines().count(), 53, "the verdict, 50 problems, how many more, the summary");
    assert!(ran.stdout.contains("    and 199951 more problems\n"), "{}", &ran.stdout[..2000]);
    let record = run_with(&["review", "-", "-o", "json", "--cluster", READY], &manifest).json().remove(0);
    assert_eq!((record["causes"].as_array().unwrap().len(), &record["moreCauses"]), (50, &json!(199_951)));
    let ran = run_with(&["canonicalize"], &value);
    assert_eq!((ran.code, ran.stderr.lines().count()), (COULD_NOT_TELL, 51));
}

#[test]
fn a_book_of_a_value_is_rewritten_and_shown_in_part() {
    let value = SOUND.replace(',', &format!(",{}", "\n".repeat(100_000)));
    let ran = run_with(&["review", "-", "--cluster", READY], &setting(&Value::from(value).to_string()));
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.len() < 4000, "{}", ran.stdout.len());
    assert!(ran.stdout.contains("    (the first has 199901 more lines)\n"), "{}", ran.stdout);
}

#[test]
fn bombs_and_loops_end() {
    let bomb = (1..10)
        .fold("# vm-migration-network\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
            format!("{text}a{level}: &a{level} [{}]\n", format!("*a{},", level - 1).repeat(10))
        });
    let deep = format!("{}{} # vm-migration-network", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!("{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":{deep}}}");
    let files = directory(&[("bomb.yaml", &bomb), ("deep.yaml", &deep), ("deep.json", &nested)]);
    std::os::unix::fs::symlink(".", files.path().join("loop")).unwrap();
    let ran = run(&["review", "-o", "json", "--cluster", READY, files.path().to_str().unwrap()]);
    assert_eq!(ran.code, COULD_NOT_TELL);
    assert_eq!(ran.json().len(), 3);
    assert_eq!(ran.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 3, "{}", ran.stderr);
    let words = "/bomb.yaml\" is not valid YAML: nested, repeated or long beyond reason\n";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
}
