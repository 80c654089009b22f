//! Answers review bodies, with bounds on how many at a time.

use std::sync::Arc;
use std::thread::available_parallelism;

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use super::deadline::Deadline;
use super::limits::SMALL_BODY;
use crate::admission::{self, Answer, Phase, Policy};
use crate::cluster::ClusterState;

/// Answers reviews by the newest facts.
///
/// A small one takes microseconds and is answered in place. One of several MiB may be made to take a thousand times as
/// long: it goes to a thread of its own, so that others are answered meanwhile, and only as many go as there are
/// processors. What waits is bounded too, by the bytes that it holds.
#[derive(Debug)]
pub(super) struct AdmissionService {
    cluster: Arc<ClusterState>,
    policy: Arc<Policy>,
    bodies: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

/// Bytes that one permit of the semaphore stands for.
const UNIT: usize = 1 << 10;

/// A share of the bytes that all large bodies may have, given back when it is dropped.
#[derive(Debug)]
pub(super) struct BodyPermit(#[expect(dead_code, reason = "held for as long as the body")] OwnedSemaphorePermit);

impl AdmissionService {
    /// Answers by the facts of this cluster; large bodies share this many bytes.
    pub(super) fn new(cluster: Arc<ClusterState>, policy: Policy, bytes: usize) -> Self {
        Self {
            cluster,
            policy: Arc::new(policy),
            bodies: Arc::new(Semaphore::new(bytes.div_ceil(UNIT).clamp(1, Semaphore::MAX_PERMITS))),
            threads: Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from))),
        }
    }

    /// Waits for the share of a body of this size; `None` when the deadline comes first.
    pub(super) async fn permit(&self, size: usize, deadline: Deadline) -> Option<BodyPermit> {
        let units = u32::try_from(size.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.bodies).acquire_many_owned(units);
        timeout_at(deadline.at, permit).await.ok()?.ok().map(BodyPermit)
    }

    /// Answers a review. When the deadline passes before that, the answer says so.
    pub(super) async fn answer(
        &self,
        phase: Phase,
        body: Bytes,
        permit: Option<BodyPermit>,
        deadline: Deadline,
    ) -> Answer {
        if body.len() <= SMALL_BODY {
            return if deadline.has_passed() {
                admission::out_of_time(&body, deadline.budget)
            } else {
                admission::answer(phase, &body, &self.cluster.facts(), &self.policy)
            };
        }
        match timeout_at(deadline.at, self.answer_in_thread(phase, body.clone(), permit)).await {
            Ok(Some(answer)) => answer,
            // Looking for the uid takes a small part of what a decision takes, and as much bandwidth to provoke.
            Ok(None) | Err(_) => admission::out_of_time(&body, deadline.budget),
        }
    }

    /// `None` when the runtime ends first.
    async fn answer_in_thread(&self, phase: Phase, body: Bytes, body_permit: Option<BodyPermit>) -> Option<Answer> {
        let permit = Arc::clone(&self.threads).acquire_owned().await.ok()?;
        let (facts, policy) = (Arc::clone(&self.cluster.facts()), Arc::clone(&self.policy));
        let job = tokio::task::spawn_blocking(move || {
            // Both are held for as long as the thread works, also when nobody waits for it any more.
            let _held = (permit, body_permit);
            admission::answer(phase, &body, &facts, &policy)
        });
        match job.await {
            Ok(answer) => Some(answer),
            // On to where every panic of a request is caught.
            Err(error) => std::panic::resume_unwind(error.try_into_panic().ok()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;
    use tokio::time::Instant;

    use super::*;
    use crate::setting::Facts;

    fn service(bytes: usize) -> AdmissionService {
        let cluster = Arc::new(ClusterState::unknown("not listed yet"));
        cluster.publish(Facts::unknown("not listed yet"));
        AdmissionService::new(cluster, Policy::default(), bytes)
    }

    fn within(millis: u64) -> Deadline {
        let budget = Duration::from_millis(millis);
        Deadline { at: Instant::now() + budget, budget }
    }

    /// A review of another resource, which is allowed without looking further.
    fn review(padding: usize) -> Bytes {
        let request = r#"{"uid":"u","operation":"UPDATE","resource":{"group":"apps","resource":"deployments"}}"#;
        let start = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":"#;
        format!("{start}{request}}}{}", " ".repeat(padding)).into()
    }

    fn response(answer: &Answer) -> Value {
        serde_json::from_slice::<Value>(&answer.body).unwrap()["response"].clone()
    }

    #[tokio::test]
    async fn small_and_large_are_answered_alike() {
        let service = service(1 << 20);
        for padding in [0, SMALL_BODY] {
            let permit = service.permit(padding, within(1000)).await;
            let answer = service.answer(Phase::Validate, review(padding), permit, within(1000)).await;
            assert_eq!((answer.http_status, answer.record.verdict), (200, "allowed"));
            assert_eq!(response(&answer)["allowed"], true);
        }
    }

    #[tokio::test]
    async fn out_of_time_the_user_is_told_so() {
        let service = service(1 << 20);
        let threads = u32::try_from(service.threads.available_permits()).unwrap();
        let _all = service.threads.acquire_many(threads).await.unwrap();
        for (padding, budget) in [(0, 0), (SMALL_BODY, 20)] {
            let answer = service.answer(Phase::Mutate, review(padding), None, within(budget)).await;
            assert_eq!((answer.http_status, answer.record.verdict, answer.record.code), (200, "timeout", 504));
            assert_eq!(answer.record.uid, "u");
            let response = response(&answer);
            assert_eq!((&response["uid"], &response["allowed"]), (&"u".into(), &false.into()));
            assert_eq!(response["status"]["reason"], "Timeout");
            assert_eq!(
                response["status"]["message"],
                format!(
                    "vm-migration-network was not judged within the {:?} that this request was given, so the change is \
                     refused; nothing was found about it. Retry; if it stays so, look at the webhook's log and load",
                    Duration::from_millis(budget)
                )
            );
        }
        let answer = service.answer(Phase::Mutate, Bytes::from_static(b"{"), None, within(0)).await;
        assert_eq!((answer.http_status, answer.record.verdict), (504, "timeout"));
    }

    #[tokio::test]
    async fn one_body_may_take_all_bytes_also_when_that_is_an_odd_number() {
        assert!(service(100_000).permit(100_000, within(1000)).await.is_some());
    }

    #[tokio::test]
    async fn a_permit_is_given_back() {
        let service = service(100 << 10);
        let permit = service.permit(90 << 10, within(1000)).await;
        assert!(permit.is_some());
        assert!(service.permit(90 << 10, within(20)).await.is_none());
        assert!(service.permit(10 << 10, within(20)).await.is_some());
        drop(permit);
        assert!(service.permit(100 << 10, within(1000)).await.is_some());
    }
}
