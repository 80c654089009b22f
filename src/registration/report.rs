//! The state of the two configurations, as metrics and in the log.

use std::collections::BTreeMap;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::configuration::{Configuration, Live};
use super::drift::Drift;

type RegistrationGauges = Family<[(&'static str, &'static str); 1], Gauge>;

#[derive(Debug, Default)]
pub(super) struct RegistrationReport {
    present: RegistrationGauges,
    current: RegistrationGauges,
    drift: RegistrationGauges,
    logged: BTreeMap<&'static str, Logged>,
}

#[derive(Debug, PartialEq, Eq)]
enum Logged {
    Absent,
    NotOwned,
    Present(Drift),
}

impl RegistrationReport {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "registration_present",
            "1 while the webhook configuration exists; without it nothing is checked",
            self.present.clone(),
        );
        registry.register(
            "registration_ca_bundle_current",
            "1 while caBundle of every webhook that calls this server holds the current CAs",
            self.current.clone(),
        );
        registry.register(
            "registration_drift_fields",
            "Fields of the webhook configuration that differ from the shipped one",
            self.drift.clone(),
        );
    }

    pub(super) fn read(&mut self, configuration: &Configuration) {
        let (label, name) = (configuration.kind.label(), &configuration.shown);
        let (state, fields) = match &configuration.live {
            Live::Unknown => return,
            Live::Absent => (Logged::Absent, 0),
            Live::Present { owned, drift, .. } if owned.is_empty() => (Logged::NotOwned, drift.count()),
            Live::Present { drift, .. } => (Logged::Present(drift.clone()), drift.count()),
        };
        set(&self.present, label, usize::from(state != Logged::Absent));
        set(&self.drift, label, fields);
        // The series exists from the first read on, at 0 until the bundle is known to be current.
        drop(self.current.get_or_create(&[("configuration", label)]));
        if self.logged.get(label) == Some(&state) {
            return;
        }
        match &state {
            Logged::Absent => tracing::warn!(
                configuration = name,
                "the webhook configuration does not exist: the API server does not call the webhook for it. The server does not create it; apply the \
                 manifests to bring it back"
            ),
            Logged::NotOwned => tracing::error!(
                configuration = name,
                "no webhook of the configuration calls this server's Service; caBundle is not written. Apply the manifests, \
                 or correct --tls-service"
            ),
            Logged::Present(_) if fields == 0 => {
                tracing::info!(configuration = name, "webhook configuration matches the shipped one");
            }
            Logged::Present(drift) => tracing::warn!(
                configuration = name,
                fields,
                %drift,
                "webhook configuration differs from the shipped one; the server does not change it"
            ),
        }
        self.logged.insert(label, state);
    }

    pub(super) fn wrote(&self, configuration: &Configuration, is_current: bool) {
        set(&self.current, configuration.kind.label(), usize::from(is_current));
    }
}

fn set(gauges: &RegistrationGauges, label: &'static str, value: usize) {
    gauges.get_or_create(&[("configuration", label)]).set(i64::try_from(value).unwrap_or(i64::MAX));
}
