//! What is served where.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use axum::routing::get;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tower::Service as _;

use super::health::Health;
use super::text;
use super::webhook::Webhook;
use crate::admission::Phase;

const WEBHOOK_PATHS: &str = "only /validate and /mutate are served on this port, each by POST\n";
const OPS_PATHS: &str = "only /livez, /readyz and /metrics are served on this port, each by GET or HEAD\n";
const OPENMETRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// What a port serves.
#[derive(Debug)]
pub(super) enum Routes {
    /// What the API server asks. Two paths are told apart here, as a router would box each answer and write down how it
    /// was found, for a tenth of the time that a request takes outside the kernel.
    Webhook(Box<Webhook>),
    /// What kubelet and Prometheus ask.
    Router(Router),
}

/// What an answer carries.
pub(super) type Content = Either<Full<Bytes>, Body>;

impl Routes {
    /// Answers one request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Content> {
        let webhook = match self {
            Self::Webhook(webhook) => webhook,
            Self::Router(router) => {
                let answer = router.clone().call(request).await;
                return answer.unwrap_or_else(|never| match never {}).map(Either::Right);
            }
        };
        let path = request.uri().path();
        let answer = match [Phase::Validate, Phase::Mutate].into_iter().find(|phase| phase.path() == path) {
            Some(phase) if request.method() == Method::POST => {
                let asked = webhook.asked(request);
                webhook.answer(phase, asked).await
            }
            Some(_) => {
                let mut refusal = text::response(StatusCode::METHOD_NOT_ALLOWED, WEBHOOK_PATHS);
                refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
                refusal
            }
            None => text::response(StatusCode::NOT_FOUND, WEBHOOK_PATHS),
        };
        answer.map(Either::Left)
    }
}

/// What kubelet and Prometheus ask.
pub(super) fn ops(health: Arc<Health>, registry: Arc<Registry>) -> Routes {
    let router = Router::new()
        .route("/livez", get(async || text::response(StatusCode::OK, "livez check passed\n")))
        .route("/readyz", get(async move || readyz(&health)))
        .route("/metrics", get(async move || metrics(&registry)))
        .fallback(async || text::response(StatusCode::NOT_FOUND, OPS_PATHS))
        .method_not_allowed_fallback(async || text::response(StatusCode::METHOD_NOT_ALLOWED, OPS_PATHS));
    Routes::Router(router)
}

fn readyz(health: &Health) -> Response<Full<Bytes>> {
    let (ready, report) = health.report();
    text::response(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, report)
}

fn metrics(registry: &Registry) -> Response<Full<Bytes>> {
    let mut exposition = String::new();
    if encode(&mut exposition, registry).is_err() {
        exposition.clear();
        let _ = writeln!(exposition, "the metrics can't be written");
        return text::response(StatusCode::INTERNAL_SERVER_ERROR, exposition);
    }
    let mut response = Response::new(Full::from(exposition));
    response.headers_mut().insert(CONTENT_TYPE, OPENMETRICS);
    response
}
