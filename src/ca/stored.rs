//! The succession as the Secret's data: certificates and keys that `openssl` reads, and one document of times.
//!
//! ```text
//! authority.json  {"version": 1, "authorities": [{"generation": 1, "joined": "2026-01-02T03:04:05Z"}]}
//! ca-1.crt        PEM
//! ca-1.key        PEM, PKCS #8
//! ```

use std::collections::BTreeMap;
use std::str;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use serde::{Deserialize, Serialize};

use super::cert_authority::{Ca, NoCa};
use super::succession::{Reign, Schedule, Succession};
use crate::escape::Quoted;

#[cfg(test)]
mod tests;

/// A Secret's data.
pub(super) type Data = BTreeMap<String, ByteString>;

const DOCUMENT: &str = "authority.json";
const VERSION: u32 = 1;

/// Data that no release has written like this. It is never overwritten: it may be someone else's. Safe to print.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unusable {
    /// There is data, but not ours.
    #[error("its data holds {} but no {DOCUMENT}, so it may be someone else's", Quoted(.0))]
    Foreign(String),
    /// Our document is not as it should be.
    #[error("{DOCUMENT} {0}")]
    Document(String),
    /// The document names what is not there.
    #[error("{0} is missing or not text")]
    Missing(String),
    /// A CA is not one.
    #[error("ca-{generation}: {why}")]
    Ca {
        /// Which.
        generation: u32,
        /// Why not.
        why: NoCa,
    },
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    authorities: Vec<Entry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Entry {
    generation: u32,
    joined: Timestamp,
    /// Only the newer of two has it, and only once it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    signs_from: Option<Timestamp>,
    /// Only the older of two has it, and only once it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    leaves_at: Option<Timestamp>,
}

/// Reads the succession; no data is a vacant one.
///
/// # Errors
///
/// If the data is not what [`write`] makes.
pub(super) fn read(data: &Data) -> Result<Succession, Unusable> {
    let Some(document) = data.get(DOCUMENT) else {
        return data.keys().next().map_or(Ok(Succession::Vacant), |key| Err(Unusable::Foreign(key.clone())));
    };
    let unusable = |why: String| Unusable::Document(why);
    // The version first: what another one looks like is not known here.
    let Versioned { version } =
        serde_json::from_slice(&document.0).map_err(|error| unusable(format!("can't be read: {error}")))?;
    if version != VERSION {
        return Err(unusable(format!("has version {version}, and this release reads version {VERSION}")));
    }
    let Document { authorities, .. } =
        serde_json::from_slice(&document.0).map_err(|error| unusable(format!("can't be read: {error}")))?;
    match &*authorities {
        [sole @ Entry { signs_from: None, leaves_at: None, .. }] => Ok(Succession::Sole(sole.reign(data)?)),
        [old @ Entry { signs_from: None, leaves_at, .. }, new @ Entry { signs_from, leaves_at: None, .. }]
            if old.generation < new.generation =>
        {
            let schedule = match (*signs_from, *leaves_at) {
                (Some(signs_from), Some(leaves_at)) => Some(Schedule { signs_from, leaves_at }),
                (None, None) => None,
                _ => return Err(unusable("has one of signsFrom and leavesAt, which are set together".to_owned())),
            };
            Ok(Succession::Handover { old: old.reign(data)?, new: new.reign(data)?, schedule })
        }
        [] | [_] | [_, _] => Err(unusable("has authorities in an order that can't be".to_owned())),
        more => Err(unusable(format!("has {} authorities, and there are never more than two", more.len()))),
    }
}

/// Puts the succession into the data, in the place of the one that stood there. What is not ours stays.
///
/// # Errors
///
/// None that is known: times and numbers are JSON.
pub(super) fn write(succession: &Succession, data: &mut Data) -> Result<(), serde_json::Error> {
    data.retain(|key, _| key != DOCUMENT && !is_ca(key));
    let mut authorities = Vec::new();
    for reign in succession.reigns() {
        let [certificate, key] = keys(reign.generation);
        data.insert(certificate, ByteString(reign.ca.certificate_pem().into()));
        data.insert(key, ByteString(reign.ca.key_pem().into()));
        let Reign { generation, joined, .. } = *reign;
        authorities.push(Entry { generation, joined, signs_from: None, leaves_at: None });
    }
    if let (Succession::Handover { schedule: Some(schedule), .. }, [old, new]) = (succession, &mut *authorities) {
        old.leaves_at = Some(schedule.leaves_at);
        new.signs_from = Some(schedule.signs_from);
    }
    let mut document = serde_json::to_vec_pretty(&Document { version: VERSION, authorities })?;
    document.push(b'\n');
    data.insert(DOCUMENT.to_owned(), ByteString(document));
    Ok(())
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Entry {
    fn reign(&self, data: &Data) -> Result<Reign, Unusable> {
        let [certificate, key] = keys(self.generation).map(|name| {
            let text = data.get(&name).and_then(|bytes| str::from_utf8(&bytes.0).ok());
            text.ok_or(Unusable::Missing(name))
        });
        let ca = Ca::read(certificate?, key?).map_err(|why| Unusable::Ca { generation: self.generation, why })?;
        Ok(Reign { generation: self.generation, joined: self.joined, ca: Arc::new(ca) })
    }
}

fn keys(generation: u32) -> [String; 2] {
    ["crt", "key"].map(|kind| format!("ca-{generation}.{kind}"))
}

fn is_ca(key: &str) -> bool {
    let generation =
        key.strip_prefix("ca-").and_then(|rest| rest.strip_suffix(".crt").or_else(|| rest.strip_suffix(".key")));
    generation.is_some_and(|generation| generation.parse::<u32>().is_ok())
}
