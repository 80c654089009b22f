//! A cluster view from a live API server.
//!
//! Each [`Source`] is listed once and watched from there on. What arrives is pruned to what the rules read, folded,
//! and published as one [`View`]. Nothing is asked of the API server while a request waits for its verdict.
//!
//! A source that says nothing for longer than the longest staleness, not even that nothing happened, is broken: it is
//! listed again, and until that succeeds its facts are missing. A resource that the API server does not serve is not
//! broken: there are no such objects, until it does.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use kube::Client;
use prometheus_client::registry::Registry;

use self::api::Api;
use self::board::Board;
pub use self::client::{Unconfigured, connect, reach, version};
pub use self::error::Error;
use self::follow::Follower;
use self::metrics::Metrics;
pub use self::snapshot::{Listed, Snapshot, Unlisted, snapshot};
pub use self::source::Source;
use self::standing::Standing;
use super::View;

mod api;
mod backoff;
mod board;
mod client;
mod error;
mod event;
mod follow;
mod lines;
mod list;
mod metrics;
mod snapshot;
mod source;
mod standing;
#[cfg(test)]
mod stub;

/// How the cluster is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long a source may say nothing before its facts count as missing.
    pub max_staleness: Duration,
}

impl Options {
    /// The least `max_staleness`: a few of the shortest watches have to fit in.
    pub const LEAST: Duration = Duration::from_secs(10);

    /// How long a watch lasts: well below the staleness that is allowed, as a dead one is only noticed at its end.
    fn watch_for(&self) -> Duration {
        const LONGEST: u64 = 45;
        const SHORTEST: u64 = 2;
        Duration::from_secs((self.max_staleness.as_secs() / 4).clamp(SHORTEST, LONGEST))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { max_staleness: Duration::from_mins(3) }
    }
}

/// Begins to follow the cluster, once the future runs: it never ends, and everything ends when it is dropped.
///
/// The view is there at once, and knows nothing at first.
pub fn start(
    client: Client,
    options: Options,
    registry: &mut Registry,
) -> (Arc<View>, impl Future<Output = Infallible> + Send + use<>) {
    let view = Arc::new(View::unknown(Standing::NOT_LISTED));
    let board = Board::new(Arc::clone(&view), options.max_staleness, Metrics::new(registry));
    let board = Arc::new(board);
    metrics::register(&board, registry);
    let followers = (0..Source::ALL.len()).map({
        let board = Arc::clone(&board);
        let api = Api::new(client);
        move |at| Follower::new(at, api.clone(), Arc::clone(&board), options.watch_for()).run()
    });
    let followers = join_all(followers.collect::<Vec<_>>());
    let future = async move {
        let (never, _) = join(async { board.run().await }, followers).await;
        never
    };
    (view, future)
}

#[cfg(test)]
mod tests;
