//! What one connection is doing, and since when.
//!
//! Written where it happens (the stream that reads the first byte of a request, the service that has the answer), read
//! by the connection's own watch and by whoever looks for the connection that is idle longest.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::limits::Limits;

/// What a connection does, each with a limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Agrees on a key, or has not begun to.
    Handshake,
    /// Has sent no request yet.
    First,
    /// Was answered, and asks for nothing.
    Idle,
    /// Sends the head of a request.
    Head,
    /// Sends the body, and is being answered.
    Request,
    /// Takes the answer.
    Response,
    /// Says good-bye.
    Closing,
}

impl Phase {
    const ALL: [Self; 7] =
        [Self::Handshake, Self::First, Self::Idle, Self::Head, Self::Request, Self::Response, Self::Closing];

    /// Whether the client waits for nothing, so that closing the connection breaks no promise.
    const fn is_quiet(self) -> bool {
        matches!(self, Self::Handshake | Self::First | Self::Idle)
    }

    fn limit(self, limits: &Limits) -> Duration {
        match self {
            Self::Handshake => limits.handshake,
            Self::First => limits.first_request,
            Self::Idle => limits.idle,
            Self::Head => limits.head,
            // The answer's own deadline comes first: this is for an answer that never came.
            Self::Request => limits.request + Duration::from_secs(1),
            Self::Response => limits.response,
            Self::Closing => GOOD_BYE,
        }
    }
}

/// For the client to notice that the connection ends.
const GOOD_BYE: Duration = Duration::from_secs(2);

/// Why a connection ended: a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// The client closed it, or the network broke it.
    ByClient,
    /// The server had answered with `Connection: close`.
    Answered,
    /// A limit of [`Phase`] passed.
    Overdue(Phase),
    /// The handshake failed.
    Handshake,
    /// What came was no HTTP.
    Protocol,
    /// It had to make room.
    Displaced,
    /// The server shuts down, and it was idle.
    Drained,
    /// The server shut down, and did not wait longer.
    Aborted,
}

impl Closed {
    /// The metric label.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::ByClient => "client",
            Self::Answered => "answered",
            Self::Overdue(Phase::Handshake) => "handshake-timeout",
            Self::Overdue(Phase::First) => "first-request-timeout",
            Self::Overdue(Phase::Idle) => "idle-timeout",
            Self::Overdue(Phase::Head) => "header-timeout",
            Self::Overdue(Phase::Request) => "request-timeout",
            Self::Overdue(Phase::Response | Phase::Closing) => "response-timeout",
            Self::Handshake => "handshake-failed",
            Self::Protocol => "protocol-error",
            Self::Displaced => "displaced",
            Self::Drained => "drained",
            Self::Aborted => "aborted",
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a connection is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Order {
    /// Go on.
    Serve,
    /// Say with each answer that it is the last.
    LastAnswer,
    /// The same, and end now when idle.
    Drain,
    /// The same, and end now also when no request ever came.
    Displace,
    /// End now, whatever is under way.
    Abort,
}

impl Order {
    const ALL: [Self; 5] = [Self::Serve, Self::LastAnswer, Self::Drain, Self::Displace, Self::Abort];
}

/// Tells the acceptor at the cap that a connection can make room.
#[derive(Debug, Default)]
pub(super) struct Room {
    wanted: AtomicBool,
    found: Notify,
}

impl Room {
    /// Waits for the next connection that ends or falls quiet.
    pub(super) async fn next(&self) {
        self.found.notified().await;
    }

    pub(super) fn set_wanted(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    pub(super) fn offer(&self) {
        if self.wanted.load(Ordering::Relaxed) {
            self.found.notify_one();
        }
    }
}

/// Of one connection: its phase, since when, and what it is told to do.
///
/// A request takes a connection through several phases in one go, so the clock is not looked at as each begins, but once
/// when the connection has nothing more to do: see [`Activity::settle`].
#[derive(Debug)]
pub(super) struct Activity {
    /// What times are counted from.
    epoch: Instant,
    /// The phase in the highest byte, below it the microseconds from the epoch to its start, or [`NOW`]: read and written at
    /// once.
    state: AtomicU64,
    order: AtomicU8,
    /// The last answer said that the connection ends.
    ends: AtomicBool,
    task: AtomicWaker,
    room: Arc<Room>,
}

const TIME: u64 = (1 << 56) - 1;
/// In the place of a time: the phase began just now.
const NOW: u64 = TIME;

impl Activity {
    pub(super) fn new(epoch: Instant, room: Arc<Room>) -> Self {
        let activity = Self {
            epoch,
            state: AtomicU64::new(0),
            order: AtomicU8::new(Order::Serve as u8),
            ends: AtomicBool::new(false),
            task: AtomicWaker::new(),
            room,
        };
        activity.enter(Phase::Handshake);
        activity.settle();
        activity
    }

