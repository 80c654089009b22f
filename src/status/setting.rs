//! The Setting: its value, and what Harvester says of it.

use super::check_id::CheckId;
use super::context::{Context, Network};
use super::objects::GuardedSettingObject;
use super::report::Check;
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
pub(super) fn again(context: &Context<'_>, check: Check, hint: &str) -> Check {
    let expected = context.setting().map(|setting| hash(&setting.value));
    if context.annotation(HASH) == expected.as_deref() {
        check.hint(hint).run(format_args!("kubectl annotate settings.harvesterhci.io {SETTING} {HASH}-"))
    } else {
        not_handled(check)
    }
}

fn not_handled(check: Check) -> Check {
    check
        .hint("Harvester has not handled this value, and does so by itself. If that stays so, look at its log:")
        .run("kubectl -n harvester-system logs deployment/harvester --tail=100")
}

pub(super) fn check(context: &Context<'_>) -> Vec<Check> {
    let readable = readable(context);
    let Some(setting) = context.setting() else { return vec![readable] };
    let mut checks = vec![readable];
    if !setting.value.is_empty() {
        let holds = format!("{} rules hold now", RULES.len());
        checks.push(rules::check(context, CheckId::SettingRules, &RULES, holds));
        checks.push(canonical(setting));
    }
    checks.extend([handled(context, setting), configured(context, setting)]);
    checks.extend(handmade(context, setting));
    checks
}

fn readable(context: &Context<'_>) -> Check {
    let id = CheckId::SettingReadable;
    match &context.network {
        Network::Unseen(unseen) => Check::unknown(id, unseen),
        Network::Absent => Check::error(id, format!("there is no Setting {SETTING}"))
            .hint("Harvester makes it when it starts:")
            .run("kubectl -n harvester-system rollout restart deployment harvester"),
        Network::Disabled => Check::ok(id, "value is empty: the network is disabled"),
        Network::Unreadable(why) => Check::error(id, format!("Harvester can't make a network of it: {why}"))
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
            Check::ok(id, format!("cluster network {name}, {vlan}, range {range}{excludes}"))
        }
    }
}

fn canonical(setting: &GuardedSettingObject) -> Check {
    let id = CheckId::SettingCanonical;
    match canonical_form(&Text::Text(setting.value.as_str().into())) {
        Ok(form) if form == setting.value => Check::ok(id, "the value is in canonical form"),
        Ok(form) => Check::warning(id, format!("the value is stored in other bytes than {}", Line(&form)))
            .hint("The stored bytes stay until the next real change. Git must hold them until then:")
            .run("migration-network-webhook canonicalize --kube --write FILE"),
        Err(_) => Check::warning(id, "a value that breaks rules has no canonical form"),
    }
}

fn handled(context: &Context<'_>, setting: &GuardedSettingObject) -> Check {
    let id = CheckId::SettingHash;
    let expected = hash(&setting.value);
    match context.annotation(HASH) {
        Some(hash) if hash == expected => Check::ok(id, format!("the annotation is the value's: {expected}")),
        Some(hash) => {
            not_handled(Check::error(id, format!("the annotation is {}, and the value's is {expected}", Quoted(hash))))
        }
        None if setting.value.is_empty() => Check::ok(id, "never configured"),
        None => not_handled(Check::error(id, "there is no annotation hash")),
    }
}

fn configured(context: &Context<'_>, setting: &GuardedSettingObject) -> Check {
    let id = CheckId::SettingConfigured;
    let Some(condition) = setting.status.condition("configured") else {
        return if setting.value.is_empty() && !context.was_handled() {
            Check::ok(id, "never configured")
        } else {
            let check = Check::error(id, "there is no condition configured, so Harvester has not handled the value");
            again(context, check, "To make Harvester handle it:")
        };
    };
    let time = condition.last_update_time.as_deref().or(condition.last_transition_time.as_deref());
    let since = since(time, context.observed.at);
    if condition.status == "True" {
        return Check::ok(id, format!("configured is True{since}"));
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (status, reason, message) = (Plain(&condition.status), text(&condition.reason), text(&condition.message));
    let check = Check::error(id, format!("configured is {status}{since}: {}: {}", Plain(&reason), Line(&message)));
    again(context, check, "Harvester does not try again by itself. Remove the cause, then:")
}

/// An empty Setting that Harvester has not handled yet, beside a network that someone set in `KubeVirt`.
fn handmade(context: &Context<'_>, setting: &GuardedSettingObject) -> Option<Check> {
    let id = CheckId::SettingHandmadeNetwork;
    if !setting.value.is_empty() || context.was_handled() {
        return None;
    }
    let kubevirt = match &context.observed.kubevirt {
        Ok(kubevirt) => kubevirt.as_ref()?,
        Err(unseen) => return Some(Check::unknown(id, unseen)),
    };
    Some(match kubevirt.network() {
        None => Check::ok(id, "KubeVirt has no network that was set by hand"),
        Some(network) => {
            let when = if setting.metadata.annotations.is_empty() {
                "the first annotation on the Setting, as kubectl apply sets one, makes Harvester remove it"
            } else {
                "the Setting has annotations, so its next change makes Harvester remove it"
            };
            Check::warning(id, format!("KubeVirt has the network {} by hand; {when}", Quoted(network)))
                .hint("To keep a network of its own for migrations, configure it by the Setting.")
        }
    })
}
