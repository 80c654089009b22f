//! Turns a TCP connection into a stream for HTTP, with or without TLS.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::{CertificateError, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::close_reason::CloseReason;
use super::log_throttle::LogThrottle;
use super::metrics::Metrics;
use super::tls::clients::WrongName;

/// A stream of HTTP. A client that does not take what is written makes it fail after a time.
pub(super) type Io = Either<PlainStream, Box<TlsStream<PlainStream>>>;
type PlainStream = Pin<Box<TimeoutStream<TcpStream>>>;

/// What a listener speaks below HTTP.
pub(super) enum Transport {
    Plain,
    Tls(Box<TlsTransport>),
}

/// How TLS is spoken, and what becomes of those who do not.
pub(super) struct TlsTransport {
    acceptor: TlsAcceptor,
    metrics: Metrics,
    throttle: LogThrottle,
}

impl Transport {
    /// TLS by this configuration, with failures counted here.
    pub(super) fn tls(config: Arc<ServerConfig>, metrics: Metrics) -> Self {
        Self::Tls(Box::new(TlsTransport { acceptor: config.into(), metrics, throttle: LogThrottle::default() }))
    }

    /// Makes a stream of the connection. A client that does not speak what it should is told as far as it can be, counted
    /// and logged.
    pub(super) async fn handshake(
        &self,
        mut tcp: TcpStream,
        client: SocketAddr,
        write_timeout: Duration,
    ) -> Result<Io, CloseReason> {
        let Self::Tls(tls) = self else { return Ok(Either::Left(plain(tcp, write_timeout))) };
        let TlsTransport { acceptor, metrics, throttle } = &**tls;
        let mut first = [0];
        // An end or an error here is one in the handshake too.
        if matches!(tcp.peek(&mut first).await, Ok(1)) && first[0].is_ascii_uppercase() {
            explain(&mut tcp).await;
            metrics.handshake_failed("plain-http");
            throttle.warn(|left_out| tracing::warn!(%client, left_out, "client sent plain HTTP to the HTTPS port"));
            return Err(CloseReason::HandshakeFailed);
        }
        match acceptor.accept(plain(tcp, write_timeout)).await {
            Ok(stream) => Ok(Either::Right(Box::new(stream))),
            Err(error) => {
                let (reason, words) = failure(&error);
                metrics.handshake_failed(reason);
                if reason == DISCONNECTED {
                    // As any probe of the port does that only connects.
                    tracing::debug!(%client, error = words, "client disconnected during the TLS handshake");
                } else {
                    throttle.warn(|left_out| {
                        tracing::warn!(%client, error = words, left_out, "TLS handshake failed");
                    });
                }
                Err(CloseReason::HandshakeFailed)
            }
        }
    }
}

fn plain(tcp: TcpStream, write_timeout: Duration) -> PlainStream {
    let mut plain = TimeoutStream::new(tcp);
    plain.set_write_timeout(Some(write_timeout));
    Box::pin(plain)
}

/// For a client that took the port for plain HTTP.
const SPEAK_TLS: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\
    Content-Length: 39\r\n\r\nthis port speaks HTTPS, not plain HTTP\n";

/// The most that is read of what it sent, and thrown away.
const MAX_UNREAD: u64 = 64 << 10;

/// Tells the client, and reads what it sent: unread, it would reset the connection under the answer.
async fn explain(tcp: &mut TcpStream) {
    let told = async {
        tcp.write_all(SPEAK_TLS).await?;
        tcp.shutdown().await?;
        tokio::io::copy(&mut tcp.take(MAX_UNREAD), &mut tokio::io::sink()).await
    };
    let _ = timeout(Duration::from_secs(1), told).await;
}

/// The metric label of those who say nothing wrong.
const DISCONNECTED: &str = "disconnected";

/// A metric label, so out of a closed list; and what is wrong, for the log, which escapes and cuts it: the library's words
/// may quote what the client sent.
fn failure(error: &io::Error) -> (&'static str, String) {
    use rustls::Error as Tls;
    let Some(tls) = error.get_ref().and_then(|error| error.downcast_ref::<Tls>()) else {
        return (DISCONNECTED, error.to_string());
    };
    let reason = match tls {
        // The client does not trust the certificate: the one that calls for an operator.
        Tls::AlertReceived(_) => "client-alert",
        Tls::InvalidMessage(_) | Tls::InappropriateMessage { .. } | Tls::InappropriateHandshakeMessage { .. } => {
            "not-tls"
        }
        Tls::PeerIncompatible(_) | Tls::NoApplicationProtocol => "incompatible",
        Tls::General(_) => "no-certificate",
        Tls::NoCertificatesPresented => "client-certificate-missing",
        Tls::InvalidCertificate(CertificateError::Other(_)) => "client-certificate-name",
        Tls::InvalidCertificate(_) => "client-certificate-invalid",
        _ => "other",
    };
    let words = match tls {
        Tls::NoCertificatesPresented => "the client sent no certificate".to_owned(),
        Tls::InvalidCertificate(CertificateError::Other(error)) if error.0.is::<WrongName>() => error.to_string(),
        Tls::InvalidCertificate(error) => format!("the client's certificate is not accepted: {error}"),
        _ => error.to_string(),
    };
    (reason, words)
}
