//! `VirtualMachineInstanceMigration`.

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
        ..WatchedResource::new(FactKind::Migrations, "v1", "VirtualMachineInstanceMigration")
    };
    type Extract = ();

    fn extract(self) -> Result<Option<()>, String> {
        let ended = matches!(self.status.phase.as_deref(), Some("Succeeded" | "Failed"));
        Ok(if ended { None } else { Some(()) })
    }

    fn put(all: Extracts<'_, Self>, facts: &mut Facts) {
        facts.migrations = Ok(Arc::new(all.map(|(name, ())| name.clone()).collect()));
    }
}
