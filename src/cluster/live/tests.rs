use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::cluster::kinds::WatchedResource;
use crate::fake_api_server::FakeApiServer;
use crate::setting::Facts;
use crate::setting::facts::{CrdState, FactKind};

const MIGRATIONS: &str = "/apis/kubevirt.io/v1/virtualmachineinstancemigrations";
const NODES: &str = "/api/v1/nodes";
const STATUSES: &str = "/apis/network.harvesterhci.io/v1beta1/vlanstatuses";
const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const IN_NS: &str = "/apis/kubevirt.io/v1/namespaces/ns/virtualmachineinstancemigrations";
const IN_DEFAULT: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstancemigrations";

/// Where a resource is, in its usual version.
fn path(resource: &WatchedResource) -> String {
    let root = if resource.group().is_empty() { "/api" } else { "/apis" };
    format!("{root}/{}/{}", resource.api_version(resource.version), resource.plural())
}

fn serving_all() -> Arc<FakeApiServer> {
    let server = FakeApiServer::new();
    kinds::watches().for_each(|resource| server.serve(&path(&resource)));
    server
}

fn node(name: &str) -> Value {
    json!({"metadata": {"name": name, "managedFields": [{"manager": "k3s"}]}})
}

fn migration(name: &str, phase: &str) -> Value {
    json!({"metadata": {"namespace": "default", "name": name}, "status": {"phase": phase}})
}

fn crd(name: &str) -> Value {
    json!({"metadata": {"name": name}, "status": {"conditions": [{"type": "Established", "status": "True"}]}})
}

