//! One configuration in the cluster, by the two verbs that we have on it: get, patch.

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};

use super::Result;
use super::claim::Claim;
use super::drift::Drift;
use super::shipped::{Kind, Service, Unreadable};
use crate::ca::failure::{Failure, call};
use crate::ca::{Bundle, CaSecret, FIELD_MANAGER};

/// A configuration that others keep changing is left alone until the next look after this many tries.
const TRIES: usize = 4;

/// One of the two.
pub(super) struct Configuration {
    api: Api<DynamicObject>,
    kind: Kind,
    name: String,
    shown: String,
    service: Service,
    shipped: Value,
    secret: CaSecret,
}

/// How it stands with a configuration.
#[derive(Debug)]
pub(super) enum Standing {
    /// It is not there.
    Absent,
    /// It is there.
    Present {
        /// What every entry of ours trusts; `None` when there is no such entry.
        held: Option<Vec<CertificateDer<'static>>>,
        /// Whether that is what the Secret holds.
        current: bool,
        /// Where the rest is not as shipped.
        drift: Drift,
    },
}

impl Standing {
    /// What the API server trusts when it calls us by this configuration; `None` when it does not.
    pub(super) fn held(&self) -> Option<&[CertificateDer<'static>]> {
        match self {
            Self::Absent => None,
            Self::Present { held, .. } => held.as_deref(),
        }
    }
}

impl Configuration {
    pub(super) fn new(
        client: kube::Client,
        kind: Kind,
        name: &str,
        service: &Service,
        secret: CaSecret,
    ) -> Result<Self, Unreadable> {
        let resource = kind.resource();
        Ok(Self {
            api: Api::all_with(client, &resource),
            kind,
            name: name.to_owned(),
            shown: format!("{} {name}", resource.kind),
            service: service.clone(),
            shipped: kind.webhooks(service)?,
            secret,
        })
    }

    /// How messages name it.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Looks at it, and lets it trust what the Secret holds. `known` is what was last seen there, and saves a look.
    pub(super) async fn tend(&self, known: &Bundle) -> Result<Standing> {
        for _ in 0..TRIES {
            let Some(live) = self.get().await? else { return Ok(Standing::Absent) };
            let webhooks = live.data.get("webhooks").unwrap_or(&Value::Null);
            let claim = Claim::of(webhooks, &self.shipped, &self.service);
            let drift = Drift::between(&self.shipped, webhooks);
            if claim.is_empty() {
                return Ok(Standing::Present { held: None, current: false, drift });
            }
            if !known.is_empty() && claim.is(known) {
                return Ok(Standing::Present { held: Some(claim.held()), current: true, drift });
            }
            // Only now, after the configuration: whoever adds a CA to a bundle has added it to the Secret before. So
            // what is read here holds all that this version of the configuration may hold, and no other is written.
            let wanted = Bundle::of(&self.secret.read().await?.succession);
            // Without a CA yet an entry that trusts none holds the same as the Secret, and still nobody is trusted.
            let current = !wanted.is_empty() && claim.is(&wanted);
            if current || wanted.is_empty() {
                return Ok(Standing::Present { held: Some(claim.held()), current, drift });
            }
            if self.apply(&live, claim.applied(&wanted)).await? {
                tracing::info!(configuration = self.shown, "caBundle is brought up to date");
                let held = Some(Bundle::parse(wanted.pem().as_bytes()));
                return Ok(Standing::Present { held, current: true, drift });
            }
        }
        let why = format!("can't patch {}: others keep changing it", self.shown);
        Err(Failure { verb: "patch", why, code: Some(409) })
    }

    async fn get(&self) -> Result<Option<DynamicObject>> {
        call("get", &self.shown, self.api.get_opt(&self.name)).await
    }

    /// Applies our fields to that very version; whether it was still there.
    async fn apply(&self, live: &DynamicObject, webhooks: Value) -> Result<bool> {
        let resource = self.kind.resource();
        let fields = json!({
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            // With a uid nothing is created should it be gone by now, and nothing of another of its name is touched.
            "metadata": {
                "name": self.name,
                "uid": live.metadata.uid,
                "resourceVersion": live.metadata.resource_version,
            },
            "webhooks": webhooks,
        });
        let params = PatchParams::apply(FIELD_MANAGER).force();
        match call("patch", &self.shown, self.api.patch(&self.name, &params, &Patch::Apply(&fields))).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.code == Some(409) => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}
