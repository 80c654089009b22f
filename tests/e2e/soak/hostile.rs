//! Clients that mean harm.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::stand::server_name;
use crate::harness::Plane;
use crate::harness::api::path;
use crate::harness::install::Installed;
use crate::harness::manifests::only;
use crate::harness::pki::client_of;

const CONNECTIONS: usize = 500;
/// The API server takes 3 MiB, in which each quote of the value takes two bytes.
const LARGE: usize = 3 << 20;
const LONGEST_EXCLUDE: usize = r#","10.100.255.255/32","#.len() + 2;
const HEAD: &[u8] =
    b"POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n";

/// Opens 500 connections to one replica, and feeds them a byte a second: a quarter each says nothing, says what is no TLS,
/// is slow with its head, is slow with its body. What the server ends is opened again.
pub fn come(port: u16, ca_bundle: &str, time: Duration) {
    let config = client_of(ca_bundle);
    let end = Instant::now() + time;
    let mut clients: Vec<Option<Client>> = (0..CONNECTIONS).map(|_| None).collect();
    while Instant::now() < end {
        for (number, client) in clients.iter_mut().enumerate() {
            let alive = client.as_mut().is_some_and(Client::feed);
            if !alive && Instant::now() < end {
                *client = Client::open(number % 4, port, &config);
            }
        }
        thread::sleep(Duration::from_secs(1));
    }
}

/// One of them.
enum Client {
    Silent(TcpStream),
    Garbage(TcpStream),
    /// Over TLS, and what it still has to say.
    Slow(Box<StreamOwned<ClientConnection, TcpStream>>, std::iter::Cycle<std::slice::Iter<'static, u8>>),
}

impl Client {
    fn open(kind: usize, port: u16, config: &Arc<rustls::ClientConfig>) -> Option<Self> {
        let timeout = Some(Duration::from_secs(2));
        let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        tcp.set_write_timeout(timeout).ok()?;
        tcp.set_read_timeout(timeout).ok()?;
        match kind {
            0 => Some(Self::Silent(tcp)),
            1 => Some(Self::Garbage(tcp)),
            _ => {
                let name = ServerName::try_from(server_name()).ok()?;
                let mut stream = StreamOwned::new(ClientConnection::new(config.clone(), name).ok()?, tcp);
                if kind == 3 {
                    stream.write_all(HEAD).ok()?;
                }
                stream.flush().ok()?;
                Some(Self::Slow(Box::new(stream), if kind == 3 { b" ".iter().cycle() } else { HEAD.iter().cycle() }))
            }
        }
    }

    /// Whether it still could say something.
    fn feed(&mut self) -> bool {
        match self {
            Self::Silent(tcp) => tcp.take_error().is_ok_and(|error| error.is_none()),
            Self::Garbage(tcp) => tcp.write_all(&[0x2a; 64]).is_ok(),
            Self::Slow(stream, bytes) => {
                let byte = bytes.next().copied().unwrap_or_default();
                stream.write_all(&[byte]).and_then(|()| stream.flush()).is_ok()
            }
        }
    }
}

/// A value of 3 MiB that a rule refuses, if anybody reads it.
pub fn large_value() -> String {
    let excludes = u32::try_from(LARGE / LONGEST_EXCLUDE - 100).expect("some thousands");
    let exclude = |number: u32| {
        let [_, _, high, low] = number.to_be_bytes();
        format!("\"10.100.{high}.{low}/32\"")
    };
    let excludes: Vec<String> = (0..excludes).map(exclude).collect();
    let excludes = excludes.join(",");
    format!(r#"{{"clusterNetwork":"vm-migration","vlan":5000,"range":"10.100.0.0/16","exclude":[{excludes}]}}"#)
}

/// Who signs for the replicas with the own CA.
pub fn ca_bundle(cluster: &Plane, installed: &Installed) -> String {
    let configuration = cluster.api.get(&path(only(&installed.objects, "MutatingWebhookConfiguration")));
    let configuration = configuration.expect("it is registered");
    let bundle = configuration["webhooks"][0]["clientConfig"]["caBundle"].as_str().unwrap_or_default();
    String::from_utf8(BASE64.decode(bundle.as_bytes()).expect("base64")).expect("PEM")
}
