//! Where a body becomes an answer, and how much of that goes on at one time.

use std::sync::Arc;
use std::thread::available_parallelism;

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use super::deadline::Deadline;
use super::limits::SMALL_BODY;
use crate::admission::{self, Answer, Phase, Policy};
use crate::cluster::View;

/// Judges reviews by the newest facts.
///
/// A small one takes microseconds and is judged where it is. One of several MiB may be made to take a thousand times as
/// long: it goes to a thread of its own, so that others are answered meanwhile, and only as many go as there are
/// processors. What waits is bounded too, by the bytes that it holds.
#[derive(Debug)]
pub(super) struct Judging {
    view: Arc<View>,
    policy: Arc<Policy>,
    room: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

/// Bytes that one permit of the room stands for.
const UNIT: usize = 1 << 10;

/// Room for one large body, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room(#[expect(dead_code, reason = "held, not looked at")] OwnedSemaphorePermit);

impl Judging {
    /// Judges by this view; large bodies share this many bytes.
    pub(super) fn new(view: Arc<View>, policy: Policy, bytes: usize) -> Self {
        Self {
            view,
            policy: Arc::new(policy),
            room: Arc::new(Semaphore::new((bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS))),
            threads: Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from))),
        }
    }

    /// Waits for room for a body of this size; `None` when the deadline comes first.
    pub(super) async fn room(&self, size: usize, deadline: Deadline) -> Option<Room> {
        let units = u32::try_from(size.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(units);
        timeout_at(deadline.at, room).await.ok()?.ok().map(Room)
    }

    /// Judges a body. When the deadline passes before that, the answer says so.
    pub(super) async fn judge(&self, phase: Phase, body: Bytes, room: Option<Room>, deadline: Deadline) -> Answer {
        if body.len() <= SMALL_BODY {
            return if deadline.has_passed() {
                admission::out_of_time(&body, deadline.budget)
            } else {
                admission::answer(phase, &body, &self.view.facts(), &self.policy)
            };
        }
        match timeout_at(deadline.at, self.in_thread(phase, body.clone(), room)).await {
            Ok(Some(answer)) => answer,
            // Looking for the uid takes a small part of what judging takes, and as much bandwidth to provoke.
            Ok(None) | Err(_) => admission::out_of_time(&body, deadline.budget),
        }
    }

    /// `None` when the runtime ends first.
    async fn in_thread(&self, phase: Phase, body: Bytes, room: Option<Room>) -> Option<Answer> {
        let permit = Arc::clone(&self.threads).acquire_owned().await.ok()?;
        let (facts, policy) = (Arc::clone(&self.view.facts()), Arc::clone(&self.policy));
        let job = tokio::task::spawn_blocking(move || {
            // Both are held for as long as the thread works, also when nobody waits for it any more.
            let _held = (permit, room);
            admission::answer(phase, &body, &facts, &policy)
        });
        match job.await {
            Ok(answer) => Some(answer),
            // On to where every panic of a request is caught.
            Err(error) => std::panic::resume_unwind(error.try_into_panic().ok()?),
        }
    }
}
