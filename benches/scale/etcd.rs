//! Objects put into etcd as the API server would store them: a custom resource is kept as its JSON. What the API server
//! would take minutes to validate and default is there in seconds; it is listed and watched as any other object.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use anyhow::{Context as _, Result, ensure};
use data_encoding::BASE64;
use serde_json::{Value, json};

/// As many writes fit into one transaction, less some.
const WRITES: usize = 100;

/// etcd's JSON gateway.
pub struct Etcd {
    port: u16,
}

impl Etcd {
    pub const fn new(port: u16) -> Self {
        Self { port }
    }

    /// Stores all of them, keys under `/registry/`.
    pub fn put(&self, objects: impl IntoIterator<Item = (String, Value)>) -> Result<()> {
        let mut connection = self.connect()?;
        let mut objects = objects.into_iter().peekable();
        while objects.peek().is_some() {
            connection.put(objects.by_ref().take(WRITES))?;
        }
        Ok(())
    }

    pub fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_nodelay(true)?;
        Ok(Connection(BufReader::new(stream)))
    }
}

/// One connection to it.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Stores these in one transaction.
    pub fn put(&mut self, objects: impl Iterator<Item = (String, Value)>) -> Result<()> {
        let put = |(key, object): (String, Value)| {
            let key = BASE64.encode(format!("/registry/{key}").as_bytes());
            json!({"requestPut": {"key": key, "value": BASE64.encode(object.to_string().as_bytes())}})
        };
        let body = json!({"success": objects.map(put).collect::<Vec<_>>()}).to_string();
        let head = format!("POST /v3/kv/txn HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
        let stream = self.0.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let answer = self.answer()?;
        let answer: Value = serde_json::from_slice(&answer)?;
        ensure!(answer["succeeded"] == true, "etcd answers {answer}");
        Ok(())
    }

    /// One answer, of a known length or in chunks.
    fn answer(&mut self) -> Result<Vec<u8>> {
        let status = self.line()?;
        ensure!(status.starts_with("HTTP/1.1 200 "), "etcd answers {status}");
        let (mut length, mut chunked) = (None, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = Some(value.parse()?),
                Some(("transfer-encoding", "chunked")) => chunked = true,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = Vec::new();
        if !chunked {
            self.take(length.context("an answer without a length")?, &mut body)?;
            return Ok(body);
        }
        loop {
            let size = usize::from_str_radix(&self.line()?, 16)?;
            self.take(size, &mut body)?;
            self.line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn take(&mut self, size: usize, body: &mut Vec<u8>) -> Result<()> {
        let start = body.len();
        body.resize(start + size, 0);
        Ok(self.0.read_exact(&mut body[start..])?)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}
