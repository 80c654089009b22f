//! `CustomResourceDefinition`: the one of Whereabouts.

use super::prelude::*;
use crate::setting::WHEREABOUTS_CRD;

#[derive(Serialize, Deserialize)]
pub(super) struct CrdObject {
    #[serde(default, deserialize_with = "section")]
    metadata: Metadata,
    #[serde(default, deserialize_with = "section")]
    status: CrdStatus,
}

#[derive(Default, Serialize, Deserialize)]
struct CrdStatus {
    conditions: Option<Vec<Condition>>,
}

impl Watched for CrdObject {
    const RESOURCE: WatchedResource = WatchedResource::new(FactKind::WhereaboutsCrd, "v1", "CustomResourceDefinition");
    const NAMES: &'static [&'static str] = &[WHEREABOUTS_CRD];
    type Extract = CrdState;

    fn extract(self) -> Result<Option<CrdState>, String> {
        let established = Condition::is_true(self.status.conditions.as_deref(), "Established");
        Ok(Some(if established { CrdState::Established } else { CrdState::NotEstablished }))
    }

    fn put(all: Extracts<'_, Self>, facts: &mut Facts) {
        facts.whereabouts_crd = Ok(Arc::new(all.next().map_or(CrdState::Absent, |(_, state)| *state)));
    }
}
