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

pub(super) type Data = BTreeMap<String, ByteString>;

const DOCUMENT: &str = "authority.json";
const VERSION: u32 = 2;

/// Data that is never overwritten: it may be someone else's. Safe to print.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UnusableSecret {
    #[error("its data holds {} but no {DOCUMENT}, so it may be someone else's", Quoted(.0))]
    Foreign(String),
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

/// Reads the data, unless it is not to be overwritten.
pub(super) fn read(data: &Data, now: Timestamp) -> Result<SecretContents, UnusableSecret> {
    let Some(ByteString(document)) = data.get(DOCUMENT) else {
        return data
            .keys()
            .next()
            .map_or(Ok(SecretContents::default()), |key| Err(UnusableSecret::Foreign(key.clone())));
    };
    let mut pairs = Pairs { data, faults: Vec::new() };
    let unreadable = |error: serde_json::Error| format!("{DOCUMENT} can't be read: {error}");
    let contents = match serde_json::from_slice(document).map(|Versioned { version }| version) {
        Ok(1) => serde_json::from_slice(document).map(|old| read_old(&old, &mut pairs, now)).map_err(unreadable),
        Ok(VERSION) => serde_json::from_slice(document).map(|new| read_document(&new, &mut pairs)).map_err(unreadable),
        Ok(0) => Err(format!("{DOCUMENT} has version 0")),
        Ok(newer) => return Err(UnusableSecret::Newer(newer)),
        Err(error) => Err(unreadable(error)),
    };
    let mut contents = contents.unwrap_or_else(|why| read_pairs(&mut pairs, why));
    if !pairs.faults.is_empty() && !matches!(contents.state, SecretState::Damaged(_)) {
        contents.state = SecretState::Damaged(pairs.faults.join("; "));
    }
    contents.generation = data.keys().filter_map(|key| generation(key)).max().unwrap_or(0);
    Ok(contents)
}

/// Puts the CAs into the data, in the place of those that stood there. What is not ours stays.
pub(super) fn write(rotation: &Rotation, data: &mut Data) -> Result<(), serde_json::Error> {
    data.retain(|key, _| key != DOCUMENT && generation(key).is_none());
    let mut entry = |entry: &CaEntry| {
        let [certificate, key] = keys(entry.generation);
        data.insert(certificate, ByteString(pem(&entry.ca.certificate).into()));
        data.insert(key, ByteString(entry.ca.key_pem.as_str().into()));
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

/// The certificates and keys, and which of them can't be read.
struct Pairs<'a> {
    data: &'a Data,
    faults: Vec<String>,
}

impl Pairs<'_> {
    fn entry(&mut self, generation: u32, leaf_lifetime: Option<Duration>) -> Option<CaEntry> {
        let [certificate, key] = keys(generation)
            .map(|name| self.data.get(&name).and_then(|bytes| str::from_utf8(&bytes.0).ok()).unwrap_or_default());
        match Ca::read(certificate, key) {
            Ok(ca) => Some(CaEntry { generation, ca: Arc::new(ca), leaf_lifetime }),
            Err(why) => {
                self.faults.push(format!("ca-{generation}: {why}"));
                None
            }
        }
    }
}

fn read_document(document: &SecretDocument, pairs: &mut Pairs<'_>) -> SecretContents {
    let mut entry = |entry: &DocumentEntry| pairs.entry(entry.generation, entry.leaf_seconds.map(Duration::from_secs));
    let (current, next) = (entry(&document.current), entry(&document.next));
    let mut previous = Vec::new();
    for old in &document.previous {
        let certificates = Bundle::read_pem(old.certificate.as_bytes());
        previous.extend(certificates.iter().map(|it| RetiredCa { certificate: it.clone(), until: old.until }));
    }
    SecretContents { state: SecretState::Sound, current, next, previous, ..SecretContents::default() }
}

/// Without a document: the generations say which CA came first.
fn read_pairs(pairs: &mut Pairs<'_>, why: String) -> SecretContents {
    let generations: BTreeSet<u32> = pairs.data.keys().filter_map(|key| generation(key)).collect();
    let mut entries = generations.into_iter().filter_map(|generation| pairs.entry(generation, None));
    let (current, next) = (entries.next(), entries.next_back());
    SecretContents { state: SecretState::Damaged(why), current, next, ..SecretContents::default() }
}

/// The new CA of a handover is next until it signs; then the old one is the previous one.
fn read_old(document: &OldDocument, pairs: &mut Pairs<'_>, now: Timestamp) -> SecretContents {
    let mut entries = document.authorities.iter();
    let mut entry = |entry: &OldEntry| pairs.entry(entry.generation, None);
    let (old, new) = (entries.next(), entries.next());
    let (current, next) = (old.and_then(&mut entry), new.and_then(&mut entry));
    let mut contents = SecretContents { state: SecretState::OldLayout, current, next, ..SecretContents::default() };
    let signs = new.and_then(|new| new.signs_from).is_some_and(|signs_from| signs_from <= now);
    if signs && contents.next.is_some() {
        let retired = std::mem::replace(&mut contents.current, contents.next.take());
        if let (Some(retired), Some(until)) = (retired, old.and_then(|old| old.leaves_at)) {
            contents.previous.push(RetiredCa { certificate: retired.ca.certificate.clone(), until });
        }
    }
    contents
}

fn keys(generation: u32) -> [String; 2] {
    ["crt", "key"].map(|kind| format!("ca-{generation}.{kind}"))
}

/// The generation of the CA whose certificate or key stands under this key.
fn generation(key: &str) -> Option<u32> {
    let rest = key.strip_prefix("ca-")?;
    rest.strip_suffix(".crt").or_else(|| rest.strip_suffix(".key"))?.parse().ok()
}