/// A view of the server that is kept new until this is dropped.
struct Followed {
    view: Arc<ClusterState>,
    registry: Registry,
    task: tokio::task::JoinHandle<Infallible>,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Followed {
    fn start(server: &Arc<FakeApiServer>) -> Self {
        let mut registry = Registry::default();
        let (view, run) = start(server.client(), Duration::from_mins(3), &mut registry);
        Self { view, registry, task: tokio::spawn(run) }
    }

    async fn listed(server: &Arc<FakeApiServer>) -> Self {
        let followed = Self::start(server);
        followed.until(Duration::from_secs(1), |_| followed.view.is_listed()).await;
        followed
    }

    /// Waits until the facts are so. The clock is the test's: waiting costs nothing.
    async fn until(&self, within: Duration, so: impl Fn(&Facts) -> bool) {
        let wait = async {
            while !so(&self.view.facts()) {
                sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(timeout(within, wait).await.is_ok(), "not within {within:?}: {:?}", self.missing());
    }

    fn missing(&self) -> Vec<String> {
        self.view.facts().missing().map(ToString::to_string).collect()
    }

    fn migrations(&self) -> Vec<String> {
        self.view.facts().migrations.clone().unwrap().iter().map(|name| name.name.to_string()).collect()
    }

    fn metric(&self, name: &str) -> String {
        let mut page = String::new();
        prometheus_client::encoding::text::encode(&mut page, &self.registry).unwrap();
        page.lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_else(|| panic!("no {name} in {page}"))
            .trim()
            .to_owned()
    }
}

fn count(facts: &Facts) -> Option<usize> {
    facts.migrations.as_ref().ok().map(|running| running.len())
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn lists_come_in_pages() {
    let server = serving_all();
    for index in 0..600 {
        let phase = if index % 300 == 7 { "Running" } else { "Succeeded" };
        server.put_in(MIGRATIONS, migration(&format!("m{index}"), phase));
    }
    server.put_in(NODES, node("node-0"));
    let followed = Followed::listed(&server).await;
    assert_eq!(followed.migrations(), ["m307", "m7"]);
    assert_eq!(followed.missing(), [""; 0]);
    assert_eq!(followed.view.read_errors().len(), 0);
    let resource = "virtualmachineinstancemigrations.kubevirt.io";
    assert_eq!(followed.metric(&format!("cluster_lists_total{{resource=\"{resource}\"}}")), "1");
    assert_eq!(followed.metric(&format!("cluster_objects{{resource=\"{resource}\"}}")), "2.0");
    assert_eq!(followed.metric(&format!("cluster_events_total{{resource=\"{resource}\"}}")), "600");
    let calls = server.calls();
    assert_eq!(calls.iter().filter(|(_, call)| call.contains("limit=250") && call.contains(MIGRATIONS)).count(), 3);
    assert_eq!(calls.iter().filter(|(_, call)| call.contains("sendInitialEvents")).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_seen_at_once() {
    let server = serving_all();
    let followed = Followed::listed(&server).await;
    assert_eq!(followed.missing(), ["nodes (no Node in the view)"]);
    server.put_in(NODES, node("node-0"));
    followed.until(SECOND, |facts| facts.nodes.is_ok()).await;
    server.put_in(MIGRATIONS, migration("a", ""));
    followed.until(SECOND, |facts| count(facts) == Some(1)).await;
    server.put_in(MIGRATIONS, migration("a", "Failed"));
    followed.until(SECOND, |facts| count(facts) == Some(0)).await;
    server.put_in(MIGRATIONS, migration("b", "Running"));
    server.remove(&format!("{IN_DEFAULT}/b"));
    server.put_in(MIGRATIONS, migration("c", "Running"));
    followed.until(SECOND, |facts| count(facts) == Some(1)).await;
    assert_eq!(followed.migrations(), ["c"]);
    // The account may list this one alone.
    server.put_in(CRDS, crd("ippools.loadbalancer.harvesterhci.io"));
    server.put_in(CRDS, crd("ippools.whereabouts.cni.cncf.io"));
    let state = |facts: &Facts| facts.whereabouts_crd.as_ref().ok().map(|state| **state);
    followed.until(SECOND, |facts| state(facts) == Some(CrdState::Established)).await;
    server.remove(&format!("{CRDS}/ippools.whereabouts.cni.cncf.io"));
    followed.until(SECOND, |facts| state(facts) == Some(CrdState::Absent)).await;
    for name in ["storage-network", "rwx-network", "vm-migration-network"] {
        assert!(server.calls().iter().any(|(_, call)| call.contains(&format!("fieldSelector=metadata.name%3D{name}"))));
    }
}

/// A burst costs a few views, not one for each event; what no rule reads costs none.
#[tokio::test(start_paused = true)]
async fn a_burst_is_seen_together() {
    let server = serving_all();
    let followed = Followed::listed(&server).await;
    let mut views = vec![Arc::clone(&followed.view.facts())];
    for index in 0..1000 {
        server.put_in(STATUSES, json!({
            "metadata": {"name": format!("s{index}")},
            "status": {"clusterNetwork": "n", "node": format!("node-{index}"), "conditions": [{"type": "ready", "status": "True"}]},
        }));
        sleep(Duration::from_millis(1)).await;
        let facts = Arc::clone(&followed.view.facts());
        if !Arc::ptr_eq(&facts, views.last().unwrap()) {
            views.push(facts);
        }
    }
    let ready = |facts: &Facts| {
        facts.vlan_statuses.as_ref().map_or(0, |by_network| by_network.get("n").map_or(0, |it| it.iter().count()))
    };
    followed.until(SECOND, |facts| ready(facts) == 1000).await;
    // A thousand events in a second, and ten milliseconds from view to view.
    assert!((10..=101).contains(&views.len()), "{} views", views.len());

    let before = Arc::clone(&followed.view.facts());
    for index in 0..1000 {
        server.put_in(MIGRATIONS, migration(&format!("m{index}"), "Succeeded"));
    }
    sleep(SECOND).await;
    assert!(Arc::ptr_eq(&before, &followed.view.facts()));
}

#[tokio::test(start_paused = true)]
async fn what_the_api_server_does_not_serve_is_absent_until_it_does() {
    let server = serving_all();
    server.put_in(NODES, node("node-0"));
    for source in kinds::watches().filter(|source| !["", "apiextensions.k8s.io"].contains(&source.group())) {
        server.unserve(&path(&source));
    }
    // The group is there for others.
    server.serve("/apis/networking.k8s.io/v1/ingresses");
    let followed = Followed::listed(&server).await;
    assert_eq!(followed.missing(), [""; 0]);
    assert_eq!(count(&followed.view.facts()), Some(0));
    // It stays known for as long as it stays absent.
    sleep(Duration::from_hours(1)).await;
    assert_eq!(followed.missing(), [""; 0]);

    server.serve(MIGRATIONS);
    server.put_in(MIGRATIONS, migration("a", "Running"));
    followed.until(Duration::from_secs(6), |facts| count(facts) == Some(1)).await;
    server.unserve(MIGRATIONS);
    followed.until(Duration::from_secs(2), |facts| count(facts) == Some(0)).await;
    server.serve(MIGRATIONS);
    server.put_in(MIGRATIONS, migration("b", "Running"));
    followed.until(Duration::from_secs(6), |facts| count(facts) == Some(1)).await;
}

#[tokio::test(start_paused = true)]
async fn another_version_is_not_taken_for_absent() {
    let server = serving_all();
    let newer = MIGRATIONS.replace("/v1/", "/v2/");
    server.unserve(MIGRATIONS);
    server.serve(&newer);
    server.put_in(&newer, migration("a", "Running"));
    let followed = Followed::listed(&server).await;
    assert_eq!(followed.migrations(), ["a"]);
    server.put_in(&newer, migration("b", "Running"));
    followed.until(SECOND, |facts| count(facts) == Some(2)).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_cannot_be_read_is_named_and_stops_nothing() {
    let server = serving_all();
    server.put_in(NODES, node("node-0"));
    server.put_in(MIGRATIONS, json!({"metadata": {"namespace": "ns", "name": "odd"}, "status": {"phase": 7}}));
    server.put_in(MIGRATIONS, migration("a", "Running"));
    let followed = Followed::listed(&server).await;
    let odd = r#"virtualmachineinstancemigrations.kubevirt.io ("odd" can't be read: status: invalid type: integer `7`, expected a string)"#;
    assert_eq!(followed.missing(), [odd]);
    let undecodable = "cluster_undecodable_objects{resource=\"virtualmachineinstancemigrations.kubevirt.io\"}";
    assert_eq!(followed.metric(undecodable), "1.0");

    // This one is too deep for a JSON value.
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let text = format!(
        r#"{{"status":{{"phase":{deep}}},"metadata":{{"namespace":"ns","name":"deep","resourceVersion":"VERSION"}}}}"#
    );
    server.put_text(&format!("{IN_NS}/deep"), &text);
    followed.until(SECOND, |_| followed.missing()[0].contains("; and 1 more")).await;
    assert!(followed.missing()[0].starts_with(
        r#"virtualmachineinstancemigrations.kubevirt.io ("deep" can't be read: status: invalid type: sequence, expected a string; and 1 more)"#
    ));

    server.put_text(&format!("{IN_NS}/deep"), &text.replace(&deep, "\"Failed\""));
    server.put_in(MIGRATIONS, json!({"metadata": {"namespace": "ns", "name": "odd"}, "status": {"phase": "Running"}}));
    followed.until(SECOND, |facts| count(facts) == Some(2)).await;
    assert_eq!(followed.metric(undecodable), "0.0");
}

/// A cluster in which nothing happens is not one that can't be reached.
#[tokio::test(start_paused = true)]
async fn quiet_is_not_silent() {
    let server = serving_all();
    server.put_in(NODES, node("node-0"));
    let followed = Followed::listed(&server).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_hours(1) {
        sleep(SECOND).await;
        assert_eq!(followed.missing(), [""; 0]);
        assert_eq!(followed.view.read_errors().len(), 0);
    }
    let lists = server.calls().iter().filter(|(_, call)| call.contains("limit=")).count();
    assert_eq!(lists, kinds::watches().count());
}

const SILENT: &str = ": no answer from the API server within 15 s)";

#[tokio::test(start_paused = true)]
async fn silence_loses_the_facts_until_everything_is_listed_again() {
    let server = serving_all();
    server.put_in(NODES, node("node-0"));
    server.put_in(MIGRATIONS, migration("a", "Running"));
    let followed = Followed::listed(&server).await;
    server.set_silent(true);
    sleep(Duration::from_secs(170)).await;
    assert_eq!(followed.missing(), [""; 0]);
    // It is known that something is wrong, but what was seen may still be relied on.
    let trouble = &followed.view.read_errors()[0];
    assert!(trouble.starts_with("nodes (") && trouble.ends_with(SILENT), "{trouble}");
    followed.until(Duration::from_mins(1), |facts| facts.missing().count() == FactKind::ALL.len()).await;
    let missing = followed.missing();
    assert!(missing[0].starts_with("nodes (no word from the API server for 18"), "{missing:?}");
    sleep(Duration::from_secs(62)).await;
    let missing = followed.missing();
    assert!(missing[0].starts_with("nodes (no word from the API server for 24"), "{missing:?}");
    assert!(missing[0].ends_with(SILENT), "{missing:?}");
    assert!(followed.view.is_listed());

    // What happened meanwhile is found by the list.
    let calls = server.calls().len();
    server.set_silent(false);
    server.remove(&format!("{IN_DEFAULT}/a"));
    server.put_in(MIGRATIONS, migration("b", "Running"));
    followed.until(Duration::from_secs(20), |facts| facts.missing().next().is_none()).await;
    assert_eq!(followed.migrations(), ["b"]);
    followed.until(Duration::from_secs(20), |_| followed.view.read_errors().is_empty()).await;
    let lists = server.calls()[calls..].iter().filter(|(_, call)| call.contains("limit=")).count();
    assert!(lists >= kinds::watches().count(), "{lists}");
}

/// What is refused for one kind takes that kind alone away.
#[tokio::test(start_paused = true)]
async fn one_broken_watch_loses_one_fact() {
    let server = serving_all();
    server.put_in(NODES, node("node-0"));
    let followed = Followed::listed(&server).await;
    server.refuse(STATUSES, 500, "etcd is away");
    server.forget();
    sleep(Duration::from_mins(2)).await;
    assert_eq!(followed.missing(), [""; 0]);
    followed.until(Duration::from_secs(70), |facts| facts.vlan_statuses.is_err()).await;
    let expected = "vlanstatuses.network.harvesterhci.io (no word from the API server for 180 s: watch refused with 500 \
                    InternalError: etcd is away)";
    assert_eq!(followed.missing(), [expected]);
    server.allow(STATUSES);
    followed.until(Duration::from_secs(5), |facts| facts.missing().next().is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_is_listed_again_at_once() {
    let server = serving_all();
    server.put_in(MIGRATIONS, migration("a", "Running"));
    let followed = Followed::listed(&server).await;
    server.remove(&format!("{IN_DEFAULT}/a"));
    server.forget();
    server.put_in(MIGRATIONS, migration("b", "Running"));
    followed.until(SECOND, |facts| count(facts) == Some(1)).await;
    followed.until(SECOND, |_| followed.migrations() == ["b"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_listed_is_missing_and_says_why() {
    let server = serving_all();
    let words = "nodes is forbidden: User \"us\" cannot list resource \"nodes\" in API group \"\" at the cluster scope";
    server.refuse(NODES, 403, words);
    let followed = Followed::start(&server);
    assert_eq!(followed.missing().len(), FactKind::ALL.len());
    assert_eq!(followed.missing()[0], "nodes (not listed yet)");
    followed.until(SECOND, |facts| facts.missing().count() == 1).await;
    let expected = format!("nodes (not listed yet: list refused with 403 Forbidden: {words})");
    followed.until(SECOND, |_| followed.missing() == [expected.as_str()]).await;
    sleep(Duration::from_mins(10)).await;
    assert!(!followed.view.is_listed());
    server.allow(NODES);
    server.put_in(NODES, node("node-0"));
    followed.until(Duration::from_secs(4), |facts| facts.missing().next().is_none()).await;
    followed.until(SECOND, |_| followed.view.is_listed()).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_on_once_it_is_dropped() {
    let server = serving_all();
    let followed = Followed::listed(&server).await;
    sleep(SECOND).await;
    assert_eq!(server.watches(), kinds::watches().count());
    drop(followed);
    sleep(SECOND).await;
    assert_eq!(server.watches(), 0);
}

/// An API server that is overloaded says when to come again.
#[tokio::test(start_paused = true)]
async fn an_overloaded_api_server_is_left_alone_for_as_long_as_it_asks() {
    let server = serving_all();
    let mut busy = axum::http::Response::new("{}".to_owned());
    *busy.status_mut() = axum::http::StatusCode::TOO_MANY_REQUESTS;
    busy.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static("7"));
    server.answer_with(NODES, busy);
    let start = Instant::now();
    let listing = snapshot(server.client(), "10.0.0.1:6443");
    let relief = async {
        sleep(8 * SECOND).await;
        server.allow(NODES);
    };
    let (snapshot, ()) = join(listing, relief).await;
    assert_eq!((snapshot.unwrap().sources.len(), start.elapsed()), (11, 14 * SECOND));

    let mut page = axum::http::Response::new("<html>Log in</html>".to_owned());
    page.headers_mut().insert("content-type", axum::http::HeaderValue::from_static("text/html; charset=utf-8"));
    server.answer_with(NODES, page);
    assert_eq!(
        super::snapshot(server.client(), "10.0.0.1:6443").await.unwrap_err(),
        "can't list nodes: the answer of the API server at 10.0.0.1:6443 can't be read: it is a web page (HTTP status \
         200), as of a login or a proxy; is this the address of the API server?"
    );
}
