//! `vlan-exclusive`: the VLAN is not reserved for the storage network.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::VlanExclusive,
    field: "`value.vlan`",
    refuses: "`storage-network` has `exclusiveVlan: true` and the same VLAN (0 and 1 are the same), on whatever cluster network",
    why: "Harvester's network controller refuses any other network on that VLAN. The setting would be stored, but Harvester \
          would never create its network. Harvester up to 1.8 does not know the key `exclusiveVlan`: there it has no effect; \
          remove it.",
    fix: "Choose another VLAN, or remove `exclusiveVlan` from `storage-network`.",
    example: Example {
        given: Some("storage-network has vlan 100 and exclusiveVlan: true"),
        refused: SOUND,
        instead: Instead::Value(r#"{"clusterNetwork":"vm-migration","vlan":101,"range":"192.168.1.0/24"}"#),
    },
    check,
};

fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let Some(ours) = value.vlan().filter(|_| evaluation.context.setting.name != STORAGE_NETWORK) else { return };
    let Some(networks) = evaluation.need(&evaluation.context.facts.networks) else { return };
    let storage = networks.get(STORAGE_NETWORK);
    if matches!(storage, Some(SettingNetwork::Unreadable(_))) {
        // `network-overlap` speaks of it.
        return;
    }
    evaluation.judged();
    if let Some(SettingNetwork::On { vlan, exclusive_vlan: true, .. }) = storage
        && *vlan == ours
    {
        let message = format!(
            "vlan {} is reserved by storage-network (exclusiveVlan: true), on whatever cluster network; \
             choose another VLAN",
            value.vlan_written().unquoted()
        );
        evaluation.report_key(&key::VLAN, Reason::Forbidden, message);
    }
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn an_exclusive_vlan_is_the_storage_networks_alone() {
        let exclusive = "vlan-exclusive value.vlan";
        for (vlan, ours, cluster_network, expected) in [
            (300, 300, "net", &[exclusive] as &[&str]),
            (300, 300, "mgmt", &[exclusive]),
            (300, 301, "net", &[]),
            (0, 1, "net", &[exclusive]),
            (1, 0, "net", &[exclusive]),
            (0, 2, "net", &[]),
        ] {
            let value = value(cluster_network, ours, "192.168.1.0/24", &[]);
            let storage =
                |range| Facts { networks: siblings(sibling(vlan, true, range), SettingNetwork::Off), ..ready() };
            assert_eq!(broken(&value, &storage(Ok(None))), expected, "{vlan} {ours} {cluster_network}");
            let also_unreadable: Vec<_> = ["network-overlap value.range"].iter().chain(expected).copied().collect();
            assert_eq!(broken(&value, &storage(Err("why"))), also_unreadable, "{vlan} {ours} {cluster_network}");
            let shared = siblings(sibling(vlan, false, Ok(None)), sibling(vlan, true, Ok(None)));
            assert_eq!(broken(&value, &Facts { networks: shared, ..ready() }), NOTHING);
        }
    }
}
