//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use prometheus_client::metrics::counter::Counter;
use tokio::net::TcpStream;
use tokio::task::unconstrained;
use tokio::time::sleep_until;

use super::activity::{Activity, Closed, Order, Phase};
use super::connections::Place;
use super::handshake::Transport;
use super::limits::Limits;
use super::panics;
use super::routes::{Content, Routes};
use super::stream::{Io, Stream};

/// What the connections of one listener have in common.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) transport: Transport,
    pub(super) routes: Routes,
    pub(super) limits: Limits,
    pub(super) panics: Counter,
}

/// Serves the connection until it ends.
pub(super) async fn serve(tcp: TcpStream, client: SocketAddr, mut place: Place, common: Arc<Common>) {
    // Without it an answer could wait for the client's delayed acknowledgement of the one before.
    let _ = tcp.set_nodelay(true);
    let activity = Arc::clone(&place.activity);
    let handshake = pin!(common.transport.handshake(tcp, client));
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
fn answer(
    request: Request<Incoming>,
    activity: &Activity,
    common: &Common,
) -> impl Future<Output = Result<Response<Content>, Infallible>> {
    activity.enter(Phase::Request);
    let has_body = !request.body().is_end_stream();
    let answer = panics::caught(&common.panics, || common.routes.answer(request));
    async move {
        let mut response = answer.await;
        // A body that was refused may still be on its way; and when the server ends, the client is to go elsewhere.
        if activity.order() > Order::Serve || (has_body && response.status().as_u16() >= 400) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            activity.set_ends();
        }
        activity.enter(Phase::Response);
        Ok(response)
    }
}

/// Runs the future within the limits of the phases that the connection goes through, and obeys orders.
///
/// `finish` asks the future to end by itself, properly; a connection without a request can. The timer is only moved when
/// a limit comes nearer, and the clock is looked at once in a poll that began a phase, so that a busy connection pays little
/// for either at each request.
async fn watch<F: Future>(
    mut future: Pin<&mut F>,
    activity: &Activity,
    limits: &Limits,
    finish: impl Fn(Pin<&mut F>),
) -> Result<F::Output, Closed> {
    activity.settle();
    let mut timer = pin!(sleep_until(activity.due(limits)));
    let mut ending = None;
    poll_fn(|cx| {
        activity.listen(cx.waker());
        loop {
            // First, as what has come may be a request, which is not to be cut off.
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(ending.map_or(Ok(output), Err));
            }
            activity.settle();
            let due = activity.due(limits);
            if due < timer.deadline() {
                timer.as_mut().reset(due);
            }
            let mut overdue = false;
            // Unconstrained, as a client that always has more to read uses up what a task may do in one go.
            while !overdue && pin!(unconstrained(timer.as_mut())).poll(cx).is_ready() {
                let due = activity.due(limits);
                overdue = due <= timer.deadline();
                if !overdue {
                    timer.as_mut().reset(due);
                }
            }
            let Some(why) = activity.must_end(overdue) else { return Poll::Pending };
            if ending.is_some() || !matches!(activity.phase(), Phase::First | Phase::Idle) {
                return Poll::Ready(Err(ending.unwrap_or(why)));
            }
            ending = Some(why);
            finish(future.as_mut());
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::task::consume_budget;
    use tokio::time::{Instant, timeout};

    use super::super::connections::Connections;
    use super::super::metrics::Metrics;
    use super::*;

    /// Serves one connection with routes that misbehave: all that is answered to these requests, how many panics that
    /// took, and how many connections ended because an answer did not come.
    async fn answer_to(requests: &str, limits: Limits) -> (String, u64, u64) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let router = axum::Router::new()
            .route("/panic", get(async || -> &'static str { panic!("oh no") }))
            .route("/never", get(async || std::future::pending::<&'static str>().await))
            .route("/fine", get(async || "fine"));
        let metrics = Metrics::default();
        let panics = metrics.requests().panics();
        let common =
            Common { transport: Transport::Plain, routes: Routes::Router(router), limits, panics: panics.clone() };
        let connections = Arc::new(Connections::new(1, metrics.listener("test")));
        let place = connections.admit().await;
        let (stream, address) = listener.accept().await.unwrap();
        let server = tokio::spawn(serve(stream, address, place, Arc::new(common)));
        client.write_all(requests.as_bytes()).await.unwrap();
        let mut answers = String::new();
        let _ = client.read_to_string(&mut answers).await;
        server.await.unwrap();
        assert_eq!(connections.count(), 0);
        (answers, panics.get(), metrics.listener("test").closed_as(Closed::Overdue(Phase::Request)))
    }

    #[tokio::test]
    async fn a_panic_is_a_500_and_the_connection_goes_on() {
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let last = "GET /panic HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned();
        let requests = [get("/panic"), get("/fine"), last].concat();
        let (answers, panics, _) = answer_to(&requests, Limits::default()).await;
        let words = "the webhook failed on this request, which is a bug of it; its log says where\n";
        assert_eq!(answers.matches("HTTP/1.1 500 Internal Server Error\r\n").count(), 2);
        assert_eq!((answers.matches(words).count(), answers.matches("\r\n\r\nfine").count()), (2, 1));
        assert_eq!(panics, 2);
    }

    #[tokio::test]
    async fn a_connection_that_always_has_work_is_ended_in_time() {
        let activity = Activity::new(Instant::now(), Arc::default());
        let limits = Limits { handshake: Duration::from_millis(10), ..Limits::default() };
        let busy = async {
            loop {
                consume_budget().await;
            }
        };
        let ended = timeout(Duration::from_secs(30), watch(pin!(busy), &activity, &limits, |_| {})).await.unwrap();
        assert_eq!(ended.err(), Some(Closed::Overdue(Phase::Handshake)));
    }

    #[tokio::test]
    async fn an_answer_that_never_comes_does_not_hold_the_connection() {
        let limits = Limits { request: Duration::from_millis(10), ..Limits::default() };
        let request = "GET /never HTTP/1.1\r\nHost: x\r\n\r\n";
        let (answers, _, overdue) = timeout(Duration::from_secs(30), answer_to(request, limits)).await.unwrap();
        assert_eq!((answers.as_str(), overdue), ("", 1));
    }
}
