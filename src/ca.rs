//! Certificates without cert-manager: a CA that the replicas share in a Secret.
//!
//! The Secret holds one [`Succession`], written by whichever replica comes first. Each replica signs
//! a [`Leaf`] of its own with it, in memory, and serves that. A CA is replaced in steps, timed in the
//! Secret, so that at no moment a leaf is served that the API server does not trust:
//!
//! 1. The next CA joins. Both are in the bundle that [`registration`](crate::registration) writes.
//! 2. Once every bundle is known to hold it, its first day is set: a grace period later.
//! 3. From that day on leaves come from it, and replicas change theirs at once.
//! 4. One leaf lifetime later the old one leaves.

use std::sync::Arc;

use prometheus_client::registry::Registry;
use tokio::sync::watch;

mod bundle;
mod calendar;
mod cert_authority;
mod expiry;
pub mod failure;
mod keeper;
mod leaf;
mod secret;
mod signer;
mod stored;
#[cfg(test)]
pub(crate) mod stub;
mod succession;
#[cfg(test)]
mod tests;

pub use bundle::Bundle;
pub use cert_authority::{Ca, NoCa, Validity};
pub use leaf::{Leaf, Names, NoLeaf, Spread};
pub use secret::{CaSecret, Held};
pub use stored::Unusable;
pub use succession::{Distribution, Reign, Schedule, Step, Succession, Terms, UnsoundTerms};

use self::expiry::Expiry;
use self::failure::Failures;
use self::keeper::Keeper;
use self::signer::Signer;
use crate::server::tls::Resolver;

/// How the API server's records name the server as the author of a field.
pub const FIELD_MANAGER: &str = "migration-network-webhook";

/// One replica's share of the work on the CAs, and its own leaf.
pub struct Authority {
    keeper: Keeper,
    signer: Signer,
    known: watch::Receiver<Succession>,
}

impl Authority {
    /// Serves leaves for these names through the resolver. Nothing is done before [`Self::follow`].
    #[must_use]
    pub fn new(secret: CaSecret, names: Names, terms: Terms, resolver: Arc<Resolver>) -> Self {
        let failures = Arc::new(Failures::new("the CA's upkeep", &["get", "read", "watch", "update", "sign"]));
        let (learned, known) = watch::channel(Succession::Vacant);
        Self {
            keeper: Keeper { secret, terms, failures: Arc::clone(&failures), known: learned, distribution: None },
            signer: Signer { names, terms, resolver, failures, known: known.clone() },
            known,
        }
    }

    /// Lets a handover wait until the new CA is in every bundle.
    ///
    /// Without this, whoever writes the bundles has the grace period for it.
    #[must_use]
    pub fn waiting_for(mut self, distribution: watch::Receiver<Distribution>) -> Self {
        self.keeper.distribution = Some(distribution);
        self
    }

    /// The CAs as this replica knows them; vacant until the Secret is read.
    #[must_use]
    pub fn known(&self) -> watch::Receiver<Succession> {
        self.known.clone()
    }

    /// Adds its metrics to a registry that puts the server's prefix in front.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "authority_failures",
            "Failures in the upkeep of the CA's Secret and of this replica's leaf, by what was tried",
            self.keeper.failures.counted(),
        );
        registry.register_collector(Box::new(Expiry(self.known.clone())));
    }

    /// Works until it is dropped.
    pub async fn follow(self) {
        tokio::join!(self.keeper.follow(), self.signer.follow());
    }
}
