//! The view follows the cluster: what happens in it counts at once, and what broke heals by itself.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::api::Patch;
use crate::harness::cluster::SETTING;
use crate::harness::control_plane::ADMIN;
use crate::harness::line::Line;
use crate::harness::wait::{PATIENCE, eventually};
use crate::harness::{Cluster, Guarded, Plane, world};

const EXAMPLE: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;
/// Room for the three nodes and no more.
const TIGHT: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/29","exclude":["192.168.1.1/32","192.168.1.2/31"]}"#;

const MIGRATIONS: &str = "virtualmachineinstancemigrations.kubevirt.io";
/// What `/readyz` says when nothing is amiss.
const READY: &str = "[+]certificate ok\n[+]view ok\n[+]shutdown ok\nreadyz check passed\n";

/// How long the view may lag behind what the API server has acknowledged.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The verdict on this value: the first problem's message, or nothing when it would be admitted.
fn verdict(cluster: &Plane, value: &str) -> Option<String> {
    let patched = cluster.api.patch(&format!("{SETTING}?dryRun=All"), Patch::Merge, &json!({"value": value}));
    patched.err().map(|refusal| match refusal.status["details"]["causes"][0]["message"].as_str() {
        Some(message) => message.to_owned(),
        None => format!("{refusal:?}"),
    })
}

/// Waits for the verdict, from now on.
fn at_once(cluster: &Plane, value: &str, expected: Option<&str>) {
    let what = format!("the verdict becomes {expected:?}");
    eventually(&what, AT_ONCE, || match (verdict(cluster, value), expected) {
        (None, None) => Ok(()),
        (Some(told), Some(part)) if told.contains(part) => Ok(()),
        (told, _) => Err(told),
    });
}

/// A figure about a resource, as it is printed.
fn figure(cluster: &Guarded, name: &str, resource: &str) -> String {
    let (_, page) = cluster.webhook().get("/metrics").unwrap();
    let start = format!("migration_network_webhook_{name}{{resource=\"{resource}\"}} ");
    page.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("no {start}")).to_owned()
}

fn disabled() -> Guarded {
    Guarded::new(&world::healthy(), Some(&world::ours("")))
}

fn guarded_by(cluster: Cluster, args: &[&str]) -> Guarded {
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(""));
    Guarded::with(cluster, args)
}

#[test]
fn a_migration_is_seen_when_it_begins_and_when_it_ends() {
    let cluster = disabled();
    let migration = "Forbidden: live migration in progress: default/one;";
    at_once(&cluster, EXAMPLE, None);
    // As a user's command makes it: no controller has seen it yet.
    cluster.api.apply(&world::migration("one", ""));
    at_once(&cluster, EXAMPLE, Some(migration));
    for phase in ["Scheduling", "Running"] {
        cluster.api.apply(&world::migration("one", phase));
        at_once(&cluster, EXAMPLE, Some(migration));
    }
    cluster.api.apply(&world::migration("one", "Succeeded"));
    at_once(&cluster, EXAMPLE, None);
    cluster.api.apply(&world::migration("two", "Running"));
    at_once(&cluster, EXAMPLE, Some("live migration in progress: default/two;"));
    cluster.kubectl(["delete", "virtualmachineinstancemigrations.kubevirt.io", "two"]).ok();
    at_once(&cluster, EXAMPLE, None);
}

