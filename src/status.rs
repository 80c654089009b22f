//! Whether the migration network is in place: checks of a cluster as it was seen.
//!
//! [`status`] makes a [`Report`] of the [`Facts`] that the rules know and of what was [`Observed`] beside them. No check does
//! I/O or reads a clock, and what a value means and which rules it breaks is asked of the rooms that decide on requests.

use crate::setting::{Facts, Policy};

mod addresses;
mod attachment;
mod check_id;
mod context;
mod kubevirt;
mod migrations;
mod neighbours;
mod nodes;
pub mod objects;
mod observed;
mod progress;
mod report;
mod rules;
mod setting;
mod since;
mod virt_handler;
mod webhook;

pub use check_id::{CheckGroup, CheckId};
pub use context::range;
pub use observed::{Holders, Observed, Sighting, Unseen};
pub use progress::progress;
pub use report::{Check, CheckState, Group, NodeRow, Report, StateCounts};

pub use webhook::service as called_service;

use context::Context;

/// Runs every check.
pub fn status(facts: &Facts, policy: &Policy, observed: &Observed) -> Report {
    let context = Context::new(facts, policy, observed);
    let nodes = nodes::rows(&context);
    let groups = [
        (CheckGroup::Setting, Ok(setting::check(&context))),
        (CheckGroup::Attachment, attachment::check(&context)),
        (CheckGroup::Kubevirt, Ok(kubevirt::check(&context))),
        (CheckGroup::VirtHandler, Ok(virt_handler::check(&context))),
        (CheckGroup::Nodes, nodes::check(&context)),
        (CheckGroup::Addresses, addresses::check(&context)),
        (CheckGroup::Neighbours, neighbours::check(&context)),
        (CheckGroup::Migrations, Ok(migrations::check(&context))),
        (CheckGroup::Webhook, webhook::check(&context)),
    ];
    let groups = groups.into_iter().map(|(name, checks)| match checks {
        Ok(checks) => Group { name, left_out: None, checks },
        Err(why) => Group { name, left_out: Some(why), checks: Vec::new() },
    });
    Report::new(groups.collect(), nodes)
}

/// The JSON Schema of a [`Report`].
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
