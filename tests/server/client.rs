//! An HTTP/1.1 client that shows every byte: what it sends, and when, is up to the test.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use migration_network_webhook::server::tls;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, SupportedProtocolVersion};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Longer than anything here takes, on a machine with much other work too.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// A connection.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    /// Read beyond the last answer.
    ahead: Vec<u8>,
    /// The served certificate; empty without TLS.
    pub(crate) certificate: Vec<u8>,
    /// What ALPN agreed on.
    pub(crate) protocol: Option<Vec<u8>>,
    pub(crate) version: Option<rustls::ProtocolVersion>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The `response` of an `AdmissionReview`.
    pub(crate) fn review(&self) -> Value {
        assert_eq!((self.status, self.headers["content-type"].as_str()), (200, "application/json"), "{}", self.text());
        serde_json::from_slice::<Value>(&self.body).unwrap()["response"].clone()
    }

    pub(crate) fn closes(&self) -> bool {
        self.headers.get("connection").is_some_and(|value| value == "close")
    }
}

/// How TLS is spoken.
pub(crate) struct Tls {
    pub(crate) versions: Vec<&'static SupportedProtocolVersion>,
    pub(crate) protocols: Vec<Vec<u8>>,
    /// The only certificate to trust; any, when there is none.
    pub(crate) trusted: Option<CertificateDer<'static>>,
    /// The client's own certificate and key, where it has one.
    pub(crate) identity: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
}

impl Default for Tls {
    fn default() -> Self {
        let protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self { versions: vec![&TLS13, &TLS12], protocols, trusted: None, identity: None }
    }
}

impl Client {
    /// Connects without TLS.
    pub(crate) async fn plain(address: SocketAddr) -> Self {
        let tcp = TcpStream::connect(address).await.unwrap();
        Self { stream: Box::new(tcp), ahead: Vec::new(), certificate: Vec::new(), protocol: None, version: None }
    }

    /// Connects with TLS, and trusts whoever answers.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address, Tls::default()).await.unwrap()
    }

    pub(crate) async fn try_connect(address: SocketAddr, tls: Tls) -> io::Result<Self> {
        let tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").unwrap();
        let handshake = TlsConnector::from(Arc::new(tls.config())).connect(name, tcp);
        let stream = timeout(PATIENCE, handshake).await??;
        let (_, session) = stream.get_ref();
        let certificate = session.peer_certificates().unwrap()[0].to_vec();
        let protocol = session.alpn_protocol().map(<[u8]>::to_vec);
        let version = session.protocol_version();
        Ok(Self { stream: Box::new(stream), ahead: Vec::new(), certificate, protocol, version })
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await?;
        self.stream.flush().await
    }

    /// Sends a request with a body and reads the answer.
    pub(crate) async fn post(&mut self, target: &str, body: impl AsRef<[u8]>) -> io::Result<Response> {
        let body = body.as_ref();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.write([head.as_bytes(), body].concat()).await?;
        self.read().await
    }

    /// Sends a request without a body and reads the answer.
    pub(crate) async fn request(&mut self, method: &str, target: &str) -> io::Result<Response> {
        self.write(format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await?;
        self.read_to(method).await
    }

    /// Reads one answer.
    pub(crate) async fn read(&mut self) -> io::Result<Response> {
        self.read_to("POST").await
    }

    async fn read_to(&mut self, method: &str) -> io::Result<Response> {
        timeout(PATIENCE, self.read_response(method)).await?
    }

    async fn read_response(&mut self, method: &str) -> io::Result<Response> {
        let mut bytes = std::mem::take(&mut self.ahead);
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            if self.stream.read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let (line, rest) = head.split_once("\r\n").unwrap_or((&head, ""));
        let headers = rest.split("\r\n").filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<_, _> = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = bytes.split_off(end + 4);
        if method == "HEAD" {
            self.ahead = std::mem::take(&mut body);
        } else {
            while body.len() < length {
                if self.stream.read_buf(&mut body).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            self.ahead = body.split_off(length);
        }
        Ok(Response { status: line[9..12].parse().unwrap(), headers, body })
    }

    /// Whether the server has ended the connection; waits for that.
    pub(crate) async fn ended(&mut self) -> bool {
        let mut rest = Vec::new();
        match timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await {
            Ok(_) => rest.is_empty() && self.ahead.is_empty(),
            Err(_) => false,
        }
    }

    /// Whether the connection is still open, and nothing came.
    pub(crate) async fn is_open(&mut self) -> bool {
        let mut byte = [0];
        timeout(Duration::from_millis(1), self.stream.read(&mut byte)).await.is_err()
    }
}

impl Tls {
    fn config(self) -> ClientConfig {
        let provider = tls::provider();
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(&self.versions).unwrap();
        let builder = match self.trusted {
            Some(certificate) => {
                let mut roots = RootCertStore::empty();
                roots.add(certificate).unwrap();
                builder.with_root_certificates(roots)
            }
            None => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider))),
        };
        let mut config = match self.identity {
            Some((certificate, key)) => {
                // Whether the two belong together is for the server to find out.
                let key = tls::provider().key_provider.load_private_key(key).unwrap();
                let identity = CertifiedKey::new(vec![certificate], key);
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity)))
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = self.protocols;
        config
    }
}

/// Trusts every certificate, but checks that its key is there.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
