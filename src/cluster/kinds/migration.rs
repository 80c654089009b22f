//! `VirtualMachineInstanceMigration`.

use std::collections::BTreeSet;

use super::prelude::*;

#[derive(Serialize, Deserialize)]
pub(super) struct MigrationObject {
    #[serde(default, deserialize_with = "section")]
    metadata: Metadata,
    #[serde(default, deserialize_with = "section")]
    status: MigrationStatus,
}

/// Only the phase tells: `migrationState` is nil while a migration runs, and deletion waits for the end.
#[derive(Default, Serialize, Deserialize)]
struct MigrationStatus {
    phase: Option<String>,
}

impl Watched for MigrationObject {
    const RESOURCE: WatchedResource = WatchedResource {
        namespaced: true,
        ..WatchedResource::new(
            FactKind::Migrations,
            ["kubevirt.io", "v1", "virtualmachineinstancemigrations", "VirtualMachineInstanceMigration"],
        )
    };
    type Extract = ();
    type Fact = BTreeSet<ObjectName>;

    fn extract(self, _: &dyn Fn(&str) -> Arc<str>) -> Result<Option<()>, String> {
        let ended = matches!(self.status.phase.as_deref(), Some("Succeeded" | "Failed"));
        Ok(if ended { None } else { Some(()) })
    }

    fn fact(all: &Extracts<Self>) -> BTreeSet<ObjectName> {
        all.keys().cloned().collect()
    }

    fn slot(facts: &mut Facts) -> &mut Fact<Self::Fact> {
        &mut facts.migrations
    }
}
