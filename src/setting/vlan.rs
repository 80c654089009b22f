//! VLAN ids as Harvester's bridge reads them.

use std::fmt;

use super::field::FieldPath;
use super::key;
use super::problem::{Problem, Reason};
use crate::escape::Excerpt;

/// The VLAN that traffic really uses.
///
/// Harvester gives the bridge VLAN 1 for 0, for 1 and for an absent id alike, and 1 is the bridge's
/// untagged default: the three are one VLAN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VlanId {
    /// 0, 1 or absent.
    #[default]
    Untagged,
    /// 2 and above.
    Tagged(u16),
}

impl VlanId {
    /// The largest VLAN id there is.
    pub const MAX: u16 = 4094;
}

impl From<u16> for VlanId {
    fn from(id: u16) -> Self {
        if id <= 1 { Self::Untagged } else { Self::Tagged(id) }
    }
}

impl fmt::Display for VlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untagged => f.write_str("untagged"),
            Self::Tagged(id) => write!(f, "VLAN {id}"),
        }
    }
}

pub(super) fn read_vlan(written: &str) -> Result<u16, Problem> {
    written.parse().ok().filter(|id| *id <= VlanId::MAX).ok_or_else(|| {
        let seen = Excerpt::of(written);
        let message =
            format!("{}: must be between 0 and 4094 (2 to 4094 are tagged, 0 and 1 untagged)", seen.unquoted());
        Problem::new(FieldPath::Key(&key::VLAN), Reason::Invalid, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_one_are_untagged() {
        assert_eq!(VlanId::from(0), VlanId::from(1));
        assert_eq!(VlanId::from(1), VlanId::default());
        assert_ne!(VlanId::from(1), VlanId::from(2));
        assert_eq!(VlanId::from(4094).to_string(), "VLAN 4094");
    }
}
