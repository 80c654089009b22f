//! `vlan-untagged-on-mgmt`: `mgmt` carries the network only on a tagged VLAN.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::VlanUntaggedOnMgmt,
    field: "`value.vlan`",
    refuses: "`clusterNetwork` is `mgmt` and `vlan` is 0 or 1",
    why: "The untagged network of `mgmt` is the nodes' own: pods would get addresses in the middle of it, and nothing \
          would separate migration traffic.",
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
    let text = ": migration traffic on mgmt shares the control plane's network";
    evaluation.warn("mgmt", FieldPath::Key(&key::CLUSTER_NETWORK), text);
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn mgmt_is_tagged_only_and_needs_nothing_but_itself() {
        let facts = Facts {
            cluster_networks: known(BTreeSet::new()),
            vlan_configs: known(Vec::new()),
            vlan_statuses: known(BTreeMap::new()),
            ..ready()
        };
        for (vlan, expected) in [
            (0, &["vlan-untagged-on-mgmt value.vlan"] as &[&str]),
            (1, &["vlan-untagged-on-mgmt value.vlan"]),
            (2, &[]),
        ] {
            assert_eq!(broken(&value("mgmt", vlan, "192.168.1.0/24", &[]), &facts), expected, "{vlan}");
        }
        let tagged = value("mgmt", 2, "192.168.1.0/24", &[]);
        let warning = "value.clusterNetwork: migration traffic on mgmt shares the control plane's network";
        assert_eq!(warnings(&tagged, &facts), [warning]);
        // Another vlan is not 0 or 1 but none at all.
        assert_eq!(broken(&value("mgmt", 4095, "192.168.1.0/24", &[]), &facts), ["vlan-range value.vlan"]);
    }
}
