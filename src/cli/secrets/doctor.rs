//! `cowork secrets doctor`.

use super::{opener, progress};
use crate::{
    cli::{
        ExitCode,
        database::open,
        output::{self, Output},
        settings::SettingArgs,
    },
    secrets::{Inspection, KeyState, inspect, keys},
};
use anyhow::Context;
use clap::Args;
use cowork_secrets::sealing::Opener;
use cowork_store::Store;

/// Open everything that is sealed once, without showing it, and say which keys it needs. Exit code 1 if something does not open.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let (database, config) = open(args.settings).await?;
    let found = match opener(&config, &database.store).await {
        Ok(opener) => look(&database.store, &opener).await,
        Err(error) => Err(error),
    };
    database.close().await;
    let found = found?;
    match args.output {
        Output::Json => output::print_json(&found)?,
        Output::Table => print(&found)?,
    }
    Ok(if found.is_clean() { ExitCode::Success } else { ExitCode::Failure })
}

async fn look(store: &Store, opener: &Opener) -> anyhow::Result<Inspection> {
    let rows = keys(store, opener).await.context("the database can't be read")?.iter().map(|key| key.data_keys + key.secrets).sum();
    let bar = progress::bar("open", rows);
    let found = inspect(store, opener, || bar.inc(1)).await;
    bar.finish_and_clear();
    found.context("the database can't be read")
}

fn print(found: &Inspection) -> anyhow::Result<()> {
    let mut table = output::table(&["KEY", "DATA KEYS", "SECRETS", "STATE"]);
    for key in &found.keys {
        let state = match key.state {
            KeyState::Current => "current",
            KeyState::PreviousNeeded => "previous, needed until cowork secrets rewrap is done",
            KeyState::PreviousUnused => "previous, not needed any more",
            KeyState::Missing => "missing: what it sealed does not open",
        };
        let mut name = key.key_id.clone();
        if found.published.as_ref() == Some(&name) {
            name.push_str(" (published)");
        }
        table.add_row([name, key.data_keys.to_string(), key.secrets.to_string(), state.to_owned()]);
    }
    output::print(&table.trim_fmt())?;
    output::print(&format!("{} open, {} do not", found.opened, found.failures.len()))?;
    for failure in &found.failures {
        let org = failure.org.as_str().escape_default();
        output::print(&format!("does not open: {} {} of {org}: {}", failure.kind, failure.id, failure.reason))?;
    }
    Ok(())
}
