//! Clients that take their time, or more than their share: each ends by its own limit while others are served.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use migration_network_webhook::server::Limits;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::client::{Client, Tls};
use crate::reviews;
use crate::served::Served;

/// Shorter than anything else in these tests.
const SHORT: Duration = Duration::from_millis(200);
/// Before any other limit ends anything.
const OTHERS: Duration = Duration::from_secs(100);

/// All longer than that.
fn limits() -> Limits {
    Limits { request: OTHERS * 10, idle: OTHERS * 10, ..Limits::default() }
}

fn review() -> String {
    reviews::corpus::text("reviews/cn-number.json")
}

fn closed(reason: &str) -> String {
    format!("migration_network_webhook_connections_closed_total{{listener=\"webhook\",reason=\"{reason}\"}}")
}

/// Runs this while another client asks again and again, and is answered.
async fn while_others_are_served(served: &Served, other: impl Future<Output = ()>) {
    let answered = Cell::new(0);
    let witness = async {
        let review = review();
        loop {
            // On a machine with much other work the limit may strike this client too.
            if let Ok(mut client) = Client::try_connect(served.addresses.webhook, Tls::default()).await
                && let Ok(response) = client.post("/validate", &review).await
            {
                assert_eq!(response.status, 200);
                answered.set(answered.get() + 1);
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = other => assert!(answered.get() > 0, "nobody else was served"),
        () = witness => {}
    }
}

#[tokio::test]
async fn a_connection_without_a_handshake_ends_in_time() {
    let served = Served::start(Limits { idle: SHORT, ..limits() }).await;
    while_others_are_served(&served, async {
        let start = Instant::now();
        let mut silent = TcpStream::connect(served.addresses.webhook).await.unwrap();
        let mut stuck = TcpStream::connect(served.addresses.webhook).await.unwrap();
        // The start of a handshake, and no more of it.
        tokio::io::AsyncWriteExt::write_all(&mut stuck, b"\x16\x03\x01\x02\x00\x01").await.unwrap();
        for mut connection in [silent.split().0, stuck.split().0] {
            assert_eq!(connection.read(&mut [0; 16]).await.unwrap(), 0);
        }
        assert!((SHORT..OTHERS).contains(&start.elapsed()), "{:?}", start.elapsed());
        served.metric_reaches(&closed("handshake-timeout"), 2.0).await;
    })
    .await;
}

#[tokio::test]
async fn one_that_sends_no_whole_request_ends_by_the_idle_limit() {
    let served = Served::start(Limits { idle: SHORT, ..limits() }).await;
    while_others_are_served(&served, async {
        let mut silent = served.client().await;
        assert!(silent.ended().await);

        let mut idle = served.client().await;
        assert_eq!(idle.post("/validate", review()).await.unwrap().status, 200);
        let start = Instant::now();
        assert!(idle.ended().await);
        assert!((SHORT / 2..OTHERS).contains(&start.elapsed()), "{:?}", start.elapsed());

        // A head that trickles does not help either.
        let mut first = served.client().await;
        let mut later = served.client().await;
        assert_eq!(later.post("/validate", review()).await.unwrap().status, 200);
        for client in [&mut first, &mut later] {
            let start = Instant::now();
            let mut letters =
                b"POST /validate HTTP/1.1\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".chunks(1).cycle();
            while client.write(letters.next().unwrap()).await.is_ok() && start.elapsed() < OTHERS {
                sleep(Duration::from_millis(5)).await;
            }
            assert!(start.elapsed() < OTHERS, "{:?}", start.elapsed());
        }
        served.metric_reaches(&closed("idle-timeout"), 4.0).await;
    })
    .await;
}

#[tokio::test]
async fn a_slow_body_is_told_so_and_ends() {
    let served = Served::start(Limits { request: SHORT, ..limits() }).await;
    while_others_are_served(&served, async {
        for size in [1000, 1_000_000] {
            let mut client = served.client().await;
            let start = Instant::now();
            let head =
                format!("POST /validate HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n");
            client.write(head).await.unwrap();
            // It does not help to send a little now and then.
            while start.elapsed() < SHORT && client.write(" ").await.is_ok() {
                sleep(Duration::from_millis(5)).await;
            }
            let response = client.read().await.unwrap();
            assert_eq!(response.status, 408);
            assert_eq!(response.text(), "the body did not come in time, so nothing was decided\n");
            assert!(response.closes());
            assert!(client.ended().await);
            assert!((SHORT..OTHERS).contains(&start.elapsed()), "{:?}", start.elapsed());
        }
        served.metric_reaches(&closed("answered"), 2.0).await;
    })
    .await;
}

#[tokio::test]
async fn one_that_does_not_take_its_answer_ends_in_time() {
    let served = Served::start(Limits { idle: SHORT, ..limits() }).await;
    while_others_are_served(&served, async {
        let mut client = Client::plain(served.addresses.ops).await;
        // More answers than the kernel holds for someone who does not read them; a few at a time, so that sending does
        // not wait either.
        while client.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(16)).await.is_ok() {
            sleep(Duration::from_millis(1)).await;
        }
        let ops = closed("response-timeout").replace("webhook\"", "ops\"");
        served.metric_reaches(&ops, 1.0).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_no_tls_ends_at_once() {
    let served = Served::start(limits()).await;
    while_others_are_served(&served, async {
        let mut client = Client::plain(served.addresses.webhook).await;
        let response = client.post("/validate", review()).await.unwrap();
        assert_eq!((response.status, response.text()), (400, "this port speaks HTTPS, not plain HTTP\n"));
        assert!(response.closes());
        assert!(client.ended().await);

        for garbage in [&[0; 64][..], &[0x80; 64], b"\x16\x03\x01\xff\xff....", &[0x16; 300], b"quit\r\n"] {
            let mut client = Client::plain(served.addresses.webhook).await;
            client.write(garbage).await.unwrap();
            // With an alert or without, but soon.
            let ended = match client.read().await {
                Ok(_) => false,
                Err(error) => error.kind() != io::ErrorKind::TimedOut,
            };
            assert!(ended, "{garbage:?}");
        }
        let failures = "migration_network_webhook_handshake_failures_total";
        served.metric_reaches(&format!("{failures}{{reason=\"plain-http\"}}"), 1.0).await;
        served.metric_reaches(&format!("{failures}{{reason=\"not-tls\"}}"), 5.0).await;
        // One that does not trust the certificate tells so, and that is told to the operator.
        let other = Served::start(limits()).await;
        let tls = Tls { trusted: Some(other.certificate()), ..Tls::default() };
        assert!(Client::try_connect(served.addresses.webhook, tls).await.is_err());
        served.metric_reaches(&format!("{failures}{{reason=\"client-alert\"}}"), 1.0).await;
    })
    .await;
}

#[tokio::test]
async fn at_the_cap_the_longest_idle_makes_room() {
    let served = Served::start(Limits { connections: 3, ..limits() }).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = served.client().await;
        assert_eq!(client.post("/validate", review()).await.unwrap().status, 200);
        clients.push(client);
    }
    // The first has been used since, so the second is idle for longest.
    assert_eq!(clients[0].post("/validate", review()).await.unwrap().status, 200);
    let mut new = served.client().await;
    assert_eq!(new.post("/validate", review()).await.unwrap().status, 200);
    assert!(clients.remove(1).ended().await);
    for client in &mut clients {
        assert_eq!(client.post("/validate", review()).await.unwrap().status, 200);
    }
    assert_eq!(new.post("/validate", review()).await.unwrap().status, 200);
    served.metric_reaches(&closed("displaced"), 1.0).await;
}

#[tokio::test]
async fn a_flood_of_silent_connections_does_not_keep_others_out() {
    let served = Served::start(Limits { connections: 8, ..limits() }).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(served.addresses.webhook).await.unwrap());
    }
    let mut client = served.client().await;
    assert_eq!(client.post("/validate", review()).await.unwrap().status, 200);
    served.metric_reaches(&closed("displaced"), 33.0).await;
    assert!(client.is_open().await);
}

#[tokio::test]
async fn a_flood_of_slow_heads_does_not_keep_others_out() {
    let served = Served::start(Limits { connections: 8, ..limits() }).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut client = served.client().await;
        client.write("POST /validate HTTP/1.1\r\nX-Slow: a").await.unwrap();
        slow.push(client);
    }
    let mut client = served.client().await;
    assert_eq!(client.post("/validate", review()).await.unwrap().status, 200);
    served.metric_reaches(&closed("displaced"), 1.0).await;
}

