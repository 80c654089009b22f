//! The handlers: check a request, bound its time, answer it, log it.

use std::error::Error as StdError;
use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use http_body_util::LengthLimitError;
use prometheus_client::encoding::text::encode;
use tokio::time::{Instant, timeout_at};

use super::admission_service::{AdmissionService, BodyPermit};
use super::deadline::Deadline;
use super::health::Health;
use super::limits::{Limits, SMALL_BODY};
use super::log_throttle::LogThrottle;
use super::metrics::Metrics;
use super::plain_response::plain_response;
use crate::admission::{Answer, DecisionRecord, Phase};

const OPENMETRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What the two webhook paths share.
#[derive(Debug)]
pub(super) struct WebhookState {
    pub(super) service: AdmissionService,
    pub(super) limits: Limits,
    pub(super) metrics: Metrics,
    pub(super) throttle: LogThrottle,
}

/// Why a request gets no `AdmissionReview` back.
type HttpError = (StatusCode, String);

pub(super) async fn validate(State(state): State<Arc<WebhookState>>, request: Request) -> Response {
    state.answer(Phase::Validate, request).await
}

pub(super) async fn mutate(State(state): State<Arc<WebhookState>>, request: Request) -> Response {
    state.answer(Phase::Mutate, request).await
}

pub(super) async fn livez() -> Response {
    plain_response(StatusCode::OK, "livez check passed\n")
}

pub(super) async fn readyz(State(health): State<Arc<Health>>) -> Response {
    let (ready, report) = health.report();
    plain_response(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, report)
}

pub(super) async fn metrics(State(health): State<Arc<Health>>) -> Response {
    let mut exposition = String::new();
    match encode(&mut exposition, &health.registry) {
        Ok(()) => with_content_type(OPENMETRICS, exposition),
        Err(_) => plain_response(StatusCode::INTERNAL_SERVER_ERROR, "the metrics can't be written\n"),
    }
}

impl WebhookState {
    async fn answer(&self, phase: Phase, request: Request) -> Response {
        let start = Instant::now();
        let _in_flight = self.metrics.begin_request(phase);
        let deadline = Deadline::new(request.uri().query(), start, self.limits.request);
        let response = match self.review(phase, request, deadline).await {
            Ok(answer) => {
                log(phase, &answer.record, start);
                with_content_type(JSON, answer.body)
            }
            Err((status, why)) => {
                self.throttle.warn(|left_out| {
                    let (path, status) = (phase.path(), status.as_u16());
                    tracing::warn!(path, status, why, left_out, "request failed without an AdmissionReview response");
                });
                plain_response(status, why + "\n")
            }
        };
        self.metrics.end_request(phase, response.status(), start.elapsed());
        response
    }

    async fn review(&self, phase: Phase, request: Request, deadline: Deadline) -> Result<Answer, HttpError> {
        if !is_json(request.headers()) {
            let why = "the body must be an AdmissionReview in JSON, with Content-Type: application/json";
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, why.to_owned()));
        }
        let (body, permit) = self.read(request.into_body(), deadline).await?;
        let answer = self.service.answer(phase, body, permit, deadline).await;
        self.metrics.decided(phase, &answer.record);
        match StatusCode::from_u16(answer.http_status) {
            Ok(StatusCode::OK) => Ok(answer),
            status => {
                let why = String::from_utf8_lossy(&answer.body).into_owned();
                Err((status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), why))
            }
        }
    }

    /// Reads the body. A large one first takes its share of the bytes that all of them may have.
    async fn read(&self, body: Body, deadline: Deadline) -> Result<(Bytes, Option<BodyPermit>), HttpError> {
        let limit = self.limits.body_bytes;
        let too_large = || {
            let why = format!("the body is larger than the {limit} bytes that are read of a review");
            (StatusCode::PAYLOAD_TOO_LARGE, why)
        };
        // One that does not say how large it is may become as large as any.
        let size = body.size_hint().exact().map_or(limit, |size| usize::try_from(size).unwrap_or(usize::MAX));
        if size > limit {
            return Err(too_large());
        }
        let mut permit = None;
        if size > SMALL_BODY {
            permit = self.service.permit(size, deadline).await;
            if permit.is_none() {
                let why = "too many large requests at one time; try again";
                return Err((StatusCode::SERVICE_UNAVAILABLE, why.to_owned()));
            }
        }
        match timeout_at(deadline.at, to_bytes(body, limit)).await {
            Ok(Ok(body)) => Ok((body, permit)),
            Ok(Err(error)) if error.source().is_some_and(<dyn StdError>::is::<LengthLimitError>) => Err(too_large()),
            Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the body broke off".to_owned())),
            Err(_) => {
                let why = "the body did not come in time, so nothing was decided";
                Err((StatusCode::REQUEST_TIMEOUT, why.to_owned()))
            }
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split_once(';').map_or(media_type, |(essence, _)| essence);
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn with_content_type(content_type: HeaderValue, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// One line for each decision. What came from a stranger in it is escaped and cut already.
fn log(phase: Phase, record: &DecisionRecord, start: Instant) {
    let DecisionRecord { uid, user, operation, verdict, code, rules, mutation } = record;
    tracing::info!(
        uid,
        user,
        operation,
        phase = phase.name(),
        verdict,
        code,
        rules = rules.to_string(),
        mutation,
        duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
        "decided"
    );
}
