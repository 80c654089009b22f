//! The end of a server inside a process: it takes along all that it brought.

use migration_network_webhook::server::{Limits, ShutdownOutcome};
use tokio::runtime::Handle;

use crate::client::Client;
use crate::reviews;
use crate::served::Served;

#[tokio::test]
async fn no_task_outlives_the_server() {
    let before = Handle::current().metrics().num_alive_tasks();
    let served = Served::start(Limits::default()).await;
    let mut idle = served.client().await;
    assert_eq!(idle.post("/validate", reviews::corpus::text("reviews/cn-number.json")).await.unwrap().status, 200);
    let mut ops = Client::plain(served.addresses.ops).await;
    assert_eq!(ops.request("GET", "/livez").await.unwrap().status, 200);
    assert!(Handle::current().metrics().num_alive_tasks() > before);
    assert_eq!(served.end().await, ShutdownOutcome::Drained);
    assert!(idle.ended().await && ops.ended().await);
    assert_eq!(Handle::current().metrics().num_alive_tasks(), before);
}

#[tokio::test]
async fn one_that_is_dropped_ends_too() {
    let served = Served::start(Limits::default()).await;
    let mut silent = served.client().await;
    let address = served.addresses.webhook;
    served.abandon();
    assert!(silent.ended().await);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