#[tokio::test]
async fn while_all_are_busy_a_new_one_waits() {
    let served = Served::start(Limits { connections: 2, request: SHORT, ..limits() }).await;
    let start = Instant::now();
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut client = served.client().await;
        let head = "POST /validate HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n";
        client.write(head).await.unwrap();
        busy.push(client);
    }
    let mut new = served.client().await;
    assert_eq!(new.post("/validate", review()).await.unwrap().status, 200);
    assert!(start.elapsed() > SHORT, "it came in before there was room: {:?}", start.elapsed());
    for mut client in busy {
        assert_eq!(client.read().await.unwrap().status, 408, "none was cut off for it");
    }
}

#[tokio::test]
async fn large_bodies_wait_for_room_and_small_ones_do_not() {
    let most = 1 << 20;
    let served = Served::start(Limits { body_bytes: most, body_bytes_total: most, ..limits() }).await;
    let head = format!(
        "POST /validate?timeout=1s HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {most}\r\n\r\n"
    );
    let mut first = served.client().await;
    first.write(&head).await.unwrap();
    // It has the room once it is being answered.
    served.metric_reaches("controller_runtime_webhook_requests_in_flight{webhook=\"/validate\"}", 1.0).await;
    let mut second = served.client().await;
    second.write(&head).await.unwrap();
    assert_eq!(served.client().await.post("/validate", review()).await.unwrap().status, 200);
    assert_eq!(first.read().await.unwrap().status, 408);
    let response = second.read().await.unwrap();
    assert!([408, 503].contains(&response.status), "{}", response.status);
    let body = " ".repeat(most);
    assert_eq!(served.client().await.post("/validate", body).await.unwrap().status, 400, "the room is given back");
}
