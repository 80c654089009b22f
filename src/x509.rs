//! Reads X.509 certificates.

use jiff::Timestamp;
use x509_parser::parse_x509_certificate;

/// The last second at which a certificate in DER is valid; `None` if the bytes are not a certificate.
#[must_use]
pub fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = parse_x509_certificate(der).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
