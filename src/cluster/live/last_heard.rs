//! Wraps kube's client: records when the API server last sent anything, bookmarks included, and bounds and retries each
//! request of a list or watch.
//!
//! kube's watcher keeps bookmarks and reconnects to itself. But a cache that decides admissions has to know whether its
//! cluster is quiet or its connection dead.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::header::{CONTENT_TYPE, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use tokio::time::{Instant, sleep, timeout};
use tower::BoxError;

use super::error::CallError;

/// How long the API server may take to begin an answer.
const ANSWER: Duration = Duration::from_secs(15);
/// How long an API server that is overloaded may ask to be left alone, and how often.
const LONGEST_RETRY: Duration = Duration::from_secs(10);
const RETRIES: u32 = 3;

#[derive(Clone, Debug)]
pub(super) struct LastHeard(Arc<Mutex<Instant>>);

impl LastHeard {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(super) fn stamp(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(super) fn at(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client that notes each successful answer here: at its head, and at each frame of its body.
    pub(super) fn wrap(&self, client: Client) -> Client {
        let heard = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (client, heard) = (client.clone(), heard.clone());
            async move {
                let response = call(&client, request).await?;
                // A refusal is no word of the watch.
                let success = response.status().is_success();
                let hear = move || {
                    if success {
                        heard.stamp();
                    }
                };
                hear();
                Ok::<_, BoxError>(response.map(|body| body.inspect_frame(move |_| hear())))
            }
        });
        Client::new(service, "default")
    }
}

/// Sends a request without a body, and waits where the API server asks for it.
async fn call(client: &Client, request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let (head, _) = request.into_parts();
    let mut tries = 0;
    loop {
        let request = Request::from_parts(head.clone(), Body::empty());
        let response = timeout(ANSWER, client.send(request)).await.map_err(|_| CallError::Silent(ANSWER))??;
        match retry_after(&response) {
            Some(pause) if tries < RETRIES => {
                tries += 1;
                sleep(pause.min(LONGEST_RETRY)).await;
            }
            _ if is_html(&response) => return Err(CallError::WebPage(response.status()).into()),
            _ if response.status().is_redirection() => return Err(CallError::Redirect(response.status()).into()),
            _ => return Ok(response),
        }
    }
}

fn retry_after(response: &Response<Body>) -> Option<Duration> {
    if response.status() != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

fn is_html(response: &Response<Body>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().starts_with("text/html"))
}
