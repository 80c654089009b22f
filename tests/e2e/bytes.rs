//! The stored bytes: Harvester hashes them, so a copy that means the same must leave them as they are.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::harness::edit::Editor;
use crate::harness::{Guarded, Plane, Run, world};
use crate::writers::broken;

/// Every way in which a user sends a value. The last word of each is what the transcript shows.
const WAYS: [&str; 5] = ["apply", "apply --server-side --force-conflicts", "replace", "patch", "edit"];

fn send(cluster: &Plane, way: &str, value: &str) -> Run {
    let setting = "settings.harvesterhci.io/vm-migration-network";
    match way {
        "edit" => Editor::writing(value).run(cluster),
        "patch" => {
            let patch = json!({"value": value}).to_string();
            cluster.kubectl(["patch", setting, "--type=merge", "-p", &patch]).run()
        }
        _ => cluster.kubectl(way.split(' ').chain(["-f", "-"])).stdin(world::manifest(value)).run(),
    }
}

/// Values and other spellings of them.
fn spellings() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        (
            r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.100/32","192.168.1.200/32"]}"#,
            vec![
                r#"{"vlan":100,"clusterNetwork":"vm-migration","range":"192.168.1.0/24", "exclude":["192.168.1.200/32", "192.168.1.100/32"]}"#,
                r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0\/24","exclude":["192.168.1.100\/32","192.168.1.200\/32"]}"#,
                "{\n  \"clusterNetwork\": \"vm\\u002dmigration\",\n  \"vlan\": 100,\n  \"range\": \"192.168.1.0/24\",\n  \"exclude\": [\"192.168.1.200/32\", \"192.168.1.100/32\", \"192.168.1.200/32\"]\n}\n",
            ],
        ),
        (
            r#"{"clusterNetwork":"vm-migration","vlan":1,"range":"192.168.1.0/24"}"#,
            vec![
                // What the UI sends when a user opens the form and saves it.
                r#"{"clusterNetwork":"vm-migration","vlan":1,"range":"192.168.1.0/24","exclude":[]}"#,
                r#"{"clusterNetwork":"vm-migration","vlan":0,"range":"192.168.1.0/24","exclude":null}"#,
            ],
        ),
        (
            // Stored before we were there: not canonical, and it stays so.
            r#"{ "vlan": 100, "range": "192.168.1.0/24", "clusterNetwork": "vm-migration", "exclude": ["192.168.1.17/28"], "Vlan": 100 }"#,
            vec![
                r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.16/28"]}"#,
            ],
        ),
    ]
}

/// Sends every spelling in every way, twice.
fn nothing_moves(cluster: &Guarded, stored: &str, spellings: &[&str]) {
    let first = cluster.setting().unwrap();
    let seen = |setting: &Value, key: &str| setting["metadata"][key].clone();
    for spelling in spellings {
        for way in WAYS {
            let shown = format!("{way} of {spelling}");
            let run = send(cluster, way, spelling);
            assert_eq!(run.code, 0, "{shown}: {run}");
            let after = cluster.setting().unwrap();
            assert_eq!(after["value"], stored, "{shown}");
            assert_eq!(seen(&after, "generation"), seen(&first, "generation"), "{shown}");
            assert_eq!(seen(&after, "uid"), seen(&first, "uid"), "{shown}");

            // The first time the API server noted who sent it, and kubectl what: from now on there is nothing to note.
            let run = send(cluster, way, spelling);
            assert_eq!(run.code, 0, "{shown}, again: {run}");
            assert_eq!(cluster.setting().unwrap(), after, "{shown}, again");
        }
    }
}

#[test]
fn another_spelling_leaves_the_stored_bytes() {
    for (stored, spellings) in spellings() {
        let cluster = Guarded::new(&world::healthy(), Some(&world::plain(stored)));
        nothing_moves(&cluster, stored, &spellings);
    }
}

/// Nothing is asked of a cluster for what changes nothing.
#[test]
fn another_spelling_leaves_the_stored_bytes_in_a_broken_cluster() {
    for (stored, spellings) in spellings() {
        let cluster = broken(Some(&world::plain(stored)));
        let changed = stored.replace("192.168.1.0/24", "192.168.2.0/24").replace("192.168.1.", "192.168.2.");
        let run = send(&cluster, "patch", &changed);
        assert_eq!(run.code, 1, "the cluster is not broken enough: {run}");
        nothing_moves(&cluster, stored, &spellings);
    }
}

/// The documented example, as a user meets it: rewritten once, with a word about it.
#[test]
fn the_documented_example_is_stored_canonical() {
    let cluster = Guarded::new(&world::healthy(), None);
    let mut told = String::new();
    let mut apply = |comment: &str, value: &str| {
        let run = cluster.kubectl(["apply", "-f", "-"]).stdin(world::manifest(value)).run();
        write!(told, "$ kubectl apply -f -  # {comment}\n{run}\n").unwrap();
        cluster.setting().unwrap()
    };
    let first = apply("the documented example", world::DOCUMENTED);
    assert_eq!(first["value"], world::CANONICAL);
    let again = apply("again", world::DOCUMENTED);
    assert_eq!(again["value"], world::CANONICAL);
    assert_eq!(again["metadata"]["generation"], first["metadata"]["generation"]);
    let canonical = apply("the canonical form", world::CANONICAL);
    assert_eq!(canonical["value"], world::CANONICAL);

    let before = cluster.reviews();
    let unchanged = apply("the canonical form, again", world::CANONICAL);
    assert_eq!(unchanged, canonical);
    assert_eq!(cluster.reviews(), before, "a request reached the webhook");

    let diff = cluster.kubectl(["diff", "-f", "-"]).stdin(world::manifest(world::CANONICAL)).run();
    write!(told, "$ kubectl diff -f -  # the canonical form\n{diff}\n").unwrap();
    let ways = WAYS.into_iter().chain(["apply --dry-run=server", "apply --server-side", "diff"]);
    for way in ways {
        let run = send(&cluster, way, world::DOCUMENTED);
        write!(told, "$ kubectl {way} …  # the documented example\n{run}\n").unwrap();
    }
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("the-documented-example", told);
    });
    assert_eq!(cluster.setting().unwrap()["value"], world::CANONICAL);
}
