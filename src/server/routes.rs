//! What is served where.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use axum::routing::future::RouteFuture;
use axum::routing::get;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tower::Service as _;

use super::health::Health;
use super::text;
use super::webhook::{Asked, Webhook};
use crate::admission::Phase;

const WEBHOOK_PATHS: &str = "only /validate and /mutate are served on this port, each by POST\n";
const OPS_PATHS: &str = "only /livez, /readyz and /metrics are served on this port, each by GET or HEAD\n";
const OPENMETRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// What a port serves.
#[derive(Debug)]
pub(super) enum Routes {
    /// What the API server asks. Two paths are told apart here: a router would box each answer, and write down in each
    /// request how it was found.
    Webhook(Box<Webhook>),
    /// What kubelet and Prometheus ask.
    Router(Router),
}

/// What an answer carries.
pub(super) type Content = Either<Full<Bytes>, Body>;

/// How a request gets its answer.
enum Way<'a> {
    Review(&'a Webhook, Phase, Asked),
    Refused(Response<Full<Bytes>>),
    Routed(RouteFuture<Infallible>),
}

impl Routes {
    /// Answers one request.
    pub(super) fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response<Content>> + Send {
        let way = match self {
            Self::Webhook(webhook) => webhook_way(webhook, request),
            Self::Router(router) => Way::Routed(router.clone().call(request)),
        };
        async move {
            match way {
                Way::Review(webhook, phase, asked) => webhook.answer(phase, asked).await.map(Either::Left),
                Way::Refused(refusal) => refusal.map(Either::Left),
                Way::Routed(answer) => answer.await.unwrap_or_else(|never| match never {}).map(Either::Right),
            }
        }
    }
}

fn webhook_way(webhook: &Webhook, request: Request<Incoming>) -> Way<'_> {
    let path = request.uri().path();
    match [Phase::Validate, Phase::Mutate].into_iter().find(|phase| phase.path() == path) {
        Some(phase) if request.method() == Method::POST => Way::Review(webhook, phase, webhook.asked(request)),
        Some(_) => {
            let mut refusal = text::response(StatusCode::METHOD_NOT_ALLOWED, WEBHOOK_PATHS);
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            Way::Refused(refusal)
        }
        None => Way::Refused(text::response(StatusCode::NOT_FOUND, WEBHOOK_PATHS)),
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
