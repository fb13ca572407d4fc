//! `cowork secrets rewrap`.

use super::{opener, progress};
use crate::{
    cli::{
        ExitCode,
        database::open,
        output::{self, Output},
        settings::SettingArgs,
    },
    secrets::{KeyState, KeyUse, Rewrapped, keys, rewrap},
};
use anyhow::Context;
use clap::Args;
use cowork_secrets::sealing::Opener;
use cowork_store::Store;
use serde_json::json;

/// Seal everything to the current key that is sealed to an earlier one, and publish the current key. It can be interrupted and run
/// again at any time, beside a running cloud.
#[derive(Debug, Args)]
pub(super) struct RewrapArgs {
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: RewrapArgs) -> anyhow::Result<ExitCode> {
    let (database, config) = open(args.settings).await?;
    let done = match opener(&config, &database.store).await {
        Ok(opener) => renew(&database.store, &opener).await,
        Err(error) => Err(error),
    };
    database.close().await;
    let (current, done, left) = done?;
    let needed: Vec<&KeyUse> = left.iter().filter(|key| matches!(key.state, KeyState::PreviousNeeded | KeyState::Missing)).collect();
    match args.output {
        Output::Json => output::print_json(&json!({ "current": current, "rewrapped": done, "stillNeeded": needed }))?,
        Output::Table => {
            output::print(&format!("{} data keys and {} secrets are sealed to {current} now", done.data_keys, done.secrets))?;
            for failure in &done.failures {
                let org = failure.org.as_str().escape_default();
                output::print(&format!("not renewed: {} {} of {org}: {}", failure.kind, failure.id, failure.reason))?;
            }
            for key in &needed {
                output::print(&format!("still needed: {}, for {} data keys and {} secrets", key.key_id, key.data_keys, key.secrets))?;
            }
        }
    }
    Ok(if needed.is_empty() && done.failures.is_empty() { ExitCode::Success } else { ExitCode::Failure })
}

async fn renew(store: &Store, opener: &Opener) -> anyhow::Result<(String, Rewrapped, Vec<KeyUse>)> {
    let sealing_key = *opener.sealer().sealing_key();
    let current = sealing_key.id().to_string();
    // First, so that web nodes which look there make no more work.
    let stands = store.published_sealing_key().await.context("the database can't be read")?;
    store.publish_sealing_key(&sealing_key.to_string(), stands.as_slice()).await.context("the sealing key can't be published")?;
    let before = keys(store, opener).await.context("the database can't be read")?;
    let rows = before.iter().filter(|key| key.key_id != current).map(|key| key.data_keys + key.secrets).sum();
    let bar = progress::bar("rewrap", rows);
    let done = rewrap(store, opener, || bar.inc(1)).await;
    bar.finish_and_clear();
    let done = done.context("the database failed; what was done stays done, run it again")?;
    Ok((current, done, keys(store, opener).await.context("the database can't be read")?))
}
