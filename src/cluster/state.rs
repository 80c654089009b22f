//! Holds the newest facts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwap, Guard};

use crate::setting::Facts;

/// The newest facts: requests read them, a watch or reloaded files replace them.
///
/// Reading takes no lock and copies nothing.
#[derive(Debug)]
pub struct ClusterState {
    facts: ArcSwap<Facts>,
    listed: AtomicBool,
    read_errors: ArcSwap<Vec<String>>,
}

impl ClusterState {
    /// A state in which every fact is missing, for this reason.
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

    /// Whether every kind has been listed. It stays true, even if a watch becomes stale later.
    pub fn is_listed(&self) -> bool {
        self.listed.load(Ordering::Acquire)
    }

    /// Records that every kind has been listed.
    pub fn set_listed(&self) {
        self.listed.store(true, Ordering::Release);
    }

    /// Current problems, a line each, safe to print: unreadable files, failing watches.
    pub fn read_errors(&self) -> Arc<Vec<String>> {
        self.read_errors.load_full()
    }

    /// Replaces the current problems.
    pub fn set_read_errors(&self, read_errors: Vec<String>) {
        self.read_errors.store(Arc::new(read_errors));
    }
}
