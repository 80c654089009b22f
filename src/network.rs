//! The setting's value: its grammar, its meaning, its canonical form, and the rules.

pub mod cidr;
pub mod facts;
pub mod golang;
pub mod range;
pub mod rule;
pub mod vlan;

pub use facts::Facts;
pub use rule::{RuleId, RuleSet};
