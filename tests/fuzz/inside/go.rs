//! `stored`: Go's reading of a stored value against a second one, written from the description of Go's reader alone.

use super::tree::{Failure, Tree};
use crate::setting::go_json::{self, NetworkConfig, Unreadable};

/// Reads stored values, of all three Settings.
pub fn stored(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let tree = match Tree::read(text) {
        Err(Failure::TooDeep) => return,
        Err(Failure::Syntax) => {
            assert_eq!(go_json::network_config(text), Err(Unreadable::Syntax));
            assert_eq!(go_json::rwx_network(text), Err(Unreadable::Syntax));
            return;
        }
        Ok(tree) => tree,
    };
    let mut expected = Network::default();
    let read = go_json::network_config(text);
    match expected.read(&tree) {
        Err(()) => assert!(matches!(read, Err(Unreadable::WrongType { .. })), "{text:?}: {read:?}"),
        Ok(()) => expected.assert_is(&read.unwrap_or_else(|why| panic!("{text:?}: {why}"))),
    }
    let (mut share, mut expected) = (false, Network::default());
    let read = go_json::rwx_network(text);
    match rwx(&tree, &mut share, &mut expected) {
        Err(()) => assert!(matches!(read, Err(Unreadable::WrongType { .. })), "{text:?}: {read:?}"),
        Ok(()) => {
            let read = read.unwrap_or_else(|why| panic!("{text:?}: {why}"));
            assert_eq!(read.share_storage_network, share);
            expected.assert_is(&read.network);
        }
    }
}

fn rwx(tree: &Tree, share: &mut bool, network: &mut Network) -> Result<(), ()> {
    let members = match tree {
        Tree::Null => return Ok(()),
        Tree::Object(members) => members,
        _ => return Err(()),
    };
    members.iter().try_for_each(|(key, value)| match &*folded(key) {
        "share-storage-network" => boolean(value, share),
        "network" => network.read(value),
        _ => Ok(()),
    })
}

/// A key as Go compares it: ASCII without case, and the two letters beyond it that fold to one of ASCII.
fn folded(key: &str) -> String {
    let fold = |char| match char {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        _ => char.to_ascii_lowercase(),
    };
    key.chars().map(fold).collect()
}

fn boolean(value: &Tree, target: &mut bool) -> Result<(), ()> {
    match value {
        Tree::Null => Ok(()),
        Tree::Bool(value) => {
            *target = *value;
            Ok(())
        }
        _ => Err(()),
    }
}

fn string(value: &Tree, target: &mut String) -> Result<(), ()> {
    match value {
        Tree::Null => Ok(()),
        Tree::String(text) => {
            target.clone_from(text);
            Ok(())
        }
        _ => Err(()),
    }
}

/// Go's struct, with its slice as a length over what lies behind it.
#[derive(Debug, Default)]
struct Network {
    cluster_network: String,
    vlan: u16,
    exclusive_vlan: bool,
    range: String,
    exclude: Vec<String>,
    length: usize,
    range_v6: String,
    odd_v6: bool,
}

impl Network {
    fn read(&mut self, tree: &Tree) -> Result<(), ()> {
        let members = match tree {
            Tree::Null => return Ok(()),
            Tree::Object(members) => members,
            _ => return Err(()),
        };
        for (key, value) in members {
            match &*folded(key) {
                "clusternetwork" => string(value, &mut self.cluster_network)?,
                "vlan" => self.read_vlan(value)?,
                "exclusivevlan" => boolean(value, &mut self.exclusive_vlan)?,
                "range" => string(value, &mut self.range)?,
                "exclude" => self.read_exclude(value)?,
                "rangev6" => self.odd_v6 |= string(value, &mut self.range_v6).is_err(),
                "rangev6start" | "rangev6end" => self.odd_v6 |= string(value, &mut String::new()).is_err(),
                _ => {}
            }
        }
        Ok(())
    }

    fn read_vlan(&mut self, value: &Tree) -> Result<(), ()> {
        match value {
            Tree::Null => {}
            Tree::Number(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                self.vlan = digits.parse().map_err(|_| ())?;
            }
            _ => return Err(()),
        }
        Ok(())
    }

    fn read_exclude(&mut self, value: &Tree) -> Result<(), ()> {
        let items = match value {
            Tree::Null => &[][..],
            Tree::Array(items) => items,
            _ => return Err(()),
        };
        if items.is_empty() {
            // A null pointer, or a slice made anew: what lay behind is gone.
            self.exclude.clear();
        }
        for (index, item) in items.iter().enumerate() {
            if index == self.exclude.len() {
                self.exclude.push(String::new());
            }
            string(item, &mut self.exclude[index])?;
        }
        self.length = items.len();
        Ok(())
    }

    fn assert_is(&self, read: &NetworkConfig<'_>) {
        assert_eq!(self.cluster_network, read.cluster_network);
        assert_eq!((self.vlan, self.exclusive_vlan), (read.vlan, read.exclusive_vlan));
        assert_eq!(self.range, read.range);
        assert_eq!(&self.exclude[..self.length], &read.exclude[..]);
        assert_eq!(self.odd_v6 || !self.range_v6.is_empty(), read.is_dual_stack);
    }
}