    /// A phase begins.
    pub(super) fn enter(&self, phase: Phase) {
        self.state.store(u64::from(phase as u8) << 56 | NOW, Ordering::Relaxed);
        if phase.is_quiet() {
            self.room.offer();
        }
    }

    /// Notes the time, if a phase began since the last time.
    pub(super) fn settle(&self) {
        let (phase, since) = Self::split(self.state.load(Ordering::Relaxed));
        if since == NOW {
            let now = u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(TIME).min(TIME - 1);
            self.state.store(u64::from(phase as u8) << 56 | now, Ordering::Relaxed);
        }
    }

    pub(super) fn phase(&self) -> Phase {
        Self::split(self.state.load(Ordering::Relaxed)).0
    }

    /// A byte came: it begins a request when none is under way.
    pub(super) fn heard(&self) {
        if matches!(self.phase(), Phase::First | Phase::Idle) {
            self.enter(Phase::Head);
        }
    }

    /// Everything that was written is on its way.
    pub(super) fn flushed(&self) {
        if self.phase() == Phase::Response {
            self.enter(Phase::Idle);
        }
    }

    /// When the phase has lasted long enough. Only after [`Activity::settle`].
    pub(super) fn due(&self, limits: &Limits) -> Instant {
        let (phase, since) = Self::split(self.state.load(Ordering::Relaxed));
        debug_assert_ne!(since, NOW, "not settled");
        let limit = match phase {
            // Who connected just before the drain is about to ask; who does not was not going to.
            Phase::Handshake | Phase::First if self.order() == Order::Drain => phase.limit(limits).min(GOOD_BYE),
            _ => phase.limit(limits),
        };
        self.epoch + Duration::from_micros(since) + limit
    }

    /// Why the connection has to end now: by order, or as its phase is overdue; `None` while it may go on.
    pub(super) fn must_end(&self, overdue: bool) -> Option<Closed> {
        let phase = self.phase();
        match self.order() {
            Order::Abort => Some(Closed::Aborted),
            Order::Displace if phase.is_quiet() => Some(Closed::Displaced),
            Order::Drain if phase == Phase::Idle => Some(Closed::Drained),
            _ => overdue.then_some(Closed::Overdue(phase)),
        }
    }

    /// Since when the connection is quiet; `None` while it is not.
    pub(super) fn quiet_since(&self) -> Option<u64> {
        let (phase, since) = Self::split(self.state.load(Ordering::Relaxed));
        phase.is_quiet().then_some(since)
    }

    pub(super) fn order(&self) -> Order {
        let order = usize::from(self.order.load(Ordering::Acquire));
        Order::ALL.get(order).copied().unwrap_or(Order::Abort)
    }

    /// Gives an order; a weaker one than before has no effect.
    pub(super) fn tell(&self, order: Order) {
        self.order.fetch_max(order as u8, Ordering::AcqRel);
        self.task.wake();
    }

    /// Who is woken by an order.
    pub(super) fn listen(&self, waker: &Waker) {
        self.task.register(waker);
    }

    /// The answer says that the connection ends with it.
    pub(super) fn set_ends(&self) {
        self.ends.store(true, Ordering::Relaxed);
    }

    pub(super) fn ends(&self) -> bool {
        self.ends.load(Ordering::Relaxed)
    }

    fn split(state: u64) -> (Phase, u64) {
        let phase = usize::from((state >> 56) as u8);
        (Phase::ALL.get(phase).copied().unwrap_or(Phase::Closing), state & TIME)
    }
}
