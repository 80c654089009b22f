//! The routes.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use prometheus_client::metrics::counter::Counter;
use tower_http::catch_panic::CatchPanicLayer;

use super::handlers::{self, WebhookState};
use super::health::Health;
use super::plain_response::plain_response;
use crate::admission::Phase;

const WEBHOOK_PATHS: &str = "only /validate and /mutate are served on this port, each by POST\n";
const OPS_PATHS: &str = "only /livez, /readyz and /metrics are served on this port, each by GET or HEAD\n";
const PANICKED: &str = "internal error; see the webhook's log\n";

/// What the API server calls.
pub(super) fn webhook(state: Arc<WebhookState>, panics: Counter) -> Router {
    let router = Router::new()
        .route(Phase::Validate.path(), post(handlers::validate))
        .route(Phase::Mutate.path(), post(handlers::mutate))
        .with_state(state);
    with_fallbacks(router, WEBHOOK_PATHS, panics)
}

/// What kubelet and Prometheus call.
pub(super) fn ops(state: Arc<Health>, panics: Counter) -> Router {
    let router = Router::new()
        .route("/livez", get(handlers::livez))
        .route("/readyz", get(handlers::readyz))
        .route("/metrics", get(handlers::metrics))
        .with_state(state);
    with_fallbacks(router, OPS_PATHS, panics)
}

fn with_fallbacks(router: Router, paths: &'static str, panics: Counter) -> Router {
    router
        .fallback(async move || plain_response(StatusCode::NOT_FOUND, paths))
        .method_not_allowed_fallback(async move || plain_response(StatusCode::METHOD_NOT_ALLOWED, paths))
        // A bug in one answer must not take the others along; the panic hook logs where it is.
        .layer(CatchPanicLayer::custom(move |_| {
            panics.inc();
            plain_response(StatusCode::INTERNAL_SERVER_ERROR, PANICKED)
        }))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_500_and_counted() {
        let panics = Counter::default();
        let router = Router::new().route("/panic", get(async || -> &'static str { panic!("oh no") }));
        let router = with_fallbacks(router, OPS_PATHS, panics.clone());
        let request = Request::get("/panic").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!((response.status(), panics.get()), (StatusCode::INTERNAL_SERVER_ERROR, 1));
        assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), PANICKED);
    }
}