/// The commands are taken from the refusal, as a user would.
#[test]
fn the_way_out_of_a_stuck_migration_is_as_the_message_says() {
    let cluster = Guarded::new(&world::healthy(), Some(&world::ours(world::CANONICAL)));
    cluster.api.apply(&world::migration("stuck", "Running"));
    at_once(&cluster, EXAMPLE, Some("default/stuck"));
    let apply = || cluster.kubectl(["apply", "-f", "-"]).stdin(world::manifest(EXAMPLE)).run();
    let refused = apply();
    assert_eq!(refused.code, 1, "{refused}");
    let command = |start: &str| {
        let at = refused.stderr.find(start).unwrap_or_else(|| panic!("no {start} in {refused}"));
        let line = refused.stderr[at..].lines().next().unwrap();
        line.split(". ").next().unwrap().trim_end_matches(['.', ';']).to_owned()
    };
    let run = |command: &str| cluster.kubectl(command.split(' ').skip(1)).ok();

    run(&command("kubectl annotate "));
    let admitted = apply();
    assert_eq!(admitted.code, 0, "{admitted}");
    assert!(admitted.stderr.contains("Warning: "), "{admitted}");
    assert_eq!(cluster.setting().unwrap()["value"], EXAMPLE);
    // It was for that value, and lapses with it.
    let told = verdict(&cluster, world::CANONICAL);
    assert!(told.as_deref().is_some_and(|told| told.contains("default/stuck")), "{told:?}");

    run(&command("kubectl delete "));
    at_once(&cluster, world::CANONICAL, None);
}

#[test]
fn networks_nodes_and_definitions_are_seen_at_once() {
    let cluster = &disabled();
    at_once(cluster, EXAMPLE, None);

    cluster.kubectl(["delete", "crd", "ippools.whereabouts.cni.cncf.io"]).ok();
    at_once(cluster, EXAMPLE, Some("the CRD ippools.whereabouts.cni.cncf.io is missing"));
    cluster.define();
    at_once(cluster, EXAMPLE, None);

    cluster.kubectl(["delete", "vlanconfigs.network.harvesterhci.io", "vm-migration-all"]).ok();
    at_once(cluster, EXAMPLE, Some("no VlanConfig belongs to this cluster network"));
    cluster.api.apply(&world::vlan_config("vm-migration", "all", &world::NODES));
    at_once(cluster, EXAMPLE, None);

    cluster.api.apply(&world::vlan_status("vm-migration", "node-1", "False"));
    at_once(cluster, EXAMPLE, Some("the VLAN is not ready on node-1"));
    cluster.api.apply(&world::vlan_status("vm-migration", "node-1", "True"));
    at_once(cluster, EXAMPLE, None);

    cluster.kubectl(["delete", "clusternetworks.network.harvesterhci.io", "vm-migration"]).ok();
    at_once(cluster, EXAMPLE, Some("there is no ClusterNetwork of this name"));
    cluster.api.apply(&world::cluster_network("vm-migration"));
    at_once(cluster, EXAMPLE, None);

    at_once(cluster, TIGHT, None);
    cluster.api.apply(&world::node("node-3", 3));
    at_once(cluster, TIGHT, Some("4 nodes need an address each and 3 are usable"));
    cluster.kubectl(["delete", "node", "node-3"]).ok();
    at_once(cluster, TIGHT, None);

    let sibling = r#"{"clusterNetwork":"test-1","vlan":7,"range":"192.168.1.0/24"}"#;
    cluster.api.apply(&world::setting("storage-network", sibling, ""));
    at_once(cluster, EXAMPLE, Some("storage-network"));
    cluster.api.apply(&world::setting("storage-network", "", ""));
    at_once(cluster, EXAMPLE, None);

    let services = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "more"},
        "spec": {"cidrs": ["192.168.1.0/28"]}
    });
    cluster.api.apply(&services);
    at_once(cluster, EXAMPLE, Some("192.168.1.0/28 (ServiceCIDR more)"));
    cluster.kubectl(["delete", "servicecidr", "more", "--wait=false"]).ok();

    let host = json!({
        "apiVersion": "network.harvesterhci.io/v1beta1", "kind": "HostNetworkConfig", "metadata": {"name": "hosts"},
        "spec": {"clusterNetwork": "vm-migration", "vlanID": 100, "ips": {"node-0": "192.168.2.7/24"}}
    });
    let elsewhere = EXAMPLE.replace("192.168.1.0", "192.168.2.0");
    at_once(cluster, &elsewhere, None);
    cluster.api.apply(&host);
    at_once(cluster, &elsewhere, Some("192.168.2.7"));
}

