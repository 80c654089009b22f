//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use prometheus_client::metrics::counter::Counter;
use tokio::net::TcpStream;
use tokio::time::sleep_until;
use tower::Service as _;

use super::activity::{Activity, Closed, Order, Phase};
use super::connections::Place;
use super::handshake::Transport;
use super::limits::Limits;
use super::panics;
use super::stream::{Io, Stream};

/// What the connections of one listener have in common.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) transport: Transport,
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) panics: Counter,
}

/// Serves the connection until it ends.
pub(super) async fn serve(tcp: TcpStream, mut place: Place, common: Arc<Common>) {
    // Without it an answer could wait for the client's delayed acknowledgement of the one before.
    let _ = tcp.set_nodelay(true);
    let activity = Arc::clone(&place.activity);
    let handshake = pin!(common.transport.handshake(tcp));
    place.closed = match watch(handshake, &activity, &common.limits, |_| {}).await {
        Ok(Ok(io)) => {
            activity.enter(Phase::First);
            http(io, &activity, &common).await
        }
        Ok(Err(closed)) | Err(closed) => closed,
    };
}

async fn http(io: Io, activity: &Arc<Activity>, common: &Common) -> Closed {
    let stream = Stream::new(io, Arc::clone(activity));
    let service = service_fn(|request| answer(request, activity, common));
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).max_header_size(common.limits.header_bytes);
    builder.max_buf_size(common.limits.header_bytes.max(LEAST_BUFFER));
    if common.limits.headers != Limits::default().headers {
        // Costs an allocation in each request, and the default is hyper's own.
        builder.max_headers(common.limits.headers);
    }
    let connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    match watch(connection, activity, &common.limits, http1::Connection::graceful_shutdown).await {
        Ok(Ok(())) if activity.ends() => Closed::Answered,
        Ok(Err(error)) if error.is_parse() => Closed::Protocol,
        Ok(Ok(()) | Err(_)) => Closed::ByClient,
        Err(closed) => closed,
    }
}

/// What hyper reads into at least; one record of TLS is as large.
const LEAST_BUFFER: usize = 16 << 10;

/// Answers one request.
async fn answer(
    request: Request<Incoming>,
    activity: &Activity,
    common: &Common,
) -> Result<Response<Body>, Infallible> {
    activity.enter(Phase::Request);
    let has_body = !request.body().is_end_stream();
    let mut router = common.router.clone();
    let answer = async move { router.call(request).await.unwrap_or_else(|never| match never {}) };
    let mut response = panics::caught(&common.panics, answer).await;
    // A body that was refused may still be on its way; and when the server ends, the client is to go elsewhere.
    if activity.order() > Order::Serve || (has_body && response.status().as_u16() >= 400) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        activity.set_ends();
    }
    activity.enter(Phase::Response);
    Ok(response)
}

/// Runs the future within the limits of the phases that the connection goes through, and obeys orders.
///
/// `finish` asks the future to end by itself, properly; a connection without a request can. The timer is only moved
/// when a limit comes nearer, so that a busy connection does not pay for one at each request.
async fn watch<F: Future>(
    mut future: Pin<&mut F>,
    activity: &Activity,
    limits: &Limits,
    finish: impl Fn(Pin<&mut F>),
) -> Result<F::Output, Closed> {
    let mut timer = pin!(sleep_until(activity.due(limits)));
    let mut ending = None;
    poll_fn(|cx| {
        activity.listen(cx.waker());
        loop {
            // First, as what has come may be a request, which is not to be cut off.
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(ending.map_or(Ok(output), Err));
            }
            let Some(why) = activity.must_end(limits) else { break };
            if ending.is_some() || !matches!(activity.phase(), Phase::First | Phase::Idle) {
                return Poll::Ready(Err(ending.unwrap_or(why)));
            }
            ending = Some(why);
            finish(future.as_mut());
        }
        let due = activity.due(limits);
        if due < timer.deadline() {
            timer.as_mut().reset(due);
        }
        while timer.as_mut().poll(cx).is_ready() {
            timer.as_mut().reset(due);
        }
        Poll::Pending
    })
    .await
}
