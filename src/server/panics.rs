//! A bug in one answer must not take the others along.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::http::{Response, StatusCode};
use futures_util::FutureExt as _;
use http_body_util::Either;
use prometheus_client::metrics::counter::Counter;

use super::routes::Content;
use super::text;

const PANICKED: &str = "the webhook failed on this request, which is a bug of it; its log says where\n";

/// Starts an answer and runs it; a panic becomes a 500. The panic hook has said where.
///
/// What is started from is not part of the future, which every connection has room for.
pub(super) fn caught<F: Future<Output = Response<Content>>>(
    panics: &Counter,
    start: impl FnOnce() -> F,
) -> impl Future<Output = Response<Content>> {
    // Nothing that a panic could leave half changed outlives the request.
    let started = catch_unwind(AssertUnwindSafe(start));
    async move {
        let answer = match started {
            Ok(answer) => AssertUnwindSafe(answer).catch_unwind().await,
            Err(panic) => Err(panic),
        };
        answer.unwrap_or_else(|_| {
            panics.inc();
            text::response(StatusCode::INTERNAL_SERVER_ERROR, PANICKED).map(Either::Left)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_caught_before_there_is_a_future_and_in_it() {
        let panics = Counter::default();
        let fine = || ready(text::response(StatusCode::OK, "fine").map(Either::Left));
        assert_eq!(caught(&panics, fine).await.status(), 200);
        let never = || {
            assert!(panics.get() > 9, "oh no");
            fine()
        };
        assert_eq!(caught(&panics, never).await.status(), 500);
        assert_eq!(caught(&panics, || async { never().await }).await.status(), 500);
        assert_eq!(panics.get(), 2);
    }
}
