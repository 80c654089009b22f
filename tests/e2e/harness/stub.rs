//! A webhook of the test's own: what the API server sends, it keeps; what it answers, the test decides.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use data_encoding::BASE64;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto};
use serde_json::{Value, json};

use super::pki::AUTHORITY;

/// A TLS server on a free port of the loopback interface, until it is dropped.
#[derive(Debug)]
pub struct Stub {
    /// The port.
    pub port: u16,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    ended: AtomicBool,
    calls: Mutex<Vec<Call>>,
}

/// One review that came in.
#[derive(Clone, Debug)]
pub struct Call {
    /// The URL's path and query.
    pub path: String,
    /// `request` of the review.
    pub request: Value,
}

/// What `response` of the answer is to hold, beside the uid.
type Answer = dyn Fn(&Call) -> Value + Send + Sync;

/// Allows everything.
pub fn allow(_: &Call) -> Value {
    json!({"allowed": true})
}

impl Stub {
    /// Starts one whose certificate bears these names.
    pub fn start(names: &[&str], answer: impl Fn(&Call) -> Value + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let tls = server_config(names);
        let shared = Arc::new(Shared::default());
        let answer: Arc<Answer> = Arc::new(answer);
        let seen = shared.clone();
        let acceptor = thread::spawn(move || {
            for connection in listener.incoming() {
                if seen.ended.load(Ordering::Acquire) {
                    return;
                }
                let (tls, seen, answer) = (tls.clone(), seen.clone(), answer.clone());
                thread::spawn(move || connection.and_then(|tcp| serve(tcp, tls, &seen, &*answer)));
            }
        });
        Self { port, shared, acceptor: Some(acceptor) }
    }

    /// What a configuration must hold to trust it.
    pub fn ca_bundle() -> String {
        BASE64.encode(AUTHORITY.pem.as_bytes())
    }

    /// The calls since this was asked last.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.shared.calls.lock().expect("no panic while noting"))
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        // Wakes the acceptor, which then looks.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn server_config(names: &[&str]) -> Arc<ServerConfig> {
    let (cert, key) = AUTHORITY.leaf(names);
    let chain = vec![CertificateDer::from_pem_slice(cert.as_bytes()).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("TLS 1.2 and 1.3").with_no_client_auth().with_single_cert(chain, key);
    Arc::new(config.expect("a pair"))
}

fn serve(tcp: TcpStream, tls: Arc<ServerConfig>, shared: &Shared, answer: &Answer) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, tcp));
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        if line.trim_end().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let review: Value = serde_json::from_slice(&body)?;
    let call = Call { path, request: review["request"].clone() };
    let mut response = answer(&call);
    response["uid"] = call.request["uid"].clone();
    shared.calls.lock().expect("no panic while noting").push(call);
    let body =
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}).to_string();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    let stream = stream.get_mut();
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len())?;
    stream.flush()?;
    stream.conn.send_close_notify();
    stream.flush()
}
