//! The bytes of a connection, plain or TLS, with an eye on what they mean for its limits.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::activity::{Activity, Phase};

/// What is read and thrown away after the last answer, at most.
const UNREAD: usize = 16 << 20;

#[derive(Debug)]
pub(super) struct Stream {
    io: Io,
    activity: Arc<Activity>,
    thrown_away: usize,
}

#[derive(Debug)]
pub(super) enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Calls a method of whichever stream there is.
macro_rules! io {
    ($stream:expr, $method:ident($($argument:expr),*)) => {
        match &mut $stream.io {
            Io::Plain(io) => Pin::new(io).$method($($argument),*),
            Io::Tls(io) => Pin::new(io.as_mut()).$method($($argument),*),
        }
    };
}

impl Stream {
    pub(super) const fn new(io: Io, activity: Arc<Activity>) -> Self {
        Self { io, activity, thrown_away: 0 }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = ready!(io!(self, poll_read(cx, buffer)));
        if buffer.filled().len() > before {
            self.activity.heard();
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        io!(self, poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        io!(self, poll_write_vectored(cx, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(io!(self, poll_flush(cx)))?;
        self.activity.flushed();
        Poll::Ready(Ok(()))
    }

    /// After an answer that ends the connection the client may still be sending: closed now, the unread bytes would
    /// reset the connection under the answer. So it is told, and read on until it ends too.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.activity.phase() != Phase::Closing {
            self.activity.enter(Phase::Closing);
        }
        ready!(io!(self, poll_shutdown(cx)))?;
        if !self.activity.ends() {
            return Poll::Ready(Ok(()));
        }
        let mut scratch = [0; 4096];
        while self.thrown_away < UNREAD {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(io!(self, poll_read(cx, &mut buffer)));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            self.thrown_away += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}
