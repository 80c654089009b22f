//! Holds the newest facts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwap, Guard};

use crate::setting::Facts;

/// What a server judges by: read at each request, written by whatever follows the cluster.
///
/// Reading takes no lock and copies nothing.
#[derive(Debug)]
pub struct ClusterState {
    facts: ArcSwap<Facts>,
    listed: AtomicBool,
    read_errors: ArcSwap<Vec<String>>,
}

impl ClusterState {
    /// A view in which nothing is known, for the given reason.
    pub fn unknown(why: &str) -> Self {
        Self {
            facts: ArcSwap::from_pointee(Facts::unknown(why)),
            listed: AtomicBool::new(false),
            read_errors: ArcSwap::default(),
        }
    }

    /// The newest facts.
    pub fn facts(&self) -> Guard<Arc<Facts>> {
        self.facts.load()
    }

    /// Puts newer facts in the place of the old ones.
    pub fn publish(&self, facts: Facts) {
        self.facts.store(Arc::new(facts));
    }

    /// Whether everything was listed once. It stays so: what goes stale later is a trouble, not a step back.
    pub fn is_listed(&self) -> bool {
        self.listed.load(Ordering::Acquire)
    }

    /// Says that everything was listed once.
    pub fn set_listed(&self) {
        self.listed.store(true, Ordering::Release);
    }

    /// What is wrong with the view now, a line each, safe to print: files that can't be read, watches that are broken.
    pub fn read_errors(&self) -> Arc<Vec<String>> {
        self.read_errors.load_full()
    }

    /// Replaces what is wrong with the view.
    pub fn set_read_errors(&self, read_errors: Vec<String>) {
        self.read_errors.store(Arc::new(read_errors));
    }
}
