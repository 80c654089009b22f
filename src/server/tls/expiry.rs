//! When a certificate ends.

use std::time::{SystemTime, UNIX_EPOCH};

use x509_parser::parse_x509_certificate;

/// The last second at which the certificate is good, since 1970; `None` for what is no certificate.
#[must_use]
pub fn not_after(der: &[u8]) -> Option<i64> {
    parse_x509_certificate(der).ok().map(|(_, certificate)| certificate.validity().not_after.timestamp())
}

/// Whether the end has passed.
pub(super) fn is_over(not_after: i64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(now).is_ok_and(|now| not_after < now)
}
