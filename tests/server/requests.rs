//! Requests that are wrong in one way or another: each is told how, and the server goes on.

use std::time::{Duration, Instant};

use migration_network_webhook::server::Limits;
use migration_network_webhook::setting::Facts;

use crate::client::{Client, Response};
use crate::reviews;
use crate::served::{Served, ready};

const PATHS: &str = "only /validate and /mutate are served on this port, each by POST\n";
const OPS_PATHS: &str = "only /livez, /readyz and /metrics are served on this port, each by GET or HEAD\n";
const NO_JSON: &str = "the body must be an AdmissionReview in JSON, with Content-Type: application/json\n";
const TOO_LARGE: &str = "the body is larger than the 7340032 bytes that are read of a review\n";
const READY: &str = "[+]certificate ok\n[+]view ok\n[+]shutdown ok\nreadyz check passed\n";

fn review() -> String {
    reviews::corpus::text("reviews/cn-number.json")
}

/// Sends a head and a body as they are, and reads the answer.
async fn send(client: &mut Client, head: &str, body: impl AsRef<[u8]>) -> Response {
    client.write([head.replace('\n', "\r\n").as_bytes(), b"\r\n", body.as_ref()].concat()).await.unwrap();
    client.read().await.unwrap()
}

#[tokio::test]
async fn wrong_paths_and_methods_are_told_which_are_right() {
    let served = Served::start(Limits::default()).await;
    let mut client = served.client().await;
    for path in ["/", "/validate/", "/Validate", "/mutate/x", "/livez", "/readyz", "/metrics", "/..%2fmetrics"] {
        let response = client.request("GET", path).await.unwrap();
        assert_eq!((response.status, response.text()), (404, PATHS), "{path}");
        assert_eq!(response.headers["content-type"], "text/plain; charset=utf-8");
    }
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let response = client.request(method, "/mutate").await.unwrap();
        assert_eq!((response.status, response.text()), (405, PATHS), "{method}");
        assert_eq!(response.headers["allow"], "POST", "{method}");
    }
    let head = client.request("HEAD", "/mutate").await.unwrap();
    assert_eq!((head.status, head.text(), &*head.headers["allow"]), (405, "", "POST"));
    assert_eq!(client.post("/validate", review()).await.unwrap().status, 200, "on the same connection");

    let mut ops = Client::plain(served.addresses.ops).await;
    for path in ["/", "/validate", "/livez/"] {
        let response = ops.request("GET", path).await.unwrap();
        assert_eq!((response.status, response.text()), (404, OPS_PATHS), "{path}");
    }
    for path in ["/livez", "/readyz", "/metrics"] {
        let response = ops.request("DELETE", path).await.unwrap();
        assert_eq!((response.status, response.text()), (405, OPS_PATHS), "{path}");
        assert_eq!(response.headers["allow"], "GET,HEAD", "{path}");
        assert_eq!(ops.request("HEAD", path).await.unwrap().status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_content_type_must_be_json() {
    let served = Served::start(Limits::default()).await;
    let review = review();
    for line in ["", "Content-Type: text/plain\n", "Content-Type: application/yaml\n", "Content-Type: \n"] {
        let head = format!("POST /mutate HTTP/1.1\nHost: x\n{line}Content-Length: {}\n", review.len());
        let response = send(&mut served.client().await, &head, &review).await;
        assert_eq!((response.status, response.text()), (415, NO_JSON), "{line}");
        assert!(response.closes(), "the body may be unread");
    }
    let mut client = served.client().await;
    for kind in ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;v=1"] {
        let head = format!("POST /mutate HTTP/1.1\nHost: x\ncontent-type: {kind}\nContent-Length: {}\n", review.len());
        assert_eq!(send(&mut client, &head, &review).await.status, 200, "{kind}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_review_is_told_why() {
    let served = Served::start(Limits::default()).await;
    let unread = |why: &str| format!("not an admission.k8s.io/v1 AdmissionReview that can be read: \"{why}\"\n");
    for (body, text) in [
        (&b""[..], unread("EOF while parsing a value at line 1 column 0")),
        (b"{", unread("EOF while parsing an object at line 1 column 1")),
        (b"<html>", unread("expected value at line 1 column 1")),
        (b"{\"request\":{\"uid\":\"\xff\"}}", unread("invalid utf-8 sequence of 1 bytes from index 19")),
        (b"{\"request\":{}}", "request.uid must be a string of 1 to 256 bytes\n".to_owned()),
        (b"{\"request\":{\"uid\":7}}", "request.uid must be a string of 1 to 256 bytes\n".to_owned()),
    ] {
        let response = served.client().await.post("/validate", body).await.unwrap();
        assert_eq!((response.status, response.text()), (400, text.as_str()));
        assert_eq!(response.headers["content-type"], "text/plain; charset=utf-8");
    }
    // With a uid the refusal reaches the user.
    let body = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1","object":7}}"#;
    let response = served.client().await.post("/validate", body).await.unwrap().review();
    assert_eq!((&response["uid"], &response["allowed"]), (&"u-1".into(), &false.into()));
    assert_eq!((&response["status"]["code"], &response["status"]["reason"]), (&400.into(), &"BadRequest".into()));
    let series =
        "migration_network_webhook_decisions_total{phase=\"validate\",operation=\"unknown\",verdict=\"malformed\"}";
    assert!((served.metric(series).await - 7.0).abs() < f64::EPSILON);
    let series = "controller_runtime_webhook_requests_total{webhook=\"/validate\",code=\"400\"}";
    assert!((served.metric(series).await - 6.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn an_oversized_body_is_refused_however_it_comes() {
    let served = Served::start(Limits::default()).await;
    let post = "POST /validate HTTP/1.1\nHost: x\nContent-Type: application/json\n";
    let check = |response: Response, how: &str| {
        assert_eq!((response.status, response.text()), (413, TOO_LARGE), "{how}");
        assert!(response.closes(), "{how}");
    };
    let mut client = served.client().await;
    check(send(&mut client, &format!("{post}Content-Length: 7340033\n"), "").await, "announced");
    assert!(client.ended().await);

    let head = format!("{post}Content-Length: 999999999999\nExpect: 100-continue\n");
    check(send(&mut served.client().await, &head, "").await, "announced, and waiting for leave to send it");

    // The whole of it is sent before the answer is looked at, as simple clients do.
    let body = vec![b' '; 9 << 20];
    check(send(&mut served.client().await, &format!("{post}Content-Length: {}\n", body.len()), &body).await, "sent");

    let chunk = format!("100000\r\n{}\r\n", " ".repeat(1 << 20));
    check(
        send(&mut served.client().await, &format!("{post}Transfer-Encoding: chunked\n"), chunk.repeat(8)).await,
        "in chunks",
    );

    let most = vec![b' '; 7 << 20];
    assert_eq!(served.client().await.post("/validate", most).await.unwrap().status, 400, "as much as is read");
    assert_eq!(served.client().await.post("/validate", review()).await.unwrap().status, 200);
}

#[tokio::test]
async fn what_is_good_http_is_answered_in_any_shape() {
    let served = Served::start(Limits::default()).await;
    let review = review();
    let post = "POST /validate?timeout=5s&x HTTP/1.1\nHost: x\nContent-Type: application/json\n";
    let (one, two) = review.split_at(100);
    let chunked = format!("{:x}\r\n{one}\r\n{:x};note=1\r\n{two}\r\n0\r\nTrailer: x\r\n\r\n", one.len(), two.len());
    let mut client = served.client().await;
    let response = send(&mut client, &format!("{post}Transfer-Encoding: chunked\n"), chunked).await;
    assert_eq!(response.review()["status"]["code"], 422);

    // Two requests in one piece get two answers.
    let head = format!("{post}Content-Length: {}\n\n", review.len()).replace('\n', "\r\n");
    client.write(format!("{head}{review}GET / HTTP/1.1\r\nHost: x\r\n\r\n{head}{review}")).await.unwrap();
    for status in [200, 404, 200] {
        assert_eq!(client.read().await.unwrap().status, status);
    }

    let mut old = served.client().await;
    let head = format!("{post}Content-Length: {}\n", review.len()).replace("HTTP/1.1", "HTTP/1.0");
    assert_eq!(send(&mut old, &head, &review).await.status, 200);
    assert!(old.ended().await);

    let mut patient = served.client().await;
    let head = format!("{post}Content-Length: {}\nExpect: 100-continue\n\n", review.len()).replace('\n', "\r\n");
    patient.write(head).await.unwrap();
    assert_eq!(patient.read().await.unwrap().status, 100);
    patient.write(&review).await.unwrap();
    assert_eq!(patient.read().await.unwrap().status, 200);
}

#[tokio::test]
async fn what_is_no_http_ends_its_connection_alone() {
    let served = Served::start(Limits::default()).await;
    let mut witness = served.client().await;
    let many = "X: y\r\n".repeat(101);
    let large = format!("X: {}\r\n", "y".repeat(20_000));
    for (sent, status) in [
        ("\u{0}\u{1}\u{2}\r\n\r\n".to_owned(), 400),
        ("POST /validate\r\n\r\n".to_owned(), 400),
        ("POST /validate HTTP/3.7\r\n\r\n".to_owned(), 400),
        ("POST /validate HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_owned(), 400),
        ("POST /validate HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".to_owned(), 400),
        (format!("POST /validate HTTP/1.1\r\n{many}\r\n"), 431),
        (format!("POST /validate HTTP/1.1\r\n{large}\r\n"), 431),
    ] {
        let mut client = served.client().await;
        client.write(&sent).await.unwrap();
        assert_eq!(client.read().await.unwrap().status, status, "{}", &sent[..30.min(sent.len())]);
        assert!(client.ended().await);
        assert_eq!(witness.post("/validate", review()).await.unwrap().status, 200);
    }
    let mut client = served.client().await;
    client
        .write("POST /validate HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\nhalf")
        .await
        .unwrap();
    drop(client);
    assert_eq!(witness.post("/validate", review()).await.unwrap().status, 200);
    let closed = "migration_network_webhook_connections_closed_total{listener=\"webhook\",reason=\"protocol-error\"}";
    served.metric_reaches(closed, 7.0).await;
}

#[tokio::test]
async fn the_time_that_the_client_has_is_kept() {
    let served = Served::start(Limits::default()).await;
    let half = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"half\":";
    let start = Instant::now();
    let mut client = served.client().await;
    client.write(format!("POST /validate?timeout=500ms HTTP/1.1\r\n{half}")).await.unwrap();
    let response = client.read().await.unwrap();
    assert_eq!((response.status, response.text()), (408, "the body did not come in time, so nothing was decided\n"));
    assert!(response.closes());
    assert!(start.elapsed() >= Duration::from_millis(450));
    // One that can't be read is as good as none.
    let mut client = served.client().await;
    assert_eq!(client.post("/validate?timeout=never", review()).await.unwrap().review()["status"]["code"], 422);
}

#[tokio::test]
async fn readiness_follows_the_view() {
    let served = Served::start_blind(Limits::default()).await;
    assert_eq!(served.page("/livez").await, (200, "livez check passed\n".to_owned()));
    let (status, page) = served.page("/readyz").await;
    assert_eq!(status, 503);
    assert!(
        page.starts_with(
            "[+]certificate ok\n[-]view failed: not listed yet\n[+]shutdown ok\nmissing: nodes (not listed yet)\n"
        ),
        "{page}"
    );
    assert!(page.ends_with("\nmissing: settings.harvesterhci.io (not listed yet)\nreadyz check failed\n"), "{page}");
    // Asked all the same, it says what it lacks.
    let valid = reviews::corpus::text("reviews/canon-docs-value.json");
    let mut client = served.client().await;
    let status = &client.post("/mutate", &valid).await.unwrap().review()["status"];
    assert_eq!((&status["code"], &status["reason"]), (&503.into(), &"ServiceUnavailable".into()));

    served.view.publish(ready());
    served.view.set_listed();
    assert_eq!(served.page("/readyz").await, (200, READY.to_owned()));
    assert_eq!(client.post("/mutate", &valid).await.unwrap().review()["allowed"], true);

    // What goes stale later is said, and is no reason to be asked less.
    served.view.set_read_errors(vec!["nodes: no event for 4m".to_owned()]);
    served.view.publish(Facts::unknown("the watch is broken"));
    let (status, page) = served.page("/readyz").await;
    assert_eq!(status, 200);
    assert!(page.contains("\nmissing: nodes (the watch is broken)\n"), "{page}");
    assert!(page.ends_with("\ntrouble: nodes: no event for 4m\nreadyz check passed\n"), "{page}");
}
