//! Users who never stop: changes of the guarded Setting, one after the other, while something else is done to us.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::json;

use super::api::{Api, Patch};
use super::cluster::SETTING;

/// Changes that are being made in the background.
#[derive(Debug)]
pub struct Traffic {
    ended: Arc<AtomicBool>,
    users: Vec<JoinHandle<Tally>>,
}

/// What became of them.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Admitted, as they must be.
    pub admitted: usize,
    /// Refused by a rule, as they must be.
    pub refused: usize,
    /// Anything else.
    pub failures: Vec<String>,
}

impl Traffic {
    /// Starts two users. Each changes the VLAN, which a rule has nothing against, and every third time to one that a rule
    /// refuses.
    pub fn start(api: &Api) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let users = (0..2).map(|user| {
            let (api, ended) = (api.clone(), ended.clone());
            thread::spawn(move || {
                let mut tally = Tally::default();
                for change in 0_usize.. {
                    if ended.load(Ordering::Acquire) {
                        break;
                    }
                    tally.change(&api, user * 1000 + change % 900 + 2, change % 3 == 2);
                    thread::sleep(Duration::from_millis(2));
                }
                tally
            })
        });
        let users = users.collect();
        Self { ended, users }
    }

    /// Ends it, and tells.
    pub fn end(mut self) -> Tally {
        self.ended.store(true, Ordering::Release);
        let mut sum = Tally::default();
        for user in std::mem::take(&mut self.users) {
            let tally = user.join().expect("a user does not panic");
            sum.admitted += tally.admitted;
            sum.refused += tally.refused;
            sum.failures.extend(tally.failures);
        }
        sum
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
    }
}

impl Tally {
    fn change(&mut self, api: &Api, vlan: usize, bad: bool) {
        let vlan = if bad { vlan + 5000 } else { vlan };
        let value = json!({"clusterNetwork": "vm-migration", "vlan": vlan, "range": "192.168.1.0/24"});
        match api.patch(SETTING, Patch::Merge, &json!({"value": value.to_string()})) {
            Ok(_) if !bad => self.admitted += 1,
            Err(refusal) if bad && refusal.status["details"]["causes"][0]["field"] == "value.vlan" => self.refused += 1,
            Ok(_) => self.failures.push(format!("vlan {vlan} was admitted")),
            Err(refusal) => self.failures.push(format!("{refusal:?}")),
        }
    }
}
