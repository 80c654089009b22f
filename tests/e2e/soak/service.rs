//! What kubelet and kube-proxy do: a replica gets new connections for as long as its readiness probe says so.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::harness::proxy::Proxy;

/// The probe of the chart: every 5 s, 2 s for an answer, out after two failures.
const PERIOD: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(2);
const FAILURES: u32 = 2;

/// The Service, for as long as the program runs.
#[derive(Debug)]
pub struct Service {
    /// Where the API server calls.
    pub port: u16,
    proxy: Arc<Proxy>,
    members: Arc<Mutex<Vec<Member>>>,
}

#[derive(Clone, Debug)]
struct Member {
    port: u16,
    ops: u16,
    failures: u32,
    inside: bool,
}

impl Service {
    /// Without replicas.
    pub fn start() -> Self {
        let proxy = Arc::new(Proxy::start());
        Self { port: proxy.port, proxy, members: Arc::default() }
    }

    /// Probes a replica from now on.
    pub fn watch(&self, port: u16, ops: u16) {
        let index = {
            let mut members = self.members.lock().expect("no panic while probing");
            members.push(Member { port, ops, failures: FAILURES, inside: false });
            members.len() - 1
        };
        let (proxy, members) = (self.proxy.clone(), self.members.clone());
        thread::spawn(move || {
            loop {
                let ready = is_ready(ops);
                {
                    let mut members = members.lock().expect("no panic while probing");
                    let member = &mut members[index];
                    member.failures = if ready { 0 } else { member.failures + 1 };
                    if ready && !member.inside {
                        proxy.add(member.port);
                        member.inside = true;
                    } else if member.failures >= FAILURES && member.inside {
                        proxy.remove(member.port);
                        member.inside = false;
                    }
                }
                thread::sleep(PERIOD);
            }
        });
    }

    /// Takes a replica out before it is told to end, as Kubernetes does; its probe brings it back.
    pub fn terminating(&self, port: u16) {
        let mut members = self.members.lock().expect("no panic while probing");
        for member in members.iter_mut().filter(|member| member.port == port && member.inside) {
            self.proxy.remove(port);
            member.inside = false;
        }
    }

    /// Whether every replica gets connections.
    pub fn is_whole(&self) -> bool {
        self.members.lock().expect("no panic while probing").iter().all(|member| member.inside && is_ready(member.ops))
    }
}

fn is_ready(port: u16) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.write_all(b"GET /readyz HTTP/1.0\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        std::io::Result::Ok(status.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}
