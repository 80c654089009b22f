//! The controller: reconciles the Secret, `caBundle` and this replica's leaf.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::time::sleep;

use super::cert_authority::{Ca, Validity};
use super::leaf::{Leaf, Names, Spread};
use super::lifetimes::Lifetimes;
use super::propagation::Propagation;
use super::rotation::{Plan, Rotation, SecretChange, SecretContents, reconcile};
use super::secret::{CaSecret, StoredSecret, failed};
use crate::api_call::{Failure, Failures};
use crate::registration::{Registration, WriteOutcome};
use crate::server::tls::Resolver;

/// The webhook configurations are read this often: to watch them would be another right.
const INTERVAL: Duration = Duration::from_secs(10);
/// After the first failure, doubled with each one up to the interval.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Between a change of the Secret and the look at it: replicas that answer each other do so no faster.
const BREATH: Duration = Duration::from_millis(100);
/// A Secret that others keep changing is left to them until the next time after this many tries.
const TRIES: usize = 8;

/// One replica's share of the work, and its leaf.
pub struct Controller {
    secret: CaSecret,
    registration: Registration,
    names: Names,
    lifetimes: Lifetimes,
    resolver: Arc<Resolver>,
    failures: Failures,
    not_after: Family<[(&'static str, u32); 1], Gauge>,
    blocked: Gauge,
    seen: Propagation,
    /// The Secret as it was read last, and whether it may have changed since.
    stored: Option<StoredSecret>,
    is_stale: bool,
    watching: Option<SecretWatch>,
    leaf: Option<Leaf>,
    spread: Spread,
    /// Why a promotion is blocked, as logged last.
    logged: Option<&'static str>,
}

/// Ends when the Secret may have changed.
type SecretWatch = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

impl Controller {
    /// Serves leaves for these names through the resolver. Nothing is done before [`Self::run`].
    pub fn new(
        secret: CaSecret,
        registration: Registration,
        names: Names,
        lifetimes: Lifetimes,
        resolver: Arc<Resolver>,
    ) -> Self {
        Self {
            secret,
            registration,
            names,
            lifetimes,
            resolver,
            failures: Failures::new("CA rotation", &["get", "read", "watch", "update", "sign"]),
            not_after: Family::default(),
            blocked: Gauge::default(),
            seen: Propagation::default(),
            stored: None,
            is_stale: true,
            watching: None,
            leaf: None,
            spread: Spread::random(),
            logged: None,
        }
    }

    /// Adds its metrics to a registry that puts the server's prefix in front.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("authority_failures", "Failed steps of the CA rotation, by verb", self.failures.counted());
        registry.register(
            "authority_not_after_timestamp_seconds",
            "Expiry of the current and the next CA, in seconds since 1970; the highest generation is the next CA",
            self.not_after.clone(),
        );
        registry.register(
            "authority_promotion_blocked",
            "1 while the next CA is due for promotion, but a webhook configuration does not hold it yet",
            self.blocked.clone(),
        );
        self.registration.register(registry);
    }

    /// Works until it is dropped.
    pub async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let turned = match self.turn().await {
                Ok(()) => self.watch().await,
                Err(failure) => Err(failure),
            };
            let wait = if let Err(failure) = turned {
                self.failures.add(&self.secret.shown, &failure);
                pause = (pause * 2).min(INTERVAL);
                pause
            } else {
                pause = FIRST_PAUSE;
                INTERVAL
            };
            let wait = self.until_next_date(Timestamp::now()).min(wait);
            tokio::select! {
                changed = changed(&mut self.watching) => {
                    (self.watching, self.is_stale) = (None, true);
                    if let Err(failure) = changed {
                        self.failures.add(&self.secret.shown, &failure);
                    }
                    sleep(BREATH).await;
                }
                () = sleep(wait) => {}
            }
        }
    }

    async fn turn(&mut self) -> Result<(), Failure> {
        self.read_configurations().await;
        if !self.is_stale && self.is_idle()? {
            return Ok(());
        }
        for _ in 0..TRIES {
            // After the configurations: a CA is put into the Secret before it is put into a configuration. So this holds all
            // that the configurations may hold.
            self.watching = None;
            let mut stored = self.secret.read().await.inspect_err(|_| self.sign_without_secret())?;
            for verb in ["get", "read"] {
                self.failures.over(verb, &self.secret.shown);
            }
            let plan = self.plan(&stored.contents, Timestamp::now())?;
            self.report(&plan);
            let mut rotation = Some(plan.rotation.clone());
            let mut outcome = Ok(());
            if !plan.changes.is_empty() {
                match self.secret.write(&stored, &plan.rotation).await {
                    Ok(None) => continue,
                    Ok(Some(written)) => {
                        self.failures.over("update", &self.secret.shown);
                        plan.changes.iter().for_each(log);
                        stored = written;
                    }
                    Err(failure) => {
                        // Go on with the CAs that are there. No CA that is in use leaves a bundle for that.
                        rotation = stored.contents.rotation(plan.rotation.previous);
                        outcome = Err(failure);
                    }
                }
            }
            let read_at = stored.read_at;
            (self.stored, self.is_stale) = (Some(stored), false);
            let Some(rotation) = rotation else { return outcome };
            match self.registration.write(&rotation.bundle(Timestamp::now())).await {
                WriteOutcome::Current => self.seen.update(Timestamp::now(), &self.registration.held()),
                WriteOutcome::Failed => {}
                WriteOutcome::Conflict => {
                    self.read_configurations().await;
                    continue;
                }
            }
            self.sign(&rotation, read_at);
            return outcome;
        }
        Ok(())
    }

    async fn read_configurations(&mut self) {
        if self.registration.read().await {
            self.seen.update(Timestamp::now(), &self.registration.held());
        }
    }

    /// Whether nothing is due by what was read last, so that it need not be read again.
    fn is_idle(&mut self) -> Result<bool, Failure> {
        let now = Timestamp::now();
        let Some(stored) = &self.stored else { return Ok(false) };
        let plan = self.plan(&stored.contents, now)?;
        let is_current = self.registration.is_current(&plan.rotation.bundle(now));
        let is_idle = plan.changes.is_empty() && is_current && self.due(&plan.rotation, now).is_none();
        self.report(&plan);
        Ok(is_idle)
    }

    fn plan(&self, contents: &SecretContents, now: Timestamp) -> Result<Plan, Failure> {
        let make = |generation| Ca::make(generation, Validity::starting(now, self.lifetimes.ca));
        reconcile(contents, now, &self.seen, &self.lifetimes, make)
            .map_err(|error| failed("sign", format!("can't make a CA: {error}")))
    }

    /// The CA that is to sign a leaf now, and the end of that leaf; `None` while the present leaf is good.
    fn due(&self, rotation: &Rotation, read_at: Timestamp) -> Option<(Arc<Ca>, Timestamp)> {
        let now = Timestamp::now();
        let signer = rotation.signer(now, &self.seen, &self.lifetimes, self.leaf.as_ref().map(|leaf| &leaf.issuer));
        let end = rotation.leaf_end(signer, read_at, &self.lifetimes);
        let is_due = self.leaf.as_ref().is_none_or(|leaf| leaf.is_due(signer, end, now));
        (is_due && now < end).then(|| (Arc::clone(signer), end))
    }

    /// Serves a new leaf if one is due. If that fails, the one before stays.
    fn sign(&mut self, rotation: &Rotation, read_at: Timestamp) {
        let Some((signer, end)) = self.due(rotation, read_at) else { return };
        match Leaf::issue(&signer, &self.names, Timestamp::now(), end, self.spread) {
            Ok(leaf) => {
                self.resolver.replace(Arc::clone(&leaf.certified));
                let entries = [&rotation.current, &rotation.next];
                let generation = entries.iter().find(|entry| entry.ca == signer).map(|entry| entry.generation);
                tracing::info!(not_after = %leaf.not_after, generation, "serving a new certificate");
                self.failures.over("sign", "a leaf");
                self.leaf = Some(leaf);
            }
            Err(error) => self.failures.add("a leaf", &failed("sign", format!("can't sign a leaf: {error}"))),
        }
    }

    /// Signs by what was read before, when the leaf is about to end and the Secret can't be read.
    fn sign_without_secret(&mut self) {
        let now = Timestamp::now();
        let is_last_call = self.leaf.as_ref().is_none_or(|leaf| leaf.last_call <= now);
        let known = self.stored.as_ref().filter(|_| is_last_call);
        if let Some(rotation) = known.and_then(|it| it.contents.rotation(it.contents.previous.clone())) {
            self.sign(&rotation, now);
        }
    }

    async fn watch(&mut self) -> Result<(), Failure> {
        if let (None, Some(stored)) = (&self.watching, &self.stored) {
            self.watching = Some(Box::pin(self.secret.watch(stored).await?));
            self.failures.over("watch", &self.secret.shown);
        }
        Ok(())
    }

    fn until_next_date(&self, now: Timestamp) -> Duration {
        let known = self.stored.as_ref().map(|it| &it.contents);
        let rotation = known.and_then(|contents| contents.rotation(contents.previous.clone()));
        let dates = rotation.map(|rotation| rotation.dates(&self.seen, &self.lifetimes)).unwrap_or_default();
        let next = dates
            .into_iter()
            .chain(self.leaf.iter().flat_map(|leaf| [leaf.renewed_at, leaf.last_call]))
            .filter(|date| now < *date)
            .min();
        next.and_then(|date| Duration::try_from(date.duration_since(now)).ok()).unwrap_or(INTERVAL)
    }

    fn report(&mut self, plan: &Plan) {
        self.not_after.clear();
        for entry in [&plan.rotation.current, &plan.rotation.next] {
            let not_after = entry.ca.validity.not_after.as_second();
            self.not_after.get_or_create(&[("generation", entry.generation)]).set(not_after);
        }
        self.blocked.set(i64::from(plan.blocked.is_some()));
        if let (Some(why), true) = (plan.blocked, plan.blocked != self.logged) {
            let generation = plan.rotation.next.generation;
            tracing::warn!(why, generation, "can't promote the next CA; the current CA keeps signing");
        }
        self.logged = plan.blocked;
    }
}

async fn changed(watching: &mut Option<SecretWatch>) -> Result<(), Failure> {
    match watching {
        Some(changes) => changes.await,
        None => std::future::pending().await,
    }
}

/// Logs what this replica did for all.
fn log(change: &SecretChange) {
    match change {
        SecretChange::Filled => tracing::info!("the CA's Secret was empty; created a CA and the next one"),
        SecretChange::Converted => tracing::info!("converted the CA's Secret of release 0.1.0; its CA keeps signing"),
        SecretChange::Repaired(why) => tracing::warn!(why, "repaired the CA's Secret"),
        SecretChange::Adopted(cas) => tracing::warn!(
            cas,
            "caBundle holds CAs that the CA's Secret does not, as after a restore from a backup; they stay trusted until \
             none of their certificates is valid"
        ),
        SecretChange::Replaced(generation) => {
            tracing::warn!(generation, "the next CA is not valid; created another one");
        }
        SecretChange::Promoted(generation) => {
            tracing::info!(generation, "promoted the next CA; it signs certificates from now on");
        }
        SecretChange::Extended => tracing::info!("recorded a longer lifetime of certificates in the CA's Secret"),
        SecretChange::Removed(cas) => tracing::info!(cas, "removed expired CA from the trust bundle"),
    }
}
