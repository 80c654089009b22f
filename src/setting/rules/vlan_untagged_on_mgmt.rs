//! `vlan-untagged-on-mgmt`: `mgmt` carries the network only on a tagged VLAN.

use crate::setting::evaluation::Evaluation;
use crate::setting::key;
use crate::setting::problem::Reason;
use crate::setting::rule::{Example, Instead, Rule};
use crate::setting::rule_id::RuleId;
use crate::setting::validated_value::ValidatedValue;
use crate::setting::vlan::VlanId;
use crate::setting::{MGMT, Warning};

pub(super) static RULE: Rule = Rule {
    id: RuleId::VlanUntaggedOnMgmt,
    field: "`value.vlan`",
    refuses: "`clusterNetwork` is `mgmt` and `vlan` is 0 or 1",
    why: "The untagged network of `mgmt` is the nodes' own: pods would be handed addresses in the middle of it, and nothing \
          would keep migration traffic apart.",
    fix: "Use a tagged VLAN, or a cluster network of its own, which Harvester recommends anyway.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"mgmt","vlan":1,"range":"192.168.1.0/24"}"#,
        instead: Instead::Value(r#"{"clusterNetwork":"mgmt","vlan":100,"range":"192.168.1.0/24"}"#),
    },
    check,
};

fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    if value.cluster_network() != Some(MGMT) {
        return;
    }
    if let Some(vlan) = value.vlan() {
        evaluation.judged();
        if vlan == VlanId::Untagged {
            let message = format!(
                "vlan {} is untagged, and on mgmt the untagged network is the nodes' own; \
                 use a tagged VLAN from 2 to 4094, or another cluster network",
                value.vlan_written().unquoted()
            );
            evaluation.report_key(&key::VLAN, Reason::Forbidden, message);
        }
    }
    evaluation.warn(Warning::Mgmt(evaluation.string));
}
