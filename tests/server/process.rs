//! The binary from start to end: arguments, signals, files that change, too few descriptors.

use std::fs;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::client::{Client, PATIENCE, Tls};
use crate::reviews;
use crate::run::{Running, binary};

fn review() -> String {
    reviews::corpus::text("reviews/cn-number.json")
}

/// A request that stays under way until its body is finished.
async fn stuck(server: &Running) -> Client {
    let mut client = server.client().await;
    let length = review().len();
    let head = format!("POST /validate HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    client.write(head).await.unwrap();
    let in_flight = "controller_runtime_webhook_requests_in_flight{webhook=\"/validate\"} 1\n";
    let deadline = Instant::now() + PATIENCE;
    while !server.page("/metrics").await.1.contains(in_flight) {
        assert!(Instant::now() < deadline);
        sleep(Duration::from_millis(2)).await;
    }
    client
}

#[tokio::test]
async fn asked_to_end_while_requests_flow_it_fails_none() {
    let mut server = Running::start(&["--shutdown-delay", "1s"]);
    let told = Arc::new(AtomicBool::new(false));
    let [before, after] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let flows = [true, true, false, false].map(|stays| {
        let (told, before, after) = (Arc::clone(&told), Arc::clone(&before), Arc::clone(&after));
        let address = server.webhook;
        tokio::spawn(async move {
            let mut kept = None;
            loop {
                let mut client = match kept.take() {
                    Some(client) => client,
                    None => match Client::try_connect(address, Tls::default()).await {
                        Ok(client) => client,
                        // Nobody listens any more.
                        Err(error) => {
                            assert!(told.load(Ordering::SeqCst), "{error}");
                            return;
                        }
                    },
                };
                let was_told = told.load(Ordering::SeqCst);
                let response = client.post("/validate", review()).await.unwrap();
                assert_eq!(response.review()["status"]["code"], 422);
                // Whoever asks again is told to do so elsewhere.
                assert!(response.closes() || !was_told, "{response:?}");
                if was_told { &after } else { &before }.fetch_add(1, Ordering::SeqCst);
                if stays && !response.closes() {
                    kept = Some(client);
                }
            }
        })
    });
    let deadline = Instant::now() + PATIENCE;
    while before.load(Ordering::SeqCst) < 20 {
        assert!(Instant::now() < deadline, "requests do not flow");
        sleep(Duration::from_millis(2)).await;
    }
    server.signal("TERM");
    server.logs("shutting down");
    told.store(true, Ordering::SeqCst);
    let (status, page) = server.page("/readyz").await;
    assert_eq!(status, 503);
    assert!(page.ends_with("[-]shutdown failed: the server is shutting down\nreadyz check failed\n"), "{page}");
    assert_eq!(server.page("/livez").await.0, 200);
    for flow in flows {
        flow.await.unwrap();
    }
    assert!(after.load(Ordering::SeqCst) > 0, "it went on answering: {after:?}");
    assert_eq!(server.wait().code(), Some(0));
    assert!(server.log().last().unwrap().contains("stopped; all requests were answered"), "{:#?}", server.log());
}

#[tokio::test]
async fn idle_connections_are_closed_and_what_is_under_way_is_answered() {
    let mut server = Running::start(&["--shutdown-delay", "0s"]);
    let mut idle = server.client().await;
    assert_eq!(idle.post("/validate", review()).await.unwrap().status, 200);
    let mut busy = stuck(&server).await;
    server.signal("INT");
    server.logs("shutting down");
    assert!(idle.ended().await);
    assert!(TcpStream::connect(server.webhook).await.is_err(), "nobody listens any more");
    assert_eq!(server.page("/readyz").await.0, 503, "health is served to the end");
    busy.write(review()).await.unwrap();
    let response = busy.read().await.unwrap();
    assert_eq!(response.review()["status"]["code"], 422);
    assert!(response.closes());
    drop(busy);
    assert_eq!(server.wait().code(), Some(0));
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off() {
    let mut server = Running::start(&["--shutdown-delay", "0s", "--drain-timeout", "200ms"]);
    let mut busy = stuck(&server).await;
    server.signal("TERM");
    assert!(busy.read().await.is_err());
    assert_eq!(server.wait().code(), Some(0));
    let last = server.log().pop().unwrap();
    assert!(
        last.contains(" WARN stopped; the drain timeout expired, and open connections were closed connections=1"),
        "{last}"
    );
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    for (delay, second) in [("0s", "TERM"), ("1h", "INT")] {
        let mut server = Running::start(&["--shutdown-delay", delay, "--drain-timeout", "1h"]);
        let mut busy = stuck(&server).await;
        server.signal("TERM");
        server.logs("shutting down; signal again to stop immediately");
        server.signal(second);
        assert!(busy.read().await.is_err());
        assert_eq!(server.wait().code(), Some(2));
        let log = server.log();
        assert!(
            log.iter().any(|line| line.contains(&format!("stopping immediately signal=\"SIG{second}\""))),
            "{log:#?}"
        );
        let last = log.last().unwrap();
        assert!(
            last.contains(" ERROR stopped by a second signal; open connections were closed connections=1"),
            "{last}"
        );
    }
}

/// It could not write its last words either.
#[test]
fn a_second_signal_ends_it_at_once_also_when_nobody_reads_its_log() {
    let (reader, mut writer) = io::pipe().unwrap();
    let cluster = reviews::corpus::fixture("clusters/ready.yaml");
    let ports = ["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--shutdown-delay", "1h"];
    let rest = ["--tls-self-signed", "--cluster", cluster.to_str().unwrap()];
    let mut command = binary(&[&ports[..], &rest].concat());
    command.stdout(Stdio::null()).stderr(writer.try_clone().unwrap());
    // More than a pipe takes, so that this waits too.
    let full = thread::spawn(move || writer.write_all(&vec![b'\n'; 1 << 20]));
    let mut child = command.spawn().unwrap();
    drop(command);

    let status = format!("/proc/{}/status", child.id());
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut told = 0;
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if std::time::Instant::now() > deadline {
            child.kill().unwrap();
            break None;
        }
        // Until then a signal is the end.
        let listens = fs::read_to_string(&status).is_ok_and(|status| {
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            caught.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap() >> 14 & 1 == 1)
        });
        if listens {
            let kill = Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap();
            told += u32::from(kill.success());
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert_eq!((code, told > 1), (Some(2), true));
    drop(reader);
    assert!(full.join().unwrap().is_err());
}

#[test]
fn a_cluster_that_names_nothing_says_what_it_takes() {
    let empty = TempDir::new().unwrap();
    let (folder, broken) = (empty.path().join("folder"), empty.path().join("broken.yaml"));
    fs::create_dir(&folder).unwrap();
    fs::write(&broken, "kind: [").unwrap();
    let takes = "error: --cluster takes files or directories of manifests";
    let absent = "a path names a file or directory of YAML or JSON manifests";
    for (arguments, text) in [
        (&["--cluster", "production"][..], format!("{takes}: there is nothing at \"production\"; {absent}\n")),
        (
            &["--cluster", "https://10.0.0.1:6443"],
            format!("{takes}: there is nothing at \"https://10.0.0.1:6443\"; {absent}\n"),
        ),
        (&["--cluster"], format!("{takes}, and none is named\n")),
        (&["--cluster", folder.to_str().unwrap()], format!("{takes}, and there is no object in what it names\n")),
        (
            &["--cluster", broken.to_str().unwrap()],
            format!("error: --cluster: \"{}\" is not valid YAML: ", broken.display()),
        ),
    ] {
        let output =
            binary(&[&["serve", "--tls-self-signed", "--listen", "127.0.0.1:0"], arguments].concat()).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors == text || text.ends_with(": ") && errors.starts_with(&text), "{errors}");
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn without_files_it_follows_a_live_cluster_and_says_when_it_can_not() {
    let folder = TempDir::new().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let kubeconfig = kubeconfig.to_str().unwrap();
    let serve = ["serve", "--tls-self-signed", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    let mut command = binary(&serve);
    command.env("KUBECONFIG", kubeconfig).env_remove("KUBERNETES_SERVICE_HOST");
    let output = command.output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    let text = "error: without --cluster, which takes files, a live cluster is needed: no cluster to connect to: ";
    assert!(errors.starts_with(text), "{errors}");

    // An API server that does not answer: nobody is sent here, and whoever comes all the same is told.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": format!("http://{nobody}")}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {}}]});
    fs::write(kubeconfig, config.to_string()).unwrap();
    let server = Running::spawn(binary(&[&serve[..], &["--kubeconfig", kubeconfig]].concat()));
    let (status, page) = server.page("/readyz").await;
    assert_eq!(status, 503);
    assert!(
        page.starts_with("[+]certificate ok\n[-]view failed: not listed yet\n[+]shutdown ok\nmissing: nodes ("),
        "{page}"
    );
    assert_eq!(server.page("/livez").await.0, 200);
    let valid = reviews::corpus::text("reviews/canon-docs-value.json");
    let status = &server.client().await.post("/mutate", &valid).await.unwrap().review()["status"];
    assert_eq!((&status["code"], &status["reason"]), (&503.into(), &"ServiceUnavailable".into()));
}

#[tokio::test]
async fn what_it_cannot_start_with_is_said() {
    let cluster = reviews::corpus::fixture("clusters/ready.yaml");
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    let usage = "\n\nFor more information, try '--help'.\n";
    for (arguments, text) in [
        (
            &["--listen", free][..],
            "error: there is no certificate to serve: give --tls-cert FILE and --tls-key FILE, --tls-secret NAMESPACE/NAME and \
             --tls-service NAME, or --tls-self-signed\n"
                .to_owned(),
        ),
        (
            &["--tls-cert", "/nowhere", "--tls-key", "/nowhere"],
            "error: --tls-cert (MNW_TLS_CERT), --tls-key (MNW_TLS_KEY): \"/nowhere\" can't be read: No such file or directory \
             (os error 2)\n"
                .to_owned(),
        ),
        (
            &["--tls-self-signed", "--tls-san", "not a name\u{e9}"],
            "error: a self-signed certificate can't be made: ".to_owned(),
        ),
        (
            &["--tls-self-signed", "--listen", &taken],
            format!("error: --listen (MNW_LISTEN): can't listen on {taken}: Address already in use (os error 98)\n"),
        ),
        (
            &["--tls-self-signed", "--listen", free, "--ops-listen", &taken],
            format!("error: --ops-listen (MNW_OPS_LISTEN): can't listen on {taken}: Address already in use (os error 98)\n"),
        ),
        (
            &["--listen", "8443"],
            format!(
                "error: invalid value '8443' for '--listen <ADDR:PORT>': must be an address and a port, such as 0.0.0.0:8443 or [::]:8443{usage}"
            ),
        ),
        (
            &["--idle-timeout", "90"],
            format!(
                "error: invalid value '90' for '--idle-timeout <TIME>': must be a duration such as 500ms, 10s or 1m30s{usage}"
            ),
        ),
        (
            &["--max-body-size", "7M"],
            format!(
                "error: invalid value '7M' for '--max-body-size <BYTES>': must be a number of bytes, such as 65536, 64KiB or 7MiB{usage}"
            ),
        ),
        (
            &["--max-connections", "0"],
            format!("error: invalid value '0' for '--max-connections <N>': must be a number from 1 on{usage}"),
        ),
        (
            &["--log-level", "rustls=debug,warning"],
            format!(
                "error: invalid value 'rustls=debug,warning' for '--log-level <LEVEL>': \"warning\" is no level; must be error, \
                 warn, info, debug, trace or off, or target=level, or several with commas and no spaces between{usage}"
            ),
        ),
    ] {
        let start = ["serve", "--cluster", cluster.to_str().unwrap()];
        let output = binary(&[&start, arguments].concat()).env("MNW_LOG_LEVEL", "error").output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors == text || text.ends_with(": ") && errors.starts_with(&text), "{errors}\ninstead of {text}");
    }
}

#[tokio::test]
async fn every_flag_can_be_set_by_the_environment() {
    let cluster = reviews::corpus::fixture("clusters/ready.yaml");
    let mut command = binary(&["serve"]);
    command
        .env("MNW_CLUSTER", cluster)
        .env("MNW_TLS_SELF_SIGNED", "true")
        .env("MNW_TLS_SAN", "webhook.example,10.0.0.1");
    command.env("MNW_LISTEN", "127.0.0.1:0").env("MNW_OPS_LISTEN", "127.0.0.1:0").env("MNW_LOG_FORMAT", "json");
    command.env("MNW_MAX_BODY_SIZE", "1KiB").env("MNW_WARN_RULE", "range-reserved,network-overlap");
    let server = Running::spawn(command);
    let response = server.client().await.post("/validate", " ".repeat(1025)).await.unwrap();
    assert_eq!(
        (response.status, response.text()),
        (413, "the body is larger than the 1024 bytes that are read of a review\n")
    );
}

#[tokio::test]
async fn an_edit_of_the_cluster_changes_the_verdict() {
    let folder = TempDir::new().unwrap();
    let cluster = folder.path().join("cluster.yaml");
    let replace = |fixture: &str| {
        fs::write(folder.path().join(".new"), reviews::corpus::text(fixture)).unwrap();
        fs::rename(folder.path().join(".new"), &cluster).unwrap();
    };
    replace("clusters/ready.yaml");
    let mut server = Running::start_with(&["--tls-self-signed"], folder.path());
    let mut client = server.client().await;
    let valid = reviews::corpus::text("reviews/canon-docs-value.json");
    let mut becomes = async |rules: &str| {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let response: Value = client.post("/mutate", &valid).await.unwrap().review();
            if response["auditAnnotations"]["rules"].as_str().unwrap_or_default() == rules {
                return;
            }
            assert!(Instant::now() < deadline, "{response}");
            sleep(Duration::from_millis(20)).await;
        }
    };
    becomes("").await;
    replace("clusters/vmim-running.yaml");
    becomes("migration-in-progress").await;

    // What can't be read changes nothing, and is told.
    fs::write(&cluster, "kind: [").unwrap();
    let line = server.logs("can't reload the cluster files; the last good facts stay in use");
    assert!(line.contains("is not valid YAML"), "{line}");
    becomes("migration-in-progress").await;
    let (status, page) = server.page("/readyz").await;
    assert_eq!(status, 200);
    let trouble = format!("\ntrouble: \"{}\" is not valid YAML: ", cluster.display());
    assert!(page.contains(&trouble) && page.ends_with("\nreadyz check passed\n"), "{page}");
    assert!(server.page("/metrics").await.1.contains("\nmigration_network_webhook_view_troubles 1\n"));

    replace("clusters/ready.yaml");
    becomes("").await;
}

#[tokio::test]
async fn without_descriptors_it_waits_instead_of_spinning() {
    let cluster = reviews::corpus::fixture("clusters/ready.yaml");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 40; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_migration-network-webhook"), "serve"]);
    command.args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--tls-self-signed"]);
    command.args(["--cluster", cluster.to_str().unwrap(), "--idle-timeout", "2s"]);
    let mut server = Running::spawn(command);
    let since = Instant::now();
    let mut open = Vec::new();
    for _ in 0..200 {
        open.push(TcpStream::connect(server.webhook).await.unwrap());
    }
    let line = server.logs("can't accept connections, retrying");
    assert!(line.contains("Too many open files"), "{line}");

    // While others hold on to all that they have, a new client still gets its turn.
    let mut client = server.client().await;
    assert_eq!(client.post("/validate", review()).await.unwrap().status, 200);
    drop(open);
    // After each failure it waits for 10 ms at least.
    let failures = "migration_network_webhook_accept_failures_total{listener=\"webhook\"} ";
    let (_, page) = server.page("/metrics").await;
    let failures: u128 = page.lines().find_map(|line| line.strip_prefix(failures)).unwrap().parse().unwrap();
    let most = since.elapsed().as_millis() / 10 + 1;
    assert!((1..=most).contains(&failures), "it spins: {failures} failures, at most {most}");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    let lines = server.log().iter().filter(|line| line.contains("can't accept connections, retrying")).count();
    assert!((1..=30).contains(&lines), "{lines} lines");
}

#[test]
fn what_goes_to_a_closed_log_is_lost_without_harm() -> io::Result<()> {
    let mut command = binary(&["serve", "--tls-self-signed", "--cluster", "production"]);
    let (reader, writer) = io::pipe()?;
    drop(reader);
    assert_eq!(command.stderr(writer).status()?.code(), Some(2));
    Ok(())
}
