//! Reads the stored value to compare with.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use serde_json::Value;

use super::source::ValueSource;
use crate::cli::cluster::{KubeArgs, block_on, load_cluster};
use crate::cluster::live;

/// What is stored. Then the bytes that would be stored are asked for, which for an equal value are these.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Stored value")]
#[group(id = "stored", multiple = false, args = ["old", "cluster", "live"])]
pub(super) struct StoredArgs {
    /// The value that is stored, or a file with it or its manifest
    #[arg(long, value_name = "VALUE|FILE")]
    old: Option<OsString>,

    /// The cluster that has it: files and directories of manifests, as for review; repeatable
    #[arg(long, value_name = "PATH")]
    cluster: Vec<PathBuf>,

    /// Ask the live cluster that kubectl would talk to; what is needed is the right to list Settings
    #[arg(long = "kube", id = "live")]
    live: bool,

    #[command(flatten)]
    kube: KubeArgs,
}

impl StoredArgs {
    /// The value, `null` where nothing is stored; `None` where nobody asks for it.
    pub(super) fn open(&self) -> anyhow::Result<Option<Value>> {
        let value = |setting: Option<Value>| setting.and_then(|mut it| it.get_mut("value").map(Value::take));
        if self.live {
            let setting = block_on(async {
                let client = self.kube.client().await?;
                anyhow::Ok(live::stored_setting(&client).await?)
            })?;
            return Ok(Some(value(setting.context("--kube")?).unwrap_or_default()));
        }
        self.kube.check_unused()?;
        if let Some(old) = &self.old {
            let source = ValueSource::open(old).context("--old")?;
            let values = source.values().context("--old")?;
            let [found] = values
                .try_into()
                .map_err(|all: Vec<_>| anyhow!("--old: {} holds {} values, not one", source.name(), all.len()))?;
            return Ok(Some(found.into_value()));
        }
        if self.cluster.is_empty() {
            return Ok(None);
        }
        Ok(Some(value(load_cluster(&self.cluster)?.setting).unwrap_or_default()))
    }
}
