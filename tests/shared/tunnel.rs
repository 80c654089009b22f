//! A proxy as companies have one: HTTP CONNECT and SOCKS5 on one port.
//!
//! It listens on an address of its own, so that it is never taken for the server behind it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

/// A proxy that leads to this port whatever it is asked for, and tells what that was. Its threads end with the process.
pub(crate) fn proxy(port: u16) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let (asked, requests) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let asked = asked.clone();
            thread::spawn(move || tunnel(stream, port, &asked));
        }
    });
    (own, requests)
}

fn tunnel(mut client: TcpStream, port: u16, asked: &mpsc::Sender<String>) -> Option<()> {
    let mut first = [0];
    client.peek(&mut first).ok()?;
    if first == [5] {
        let mut greeting = [0; 2];
        client.read_exact(&mut greeting).ok()?;
        client.read_exact(&mut vec![0; greeting[1].into()]).ok()?;
        client.write_all(&[5, 0]).ok()?;
        let mut head = [0; 5];
        client.read_exact(&mut head).ok()?;
        let mut host = vec![0; usize::from(head[4]) + 2];
        client.read_exact(&mut host).ok()?;
        asked.send(format!("socks5 {}", String::from_utf8_lossy(&host[..host.len() - 2]))).ok()?;
        client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).ok()?;
    } else {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).ok()?;
            head.extend(byte);
        }
        asked.send(String::from_utf8_lossy(&head).lines().next()?.to_owned()).ok()?;
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    std::io::copy(&mut server, &mut client).ok().map(drop)
}
