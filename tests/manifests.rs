//! The chart, the build, and the names that the operator's page gives them. What Helm renders is in `e2e`.

#![expect(clippy::unwrap_used, reason = "a test asserts by panicking, in its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use regex_lite::Regex;
use serde_json::Value;

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&text(path)).unwrap()
}

fn all(pattern: &str, text: &str) -> BTreeSet<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn the_chart_has_the_version_of_the_release() {
    let chart = yaml("manifests/chart/Chart.yaml");
    assert_eq!(
        (&chart["version"], &chart["appVersion"]),
        (&env!("CARGO_PKG_VERSION").into(), &env!("CARGO_PKG_VERSION").into())
    );
}

/// Nothing is pulled and nothing is run to make the image: it holds what cargo built, and its layer is one.
#[test]
fn the_image_is_made_from_scratch_and_only_copied() {
    let dockerfile = text("Dockerfile");
    let steps = all(r"(?m)^(FROM|COPY|ADD|RUN) .+$", &dockerfile);
    assert_eq!(steps, ["COPY", "FROM"].map(str::to_owned).into());
    assert_eq!(all(r"(?m)^FROM (.+)$", &dockerfile), ["scratch".to_owned()].into());
    assert_eq!(all(r"(?m)^COPY (.+)$", &dockerfile), ["root/ /".to_owned()].into());
    assert_eq!(all(r"(?m)^USER (.+)$", &dockerfile), ["65532:65532".to_owned()].into());
}

#[test]
fn actions_are_taken_by_commit() {
    let pinned = Regex::new(r"^[a-z/-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$").unwrap();
    let uses = all(r"(?m)uses: (.+)$", &text(".github/workflows/check.yaml"));
    assert!(!uses.is_empty());
    for action in uses {
        assert!(pinned.is_match(&action), "{action}");
    }
}

#[test]
fn every_alert_is_documented_and_asks_for_metrics_that_are() {
    let rules = text("manifests/chart/files/alerts.yaml");
    let page = text("docs/operations.md");
    let alerts = all(r"alert: (\w+)", &rules);
    assert!(alerts.len() > 5, "{alerts:?}");
    assert_eq!(all(r"(?m)^\| `(MigrationNetworkWebhook\w+)`", &page), alerts);
    let asked = all(r"\b((?:migration_network_webhook|controller_runtime_webhook)_\w+)", &rules);
    let documented = all(r"(?m)^\| `((?:migration_network_webhook|controller_runtime_webhook)_\w+)`", &page);
    assert_eq!(asked.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// The file in the image: what is linked, not what only runs while building, and texts below.
#[test]
fn the_licences_are_those_of_what_is_linked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = Command::new("manifests/licences").arg("x86_64-unknown-linux-gnu").current_dir(root).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let printed = String::from_utf8_lossy(&run.stdout);
    let (list, texts) = printed.split_once("\n\n-----").unwrap();
    for (name, linked) in [("serde_json", true), ("aws-lc-sys", true), ("serde_derive", false), ("insta", false)] {
        assert_eq!(list.contains(&format!("\n{name} ")), linked, "{name}");
    }
    for text in ["Apache License", "Permission is hereby granted"] {
        assert!(texts.contains(text), "{text}");
    }
}
