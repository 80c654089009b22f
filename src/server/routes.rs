//! What is served where.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::{get, post};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::health::Health;
use super::text;
use super::webhook::Webhook;
use crate::admission::Phase;

const WEBHOOK_PATHS: &str = "only /validate and /mutate are served on this port, each by POST\n";
const OPS_PATHS: &str = "only /livez, /readyz and /metrics are served on this port, each by GET or HEAD\n";
const OPENMETRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// What the API server asks.
pub(super) fn webhook(webhook: Arc<Webhook>) -> Router {
    let phase = |phase: Phase| {
        post(move |State(webhook): State<Arc<Webhook>>, request: Request| {
            let asked = webhook.asked(request);
            async move { webhook.answer(phase, asked).await }
        })
    };
    Router::new()
        .route(Phase::Validate.path(), phase(Phase::Validate))
        .route(Phase::Mutate.path(), phase(Phase::Mutate))
        .fallback(async || text::response(StatusCode::NOT_FOUND, WEBHOOK_PATHS))
        .method_not_allowed_fallback(async || text::response(StatusCode::METHOD_NOT_ALLOWED, WEBHOOK_PATHS))
        .with_state(webhook)
}

/// What kubelet and Prometheus ask.
pub(super) fn ops(health: Arc<Health>, registry: Arc<Registry>) -> Router {
    Router::new()
        .route("/livez", get(async || text::response(StatusCode::OK, "livez check passed\n")))
        .route("/readyz", get(async move || readyz(&health)))
        .route("/metrics", get(async move || metrics(&registry)))
        .fallback(async || text::response(StatusCode::NOT_FOUND, OPS_PATHS))
        .method_not_allowed_fallback(async || text::response(StatusCode::METHOD_NOT_ALLOWED, OPS_PATHS))
}

fn readyz(health: &Health) -> Response<Body> {
    let (ready, report) = health.report();
    text::response(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, report)
}

fn metrics(registry: &Registry) -> Response<Body> {
    let mut exposition = String::new();
    if encode(&mut exposition, registry).is_err() {
        exposition.clear();
        let _ = writeln!(exposition, "the metrics can't be written");
        return text::response(StatusCode::INTERNAL_SERVER_ERROR, exposition);
    }
    let mut response = Response::new(Body::from(exposition));
    response.headers_mut().insert(CONTENT_TYPE, OPENMETRICS);
    response
}
