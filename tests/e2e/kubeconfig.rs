//! What kubectl makes of kubeconfigs, proxies and files, and that we make the same of them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::Cluster;
use crate::harness::assets;
use crate::harness::control_plane::ADMIN;
use crate::harness::kubectl::{Invocation, Kubectl};
use crate::harness::process::scratch;
use crate::harness::world::{CANONICAL, DOCUMENTED, manifest, ours};
use crate::tunnel::proxy;

/// Our binary, asking for the stored value.
fn ask(kubeconfig: &Path) -> Invocation {
    let mut command = std::process::Command::new(assets::webhook());
    command.env_clear().env("KUBECONFIG", kubeconfig).args(["canonicalize", "--kube", CANONICAL]);
    command.into()
}

#[test]
fn proxies_are_taken_as_kubectl_takes_them() {
    let cluster = Cluster::lease();
    cluster.store(&ours(DOCUMENTED));
    let (port, requests) = proxy(cluster.servers.port);
    let written = fs::read_to_string(cluster.servers.kubeconfig(ADMIN)).unwrap();
    let directory = scratch("proxies");
    let kubeconfig = |host: &str, more: &str| {
        let path = directory.join("config");
        let server = format!("https://{host}:{}', tls-server-name: '127.0.0.1'{more}", cluster.servers.port);
        fs::write(&path, written.replace(&format!("https://127.0.0.1:{}'", cluster.servers.port), &server)).unwrap();
        path
    };
    let http = format!("http://127.0.0.2:{port}");
    let socks = format!("socks5://127.0.0.2:{port}");
    let own = |url: &str| format!(", proxy-url: '{url}'");
    for (host, more, variables) in [
        ("api.test", "", vec![("HTTPS_PROXY", http.as_str())]),
        ("api.test", "", vec![("https_proxy", socks.as_str())]),
        ("api.test", "", vec![("HTTPS_PROXY", &http), ("NO_PROXY", "127.0.0.2,127.0.0.0/8")]),
        ("api.test", "", vec![("HTTPS_PROXY", &http), ("NO_PROXY", ".test")]),
        ("api.test", "", vec![("HTTPS_PROXY", &http), ("NO_PROXY", "x, *.TEST")]),
        ("api.test", "", vec![("HTTPS_PROXY", &http), ("NO_PROXY", "api.test:1")]),
        ("api.test", "", vec![("HTTPS_PROXY", &http), ("NO_PROXY", "a,,b,")]),
        ("api.test", "", vec![("HTTPS_PROXY", &http), ("NO_PROXY", "no/host,[::1,.test,")]),
        ("api.test", "", vec![("HTTP_PROXY", &http)]),
        ("192.0.2.77", "", vec![("HTTPS_PROXY", &http), ("NO_PROXY", "192.0.3.0/24,.2.77,192.0.2.77:1")]),
        ("127.0.0.1", "", vec![("HTTPS_PROXY", "http://127.0.0.2:9"), ("NO_PROXY", "127.0.0.1")]),
        ("127.0.0.1", "", vec![("HTTPS_PROXY", "http://127.0.0.2:9"), ("NO_PROXY", "127.0.0.2")]),
        ("localhost", &own(&http), vec![("HTTPS_PROXY", "http://127.0.0.2:9"), ("NO_PROXY", "*")]),
        ("api.test", &own(&socks), vec![]),
    ] {
        let path = kubeconfig(host, more);
        let went = |mut invocation: Invocation| {
            for (name, value) in &variables {
                invocation = invocation.env(name, value);
            }
            let run = invocation.run();
            (run.code == 0, requests.try_iter().count() > 0)
        };
        let expected = went(Kubectl::new(path.clone()).command(["get", "--raw", "/version"]));
        assert_eq!(went(ask(&path)), expected, "{host} {more} {variables:?}");
    }
}

#[test]
fn a_missing_file_of_several_is_passed_over_as_kubectl_does() {
    let cluster = Cluster::lease();
    cluster.store(&ours(DOCUMENTED));
    let good = cluster.servers.kubeconfig(ADMIN);
    let paths = std::env::join_paths([scratch("none").join("missing"), good]).unwrap();
    assert_eq!(Kubectl::new(paths.clone().into()).command(["get", "--raw", "/version"]).run().code, 0);
    assert_eq!(ask(Path::new(&paths)).ok(), DOCUMENTED);
}

#[test]
fn files_are_read_as_kubectl_reads_them() {
    let cluster = Cluster::lease();
    let directory = scratch("encodings");
    let path = directory.join("a.yaml");
    let mark = "\u{feff}";
    let setting: Value = serde_json::from_str(&manifest(CANONICAL)).unwrap();
    let one = format!(
        "apiVersion: harvesterhci.io/v1beta1\nkind: Setting\nmetadata: {}\nvalue: {}\n",
        setting["metadata"], setting["value"]
    );
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let two = format!("{other}---\n{one}");
    for bytes in [
        format!("{mark}{one}").into_bytes(),
        format!("{mark}---\r\n{one}").into_bytes(),
        format!("{other}---\n{mark}{one}").into_bytes(),
        format!("{other}--- # next\r\n{mark}{one}").into_bytes(),
        format!("---\n---\n{mark}{one}").into_bytes(),
        format!("---\n{mark}{one}").into_bytes(),
        format!("{other}{mark}---\n{one}").into_bytes(),
        format!("{other}---\n# comment\n{mark}{one}").into_bytes(),
        utf16(&format!("{mark}{two}"), u16::to_le_bytes),
        utf16(&format!("{mark}{two}"), u16::to_be_bytes),
        utf16(&two, u16::to_le_bytes),
        utf16(&two, u16::to_be_bytes),
    ] {
        fs::write(&path, &bytes).unwrap();
        let mut command = std::process::Command::new(assets::webhook());
        command.env_clear().args(["canonicalize"]).arg(&path);
        let ours = Invocation::from(command).run();
        let theirs = cluster.kubectl(["create", "--dry-run=client", "-o", "name", "-f", path.to_str().unwrap()]).run();
        let named = theirs.stdout.contains("setting.harvesterhci.io/vm-migration-network");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!((ours.code == 0, ours.stdout == CANONICAL), (theirs.code == 0, named), "{text:?}\n{theirs}{ours}");
    }
}
