//! The facts of Harvester's other networks.

use super::*;

#[test]
fn the_storage_network_is_read_as_harvester_reads_it() {
    let on = |vlan: u16, exclusive_vlan, range: Option<(&str, &[&str])>| SettingNetwork::On {
        vlan: VlanId::from(vlan),
        exclusive_vlan,
        range: Ok(range.map(|(range, excludes)| {
            AddressRange::new(net(range), &excludes.iter().map(|text| net(text)).collect::<Vec<_>>())
        })),
    };
    let on_somewhere = |vlan: u16, exclusive_vlan, why: &str| SettingNetwork::On {
        vlan: VlanId::from(vlan),
        exclusive_vlan,
        range: Err(why.to_owned()),
    };
    let unreadable = |why: &str| SettingNetwork::Unreadable(why.to_owned());
    let cases = [
        (json!({}), SettingNetwork::Off),
        (json!({"value": null, "default": null}), SettingNetwork::Off),
        (json!({"value": "", "default": " \n"}), SettingNetwork::Off),
        (json!({"value": " ", "default": "{\"range\":\"10.0.0.0/24\"}"}), SettingNetwork::Off),
        (json!({"value": "null"}), SettingNetwork::Off),
        (json!({"value": "{}", "default": "{\"range\":\"10.0.0.0/24\"}"}), SettingNetwork::Off),
        (json!({"value": "{\"range\":\"\",\"vlan\":5}"}), SettingNetwork::Off),
        (json!({"value": "{\"vlan\":5,\"exclusiveVlan\":true}"}), on(5, true, None)),
        (json!({"default": "{\"range\":\"10.0.0.9/24\"}"}), on(0, false, Some(("10.0.0.0/24", &[])))),
        (
            json!({"value": "{\"RANGE\":\"10.0.0.0/024\",\"vlan\":1,\"vlan\":300,\"exclude\":[\"10.0.0.1\",\"10.0.0.77/26\",\"fd00::/64\"],\"gateway\":\"x\"}"}),
            on(300, false, Some(("10.0.0.0/24", &["10.0.0.1/32", "10.0.0.64/26"]))),
        ),
        (json!({"value": "{\"range\":\"fd00::/64\"}"}), on(0, false, None)),
        (json!({"value": "{not json"}), unreadable("value: it is not JSON")),
        (json!({"default": "[]"}), unreadable("default: it is not an object")),
        (
            json!({"value": "{\"range\":\"10.0.0.0/24\",\"vlan\":\"5\"}"}),
            unreadable("value.vlan is not an integer from 0 to 65535"),
        ),
        (
            json!({"value": "{\"range\":\"non\\u001bsense\",\"vlan\":300,\"exclusiveVlan\":true}"}),
            on_somewhere(300, true, "value.range holds \"non\\u001bsense\", which is not a CIDR"),
        ),
        (
            json!({"value": "{\"range\":\"10.0.0.0/24\",\"exclude\":[\"10.0.0.1\",null]}"}),
            on_somewhere(0, false, "value.exclude[1] holds \"\", which is not a CIDR or an address"),
        ),
    ];
    for (mut setting, storage) in cases {
        setting["metadata"] = json!({"name": "storage-network"});
        let networks = folded(FactKind::Settings, std::slice::from_ref(&setting)).networks.unwrap();
        assert_eq!(*networks, BTreeMap::from([("storage-network".to_owned(), storage)]), "{setting}");
    }
}

#[test]
fn the_rwx_network_may_share_the_storage_network() {
    let rwx = |value: &str| {
        let setting = json!({"metadata": {"name": "rwx-network"}, "value": value});
        folded(FactKind::Settings, &[setting]).networks.unwrap()["rwx-network"].clone()
    };
    let network = r#""network":{"vlan":301,"range":"192.168.60.0/24","rangeV6":"fd00::/112"},"hostIPRange":"x""#;
    let on = SettingNetwork::On {
        vlan: VlanId::Tagged(301),
        exclusive_vlan: false,
        range: Ok(Some(AddressRange::new(net("192.168.60.0/24"), &[]))),
    };
    assert_eq!(rwx(&format!("{{{network}}}")), on);
    assert_eq!(rwx(&format!("{{\"share-storage-network\":false,{network}}}")), on);
    assert_eq!(rwx(&format!("{{\"share-storage-network\":true,{network}}}")), SettingNetwork::Off);
    assert_eq!(rwx(r#"{"share-storage-network":true,"network":{"range":"nonsense"}}"#), SettingNetwork::Off);
    assert_eq!(rwx(r#"{"share-storage-network":null}"#), SettingNetwork::Off);
    let unreadable = |why: &str| SettingNetwork::Unreadable(why.to_owned());
    assert_eq!(rwx(r#"{"network":[]}"#), unreadable("value.network is not an object"));
    assert_eq!(
        rwx(r#"{"network":{"range":"nonsense"}}"#),
        SettingNetwork::On {
            vlan: VlanId::Untagged,
            exclusive_vlan: false,
            range: Err("value.network.range holds \"nonsense\", which is not a CIDR".to_owned()),
        }
    );
}

#[test]
fn settings_that_no_rule_asks_for_are_not_read() {
    let odd = json!({"metadata": {"name": "vm-migration-network"}, "value": 5});
    assert_eq!(*folded(FactKind::Settings, &[odd]).networks.unwrap(), BTreeMap::new());
}
