//! `KubeVirt`: the network it was given, and whether it is available.

use super::check_id::CheckId;
use super::context::{Context, Network};
use super::objects::KubeVirt;
use super::report::Check;
use super::setting::again;
use super::since::since;
use crate::escape::{Line, Plain, Quoted};
use crate::harvester::HARVESTER_SYSTEM;

pub(super) fn check(context: &Context<'_>) -> Vec<Check> {
    let kubevirt = match &context.observed.kubevirt {
        Ok(Some(kubevirt)) => kubevirt,
        Ok(None) => {
            return vec![
                Check::error(CheckId::KubevirtAvailable, format!("there is no KubeVirt {HARVESTER_SYSTEM}/kubevirt"))
                    .hint("Harvester's chart installs it:")
                    .run("kubectl -n harvester-system get kubevirts.kubevirt.io"),
            ];
        }
        Err(unseen) => {
            return [CheckId::KubevirtNetwork, CheckId::KubevirtAvailable].map(|id| Check::unknown(id, unseen)).into();
        }
    };
    network(context, kubevirt).into_iter().chain([available(context, kubevirt)]).collect()
}

fn network(context: &Context<'_>, kubevirt: &KubeVirt) -> Option<Check> {
    let id = CheckId::KubevirtNetwork;
    let network = kubevirt.network();
    let wrong = |seen: String| {
        let hint = "While no virtual machine migrates, make Harvester write it again (virt-handler restarts):";
        again(context, Check::error(id, seen), hint)
    };
    let wanted = match context.network {
        Network::Unseen(_) | Network::Absent | Network::Unreadable(_) => return None,
        // Of a network that was set by hand a check of the Setting speaks.
        Network::Disabled if !context.was_handled() => return None,
        Network::Disabled => None,
        Network::Enabled(_) => context.attachment().map(|named| named.split_once('/').map_or(named, |(_, name)| name)),
    };
    Some(match (network, wanted) {
        (None, None) if matches!(context.network, Network::Disabled) => {
            Check::ok(id, "migrations.network is not set, as the network is disabled")
        }
        (None, _) => wrong("migrations.network is not set".to_owned()),
        (Some(network), Some(wanted)) if network == wanted => {
            Check::ok(id, format!("migrations.network is {}", Plain(network)))
        }
        (Some(network), Some(wanted)) => {
            wrong(format!("migrations.network is {}, and the Setting names {}", Quoted(network), Quoted(wanted)))
        }
        (Some(network), None) => {
            wrong(format!("migrations.network is {}, and the Setting names nothing", Quoted(network)))
        }
    })
}

fn available(context: &Context<'_>, kubevirt: &KubeVirt) -> Check {
    let id = CheckId::KubevirtAvailable;
    let look = |check: Check| {
        check
            .hint("Look for what is not ready:")
            .run("kubectl -n harvester-system get pods -l app.kubernetes.io/component=kubevirt -o wide")
    };
    let Some(condition) = kubevirt.status.condition("Available") else {
        return look(Check::error(id, "KubeVirt has no condition Available"));
    };
    let reason = condition.reason.as_deref().unwrap_or_default();
    if condition.status == "True" && reason == "AllComponentsReady" {
        return Check::ok(id, "KubeVirt is Available, AllComponentsReady");
    }
    let (status, reason) = (Plain(&condition.status), Plain(reason));
    let since = since(condition.last_transition_time.as_deref(), context.observed.at);
    let message = Line(condition.message.as_deref().unwrap_or_default()).to_string();
    look(Check::error(id, format!("Available is {status}{since}: {reason}: {message}")))
}
