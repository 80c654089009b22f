//! What each rule is for: the one source of `explain`, of the help in SARIF reports and of the README's table.

use super::RuleId;

/// A rule in the words of the operator who meets it. Markdown: code is in backticks, and each text is one paragraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The field that the rule reports, as causes name it; in `default` they begin with that.
    pub field: &'static str,
    /// What is refused; it continues "Refused when".
    pub refuses: &'static str,
    /// What would happen in Harvester otherwise.
    pub why: &'static str,
    /// What to do about a refusal.
    pub fix: &'static str,
    /// A refusal to look at.
    pub example: Example,
}

/// A value that a rule refuses, and one that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// What the cluster is like; `None` where the value alone decides.
    pub given: Option<&'static str>,
    /// The value that is refused.
    pub refused: &'static str,
    /// The way out: a value, or what to do to the cluster.
    pub instead: Instead,
}

/// What an example does to get past the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Another value.
    Value(&'static str),
    /// The same value, once something was done or has happened.
    Then(&'static str),
}

/// What most examples submit: sound in itself.
const SOUND: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;

impl RuleId {
    /// What the rule refuses, in one phrase that continues "Refused when".
    #[must_use]
    pub const fn refuses(self) -> &'static str {
        self.explanation().refuses
    }

    /// All that there is to say of the rule.
    #[must_use]
    pub const fn explanation(self) -> &'static Explanation {
        match self {
            Self::ValueSyntax => &VALUE_SYNTAX,
            Self::VlanRange => &VLAN_RANGE,
            Self::VlanUntaggedOnMgmt => &VLAN_UNTAGGED_ON_MGMT,
            Self::RangeNotIpv4Network => &RANGE_NOT_IPV4_NETWORK,
            Self::RangeReserved => &RANGE_RESERVED,
            Self::RangeContainsNodeAddress => &RANGE_CONTAINS_NODE_ADDRESS,
            Self::ExcludeInvalid => &EXCLUDE_INVALID,
            Self::RangeTooSmall => &RANGE_TOO_SMALL,
            Self::MigrationInProgress => &MIGRATION_IN_PROGRESS,
            Self::ClusterNetworkMissing => &CLUSTER_NETWORK_MISSING,
            Self::VlanConfigMissing => &VLAN_CONFIG_MISSING,
            Self::VlanStatusNotReady => &VLAN_STATUS_NOT_READY,
            Self::WhereaboutsCrdMissing => &WHEREABOUTS_CRD_MISSING,
            Self::NetworkOverlap => &NETWORK_OVERLAP,
            Self::VlanExclusive => &VLAN_EXCLUSIVE,
        }
    }
}

impl RuleId {
    /// Everything about the rule, as paragraphs of plain text.
    #[must_use]
    pub fn help(self) -> String {
        let Explanation { field, refuses, why, fix, example } = self.explanation();
        let Example { given, refused, instead } = example;
        let given = given.map(|given| format!(", where {given}")).unwrap_or_default();
        let instead = match instead {
            Instead::Value(value) => format!("accepted  {value}"),
            Instead::Then(then) => format!("accepted  the same, once {then}"),
        };
        let text = format!(
            "{self}, reported for {field}\n\n\
             Refused when {refuses}.\n\n\
             Why: {why}\n\n\
             Fix: {fix}\n\n\
             Example{given}:\n  refused   {refused}\n  {instead}\n"
        );
        text.replace('`', "")
    }

    /// The same in Markdown.
    #[must_use]
    pub fn help_in_markdown(self) -> String {
        let Explanation { field, refuses, why, fix, example } = self.explanation();
        let Example { given, refused, instead } = example;
        let given = given.map(|given| format!(", where {given}")).unwrap_or_default();
        let instead = match instead {
            Instead::Value(value) => format!("Accepted:\n\n```json\n{value}\n```\n"),
            Instead::Then(then) => format!("Accepted: the same, once {then}.\n"),
        };
        format!(
            "**`{self}`**, reported for {field}\n\n\
             **Refused when** {refuses}.\n\n\
             **Why**: {why}\n\n\
             **Fix**: {fix}\n\n\
             Refused{given}:\n\n```json\n{refused}\n```\n\n{instead}"
        )
    }
}

/// The rules as a Markdown table: what the README shows.
#[must_use]
pub fn markdown_table() -> String {
    let rows = RuleId::ALL.map(|rule| {
        let Explanation { field, refuses, .. } = rule.explanation();
        format!("| `{rule}` | {field} | {refuses} |\n")
    });
    format!("| rule | field | refused when |\n| --- | --- | --- |\n{}", rows.concat())
}

static VALUE_SYNTAX: Explanation = Explanation {
    field: "`value.KEY` with the key, `value.exclude[i]` or `value`",
    refuses: "the value is not one JSON object with `clusterNetwork`, `vlan`, `range` and, if wanted, `exclude`, each once and of its type",
    why: "Harvester reads the value leniently: a misspelled key is dropped without a word, of two equal keys the last wins, \
          and a value it can't read leaves the setting in an error that it does not retry.",
    fix: "Correct the key or the type that the message names; nearly right keys come with the key that was probably meant.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"vm-migration","vlan":"100","rnage":"192.168.1.0/24"}"#,
        instead: Instead::Value(SOUND),
    },
};

