//! `docs/ci.md`: every file in it is written, and every script line in it run.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Dir, Run};

const GOOD: &str = "apiVersion: harvesterhci.io/v1beta1\nkind: Setting\nmetadata:\n  name: vm-migration-network\n\
    value: '{\"clusterNetwork\":\"vm-migration\",\"vlan\":100,\"range\":\"192.168.1.0/24\"}'\n";

/// The blocks of the page: language and text.
fn blocks() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).unwrap();
    let fenced = page.split("```").skip(1).step_by(2);
    fenced
        .map(|block| block.split_once('\n').map(|(language, text)| (language.to_owned(), text.to_owned())).unwrap())
        .collect()
}

/// The repository that the page describes, with the binary on the path.
fn repository() -> Dir {
    let dir = Dir::new();
    dir.write("cluster/cluster.yaml", include_str!("../suites/cluster.yaml"));
    dir.write("settings/vm-migration-network.yaml", GOOD);
    for (_, text) in blocks() {
        let named = text.strip_prefix("#!/bin/sh\n").unwrap_or(&text).strip_prefix("# ");
        if let Some((path, _)) = named.and_then(|text| text.split_once('\n')) {
            dir.write(path, &text);
        }
    }
    std::fs::create_dir(dir.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_migration-network-webhook"), dir.path("bin/migration-network-webhook")).unwrap();
    // What kustomize would print; the end-to-end tests have it build something.
    let built = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: beside}}\n---\n{GOOD}");
    dir.write("overlays/production/built.yaml", &built);
    dir.write("bin/kustomize", "#!/bin/sh\n[ \"$1\" = build ] && exec /bin/cat \"$2/built.yaml\"\n");
    std::fs::set_permissions(dir.path("bin/kustomize"), std::fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// Runs a line as a CI system would, or a hook as Git would.
fn sh(dir: &Dir, line: &str) -> Run {
    let mut command = Command::new("/bin/sh");
    dir.wait(command.args(["-e", "-c", line]).env_clear().env("PATH", dir.path("bin")))
}

/// Every script line of the page.
fn lines() -> Vec<String> {
    fn collect(value: &Value, lines: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| collect(item, lines)),
            Value::Object(object) => {
                for (key, value) in object {
                    match (key.as_str(), value) {
                        ("run", Value::String(line)) => lines.push(line.clone()),
                        ("script", Value::Array(script)) => {
                            lines.extend(script.iter().map(|it| it.as_str().unwrap().to_owned()));
                        }
                        ("entry", Value::String(entry)) if object.get("pass_filenames") == Some(&false.into()) => {
                            lines.push(entry.clone());
                        }
                        // pre-commit appends the files that match.
                        ("entry", Value::String(entry)) => {
                            lines.push(format!("{entry} settings/vm-migration-network.yaml"));
                        }
                        _ => collect(value, lines),
                    }
                }
            }
            _ => {}
        }
    }
    let mut lines = Vec::new();
    for (language, text) in blocks() {
        match language.as_str() {
            "yaml" => collect(&serde_saphyr::from_str(&text).unwrap(), &mut lines),
            "sh" => lines.extend(text.lines().filter(|line| !line.starts_with('#')).map(ToOwned::to_owned)),
            "text" | "Dockerfile" => {}
            other => panic!("a block of {other}"),
        }
    }
    lines
}

/// Every command of the page's text and tables that is whole.
fn commands() -> Vec<String> {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).unwrap().replace('\n', " ");
    let inline = page.split('`').skip(1).step_by(2).map(ToOwned::to_owned);
    let whole = |command: &String| {
        ["migration-network-webhook ", "kustomize "].iter().any(|program| command.starts_with(program))
    };
    inline.filter(whole).collect()
}

#[test]
fn every_script_line_runs_and_passes() {
    let dir = repository();
    let (lines, commands) = (lines(), commands());
    assert_eq!((lines.len(), commands.len()), (8, 6), "{lines:?}\n{commands:?}");
    for line in lines.iter().chain(&commands) {
        let Run { code, out, err } = sh(&dir, line);
        assert_eq!(code, 0, "{line}\n{out}{err}");
    }
    for written in ["review.sarif", "review.xml", "policy.xml", "policy/suite.schema.json"] {
        assert!(dir.read(written).len() > 100, "{written}");
    }
}

#[test]
fn a_bad_value_fails_wherever_it_is_judged() {
    let dir = repository();
    dir.write("settings/vm-migration-network.yaml", &GOOD.replace("100", "4095"));
    let failing: Vec<_> = lines().into_iter().filter(|line| sh(&dir, line).code != 0).collect();
    assert_eq!(failing.len(), 7, "{failing:?}");
    assert!(lines().iter().filter(|line| !failing.contains(line)).all(|line| line.contains("schema suite")));
}

#[test]
fn the_hook_stops_a_commit() {
    let dir = repository();
    let hook = dir.path(".git/hooks/pre-commit");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(sh(&dir, ".git/hooks/pre-commit").code, 0);
    dir.write("settings/vm-migration-network.yaml", &GOOD.replace(":100", ": 100"));
    assert_eq!(sh(&dir, ".git/hooks/pre-commit").code, 1);
}

#[test]
fn files_that_a_pipeline_keeps_are_written() {
    let dir = repository();
    for line in lines() {
        sh(&dir, &line);
    }
    let gitlab: Value = serde_saphyr::from_str(&dir.read(".gitlab-ci.yml")).unwrap();
    let kept = gitlab["vm-migration-network"]["artifacts"]["reports"]["junit"].as_array().unwrap();
    for file in kept {
        roxmltree::Document::parse(&dir.read(file.as_str().unwrap())).unwrap();
    }
    let github: Value = serde_saphyr::from_str(&dir.read(".github/workflows/vm-migration-network.yaml")).unwrap();
    let steps = github["jobs"]["policy"]["steps"].as_array().unwrap();
    let uploaded = steps.iter().find_map(|step| step["with"]["sarif_file"].as_str()).unwrap();
    serde_json::from_str::<Value>(&dir.read(uploaded)).unwrap();
}
