//! A live cluster, as an API server in memory has it.

use super::*;
use crate::fake_api_server::FakeApiServer;
use crate::observe::observe;

const SETTINGS: &str = "/apis/harvesterhci.io/v1beta1/settings";
const MIGRATIONS: &str = "/apis/kubevirt.io/v1/virtualmachineinstancemigrations";

#[tokio::test]
async fn what_the_rules_read_too_is_listed_once() {
    let server = FakeApiServer::new();
    for served in [SETTINGS, MIGRATIONS, "/api/v1/nodes"] {
        server.serve(served);
    }
    let stored = WholeCluster::healthy().setting().clone();
    server.put_in(SETTINGS, stored.clone());
    server.put_in(MIGRATIONS, migration("runs", "Running", "2026-01-02T03:00:05Z"));
    server.put_in(MIGRATIONS, migration("ended", "Failed", "2026-01-02T03:00:05Z"));
    let live = observe(&server.client(), "here").await;
    let setting = live.observed.setting.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(setting.metadata.annotations[HASH], stored["metadata"]["annotations"][HASH]);
    assert!(setting.status.condition("configured").is_some());
    let [running] = &**live.observed.migrations.as_ref().unwrap() else { panic!("{:?}", live.observed.migrations) };
    assert_eq!((&*running.metadata.name, running.status.phase_transition_timestamps.len()), ("runs", 2));
    let calls = server.calls();
    let lists = |what: &str| calls.iter().filter(|(_, path)| path.contains(what)).count();
    assert_eq!(
        (lists("settings?&fieldSelector=metadata.name%3Dvm-migration-network&"), lists(MIGRATIONS)),
        (1, 1),
        "{calls:?}"
    );

    server.refuse(SETTINGS, 403, "settings is forbidden");
    let live = observe(&server.client(), "here").await;
    let refused = "settings.harvesterhci.io (list refused with 403 Forbidden: settings is forbidden)";
    assert_eq!(live.observed.setting.as_ref().unwrap_err().to_string(), refused);
    assert_eq!(live.unseen(), [refused]);
}
