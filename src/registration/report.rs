//! How it stands with the configurations, as metrics and in the log.

use std::collections::BTreeMap;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::configuration::{Configuration, Standing};
use super::drift::Drift;

type Gauges = Family<[(&'static str, &'static str); 1], Gauge>;

/// What was seen last of each configuration.
#[derive(Debug, Default)]
pub(super) struct Report {
    present: Gauges,
    current: Gauges,
    drift: Gauges,
    said: BTreeMap<&'static str, Said>,
}

/// What the log says now.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Absent,
    Stranger,
    Present(Drift),
}

impl Report {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "registration_present",
            "1 while the webhook configuration is there; without it nothing is checked",
            self.present.clone(),
        );
        registry.register(
            "registration_ca_bundle_current",
            "1 while every entry that calls this server trusts the CAs in the Secret",
            self.current.clone(),
        );
        registry.register(
            "registration_drift_fields",
            "Fields of the webhook configuration that are not as shipped",
            self.drift.clone(),
        );
    }

    /// Takes in what was seen, and says it when it is news.
    pub(super) fn take(&mut self, configuration: &Configuration, standing: &Standing) {
        let label = configuration.kind().label();
        let set = |gauges: &Gauges, value: usize| {
            gauges.get_or_create(&[("configuration", label)]).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        let said = match standing {
            Standing::Absent => {
                set(&self.present, 0);
                set(&self.current, 0);
                set(&self.drift, 0);
                Said::Absent
            }
            Standing::Present { held, current, drift } => {
                set(&self.present, 1);
                set(&self.current, usize::from(*current));
                set(&self.drift, drift.count());
                if held.is_none() { Said::Stranger } else { Said::Present(drift.clone()) }
            }
        };
        if self.said.get(label) == Some(&said) {
            return;
        }
        let name = configuration.shown();
        match &said {
            Said::Absent => tracing::warn!(
                configuration = name,
                "the webhook configuration is not there: nothing is checked by it. It is not created; apply the manifests \
                 to have it back"
            ),
            Said::Stranger => tracing::error!(
                configuration = name,
                "no webhook of the configuration calls this server's Service; its caBundle is left alone. Apply the \
                 manifests, or mend --tls-service"
            ),
            Said::Present(drift) if drift.count() == 0 => {
                tracing::info!(configuration = name, "the webhook configuration is as shipped");
            }
            Said::Present(drift) => tracing::warn!(
                configuration = name,
                fields = drift.count(),
                %drift,
                "the webhook configuration is not as shipped; it is left so"
            ),
        }
        self.said.insert(label, said);
    }
}
