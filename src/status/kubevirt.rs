//! `KubeVirt`: the network it was given, and whether it is available.

use super::check_id::CheckId;
use super::context::{Context, Network};
use super::objects::KubeVirt;
use super::report::{Check, CheckOutcome, error, ok};
use super::setting::again;
use super::since::since;
use crate::escape::{Line, Plain, Quoted};
use crate::harvester::HARVESTER_SYSTEM;

pub(super) fn check(context: &Context<'_>) -> Vec<Check> {
    let (network, available) = match &context.observed.kubevirt {
        Ok(Some(kubevirt)) => (network(context, kubevirt).map(Ok), Ok(available(context, kubevirt))),
        Ok(None) => {
            let absent = error(format!("there is no KubeVirt {HARVESTER_SYSTEM}/kubevirt"))
                .hint("Harvester's chart installs it:")
                .run("kubectl -n harvester-system get kubevirts.kubevirt.io");
            (None, Ok(absent))
        }
        Err(unseen) => (Some(Err(unseen.into())), Err(unseen.into())),
    };
    let network = network.map(|network| Check::new(CheckId::KubevirtNetwork, network));
    network.into_iter().chain([Check::new(CheckId::KubevirtAvailable, available)]).collect()
}

/// `None` where it is not known which network there should be.
fn network(context: &Context<'_>, kubevirt: &KubeVirt) -> Option<CheckOutcome> {
    let network = kubevirt.network();
    let wrong = |seen: String| {
        let hint = "While no virtual machine migrates, make Harvester write it again (virt-handler restarts):";
        again(context, error(seen), hint)
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
            ok("migrations.network is not set, as the network is disabled")
        }
        (None, _) => wrong("migrations.network is not set".to_owned()),
        (Some(network), Some(wanted)) if network == wanted => ok(format!("migrations.network is {}", Plain(network))),
        (Some(network), Some(wanted)) => {
            wrong(format!("migrations.network is {}, and the Setting names {}", Quoted(network), Quoted(wanted)))
        }
        (Some(network), None) => {
            wrong(format!("migrations.network is {}, and the Setting names nothing", Quoted(network)))
        }
    })
}

fn available(context: &Context<'_>, kubevirt: &KubeVirt) -> CheckOutcome {
    let look = |seen: String| {
        error(seen)
            .hint("Look for what is not ready:")
            .run("kubectl -n harvester-system get pods -l app.kubernetes.io/component=kubevirt -o wide")
    };
    let Some(condition) = kubevirt.status.condition("Available") else {
        return look("KubeVirt has no condition Available".to_owned());
    };
    let reason = condition.reason.as_deref().unwrap_or_default();
    if condition.status == "True" && reason == "AllComponentsReady" {
        return ok("KubeVirt is Available, AllComponentsReady");
    }
    let (status, reason) = (Plain(&condition.status), Plain(reason));
    let since = since(condition.last_transition_time.as_deref(), context.observed.at);
    let message = Line(condition.message.as_deref().unwrap_or_default()).to_string();
    look(format!("Available is {status}{since}: {reason}: {message}"))
}
