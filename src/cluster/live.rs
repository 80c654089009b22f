//! Cluster state from a live API server.
//!
//! Each resource is listed once and watched from there on. What arrives is indexed and published as one
//! [`ClusterState`]. Nothing is asked of the API server while a request waits for its verdict.
//!
//! A watch on which the API server says nothing for longer than the longest staleness, not even that nothing happened,
//! is stale: it is listed again, and until that succeeds its facts are missing. A resource that the API server does not
//! serve is not stale: there are no such objects, until it does.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use kube::Client;
use prometheus_client::registry::Registry;

pub use self::client::{reach, stored_setting, version};
use self::last_heard::LastHeard;
pub use self::list::{ListQuery, list, list_names};
use self::metrics::WatchMetrics;
pub use self::snapshot::{Snapshot, partial_snapshot, snapshot};
use self::watch::Watch;
use self::watch_figures::WatchFigures;
use self::watch_state::WatchState;
use self::watch_status::WatchStatus;
use super::{ClusterState, kinds};

mod client;
mod error;
pub(crate) mod kubeconfig;
mod last_heard;
mod list;
mod metrics;
mod object;
mod proxy;
mod served;
mod snapshot;
mod watch;
mod watch_figures;
mod watch_state;
mod watch_status;

/// The least staleness that may be allowed: a few of the shortest watches have to fit in.
pub const LEAST_STALENESS: Duration = Duration::from_secs(10);

/// How long a watch lasts: well below the staleness that is allowed, as a dead one is only noticed at its end.
fn watch_for(max_staleness: Duration) -> Duration {
    const LONGEST: u64 = 45;
    const SHORTEST: u64 = 2;
    Duration::from_secs((max_staleness.as_secs() / 4).clamp(SHORTEST, LONGEST))
}

/// Begins to watch the cluster, once the future runs: it never ends, and everything ends when it is dropped.
///
/// The view is there at once, and knows nothing at first. When nothing was heard of a watch for longer than the longest
/// staleness, its facts count as missing.
pub fn start(
    client: Client,
    max_staleness: Duration,
    registry: &mut Registry,
) -> (Arc<ClusterState>, impl Future<Output = Infallible> + Send + use<>) {
    let view = Arc::new(ClusterState::unknown(WatchStatus::NOT_LISTED));
    let watches: Vec<_> = kinds::watches().map(|resource| (resource, LastHeard::new())).collect();
    let metrics = WatchMetrics::new(registry);
    let state = WatchState::new(Arc::clone(&view), watches.iter().cloned(), max_staleness, metrics);
    let state = Arc::new(state);
    registry.register_collector(Box::new(WatchFigures(Arc::clone(&state))));
    let watches = watches.into_iter().enumerate().map({
        let state = Arc::clone(&state);
        move |(at, (resource, heard))| {
            Watch::new(at, resource, &client, &heard, Arc::clone(&state), watch_for(max_staleness)).run()
        }
    });
    let watches = join_all(watches.collect::<Vec<_>>());
    let future = async move {
        let (never, _) = join(async { state.run().await }, watches).await;
        never
    };
    (view, future)
}

#[cfg(test)]
mod tests;
