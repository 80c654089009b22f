//! The server's own entry in the API server's list of webhooks.
//!
//! Operators and their tools own the two configurations; the server owns `caBundle` in them and
//! nothing else, by server-side apply. It never creates one: deleting them is how to get rid of the
//! webhook when all else fails, and nothing may undo that. Where the rest of a configuration is not
//! as shipped, that is said and counted.

use std::time::Duration;

use prometheus_client::registry::Registry;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::ca::failure::{Failure, Failures};
use crate::ca::{Bundle, CaSecret, Distribution, Succession};

mod claim;
mod configuration;
mod drift;
mod report;
mod shipped;
#[cfg(test)]
mod tests;

pub use drift::Drift;
pub use shipped::{Kind, Service, Unreadable};

use self::configuration::{Configuration, Standing};
use self::report::Report;

/// How often the configurations are looked at: to watch them would be another right.
const EVERY: Duration = Duration::from_secs(10);
/// After the first failure, doubled with each one up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// Keeps `caBundle` as the CA's Secret has it.
pub struct Registration {
    configurations: [Configuration; 2],
    known: watch::Receiver<Succession>,
    distribution: watch::Sender<Distribution>,
    failures: Failures,
    report: Report,
}

impl Registration {
    /// Of the two configurations of this name, in the entries that call this service. Nothing is done before
    /// [`Self::follow`].
    ///
    /// # Errors
    ///
    /// If the manifests inside this program can't be read.
    pub fn new(
        client: &kube::Client,
        name: &str,
        service: &Service,
        secret: &CaSecret,
        known: watch::Receiver<Succession>,
    ) -> Result<Self, Unreadable> {
        let of = |kind| Configuration::new(client.clone(), kind, name, service, secret.clone());
        Ok(Self {
            configurations: [of(Kind::Mutating)?, of(Kind::Validating)?],
            known,
            // Until it has been looked, no bundle holds anything.
            distribution: watch::Sender::new(Distribution::Only(Vec::new())),
            failures: Failures::new("the registration's upkeep", &["get", "read", "patch"]),
            report: Report::default(),
        })
    }

    /// Which CAs have arrived in every bundle.
    #[must_use]
    pub fn distribution(&self) -> watch::Receiver<Distribution> {
        self.distribution.subscribe()
    }

    /// Adds its metrics to a registry that puts the server's prefix in front.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "registration_failures",
            "Failures in the upkeep of caBundle, by what was tried",
            self.failures.counted(),
        );
        self.report.register(registry);
    }

    /// Works until it is dropped.
    pub async fn follow(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let well = self.tend().await;
            let wait = if well { EVERY } else { pause };
            pause = if well { FIRST_PAUSE } else { (pause * 2).min(LAST_PAUSE) };
            tokio::select! {
                () = sleep(wait) => {}
                news = self.known.changed() => if news.is_err() { return },
            }
        }
    }

    /// Looks at both once, and writes what is not as it should be.
    async fn tend(&mut self) -> bool {
        let bundle = Bundle::of(&self.known.borrow_and_update());
        let mut standings = Vec::new();
        for configuration in &self.configurations {
            match configuration.tend(&bundle).await {
                Ok(standing) => {
                    for verb in ["get", "read", "patch"] {
                        self.failures.over(verb, configuration.shown());
                    }
                    self.report.take(configuration, &standing);
                    standings.push(standing);
                }
                Err(failure) => self.failures.add(configuration.shown(), &failure),
            }
        }
        let well = standings.len() == self.configurations.len();
        let arrived = if well { arrived(&standings) } else { Distribution::Only(Vec::new()) };
        self.distribution.send_if_modified(|distribution| {
            let news = *distribution != arrived;
            *distribution = arrived;
            news
        });
        well
    }
}

/// What every bundle in use holds. A configuration that is gone, or does not call us, keeps nobody waiting.
fn arrived(standings: &[Standing]) -> Distribution {
    let mut bundles = standings.iter().filter_map(Standing::held);
    let Some(first) = bundles.next() else { return Distribution::Everywhere };
    let mut all = first.to_vec();
    for bundle in bundles {
        all.retain(|certificate| bundle.contains(certificate));
    }
    Distribution::Only(all)
}

/// The failure of a call, or of a task, that names the object.
type Result<T, E = Failure> = std::result::Result<T, E>;
