//! What an admitted change is told, as kubectl prints it.

use crate::harness::{Cluster, Guarded, Plane, world};

/// The warnings of a change to this value, which is admitted; it is not made.
fn warnings(cluster: &Plane, value: &str) -> Vec<String> {
    let apply = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"];
    let run = cluster.kubectl(apply).stdin(world::manifest(value)).run();
    assert_eq!(run.code, 0, "{run}");
    run.stderr
        .lines()
        .map(|line| line.strip_prefix("Warning: ").unwrap_or_else(|| panic!("{run}")).to_owned())
        .collect()
}

#[test]
fn what_is_allowed_but_worth_a_word_is_printed() {
    let cluster = Guarded::new(&world::healthy(), Some(&world::ours("")));
    let none = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;
    assert_eq!(warnings(&cluster, none), [""; 0]);
    let on_mgmt = r#"{"clusterNetwork":"mgmt","vlan":100,"range":"192.168.1.0/24"}"#;
    let tight = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/29","exclude":["192.168.1.4/30"]}"#;
    let inside =
        r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.100.0/24","exclude":["192.168.100.8/29"]}"#;
    let told: Vec<String> = [on_mgmt, tight, inside].iter().flat_map(|value| warnings(&cluster, value)).collect();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("warnings", told.join("\n"));
    });
    // The API server cuts longer ones when there are many.
    assert!(told.iter().all(|warning| warning.len() <= 256), "{told:?}");
}

/// An operator who must get past a rule turns it into a warning.
#[test]
fn a_rule_can_be_made_to_warn() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(""));
    let cluster = Guarded::with(cluster, &["--warn-rule=range-reserved"]);
    let told = warnings(&cluster, r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.42.1.0/24"}"#);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("10.42.0.0/16"), "{told:?}");
}
