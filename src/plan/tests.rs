use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::admission::Setting;
use crate::setting::facts::{CrdState, Node, Nodes, ObjectName, SettingNetwork};
use crate::setting::range::AddressRange;
use crate::status::Unseen;

const OLD: &str = r#"{"clusterNetwork":"mgmt","vlan":7,"range":"192.168.1.0/28"}"#;
const OLD_NAD: &str = "vm-migration-network-old";

fn facts() -> Facts {
    let nodes = ["n0", "n1"].map(|name| Node { name: name.into(), ..Node::default() });
    let storage = SettingNetwork::On {
        vlan: 8.into(),
        exclusive_vlan: false,
        range: Ok(Some(AddressRange::new("192.168.2.0/24".parse().unwrap(), &[]))),
    };
    Facts {
        nodes: Ok(Arc::new(Nodes::new(nodes))),
        cluster_networks: Ok(Arc::default()),
        vlan_configs: Ok(Arc::default()),
        vlan_statuses: Ok(Arc::default()),
        host_networks: Ok(Arc::default()),
        migrations: Ok(Arc::default()),
        whereabouts_crd: Ok(Arc::new(CrdState::Established)),
        service_cidrs: Ok(Arc::default()),
        networks: Ok(Arc::new(BTreeMap::from([("storage-network".to_owned(), storage)]))),
    }
}

fn read<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

/// A cluster on which `OLD` is in place: two virt-handlers, and a virtual machine that took an address.
fn observed() -> Observed {
    let pod = |name: &str, node: &str| json!({"metadata": {"name": name, "namespace": "harvester-system"}, "spec": {"nodeName": node}});
    Observed {
        at: Timestamp::UNIX_EPOCH,
        is_live: false,
        setting: Ok(Some(read(json!({"metadata": {"annotations": {
            crate::harvester::HASH: hash(OLD),
            crate::harvester::NET_ATTACH_DEF: format!("harvester-system/{OLD_NAD}"),
        }}, "value": OLD})))),
        attachments: Ok(vec![read(json!({
            "metadata": {"name": OLD_NAD, "namespace": "harvester-system", "labels": {crate::harvester::HASH: hash(OLD)}},
            "spec": {"config": "{}"},
        }))]),
        kubevirt: Ok(Some(read(json!({"spec": {"configuration": {"migrations": {"network": OLD_NAD}}}})))),
        daemon_set: Ok(None),
        pods: Ok(vec![read(pod("virt-handler-a", "n0")), read(pod("virt-handler-b", "n1"))]),
        pools: Ok(vec![read(json!({"metadata": {"name": "192.168.1.0-28"}, "spec": {
            "range": "192.168.1.0/28",
            "allocations": {
                "1": {"podref": "harvester-system/virt-handler-a"},
                "2": {"podref": "harvester-system/virt-handler-b"},
                "3": {"podref": "default/virt-launcher-\u{1b}"},
                "4": {"podref": "harvester-system/virt-handler-gone"},
            },
        }}))]),
        holders: BTreeMap::new(),
        migrations: Ok(Vec::new()),
        webhooks: [Ok(Vec::new()), Ok(Vec::new())],
        slices: Ok(Vec::new()),
    }
}

fn planned(value: &str, facts: &Facts, observed: &Observed, suggest: Option<Suggest>) -> ChangePlan {
    let text = |text: &str| Text::Text(text.to_owned().into());
    let old = Setting { value: text(OLD), ..Setting::default() };
    let request = Request::Update { old, new: Setting { value: text(value), ..Setting::default() } };
    plan(&request, facts, &Policy::default(), observed, suggest).unwrap()
}

