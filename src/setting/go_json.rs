//! Stored values as Harvester reads them: by Go's `encoding/json`, into its struct.
//!
//! That reader takes more than JSON's grammar asks for, and what is stored was once taken by it.
//! Keys fold their case, later duplicates win or merge, `null` mostly leaves what stood before.
//! Where a text would be an error in Go it is [`Unreadable`] here.
//!
//! Source: Go 1.26, `encoding/json/decode.go` and `fold.go`.

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;

use self::text::{decode, folds_to};
use super::json;

mod text;

/// As Go's `maxNestingDepth`.
const MAX_DEPTH: usize = 10_000;

/// The struct that Harvester reads `vm-migration-network` and `storage-network` into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkConfig<'a> {
    /// `clusterNetwork`.
    pub cluster_network: Cow<'a, str>,
    /// `vlan`; 0 when absent.
    pub vlan: u16,
    /// `exclusiveVlan`.
    pub exclusive_vlan: bool,
    /// `range`, as written.
    pub range: Cow<'a, str>,
    /// `exclude`, as written.
    pub exclude: Vec<Cow<'a, str>>,
    /// Whether newer, dual-stack Harvester would make another network of it: `rangeV6` is not empty, or one of `rangeV6`,
    /// `rangeV6Start` and `rangeV6End` is neither string nor `null`. The latter two mean nothing on their own.
    pub is_dual_stack: bool,
}

/// The struct that Harvester reads `rwx-network` into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RwxNetwork<'a> {
    /// `share-storage-network`.
    pub share_storage_network: bool,
    /// `network`.
    pub network: NetworkConfig<'a>,
}

/// Why Go's reader would return an error. It never quotes the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The text is not JSON.
    Syntax,
    /// Arrays or objects lie deeper in each other than Go follows.
    TooDeep,
    /// A field holds what its type can't.
    WrongType {
        /// The path of the field, such as `network.exclude[2]`; empty for the whole text.
        field: String,
        /// What Go wants there.
        expected: &'static str,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("it is not JSON"),
            Self::TooDeep => write!(f, "it nests deeper than {MAX_DEPTH} levels"),
            Self::WrongType { field, expected } if field.is_empty() => write!(f, "it is not {expected}"),
            Self::WrongType { field, expected } => write!(f, "{field} is not {expected}"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// Reads the value of `vm-migration-network` or `storage-network`.
pub fn network_config(text: &str) -> Result<NetworkConfig<'_>, Unreadable> {
    let mut config = ConfigReader::default();
    config.read(checked(text)?, "")?;
    Ok(config.finish())
}

/// Reads the value of `rwx-network`.
pub fn rwx_network(text: &str) -> Result<RwxNetwork<'_>, Unreadable> {
    let text = checked(text)?;
    let mut share_storage_network = false;
    let mut network = ConfigReader::default();
    if text != "null" {
        each_member(text, "", |key, value| {
            if folds_to(key, "share-storage-network") {
                read_bool(&mut share_storage_network, value, "", "share-storage-network")
            } else if folds_to(key, "network") {
                network.read(value, "network")
            } else {
                Ok(())
            }
        })?;
    }
    Ok(RwxNetwork { share_storage_network, network: network.finish() })
}

/// The text less the white space around it, once it is known to be JSON all through: Go reads
/// nothing before it has seen that.
fn checked(text: &str) -> Result<&str, Unreadable> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| Unreadable::Syntax)?;
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in raw.get().bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Unreadable::TooDeep);
        }
    }
    Ok(raw.get())
}

/// Calls `read` with each key and the text of its value, in order.
fn each_member<'a>(
    text: &'a str,
    path: &str,
    mut read: impl FnMut(&str, &'a str) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    if !text.starts_with('{') {
        return Err(Unreadable::WrongType { field: path.to_owned(), expected: "an object" });
    }
    let mut result = Ok(());
    let walk = json::members(text, |key, value| {
        if result.is_ok() {
            result = read(&decode(key.get()), value.get());
        }
    });
    result.and(walk.map_err(|_| Unreadable::Syntax))
}

