//! Makes certificates for development: a CA, and a server certificate from it for this machine's own names.
//!
//! `make certs` writes them here, where Git ignores them. Nothing outside a developer's machine should trust them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

/// How long they are good: long enough for an afternoon, too short to be forgotten somewhere.
const LIFETIME: Duration = Duration::from_hours(7 * 24);
/// The other side's clock may be behind.
const SKEW: Duration = Duration::from_hours(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("usage: certificates DIRECTORY [NAME…]")?;
    make(Path::new(&directory), arguments)?;
    println!("wrote ca.crt, tls.crt and tls.key to {directory}");
    Ok(())
}

/// Writes `ca.crt`, `tls.crt` (with the CA after it, as a chain) and `tls.key`. The CA's key is not kept: it signs once.
///
/// # Errors
///
/// If a name can be in no certificate, or a file can't be written.
pub(crate) fn make(directory: &Path, names: impl Iterator<Item = String>) -> Result<(), Box<dyn std::error::Error>> {
    let mut ca = params("migration-network-webhook development CA", Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;

    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into_iter().chain(names);
    let mut leaf = params("migration-network-webhook development", names.collect())?;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let leaf = leaf.signed_by(&key, &ca)?;

    fs::create_dir_all(directory)?;
    write(&directory.join("ca.crt"), &ca.pem(), 0o644)?;
    write(&directory.join("tls.crt"), &format!("{}{}", leaf.pem(), ca.pem()), 0o644)?;
    write(&directory.join("tls.key"), &key.serialize_pem(), 0o600)?;
    Ok(())
}

fn params(name: &str, names: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    let now = SystemTime::now();
    params.not_before = (now - SKEW).into();
    params.not_after = (now + LIFETIME).into();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    // An older file would keep its mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(text.as_bytes())
}
