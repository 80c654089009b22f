//! Who may ask: with a client CA, only the API server gets answers, by the certificate that docs/operations.md gives it.

use std::fs;
use std::path::Path;

use rustls::ClientConfig;
use serde_json::json;

use crate::harness::api::Patch;
use crate::harness::assets::repository;
use crate::harness::cluster::SETTING;
use crate::harness::http::Endpoint;
use crate::harness::install::SERVICE_NAMES;
use crate::harness::pki::{AUTHORITY, Authority};
use crate::harness::process::scratch;
use crate::harness::webhook::{Replica, Webhook};
use crate::harness::{Cluster, PATIENCE, eventually, world};

/// Where the page has the files on a node.
const ON_NODE: &str = "/etc/rancher/rke2/webhook-client";
const FAILURES: &str = "migration_network_webhook_handshake_failures_total";

/// The files that the page tells to write on a node, in a directory of this machine.
fn files_of_the_page(directory: &Path, port: u16) {
    let page = fs::read_to_string(repository().join("docs/operations.md")).unwrap();
    for name in ["kubeconfig", "admission.yaml"] {
        let (_, rest) = page.split_once(&format!("`{ON_NODE}/{name}`")).unwrap_or_else(|| panic!("{name}"));
        let (_, rest) = rest.split_once("```yaml\n").unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        // The Service of the page has port 443, which a name is understood to mean.
        let text = text
            .replace("defaults: {", "defaults: {warn: baseline, ")
            .replace(SERVICE_NAMES[0], &format!("{}:{port}", SERVICE_NAMES[0]));
        fs::write(directory.join(name), text.replace(ON_NODE, &directory.display().to_string())).unwrap();
    }
}

/// What a process in a pod would get.
fn ask(webhook: &Webhook, tls: std::sync::Arc<ClientConfig>) -> Result<u16, String> {
    let endpoint = Endpoint { port: webhook.port, tls: Some(tls) };
    let answer = endpoint.send("GET", "/", &[], b"").map_err(|error| error.to_string())?;
    Ok(answer.status)
}

#[test]
fn only_the_api_server_gets_answers_and_kubectl_works_as_ever() {
    let mut cluster = Cluster::fresh(&[]);
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let directory = scratch("clients");
    let clients = Authority::new("the CA of clients");
    fs::write(directory.join("ca.crt"), &clients.pem).unwrap();
    let named = |name: &str| clients.leaf(&[name]);
    let (certificate, key) = named("kube-apiserver");
    fs::write(directory.join("client.crt"), certificate).unwrap();
    fs::write(directory.join("client.key"), key).unwrap();

    let installed = cluster.install("secret");
    let ca = directory.join("ca.crt").display().to_string();
    let replica = Replica::of(&cluster, &installed)
        .args([format!("--tls-client-ca={ca}"), "--tls-client-name=kube-apiserver".to_owned()]);
    // We ask it by its address.
    AUTHORITY.leaf_files(&[SERVICE_NAMES[0], "127.0.0.1"], replica.directory());
    let webhook = replica.ready();
    cluster.register(&installed, webhook.port);

    // An API server that has no certificate is nobody either. TLS 1.3 names the alert so.
    let changed = world::CANONICAL.replace("100,", "101,");
    eventually("the API server is refused", PATIENCE, || {
        let refused = cluster.api.patch(SETTING, Patch::Merge, &json!({"value": changed})).unwrap_err();
        let told = refused.code == 500 && refused.message.ends_with("remote error: tls: certificate required");
        told.then_some(()).ok_or(refused)
    });

    files_of_the_page(&directory, webhook.port);
    cluster.servers.stop_apiserver();
    let file = directory.join("admission.yaml").display().to_string();
    cluster.servers.add_flags(&[format!("--admission-control-config-file={file}")]);
    cluster.servers.start_apiserver();

    let apply = |value: &str| cluster.kubectl(["apply", "-f", "-"]).stdin(world::manifest(value)).run();
    eventually("the API server is told that its Setting is defined", PATIENCE, || cluster.setting());
    let run = apply(&changed);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(cluster.setting().unwrap()["value"], changed);
    let run = apply(&world::CANONICAL.replace("100,", "4095,"));
    assert!(run.stderr.contains("value.vlan: Invalid value: 4095"), "{run}");
    let run = cluster.kubectl(["delete", "settings.harvesterhci.io", "vm-migration-network"]).run();
    assert_eq!(run.code, 1, "{run}");
    // What the same file says about pods is in force too.
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "default"},
        "spec": {"hostNetwork": true, "containers": [{"name": "a", "image": "a"}]},
    });
    let run = cluster.kubectl(["create", "--dry-run=server", "-f", "-"]).stdin(pod.to_string()).run();
    assert!(run.stderr.contains("Warning: would violate PodSecurity \"baseline:latest\""), "{run}");

    // A stranger gets an alert, which is logged and counted.
    let seen = |reason: &str| webhook.count(FAILURES, &[&format!("reason=\"client-certificate-{reason}\"")]);
    let before = [seen("missing"), seen("invalid"), seen("name")];
    assert!(before[0] > 0 && before[1..] == [0, 0], "{before:?}");
    let alert = |name: &str| Err(format!("received fatal alert: {name}"));
    assert_eq!(ask(&webhook, AUTHORITY.client()), alert("CertificateRequired"));
    let stranger = Authority::new("another CA").leaf(&["kube-apiserver"]);
    assert_eq!(ask(&webhook, AUTHORITY.client_with(&stranger)), alert("UnknownCA"));
    assert_eq!(ask(&webhook, AUTHORITY.client_with(&named("another"))), alert("CertificateUnknown"));
    assert_eq!([seen("missing"), seen("invalid"), seen("name")], [before[0] + 1, 1, 1]);
    for (tls, words) in [
        (AUTHORITY.client(), "the client sent no certificate"),
        (AUTHORITY.client_with(&stranger), "the client's certificate is not accepted: UnknownIssuer"),
        (
            AUTHORITY.client_with(&named("another")),
            r#"the client's certificate is for \"another\" or \"a server of the tests\", but must be for \"kube-apiserver\""#,
        ),
    ] {
        // Of many lines a few are written; the others are counted.
        eventually(words, PATIENCE, || {
            ask(&webhook, tls.clone()).unwrap_err();
            webhook.process.log().contains(words).then_some(()).ok_or("not logged")
        });
    }
    assert_eq!(ask(&webhook, AUTHORITY.client_with(&named("kube-apiserver"))), Ok(404));
}