/// Harvester's network controller, `KubeVirt` and Whereabouts may come after us.
#[test]
fn definitions_that_come_later_are_noticed() {
    let cluster = Cluster::lease();
    let crds = [
        "ippools.whereabouts.cni.cncf.io",
        "virtualmachineinstancemigrations.kubevirt.io",
        "hostnetworkconfigs.network.harvesterhci.io",
        "clusternetworks.network.harvesterhci.io",
        "vlanconfigs.network.harvesterhci.io",
        "vlanstatuses.network.harvesterhci.io",
    ];
    cluster.api.apply(&world::node("node-0", 0));
    cluster.store(&world::ours(""));
    cluster.kubectl(["delete", "crd"].into_iter().chain(crds)).ok();
    let cluster = Guarded::of(cluster);
    at_once(&cluster, EXAMPLE, Some("there is no ClusterNetwork of this name"));
    cluster.define();
    cluster.apply_all(&world::healthy());
    eventually("all of it is seen", PATIENCE, || verdict(&cluster, EXAMPLE).map_or(Ok(()), Err));
    let seen = |name: &str| {
        eventually("migrations are seen", PATIENCE, || match verdict(&cluster, EXAMPLE) {
            Some(told) if told.contains(name) => Ok(()),
            told => Err(told),
        });
    };
    // Until its definition is noticed, there are none.
    cluster.api.apply(&world::migration("one", "Running"));
    seen("default/one");

    // And may go before us: then there are none of them, which is no trouble.
    cluster.kubectl(["delete", "crd", MIGRATIONS]).ok();
    eventually("there are none", PATIENCE, || match (verdict(&cluster, EXAMPLE), cluster.webhook().get("/readyz")) {
        (None, Ok((200, page))) if page == READY => Ok(()),
        other => Err(other),
    });
    cluster.define();
    cluster.api.apply(&world::migration("two", "Running"));
    seen("default/two");
}

/// What the API server says of itself must not be believed for longer than it can be reached.
#[test]
fn the_view_heals_after_the_api_server_was_away() {
    let mut cluster = guarded_by(Cluster::fresh(&[]), &["--max-staleness=10s"]);
    at_once(&cluster, EXAMPLE, None);
    cluster.servers.stop_apiserver();
    eventually("the watches are noticed to be broken", PATIENCE, || {
        let (status, body) = cluster.webhook().get("/readyz").unwrap();
        assert_eq!(status, 200, "what was ready once stays so: {body}");
        if body.contains("nodes") { Ok(()) } else { Err(body) }
    });
    cluster.servers.start_apiserver();
    // For a while it still turns watches away, and what was known before counts for as long as the staleness allows.
    cluster.api.apply(&world::migration("one", "Running"));
    eventually("what happened meanwhile is seen", PATIENCE, || match verdict(&cluster, EXAMPLE) {
        Some(told) if told.contains("default/one") => Ok(()),
        told => Err(told),
    });
    eventually("nothing is amiss any more", PATIENCE, || match cluster.webhook().get("/readyz").unwrap() {
        (200, body) if body == READY => Ok(()),
        other => Err(other),
    });
    cluster.api.apply(&world::migration("one", "Succeeded"));
    at_once(&cluster, EXAMPLE, None);
}

