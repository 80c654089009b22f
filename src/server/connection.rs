//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::close_reason::CloseReason;
use super::connections::ConnectionGuard;
use super::handshake::{Io, Transport};
use super::limits::{HEAD_BYTES, HEADERS, Limits};
use super::shutdown::Shutdown;

/// How long a client that connected just before the drain has for its first request, and a client that was told that the
/// connection ends to close it too.
const GRACE: Duration = Duration::from_secs(2);
/// How long a displaced connection has to take the rest of an answer.
const DISPLACED_GRACE: Duration = Duration::from_millis(100);
/// The most that is read and thrown away after the last answer.
const MAX_UNREAD: u64 = 16 << 20;

/// What the connections of one listener share.
pub(super) struct ConnectionContext {
    pub(super) transport: Transport,
    pub(super) router: Router,
    pub(super) limits: Limits,
    /// From its begin on each answer is the last of its connection, so that the client comes again elsewhere.
    pub(super) shutdown: Shutdown,
    /// Idle connections end.
    pub(super) drain: CancellationToken,
    /// All connections end.
    pub(super) abort: CancellationToken,
}

pub(super) async fn serve(
    tcp: TcpStream,
    client: SocketAddr,
    mut guard: ConnectionGuard,
    context: Arc<ConnectionContext>,
) {
    // Without it an answer could wait for the client's delayed acknowledgement of the one before.
    let _ = tcp.set_nodelay(true);
    guard.reason = tokio::select! {
        biased;
        () = context.abort.cancelled() => CloseReason::Aborted,
        reason = run(tcp, client, &guard, &context) => reason,
    };
}

async fn run(tcp: TcpStream, client: SocketAddr, guard: &ConnectionGuard, context: &ConnectionContext) -> CloseReason {
    let drained = async {
        context.drain.cancelled().await;
        sleep(GRACE).await;
    };
    let handshake = context.transport.handshake(tcp, client, context.limits.write());
    tokio::select! {
        biased;
        io = timeout(context.limits.handshake(), handshake) => match io {
            Ok(Ok(io)) => http(io, guard, context).await,
            Ok(Err(reason)) => reason,
            Err(_) => CloseReason::HandshakeTimeout,
        },
        () = guard.displaced.cancelled() => CloseReason::Displaced,
        () = drained => CloseReason::Drained,
    }
}

async fn http(io: Io, guard: &ConnectionGuard, context: &ConnectionContext) -> CloseReason {
    let (asked, closes) = (AtomicBool::new(false), AtomicBool::new(false));
    let service = service_fn(|request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        // In a box, as hyper gives the stream back only where this can be moved.
        Box::pin(answer(request, guard, context, &closes))
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(context.limits.idle);
    builder.max_header_size(HEAD_BYTES).max_buf_size(HEAD_BYTES).max_headers(HEADERS);
    let mut connection = builder.serve_connection(TokioIo::new(io), service);

    // The connection is polled first, as what has come may be a request, which is not cut off.
    let ended = tokio::select! {
        biased;
        result = finish(&mut connection) => Ok(result),
        () = guard.displaced.cancelled() => Err(CloseReason::Displaced),
        () = context.drain.cancelled() => Err(CloseReason::Drained),
    };
    let (result, reason) = match ended {
        Ok(result) => (Some(result), CloseReason::Client),
        Err(reason) => (end(&mut connection, reason, guard, asked.load(Ordering::Relaxed)).await, reason),
    };
    match result {
        None => reason,
        Some(Err(error)) => failure(&error),
        Some(Ok(())) => {
            let closes = closes.load(Ordering::Relaxed);
            close(connection.into_parts().io.into_inner(), closes).await;
            if closes { CloseReason::Answered } else { reason }
        }
    }
}

type HttpConnection<S> = http1::Connection<TokioIo<Io>, S>;

/// Answers requests until the connection ends; the stream is then still open.
async fn finish<S>(connection: &mut HttpConnection<S>) -> hyper::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Unpin> + Unpin,
{
    poll_fn(|cx| connection.poll_without_shutdown(cx)).await
}

/// Ends the connection once no request is under way; `None` when it has to be cut off.
async fn end<S>(
    connection: &mut HttpConnection<S>,
    reason: CloseReason,
    guard: &ConnectionGuard,
    asked: bool,
) -> Option<hyper::Result<()>>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Unpin> + Unpin,
{
    let grace = if reason == CloseReason::Displaced { DISPLACED_GRACE } else { GRACE };
    // A client that connected just before the drain is about to ask.
    if reason == CloseReason::Drained
        && !asked
        && let Ok(result) = timeout(GRACE, finish(connection)).await
    {
        return Some(result);
    }
    Pin::new(&mut *connection).graceful_shutdown();
    loop {
        match timeout(grace, finish(connection)).await {
            Ok(result) => return Some(result),
            Err(_) if guard.has_request() => {}
            Err(_) => return None,
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    guard: &ConnectionGuard,
    context: &ConnectionContext,
    closes: &AtomicBool,
) -> Result<Response<Body>, Infallible> {
    guard.begin_request();
    let has_body = !request.body().is_end_stream();
    let mut response = context.router.clone().call(request).await?;
    // A body that was refused may still be on its way; and when the server ends, the client is to go elsewhere.
    if context.shutdown.has_begun() || (has_body && response.status().as_u16() >= 400) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        closes.store(true, Ordering::Relaxed);
    }
    guard.end_request();
    Ok(response)
}

fn failure(error: &hyper::Error) -> CloseReason {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    if error.is_parse() {
        CloseReason::ProtocolError
    } else if error.is_timeout() {
        CloseReason::IdleTimeout
    } else if io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
        CloseReason::ResponseTimeout
    } else {
        CloseReason::Client
    }
}

/// Closes the stream. A client that is told so by the last answer may still be sending: closed at once, the unread bytes
/// would reset the connection under the answer. So the rest is read until the client closes too.
async fn close(mut io: Io, linger: bool) {
    let closed = async {
        io.shutdown().await?;
        if linger {
            tokio::io::copy(&mut io.take(MAX_UNREAD), &mut tokio::io::sink()).await?;
        }
        io::Result::Ok(())
    };
    let _ = timeout(GRACE, closed).await;
}
