//! What Harvester makes of the stored value: a `NetworkAttachmentDefinition`, and the network of `KubeVirt` for migrations.
//!
//! Harvester's controller handles the Setting when the sha1 of its value is not the one in its annotation. The sha1 is over
//! the bytes, so a value that means the same is handled again.

mod nad_config;
mod reaction;

pub use nad_config::{is_same_config, nad_config};
pub use reaction::{Handled, LabelledNad, NadAfter, Reaction};

/// Where Harvester, `KubeVirt` and the network's objects are.
pub const HARVESTER_SYSTEM: &str = "harvester-system";
/// What the name of a `NetworkAttachmentDefinition` begins with; the API server adds five characters.
pub const NAD_GENERATE_NAME: &str = "vm-migration-network-";
/// The annotation of the Setting, and the label of a `NetworkAttachmentDefinition`, with the sha1 of the value in hex.
pub const HASH: &str = "vm-migration-network.settings.harvesterhci.io/hash";
/// The annotation of the Setting that names the `NetworkAttachmentDefinition`: `NAMESPACE/NAME`.
pub const NET_ATTACH_DEF: &str = "vm-migration-network.settings.harvesterhci.io/net-attach-def";
/// The interface that `KubeVirt` gives virt-handler on the network.
pub const INTERFACE: &str = "migration0";