static VLAN_RANGE: Explanation = Explanation {
    field: "`value.vlan`",
    refuses: "`vlan` is not between 0 and 4094",
    why: "IEEE 802.1Q has no other VLANs: the bridge plugin refuses the number when virt-handler restarts, on every node at once.",
    fix: "Use the VLAN that the switches carry for migration, 2 to 4094; 0 and 1 mean untagged.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"vm-migration","vlan":4095,"range":"192.168.1.0/24"}"#,
        instead: Instead::Value(SOUND),
    },
};

static VLAN_UNTAGGED_ON_MGMT: Explanation = Explanation {
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
};

static RANGE_NOT_IPV4_NETWORK: Explanation = Explanation {
    field: "`value.range`",
    refuses: "`range` is not an IPv4 network `a.b.c.d/p` with a prefix from /16 to /32 and no host bits set",
    why: "Whereabouts hands out addresses of the whole block whatever the host bits say, and takes IPv6 and IPv4-mapped ranges \
          for what they are not; Harvester refuses a prefix shorter than /16, some of these only after minutes of work.",
    fix: "Write the network address with its prefix length; where the message offers a network, that is the one around \
          the address, and the rules about what is in a range judge it once it is submitted.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.1/24"}"#,
        instead: Instead::Value(SOUND),
    },
};

static RANGE_RESERVED: Explanation = Explanation {
    field: "`value.range`",
    refuses: "`range` overlaps Kubernetes' own networks (`10.42.0.0/16`, `10.43.0.0/16`, `10.52.0.0/16`, `10.53.0.0/16`, a \
              node's pod CIDRs, a `ServiceCIDR`) or a special-purpose range (`0.0.0.0/8`, `127.0.0.0/8`, `169.254.0.0/16`, \
              `224.0.0.0/4`, `240.0.0.0/4`)",
    why: "virt-handler gets a route for the whole range: pods and services inside it become unreachable from virt-handler, and \
          in loopback, link-local and multicast ranges it finds no address it could use and does not start.",
    fix: "Choose a range that nothing else uses. Excludes don't help, since the route is for the whole range. A cluster with \
          other pod and service networks can replace the fixed list with `--reserved-range`.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.52.0.0/24"}"#,
        instead: Instead::Value(SOUND),
    },
};

static RANGE_CONTAINS_NODE_ADDRESS: Explanation = Explanation {
    field: "`value.range`",
    refuses: "a usable address is a node's `InternalIP`, or a static address of a `HostNetworkConfig` on the same cluster \
              network and VLAN",
    why: "Whereabouts knows nothing of addresses that it did not hand out: sooner or later a virt-handler is given one that a \
          node already has, and both lose their connections.",
    fix: "Add the address to `exclude`, as a /32 or inside a larger block, or choose another range.",
    example: Example {
        given: Some("node-0 has the InternalIP 10.115.0.10"),
        refused: r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.115.0.0/28"}"#,
        instead: Instead::Value(SOUND),
    },
};

static EXCLUDE_INVALID: Explanation = Explanation {
    field: "`value.exclude[i]`; `value.exclude` when there are too many",
    refuses: "an entry is not an IPv4 CIDR inside the range, covers the whole range, or overlaps another entry that is not the \
              same; or there are more than 10,000 entries",
    why: "Whereabouts masks each entry, so an address written with the range's own prefix excludes everything and no \
          virt-handler gets an address; overlapping entries are nearly always a mistake in one of the two.",
    fix: "Write a single address as a /32. Of two entries that overlap keep the larger one.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.1/24"]}"#,
        instead: Instead::Value(
            r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.1/32"]}"#,
        ),
    },
};

static RANGE_TOO_SMALL: Explanation = Explanation {
    field: "`value.range`",
    refuses: "the range has fewer usable addresses (without network address, broadcast address and excludes) than the cluster has \
              nodes, witnesses not counted",
    why: "Each node's virt-handler needs an address. On the nodes that get none it does not start, and no virtual machine can \
          start there or leave.",
    fix: "Use a larger range or fewer excludes; leave room for nodes to come. A /31 or /32 has no usable address.",
    example: Example {
        given: Some("the cluster has two nodes"),
        refused: r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/30","exclude":["192.168.1.1/32"]}"#,
        instead: Instead::Value(SOUND),
    },
};

static MIGRATION_IN_PROGRESS: Explanation = Explanation {
    field: "`value`",
    refuses: "a `VirtualMachineInstanceMigration` in any namespace has not ended, that is, its `status.phase` is neither \
              `Succeeded` nor `Failed`; also when the network is being disabled",
    why: "The change restarts every virt-handler, and with it goes the connection over which the virtual machine is being moved.",
    fix: "Retry when the migrations that the message names have ended; delete one that is stuck for good. To go ahead all the \
          same, set the annotation `migration-network-webhook/allow-during-migration` as the message shows: it counts for the \
          stored value only. Remove it afterwards.",
    example: Example {
        given: Some("the migration default/kubevirt-evacuation-x7v2p has phase Running"),
        refused: SOUND,
        instead: Instead::Then("the migration has ended: kubectl get virtualmachineinstancemigrations.kubevirt.io -A"),
    },
};

