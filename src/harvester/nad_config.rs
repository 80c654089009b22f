//! `spec.config` of the `NetworkAttachmentDefinition`: byte for byte what Harvester's Go code writes.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::setting::go_json;

/// The bridge plugin's configuration, in the order of the keys in Harvester.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BridgeConfig<'a> {
    cni_version: &'static str,
    r#type: &'static str,
    bridge: String,
    promisc_mode: bool,
    vlan: u16,
    ipam: Ipam<'a>,
}

#[derive(Serialize)]
struct Ipam<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    range: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    exclude: &'a [Cow<'a, str>],
}

/// The `spec.config` that Harvester writes for a value that is not empty; or why none is known. What it can't read gets a
/// condition with the reason `CreateNadError`.
pub fn nad_config(value: &str) -> Result<String, String> {
    let config = go_json::network_config(value).map_err(|why| format!("Harvester can't read the value: {why}"))?;
    if config.is_dual_stack {
        return Err("the value is for a dual-stack network, which differs between releases of Harvester".to_owned());
    }
    let bridge = BridgeConfig {
        cni_version: "0.3.1",
        r#type: "bridge",
        bridge: format!("{}-br", config.cluster_network),
        promisc_mode: true,
        // The bridge's own default stands for untagged.
        vlan: config.vlan.max(1),
        ipam: Ipam { r#type: "whereabouts", range: &config.range, exclude: &config.exclude },
    };
    // Strings and numbers always have their JSON.
    Ok(as_go_writes(&serde_json::to_string(&bridge).unwrap_or_default()))
}

/// Go's `json.Marshal` escapes what HTML and JavaScript take for their own. Outside of strings JSON has none of these.
fn as_go_writes(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            _ => text.push(char),
        }
    }
    text
}

/// Whether a stored `spec.config` is the one that Harvester made.
///
/// Harvester's network controller adds `mtu` to it where the cluster network has another MTU than 1500, and keeps it
/// current; the other keys must be the same.
pub fn is_same_config(stored: &str, made: &str) -> bool {
    let (Ok(mut stored), Ok(made)) = (object(stored), object(made)) else { return false };
    stored.remove("mtu");
    stored == made
}

fn object(json: &str) -> serde_json::Result<Map<String, Value>> {
    serde_json::from_str(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(cluster_network: &str, vlan: &str, exclude: &str) -> String {
        format!(r#"{{"clusterNetwork":"{cluster_network}",{vlan}"range":"192.168.1.0/24"{exclude}}}"#)
    }

    #[test]
    fn the_configuration_is_harvester_s_byte_for_byte() {
        let written = |cluster_network: &str, vlan: u16, exclude: &str| {
            format!(
                "{{\"cniVersion\":\"0.3.1\",\"type\":\"bridge\",\"bridge\":\"{cluster_network}-br\",\"promiscMode\":true,\
                 \"vlan\":{vlan},\"ipam\":{{\"type\":\"whereabouts\",\"range\":\"192.168.1.0/24\"{exclude}}}}}"
            )
        };
        for (value, expected) in [
            (value("vm-migration", r#""vlan":100,"#, ""), written("vm-migration", 100, "")),
            (value("vm-migration", r#""vlan":0,"#, ""), written("vm-migration", 1, "")),
            (value("vm-migration", "", r#","exclude":[]"#), written("vm-migration", 1, "")),
            (value("mgmt", r#""vlan":100,"#, r#","exclude":null"#), written("mgmt", 100, "")),
            // Order, copies and host bits stay.
            (
                value("net", r#""vlan":7,"#, r#", "exclude": ["192.168.1.9/24", "192.168.1.1/32", "192.168.1.1/32"]"#),
                written("net", 7, r#","exclude":["192.168.1.9/24","192.168.1.1/32","192.168.1.1/32"]"#),
            ),
            (value(r"a\u003c>&é\u2028\n", "", ""), written(r"a\u003c\u003e\u0026é\u2028\n", 1, "")),
        ] {
            assert_eq!(nad_config(&value).unwrap(), expected, "{value}");
        }
        let nothing = r#"{"cniVersion":"0.3.1","type":"bridge","bridge":"-br","promiscMode":true,"vlan":1,"ipam":{"type":"whereabouts"}}"#;
        assert_eq!(nad_config("{}").unwrap(), nothing);
        assert_eq!(nad_config("null").unwrap(), nothing);
    }

    #[test]
    fn a_value_without_a_network_says_why() {
        let why = |value: &str| nad_config(value).unwrap_err();
        assert_eq!(why(" "), "Harvester can't read the value: it is not JSON");
        assert_eq!(why(r#"{"vlan":"100"}"#), "Harvester can't read the value: vlan is not an integer from 0 to 65535");
        assert_eq!(
            why(r#"{"rangeV6":"fd00::/64"}"#),
            "the value is for a dual-stack network, which differs between releases of Harvester"
        );
    }

    #[test]
    fn a_stored_configuration_may_have_an_mtu() {
        let value = value("net", r#""vlan":7,"#, "");
        let config = nad_config(&value).unwrap();
        let with_mtu = format!(r#"{},"mtu":9000}}"#, config.strip_suffix('}').unwrap());
        for (stored, same) in [
            (config.clone(), true),
            (with_mtu, true),
            (config.replace(':', ": "), true),
            (config.replace("\"vlan\":7", "\"vlan\":8"), false),
            (format!(r#"{},"isGateway":true}}"#, config.strip_suffix('}').unwrap()), false),
            ("[]".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_same_config(&stored, &config), same, "{stored}");
        }
    }
}
