//! What the range must stay apart from.

use super::check_id::CheckId;
use super::context::Context;
use super::report::Check;
use super::rules;
use crate::setting::RuleId;

pub(super) fn check(context: &Context<'_>) -> Result<Vec<Check>, String> {
    context.enabled()?;
    let check = |id, rule, holds| Check::new(id, rules::check(context, &[rule], holds));
    Ok(vec![
        check(CheckId::NeighboursCluster, RuleId::RangeReserved, "apart from the networks of pods and services"),
        check(
            CheckId::NeighboursNodes,
            RuleId::RangeContainsNodeAddress,
            "no usable address is a node's or a HostNetworkConfig's",
        ),
        check(CheckId::NeighboursNetworks, RuleId::NetworkOverlap, "apart from storage-network and rwx-network"),
    ])
}
