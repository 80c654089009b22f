//! Clients that mean harm: large values made to be expensive, and text made to be misread.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{Client, PATIENCE};
use crate::reviews;
use crate::run::Running;

/// As much as the API server takes of one object.
const LARGE: usize = 3 << 20;

fn review(value: &str) -> Value {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "1", "name": "vm-migration-network", "operation": "UPDATE",
        "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
        "userInfo": {"username": "admin"},
        "object": {"metadata": {"name": "vm-migration-network"}, "value": value},
        "oldObject": {"metadata": {"name": "vm-migration-network"}, "value": ""}}})
}

/// A value around as many of these excludes as fit.
fn excludes(exclude: impl Fn(usize) -> String) -> String {
    let mut value = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.100.0.0/16","exclude":["#.to_owned();
    for index in 0.. {
        let next = format!("{}{}", if index == 0 { "" } else { "," }, exclude(index));
        if value.len() + next.len() + 2 > LARGE {
            break;
        }
        value.push_str(&next);
    }
    value + "]}"
}

fn members(member: &str) -> String {
    format!("{{{}{member}}}", format!("{member},").repeat(LARGE / (member.len() + 1) - 1))
}

fn peak_memory(server: &Running) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

#[tokio::test]
async fn a_large_hostile_value_is_answered_while_others_are_served() {
    let server = Running::start(&["--log-format", "json", "--request-timeout", "10m"]);
    let answered = Arc::new(AtomicUsize::new(0));
    let witness = tokio::spawn({
        let (answered, address) = (Arc::clone(&answered), server.webhook);
        async move {
            let mut client = Client::connect(address).await;
            let review = reviews::corpus::text("reviews/cn-number.json");
            loop {
                let response = client.post("/validate", &review).await.unwrap();
                assert_eq!(response.review()["status"]["code"], 422);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let nested = |open: &str, close: &str| {
        let depth = LARGE / (open.len() + close.len());
        format!("{}{}", open.repeat(depth), close.repeat(depth))
    };
    let exclude = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.100.0.0/16","exclude":"#;
    for (what, value, code) in [
        ("many excludes", excludes(|at| format!("\"10.100.{}.{}/32\"", at / 256 % 256, at % 256)), 422),
        ("one exclude again and again", excludes(|_| "\"10.100.1.0/24\"".to_owned()), 422),
        ("no excludes", excludes(|_| "1".to_owned()), 422),
        ("overlapping excludes", excludes(|at| format!("\"10.100.0.0/{}\"", 17 + at % 16)), 422),
        ("deep arrays", nested("[", "]"), 422),
        ("deep objects", nested("{\"a\":", "}"), 422),
        ("deep arrays inside", format!("{exclude}{}}}", nested("[", "]")), 422),
        ("open arrays", "[".repeat(LARGE), 422),
        ("one key again and again", members("\"vlan\":1"), 422),
        ("an unknown key again and again", members("\"a\":1"), 422),
        ("a key spelled with escapes", members("\"\\u0076lan\":1"), 422),
        ("a long key", format!("{{\"{}\":1}}", "vlan".repeat(LARGE / 4)), 422),
        ("a long number", format!("{{\"vlan\":{}}}", "9".repeat(LARGE)), 422),
        ("a long string", format!("{{\"range\":\"{}\"}}", "\u{202e}".repeat(LARGE / 3)), 422),
        ("white space", " ".repeat(LARGE), 200),
    ] {
        let review = review(&value).to_string();
        assert!(review.len() < 7 << 20, "{what}");
        let mut client = Client::connect(server.webhook).await;
        let before = answered.load(Ordering::Relaxed);
        let start = Instant::now();
        let response = client.post("/mutate", review).await.unwrap();
        let (took, meanwhile) = (start.elapsed(), answered.load(Ordering::Relaxed) - before);
        assert!(response.body.len() < 64 << 10, "{what}: {} bytes", response.body.len());
        let review = response.review();
        assert_eq!(review["status"]["code"].as_u64().unwrap_or(200), code, "{what}: {review}");
        assert!(review["status"]["message"].as_str().unwrap_or_default().len() <= 16 << 10, "{what}");
        assert!(took < PATIENCE, "{what}: {took:?}");
        // Judged where the others are read, it would let one through at most.
        assert!(meanwhile > 2, "{what}: others answered in {took:?}: {meanwhile}");
    }
    // What the deployment gives it.
    assert!(peak_memory(&server) < 256 << 20, "{} bytes", peak_memory(&server));
    let longest = server.log().iter().map(String::len).max();
    assert!(longest < Some(1024), "{longest:?}");
    assert!(!witness.is_finished());
    witness.abort();
}

#[tokio::test]
async fn many_large_ones_at_one_time_stay_within_memory() {
    let server = Running::start(&["--max-bodies-size", "16MiB", "--request-timeout", "10m"]);
    let review = Arc::new(review(&excludes(|_| "1".to_owned())).to_string());
    let large = (0..10).map(|_| {
        let (review, address) = (Arc::clone(&review), server.webhook);
        tokio::spawn(async move {
            let mut client = Client::connect(address).await;
            client.post("/validate", review.as_bytes()).await.unwrap().review()["status"]["code"].clone()
        })
    });
    for answer in large.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), 422);
    }
    assert!(peak_memory(&server) < 256 << 20, "{} bytes", peak_memory(&server));
}

#[tokio::test]
async fn hostile_text_is_never_raw_in_a_log_line() {
    const TEXT: &str =
        "\u{1b}[31m\u{202e}evil\u{2066}\r\n::error::x\u{7}\u{9b} verdict=\"allowed\" \u{feff}\"}\n{\"level\":\"INFO\"";
    for format in ["text", "json"] {
        let mut server = Running::start(&["--log-format", format, "--log-level", "trace"]);
        let mut review = review(TEXT);
        review["request"]["uid"] = TEXT.into();
        review["request"]["userInfo"]["username"] = TEXT.into();
        review["request"]["object"]["metadata"]["annotations"] = json!({TEXT: TEXT});
        let mut client = server.client().await;
        let response = client.post("/mutate", review.to_string()).await.unwrap().review();
        assert_eq!(response["uid"], TEXT, "the uid is echoed as it is");
        assert_eq!(response["status"]["code"], 422);
        // Where nothing can be read either: in the operation, in place of the review, in the head, in the handshake.
        review["request"]["operation"] = TEXT.into();
        client.post("/validate", review.to_string()).await.unwrap();
        client.post("/validate", format!("{{\"{TEXT}")).await.unwrap();
        let head =
            format!("POST /validate?timeout={} HTTP/1.1\r\nX-Text: \u{9b}31m\r\nContent-Length: 0\r\n\r\n", "%1b[31m");
        client.write(head).await.unwrap();
        let _ = client.read().await;
        let mut plain = Client::plain(server.webhook).await;
        plain.write(TEXT).await.unwrap();
        let _ = plain.read().await;
        server.logs("TLS handshake failed");

        let log = server.log();
        let decided: Vec<_> = log.iter().filter(|line| line.contains("decided")).collect();
        assert_eq!(decided.len(), 2, "{log:#?}");
        for line in &log {
            let bad = line.chars().find(|char| {
                char.is_control() || matches!(char, '\u{200b}'..='\u{202f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            });
            assert_eq!(bad, None, "{line}");
            assert!(!line.contains("::error::") && line.len() < 1024, "{line}");
            if format == "json" {
                let line: Value = serde_json::from_str(line).unwrap();
                assert!(line["level"].is_string() && line["timestamp"].is_string() && line["message"].is_string());
            }
        }
        if format == "json" {
            let line: Value = serde_json::from_str(decided[0]).unwrap();
            assert_eq!(line["verdict"], "refused");
            let user = line["user"].as_str().unwrap();
            assert_eq!(line["uid"].as_str(), Some(user));
            let shown = "\\u001b[31m\\u202eevil\\u2066\\r\\n\\u003a:error\\u003a:x\\u0007\\u009b verdict=\\\"allowed\\\" \\ufeff\\\"}\\n{\\\"level\\\":";
            assert!(user.starts_with(&shown[..60]), "{user}");
        } else {
            // A stranger's words stay inside their own quotes.
            assert!(
                decided[0].contains("verdict=\"refused\"") && !decided[0].contains(" verdict=\"allowed\""),
                "{}",
                decided[0]
            );
        }
    }
}
