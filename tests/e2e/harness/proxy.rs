//! What a Service does: one address, and connections that go to the ready replicas in turn.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A relay on a free port of the loopback interface, until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    /// The port.
    pub port: u16,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    ended: AtomicBool,
    endpoints: Mutex<Endpoints>,
}

#[derive(Debug, Default)]
struct Endpoints {
    ports: Vec<u16>,
    next: usize,
}

impl Proxy {
    /// Starts one that leads nowhere yet.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let shared = Arc::new(Shared::default());
        let seen = shared.clone();
        let acceptor = thread::spawn(move || {
            for connection in listener.incoming() {
                if seen.ended.load(Ordering::Acquire) {
                    return;
                }
                let seen = seen.clone();
                thread::spawn(move || connection.and_then(|client| relay(&client, seen.pick()?)));
            }
        });
        Self { port, shared, acceptor: Some(acceptor) }
    }

    /// A replica became ready.
    pub fn add(&self, port: u16) {
        self.shared.endpoints.lock().expect("no panic while editing").ports.push(port);
    }

    /// A replica is to get no new connection. Those it has stay, as they do behind a Service.
    pub fn remove(&self, port: u16) {
        self.shared.endpoints.lock().expect("no panic while editing").ports.retain(|other| *other != port);
    }
}

impl Shared {
    fn pick(&self) -> io::Result<u16> {
        let mut endpoints = self.endpoints.lock().expect("no panic while editing");
        endpoints.next = endpoints.next.wrapping_add(1);
        let ports = &endpoints.ports;
        let port = ports.get(endpoints.next % ports.len().max(1));
        port.copied().ok_or_else(|| io::Error::other("no endpoint"))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        // Wakes the acceptor, which then looks.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn relay(client: &TcpStream, port: u16) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    for stream in [client, &server] {
        stream.set_nodelay(true)?;
    }
    let (mut up_from, mut up_to) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || {
        let _ = io::copy(&mut up_from, &mut up_to);
        let _ = up_to.shutdown(Shutdown::Write);
    });
    let (mut down_from, mut down_to) = (&server, client);
    let _ = io::copy(&mut down_from, &mut down_to);
    let _ = client.shutdown(Shutdown::Write);
    let _ = up.join();
    Ok(())
}
