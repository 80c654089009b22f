//! Reading a request's body within bounds.

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

/// Why a body was not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is longer than the bound.
    TooLarge,
    /// The connection broke, or its framing is wrong.
    Broken,
}

/// The length that the client announces; `None` when it does not.
pub(super) fn announced(body: &Incoming) -> Option<u64> {
    body.size_hint().exact()
}

/// Reads the whole body. One that comes in one piece, as nearly all do, is not copied.
pub(super) async fn read(mut body: Incoming, at_most: usize) -> Result<Bytes, Unread> {
    let mut first = Bytes::new();
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if first.len() + whole.len() + data.len() > at_most {
            return Err(Unread::TooLarge);
        }
        if !whole.is_empty() {
            whole.extend_from_slice(&data);
        } else if first.is_empty() {
            first = data;
        } else {
            let announced = announced(&body).and_then(|rest| usize::try_from(rest).ok()).unwrap_or(0);
            whole.reserve(first.len() + data.len() + announced.min(at_most));
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.into() })
}