static CLUSTER_NETWORK_MISSING: Explanation = Explanation {
    field: "`value.clusterNetwork`",
    refuses: "there is no `ClusterNetwork` of that name",
    why: "Harvester attaches the network to the bridge of that cluster network. Without the bridge no virt-handler starts.",
    fix: "Correct the name, or create the cluster network first. When restoring from a backup or Git, it comes before this setting.",
    example: Example {
        given: Some("the cluster networks are mgmt and vm-migration"),
        refused: r#"{"clusterNetwork":"vm-migrations","vlan":100,"range":"192.168.1.0/24"}"#,
        instead: Instead::Value(SOUND),
    },
};

static VLAN_CONFIG_MISSING: Explanation = Explanation {
    field: "`value.clusterNetwork`",
    refuses: "the `VlanConfig`s of the cluster network don't cover every node, witnesses not counted; or there is none, or one \
              can't be read",
    why: "On a node that no VlanConfig covers there is no uplink and no bridge, so virt-handler does not start there.",
    fix: "Create a VlanConfig that selects the nodes which the message names, or widen one. `mgmt` needs none.",
    example: Example {
        given: Some("the only VlanConfig of vm-migration selects node-0, and the cluster has node-1 too"),
        refused: SOUND,
        instead: Instead::Then("a VlanConfig of vm-migration selects node-1 as well"),
    },
};

static VLAN_STATUS_NOT_READY: Explanation = Explanation {
    field: "`value.clusterNetwork`",
    refuses: "a node that is covered has no `VlanStatus` of that cluster network with the condition `ready` being `True`",
    why: "The uplink was configured but is not working there: virt-handler would start without reaching the others, or not at all.",
    fix: "Look at the condition's message with `kubectl get vlanstatuses.network.harvesterhci.io -o yaml`; it is mostly a \
          network card that is missing, down or in use.",
    example: Example {
        given: Some("the VlanStatus of vm-migration on node-1 has the condition ready: False"),
        refused: SOUND,
        instead: Instead::Then("the VlanStatus on node-1 has the condition ready: True"),
    },
};

static WHEREABOUTS_CRD_MISSING: Explanation = Explanation {
    field: "`value`",
    refuses: "the CRD `ippools.whereabouts.cni.cncf.io` is absent or not `Established`",
    why: "Whereabouts keeps the addresses that it hands out in it. After some upgrades it is missing, and then no pod on the \
          network gets an address.",
    fix: "Install Whereabouts' CRDs as Harvester's documentation describes, then retry; `kubectl get crd \
          ippools.whereabouts.cni.cncf.io` shows whether it is there.",
    example: Example {
        given: Some("the CRD ippools.whereabouts.cni.cncf.io is absent"),
        refused: SOUND,
        instead: Instead::Then("the CRD is installed and Established"),
    },
};

static NETWORK_OVERLAP: Explanation = Explanation {
    field: "`value.range`",
    refuses: "a usable address is usable in `storage-network` or `rwx-network` too; or one of these Settings can't be read",
    why: "Each network hands out addresses on its own: two pods would get the same one, and storage or migration traffic would \
          reach the wrong one of them.",
    fix: "Choose another range, or exclude what both share in one of the two. A Setting that can't be read must be repaired first.",
    example: Example {
        given: Some("storage-network has the range 192.168.1.0/24"),
        refused: SOUND,
        instead: Instead::Value(r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.2.0/24"}"#),
    },
};

static VLAN_EXCLUSIVE: Explanation = Explanation {
    field: "`value.vlan`",
    refuses: "`storage-network` has `exclusiveVlan: true` and the same VLAN (0 and 1 are the same), on whatever cluster network",
    why: "Harvester's network controller refuses any other network on that VLAN. The setting would be stored, but the network \
          behind it never created.",
    fix: "Choose another VLAN, or take `exclusiveVlan` from `storage-network`.",
    example: Example {
        given: Some("storage-network has vlan 100 and exclusiveVlan: true"),
        refused: SOUND,
        instead: Instead::Value(r#"{"clusterNetwork":"vm-migration","vlan":101,"range":"192.168.1.0/24"}"#),
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_one_paragraph_that_a_table_can_hold() {
        for rule in RuleId::ALL {
            let Explanation { field, refuses, why, fix, .. } = rule.explanation();
            for text in [field, refuses, why, fix] {
                assert!(!text.contains(['\n', '|']) && !text.contains("  "), "{rule}: {text}");
            }
            assert!(!refuses.ends_with('.') && why.ends_with('.') && fix.ends_with('.'), "{rule}");
        }
    }

    #[test]
    fn the_table_has_a_line_for_each_rule() {
        let table = markdown_table();
        assert_eq!(table.lines().count(), 2 + RuleId::ALL.len());
        assert!(table.contains("| `vlan-range` | `value.vlan` | `vlan` is not between 0 and 4094 |\n"), "{table}");
    }
}
