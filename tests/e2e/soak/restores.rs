//! A user who writes what is stored in other bytes: the stored bytes must come back, whatever fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::changes::{Change, Outcome, reason};
use crate::harness::api::{Api, Patch};
use crate::harness::cluster::SETTING;

/// What is stored as `default` from before there was a webhook: as nobody writes it, and nobody changes it.
pub const STORED: &str = r#"{ "vlan":7,"clusterNetwork": "vm-migration","exclude":[],  "range":"192.168.7.0/24" }"#;
/// The same meaning.
const WRITTEN: &str = r#"{"clusterNetwork":"vm-migration","vlan":7,"range":"192.168.7.0/24"}"#;
const EVERY: Duration = Duration::from_millis(250);

/// The user, in the background.
#[derive(Debug)]
pub struct Restores {
    ended: Arc<AtomicBool>,
    user: JoinHandle<Vec<Change>>,
}

impl Restores {
    /// Starts.
    pub fn start(api: &Api) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let (api, seen) = (api.clone(), ended.clone());
        let user = thread::spawn(move || {
            let mut changes = Vec::new();
            while !seen.load(Ordering::Acquire) {
                let at = Instant::now();
                let outcome = match api.patch(SETTING, Patch::Merge, &json!({"default": WRITTEN})) {
                    Ok(stored) if stored["default"] == STORED => Outcome::Decided,
                    Ok(_) => Outcome::Unguarded,
                    Err(refusal) => Outcome::Fault(reason(refusal.code, &refusal.message)),
                };
                changes.push(Change { at, took: at.elapsed(), outcome });
                thread::sleep(EVERY);
            }
            changes
        });
        Self { ended, user }
    }

    /// Ends, and tells of each.
    pub fn each(self) -> Vec<Change> {
        self.ended.store(true, Ordering::Release);
        self.user.join().expect("the user does not panic")
    }
}
