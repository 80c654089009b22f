//! A closed loop over keep-alive connections: each sends its next request when the answer to the last is there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::process::{Certificate, Server};
use crate::requests::Case;
use crate::statistics::Run;

/// One open connection.
pub struct Connection {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(server: &Server, certificate: &Certificate) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der.clone())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(server.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 << 10) })
    }

    /// Sends a request and returns the answer's body.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some((head, length)) = head(&self.buffer)?
                && self.buffer.len() >= head + length
            {
                return Ok(&self.buffer[head..head + length]);
            }
        }
    }
}

/// Where the body starts and how long it is, once the head is whole.
fn head(buffer: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&buffer[..end])?;
    if !head.starts_with("HTTP/1.1 200 ") {
        bail!("the server answered {:?}", head.lines().next());
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim())
    });
    Ok(Some((end + 4, length.context("an answer without content-length")?.parse()?)))
}

/// Keeps `connections` busy for the duration and measures each exchange.
pub fn load(
    server: &Server,
    certificate: &Certificate,
    case: &Case,
    connections: usize,
    duration: Duration,
) -> Result<Run> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let request: Arc<[u8]> = case.request().into();
    runtime.block_on(async {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Connection::open(server, certificate).await?);
        }
        let (started, cpu) = (Instant::now(), server.cpu()?);
        let tasks: Vec<_> = open
            .into_iter()
            .map(|mut connection| {
                let request = Arc::clone(&request);
                tokio::spawn(async move {
                    let mut latencies = Vec::new();
                    while started.elapsed() < duration {
                        let sent = Instant::now();
                        connection.exchange(&request).await?;
                        latencies.push(u32::try_from(sent.elapsed().as_nanos()).unwrap_or(u32::MAX));
                    }
                    anyhow::Ok(latencies)
                })
            })
            .collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await??);
        }
        Ok(Run::new(latencies, started.elapsed(), server.cpu()?.saturating_sub(cpu)))
    })
}
