//! The chart, the build, and the names that the operator's page gives them. What Helm renders is in `e2e`.

#![expect(clippy::unwrap_used, reason = "a test asserts by panicking, in its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use migration_network_webhook::setting::RuleId;
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
    let addon = all(r"(?m)^  version: (.+)$", &text("manifests/addon.yaml"));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!((&chart["version"], &chart["appVersion"]), (&version.into(), &version.into()));
    assert_eq!(addon, [version.to_owned()].into());
}

/// A name that Helm lets through and the server refuses would stop every new pod.
#[test]
fn the_schema_of_the_chart_names_the_rules_that_may_warn() {
    let schema = yaml("manifests/chart/values.schema.json");
    let rules: Vec<_> = RuleId::ALL.into_iter().filter(|rule| rule.may_warn()).map(RuleId::as_str).collect();
    assert_eq!(schema["properties"]["warnRules"]["items"]["enum"], serde_json::json!(rules));
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
    for workflow in ["check", "release", "weekly"] {
        let uses = all(r"(?m)uses: (.+)$", &text(&format!(".github/workflows/{workflow}.yaml")));
        assert!(!uses.is_empty(), "{workflow}");
        for action in uses {
            assert!(pinned.is_match(&action), "{workflow}: {action}");
        }
    }
}

/// A test that is renamed or gone would leave a claim of SECURITY.md without its proof.
#[test]
fn the_tests_that_the_threat_model_names_are_there() {
    let named = all(r"`((?:src|tests)/[a-z0-9_/]+\.rs(?:::[a-z0-9_]+)?)`", &text("SECURITY.md"));
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        let (file, test) = name.split_once("::").unwrap_or((&name, ""));
        assert!(text(file).contains(&format!("fn {test}")), "{name}");
    }
    let targets = all(r"fuzz targets? `([a-z]+)`", &text("SECURITY.md"));
    for target in targets {
        assert!(text("tests/fuzz/Cargo.toml").contains(&format!("\nname = \"{target}\"\n")), "{target}");
    }
}

/// Every query of the alerts and of the dashboard.
fn queries() -> Vec<String> {
    let alerts = yaml("manifests/chart/files/alerts.yaml");
    let dashboard = yaml("manifests/chart/files/dashboard.json");
    let rules = alerts["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
    let panels = dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    rules.chain(panels).map(|query| query["expr"].as_str().unwrap().to_owned()).collect()
}

/// The names of metrics in a query: what is left without strings, labels, ranges, functions and operators.
fn asked(query: &str) -> BTreeSet<String> {
    let without = |text: String, pattern: &str| Regex::new(pattern).unwrap().replace_all(&text, " ").into_owned();
    let rest = without(query.to_owned(), r#""(?:[^"\\]|\\.)*""#);
    let rest = without(rest, r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|on) \([^)]*\)|\boffset [\w$]+");
    let rest = without(rest, r"\w+ *\(");
    all(r"\b([a-z]\w+)\b", &rest).into_iter().filter(|name| !["and", "or", "unless"].contains(&&**name)).collect()
}

#[test]
fn every_query_asks_for_metrics_that_are_documented() {
    let page = text("docs/operations.md");
    let own = all(r"(?m)^\| `((?:migration_network_webhook|controller_runtime_webhook)_\w+)`", &page);
    let documented = own.union(&all(r"`(apiserver_\w+)`", &page)).cloned().collect::<BTreeSet<_>>();
    let queries = queries();
    let asked: BTreeSet<_> = queries.iter().flat_map(|query| asked(query)).collect();
    assert!(queries.len() > 20 && asked.len() > 20, "{queries:?} {asked:?}");
    let of_a_histogram = |name: &String| name.strip_suffix("_bucket").unwrap_or(name).to_owned();
    let unknown: Vec<_> = asked.iter().map(of_a_histogram).filter(|name| !documented.contains(name)).collect();
    assert_eq!(unknown, Vec::<String>::new());
}

/// What a panel shows, in which unit, and what each of its lines is.
#[test]
fn every_panel_of_the_dashboard_explains_itself() {
    let dashboard = yaml("manifests/chart/files/dashboard.json");
    let said = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    for panel in dashboard["panels"].as_array().unwrap() {
        let what = [&panel["title"], &panel["description"], &panel["fieldConfig"]["defaults"]["unit"]];
        let lines = panel["targets"].as_array().unwrap().iter().map(|target| &target["legendFormat"]);
        assert!(what.into_iter().chain(lines).all(said), "{panel}");
    }
}

/// `make alerts` runs those tests; this sees that none is missing.
#[test]
fn every_alert_is_documented_and_tested_to_fire_and_to_be_silent() {
    let rules = text("manifests/chart/files/alerts.yaml");
    let alerts = all(r"alert: (\w+)", &rules);
    assert!(alerts.len() > 5, "{alerts:?}");
    assert_eq!(all(r"(?m)^\| `(MigrationNetworkWebhook\w+)`", &text("docs/operations.md")), alerts);
    let [mut fires, mut silent] = [BTreeSet::new(), BTreeSet::new()];
    for test in yaml("tests/alerts/alerts.test.yaml")["tests"].as_array().unwrap() {
        for moment in test["alert_rule_test"].as_array().unwrap() {
            let seen = if moment["exp_alerts"].is_array() { &mut fires } else { &mut silent };
            seen.insert(moment["alertname"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!((&fires, &silent), (&alerts, &alerts));
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
