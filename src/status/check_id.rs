//! The checks by name, and what there is to know about each.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// What checks are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckGroup {
    Setting,
    Attachment,
    Kubevirt,
    VirtHandler,
    Nodes,
    Addresses,
    Neighbours,
    Migrations,
    Webhook,
}

/// As it is in JSON.
impl fmt::Display for CheckGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Names the checks, in the order in which they are made: what each looks at, why it matters, and how to fix it.
macro_rules! check_ids {
    ($($id:ident $name:literal $holds:literal $why:literal $fix:literal)+) => {
        /// A check by its name, which is stable: it is in every format, and the argument of `explain`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
        pub enum CheckId { $(#[serde(rename = $name)] $id),+ }

        impl CheckId {
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$id),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$id => $name),+ }
            }

            /// What must hold, why that matters, and what to do where it does not.
            const fn texts(self) -> [&'static str; 3] {
                match self { $(Self::$id => [$holds, $why, $fix]),+ }
            }
        }
    };
}

check_ids! {
    SettingReadable "setting-readable"
        "the Setting vm-migration-network exists, and Harvester can read its value"
        "Harvester makes no network of a value that it can't read, and reports CreateNadError."
        "Save a sound value, or an empty one to disable the network. If the Setting is gone, restart Harvester: it makes the Setting at its start."
    SettingRules "setting-rules"
        "the stored value passes the rules of the webhook as the cluster is now; the rules about nodes, addresses and other networks have checks of their own"
        "A value that was sound when it was saved may not be today: cluster networks and definitions come and go."
        "Each problem names its rule; explain RULE says how to fix it."
    SettingCanonical "setting-canonical"
        "the stored value is in canonical form"
        "The same configuration in other bytes is a change to Harvester. The webhook keeps what is stored, so this matters to tools that compare bytes, such as GitOps."
        "Nothing needs to be done in the cluster. Git must hold the stored bytes until the next real change: canonicalize --kube FILE writes them."
    SettingHash "setting-hash"
        "the annotation hash of the Setting is the sha1 of the stored value"
        "Harvester sets it when it has handled a value. Another hash means that it has not handled this one."
        "Wait a minute. If it stays so, Harvester's controller is not running: look at its log."
    SettingConfigured "setting-configured"
        "the condition configured of the Setting is True"
        "Harvester stores the hash of a change that failed too, and does not try it again by itself."
        "Remove the cause that the message names. Then remove the hash annotation: Harvester tries again."
    SettingHandmadeNetwork "setting-handmade-network"
        "the Setting was configured before, or KubeVirt has no network that someone set by hand, or nothing makes Harvester remove it"
        "An annotation on an empty Setting that has no hash makes Harvester handle the empty value: it removes the network from KubeVirt, and every virt-handler restarts."
        "Configure the network by the Setting. Until then do not annotate, label or apply the Setting."
    AttachmentExists "attachment-exists"
        "the NetworkAttachmentDefinition that the Setting names exists in harvester-system"
        "A virt-handler that starts without it does not start. Harvester does not protect it from being deleted, and does not make it again by itself."
        "Remove the hash annotation from the Setting: Harvester makes a new one, and every virt-handler restarts."
    AttachmentConfig "attachment-config"
        "the configuration in the NetworkAttachmentDefinition is what Harvester makes of the stored value"
        "A virt-handler gets the bridge, the VLAN and the address that stand there, whatever the Setting says."
        "Delete the NetworkAttachmentDefinition and remove the hash annotation while no virtual machine migrates: Harvester makes a new one."
    AttachmentOrphans "attachment-orphans"
        "no NetworkAttachmentDefinition is left from earlier values"
        "Changes in quick succession leave some behind. They block changes of VlanConfigs, and someone may attach a virtual machine to them."
        "Delete those that no virtual machine uses."
    KubevirtNetwork "kubevirt-network"
        "KubeVirt's migrations.network names the NetworkAttachmentDefinition of the Setting, or nothing where the network is disabled"
        "KubeVirt takes the network from there."
        "Do not edit KubeVirt by hand. Remove the hash annotation from the Setting: Harvester writes the network again."
    KubevirtAvailable "kubevirt-available"
        "the condition Available of KubeVirt is True, with the reason AllComponentsReady"
        "Harvester refuses to migrate a virtual machine otherwise."
        "Look at the conditions of KubeVirt and the pods of harvester-system that are not ready."
    VirtHandlerRollout "virt-handler-rollout"
        "every node but the witnesses has a virt-handler that is up to date and ready"
        "Without it no virtual machine starts on the node or leaves it."
        "Look at the events of the pod that is not ready. Without a free address or an uplink it can't start."
    VirtHandlerNetworks "virt-handler-networks"
        "each virt-handler has the interface migration0 of the right network, with an address that is usable in the range; none where the network is disabled"
        "A migration uses the first address of migration0. A virt-handler without one does not start."
        "Restart the pods that the message names: kubectl -n harvester-system delete pod POD, while no virtual machine migrates."
    VirtHandlerAddresses "virt-handler-addresses"
        "no two virt-handlers have the same address"
        "Migrations would reach the wrong node."
        "Restart the pod for which Whereabouts' IPPool does not record the address."
    NodesVlanConfig "nodes-vlan-config"
        "the VlanConfigs of the cluster network cover every node but the witnesses"
        "A node that was added later may have no uplink: virt-handler does not start there."
        "Widen the nodeSelector of a VlanConfig, or create one for the nodes that the message names."
    NodesVlanStatus "nodes-vlan-status"
        "the cluster network is ready on every node but the witnesses"
        "Without an uplink that is up, the node does not reach the others."
        "Look at the VlanStatus of the node and at its network cards."
    AddressesFree "addresses-free"
        "the range has an address for every node, and for those that are added next"
        "A node without an address has no virt-handler."
        "Release stale addresses, or save a larger range while no virtual machine migrates."
    AddressesStale "addresses-stale"
        "no address is held by a pod that is gone"
        "After a node has crashed, Whereabouts may keep addresses that nobody uses. When none is left, virt-handler does not start on the next node."
        "Remove the allocations of those pods from the IPPool."
    AddressesForeign "addresses-foreign"
        "no address is held by a pod that is not virt-handler"
        "Harvester's UI offers the network for virtual machines. Each takes an address that a node may need."
        "Move the virtual machine to another network."
    AddressesHolders "addresses-holders"
        "for each address that is taken, the pod is known that holds it"
        "Whether it can be released can't be told otherwise."
        "Allow to list pods in the namespaces that are named, or look there."
    AddressesRecorded "addresses-recorded"
        "the address of each virt-handler is in Whereabouts' IPPool"
        "Whereabouts hands out again what is not recorded there: two pods would get the same address."
        "Restart the pods that the message names, while no virtual machine migrates."
    NeighboursCluster "neighbours-cluster"
        "the range is apart from the networks of pods and services, and from the reserved ones"
        "Traffic to the shared addresses would go to the wrong place."
        "Choose another range."
    NeighboursNodes "neighbours-nodes"
        "no usable address of the range is the address of a node, also by a HostNetworkConfig"
        "A pod would get an address that a node has."
        "Exclude these addresses, or choose another range."
    NeighboursNetworks "neighbours-networks"
        "the range shares no usable address with storage-network and rwx-network"
        "Each network hands out addresses on its own: two pods would get the same one."
        "Choose another range, or exclude the shared addresses in one of them."
    MigrationsRunning "migrations-running"
        "it is known which virtual machines are migrating; that some are is no fault"
        "While they do, the network can neither be changed nor disabled."
        "Wait until they have ended."
    MigrationsStuck "migrations-stuck"
        "no migration stays in one phase for longer than 20 minutes, or 2 hours where it waits for its turn or copies memory"
        "It blocks changes of the network, and the upgrade of Harvester."
        "Look at the migration and its pods; delete the migration to cancel it."
    WebhookConfigurations "webhook-configurations"
        "both webhook configurations are there"
        "With one of the two missing, values are not checked or not made canonical."
        "Install the webhook again: helm upgrade, or kubectl apply of the manifests."
    WebhookDrift "webhook-drift"
        "the webhook configurations are as shipped with this release"
        "Changed rules or conditions may let values pass unseen, or stop other writes."
        "Apply the manifests of the release that runs. What an operator has changed on purpose is listed too."
    WebhookCaBundle "webhook-ca-bundle"
        "caBundle of each entry holds a certificate that is valid for another 7 days at least"
        "With none that is valid the API server can't call the webhook, and every change is refused."
        "Look at the log of the server, which keeps caBundle current, or at cert-manager."
    WebhookEndpoints "webhook-endpoints"
        "the Service of the webhook has endpoints, and all are ready"
        "Without one every change of the network is refused; only disabling works. One that does not become ready may be a new version or value that can't start. The webhook is not called: a patch with --dry-run=server shows what it answers."
        "Look at the pods of the webhook and at their logs."
}

impl CheckId {
    /// The check of this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.as_str().eq_ignore_ascii_case(name))
    }

    /// What must hold.
    pub const fn holds(self) -> &'static str {
        self.texts()[0]
    }

    /// Everything about the check, as paragraphs of plain text.
    pub fn help(self) -> String {
        let [holds, why, fix] = self.texts();
        format!("{self}, a check of status\n\nHolds when {holds}.\n\nWhy: {why}\n\nFix: {fix}\n")
    }

    /// Whether it must hold before Harvester is upgraded.
    pub const fn is_for_upgrade(self) -> bool {
        !matches!(
            self,
            Self::SettingCanonical | Self::AttachmentOrphans | Self::AddressesForeign | Self::MigrationsRunning
        )
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
