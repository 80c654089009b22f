//! The expiry of a certificate.

use jiff::Timestamp;
use x509_parser::parse_x509_certificate;

/// The last second at which the certificate is valid; `None` for what is no certificate.
#[must_use]
pub fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = parse_x509_certificate(der).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
