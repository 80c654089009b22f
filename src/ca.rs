//! Certificates without cert-manager: CAs that the replicas share in a Secret.
//!
//! The Secret always holds the *current* CA, which signs, and the *next* one. `caBundle` holds both, and the *previous*
//! one while a leaf of it may be valid. The [`Controller`] of each replica reads both webhook configurations and the
//! Secret, lets [`reconcile`](rotation::reconcile) work out what is to be done, and does it: it writes the Secret
//! (whichever replica is first wins), then `caBundle`, and then signs its own [`Leaf`](leaf::Leaf), which stays in memory.
//!
//! Two rules keep every served leaf trusted:
//!
//! - The next CA is promoted only when both webhook configurations were seen to hold it.
//! - A CA leaves `caBundle` only when no leaf of it can be valid any more. A leaf ends a fixed time after the Secret was
//!   last *read*, so that a replica that was paused through a promotion can't serve one for longer.

mod cert_authority;
mod controller;
mod leaf;
mod lifetimes;
mod propagation;
mod rotation;
mod secret;
mod stored;
#[cfg(test)]
mod tests;

pub use controller::Controller;
pub use leaf::Names;
pub use lifetimes::Lifetimes;
pub use secret::CaSecret;