/// A dead line to the API server, which itself goes on asking us.
#[test]
fn what_is_not_known_any_more_is_refused_until_it_is() {
    let cluster = Cluster::lease();
    let line = Line::to(cluster.servers.port);
    let kubeconfig = cluster.servers.kubeconfig(ADMIN);
    let direct = fs::read_to_string(&kubeconfig).unwrap();
    let address = cluster.servers.address();
    fs::write(&kubeconfig, direct.replace(&address, &format!("127.0.0.1:{}", line.port))).unwrap();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let cluster = Guarded::with(cluster, &[&kubeconfig, "--max-staleness=10s"]);
    at_once(&cluster, EXAMPLE, None);

    line.set_dead(true);
    let silent = "no word from the API server for ";
    eventually("the silence is noticed", PATIENCE, || match verdict(&cluster, EXAMPLE) {
        Some(told) if told.contains("503") && told.contains(silent) => Ok(()),
        told => Err(told),
    });
    // Disabling depends on migrations alone, and of those nothing is known either.
    let migrations = "virtualmachineinstancemigrations.kubevirt.io (no word from the API server for ";
    eventually("nothing is known of migrations", PATIENCE, || match verdict(&cluster, "") {
        Some(told) if told.contains("503") && told.contains(migrations) => Ok(()),
        told => Err(told),
    });
    // Nothing need be known to leave the value as it is, or to refuse a DELETE.
    cluster.api.patch(SETTING, Patch::Merge, &json!({"metadata": {"annotations": {"a": "b"}}})).unwrap();
    let reformatted = world::CANONICAL.replace(':', ": ");
    let kept = cluster.api.patch(SETTING, Patch::Merge, &json!({"value": reformatted})).unwrap();
    assert_eq!(kept["value"], world::CANONICAL);
    assert_eq!(cluster.api.delete(SETTING).unwrap_err().code, 405);

    // What happened meanwhile is seen as soon as anything is.
    cluster.api.apply(&world::migration("one", "Running"));
    line.set_dead(false);
    eventually("it heals", PATIENCE, || match verdict(&cluster, EXAMPLE) {
        Some(told) if told.contains("default/one") => Ok(()),
        told => Err(told),
    });
    cluster.api.apply(&world::migration("one", "Succeeded"));
    at_once(&cluster, EXAMPLE, None);
}

/// One object that can't be read spoils what depends on its kind, and nothing else.
#[test]
fn an_object_that_can_not_be_read_is_named() {
    let mut cluster = disabled();
    at_once(&cluster, EXAMPLE, None);
    let mut odd = world::vlan_status("test-1", "node-0", "True");
    odd["status"] = json!({"conditions": "none"});
    cluster.api.apply(&odd);
    at_once(&cluster, EXAMPLE, Some("test-1-node-0"));
    let change = json!({"value": EXAMPLE});
    let refusal = cluster.api.patch(SETTING, Patch::Merge, &change).unwrap_err();
    assert_eq!((refusal.code, &refusal.status["reason"]), (503, &"ServiceUnavailable".into()), "{refusal:?}");
    let statuses = "vlanstatuses.network.harvesterhci.io";
    assert_eq!(figure(&cluster, "cluster_undecodable_objects", statuses), "1.0");
    let said = |cluster: &Guarded| {
        let log = cluster.webhook().process.log();
        log.lines().filter(|line| line.contains(" WARN ") && line.contains("test-1-node-0")).count()
    };
    assert_eq!(said(&cluster), 1);
    let on_mgmt = r#"{"clusterNetwork":"mgmt","vlan":100,"range":"192.168.1.0/24"}"#;
    at_once(&cluster, on_mgmt, None);
    // So it is when it was there before us.
    cluster.relist();
    assert_eq!(said(&cluster), 2);
    at_once(&cluster, EXAMPLE, Some("test-1-node-0"));
    // The watch goes on, and brings the next change.
    cluster.api.apply(&world::vlan_status("vm-migration", "node-1", "False"));
    cluster.api.apply(&world::vlan_status("test-1", "node-0", "True"));
    at_once(&cluster, EXAMPLE, Some("the VLAN is not ready on node-1"));
    cluster.api.apply(&world::vlan_status("vm-migration", "node-1", "True"));
    at_once(&cluster, EXAMPLE, None);
    assert_eq!(figure(&cluster, "cluster_undecodable_objects", statuses), "0.0");
}

/// A thousand migrations that have ended cost nothing; the one that runs is found among them.
#[test]
fn ended_migrations_are_not_kept() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(""));
    for index in 0..300 {
        cluster.api.apply(&world::migration(&format!("ended-{index}"), "Succeeded"));
    }
    let start = Instant::now();
    let cluster = Guarded::of(cluster);
    at_once(&cluster, EXAMPLE, None);
    cluster.api.apply(&world::migration("ended-7", "Running"));
    at_once(&cluster, EXAMPLE, Some("live migration in progress: default/ended-7; "));
    assert!(start.elapsed() < PATIENCE);
    assert_eq!(figure(&cluster, "cluster_objects", MIGRATIONS), "1.0");
}