/// A [`NetworkConfig`] on its way: duplicates of a key read over what the earlier ones left.
#[derive(Default)]
struct ConfigReader<'a> {
    config: NetworkConfig<'a>,
    exclude: Slice<'a>,
    range_v6: RangeV6,
}

/// The keys of newer, dual-stack Harvester. Older releases don't know them, so that nothing about them is an error.
#[derive(Default)]
struct RangeV6 {
    is_set: bool,
    has_wrong_type: bool,
}

impl RangeV6 {
    fn read(&mut self, key: &str, value: &str) {
        let is_range = folds_to(key, "rangeV6");
        if !is_range && !folds_to(key, "rangeV6Start") && !folds_to(key, "rangeV6End") || value == "null" {
            return;
        }
        if !value.starts_with('"') {
            self.has_wrong_type = true;
        } else if is_range {
            self.is_set = value != r#""""#;
        }
    }
}

impl<'a> ConfigReader<'a> {
    fn read(&mut self, text: &'a str, path: &str) -> Result<(), Unreadable> {
        if text == "null" {
            return Ok(());
        }
        let Self { config, exclude, range_v6 } = self;
        each_member(text, path, |key, value| {
            if folds_to(key, "clusterNetwork") {
                read_string(&mut config.cluster_network, value, || join(path, "clusterNetwork"))
            } else if folds_to(key, "vlan") {
                read_u16(&mut config.vlan, value, path, "vlan")
            } else if folds_to(key, "exclusiveVlan") {
                read_bool(&mut config.exclusive_vlan, value, path, "exclusiveVlan")
            } else if folds_to(key, "range") {
                read_string(&mut config.range, value, || join(path, "range"))
            } else if folds_to(key, "exclude") {
                exclude.read(value, path)
            } else {
                range_v6.read(key, value);
                Ok(())
            }
        })
    }

    fn finish(self) -> NetworkConfig<'a> {
        let Self { mut config, exclude: Slice { mut backing, len }, range_v6 } = self;
        config.is_dual_stack = range_v6.is_set || range_v6.has_wrong_type;
        backing.truncate(len);
        config.exclude = backing;
        config
    }
}

/// A Go slice of strings. A shorter array cuts its length but not what lies behind, and a `null`
/// item of a later, longer array brings that to light again.
#[derive(Default)]
struct Slice<'a> {
    backing: Vec<Cow<'a, str>>,
    len: usize,
}

impl<'a> Slice<'a> {
    fn read(&mut self, value: &'a str, path: &str) -> Result<(), Unreadable> {
        self.len = 0;
        if value != "null" {
            let field = || join(path, "exclude");
            if !value.starts_with('[') {
                return Err(Unreadable::WrongType { field: field(), expected: "an array of strings" });
            }
            let mut read = Ok(());
            json::items(value, |item| {
                let index = self.len;
                self.len += 1;
                self.backing.resize(self.backing.len().max(self.len), Cow::default());
                if read.is_ok() {
                    read = read_string(&mut self.backing[index], item.get(), || format!("{}[{index}]", field()));
                }
            });
            read?;
        }
        if self.len == 0 {
            self.backing = Vec::new();
        }
        Ok(())
    }
}

fn read_string<'a>(
    target: &mut Cow<'a, str>,
    value: &'a str,
    field: impl FnOnce() -> String,
) -> Result<(), Unreadable> {
    match value.as_bytes() {
        b"null" => Ok(()),
        [b'"', ..] => {
            *target = decode(value);
            Ok(())
        }
        _ => Err(Unreadable::WrongType { field: field(), expected: "a string" }),
    }
}

fn read_bool(target: &mut bool, value: &str, path: &str, name: &str) -> Result<(), Unreadable> {
    match value {
        "null" => {}
        "true" => *target = true,
        "false" => *target = false,
        _ => return Err(Unreadable::WrongType { field: join(path, name), expected: "true or false" }),
    }
    Ok(())
}

fn read_u16(target: &mut u16, value: &str, path: &str, name: &str) -> Result<(), Unreadable> {
    if value != "null" {
        *target = value
            .parse()
            .map_err(|_| Unreadable::WrongType { field: join(path, name), expected: "an integer from 0 to 65535" })?;
    }
    Ok(())
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests;
