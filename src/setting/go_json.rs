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

impl Unreadable {
    fn wrong_type(field: impl fmt::Display, expected: &'static str) -> Self {
        Self::WrongType { field: field.to_string(), expected }
    }

    /// The same, of what stands in a field.
    fn within(self, name: &str) -> Self {
        match self {
            Self::WrongType { field, expected } if field.is_empty() => Self::wrong_type(name, expected),
            Self::WrongType { field, expected } => Self::wrong_type(format_args!("{name}.{field}"), expected),
            Self::Syntax | Self::TooDeep => self,
        }
    }
}

/// Reads the value of `vm-migration-network` or `storage-network`.
pub fn network_config(text: &str) -> Result<NetworkConfig<'_>, Unreadable> {
    let mut config = ConfigReader::default();
    config.read(checked(text)?)?;
    Ok(config.finish())
}

/// Reads the value of `rwx-network`.
pub fn rwx_network(text: &str) -> Result<RwxNetwork<'_>, Unreadable> {
    let mut share_storage_network = false;
    let mut network = ConfigReader::default();
    each_member(checked(text)?, |key, value| {
        if folds_to(key, "share-storage-network") {
            set(&mut share_storage_network, value, boolean, "share-storage-network")
        } else if folds_to(key, "network") {
            network.read(value).map_err(|unreadable| unreadable.within("network"))
        } else {
            Ok(())
        }
    })?;
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

/// Calls `read` with each key of an object and the text of its value, in order; `null` has none.
fn each_member<'a>(
    text: &'a str,
    mut read: impl FnMut(&str, &'a str) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    if text == "null" {
        return Ok(());
    }
    if !text.starts_with('{') {
        return Err(Unreadable::wrong_type("", "an object"));
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
    // The keys of newer, dual-stack Harvester. Older releases don't know them, so that nothing about them is an error.
    has_range_v6: bool,
    has_odd_range_v6: bool,
}

impl<'a> ConfigReader<'a> {
    fn read(&mut self, text: &'a str) -> Result<(), Unreadable> {
        each_member(text, |key, value| {
            let is = |name| folds_to(key, name);
            if is("clusterNetwork") {
                set(&mut self.config.cluster_network, value, string, "clusterNetwork")
            } else if is("vlan") {
                set(&mut self.config.vlan, value, integer, "vlan")
            } else if is("exclusiveVlan") {
                set(&mut self.config.exclusive_vlan, value, boolean, "exclusiveVlan")
            } else if is("range") {
                set(&mut self.config.range, value, string, "range")
            } else if is("exclude") {
                self.exclude.read(value)
            } else {
                if value != "null" && ["rangeV6", "rangeV6Start", "rangeV6End"].into_iter().any(is) {
                    let is_string = value.starts_with('"');
                    self.has_odd_range_v6 |= !is_string;
                    if is_string && is("rangeV6") {
                        self.has_range_v6 = value != r#""""#;
                    }
                }
                Ok(())
            }
        })
    }

    fn finish(self) -> NetworkConfig<'a> {
        let Slice { mut backing, len } = self.exclude;
        backing.truncate(len);
        let is_dual_stack = self.has_range_v6 || self.has_odd_range_v6;
        NetworkConfig { exclude: backing, is_dual_stack, ..self.config }
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
    fn read(&mut self, value: &'a str) -> Result<(), Unreadable> {
        self.len = 0;
        let mut read = Ok(());
        if value.starts_with('[') {
            json::items(value, |item| {
                let index = self.len;
                self.len += 1;
                self.backing.resize(self.backing.len().max(self.len), Cow::default());
                if read.is_ok() {
                    read = set(&mut self.backing[index], item.get(), string, format_args!("exclude[{index}]"));
                }
            });
        } else if value != "null" {
            return Err(Unreadable::wrong_type("exclude", "an array of strings"));
        }
        if self.len == 0 {
            self.backing = Vec::new();
        }
        read
    }
}

/// Reads a value over what stands there, which `null` leaves as it is.
fn set<'a, T>(
    target: &mut T,
    value: &'a str,
    read: fn(&'a str) -> Result<T, &'static str>,
    field: impl fmt::Display,
) -> Result<(), Unreadable> {
    if value != "null" {
        *target = read(value).map_err(|expected| Unreadable::wrong_type(field, expected))?;
    }
    Ok(())
}

fn string(value: &str) -> Result<Cow<'_, str>, &'static str> {
    if value.starts_with('"') { Ok(decode(value)) } else { Err("a string") }
}

fn boolean(value: &str) -> Result<bool, &'static str> {
    value.parse().map_err(|_| "true or false")
}

fn integer(value: &str) -> Result<u16, &'static str> {
    value.parse().map_err(|_| "an integer from 0 to 65535")
}

#[cfg(test)]
mod tests;
