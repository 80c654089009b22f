//! `caBundle` in the two webhook configurations.
//!
//! Operators and their tools own the configurations; the server owns `caBundle` of its own entries
//! and nothing else, by server-side apply. It never creates a configuration: to delete both is how
//! to get rid of the webhook when all else fails, and nothing may undo that. Differences to the
//! shipped manifests are logged and counted.

use prometheus_client::registry::Registry;

use crate::api_call::Failures;

mod bundle;
mod configuration;
mod drift;
mod keep;
mod owned_webhooks;
mod report;
mod shipped;
#[cfg(test)]
mod tests;

pub use bundle::{Bundle, pem};
pub use drift::Drift;
pub use shipped::{ConfigurationKind, Service, UnreadableManifest};

use self::configuration::Configuration;
use self::report::RegistrationReport;

/// The two configurations of one name.
pub struct Registration {
    configurations: [Configuration; 2],
    failures: Failures,
    report: RegistrationReport,
}

/// The outcome of [`Registration::write`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Every entry that calls the server holds the bundle.
    Current,
    /// Someone else has written in the meantime: read again.
    Conflict,
    /// A configuration can't be read or written.
    Failed,
}

impl Registration {
    /// Of the entries that call this service. Nothing is read yet.
    pub fn new(client: &kube::Client, name: &str, service: &Service) -> Result<Self, UnreadableManifest> {
        let of = |kind| Configuration::new(client.clone(), kind, name, service);
        Ok(Self {
            configurations: [of(ConfigurationKind::Mutating)?, of(ConfigurationKind::Validating)?],
            failures: Failures::new("caBundle update", &["get", "read", "patch"]),
            report: RegistrationReport::default(),
        })
    }

    /// Adds its metrics to a registry that puts the server's prefix in front.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("registration_failures", "Failed calls for caBundle, by verb", self.failures.counted());
        self.report.register(registry);
    }

    /// Reads both configurations; whether both could be read.
    pub async fn read(&mut self) -> bool {
        let [one, two] = &mut self.configurations;
        let read = tokio::join!(one.read(), two.read());
        for (configuration, read) in self.configurations.iter().zip([&read.0, &read.1]) {
            match read {
                Ok(()) => self.failures.over("get", &configuration.shown),
                Err(failure) => self.failures.add(&configuration.shown, failure),
            }
            self.report.read(configuration);
        }
        read.0.is_ok() && read.1.is_ok()
    }

    /// The `caBundle` of each entry that calls the server, by configuration, as read last.
    pub fn held(&self) -> [Vec<&Bundle>; 2] {
        self.configurations.each_ref().map(|configuration| configuration.bundles().collect())
    }

    /// Whether every entry that calls the server held exactly this, when it was read last.
    pub fn is_current(&self, bundle: &Bundle) -> bool {
        self.configurations.iter().all(|one| !one.is_unknown() && one.bundles().all(|held| held.is_same(bundle)))
    }

    /// Writes the bundle where it is not what was read last.
    pub async fn write(&mut self, bundle: &Bundle) -> WriteOutcome {
        let mut written = WriteOutcome::Current;
        for configuration in &mut self.configurations {
            if configuration.is_unknown() {
                written = WriteOutcome::Failed;
                continue;
            }
            if configuration.bundles().next().is_some() && !configuration.is_current(bundle) {
                match configuration.apply(bundle).await {
                    Ok(true) => self.failures.over("patch", &configuration.shown),
                    Ok(false) if written == WriteOutcome::Current => written = WriteOutcome::Conflict,
                    Ok(false) => {}
                    Err(failure) => {
                        self.failures.add(&configuration.shown, &failure);
                        written = WriteOutcome::Failed;
                    }
                }
            }
            self.report.wrote(configuration, configuration.is_current(bundle));
        }
        written
    }
}
