//! The CAs as the Secret's data: certificates and keys that `openssl` reads, and one document.
//!
//! ```text
//! authority.json  {"version": 2, "current": {"generation": 1, "leafSeconds": 604800}, "next": {"generation": 2, …},
//!                  "previous": [{"certificate": "-----BEGIN CERTIFICATE-----…", "until": "2026-01-02T03:04:05Z"}]}
//! ca-1.crt        PEM
//! ca-1.key        PEM, PKCS #8
//! ```
//!
//! Release 0.1.0 writes version 1, and leaves any other version alone.

use std::collections::{BTreeMap, BTreeSet};
use std::str;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use serde::{Deserialize, Serialize};

use super::cert_authority::Ca;
use super::rotation::{CaEntry, RetiredCa, Rotation, SecretContents, SecretState};
use crate::escape::Quoted;
use crate::registration::{Bundle, pem};

#[cfg(test)]
mod tests;

/// A Secret's data.
pub(super) type Data = BTreeMap<String, ByteString>;

const DOCUMENT: &str = "authority.json";
const VERSION: u32 = 2;

/// Data that is never overwritten: it may be someone else's. Safe to print.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UnusableSecret {
    /// There is data, but no document.
    #[error("its data holds {} but no {DOCUMENT}, so it may be someone else's", Quoted(.0))]
    Foreign(String),
    /// A newer release has written it.
    #[error("{DOCUMENT} has version {0}, and this release reads versions 1 and {VERSION}")]
    Newer(u32),
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct SecretDocument {
    version: u32,
    current: DocumentEntry,
    next: DocumentEntry,
    previous: Vec<DocumentPrevious>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentEntry {
    generation: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    leaf_seconds: Option<u64>,
}

#[derive(Deserialize, Serialize)]
struct DocumentPrevious {
    certificate: String,
    until: Timestamp,
}

/// The document of release 0.1.0: one CA, or the old one and the new one.
#[derive(Deserialize)]
struct OldDocument {
    authorities: Vec<OldEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OldEntry {
    generation: u32,
    /// The new CA has it, once it is set.
    signs_from: Option<Timestamp>,
    /// The old CA has it, once it is set.
    leaves_at: Option<Timestamp>,
}

/// Reads the data.
pub(super) fn read(data: &Data, now: Timestamp) -> Result<SecretContents, UnusableSecret> {
    let Some(document) = data.get(DOCUMENT) else {
        return data.keys().next().map_or(Ok(empty()), |key| Err(UnusableSecret::Foreign(key.clone())));
    };
    let unreadable = |error: serde_json::Error| format!("{DOCUMENT} can't be read: {error}");
    let parsed = match serde_json::from_slice(&document.0).map(|Versioned { version }| version) {
        Ok(1) => serde_json::from_slice(&document.0).map(|old| read_old(&old, data, now)).map_err(unreadable),
        Ok(VERSION) => serde_json::from_slice(&document.0).map(|new| read_document(&new, data)).map_err(unreadable),
        Ok(0) => Err(format!("{DOCUMENT} has version 0")),
        Ok(newer) => return Err(UnusableSecret::Newer(newer)),
        Err(error) => Err(unreadable(error)),
    };
    let (reading, state) = parsed.unwrap_or_else(|why| (read_pairs(data), SecretState::Damaged(why)));
    let generation = data.keys().filter_map(|key| generation(key)).max().unwrap_or(0);
    let Reading { current, next, previous, faults } = reading;
    let state = match (state, faults.is_empty()) {
        (SecretState::Damaged(why), _) => SecretState::Damaged(why),
        (_, false) => SecretState::Damaged(faults.join("; ")),
        (state, true) => state,
    };
    Ok(SecretContents { state, current, next, previous, generation })
}

/// Puts the CAs into the data, in the place of those that stood there. What is not ours stays.
pub(super) fn write(rotation: &Rotation, data: &mut Data) -> Result<(), serde_json::Error> {
    data.retain(|key, _| key != DOCUMENT && generation(key).is_none());
    let mut entry = |entry: &CaEntry| {
        let [certificate, key] = keys(entry.generation);
        data.insert(certificate, ByteString(pem(entry.ca.certificate()).into()));
        data.insert(key, ByteString(entry.ca.key_pem().into()));
        DocumentEntry { generation: entry.generation, leaf_seconds: entry.leaf_lifetime.map(|leaf| leaf.as_secs()) }
    };
    let (current, next) = (entry(&rotation.current), entry(&rotation.next));
    let previous = rotation.previous.iter();
    let previous = previous.map(|old| DocumentPrevious { certificate: pem(&old.certificate), until: old.until });
    let document = SecretDocument { version: VERSION, current, next, previous: previous.collect() };
    let mut document = serde_json::to_vec_pretty(&document)?;
    document.push(b'\n');
    data.insert(DOCUMENT.to_owned(), ByteString(document));
    Ok(())
}

fn empty() -> SecretContents {
    SecretContents { state: SecretState::Empty, current: None, next: None, previous: Vec::new(), generation: 0 }
}

/// What can be read, and what can't.
#[derive(Default)]
struct Reading {
    current: Option<CaEntry>,
    next: Option<CaEntry>,
    previous: Vec<RetiredCa>,
    faults: Vec<String>,
}

impl Reading {
    fn entry(&mut self, data: &Data, generation: u32, leaf_lifetime: Option<Duration>) -> Option<CaEntry> {
        let [certificate, key] = keys(generation)
            .map(|name| data.get(&name).and_then(|bytes| str::from_utf8(&bytes.0).ok()).unwrap_or_default());
        match Ca::read(certificate, key) {
            Ok(ca) => Some(CaEntry { generation, ca: Arc::new(ca), leaf_lifetime }),
            Err(why) => {
                self.faults.push(format!("ca-{generation}: {why}"));
                None
            }
        }
    }
}

fn read_document(document: &SecretDocument, data: &Data) -> (Reading, SecretState) {
    let mut reading = Reading::default();
    let mut entry =
        |entry: &DocumentEntry| reading.entry(data, entry.generation, entry.leaf_seconds.map(Duration::from_secs));
    (reading.current, reading.next) = (entry(&document.current), entry(&document.next));
    for old in &document.previous {
        let certificates = Bundle::read_pem(old.certificate.as_bytes());
        let retired = certificates.iter().map(|it| RetiredCa { certificate: it.clone(), until: old.until });
        reading.previous.extend(retired);
    }
    (reading, SecretState::Sound)
}

/// Without a document: the generations say which CA came first.
fn read_pairs(data: &Data) -> Reading {
    let mut reading = Reading::default();
    let generations: BTreeSet<u32> = data.keys().filter_map(|key| generation(key)).collect();
    let mut pairs = generations.into_iter().filter_map(|generation| reading.entry(data, generation, None));
    let (current, next) = (pairs.next(), pairs.next_back());
    Reading { current, next, ..Reading::default() }
}

/// The new CA of a handover is next until it signs; then the old one is the previous one.
fn read_old(document: &OldDocument, data: &Data, now: Timestamp) -> (Reading, SecretState) {
    let mut reading = Reading::default();
    let mut entries = document.authorities.iter();
    let mut entry = |entry: &OldEntry| reading.entry(data, entry.generation, None);
    let (old, new) = (entries.next(), entries.next());
    (reading.current, reading.next) = (old.and_then(&mut entry), new.and_then(&mut entry));
    let signs = new.and_then(|new| new.signs_from).is_some_and(|signs_from| signs_from <= now);
    if signs && reading.next.is_some() {
        let retired = std::mem::replace(&mut reading.current, reading.next.take());
        if let (Some(retired), Some(until)) = (retired, old.and_then(|old| old.leaves_at)) {
            reading.previous.push(RetiredCa { certificate: retired.ca.certificate().clone(), until });
        }
    }
    (reading, SecretState::OldLayout)
}

fn keys(generation: u32) -> [String; 2] {
    ["crt", "key"].map(|kind| format!("ca-{generation}.{kind}"))
}

/// The generation of the CA whose certificate or key stands under this key.
fn generation(key: &str) -> Option<u32> {
    let rest = key.strip_prefix("ca-")?;
    rest.strip_suffix(".crt").or_else(|| rest.strip_suffix(".key"))?.parse().ok()
}
