//! The Setting can't be deleted, on purpose or by a command that does it on the side.

use std::fmt::Write as _;

use crate::harness::{Guarded, world};

const DELETED_BY: &str = "delete settings.harvesterhci.io";

#[test]
fn every_way_to_delete_it_is_refused() {
    let cluster = Guarded::new(&world::healthy(), Some(&world::ours(world::CANONICAL)));
    let before = cluster.setting().unwrap();
    let mut told = String::new();
    for shown in [
        &*format!("{DELETED_BY} vm-migration-network"),
        &format!("{DELETED_BY} vm-migration-network --dry-run=server"),
        &format!("{DELETED_BY} vm-migration-network --force --grace-period=0"),
        &format!("{DELETED_BY} --all"),
        "delete --raw /apis/harvesterhci.io/v1beta1/settings",
    ] {
        let run = cluster.kubectl(shown.split(' ')).run();
        write!(told, "$ kubectl {shown}\n{run}\n").unwrap();
        assert_eq!(cluster.setting().unwrap(), before, "{shown}");
    }
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("deletion", told);
    });
    // One by one, the others went.
    assert_eq!(cluster.api.get("/apis/harvesterhci.io/v1beta1/settings/rwx-network").map_err(|no| no.code), Err(404));
}

/// kubectl makes a delete and a create of a refused update when it is told to use force.
#[test]
fn apply_with_force_does_not_lose_it() {
    let cluster = Guarded::new(&world::healthy(), Some(&world::ours(world::CANONICAL)));
    let before = cluster.setting().unwrap();
    let manifest = world::manifest(r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.52.0.0/24"}"#);
    let run = cluster.kubectl(["apply", "--force", "-f", "-"]).stdin(&*manifest).run();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("apply-with-force", run.to_string());
    });
    assert_eq!(cluster.setting().unwrap(), before);
    // The same by another name; it deletes whatever the value is.
    for manifest in [manifest, world::manifest(world::DOCUMENTED)] {
        let run = cluster.kubectl(["replace", "--force", "-f", "-"]).stdin(manifest).run();
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.contains("the Setting vm-migration-network is never deleted; "), "{run}");
        assert_eq!(cluster.setting().unwrap(), before);
    }
}