#[test]
fn a_change_makes_a_network_and_restarts_virt_handler_everywhere() {
    let value = r#"{"range":"192.168.3.0/24","vlan":7,"clusterNetwork":"mgmt"}"#;
    let plan = planned(value, &facts(), &observed(), None);
    assert_eq!(plan.verdict, "allowed");
    let stored = plan.stored.unwrap();
    assert_eq!(stored.value, r#"{"clusterNetwork":"mgmt","vlan":7,"range":"192.168.3.0/24"}"#);
    assert_eq!((stored.changes, stored.rewritten), (true, true));
    let nad = |name: &str, config: &str| {
        Some(NadState { name: format!("harvester-system/{name}"), config: Some(config.to_owned()) })
    };
    let config = crate::harvester::nad_config(&stored.value).unwrap();
    assert_eq!(
        plan.harvester.unwrap(),
        HarvesterSteps {
            summary: "Harvester makes a new NetworkAttachmentDefinition".to_owned(),
            nad_before: nad(OLD_NAD, "{}"),
            nad_after: nad("vm-migration-network-*", &config),
            nad_removed: Some(format!("harvester-system/{OLD_NAD}")),
            kubevirt_seen: true,
            network_before: Some(OLD_NAD.to_owned()),
            network_after: Some("vm-migration-network-*".to_owned()),
            restarts: vec!["n0".to_owned(), "n1".to_owned()],
            migrations: Vec::new(),
        }
    );
    assert_eq!(plan.unseen, [""; 0]);
}

#[test]
fn the_same_in_other_bytes_changes_nothing() {
    let value = OLD.replace(':', ": ");
    let plan = planned(&value, &facts(), &observed(), None);
    let stored = plan.stored.unwrap();
    assert_eq!((&*stored.value, stored.changes, stored.rewritten), (OLD, false, true));
    let steps = plan.harvester.unwrap();
    assert_eq!(steps.summary, "Harvester does nothing: it has handled these bytes; virt-handler does not restart");
    assert_eq!(steps.restarts, [""; 0]);
}

/// What the Setting names, but is not there, is neither before nor after, and Harvester has nothing to delete.
#[test]
fn an_attachment_that_is_gone_is_told_as_gone() {
    let observed = Observed { attachments: Ok(Vec::new()), ..observed() };
    let same = planned(OLD, &facts(), &observed, None).harvester.unwrap();
    assert_eq!(
        same.summary,
        "Harvester does nothing: it has handled these bytes; harvester-system/vm-migration-network-old, which the \
         Setting names, does not exist; virt-handler does not restart"
    );
    assert_eq!((same.nad_before, same.nad_after), (None, None));
    let off = planned("", &facts(), &observed, None).harvester.unwrap();
    assert_eq!((off.nad_before, off.nad_after, off.nad_removed), (None, None, None));
}

#[test]
fn disabling_what_was_never_handled_says_so() {
    let never = |setting| planned("", &facts(), &Observed { setting: Ok(setting), ..observed() }, None);
    let plan = never(Some(read(json!({"metadata": {}, "value": ""}))));
    assert_eq!(
        plan.harvester.unwrap().summary,
        "Harvester does nothing: it has never handled the Setting, and the value is empty; virt-handler does not restart"
    );
    assert_eq!(
        never(None).harvester.unwrap().summary,
        "Harvester does nothing: it has never handled the Setting, and the value is empty; there is no Setting \
         vm-migration-network yet; virt-handler does not restart"
    );
}

#[test]
fn whose_the_addresses_are_is_counted() {
    let value = OLD.replace("/28\"", "/28\",\"exclude\":[\"192.168.1.8/29\"]");
    let addresses = planned(&value, &facts(), &observed(), None).addresses.unwrap();
    let uses: Vec<_> = addresses.uses.iter().map(|it| format!("{} {}", it.count, it.r#use)).collect();
    assert_eq!(uses, ["1 network address", "1 broadcast address", "7 excluded", "4 held by a pod", "3 free"]);
    assert_eq!(
        addresses.uses[3].owners.as_deref(),
        Some(
            "harvester-system/virt-handler-a, harvester-system/virt-handler-b, default/virt-launcher-\\u001b and 1 more"
        )
    );
    assert_eq!((addresses.usable, addresses.lost), (7, 2));
    assert_eq!((addresses.needed, addresses.spare, addresses.nodes_at_most), (Some(2), Some(3), 5));
    assert_eq!(addresses.map.cells(8).len(), 8);
    // A pod that its node has ended holds its address until Whereabouts takes it back.
    let ended = json!({"metadata": {"name": "virt-handler-b"}, "status": {"phase": "Failed"}});
    let Ok(pods) = observed().pods else { panic!("they are seen") };
    let observed = Observed { pods: Ok(vec![pods[0].clone(), read(ended)]), ..observed() };
    let addresses = planned(&value, &facts(), &observed, None).addresses.unwrap();
    assert_eq!((addresses.lost, addresses.spare), (3, Some(2)));
}

#[test]
fn what_cannot_be_seen_is_named_and_what_can_is_told() {
    let unseen = |what: &str| Unseen { what: what.to_owned(), why: "forbidden".to_owned() };
    let observed = Observed {
        pools: Err(unseen("ippools")),
        kubevirt: Err(unseen("kubevirts")),
        pods: Err(unseen("pods")),
        ..observed()
    };
    let plan = planned("", &facts(), &observed, None);
    let steps = plan.harvester.unwrap();
    assert_eq!(steps.summary, "Harvester disables the network");
    assert_eq!(steps.networks(), [Err("not seen"), Err("none")]);
    let same = planned(OLD, &facts(), &observed, None).harvester.unwrap();
    assert_eq!(same.networks(), [Err("not seen"); 2]);
    assert_eq!((&*same.restarts, same.summary.ends_with("; virt-handler does not restart")), (&[][..], true));
    assert_eq!(steps.restarts, ["n0", "n1"]);
    assert_eq!(plan.unseen, ["kubevirts (forbidden)"]);
    assert!(plan.addresses.is_none());
    let plan = planned(&OLD.replace("/28", "/27"), &facts(), &observed, None);
    assert_eq!(plan.unseen, ["kubevirts (forbidden)", "ippools (forbidden)"]);
    let nothing = Observed { setting: Err(unseen("settings")), ..observed };
    let plan = planned("", &facts(), &nothing, None);
    assert_eq!((plan.harvester, plan.unseen), (None, vec!["settings (forbidden)".to_owned()]));
}

#[test]
fn a_refused_value_has_its_map_and_its_problems() {
    let running = ObjectName { namespace: "default".into(), name: "m\u{1b}".into() };
    let facts = Facts { migrations: Ok(Arc::new(BTreeSet::from([running]))), ..facts() };
    let value = r#"{"clusterNetwork":"mgmt","vlan":7,"range":"192.168.2.0/25"}"#;
    let plan = planned(value, &facts, &observed(), None);
    assert_eq!(plan.verdict, "refused");
    let rules: Vec<_> = plan.problems.iter().map(|it| (it.field.as_str(), it.rule)).collect();
    assert_eq!(rules, [("value", "migration-in-progress"), ("value.range", "network-overlap")]);
    assert_eq!(plan.harvester.unwrap().migrations, ["default/m\\u001b"]);
    let addresses = plan.addresses.unwrap();
    assert_eq!((addresses.usable, addresses.lost, addresses.nodes_at_most), (126, 126, 0));
    let unreadable = planned("{", &facts, &observed(), None);
    assert_eq!((unreadable.verdict, unreadable.stored, unreadable.harvester), ("refused", None, None));
}

fn suggested(value: &str, facts: &Facts, suggest: Suggest) -> (Vec<String>, Option<String>) {
    let suggestions = planned(value, facts, &observed(), Some(suggest)).suggestions.unwrap();
    let ranges = suggestions.ranges.iter().map(|it| format!("{} {}", it.range, it.spare)).collect();
    (ranges, suggestions.note)
}

#[test]
fn free_ranges_are_suggested_the_nearest_first() {
    let value = |range: &str| format!(r#"{{"clusterNetwork":"mgmt","vlan":7,"range":"{range}"}}"#);
    let facts = facts();
    assert_eq!(
        suggested(&value("192.168.2.0/24"), &facts, Suggest::SameSize),
        (
            [
                "192.168.1.0/24 252",
                "192.168.3.0/24 252",
                "192.168.0.0/24 252",
                "192.168.4.0/24 252",
                "192.168.5.0/24 252"
            ]
            .map(str::to_owned)
            .into(),
            None
        )
    );
    // Between the pods' and services' networks, and from the last private network to the one before.
    assert_eq!(
        suggested(&value("10.42.7.0/24"), &facts, Suggest::Prefix(16)).0,
        ["10.41.0.0/16 65532", "10.40.0.0/16 65532", "10.44.0.0/16 65532", "10.39.0.0/16 65532", "10.45.0.0/16 65532"]
    );
    assert_eq!(
        suggested(&value("192.168.0.0/16"), &facts, Suggest::SameSize).0[..2],
        ["172.31.0.0/16 65532", "172.30.0.0/16 65532"]
    );
    assert_eq!(suggested(&value("x"), &facts, Suggest::SameSize).0[0], "192.168.1.0/24 252");
    let note = |value: &str, suggest| suggested(value, &facts, suggest).1.unwrap();
    assert_eq!(
        note(&value("192.168.2.0/24"), Suggest::Prefix(31)),
        "a /31 has 0 usable addresses, and 2 nodes need one each; ask for one from /16 to /30"
    );
    assert_eq!(
        note("", Suggest::SameSize),
        "an empty value disables the network and has no range; plan one such as \
         {\"clusterNetwork\":\"mgmt\",\"vlan\":100,\"range\":\"192.168.1.0/24\"}"
    );
    assert_eq!(note("{", Suggest::SameSize), "clusterNetwork or vlan can't be read; mend these first");
    let untagged = value("192.168.1.0/24").replace('7', "1");
    assert_eq!(note(&untagged, Suggest::SameSize), "other rules still refuse: vlan-untagged-on-mgmt");
}
