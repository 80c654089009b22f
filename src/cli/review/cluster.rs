//! The cluster state to review against: files or a live cluster, `--old`, and other networks of the input.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};

use crate::cli::cluster::{ClusterStateArgs, block_on, load_cluster};
use crate::cli::output::complain;
use crate::cluster::{files, live};
use crate::escape::{QuotedPath, ShellWord};
use crate::input::{Form, OldSide, Reader, Stored};
use crate::manifest::{ManifestFile, Origin, STANDARD_INPUT};
use crate::setting::{Facts, Policy};

pub(super) struct ReviewCluster {
    pub(super) facts: Facts,
    pub(super) stored: Option<Stored>,
    pub(super) policy: Option<Policy>,
}

impl ClusterStateArgs {
    /// The flags that name the same cluster to another command.
    pub(super) fn flags(&self) -> String {
        let files = self.cluster.iter().map(|path| format!("--cluster {}", ShellWord(&path.to_string_lossy())));
        let files = files.collect::<Vec<_>>().join(" ");
        if self.live { "--kube".to_owned() } else { files }
    }

    pub(super) fn open(&self) -> anyhow::Result<ReviewCluster> {
        if self.live {
            return block_on(self.list())?.context("--kube");
        }
        self.kube.check_unused()?;
        let loaded = load_cluster(&self.cluster)?;
        if let Some(why) = loaded.not_live() {
            complain(format_args!("warning: --cluster: {why}"));
        }
        let files::Loaded { facts, setting, policy, unknown_kinds, .. } = loaded;
        for unknown in &unknown_kinds {
            complain(format_args!("warning: --cluster: {unknown}"));
        }
        let stored = setting.map(|setting| Stored { setting, from: OldSide::Cluster });
        Ok(ReviewCluster { facts, stored, policy })
    }

    async fn list(&self) -> anyhow::Result<ReviewCluster> {
        let (client, address) = self.kube.reach().await?;
        let snapshot = live::snapshot(client, &address).await.map_err(anyhow::Error::msg)?;
        let stored = snapshot.setting().cloned().map(|setting| Stored { setting, from: OldSide::Live });
        Ok(ReviewCluster { facts: snapshot.facts(), stored, policy: None })
    }
}

/// Reads `--old`: the stored manifest.
pub(super) fn old(path: &Path) -> anyhow::Result<Value> {
    let file = if path == STANDARD_INPUT { ManifestFile::standard_input() } else { ManifestFile::read(path) }?;
    let (inputs, _) = Reader::default().contents(&file)?;
    let settings = inputs.into_iter().filter_map(|input| match input.form {
        Form::Manifest { setting, .. } => Some(setting),
        Form::Review(_) | Form::Request(_) => None,
    });
    let settings: Vec<_> = settings.collect();
    let [setting] = settings.try_into().map_err(|all: Vec<_>| {
        let (shown, count) = (QuotedPath(path), all.len());
        anyhow!("{shown} holds {count} manifests of the Setting vm-migration-network (harvesterhci.io), not one")
    })?;
    Ok(setting)
}

/// Puts the networks of these Settings in the place of the cluster's. Returns the names; of several of one name the last
/// counts, as it does for `kubectl apply`.
pub(super) fn apply_networks(settings: &[(Value, Origin)], facts: &mut Facts) -> Result<Vec<String>, files::Error> {
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
    let applied = files::load_with(&[], last.into_values().collect())?;
    match &applied.facts.networks {
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
