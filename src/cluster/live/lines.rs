//! The lines of an answer that goes on.

use std::io::BufRead as _;

use http_body_util::BodyExt as _;
use hyper::body::{Body, Buf};

use super::error::Error;

/// The longest line that is taken. etcd takes objects of a megabyte and a half.
const MAX_LINE: usize = 64 << 20;

/// What a buffer may hold on to between two answers' lines.
const IDLE_CAPACITY: usize = 64 << 10;

/// A body, line by line.
pub(super) struct Lines<B = kube::client::Body> {
    body: B,
    buffer: Vec<u8>,
    /// Where the line that was last given out ends.
    given: usize,
}

impl<B> Lines<B>
where
    B: Body + Unpin,
    B::Error: std::error::Error,
{
    pub(super) fn new(body: B) -> Self {
        Self { body, buffer: Vec::new(), given: 0 }
    }

    /// The next line, without its end; `None` when the answer is over. What comes after the last line end is no line:
    /// the connection broke in the middle of it.
    ///
    /// It may be dropped while it waits, and called again.
    pub(super) async fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        let mut searched = self.given;
        loop {
            if let Some(length) = line_length(&self.buffer[searched..]) {
                let start = std::mem::replace(&mut self.given, searched + length + 1);
                return Ok(Some(&self.buffer[start..searched + length]));
            }
            self.buffer.drain(..self.given);
            self.given = 0;
            searched = self.buffer.len();
            if searched > MAX_LINE {
                return Err(Error::Garbled(format!("an event of more than {} MiB", MAX_LINE >> 20)));
            }
            if self.buffer.is_empty() {
                self.buffer.shrink_to(IDLE_CAPACITY);
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(Error::unreachable(&error)),
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        while data.has_remaining() {
                            let chunk = data.chunk();
                            self.buffer.extend_from_slice(chunk);
                            data.advance(chunk.len());
                        }
                    }
                }
            }
        }
    }
}

/// How long the first line is, if it has an end.
fn line_length(mut bytes: &[u8]) -> Option<usize> {
    let all = bytes;
    let read = bytes.skip_until(b'\n').ok()?;
    all[..read].ends_with(b"\n").then(|| read - 1)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{FutureExt as _, stream};
    use http_body_util::StreamBody;
    use hyper::body::{Bytes, Frame};

    use super::*;

    fn lines(chunks: &'static [&'static str]) -> Vec<String> {
        let frames = chunks.iter().map(|chunk| Ok::<_, Infallible>(Frame::data(Bytes::from_static(chunk.as_bytes()))));
        let mut lines = Lines::new(StreamBody::new(stream::iter(frames)));
        let mut seen = Vec::new();
        while let Some(line) = lines.next().now_or_never().unwrap().unwrap() {
            seen.push(String::from_utf8(line.to_vec()).unwrap());
        }
        seen
    }

    #[test]
    fn lines_are_put_together_from_whatever_arrives() {
        assert_eq!(lines(&["a\nbc\n", "d", "", "e\n\n", "f\ng\n"]), ["a", "bc", "de", "", "f", "g"]);
    }

    #[test]
    fn a_line_without_an_end_is_none() {
        assert_eq!(lines(&["a\n", "b"]), ["a"]);
        assert_eq!(lines(&[]), [""; 0]);
    }
}
