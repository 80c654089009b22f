//! A bug in one answer must not take the others along.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use axum::http::{Response, StatusCode};
use futures_util::FutureExt as _;
use http_body_util::Either;
use prometheus_client::metrics::counter::Counter;

use super::routes::Content;
use super::text;

const PANICKED: &str = "the webhook failed on this request, which is a bug of it; its log says where\n";

/// Runs the future; a panic becomes a 500. The panic hook has said where.
pub(super) async fn caught(panics: &Counter, answer: impl Future<Output = Response<Content>>) -> Response<Content> {
    // Nothing that a panic could leave half changed outlives the request.
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| {
        panics.inc();
        text::response(StatusCode::INTERNAL_SERVER_ERROR, PANICKED).map(Either::Left)
    })
}
