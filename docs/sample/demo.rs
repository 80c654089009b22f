//! Shows the webhook at work, without a cluster: serves the sample cluster over TLS, sends the sample manifests as the
//! API server would, and prints what it would be told. `make run` starts it.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use migration_network_webhook::cluster::files;
use migration_network_webhook::server::tls;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

/// What is sent, and what it shows.
const REQUESTS: [(&str, &str); 3] = [
    ("docs/sample/documented.yaml", "the example of Harvester's documentation, against another value that is stored"),
    ("docs/sample/reformatted.yaml", "the stored value, formatted by another hand"),
    ("docs/sample/bad.yaml", "as wrong as can be"),
];
const CLUSTER: &str = "docs/sample/cluster.yaml";
/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<()> {
    let certificates = std::env::args_os().nth(1).context("usage: demo CERTIFICATES")?;
    // Cargo puts examples into a directory beside the binary.
    let here = std::env::current_exe()?;
    let binary = here.parent().and_then(Path::parent).context("not run by cargo")?.join("migration-network-webhook");
    run(&binary, Path::new(&certificates), &mut io::stdout())
}

/// Runs the whole show, from the repository's root.
///
/// # Errors
///
/// If the server does not start, or does not answer as it should.
pub(crate) fn run(binary: &Path, certificates: &Path, out: &mut impl Write) -> Result<()> {
    let server = Server::start(binary, certificates, out)?;
    let stored = files::load(&[CLUSTER.into()])?.setting.context("the sample cluster stores no Setting")?;
    for (path, about) in REQUESTS {
        writeln!(out, "\n== {path}: {about}")?;
        let setting: Value = serde_saphyr::from_str(&fs::read_to_string(path)?)?;
        let mut review = update(&setting, &stored);
        for line in value(&review).lines() {
            writeln!(out, "   {line}")?;
        }
        let answer = server.ask("/mutate", &review, out)?;
        if answer["allowed"] == true {
            apply(&mut review["request"]["object"], &answer)?;
            server.ask("/validate", &review, out)?;
            writeln!(out, "   stored: {}", value(&review))?;
        }
    }
    Ok(())
}

/// The request that the API server makes of an update.
fn update(setting: &Value, stored: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "00000000-0000-4000-8000-000000000001",
            "kind": {"group": "harvesterhci.io", "version": "v1beta1", "kind": "Setting"},
            "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
            "name": "vm-migration-network",
            "operation": "UPDATE",
            "userInfo": {},
            "object": setting,
            "oldObject": stored,
        },
    })
}

fn value(review: &Value) -> &str {
    review["request"]["object"]["value"].as_str().unwrap_or_default()
}

/// Applies the patch of an answer, as the API server does.
fn apply(object: &mut Value, answer: &Value) -> Result<()> {
    for operation in patch(answer)?.as_array().into_iter().flatten() {
        let path = operation["path"].as_str().unwrap_or_default();
        *object.pointer_mut(path).context("the patch leads nowhere")? = operation["value"].clone();
    }
    Ok(())
}

fn patch(answer: &Value) -> Result<Value> {
    let Some(patch) = answer["patch"].as_str() else { return Ok(Value::Null) };
    Ok(serde_json::from_slice(&data_encoding::BASE64.decode(patch.as_bytes())?)?)
}

/// The webhook, as a process.
struct Server {
    process: Child,
    address: String,
    tls: Arc<ClientConfig>,
}

impl Server {
    fn start(binary: &Path, certificates: &Path, out: &mut impl Write) -> Result<Self> {
        let [cert, key, ca] = ["tls.crt", "tls.key", "ca.crt"].map(|name| certificates.join(name));
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--cluster", CLUSTER]);
        command.arg("--tls-cert").arg(cert).arg("--tls-key").arg(key).args(["--log-format", "json"]);
        let mut process =
            command.stderr(Stdio::piped()).spawn().with_context(|| format!("{} can't be run", binary.display()))?;
        let log = follow(process.stderr.take().context("no standard error")?);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca)?)?;
        let tls = ClientConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut server = Self { process, address: String::new(), tls: Arc::new(tls) };
        server.address = listening(&log)?;
        writeln!(out, "the webhook serves {CLUSTER} at https://{}", server.address)?;
        Ok(server)
    }

    /// Sends a review, prints what comes back, and hands on the `response` in it.
    fn ask(&self, path: &str, review: &Value, out: &mut impl Write) -> Result<Value> {
        let (status, body) = self.post(path, &review.to_string())?;
        let mut answer: Value =
            serde_json::from_str(&body).with_context(|| format!("{path} answered {status}: {body}"))?;
        let answer = answer["response"].take();
        let verdict = if answer["allowed"] == true { "allowed" } else { "refused" };
        writeln!(out, "   POST {path}: {status}, {verdict}")?;
        if let Some(message) = answer["status"]["message"].as_str() {
            writeln!(out, "      {}", message.replace('\n', "\n      "))?;
        }
        for warning in answer["warnings"].as_array().into_iter().flatten() {
            writeln!(out, "      Warning: {}", warning.as_str().unwrap_or_default())?;
        }
        if let Value::Array(operations) = patch(&answer)? {
            for operation in operations {
                writeln!(out, "      patch: {operation}")?;
            }
        }
        Ok(answer)
    }

    /// One request on a connection of its own.
    fn post(&self, path: &str, body: &str) -> Result<(String, String)> {
        let socket = TcpStream::connect(&self.address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let session = ClientConnection::new(Arc::clone(&self.tls), ServerName::try_from("localhost")?)?;
        let mut connection = StreamOwned::new(session, socket);
        write!(
            connection,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
        let status = head.lines().next().unwrap_or_default().trim_start_matches("HTTP/1.1 ");
        Ok((status.to_owned(), body.to_owned()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It keeps nothing that would want an orderly end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Log lines as they come, so that waiting for one can end.
fn follow(stderr: impl io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            // When nobody listens any more the pipe is still to be drained.
            let _ = sender.send(line);
        }
    });
    lines
}

/// Where the server listens, once it does.
fn listening(log: &Receiver<String>) -> Result<String> {
    let mut seen = Vec::new();
    while let Ok(line) = log.recv_timeout(PATIENCE) {
        let entry: Value = serde_json::from_str(&line).unwrap_or_default();
        match entry["listen"].as_str() {
            Some(address) if entry["message"] == "listening" => return Ok(address.to_owned()),
            _ => seen.push(line),
        }
    }
    bail!("the webhook did not start: {}", seen.join("\n"))
}
