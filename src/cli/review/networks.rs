//! Harvester's other networks in the same input: they count as applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cluster::files::{Base, Error};
use crate::manifest::Origin;
use crate::setting::Facts;

/// Puts the networks of these Settings in the place of the cluster's. Returns the names; of several of one name the last
/// counts, as it does for `kubectl apply`.
pub(super) fn apply(settings: &[(Value, Origin)], facts: &mut Facts) -> Result<Vec<String>, Error> {
    let mut last = BTreeMap::new();
    for (setting, origin) in settings {
        let mut setting = setting.clone();
        // An item of a SettingList need not say what it is.
        setting["apiVersion"] = json!("harvesterhci.io/v1beta1");
        setting["kind"] = json!("Setting");
        let name = setting["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        last.insert(name, (setting, origin.clone()));
    }
    let names: Vec<_> = last.keys().cloned().collect();
    if names.is_empty() {
        return Ok(names);
    }
    let applied = Base::load(&[], last.into_values().collect())?;
    match &applied.facts().networks {
        Err(missing) => facts.lose(missing.clone()),
        Ok(applied) => {
            if let Ok(networks) = &mut facts.networks {
                let applied = applied.iter().map(|(name, network)| (name.clone(), network.clone()));
                Arc::make_mut(networks).extend(applied);
            }
        }
    }
    Ok(names)
}
