//! What lies between the replicas and the API server: a relay that can be slow, or cut.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A relay to one port of the loopback interface, for as long as the program runs.
#[derive(Debug)]
pub struct Link {
    /// Where it listens.
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// How long each piece of an answer is held back, in milliseconds; [`CUT`] lets nobody through.
    delay: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
}

const CUT: u64 = u64::MAX;

impl Link {
    /// Starts one to this port.
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let shared = Arc::new(Shared::default());
        let seen = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let seen = seen.clone();
                thread::spawn(move || seen.relay(&client, target));
            }
        });
        Self { port, shared }
    }

    /// Holds every piece of an answer back for so long.
    pub fn slow(&self, delay: Duration) {
        self.shared.delay.store(delay.as_millis().try_into().expect("some seconds"), Ordering::Release);
    }

    /// Ends every connection, and each new one.
    pub fn cut(&self) {
        self.shared.delay.store(CUT, Ordering::Release);
        for stream in self.shared.open.lock().expect("no panic while cutting").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// As at the start.
    pub fn mend(&self) {
        self.shared.delay.store(0, Ordering::Release);
    }
}

impl Shared {
    fn relay(&self, client: &TcpStream, target: u16) -> io::Result<()> {
        if self.delay.load(Ordering::Acquire) == CUT {
            return Ok(());
        }
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target))?;
        {
            let mut open = self.open.lock().expect("no panic while cutting");
            open.retain(|stream| stream.peer_addr().is_ok());
            open.extend([client.try_clone()?, server.try_clone()?]);
        }
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let ended = self.answers(&server, client);
        let _ = client.shutdown(Shutdown::Both);
        ended
    }

    fn answers(&self, mut server: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
        let mut piece = vec![0; 16 << 10];
        loop {
            let length = server.read(&mut piece)?;
            if length == 0 {
                return Ok(());
            }
            match self.delay.load(Ordering::Acquire) {
                CUT => return Ok(()),
                delay => thread::sleep(Duration::from_millis(delay)),
            }
            client.write_all(&piece[..length])?;
        }
    }
}
