//! A line to a server that can go dead: nothing comes through any more, and nobody is told.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A relay on a free port of the loopback interface, until it is dropped.
#[derive(Debug)]
pub struct Line {
    /// The port.
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    dead: AtomicBool,
    ended: AtomicBool,
    /// Both ends of each connection.
    open: Mutex<Vec<TcpStream>>,
}

impl Line {
    /// One to this port.
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let shared = Arc::new(Shared::default());
        let seen = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                if seen.ended.load(Ordering::Acquire) {
                    return;
                }
                // A connection that can't be passed on ends.
                let _ = client.and_then(|client| seen.connect(&client, server));
            }
        });
        Self { port, shared }
    }

    /// From now on nothing comes through, or it does again.
    pub fn set_dead(&self, dead: bool) {
        self.shared.dead.store(dead, Ordering::Release);
    }
}

impl Shared {
    fn connect(self: &Arc<Self>, client: &TcpStream, server: u16) -> io::Result<()> {
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
        for (from, to) in [(client, &server), (&server, client)] {
            let (shared, mut from, mut to) = (self.clone(), from.try_clone()?, to.try_clone()?);
            self.open.lock().expect("no panic while pushing").push(from.try_clone()?);
            thread::spawn(move || {
                let mut buffer = vec![0; 64 << 10];
                while let Ok(read @ 1..) = from.read(&mut buffer) {
                    while shared.dead.load(Ordering::Acquire) {
                        thread::sleep(Duration::from_millis(5));
                    }
                    if to.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
        }
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        self.set_dead(false);
        for stream in self.shared.open.lock().expect("no panic while pushing").drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        // Wakes the acceptor, which then looks.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}
