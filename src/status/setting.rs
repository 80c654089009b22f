//! The Setting: its value, and what Harvester says of it.

use super::check_id::CheckId;
use super::context::{Context, Network};
use super::objects::GuardedSettingObject;
use super::report::{Check, CheckOutcome, Checked, error, ok, warning};
use super::rules;
use super::since::since;
use crate::admission::canonical::canonical as canonical_form;
use crate::admission::setting::Text;
use crate::escape::{Line, Plain, Quoted};
use crate::harvester::HASH;
use crate::setting::hash;
use crate::setting::{RuleId, SETTING};

/// The rules that no check of another group stands for.
const RULES: [RuleId; 8] = [
    RuleId::ValueSyntax,
    RuleId::VlanRange,
    RuleId::VlanUntaggedOnMgmt,
    RuleId::RangeNotIpv4Network,
    RuleId::ExcludeInvalid,
    RuleId::ClusterNetworkMissing,
    RuleId::WhereaboutsCrdMissing,
    RuleId::VlanExclusive,
];

/// How to make Harvester handle the value again. It does so by itself while the annotation has not the value's hash, and
/// stores the hash of a change that failed too.
pub(super) fn again(context: &Context<'_>, check: CheckOutcome, hint: &str) -> CheckOutcome {
    let expected = context.setting().map(|setting| hash(&setting.value));
    if context.annotation(HASH) == expected.as_deref() {
        check.hint(hint).run(format_args!("kubectl annotate settings.harvesterhci.io {SETTING} {HASH}-"))
    } else {
        not_handled(check)
    }
}

fn not_handled(check: CheckOutcome) -> CheckOutcome {
    check
        .hint("Harvester has not handled this value, and does so by itself. If that stays so, look at its log:")
        .run("kubectl -n harvester-system logs deployment/harvester --tail=100")
}

pub(super) fn check(context: &Context<'_>) -> Vec<Check> {
    let mut checks = vec![Check::new(CheckId::SettingReadable, readable(context))];
    let Some(setting) = context.setting() else { return checks };
    if !setting.value.is_empty() {
        let holds = format!("{} rules hold now", RULES.len());
        checks.push(Check::new(CheckId::SettingRules, rules::check(context, &RULES, holds)));
        checks.push(Check::new(CheckId::SettingCanonical, Ok(canonical(setting))));
    }
    checks.push(Check::new(CheckId::SettingHash, Ok(handled(context, setting))));
    checks.push(Check::new(CheckId::SettingConfigured, Ok(configured(context, setting))));
    checks.extend(handmade(context, setting).map(|checked| Check::new(CheckId::SettingHandmadeNetwork, checked)));
    checks
}

fn readable(context: &Context<'_>) -> Checked {
    Ok(match &context.network {
        Network::Unseen(unseen) => return Err(unseen.to_string()),
        Network::Absent => error(format!("there is no Setting {SETTING}"))
            .hint("Harvester makes it when it starts:")
            .run("kubectl -n harvester-system rollout restart deployment harvester"),
        Network::Disabled => ok("value is empty: the network is disabled"),
        Network::Unreadable(why) => error(format!("Harvester can't make a network of it: {why}"))
            .hint("Save a sound value, or disable the network:")
            .run(format_args!("kubectl patch settings.harvesterhci.io {SETTING} --type merge -p '{{\"value\":\"\"}}'")),
        Network::Enabled(network) => {
            let config = &network.config;
            let vlan = if config.vlan > 1 { format!("VLAN {}", config.vlan) } else { "untagged".to_owned() };
            let excludes = match config.exclude.len() {
                0 => String::new(),
                1 => ", 1 exclude".to_owned(),
                many => format!(", {many} excludes"),
            };
            let (name, range) = (Plain(&config.cluster_network), network.addresses.net());
            ok(format!("cluster network {name}, {vlan}, range {range}{excludes}"))
        }
    })
}

fn canonical(setting: &GuardedSettingObject) -> CheckOutcome {
    match canonical_form(&Text::Text(setting.value.as_str().into())) {
        Ok(form) if form == setting.value => ok("the value is in canonical form"),
        Ok(form) => warning(format!("the value is stored in other bytes than {}", Line(&form)))
            .hint("The stored bytes stay until the next real change. Git must hold them until then:")
            .run("migration-network-webhook canonicalize --kube --write FILE"),
        Err(_) => warning("a value that breaks rules has no canonical form"),
    }
}

fn handled(context: &Context<'_>, setting: &GuardedSettingObject) -> CheckOutcome {
    let expected = hash(&setting.value);
    match context.annotation(HASH) {
        Some(hash) if hash == expected => ok(format!("the annotation is the value's: {expected}")),
        Some(hash) => not_handled(error(format!("the annotation is {}, and the value's is {expected}", Quoted(hash)))),
        None if setting.value.is_empty() => ok("never configured"),
        None => not_handled(error("there is no annotation hash")),
    }
}

fn configured(context: &Context<'_>, setting: &GuardedSettingObject) -> CheckOutcome {
    let Some(condition) = setting.status.condition("configured") else {
        return if setting.value.is_empty() && !context.was_handled() {
            ok("never configured")
        } else {
            let check = error("there is no condition configured, so Harvester has not handled the value");
            again(context, check, "To make Harvester handle it:")
        };
    };
    let time = condition.last_update_time.as_deref().or(condition.last_transition_time.as_deref());
    let since = since(time, context.observed.at);
    if condition.status == "True" {
        return ok(format!("configured is True{since}"));
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (status, reason, message) = (Plain(&condition.status), text(&condition.reason), text(&condition.message));
    let check = error(format!("configured is {status}{since}: {}: {}", Plain(&reason), Line(&message)));
    again(context, check, "Harvester does not try again by itself. Remove the cause, then:")
}

/// An empty Setting that Harvester has not handled yet, beside a network that someone set in `KubeVirt`.
fn handmade(context: &Context<'_>, setting: &GuardedSettingObject) -> Option<Checked> {
    if !setting.value.is_empty() || context.was_handled() {
        return None;
    }
    let kubevirt = match &context.observed.kubevirt {
        Ok(kubevirt) => kubevirt.as_ref()?,
        Err(unseen) => return Some(Err(unseen.into())),
    };
    Some(Ok(match kubevirt.network() {
        None => ok("KubeVirt has no network that was set by hand"),
        Some(network) => {
            let when = if setting.metadata.annotations.is_empty() {
                "the first annotation on the Setting, as kubectl apply sets one, makes Harvester remove it"
            } else {
                "the Setting has annotations, so its next change makes Harvester remove it"
            };
            warning(format!("KubeVirt has the network {} by hand; {when}", Quoted(network)))
                .hint("To keep a network of its own for migrations, configure it by the Setting.")
        }
    }))
}
