//! One review over HTTP: what is wrong with the request itself, its deadline, its answer, its traces.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::body::{self, Unread};
use super::deadline::Deadline;
use super::judging::{Judging, Room};
use super::limits::{Limits, SMALL_BODY};
use super::metrics::{Metrics, Path};
use super::quota::Quota;
use super::text;
use crate::admission::{Answer, DecisionRecord, Phase};

/// What the two paths answer with.
#[derive(Debug)]
pub(super) struct Webhook {
    judging: Judging,
    limits: Limits,
    metrics: Metrics,
    mutate: Path,
    validate: Path,
    quota: Quota,
}

/// A request whose body may still be on its way.
pub(super) struct Asked {
    start: Instant,
    deadline: Deadline,
    body: Result<Incoming, Turned>,
}

/// Why a request gets no review back.
struct Turned(StatusCode, String);

impl Webhook {
    pub(super) fn new(judging: Judging, limits: Limits, metrics: Metrics) -> Self {
        let [mutate, validate] = [Phase::Mutate, Phase::Validate].map(|phase| metrics.requests().path(phase));
        Self { judging, limits, metrics, mutate, validate, quota: Quota::default() }
    }

    /// What is asked, but for the body that may still be on its way. Not part of the answer, as it would be carried along
    /// with every step of it.
    pub(super) fn asked(&self, request: Request<Incoming>) -> Asked {
        let start = Instant::now();
        let deadline = Deadline::new(request.uri().query(), start, self.limits.request);
        let body = if is_json(request.headers()) {
            Ok(request.into_body())
        } else {
            let why = "the body must be an AdmissionReview in JSON, with Content-Type: application/json";
            Err(Turned(StatusCode::UNSUPPORTED_MEDIA_TYPE, why.to_owned()))
        };
        Asked { start, deadline, body }
    }

    /// Answers one request.
    pub(super) async fn answer(&self, phase: Phase, asked: Asked) -> Response<Full<Bytes>> {
        let path = match phase {
            Phase::Mutate => &self.mutate,
            Phase::Validate => &self.validate,
        };
        let in_flight = path.begin();
        let start = asked.start;
        let answer = self.review(phase, asked).await;
        let after = start.elapsed();
        let response = match answer {
            Ok(answer) => {
                log(phase, &answer.record, after);
                self.metrics.decided(phase, &answer.record);
                json(answer.body)
            }
            Err(Turned(status, why)) => {
                self.quota.warn(|left_out| {
                    let (path, status) = (phase.path(), status.as_u16());
                    tracing::warn!(path, status, why, left_out, "a request got no review back");
                });
                text::response(status, why + "\n")
            }
        };
        drop(in_flight);
        path.answered(response.status().as_u16(), after);
        response
    }

    async fn review(&self, phase: Phase, asked: Asked) -> Result<Answer, Turned> {
        let Asked { start, deadline, body } = asked;
        let (body, room) = self.read(body?, start, deadline).await?;
        let answer = self.judging.judge(phase, body, room, deadline).await;
        match StatusCode::from_u16(answer.http_status) {
            Ok(StatusCode::OK) => Ok(answer),
            status => {
                self.metrics.decided(phase, &answer.record);
                let why = String::from_utf8_lossy(&answer.body).into_owned();
                Err(Turned(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), why))
            }
        }
    }

    async fn read(&self, body: Incoming, start: Instant, deadline: Deadline) -> Result<(Bytes, Option<Room>), Turned> {
        let at_most = self.limits.body_bytes;
        let too_large = || {
            let why = format!("the body is larger than the {at_most} bytes that are read of a review");
            Turned(StatusCode::PAYLOAD_TOO_LARGE, why)
        };
        let room = match body::announced(&body) {
            Some(size) if size > at_most as u64 => return Err(too_large()),
            Some(size) if size <= SMALL_BODY as u64 => None,
            // One that does not say how large it is may become as large as any.
            size => {
                let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(at_most);
                let Some(room) = Box::pin(self.judging.room(size, deadline)).await else {
                    let why = "too many large requests at one time; try again";
                    return Err(Turned(StatusCode::SERVICE_UNAVAILABLE, why.to_owned()));
                };
                Some(room)
            }
        };
        // The time that a large body waits for room is not its sender's.
        let since = if room.is_some() { Instant::now() } else { start };
        let until = deadline.at.min(since + self.limits.body);
        match timeout_at(until, body::read(body, at_most)).await {
            Ok(Ok(body)) => Ok((body, room)),
            Ok(Err(Unread::TooLarge)) => Err(too_large()),
            Ok(Err(Unread::Broken)) => Err(Turned(StatusCode::BAD_REQUEST, "the body broke off".to_owned())),
            Err(_) => {
                let why = "the body did not come in time, so nothing was decided";
                Err(Turned(StatusCode::REQUEST_TIMEOUT, why.to_owned()))
            }
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(media_type) = headers.get(CONTENT_TYPE) else { return false };
    if media_type == "application/json" {
        return true;
    }
    let media_type = media_type.to_str().unwrap_or_default();
    let essence = media_type.split_once(';').map_or(media_type, |(essence, _)| essence);
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn json(body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// One line for each decision. What came from a stranger in it is escaped and cut already.
///
/// Texts and numbers, the message too: they go into the line as they are, without the machinery of formatting.
fn log(phase: Phase, record: &DecisionRecord, after: Duration) {
    let DecisionRecord { uid, user, operation, verdict, code, rules, mutation } = record;
    let mut names = String::new();
    if !rules.is_empty() {
        // As many as nearly every refusal names.
        names.reserve(128);
        // Writing to a string can't fail.
        let _ = write!(names, "{rules}");
    }
    tracing::info!(
        message = "decided",
        uid,
        user,
        operation,
        phase = phase.name(),
        verdict,
        code,
        rules = names,
        mutation,
        duration_us = u64::try_from(after.as_micros()).unwrap_or(u64::MAX),
    );
}
